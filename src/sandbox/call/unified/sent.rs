//! The body of a write, checked by the model, and what it says of fields that follow from others.

use serde_json::{Map, Value};

use super::super::{Call, Target};
use super::loss::{Member, says};
use super::remote;
use super::{Subject, exchange};
use crate::sandbox::body;
use crate::sandbox::shape::{self, Shape};
use crate::sandbox::situation::Refusal;
use crate::sandbox::template;

/// The field with the native record, which answers show beside the model's fields: a record that was read may be sent.
pub(super) const REMOTE_DATA: &str = "remote_data";

/// What a request wants to be written.
pub(super) struct Sent {
    /// What the mapping gets.
    pub(super) body: Value,
    claims: Vec<Claim>,
}

/// What the body says of a field that is filled from other fields: these decide.
struct Claim {
    /// The name by which the body says it.
    name: String,
    /// The record's field.
    field: String,
    value: Value,
}

/// Reads the body of a write; `whole`: of a new record. What the provider wants besides is its own business.
pub(super) fn read(call: &Call<'_>, target: &Target<'_>, subject: &Subject<'_>, whole: bool) -> Result<Sent, Refusal> {
    let mut fields = body::object(call.request)?;
    if let Some(reads) = &subject.model.reads {
        let input = Value::Object(fields.clone());
        let texts = [None, None, Some(reads.get_ref())];
        let names = remote::names(subject, call);
        let refuse = |found| exchange::refusal(call, found);
        let more = remote::make(subject, texts, (&input, &[]), &names, refuse)?.body;
        fields.extend(more.and_then(|more| more.as_object().cloned()).unwrap_or_default());
    }
    let shapes = &subject.model.fields.shapes;
    let mut problems = shape::problems(shapes, &fields, whole);
    problems.extend(shape::problems(&target.route.fields, &fields, whole));
    body::refuse(call.api, &problems)?;
    let claims = claims(target, subject, &fields);
    body::fill_aliases(target.route, &mut fields);
    fields.retain(|name, _| !shapes.get(name).is_some_and(Shape::is_owned));
    Ok(Sent { body: Value::Object(fields), claims })
}

/// What the body says of fields that are made of others, and by names that stand for fields which the body has as well.
fn claims(target: &Target<'_>, subject: &Subject<'_>, fields: &Map<String, Value>) -> Vec<Claim> {
    let given = |name: &str| fields.get(name).filter(|value| !value.is_null());
    let shapes = &subject.model.fields.shapes;
    let made = shapes.iter().filter(|(_, shape)| shape.is_owned() && shape.derived.is_some());
    let made = made.filter_map(|(name, _)| Some((name, name, given(name)?.clone())));
    let named = target.route.aliases.iter().filter_map(|alias| {
        let (name, field) = (&alias.field, alias.fills.get_ref());
        match (fields.get(name)?, fields.get(field)) {
            // Nobody fills anything with nothing.
            (Value::Null, None) => Some((name, field, Value::Null)),
            (Value::Null, _) | (_, None | Some(Value::Null)) => None,
            _ => Some((name, field, template::fill(&alias.with, fields))),
        }
    });
    made.chain(named).map(|(name, field, value)| Claim { name: name.clone(), field: field.clone(), value }).collect()
}

impl Sent {
    /// What a member of the body is.
    pub(super) fn member(target: &Target<'_>, subject: &Subject<'_>, name: &str) -> Member {
        let is_alias = target.route.aliases.iter().any(|alias| alias.field == name);
        match name {
            REMOTE_DATA => Member::Aside,
            name if subject.model.fields.shapes.contains_key(name) => Member::Field,
            _ if is_alias => Member::Aside,
            _ => Member::Stranger,
        }
    }

    /// What it says that the record does not, each with what is wrong with that.
    pub(super) fn denied(&self, record: &Value) -> Vec<(String, String)> {
        let at = |value: &Value, field: &str| value.get(field).cloned().unwrap_or_default();
        let is_denied = |claim: &&Claim| {
            let is_made = claim.name == claim.field;
            let sent = self.body.get(&claim.field).filter(|_| !is_made);
            let is_sent = sent.is_some_and(|sent| says(sent, &claim.value));
            !is_sent && !says(&at(record, &claim.field), &claim.value)
        };
        let problem = |claim: &Claim| {
            let told = at(record, &claim.field);
            let problem = match claim.name == claim.field {
                true => format!("must be left out or be {told}, since that follows from the other fields"),
                false => format!("must be left out, since {} says something else", claim.field),
            };
            (claim.name.clone(), problem)
        };
        self.claims.iter().filter(is_denied).map(problem).collect()
    }
}
