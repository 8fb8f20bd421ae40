//! One write at a provider, judged by what is there afterwards: what is refused leaves nothing behind.

use serde_json::{Value, json};

use super::super::natives::{Earlier, Natives};
use super::super::{Call, Target};
use super::Subject;
use super::exchange::{get, names, send, texts, unified, written};
use super::link::{self, Linked};
use super::loss::{self, Part};
use super::remote;
use super::sent::{self, Sent};
use crate::sandbox::body;
use crate::sandbox::data::MethodMapping;
use crate::sandbox::shape::{Problem, ProblemKind};
use crate::sandbox::situation::{Refusal, Situation};
use crate::sandbox::state::State;
use crate::sandbox::template::Variables;

/// The native record as it was before a change, for mappings that ask for it: a change of one part of a name has to send
/// the whole name where the provider has but one field for it.
const BEFORE: &str = "native_before";

/// What is to be written.
struct Write<'m> {
    mapping: &'m MethodMapping,
    /// Of the record that is changed.
    id: Option<&'m str>,
    sent: Sent,
    before: Option<Value>,
}

impl Write<'_> {
    /// What the mapping gets of a body.
    fn input(&self, body: &Value) -> Value {
        let mut input = body.clone();
        if let (Some(before), Value::Object(fields)) = (&self.before, &mut input) {
            fields.insert(BEFORE.to_owned(), before.clone());
        }
        input
    }
}

/// Makes a record, or changes that of this id. The native record, and its unified form.
pub(super) fn perform<'c>(
    call: &mut Call<'c>,
    state: &mut State,
    natives: &mut Natives<'_>,
    subject: &Subject<'c>,
    target: &Target<'_>,
    id: Option<&str>,
) -> Result<(Value, Value), Refusal> {
    let mapped = &subject.mapped.mapping;
    let mapping = if id.is_some() { &mapped.update } else { &mapped.create };
    let mapping = mapping.as_ref().ok_or(Situation::NotMapped)?;
    let sent = sent::read(call, target, subject, id.is_none())?;
    let wants_before = mapping.body.as_ref().is_some_and(|text| text.contains(BEFORE));
    let before = id.filter(|_| wants_before).map(|id| get(call, state, natives, subject, id)).transpose()?;
    let mut write = Write { mapping, id, sent, before };
    let earlier = Trial::begin(call, natives, subject)?;
    let mut linked = Vec::new();
    let done = link(call, state, natives, subject, &mut write, &mut linked)
        .and_then(|()| attempt(call, state, natives, subject, &write));
    let problems = match &done {
        Ok((_, record)) => denied(call, natives, subject, target, &write, record),
        Err(_) => hopeless(call, natives, subject, target, &write),
    };
    if let Err(refusal) = body::refuse(call.api, &problems) {
        earlier.undo(call, natives);
        return Err(refusal);
    }
    let refusal = match done {
        Ok(made) => {
            earlier.keep(natives);
            return Ok(made);
        }
        Err(refusal) => refusal,
    };
    // What was made for the sake of what was refused is not wanted any more.
    if refusal.name == Situation::Remote.name() {
        linked.iter().for_each(|linked| linked.take_back(call, state, natives));
        earlier.keep(natives);
    } else if linked.is_empty() {
        earlier.keep(natives);
    } else {
        earlier.undo(call, natives);
    }
    Err(refusal)
}

/// Gives the body the ids of the records that it names by their names alone; `linked` are those that were made for that.
fn link<'c>(
    call: &mut Call<'c>,
    state: &mut State,
    natives: &mut Natives<'_>,
    subject: &Subject<'c>,
    write: &mut Write<'_>,
    linked: &mut Vec<Linked<'c>>,
) -> Result<(), Refusal> {
    let names = names(subject, call, write.id);
    let make = |body: &Value| remote::made(texts(write.mapping), &write.input(body), &names).ok();
    for (field, link, name) in link::named(subject, &write.sent.body, make) {
        let Some((id, made)) = link::linked(call, state, natives, subject, link, &name)? else { continue };
        linked.extend(made);
        if let Some(member) = write.sent.body.get_mut(field).and_then(Value::as_object_mut) {
            member.insert("id".to_owned(), id);
        }
    }
    Ok(())
}

/// What there was before a write.
struct Trial {
    earlier: Earlier,
    headers: usize,
    rate: Variables,
}

impl Trial {
    fn begin(call: &Call<'_>, natives: &mut Natives<'_>, subject: &Subject<'_>) -> Result<Self, Refusal> {
        let earlier = natives.begin(subject.provider).ok_or(Situation::NotMapped)?;
        Ok(Self { earlier, headers: call.more_headers.len(), rate: call.rate_values.clone() })
    }

    fn keep(self, natives: &mut Natives<'_>) {
        natives.keep(&self.earlier);
    }

    fn undo(self, call: &mut Call<'_>, natives: &mut Natives<'_>) {
        natives.undo(self.earlier);
        call.more_headers.truncate(self.headers);
        call.rate_values = self.rate;
    }
}

fn attempt(
    call: &mut Call<'_>,
    state: &mut State,
    natives: &mut Natives<'_>,
    subject: &Subject<'_>,
    write: &Write<'_>,
) -> Result<(Value, Value), Refusal> {
    let method = if write.id.is_some() { "PATCH" } else { "POST" };
    let input = write.input(&write.sent.body);
    let answered = send(call, state, natives, subject, write.mapping, method, write.id, (&input, &[BEFORE]))?;
    let native = written(call, state, natives, subject, write.mapping, &answered, write.id)?;
    let record = unified(subject, &native)?;
    Ok((native, record))
}

/// What the body says and the record does not.
fn denied(
    call: &Call<'_>,
    natives: &Natives<'_>,
    subject: &Subject<'_>,
    target: &Target<'_>,
    write: &Write<'_>,
    record: &Value,
) -> Vec<Problem> {
    let claims = write.sent.denied(record).into_iter();
    let claims = claims.map(|(name, problem)| Problem::new(name, ProblemKind::WrongType, problem));
    claims
        .chain(
            lost(call, subject, target, write, record)
                .into_iter()
                .map(|part| told(call, natives, subject, target, part)),
        )
        .collect()
}

/// What the body says and no record of the provider can say, whatever else is wrong with the request. A plain field of
/// records may follow from another one; an element of a list does not.
fn hopeless(
    call: &Call<'_>,
    natives: &Natives<'_>,
    subject: &Subject<'_>,
    target: &Target<'_>,
    write: &Write<'_>,
) -> Vec<Problem> {
    let response = &subject.mapped.mapping.response;
    let is_told = |part: &Part| {
        !part.path.contains('[') && response.contains_key(part.path.split('.').next().unwrap_or_default())
    };
    let lost = lost(call, subject, target, write, &json!({})).into_iter();
    lost.filter(|part| !is_told(part)).map(|part| told(call, natives, subject, target, part)).collect()
}

fn lost(call: &Call<'_>, subject: &Subject<'_>, target: &Target<'_>, write: &Write<'_>, record: &Value) -> Vec<Part> {
    let names = names(subject, call, write.id);
    let make = |body: &Value| remote::made(texts(write.mapping), &write.input(body), &names).ok();
    loss::lost(&write.sent.body, |name| Sent::member(target, subject, name), record, make)
}

fn told(call: &Call<'_>, natives: &Natives<'_>, subject: &Subject<'_>, target: &Target<'_>, part: Part) -> Problem {
    let label = natives.api(subject.provider).map(|api| api.label.as_str()).unwrap_or_default();
    let what = part.kind.map_or_else(|| "it".to_owned(), |kind| format!("it, or for no more of the type {kind},"));
    let problem = match part.is_tried {
        true => format!("must be left out, since {label} has no place for {what} here"),
        false => {
            "must be sent in a smaller body: in this one it cannot be told whether anything is left of it".to_owned()
        }
    };
    Problem::new(said(call, target, part.path), ProblemKind::WrongType, problem)
}

/// The name by which the request's body has what stands at `path` of the whole: an alias may have put it there.
fn said(call: &Call<'_>, target: &Target<'_>, path: String) -> String {
    let root = path.split(['.', '[']).next().unwrap_or_default();
    let given = |name: &str| call.input.body.as_ref().is_some_and(|body| body.get(name).is_some());
    let alias = target.route.aliases.iter().find(|alias| alias.fills.get_ref() == root && given(&alias.field));
    alias.filter(|_| !given(root)).map(|alias| alias.field.clone()).unwrap_or(path)
}
