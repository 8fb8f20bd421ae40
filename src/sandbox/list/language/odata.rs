//! `$filter`, `$orderby`, `$select`, `$top` (OData 4.0): comparisons joined by `and`, `contains`,
//! `startswith` and `endswith`.

use super::lexer::{Quote, Word, words};
use super::literal::{Kind, Literal, letters};
use crate::clock::Timestamp;
use crate::sandbox::data::{Comparison, Read};
use crate::sandbox::format::is_date;
use crate::sandbox::input::Input;
use crate::sandbox::list::field::{language_test, order_of, subject};
use crate::sandbox::list::test::Piece;
use crate::sandbox::list::{Ask, Operand, Source, Test};
use crate::sandbox::shape::Shape;
use crate::sandbox::situation::{Refusal, Situation};

/// The options of a list; `$skiptoken` and `$count` are read where pages and answers are.
const OPTIONS: [&str; 8] = ["$filter", "$orderby", "$select", "$top", "$count", "$skiptoken", "$deltatoken", "$format"];

/// Puts what the query says into `ask`.
///
/// # Errors
///
/// `bad_query` with what was not understood, `unknown_field`.
pub(in crate::sandbox) fn read(source: Source<'_, '_>, input: &Input<'_>, ask: &mut Ask) -> Result<(), Refusal> {
    // What begins with `$` is a system query option, and nothing else may (OData 4.0, part 1, section 11.2.1).
    let is_option = |name: &str| name.starts_with('$');
    if let Some(given) = input.query.iter().find(|given| is_option(&given.name) && !OPTIONS.contains(&&*given.name)) {
        return Err(Refusal::bad_query(format!("The query parameter {} is not supported", given.name)));
    }
    if let Some(text) = input.parameter("$filter").filter(|text| !text.trim().is_empty()) {
        ask.groups.push(filter(text, source)?);
    }
    if let Some(text) = input.parameter("$orderby").filter(|text| !text.trim().is_empty()) {
        if text.contains(',') {
            return Err(Refusal::bad_query("this sandbox orders by one property only"));
        }
        let field = text.split_whitespace().next().unwrap_or_default();
        if source.field(field).is_none() {
            return Err(Refusal::from(Situation::UnknownField).with("field", field));
        }
        let unread = || Refusal::bad_query(format!("Syntax error at position {} in '{text}'.", text.len()));
        ask.order = order_of(text, source).ok_or_else(unread)?;
    }
    if let Some(text) = input.parameter("$select").filter(|text| !text.trim().is_empty()) {
        let fields: Vec<String> = text.split(',').map(|field| field.trim().to_owned()).collect();
        if let Some(field) = fields.iter().find(|field| source.field(field).is_none()) {
            return Err(Refusal::from(Situation::UnknownField).with("field", field.as_str()));
        }
        ask.fields = Some(fields);
    }
    ask.counts_all = true;
    if let Some(text) = input.parameter("$top") {
        let most = text.parse();
        ask.most = Some(most.map_err(|_| Refusal::bad_parameter("$top", text, "must be a whole number"))?);
    }
    Ok(())
}

fn filter(text: &str, source: Source<'_, '_>) -> Result<Vec<Test>, Refusal> {
    let words = words(text, Quote::Doubled).ok_or_else(|| Refusal::bad_query("a text in quotes does not end"))?;
    let mut tests = Vec::new();
    for condition in words.split(|word| word.is("and")) {
        tests.push(comparison(condition, source)?);
    }
    Ok(tests)
}

fn comparison(words: &[Word], source: Source<'_, '_>) -> Result<Test, Refusal> {
    let shown = || words.iter().map(Word::shown).collect::<Vec<_>>().join(" ");
    match words {
        [
            Word::Plain(function),
            Word::Sign(open),
            Word::Plain(field),
            Word::Sign(comma),
            Word::Quoted(text),
            Word::Sign(close),
        ] if (open.as_str(), comma.as_str(), close.as_str()) == ("(", ",", ")") => {
            let pattern = match function.as_str() {
                "contains" => [Piece::Many].into_iter().chain(letters(text)).chain([Piece::Many]).collect(),
                "startswith" => letters(text).chain([Piece::Many]).collect(),
                "endswith" => [Piece::Many].into_iter().chain(letters(text)).collect(),
                other => return Err(Refusal::bad_query(format!("this sandbox knows no function `{other}`"))),
            };
            language_test(source, field, Comparison::Contains, Operand::Like(pattern), Read::Text)
        }
        [Word::Plain(field), Word::Plain(word), value] => {
            let (is, kind) = match word.as_str() {
                "eq" => (Comparison::Eq, "Equal"),
                "ne" => (Comparison::Ne, "NotEqual"),
                "gt" => (Comparison::Gt, "GreaterThan"),
                "ge" => (Comparison::Gte, "GreaterThanOrEqual"),
                "lt" => (Comparison::Lt, "LessThan"),
                "le" => (Comparison::Lte, "LessThanOrEqual"),
                other => return Err(Refusal::bad_query(format!("`{other}` is no comparison that this sandbox knows"))),
            };
            let literal = match value {
                Word::Quoted(text) => Literal::Quoted(text.clone()),
                Word::Plain(text) => Literal::Bare(text.clone()),
                Word::Sign(_) => return Err(Refusal::bad_query(format!("this sandbox cannot read `{}`", shown()))),
            };
            let unknown = |name: &str| Refusal::from(Situation::UnknownField).with("field", name);
            let (field, shape) = source.field(field).ok_or_else(|| unknown(field))?;
            let value = operand(&literal, shape, kind)?.ok_or_else(|| unknown(literal.text()))?;
            Ok(Test { subject: subject(field, Some(shape)), is, value, not: false })
        }
        _ => Err(Refusal::bad_query(format!(
            "this sandbox reads comparisons such as `modifiedon gt 2026-04-01T00:00:00Z`, joined by `and`, not `{}`",
            shown()
        ))),
    }
}

/// What a field is compared with; `None` where the value is a name, which would be another field.
fn operand(literal: &Literal, shape: &Shape, comparison: &str) -> Result<Option<Operand>, Refusal> {
    let kind = Kind::of(shape);
    if let Some(operand) = literal.operand(kind) {
        return Ok(Some(operand));
    }
    let given = match literal {
        Literal::Quoted(_) => "Edm.String",
        // A day is the instant at which it begins; ids are texts here, and stand without quotes.
        Literal::Bare(text) if kind == Kind::Instant && is_date(text) => {
            return Ok(Timestamp::parse_loosely(text).map(Operand::Instant));
        }
        Literal::Bare(text) if kind == Kind::Text && is_guid(text) => {
            return Ok(Some(Operand::Folded(text.to_lowercase())));
        }
        Literal::Bare(text) if is_date(text) => "Edm.Date",
        Literal::Bare(text) if text.parse::<i64>().is_ok() => "Edm.Int32",
        Literal::Bare(text) if text.parse::<f64>().is_ok() => "Edm.Decimal",
        Literal::Bare(text) if matches!(text.as_str(), "true" | "false") => "Edm.Boolean",
        Literal::Bare(text) if Timestamp::parse_loosely(text).is_some() => "Edm.DateTimeOffset",
        Literal::Bare(_) => return Ok(None),
    };
    let own = match kind {
        Kind::Instant => "Edm.DateTimeOffset",
        Kind::Date => "Edm.Date",
        Kind::Number => "Edm.Decimal",
        Kind::Integer => "Edm.Int32",
        Kind::Flag => "Edm.Boolean",
        Kind::Text | Kind::Any => "Edm.String",
    };
    let problem = format!(
        "A binary operator with incompatible types was detected. Found operand types '{own}' and '{given}' for operator \
         kind '{comparison}'."
    );
    Err(Refusal::from(Situation::WrongValue).with("problem", problem))
}

/// `465b158c-541c-ee11-9967-000000000001`
fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.chars().all(|letter| letter == '-' || letter.is_ascii_hexdigit())
}
