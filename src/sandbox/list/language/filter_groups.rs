//! A body with `filterGroups`, one of which must hold, `sorts` and `properties`.

use serde_json::Value;

use crate::sandbox::data::{Comparison, Read};
use crate::sandbox::input::Input;
use crate::sandbox::list::field::{language_test, order_of};
use crate::sandbox::list::{Ask, Operand, Source, Test};
use crate::sandbox::situation::{Refusal, Situation};

/// What a body may hold at most.
const GROUPS: usize = 5;
const FILTERS: usize = 6;
const FILTERS_IN_ALL: usize = 18;

/// Puts what the body says into `ask`.
///
/// # Errors
///
/// `bad_query` with what was not understood, `unknown_field`, `bad_json` without a body.
pub(in crate::sandbox) fn read(source: Source<'_, '_>, input: &Input<'_>, ask: &mut Ask) -> Result<(), Refusal> {
    let Some(Value::Object(body)) = &input.body else { return Err(Situation::BadJson.into()) };
    let known = ["filterGroups", "filters", "sorts", "properties"];
    if let Some(name) = body.keys().find(|name| !known.contains(&name.as_str()) && !source.reads(name)) {
        return Err(Refusal::bad_query(format!("this sandbox's search understands no {name}")));
    }
    if let Some(name) =
        known.iter().find(|name| body.get(**name).is_some_and(|value| !value.is_array() && !value.is_null()))
    {
        return Err(Refusal::bad_query(format!("{name} must be a list")));
    }
    let each = |name: &str| body.get(name).and_then(Value::as_array).into_iter().flatten();
    let group = |filters: Option<&Value>| {
        let filters = filters.and_then(Value::as_array);
        let filters = filters.ok_or_else(|| Refusal::bad_query("a group of filters has no filters"))?;
        if filters.len() > FILTERS {
            return Err(Refusal::bad_query(format!("a group has more than {FILTERS} filters")));
        }
        let tests = filters.iter().map(|filter| test(filter, source)).collect::<Result<Vec<_>, _>>()?;
        Ok::<_, Refusal>(tests.concat())
    };
    let groups: Result<Vec<_>, _> = each("filterGroups").map(|given| group(given.get("filters"))).collect();
    let mut groups: Vec<Vec<Test>> = groups?;
    // Filters that stand in no group are one.
    if let Some(filters) = body.get("filters").filter(|filters| !filters.is_null()) {
        groups.push(group(Some(filters))?);
    }
    if groups.len() > GROUPS {
        return Err(Refusal::bad_query(format!("there are more than {GROUPS} groups of filters")));
    }
    if groups.iter().map(Vec::len).sum::<usize>() > FILTERS_IN_ALL {
        return Err(Refusal::bad_query(format!("there are more than {FILTERS_IN_ALL} filters")));
    }
    ask.groups.extend(groups);
    if each("sorts").count() > 1 {
        return Err(Refusal::bad_query("a search is sorted by one property at most"));
    }
    if let Some(sort) = each("sorts").next() {
        let text = match sort {
            Value::String(text) => text.clone(),
            sort => {
                let field = sort.get("propertyName").and_then(Value::as_str).unwrap_or_default();
                let word = match sort.get("direction") {
                    None | Some(Value::Null) => "asc",
                    Some(Value::String(word)) if word == "ASCENDING" => "asc",
                    Some(Value::String(word)) if word == "DESCENDING" => "desc",
                    Some(other) => {
                        let problem = format!("the direction {other} must be ASCENDING or DESCENDING");
                        return Err(Refusal::bad_query(problem));
                    }
                };
                format!("{field} {word}")
            }
        };
        let field = text.trim_start_matches('-').split(' ').next().unwrap_or_default().to_owned();
        ask.order = order_of(&text, source).ok_or_else(|| unknown(&field))?;
    }
    let fields: Vec<String> = each("properties").filter_map(Value::as_str).map(str::to_owned).collect();
    if !fields.is_empty() {
        ask.fields = Some(fields);
    }
    Ok(())
}

fn unknown(field: &str) -> Refusal {
    Refusal::from(Situation::UnknownField).with("field", field)
}

/// A plain value as the text that it would be.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

fn test(filter: &Value, source: Source<'_, '_>) -> Result<Vec<Test>, Refusal> {
    let text = |name: &str| filter.get(name).and_then(plain);
    let field = text("propertyName").ok_or_else(|| Refusal::bad_query("a filter has no propertyName"))?;
    let operator = text("operator").ok_or_else(|| Refusal::bad_query("a filter has no operator"))?;
    let value = || text("value").ok_or_else(|| Refusal::bad_query(format!("the filter on {field} has no value")));
    let values = || {
        let values: Option<Vec<String>> = filter.get("values")?.as_array()?.iter().map(plain).collect();
        values.filter(|values| !values.is_empty())
    };
    let one = |is, value: Operand| {
        let read = if let Operand::Text(text) = &value { read_as(text) } else { Read::Text };
        language_test(source, &field, is, value, read).map(|test| vec![test])
    };
    match operator.as_str() {
        // Texts are the same whatever their case.
        "EQ" => one(Comparison::Same, Operand::Text(value()?)),
        "NEQ" => {
            let mut tests = one(Comparison::Same, Operand::Text(value()?))?;
            tests.iter_mut().for_each(|test| test.not = true);
            Ok(tests)
        }
        "GT" => one(Comparison::Gt, Operand::Text(value()?)),
        "GTE" => one(Comparison::Gte, Operand::Text(value()?)),
        "LT" => one(Comparison::Lt, Operand::Text(value()?)),
        "LTE" => one(Comparison::Lte, Operand::Text(value()?)),
        "IN" => {
            let values = values().ok_or_else(|| Refusal::bad_query(format!("the filter on {field} has no values")))?;
            one(Comparison::In, Operand::List(values))
        }
        "CONTAINS_TOKEN" => one(Comparison::Contains, Operand::Text(value()?.trim_matches('*').to_owned())),
        "HAS_PROPERTY" => one(Comparison::Ne, Operand::Nothing),
        "NOT_HAS_PROPERTY" => one(Comparison::Eq, Operand::Nothing),
        "BETWEEN" => {
            let high = text("highValue").ok_or_else(|| Refusal::bad_query("BETWEEN needs a highValue"))?;
            let mut tests = one(Comparison::Gte, Operand::Text(value()?))?;
            tests.extend(one(Comparison::Lte, Operand::Text(high))?);
            Ok(tests)
        }
        other => Err(Refusal::bad_query(format!("this sandbox knows no operator {other}"))),
    }
}

/// Instants come as milliseconds, before 1970 with a sign, or as text.
fn read_as(value: &str) -> Read {
    let value = value.strip_prefix('-').unwrap_or(value);
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) { Read::EpochMs } else { Read::Text }
}
