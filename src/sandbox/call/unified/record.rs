//! One unified record: read, made, changed, deleted, and methods of a provider's own.

use serde_json::{Value, json};

use super::super::natives::Natives;
use super::super::{Call, Done, Target};
use super::Subject;
use super::exchange::{get, send, unified};
use super::sent::REMOTE_DATA;
use super::writing;
use crate::sandbox::body;
use crate::sandbox::data::Operation;
use crate::sandbox::mapped::broken;
use crate::sandbox::situation::{Refusal, Situation};
use crate::sandbox::state::State;

pub(super) fn perform<'c>(
    call: &mut Call<'c>,
    state: &mut State,
    natives: &mut Natives<'_>,
    subject: &Subject<'c>,
    target: &Target<'c>,
) -> Result<Done<'c>, Refusal> {
    let mapped = &subject.mapped.mapping;
    let id = target.named("id").map(str::to_owned);
    let (native, record) = match target.operation {
        Operation::Get => {
            let native = get(call, state, natives, subject, id.as_deref().unwrap_or_default())?;
            let record = unified(subject, &native)?;
            (native, record)
        }
        Operation::Create => writing::perform(call, state, natives, subject, target, None)?,
        Operation::Update => {
            writing::perform(call, state, natives, subject, target, Some(id.as_deref().unwrap_or_default()))?
        }
        Operation::Delete => {
            let mapping = mapped.delete.as_ref().ok_or(Situation::NotMapped)?;
            send(call, state, natives, subject, mapping, "DELETE", id.as_deref(), (&json!({}), &[]))?;
            let template = call.api.answers.get(&Operation::Delete).ok_or(Situation::UnknownRoute)?;
            return Ok(Done::Fresh(template.get_ref(), 200));
        }
        Operation::Custom => {
            let name = target.named("method").ok_or(Situation::UnknownRoute)?;
            let mapping = mapped.methods.get(name).ok_or(Situation::NotMapped)?;
            let input = Value::Object(body::object(call.request)?);
            let id = input.get("id").and_then(Value::as_str).map(str::to_owned);
            let answered = send(call, state, natives, subject, mapping, "POST", id.as_deref(), (&input, &[]))?;
            call.set("result", answered.body);
            let template = call.api.answers.get(&Operation::Custom).ok_or(Situation::UnknownRoute)?;
            return Ok(Done::Fresh(template.get_ref(), 200));
        }
        _ => return Err(Situation::UnknownRoute.into()),
    };
    let Value::Object(mut record) = record else { return Err(broken("a record is no object")) };
    record.insert(REMOTE_DATA.to_owned(), native);
    record.retain(|name, _| !call.is_hidden(name));
    if let Some(id) = record.get("id").cloned() {
        call.set("id", id);
    }
    call.set("record", Value::Object(record));
    let template = call.api.answers.get(&target.operation).ok_or(Situation::UnknownRoute)?;
    Ok(Done::Fresh(template.get_ref(), if target.operation == Operation::Create { 201 } else { 200 }))
}
