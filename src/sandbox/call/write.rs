//! Records of an API's own are made, changed and deleted.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Call, Done, Event, Target};
use crate::http::Reply;
use crate::sandbox::body;
use crate::sandbox::data::{Operation, Resource};
use crate::sandbox::jsonata;
use crate::sandbox::names::Names;
use crate::sandbox::record;
use crate::sandbox::shape::{self, Problem, ProblemKind, Shape};
use crate::sandbox::situation::{Refusal, Situation, status_values};
use crate::sandbox::state::State;
use crate::sandbox::table::Row;
use crate::sandbox::template::{self, Template};
use crate::sandbox::webhooks;

impl<'c> Call<'c> {
    /// The fields of each record that the body holds, also those that stand elsewhere in it, by their declared names.
    fn sent(&self, resource: &Resource, names: &Names) -> Result<Vec<Map<String, Value>>, Refusal> {
        let records = body::records(self.request, resource)?.into_iter();
        let records = records.map(|fields| body::declared(fields, resource, names));
        let mut records = records.collect::<Result<Vec<_>, _>>()?;
        if let Some(reads) = &resource.reads {
            let whole = Value::Object(body::object(self.request)?);
            // A body for which the expression has no answer is not of the form that the API takes.
            let more = jsonata::evaluate_json(reads.get_ref(), &whole, &[]).map_err(|_| Situation::BadJson)?;
            if let Some(Value::Object(more)) = more {
                records.iter_mut().for_each(|fields| fields.extend(more.clone()));
            }
        }
        Ok(records)
    }

    /// What its account's administrator made required.
    fn required_by_account(&self, account: &str, resource: &str) -> &'c [String] {
        let account = self.api.accounts.iter().find(|known| known.id.get_ref() == account);
        account.and_then(|account| account.required.get(resource)).map_or(&[], Vec::as_slice)
    }

    fn conflict(
        &self,
        state: &State,
        name: &str,
        resource: &Resource,
        account: &str,
        fields: &Map<String, Value>,
        own: Option<u64>,
    ) -> Result<(), Refusal> {
        for path in &resource.unique {
            for value in shape::values_at(fields, path).into_iter().filter(|value| !value.is_null()) {
                if let Some(other) = state.store.same(&self.maker, name, account, path, value, own) {
                    let path = state.names(name).shown_path(path);
                    let refusal = Refusal::from(Situation::Conflict).with("field", path);
                    return Err(refusal.with("value", value.clone()).with("other", other.id.as_str()));
                }
            }
        }
        Ok(())
    }

    /// Refuses ids of records that are not there, and completes those that came in their short form.
    fn refers(
        &self,
        state: &State,
        (resource, names): (&Resource, &Names),
        account: &str,
        fields: &mut Map<String, Value>,
    ) -> Result<(), Refusal> {
        let mut lost = Vec::new();
        for (field, shape) in &resource.fields {
            if let Some(value) = fields.get_mut(field) {
                self.refers_in(state, account, shape, value, names.shown(field), &mut lost);
            }
        }
        body::refuse(self.api, &lost)
    }

    /// The same of a value and of what lies in it.
    fn refers_in(
        &self,
        state: &State,
        account: &str,
        shape: &Shape,
        value: &mut Value,
        path: &str,
        lost: &mut Vec<Problem>,
    ) {
        match value {
            Value::Null => {}
            Value::Array(items) => {
                for (at, item) in items.iter_mut().enumerate() {
                    if let Some(shape) = &shape.items {
                        self.refers_in(state, account, shape, item, &format!("{path}[{at}]"), lost);
                    }
                }
            }
            Value::Object(fields) => {
                for (name, shape) in &shape.fields {
                    if let Some(value) = fields.get_mut(name) {
                        self.refers_in(state, account, shape, value, &format!("{path}.{name}"), lost);
                    }
                }
            }
            // An empty text refers to nothing, as null does.
            Value::String(text) if text.is_empty() && shape.refers.is_some() => *value = Value::Null,
            id => {
                let other = shape.refers.as_ref().and_then(|name| self.api.resources.get_key_value(name.get_ref()));
                let Some((name, other)) = other else { return };
                let text = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
                let whole = other.whole_id(&text);
                if state.store.find(&self.maker, name, account, &whole).is_none_or(|row| row.deleted.is_some()) {
                    let is_one = other.id.number(&whole).is_some();
                    let kind = if is_one { ProblemKind::Dangling } else { ProblemKind::WrongId };
                    let problem = Problem::new(path, kind, "must be the id of a record that is there");
                    lost.push(problem.with(id.clone()));
                } else if id.is_string() {
                    *id = json!(whole);
                }
            }
        }
    }

    /// Makes the records that the API makes of its own accord for a new one that names none.
    fn make_others(
        &mut self,
        state: &mut State,
        target: &Target<'c>,
        account: &str,
        fields: &mut Map<String, Value>,
    ) -> Result<(), Refusal> {
        let (_, resource) = target.resource()?;
        for (field, makes) in &resource.makes {
            if fields.get(field).is_some_and(|id| !id.is_null()) {
                continue;
            }
            let found = self.api.resources.get_key_value(makes.resource.get_ref());
            let (name, other) = found.ok_or(Situation::UnknownRoute)?;
            let made = makes.fields.iter().map(|(name, value)| (name.clone(), template::fill(value, &*fields)));
            let row = state.store.add(&self.maker, name, account, made.collect(), None, self.now);
            let row = row.ok_or(Situation::UnknownRoute)?;
            fields.insert(field.clone(), record::id_value(other, &row.id));
            let target = Target { resource: Some((name, other)), ..target.clone() };
            self.note(state, &target, "created", account, &row)?;
        }
        Ok(())
    }

    fn create_one(
        &mut self,
        state: &mut State,
        target: &Target<'c>,
        account: &str,
        fields: Map<String, Value>,
        id: Option<String>,
    ) -> Result<Arc<Row>, Refusal> {
        let (name, resource) = target.resource()?;
        let (names, required) = (state.names(name), self.required_by_account(account, name));
        let mut fields = body::read(fields, self.api, target.route, (resource, &names), true, required)?;
        self.refers(state, (resource, &names), account, &mut fields)?;
        self.conflict(state, name, resource, account, &fields, None)?;
        self.make_others(state, target, account, &mut fields)?;
        let row = state.store.add(&self.maker, name, account, fields, id, self.now).ok_or(Situation::UnknownRoute)?;
        self.show(state, target, account, &row)?;
        if let Some(webhooks) = self.api.webhooks.as_ref().filter(|webhooks| webhooks.resource.get_ref() == name) {
            self.set("secret", json!(webhooks::secret(webhooks, self.maker.seed, &row)));
        }
        self.note(state, target, "created", account, &row)?;
        Ok(row)
    }

    pub(super) fn create(
        &mut self,
        state: &mut State,
        target: &Target<'c>,
        account: &str,
    ) -> Result<Done<'c>, Refusal> {
        let (name, resource) = target.resource()?;
        let records = self.sent(resource, &state.names(name))?;
        if let Some(most) = resource.most.as_ref().filter(|most| records.len() > most.count) {
            return Err(Refusal::named(most.error.get_ref().as_str()).with("max", most.count));
        }
        let template = self.template(target, Operation::Create);
        if !resource.batch {
            let fields = records.into_iter().next().unwrap_or_default();
            self.create_one(state, target, account, fields, None)?;
            return Ok(Done::Fresh(template, 201));
        }
        let (mut results, mut refused, count) = (Vec::new(), None, records.len());
        let mut failed = 0;
        for fields in records {
            match self.create_one(state, target, account, fields, None) {
                Ok(_) => results.push(self.result(template)),
                Err(refusal) => {
                    results.push(self.failure(&refusal));
                    failed += 1;
                    refused.get_or_insert(refusal);
                }
            }
        }
        self.set("results", Value::Array(results));
        match refused {
            Some(refusal) if failed == count && count == 1 => Err(refusal),
            Some(_) => Ok(Done::Ready(self.fill(template, 200)).with_status(template.partly.unwrap_or(207))),
            None => Ok(Done::Fresh(template, 201)),
        }
    }

    /// What one record of several becomes in the answer.
    fn result(&self, template: &Template) -> Value {
        let text = self.json.get("item").map_or("null", String::as_str);
        let mut values = self.values.clone();
        values.insert("item".to_owned(), serde_json::from_str(text).unwrap_or_default());
        template.result.as_ref().map_or(Value::Null, |result| template::fill(result, &values))
    }

    /// What a refused record of several becomes in the answer.
    fn failure(&self, refusal: &Refusal) -> Value {
        let errors = &self.api.errors;
        let template = errors.get(&refusal.name).or_else(|| errors.get("default")).map(toml::Spanned::get_ref);
        let result = template.and_then(|template| template.result.as_ref().or(template.body.as_ref()));
        let mut values = self.values.clone();
        let (status, message) =
            refusal.situation().map_or((400, ""), |situation| (situation.status(), situation.message()));
        values.extend(status_values(status, message, &refusal.name).map(|(name, value)| (name.to_owned(), value)));
        values.extend(refusal.values.clone());
        result.map_or(Value::Null, |result| template::fill(result, &values))
    }

    pub(super) fn update(
        &mut self,
        state: &mut State,
        target: &Target<'c>,
        account: &str,
    ) -> Result<Done<'c>, Refusal> {
        let (name, resource) = target.resource()?;
        let names = state.names(name);
        let row = match (self.find(state, target, account), self.id_to_make(target)) {
            (Err(_), Some(id)) => {
                let fields = self.sent(resource, &names)?.into_iter().next().unwrap_or_default();
                self.create_one(state, target, account, fields, Some(id))?;
                return Ok(Done::Fresh(self.template(target, Operation::Create), 201));
            }
            (found, _) => found?,
        };
        self.check_version(target, &row)?;
        let fields = self.sent(resource, &names)?.into_iter().next().unwrap_or_default();
        let mut fields = body::read(fields, self.api, target.route, (resource, &names), false, &[])?;
        self.refers(state, (resource, &names), account, &mut fields)?;
        let mut changed = row.record.clone();
        changed.extend(fields.clone());
        self.conflict(state, name, resource, account, &changed, Some(row.position))?;
        let row = state.store.change(&self.maker, name, account, &row, fields, self.now);
        let row = row.ok_or(Situation::UnknownRecord)?;
        self.show(state, target, account, &row)?;
        self.note(state, target, "updated", account, &row)?;
        let template = self.template(target, Operation::Update);
        if resource.batch {
            let result = self.result(template);
            self.set("results", Value::Array(vec![result]));
        }
        Ok(Done::Fresh(template, 200))
    }

    pub(super) fn delete(
        &mut self,
        state: &mut State,
        target: &Target<'c>,
        account: &str,
    ) -> Result<Done<'c>, Refusal> {
        let row = self.find(state, target, account)?;
        let (name, _) = target.resource()?;
        self.check_version(target, &row)?;
        self.show(state, target, account, &row)?;
        // What it was is told: afterwards nothing may be left of it.
        self.note(state, target, "deleted", account, &row)?;
        state.store.delete(&self.maker, name, account, &row, self.now).ok_or(Situation::UnknownRecord)?;
        Ok(Done::Fresh(self.template(target, Operation::Delete), 200))
    }

    /// Notes a record that was written, with all its fields whatever the request asks to see.
    fn note(
        &mut self,
        state: &mut State,
        target: &Target<'c>,
        what: &'static str,
        account: &str,
        row: &Row,
    ) -> Result<(), Refusal> {
        let look = self.look(state, target, None)?;
        let item = self.item(state, &look, account, row);
        let (resource, account) = (target.resource()?.0.to_owned(), account.to_owned());
        self.events.push(Event { what, resource, account, item });
        Ok(())
    }
}

impl Done<'_> {
    fn with_status(self, status: u16) -> Self {
        match self {
            Self::Ready(reply) => Self::Ready(Reply { status, ..reply }),
            other => other,
        }
    }
}
