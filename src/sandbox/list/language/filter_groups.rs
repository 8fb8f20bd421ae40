//! A body with `filterGroups`, one of which must hold, `sorts` and `properties`.

use serde_json::Value;

use crate::sandbox::data::{Comparison, Read, Resource};
use crate::sandbox::input::Input;
use crate::sandbox::list::field::{language_test, order_of};
use crate::sandbox::list::{Ask, Operand, Test};
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
pub(in crate::sandbox) fn read(input: &Input<'_>, resource: &Resource, ask: &mut Ask) -> Result<(), Refusal> {
    let Some(Value::Object(body)) = &input.body else { return Err(Situation::BadJson.into()) };
    let each = |name: &str| body.get(name).and_then(Value::as_array).into_iter().flatten();
    let mut groups: Vec<Vec<Test>> = Vec::new();
    for group in each("filterGroups") {
        let filters = group.get("filters").and_then(Value::as_array);
        let filters = filters.ok_or_else(|| Refusal::bad_query("a group of filters has no filters"))?;
        if filters.len() > FILTERS {
            return Err(Refusal::bad_query(format!("a group has more than {FILTERS} filters")));
        }
        groups.push(filters.iter().map(|filter| test(filter, resource)).collect::<Result<Vec<_>, _>>()?.concat());
    }
    if groups.len() > GROUPS {
        return Err(Refusal::bad_query(format!("there are more than {GROUPS} groups of filters")));
    }
    if groups.iter().map(Vec::len).sum::<usize>() > FILTERS_IN_ALL {
        return Err(Refusal::bad_query(format!("there are more than {FILTERS_IN_ALL} filters")));
    }
    ask.groups.extend(groups);
    if let Some(sort) = each("sorts").next() {
        let text = match sort {
            Value::String(text) => text.clone(),
            sort => {
                let field = sort.get("propertyName").and_then(Value::as_str).unwrap_or_default();
                let is_descending = sort.get("direction").and_then(Value::as_str) == Some("DESCENDING");
                format!("{field} {}", if is_descending { "desc" } else { "asc" })
            }
        };
        let field = text.trim_start_matches('-').split(' ').next().unwrap_or_default().to_owned();
        ask.order = order_of(&text, resource).ok_or_else(|| unknown(&field))?;
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

fn test(filter: &Value, resource: &Resource) -> Result<Vec<Test>, Refusal> {
    let text = |name: &str| match filter.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(Value::Bool(flag)) => Some(flag.to_string()),
        _ => None,
    };
    let field = text("propertyName").ok_or_else(|| Refusal::bad_query("a filter has no propertyName"))?;
    let operator = text("operator").ok_or_else(|| Refusal::bad_query("a filter has no operator"))?;
    let value = || {
        let value = text("value").ok_or_else(|| Refusal::bad_query(format!("the filter on {field} has no value")))?;
        Ok::<_, Refusal>(Operand::Text(value))
    };
    let values = || {
        let values = filter.get("values").and_then(Value::as_array).into_iter().flatten();
        Operand::List(values.filter_map(Value::as_str).map(str::to_owned).collect())
    };
    let one =
        |is, value| language_test(resource, &field, is, value, read_as(&value_text(filter))).map(|test| vec![test]);
    match operator.as_str() {
        "EQ" => one(Comparison::Eq, value()?),
        "NEQ" => one(Comparison::Ne, value()?),
        "GT" => one(Comparison::Gt, value()?),
        "GTE" => one(Comparison::Gte, value()?),
        "LT" => one(Comparison::Lt, value()?),
        "LTE" => one(Comparison::Lte, value()?),
        "IN" => one(Comparison::In, values()),
        "CONTAINS_TOKEN" => one(Comparison::Contains, Operand::Text(value_text(filter).trim_matches('*').to_owned())),
        "HAS_PROPERTY" => one(Comparison::Ne, Operand::Nothing),
        "NOT_HAS_PROPERTY" => one(Comparison::Eq, Operand::Nothing),
        "BETWEEN" => {
            let high = text("highValue").ok_or_else(|| Refusal::bad_query("BETWEEN needs a highValue"))?;
            let mut tests = one(Comparison::Gte, value()?)?;
            tests.extend(one(Comparison::Lte, Operand::Text(high))?);
            Ok(tests)
        }
        other => Err(Refusal::bad_query(format!("this sandbox knows no operator {other}"))),
    }
}

fn value_text(filter: &Value) -> String {
    filter.get("value").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Instants come as milliseconds, or as text.
fn read_as(value: &str) -> Read {
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) { Read::EpochMs } else { Read::Text }
}
