//! What a request says and nobody reads: a search that leaves a condition out finds more than was asked for, so it is
//! refused instead.

use serde_json::{Map, Value};

use super::source::{Source, is_about};
use crate::sandbox::data::{Place, Resource, Route, Size};
use crate::sandbox::input::Input;
use crate::sandbox::situation::Refusal;

/// What follows after the name of a parameter that the real API knows and this one does not.
const BEYOND: &str = "is not understood by this sandbox";

/// Refuses a parameter that the data names as beyond what the sandbox does.
pub(in crate::sandbox) fn beyond(input: &Input<'_>, route: &Route, resource: Option<&Resource>) -> Result<(), Refusal> {
    let mut names = route.beyond.iter().chain(resource.into_iter().flat_map(|resource| &resource.beyond));
    let given = |name: &&String| input.query.iter().any(|given| given.name == **name && !given.value.is_empty());
    match names.find(given) {
        Some(name) => Err(Refusal::bad_parameter(name, input.parameter(name).unwrap_or_default(), BEYOND)),
        None => Ok(()),
    }
}

/// Refuses a parameter that only filters with a `prefix` read and none of them has read, and in a strict route what
/// the body holds besides what is read there.
pub(super) fn look(source: Source<'_, '_>, input: &Input<'_>) -> Result<(), Refusal> {
    let read = source.filters().filter(|filter| is_about(filter, source.resource));
    let read: Vec<&Place> = read.map(|filter| &filter.at).collect();
    for name in read.iter().filter_map(|place| place.query.as_deref()) {
        let of_it = || read.iter().filter(|place| place.query.as_deref() == Some(name));
        let text = input.parameter(name).unwrap_or_default();
        if !text.is_empty() && of_it().all(|place| !place.prefix.is_empty() && input.get(place).is_none()) {
            let forms: Vec<String> = of_it().map(|place| format!("{}…{}", place.prefix, place.suffix)).collect();
            let problem = format!("{BEYOND}, which reads {}", forms.join(" or "));
            return Err(Refusal::bad_parameter(name, text, &problem));
        }
    }
    let Some(Value::Object(body)) = input.body.as_ref().filter(|_| source.route.strict) else { return Ok(()) };
    let (paging, sort) = (source.paging(), source.sort());
    let sizes = paging.size.iter().flat_map(Size::places).filter_map(|place| place.body);
    let others = read.into_iter().chain(&paging.at).chain(&sort.by).chain(&sort.direction);
    let mut known: Vec<String> = sizes.chain(others.filter_map(|place| place.body.clone())).collect();
    known.sort();
    known.dedup();
    members(body, "", &known)
}

fn members(body: &Map<String, Value>, before: &str, known: &[String]) -> Result<(), Refusal> {
    for (name, value) in body.iter().filter(|(_, value)| !value.is_null()) {
        let path = format!("{before}{name}");
        let inner = format!("{path}.");
        let is_plain = |value: &Value| !value.is_array() && !value.is_object();
        let refuse = |problem: String| Err(Refusal::bad_parameter(&path, &value.to_string(), &problem));
        match value {
            Value::Object(fields) if known.iter().any(|known| known.starts_with(&inner)) => {
                members(fields, &inner, known)?;
            }
            _ if !known.contains(&path) => return refuse(format!("{BEYOND}, which reads {}", known.join(", "))),
            Value::Array(items) if items.iter().all(is_plain) => {}
            value if is_plain(value) => {}
            _ => return refuse(format!("{BEYOND} in this form: it reads a plain value or a list of them")),
        }
    }
    Ok(())
}
