//! The unified API: one model of each kind of record, mapped onto whatever provider an account is connected to.
//!
//! It knows no provider. What it asks of them, what it makes of their answers, and what it says of its own are data;
//! here is the way from one to the other. It never tries again on its caller's behalf.

mod account;
mod administer;
mod also;
mod blame;
mod cursor;
mod events;
mod exchange;
mod known;
mod link;
mod list;
mod loss;
mod proxy;
mod record;
mod remote;
mod sent;
mod wanted;
mod writing;

use jsonata_core::value::JValue;
use serde_json::Value;

use super::natives::Natives;
use super::{Call, Done, Target};
use crate::sandbox::data::{Model, Operation};
use crate::sandbox::list::beyond;
use crate::sandbox::mapped::Mapped;
use crate::sandbox::situation::{Refusal, Situation};
use crate::sandbox::state::State;
use crate::sandbox::table::Row;

pub(in crate::sandbox) use account::{refresh_due, refuse};
pub(in crate::sandbox) use administer::record as account_record;
pub(super) use administer::{administer, check_change};
pub(in crate::sandbox) use events::of_record as record_news;
pub(super) use known::check as check_parameters;

/// What a request to a model is about.
struct Subject<'c> {
    /// The provider's number.
    provider: usize,
    /// The account's record in this API.
    account: std::sync::Arc<Row>,
    model: &'c Model,
    /// The model's category.
    category: String,
    /// What tells its list from all others.
    list: String,
    mapped: std::sync::Arc<Mapped>,
    /// The account's record, for expressions.
    context: JValue,
}

/// Does what is asked of a model, an account or a provider's own route.
pub(super) fn perform<'c>(
    call: &mut Call<'c>,
    state: &mut State,
    natives: &mut Natives<'_>,
    target: &Target<'c>,
    account: &str,
) -> Result<Done<'c>, Refusal> {
    match target.operation {
        Operation::Proxy => return proxy::perform(call, state, natives, target, account),
        Operation::Capabilities => return administer::capabilities(call, state, natives, target),
        Operation::Describe => return administer::describe(call, target),
        _ => {}
    }
    beyond(&call.input, target.route, None)?;
    let subject = subject(call, state, natives, target, account)?;
    known::check(call, target, &subject.model.fields.shapes)?;
    match target.operation {
        Operation::List => list::perform(call, state, natives, &subject, target),
        _ => record::perform(call, state, natives, &subject, target),
    }
}

fn subject<'c>(
    call: &mut Call<'c>,
    state: &mut State,
    natives: &mut Natives<'_>,
    target: &Target<'c>,
    account: &str,
) -> Result<Subject<'c>, Refusal> {
    let name = call.model_name(target).ok_or(Situation::UnknownRoute)?;
    let category = target.named("model").or(target.route.model.as_ref().map(|model| model.get_ref().as_str()));
    call.set("resource", Value::String(name.clone()));
    subject_of(call, state, natives, account, category.unwrap_or_default(), &name)
}

/// The model of this category and name, for an account.
fn subject_of<'c>(
    call: &Call<'c>,
    state: &mut State,
    natives: &mut Natives<'_>,
    account: &str,
    category: &str,
    name: &str,
) -> Result<Subject<'c>, Refusal> {
    let model = call.api.models.get(category).and_then(|models| models.get(name)).ok_or(Situation::UnknownRoute)?;
    let (provider, row) = connected(call, state, account)?;
    let api = natives.api(provider).ok_or(Situation::NotMapped)?;
    let integrated = call.api.integrated.as_ref().ok_or(Situation::NotMapped)?;
    let mapped = state.accounts.mapped(api, integrated, &row, category, name)?;
    let context = JValue::from(Value::Object(row.record.clone()));
    let list = format!("{account} {category}.{name}");
    Ok(Subject { provider, account: row, model, category: category.to_owned(), list, mapped, context })
}

/// The number of an account's provider, and its record.
fn connected(call: &Call<'_>, state: &State, account: &str) -> Result<(usize, std::sync::Arc<Row>), Refusal> {
    let integrated = call.api.integrated.as_ref().ok_or(Situation::UnknownRoute)?;
    let row = state.store.find(&call.maker, integrated.resource.get_ref(), "", account);
    let unknown = || Refusal::from(Situation::UnknownAccount).with("parameter", "id").with("value", account);
    let row = row.ok_or_else(unknown)?;
    let provider = state.accounts.provider(account).ok_or(Situation::NotMapped)?;
    Ok((provider, row))
}
