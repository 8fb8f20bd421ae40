//! Records that a body names by their name alone, where the provider wants their ids: they are found among the provider's
//! own, or made.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::super::Call;
use super::super::natives::Natives;
use super::cursor::Page;
use super::exchange::{send, unified, written};
use super::remote::Made;
use super::wanted::{SORT_BY, Wanted};
use super::{Subject, list, subject_of};
use crate::sandbox::data::Link;
use crate::sandbox::shape::Set;
use crate::sandbox::situation::{Refusal, Situation};
use crate::sandbox::state::State;

/// A record that was made to be linked, so that it can be taken back.
pub(super) struct Linked<'c> {
    subject: Subject<'c>,
    id: String,
}

/// The members of a body that name a record of another model and say no id of it, where the mapping makes nothing of the
/// name.
pub(super) fn named<'s>(
    subject: &'s Subject<'_>,
    body: &Value,
    make: impl Fn(&Value) -> Option<Made>,
) -> Vec<(&'s str, &'s Link, String)> {
    let mut found = Vec::new();
    for (field, link) in &subject.model.links {
        let by = link.by.get_ref();
        let Some(member) = body.get(field) else { continue };
        let has_id = member.get("id").is_some_and(|id| !id.is_null() && id.as_str() != Some(""));
        let Some(name) = member.get(by).and_then(Value::as_str).filter(|name| !has_id && !name.is_empty()) else {
            continue;
        };
        let mut bare = body.clone();
        if let Some(member) = bare.get_mut(field).and_then(Value::as_object_mut) {
            member.shift_remove(by);
        }
        let (with, without) = (make(body), make(&bare));
        if with.is_some() && with == without {
            found.push((field.as_str(), link, name.to_owned()));
        }
    }
    found
}

/// The id of the record of this name that was made first, and the record itself where there was none and it was made; nothing
/// where the provider cannot be asked for it.
pub(super) fn linked<'c>(
    call: &mut Call<'c>,
    state: &mut State,
    natives: &mut Natives<'_>,
    subject: &Subject<'c>,
    link: &Link,
    name: &str,
) -> Result<Option<(Value, Option<Linked<'c>>)>, Refusal> {
    let account = subject.account.id.clone();
    let other = subject_of(call, state, natives, &account, &subject.category, link.model.get_ref())?;
    if other.mapped.mapping.list.is_none() {
        return Ok(None);
    }
    if let Some(id) = find(call, state, natives, &other, link.by.get_ref(), name)? {
        return Ok(Some((id, None)));
    }
    let mapped = Arc::clone(&other.mapped);
    let Some(mapping) = &mapped.mapping.create else { return Ok(None) };
    let input = json!({ link.by.get_ref().as_str(): name });
    let answered = send(call, state, natives, &other, mapping, "POST", None, (&input, &[]))?;
    let native = written(call, state, natives, &other, mapping, &answered, None)?;
    let id = unified(&other, &native)?.get("id").cloned().unwrap_or_default();
    let text = id.as_str().unwrap_or_default().to_owned();
    Ok(Some((id, Some(Linked { subject: other, id: text }))))
}

/// The id of the record with this name that was made first.
fn find(
    call: &mut Call<'_>,
    state: &mut State,
    natives: &mut Natives<'_>,
    other: &Subject<'_>,
    by: &str,
    name: &str,
) -> Result<Option<Value>, Refusal> {
    let mapping = other.mapped.mapping.list.as_ref().ok_or(Situation::NotMapped)?;
    let shapes = &other.model.fields.shapes;
    let created = shapes.iter().find(|(_, shape)| shape.set == Some(Set::Created)).map(|(name, _)| name.as_str());
    let mut input = Map::from_iter([(by.to_owned(), json!({ "eq": name }))]);
    let mut ordered = input.clone();
    ordered.insert(SORT_BY.to_owned(), json!({ created.unwrap_or_default(): "asc" }));
    // Where the provider has that order, the first that is found is the one.
    let is_ordered =
        created.is_some_and(|field| list::chosen(mapping, &ordered).sorts.iter().any(|known| known == field));
    if is_ordered {
        input = ordered;
    }
    let mut page = Page::first();
    let mut first: Option<(String, Value)> = None;
    loop {
        let mut wanted = Wanted::all(call, input.clone(), page);
        let fetched = list::fetch(call, state, natives, other, &mut wanted)?;
        for item in &fetched.items {
            let record = list::record(other, item)?;
            if record.get(by).and_then(Value::as_str) != Some(name) {
                continue;
            }
            let id = record.get("id").cloned().unwrap_or_default();
            if is_ordered {
                return Ok(Some(id));
            }
            let made = created.and_then(|field| record.get(field)?.as_str()).unwrap_or_default().to_owned();
            if first.as_ref().is_none_or(|(known, _)| made < *known) {
                first = Some((made, id));
            }
        }
        match fetched.next {
            Some(next) => page = next,
            None => return Ok(first.map(|(_, id)| id)),
        }
    }
}

impl Linked<'_> {
    /// Takes it back at the provider, which may refuse that as it may refuse anything.
    pub(super) fn take_back(&self, call: &mut Call<'_>, state: &mut State, natives: &mut Natives<'_>) {
        if let Some(mapping) = &self.subject.mapped.mapping.delete {
            let nothing = json!({});
            let sent = send(call, state, natives, &self.subject, mapping, "DELETE", Some(&self.id), (&nothing, &[]));
            drop(sent);
        }
    }
}
