//! One unified record: read, made, changed, deleted, and methods of a provider's own.

use jsonata_core::value::JValue;
use serde_json::{Map, Value, json};

use super::super::natives::Natives;
use super::super::{Call, Done, Target};
use super::Subject;
use super::blame::Faulty;
use super::known::REMOTE_QUERY;
use super::loss;
use super::remote::{self, Answered, Asked, Made};
use crate::sandbox::body;
use crate::sandbox::data::{MethodMapping, Operation};
use crate::sandbox::mapped::broken;
use crate::sandbox::shape::{self, Problem, ProblemKind, Shape};
use crate::sandbox::situation::{Refusal, Situation};
use crate::sandbox::state::State;
use crate::sandbox::template;
use crate::sandbox::url;

pub(super) fn perform<'c>(
    call: &mut Call<'c>,
    state: &mut State,
    natives: &mut Natives<'_>,
    subject: &Subject<'c>,
    target: &Target<'c>,
) -> Result<Done<'c>, Refusal> {
    let mapped = &subject.mapped.mapping;
    let id = target.named("id").map(str::to_owned);
    let native = match target.operation {
        Operation::Get => get(call, state, natives, subject, id.as_deref().unwrap_or_default())?,
        Operation::Create => {
            let mapping = mapped.create.as_ref().ok_or(Situation::NotMapped)?;
            let input = checked_body(call, target, subject, true)?;
            kept(call, state, natives, subject, target, mapping, None, &input)?;
            let answered = send(call, state, natives, subject, mapping, "POST", None, &input)?;
            written(call, state, natives, subject, mapping, &answered, None)?
        }
        Operation::Update => {
            let mapping = mapped.update.as_ref().ok_or(Situation::NotMapped)?;
            let mut input = checked_body(call, target, subject, false)?;
            if mapping.body.as_ref().is_some_and(|text| text.contains(BEFORE))
                && let Value::Object(fields) = &mut input
            {
                let before = get(call, state, natives, subject, id.as_deref().unwrap_or_default())?;
                fields.insert(BEFORE.to_owned(), before);
            }
            kept(call, state, natives, subject, target, mapping, id.as_deref(), &input)?;
            let answered = send(call, state, natives, subject, mapping, "PATCH", id.as_deref(), &input)?;
            written(call, state, natives, subject, mapping, &answered, id.as_deref())?
        }
        Operation::Delete => {
            let mapping = mapped.delete.as_ref().ok_or(Situation::NotMapped)?;
            send(call, state, natives, subject, mapping, "DELETE", id.as_deref(), &json!({}))?;
            let template = call.api.answers.get(&Operation::Delete).ok_or(Situation::UnknownRoute)?;
            return Ok(Done::Fresh(template.get_ref(), 200));
        }
        Operation::Custom => {
            let name = target.named("method").ok_or(Situation::UnknownRoute)?;
            let mapping = mapped.methods.get(name).ok_or(Situation::NotMapped)?;
            let input = Value::Object(body::object(call.request)?);
            let id = input.get("id").and_then(Value::as_str).map(str::to_owned);
            let answered = send(call, state, natives, subject, mapping, "POST", id.as_deref(), &input)?;
            call.set("result", answered.body);
            let template = call.api.answers.get(&Operation::Custom).ok_or(Situation::UnknownRoute)?;
            return Ok(Done::Fresh(template.get_ref(), 200));
        }
        _ => return Err(Situation::UnknownRoute.into()),
    };
    let Value::Object(mut record) = unified(subject, &native)? else { return Err(broken("a record is no object")) };
    record.insert(REMOTE_DATA.to_owned(), native);
    record.retain(|name, _| !call.is_hidden(name));
    if let Some(id) = record.get("id").cloned() {
        call.set("id", id);
    }
    call.set("record", Value::Object(record));
    let template = call.api.answers.get(&target.operation).ok_or(Situation::UnknownRoute)?;
    Ok(Done::Fresh(template.get_ref(), if target.operation == Operation::Create { 201 } else { 200 }))
}

/// The field with the native record.
const REMOTE_DATA: &str = "remote_data";

/// The native record as it was before a change, for mappings that ask for it: a change of one part of a name has to send
/// the whole name where the provider has but one field for it.
const BEFORE: &str = "native_before";

/// The native record of this id.
fn get(
    call: &mut Call<'_>,
    state: &mut State,
    natives: &mut Natives<'_>,
    subject: &Subject<'_>,
    id: &str,
) -> Result<Value, Refusal> {
    let mapping = subject.mapped.mapping.get.as_ref().ok_or(Situation::NotMapped)?;
    let answered = send(call, state, natives, subject, mapping, "GET", Some(id), &json!({}))?;
    let found = body::at(&answered.body, mapping.record.as_deref().unwrap_or_default());
    found.filter(|found| found.is_object()).cloned().ok_or_else(|| Situation::UnknownRecord.into())
}

/// The native record that an answer to a write holds, or that is read again by its id.
fn written(
    call: &mut Call<'_>,
    state: &mut State,
    natives: &mut Natives<'_>,
    subject: &Subject<'_>,
    mapping: &MethodMapping,
    answered: &Answered,
    id: Option<&str>,
) -> Result<Value, Refusal> {
    if let Some(path) = &mapping.record
        && let Some(record) = body::at(&answered.body, path).filter(|record| record.is_object())
    {
        return Ok(record.clone());
    }
    let mut names = remote::names(subject, call);
    names.push(("headers", answered.headers.clone()));
    let told =
        mapping.id.as_ref().map(|text| remote::evaluate(subject, text, &answered.body, &names)).transpose()?.flatten();
    let told = told.map(|told| told.as_str().map_or_else(|| told.to_string(), str::to_owned));
    let id =
        told.or(id.map(str::to_owned)).ok_or_else(|| subject.mapped.failed("the provider's answer tells no id"))?;
    get(call, state, natives, subject, &id)
}

/// Refuses what a body says and the mapping makes nothing of. A change may say what the record says already.
#[expect(clippy::too_many_arguments, reason = "what is lost follows from the mapping, the record and the request")]
fn kept(
    call: &mut Call<'_>,
    state: &mut State,
    natives: &mut Natives<'_>,
    subject: &Subject<'_>,
    target: &Target<'_>,
    mapping: &MethodMapping,
    id: Option<&str>,
    input: &Value,
) -> Result<(), Refusal> {
    let names = names(subject, call, id);
    let label = natives.api(subject.provider).map(|api| api.label.clone()).unwrap_or_default();
    let counts = |name: &str| subject.model.fields.shapes.contains_key(name);
    let make = |part: &Value| remote::made(texts(mapping), part, &names).ok();
    let known = || match id {
        Some(id) => unified(subject, &get(call, state, natives, subject, id)?),
        None => Ok(Value::Null),
    };
    let lost = loss::lost(input, counts, make, known)?;
    let problem = |part: loss::Part| {
        let what = part.kind.map_or_else(|| "it".to_owned(), |kind| format!("it, or for no more of the type {kind},"));
        let text = format!("must be left out, since {label} has no place for {what} here");
        Problem::new(said(call, target, part.path), ProblemKind::WrongType, text)
    };
    let problems: Vec<Problem> = lost.into_iter().map(problem).collect();
    body::refuse(call.api, &problems)
}

/// The name by which the request's body has what stands at `path` of the whole: an alias may have put it there.
fn said(call: &Call<'_>, target: &Target<'_>, path: String) -> String {
    let root = path.split(['.', '[']).next().unwrap_or_default();
    let given = |name: &str| call.input.body.as_ref().is_some_and(|body| body.get(name).is_some());
    let alias = target.route.aliases.iter().find(|alias| alias.fills.get_ref() == root && given(&alias.field));
    alias.filter(|_| !given(root)).map(|alias| alias.field.clone()).unwrap_or(path)
}

/// The unified form of a native record.
fn unified(subject: &Subject<'_>, native: &Value) -> Result<Value, Refusal> {
    let text = subject.mapped.record(subject.model, &native.to_string(), &subject.context)?;
    serde_json::from_str(&format!("{text}}}")).map_err(|error| broken(&error.to_string()))
}

/// What the expressions of a mapping may ask for by name.
fn names(subject: &Subject<'_>, call: &Call<'_>, id: Option<&str>) -> Vec<(&'static str, JValue)> {
    let mut names = remote::names(subject, call);
    names.push(("id", id.map_or(JValue::Undefined, JValue::from)));
    names
}

fn texts(mapping: &MethodMapping) -> [Option<&String>; 3] {
    [mapping.query.as_ref(), mapping.headers.as_ref(), mapping.body.as_ref()]
}

#[expect(clippy::too_many_arguments, reason = "what is sent follows from the mapping, the record and the request")]
fn send(
    call: &mut Call<'_>,
    state: &mut State,
    natives: &mut Natives<'_>,
    subject: &Subject<'_>,
    mapping: &MethodMapping,
    method: &str,
    id: Option<&str>,
    input: &Value,
) -> Result<Answered, Refusal> {
    let names = names(subject, call, id);
    let Made { mut query, headers, body } =
        remote::make(subject, texts(mapping), (input, &[BEFORE]), &names, |found| refusal(call, found))?;
    let untouched = call.input.query.iter().filter(|given| given.name == REMOTE_QUERY);
    query.extend(untouched.filter_map(|given| Some((given.key.clone()?, json!(given.value)))));
    let values = Map::from_iter([("id".to_owned(), json!(id.map(url::encode)))]);
    let asked = Asked {
        method: mapping.method.clone().unwrap_or_else(|| method.to_owned()),
        path: template::fill_text(&mapping.path, &values),
        query,
        headers,
        body,
    };
    remote::ask(call, state, natives, subject.provider, &subject.account.id, asked)
}

/// Says which fields of a body the mapping cannot take.
fn refusal(call: &Call<'_>, found: Vec<Faulty>) -> Refusal {
    let problem = |Faulty { path, problem, .. }: Faulty| {
        let field = if path.is_empty() { "body".to_owned() } else { path };
        Problem::new(field, ProblemKind::WrongType, problem)
    };
    let problems: Vec<Problem> = found.into_iter().map(problem).collect();
    body::refuse(call.api, &problems).err().unwrap_or_else(|| Situation::InvalidFields.into())
}

/// The body of a write, checked by the model; what the provider wants besides is its own business.
fn checked_body(call: &Call<'_>, target: &Target<'_>, subject: &Subject<'_>, whole: bool) -> Result<Value, Refusal> {
    let mut fields = body::object(call.request)?;
    if let Some(reads) = &subject.model.reads {
        let input = Value::Object(fields.clone());
        let texts = [None, None, Some(reads.get_ref())];
        let names = remote::names(subject, call);
        let more = remote::make(subject, texts, (&input, &[]), &names, |found| refusal(call, found))?.body;
        fields.extend(more.and_then(|more| more.as_object().cloned()).unwrap_or_default());
    }
    let shapes = &subject.model.fields.shapes;
    let mut problems = shape::problems(shapes, &fields, whole);
    problems.extend(shape::problems(&target.route.fields, &fields, whole));
    body::refuse(call.api, &problems)?;
    body::fill_aliases(target.route, &mut fields);
    fields.retain(|name, _| !shapes.get(name).is_some_and(Shape::is_owned));
    Ok(Value::Object(fields))
}
