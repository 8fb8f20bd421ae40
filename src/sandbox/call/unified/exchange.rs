//! What a mapping asks a provider about one record, and the record in the answer.

use jsonata_core::value::JValue;
use serde_json::{Map, Value, json};

use super::super::Call;
use super::super::natives::Natives;
use super::Subject;
use super::blame::Faulty;
use super::known::REMOTE_QUERY;
use super::remote::{self, Answered, Asked, Made};
use crate::sandbox::body;
use crate::sandbox::data::MethodMapping;
use crate::sandbox::mapped::broken;
use crate::sandbox::shape::{Problem, ProblemKind};
use crate::sandbox::situation::{Refusal, Situation};
use crate::sandbox::state::State;
use crate::sandbox::template;
use crate::sandbox::url;

/// The native record of this id.
pub(super) fn get(
    call: &mut Call<'_>,
    state: &mut State,
    natives: &mut Natives<'_>,
    subject: &Subject<'_>,
    id: &str,
) -> Result<Value, Refusal> {
    let mapping = subject.mapped.mapping.get.as_ref().ok_or(Situation::NotMapped)?;
    let answered = send(call, state, natives, subject, mapping, "GET", Some(id), (&json!({}), &[]))?;
    let found = body::at(&answered.body, mapping.record.as_deref().unwrap_or_default());
    found.filter(|found| found.is_object()).cloned().ok_or_else(|| Situation::UnknownRecord.into())
}

/// The native record that an answer to a write holds, or that is read again by its id.
pub(super) fn written(
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

/// The unified form of a native record.
pub(super) fn unified(subject: &Subject<'_>, native: &Value) -> Result<Value, Refusal> {
    let text = subject.mapped.record(subject.model, &native.to_string(), &subject.context)?;
    serde_json::from_str(&format!("{text}}}")).map_err(|error| broken(&error.to_string()))
}

/// What the expressions of a mapping may ask for by name.
pub(super) fn names(subject: &Subject<'_>, call: &Call<'_>, id: Option<&str>) -> Vec<(&'static str, JValue)> {
    let mut names = remote::names(subject, call);
    names.push(("id", id.map_or(JValue::Undefined, JValue::from)));
    names
}

pub(super) fn texts(mapping: &MethodMapping) -> [Option<&String>; 3] {
    [mapping.query.as_ref(), mapping.headers.as_ref(), mapping.body.as_ref()]
}

#[expect(clippy::too_many_arguments, reason = "what is sent follows from the mapping, the record and the request")]
pub(super) fn send(
    call: &mut Call<'_>,
    state: &mut State,
    natives: &mut Natives<'_>,
    subject: &Subject<'_>,
    mapping: &MethodMapping,
    method: &str,
    id: Option<&str>,
    (input, kept): (&Value, &[&str]),
) -> Result<Answered, Refusal> {
    let names = names(subject, call, id);
    let Made { mut query, headers, body } =
        remote::make(subject, texts(mapping), (input, kept), &names, |found| refusal(call, found))?;
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
pub(super) fn refusal(call: &Call<'_>, found: Vec<Faulty>) -> Refusal {
    let problem = |Faulty { path, problem, .. }: Faulty| {
        let field = if path.is_empty() { "body".to_owned() } else { path };
        Problem::new(field, ProblemKind::WrongType, problem)
    };
    let problems: Vec<Problem> = found.into_iter().map(problem).collect();
    body::refuse(call.api, &problems).err().unwrap_or_else(|| Situation::InvalidFields.into())
}
