//! `$filter`, `$orderby`, `$select`, `$top` (OData 4.0): comparisons joined by `and`, `contains` and `startswith`.

use super::lexer::{Quote, Word, words};
use crate::sandbox::data::{Comparison, Read, Resource};
use crate::sandbox::input::Input;
use crate::sandbox::list::field::{language_test, order_of};
use crate::sandbox::list::{Ask, Operand, Test};
use crate::sandbox::situation::{Refusal, Situation};

/// Puts what the query says into `ask`.
///
/// # Errors
///
/// `bad_query` with what was not understood, `unknown_field`.
pub(in crate::sandbox) fn read(input: &Input<'_>, resource: &Resource, ask: &mut Ask) -> Result<(), Refusal> {
    if let Some(text) = input.parameter("$filter").filter(|text| !text.trim().is_empty()) {
        ask.groups.push(filter(text, resource)?);
    }
    if let Some(text) = input.parameter("$orderby").filter(|text| !text.trim().is_empty()) {
        let field = text.split_whitespace().next().unwrap_or_default();
        let unknown = || Refusal::from(Situation::UnknownField).with("field", field);
        ask.order = order_of(text, resource).ok_or_else(unknown)?;
    }
    if let Some(text) = input.parameter("$select").filter(|text| !text.trim().is_empty()) {
        let fields: Vec<String> = text.split(',').map(|field| field.trim().to_owned()).collect();
        if let Some(field) = fields.iter().find(|field| !resource.fields.contains_key(*field)) {
            return Err(Refusal::from(Situation::UnknownField).with("field", field.as_str()));
        }
        ask.fields = Some(fields);
    }
    if let Some(text) = input.parameter("$top") {
        let most = text.parse();
        ask.most = Some(most.map_err(|_| Refusal::bad_parameter("$top", text, "must be a whole number"))?);
    }
    Ok(())
}

fn filter(text: &str, resource: &Resource) -> Result<Vec<Test>, Refusal> {
    let words = words(text, Quote::Doubled).ok_or_else(|| Refusal::bad_query("a text in quotes does not end"))?;
    let mut tests = Vec::new();
    for condition in words.split(|word| word.is("and")) {
        tests.push(comparison(condition, resource)?);
    }
    Ok(tests)
}

fn comparison(words: &[Word], resource: &Resource) -> Result<Test, Refusal> {
    let shown = || words.iter().map(Word::shown).collect::<Vec<_>>().join(" ");
    match words {
        [
            Word::Plain(function),
            Word::Sign(open),
            Word::Plain(field),
            Word::Sign(comma),
            Word::Quoted(text),
            Word::Sign(close),
        ] if (open.as_str(), comma.as_str(), close.as_str()) == ("(", ",", ")")
            && matches!(function.as_str(), "contains" | "startswith") =>
        {
            let value = Operand::Text(text.clone());
            language_test(resource, field, Comparison::Contains, value, Read::Text)
        }
        [Word::Plain(field), Word::Plain(word), value] => {
            let is = match word.as_str() {
                "eq" => Comparison::Eq,
                "ne" => Comparison::Ne,
                "gt" => Comparison::Gt,
                "ge" => Comparison::Gte,
                "lt" => Comparison::Lt,
                "le" => Comparison::Lte,
                other => return Err(Refusal::bad_query(format!("`{other}` is no comparison that this sandbox knows"))),
            };
            let value = match value {
                Word::Quoted(text) => Operand::Text(text.clone()),
                Word::Plain(text) => match text.as_str() {
                    "null" => Operand::Nothing,
                    "true" => Operand::Flag(true),
                    "false" => Operand::Flag(false),
                    text => text.parse().map_or_else(|_| Operand::Text(text.to_owned()), Operand::Number),
                },
                Word::Sign(_) => return Err(Refusal::bad_query(format!("this sandbox cannot read `{}`", shown()))),
            };
            language_test(resource, field, is, value, Read::Text)
        }
        _ => Err(Refusal::bad_query(format!(
            "this sandbox reads comparisons such as `modifiedon gt 2026-04-01T00:00:00Z`, joined by `and`, not `{}`",
            shown()
        ))),
    }
}
