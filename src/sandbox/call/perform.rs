//! What is done with the records of an API.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use serde_json::{Value, json};

use super::limits::Both;
use super::natives::Natives;
use super::unified;
use super::{Call, Done, Target};
use crate::http::{Headers, Reply};
use crate::sandbox::data::{Api, Delete, Operation, Resource, Route, Which};
use crate::sandbox::input::Input;
use crate::sandbox::list;
use crate::sandbox::names::Names;
use crate::sandbox::record::{self, Shown};
use crate::sandbox::situation::{Refusal, Situation};
use crate::sandbox::state::State;
use crate::sandbox::store::Item;
use crate::sandbox::table::Row;
use crate::sandbox::template::{self, Template};
use crate::sandbox::url::Parameter;

/// An answer for which the data has no words: 200 and the record.
static PLAIN: Template = Template {
    status: None,
    headers: std::collections::BTreeMap::new(),
    body: None,
    text: None,
    at_end: Vec::new(),
    at_start: Vec::new(),
    only_at_end: Vec::new(),
    asked: std::collections::BTreeMap::new(),
    empty: None,
    result: None,
    partly: None,
    variants: Vec::new(),
};

/// How the records of a request look in its answer.
pub(super) struct Look<'c> {
    name: &'c str,
    resource: &'c Resource,
    route: &'c Route,
    /// The fields to show, all where `None`.
    fields: Option<Vec<String>>,
    /// Members of a record that nobody has asked for.
    unasked: Vec<&'c String>,
    /// What its fields are called.
    names: Names,
    /// What tells it from other looks of the resource.
    number: u64,
    /// The request leaves fields out.
    hides: bool,
}

impl<'c> Call<'c> {
    /// Does what is asked; what the answer shows lies in the call's values then.
    pub(super) fn perform(
        &mut self,
        state: &mut State,
        natives: &mut Natives<'_>,
        target: &Target<'c>,
        account: &str,
    ) -> Result<Done<'c>, Refusal> {
        if self.is_remote(target) {
            return unified::perform(self, state, natives, target, account);
        }
        list::beyond(&self.input, target.route, target.resource.map(|(_, resource)| resource))?;
        if let (Operation::List, Some(_), Some((_, resource))) =
            (target.operation, &self.api.integrated, target.resource)
        {
            unified::check_parameters(self, target, &resource.fields)?;
        }
        match target.operation {
            Operation::List => self.list(state, target, account, None),
            Operation::More => self.more(state, target, account),
            Operation::Get => {
                let row = self.find(state, target, account)?;
                if let Some(unchanged) = self.unchanged(target, &row) {
                    return Ok(Done::Ready(unchanged));
                }
                self.show(state, target, account, &row)?;
                Ok(Done::Fresh(self.template(target, Operation::Get), 200))
            }
            Operation::Create => self.create(state, target, account),
            Operation::Update => {
                unified::check_change(self, state, natives, target)?;
                self.update(state, target, account)
            }
            Operation::Delete => self.delete(state, target, account),
            Operation::Show => Ok(Done::Fresh(self.template(target, Operation::Show), 200)),
            Operation::Authorize => {
                let oauth = self.api.oauth.as_ref().ok_or(Situation::UnknownRoute)?;
                let asked = self.input.query.iter().map(|given| (given.full_name(), json!(given.value))).collect();
                let reply = state.issued.authorize(oauth, &self.api.accounts, &asked, self.now)?;
                Ok(Done::Ready(reply))
            }
            Operation::Token => self.issue(state),
            Operation::AccountToken | Operation::Connect => unified::administer(self, state, natives, target),
            Operation::Ping => self.ping(state, target),
            Operation::Proxy | Operation::Capabilities | Operation::Custom | Operation::Describe => {
                Err(Situation::UnknownRoute.into())
            }
        }
    }

    pub(super) fn template(&self, target: &Target<'c>, operation: Operation) -> &'c Template {
        let own = target.route.answer.as_ref();
        let own = own.or(target.route.list.as_ref().filter(|_| operation == Operation::List));
        let own = own.or(target.resource.and_then(|(_, resource)| resource.answers.get(&operation)));
        own.or_else(|| self.api.answers.get(&operation)).map_or(&PLAIN, |answer| answer.get_ref())
    }

    pub(super) fn find(&mut self, state: &State, target: &Target<'c>, account: &str) -> Result<Arc<Row>, Refusal> {
        let (name, resource) = target.resource()?;
        let row = match &target.route.by {
            None => {
                let id = target.named("id").ok_or(Situation::UnknownRecord)?;
                state.store.find(&self.maker, name, account, id)
            }
            Some(field) => {
                let given = target.route.at.as_ref().and_then(|at| self.input.get(at));
                let given = given.or_else(|| target.named("id").map(str::to_owned)).ok_or(Situation::UnknownRecord)?;
                state.store.same(&self.maker, name, account, field.get_ref(), &json!(given), None)
            }
        };
        let is_shown =
            || resource.delete == Delete::Keep && list::which(self.api, target.route, &self.input) != Which::Live;
        let row = row.filter(|row| row.deleted.is_none() || is_shown());
        row.ok_or_else(|| Situation::UnknownRecord.into())
    }

    /// The fields that are shown of a record; all where `None`.
    pub(super) fn selection(
        &self,
        state: &State,
        target: &Target<'c>,
        asked: Option<&Vec<String>>,
    ) -> Result<Option<Vec<String>>, Refusal> {
        let (name, resource) = target.resource()?;
        let names = state.names(name);
        // A name that a field has no more shows nothing.
        let declared = |fields: &[String]| -> Vec<String> {
            fields.iter().filter_map(|name| names.declared(name)).map(str::to_owned).collect()
        };
        let asked = asked.map(|fields| declared(fields));
        let Some(select) = &resource.select else { return Ok(asked) };
        let named = self.input.list(&select.query);
        let named = named.map(|text| text.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>());
        let named = named.map(|fields| declared(&fields));
        if let Some(most) =
            select.most.as_ref().filter(|most| named.as_ref().is_some_and(|named| named.len() > most.count))
        {
            let refusal = Refusal::named(most.error.get_ref().as_str()).with("parameter", select.query.as_str());
            return Err(refusal.with("max", most.count));
        }
        let Some(chosen) = asked.or(named).or_else(|| select.default.clone()) else { return Ok(None) };
        let mut fields = select.always.clone();
        fields.extend(chosen.into_iter().filter(|name| !select.always.contains(name)));
        Ok(Some(fields))
    }

    /// How the records of a target look in the answer.
    pub(super) fn look(
        &self,
        state: &State,
        target: &Target<'c>,
        fields: Option<Vec<String>>,
    ) -> Result<Look<'c>, Refusal> {
        let (name, resource) = target.resource()?;
        let unasked = resource.asked.iter().filter(|(_, parameter)| self.input.parameter(parameter).is_none());
        let unasked: Vec<&String> = unasked.map(|(member, _)| member).collect();
        let mut hasher = DefaultHasher::new();
        (&fields, &unasked).hash(&mut hasher);
        let (number, hides) = (hasher.finish(), self.hides());
        Ok(Look { name, resource, route: target.route, fields, unasked, names: state.names(name), number, hides })
    }

    pub(super) fn item(&self, state: &mut State, look: &Look<'c>, account: &str, row: &Row) -> Arc<Item> {
        let Look { resource, route, .. } = look;
        let is_gone = row.deleted.is_some();
        let own = route.tombstone.as_ref().filter(|_| is_gone).or(route.item.as_ref());
        let usual = resource.tombstone.as_ref().filter(|_| is_gone).or(resource.item.as_ref());
        let template = own.or(usual).map(toml::Spanned::get_ref);
        let make = || {
            let hidden = |name: &String| is_hidden(self.api, &self.input.query, name);
            let names: Option<Vec<String>> = if look.hides {
                let all = look.fields.clone().unwrap_or_else(|| row.record.keys().cloned().collect());
                Some(all.into_iter().filter(|name| !hidden(name)).collect())
            } else {
                look.fields.clone()
            };
            let mut shown = Shown::new(self.api, (look.name, resource), row, names.as_deref());
            let mut item = template.map(|item| record::without(item, &look.unasked));
            if !look.names.is_empty() {
                shown.rename(&look.names);
                item = item.map(|item| Cow::Owned(record::renamed(&item, &look.names)));
            }
            shown.write(item.as_deref())
        };
        if own.is_some() || look.hides {
            return Arc::new(Item::new(make()));
        }
        state.store.item(look.name, account, row, look.number, make)
    }

    /// True where the request leaves fields of records out.
    fn hides(&self) -> bool {
        let named = |name: &String| self.input.query.iter().any(|given| given.name == *name);
        self.api.exclude.as_ref().is_some_and(named) || self.api.drop.keys().any(named)
    }

    /// Puts one record among the values.
    pub(super) fn show(
        &mut self,
        state: &mut State,
        target: &Target<'c>,
        account: &str,
        row: &Row,
    ) -> Result<Arc<Item>, Refusal> {
        let fields = self.selection(state, target, None)?;
        let look = self.look(state, target, fields)?;
        let item = self.item(state, &look, account, row);
        self.set("id", json!(row.id));
        self.set("created", self.api.time.write(row.made));
        self.set("updated", self.api.time.write(row.changed));
        self.set("deleted", row.deleted.map(|instant| self.api.time.write(instant)).unwrap_or_default());
        let (_, resource) = target.resource()?;
        let is_shown = |name: &String| !resource.fields.get(name).is_some_and(|shape| shape.hidden);
        let record = row.record.iter().filter(|(name, _)| is_shown(name));
        self.set("record", record.map(|(name, value)| (name.clone(), value.clone())).collect());
        self.json.insert("item", item.text.clone());
        Ok(item)
    }

    fn issue(&mut self, state: &mut State) -> Result<Done<'c>, Refusal> {
        let oauth = self.api.oauth.as_ref().ok_or(Situation::UnknownRoute)?;
        let form = Input::form(self.request);
        let kind = self.request.headers.get("content-type").unwrap_or_default();
        let is_json = kind.to_ascii_lowercase().contains("json") || self.request.body.trim_ascii().starts_with(b"{");
        if let Some(error) = oauth.form.as_ref().filter(|_| is_json) {
            return Err(Refusal::named(error.get_ref().clone()).with("parameter", "grant_type"));
        }
        let answer =
            state.issued.token(oauth, &mut state.tokens, &self.api.accounts, &self.request.headers, &form, self.now)?;
        let answer = match &oauth.answer {
            Some(own) => template::fill(own, &Both(&answer, &self.values)),
            None => template::fill(&Value::Object(answer), &self.values),
        };
        let mut headers = Headers::new();
        headers.set("Content-Type", "application/json;charset=UTF-8");
        headers.set("Cache-Control", "no-store");
        headers.set("Pragma", "no-cache");
        Ok(Done::Ready(Reply { status: 200, headers, body: answer.to_string().into_bytes() }))
    }
}

/// True where the query leaves the field `name` out.
pub(super) fn is_hidden(api: &Api, query: &[Parameter], name: &str) -> bool {
    let excluded = api.exclude.as_ref().is_some_and(|exclude| {
        query.iter().any(|given| given.name == *exclude && given.value.split(',').any(|field| field == name))
    });
    let dropped = api.drop.iter().any(|(parameter, field)| {
        field == name && query.iter().any(|given| given.name == *parameter && given.value == "true")
    });
    excluded || dropped
}
