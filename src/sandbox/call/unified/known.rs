//! Parameters that nobody reads, and those without a value: a list would come as if nobody had asked for less, so both are
//! refused.

use std::collections::BTreeMap;

use super::super::{Call, Target};
use crate::sandbox::data::{AccountPlace, Operation};
use crate::sandbox::parameters::Parameters;
use crate::sandbox::shape::{Set, Shape};
use crate::sandbox::situation::Refusal;

/// What goes to a provider untouched.
pub(super) const REMOTE_QUERY: &str = "remote_query";

/// Refuses what a request about records with these fields says and nobody reads.
pub(in crate::sandbox::call) fn check(
    call: &Call<'_>,
    target: &Target<'_>,
    fields: &BTreeMap<String, Shape>,
) -> Result<(), Refusal> {
    let api = call.api;
    let is_list = target.operation == Operation::List;
    let resource = target.resource.map(|(_, resource)| resource);
    let parameters = Parameters::of_list(api, target.route, resource, |field| fields.contains_key(field));
    let account = target.route.account.iter().filter(|key| key.place == AccountPlace::Query);
    let mut known: Vec<String> = account.map(|key| key.name.clone()).collect();
    if is_list {
        known.extend(parameters.names());
    }
    known.extend(api.exclude.iter().chain(api.drop.keys()).cloned());
    if target.route.unified {
        known.push(REMOTE_QUERY.to_owned());
    }
    for given in &call.input.query {
        let is_shown = fields.get(&given.name).is_some_and(|shape| !shape.hidden);
        let is_field = is_list && api.comparisons.is_some() && is_shown;
        if !is_field && !known.contains(&given.name) {
            let fields = if is_list { ", or a field" } else { "" };
            let problem = format!("must be {}{fields}", known.join(", "));
            return Err(Refusal::bad_parameter("a parameter", &given.full_name(), &problem));
        }
        // Real clients send an empty cursor for the first page.
        let is_cursor = parameters.paging.at.iter().any(|place| place.query.as_ref() == Some(&given.name));
        if is_list && given.value.is_empty() && !is_cursor && given.name != REMOTE_QUERY {
            return Err(Refusal::bad_parameter(&given.full_name(), "\"\"", "must have a value or be left out"));
        }
    }
    Ok(())
}

/// Refuses a filter on a field that the provider does not tell: it would find nothing, and nothing would say why.
pub(super) fn told(
    call: &Call<'_>,
    target: &Target<'_>,
    fields: &BTreeMap<String, Shape>,
    tells: impl Fn(&str) -> bool,
    label: &str,
) -> Result<(), Refusal> {
    let parameters = Parameters::of_list(call.api, target.route, None, |field| fields.contains_key(field));
    let set = |set: Set| fields.iter().find(|(_, shape)| shape.set == Some(set)).map(|(name, _)| name.as_str());
    for given in &call.input.query {
        let named = parameters.filters.iter().find(|filter| filter.at.query.as_ref() == Some(&given.name));
        let field = match named.map(|filter| filter.field.as_str()) {
            Some("created") => set(Set::Created),
            Some("updated") => set(Set::Updated),
            Some(path) => path.split(['.', '[']).next(),
            None => Some(given.name.as_str()).filter(|name| fields.contains_key(*name)),
        };
        if let Some(field) = field.filter(|field| !tells(field)) {
            let problem = format!("must be left out, since {label} does not tell {field} in this list");
            return Err(Refusal::bad_parameter(&given.full_name(), &given.value, &problem));
        }
    }
    Ok(())
}
