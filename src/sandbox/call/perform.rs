//! What is done with the records of an API.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::limits::Both;
use super::{Call, Done, Event, Target};
use crate::http::{Headers, Reply};
use crate::sandbox::body;
use crate::sandbox::data::{Delete, Language, Operation, PageBy, Paging, Resource};
use crate::sandbox::input::Input;
use crate::sandbox::list::{self, Ask, Cursor, Source, Start, language::soql};
use crate::sandbox::natives::Natives;
use crate::sandbox::record::Shown;
use crate::sandbox::shape;
use crate::sandbox::situation::{Refusal, Situation, status_values};
use crate::sandbox::state::State;
use crate::sandbox::store::Item;
use crate::sandbox::table::Row;
use crate::sandbox::template::{self, Template};
use crate::sandbox::unified;
use crate::sandbox::url::{self, Parameter};
use crate::sandbox::webhooks;

/// An answer for which the data has no words: 200 and the record.
static PLAIN: Template = Template {
    status: None,
    headers: std::collections::BTreeMap::new(),
    body: None,
    text: None,
    at_end: Vec::new(),
    at_start: Vec::new(),
    only_at_end: Vec::new(),
    empty: None,
    result: None,
    partly: None,
    variants: Vec::new(),
};

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
        match target.operation {
            Operation::List => self.list(state, target, account, None),
            Operation::More => self.more(state, target, account),
            Operation::Get => {
                let row = self.find(state, target, account)?;
                self.show(state, target, account, &row)?;
                Ok(Done::Fresh(self.template(target, Operation::Get), 200))
            }
            Operation::Create => self.create(state, target, account),
            Operation::Update => self.update(state, target, account),
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

    fn find(&mut self, state: &State, target: &Target<'c>, account: &str) -> Result<Arc<Row>, Refusal> {
        let (name, resource) = target.resource()?;
        let id = target.named("id").ok_or(Situation::UnknownRecord)?;
        let row = state.store.find(&self.maker, name, account, id);
        let row = row.filter(|row| row.deleted.is_none() || resource.delete == Delete::Keep);
        row.ok_or_else(|| Situation::UnknownRecord.into())
    }

    /// The fields that are shown of a record; all where `None`.
    fn selection(
        &self,
        state: &State,
        target: &Target<'c>,
        asked: Option<&Vec<String>>,
    ) -> Result<Option<Vec<String>>, Refusal> {
        let (name, resource) = target.resource()?;
        let asked = asked.map(|fields| names_back(state, name, fields.clone()));
        let Some(select) = &resource.select else { return Ok(asked) };
        let named = self.input.parameter(&select.query).filter(|text| !text.is_empty());
        let named = named.map(|text| text.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>());
        let named = named.map(|fields| names_back(state, name, fields));
        let Some(chosen) = asked.or(named).or_else(|| select.default.clone()) else { return Ok(None) };
        let mut fields = select.always.clone();
        fields.extend(chosen.into_iter().filter(|name| !select.always.contains(name)));
        Ok(Some(fields))
    }

    fn item(
        &self,
        state: &mut State,
        target: &Target<'c>,
        account: &str,
        row: &Row,
        fields: Option<&[String]>,
    ) -> Result<Arc<Item>, Refusal> {
        let (name, resource) = target.resource()?;
        let tombstone = target.route.tombstone.as_ref().filter(|_| row.deleted.is_some());
        let own = tombstone.or(target.route.item.as_ref());
        let usual = resource.tombstone.as_ref().filter(|_| row.deleted.is_some()).or(resource.item.as_ref());
        let template = own.or(usual).map(|item| item.get_ref());
        let renamed: Vec<_> = state.renamed.iter().filter(|(of, _, _)| of == name).cloned().collect();
        let (api, query, hides) = (self.api, &self.input.query, self.hides());
        let hidden = |name: &String| is_hidden(api, query, name);
        let make = || {
            let names: Option<Vec<String>> = if hides {
                let all = fields.map_or_else(|| row.record.keys().cloned().collect(), <[String]>::to_vec);
                Some(all.into_iter().filter(|name| !hidden(name)).collect())
            } else {
                fields.map(<[String]>::to_vec)
            };
            let mut shown = Shown::new(api, resource, row, names.as_deref());
            for (_, old, new) in &renamed {
                shown.rename(old, new);
            }
            shown.write(template)
        };
        if own.is_some() || hides {
            return Ok(Arc::new(Item::new(make())));
        }
        let mut hasher = DefaultHasher::new();
        fields.hash(&mut hasher);
        Ok(state.store.item(name, account, row, hasher.finish(), make))
    }

    /// True where the request leaves fields of records out.
    fn hides(&self) -> bool {
        let named = |name: &String| self.input.query.iter().any(|given| given.name == *name);
        self.api.exclude.as_ref().is_some_and(named) || self.api.drop.keys().any(named)
    }

    /// Puts one record among the values.
    fn show(&mut self, state: &mut State, target: &Target<'c>, account: &str, row: &Row) -> Result<Arc<Item>, Refusal> {
        let fields = self.selection(state, target, None)?;
        let item = self.item(state, target, account, row, fields.as_deref())?;
        self.set("id", json!(row.id));
        self.set("created", self.api.time.write(row.made));
        self.set("updated", self.api.time.write(row.changed));
        self.set("deleted", row.deleted.map(|instant| self.api.time.write(instant)).unwrap_or_default());
        self.set("record", Value::Object(row.record.clone()));
        self.json.insert("item", item.text.clone());
        Ok(item)
    }

    fn list(
        &mut self,
        state: &mut State,
        target: &Target<'c>,
        account: &str,
        cursor: Option<Cursor>,
    ) -> Result<Done<'c>, Refusal> {
        let mut target = target.clone();
        if target.route.language == Some(Language::Soql) {
            let text = target.route.at.as_ref().and_then(|at| self.input.get(at)).unwrap_or_default();
            let statement = soql::parse(&text)?;
            let unknown = || Refusal::bad_query(format!("sObject type '{}' is not supported", statement.from));
            let (name, resource) = self.api.resources.get_key_value(&statement.from).ok_or_else(unknown)?;
            target.resource = Some((name, resource));
            self.set("resource", json!(name));
        }
        let (name, resource) = target.resource()?;
        let source = Source { api: self.api, route: target.route, resource };
        let (mut ask, none) = list::read(source, &self.input, self.now)?;
        if let Some(cursor) = cursor {
            ask.start = Start::At(cursor);
        }
        let paging = source.paging();
        if let (Some(then), Start::Skip(skip)) = (&paging.then, &ask.start)
            && *skip >= then.after
        {
            return Err(Situation::TooDeep.into());
        }
        let template = self.template(&target, Operation::List);
        let (page, total) = {
            let store = &state.store;
            let empty = crate::sandbox::table::Table::default();
            let table = store.table(name, account).unwrap_or(&empty);
            let maker = self.maker;
            let mut make = |position| store.row(&maker, name, account, position);
            let total = template.asks_for(&["total", "pages"]).then(|| ask.total(table, &mut make));
            (ask.page(table, self.now, &mut make), total)
        };
        if let (true, Some(none)) = (page.rows.is_empty(), none) {
            return Ok(Done::Fresh(none, 200));
        }
        let fields = self.selection(state, &target, ask.fields.as_ref())?;
        let mut items = Vec::with_capacity(page.rows.len());
        for row in &page.rows {
            items.push(self.item(state, &target, account, row, fields.as_deref())?);
        }
        if template.asks_for(&["records_by_id"]) {
            let pairs = page.rows.iter().zip(&items);
            let pairs: Vec<String> = pairs.map(|(row, item)| format!("{}:{}", json!(row.id), item.text)).collect();
            self.json.insert("records_by_id", format!("{{{}}}", pairs.join(",")));
        }
        self.page_values(paging, &ask, &page, total);
        self.left_out.extend(if page.next.is_none() { &template.at_end } else { &template.only_at_end });
        if page.previous.is_none() {
            self.left_out.extend(&template.at_start);
        }
        let empty = template.empty.as_deref().filter(|_| page.rows.is_empty());
        if self.is_inner {
            self.json.insert("records", "[]".to_owned());
            self.listing = Some(items);
        } else {
            self.json.insert("records", joined(&items));
        }
        Ok(Done::Fresh(empty.unwrap_or(template), 200))
    }

    /// The rest of a list: the cursor says of which.
    fn more(&mut self, state: &mut State, target: &Target<'c>, account: &str) -> Result<Done<'c>, Refusal> {
        let text = target.named("cursor").unwrap_or_default().to_owned();
        let bad = || Refusal::bad_parameter("cursor", &text, "must be a cursor from an earlier page");
        let cursor = Cursor::read(&text).ok_or_else(bad)?;
        let query = cursor.query.clone().ok_or_else(bad)?;
        let mut routes = self.api.routes.iter().filter(|route| route.language == Some(Language::Soql));
        let route = routes.next().ok_or_else(bad)?;
        let name = route.at.as_ref().and_then(|at| at.query.clone()).unwrap_or_else(|| "q".to_owned());
        self.input =
            Input { query: vec![Parameter { name, key: None, value: query }], headers: self.input.headers, body: None };
        let target = Target { route, operation: Operation::List, named: Vec::new(), resource: None };
        self.list(state, &target, account, Some(cursor))
    }

    /// What a page's answer may show.
    fn page_values(&mut self, paging: &Paging, ask: &Ask, page: &list::Page, total: Option<u64>) {
        let count = u64::try_from(page.rows.len()).unwrap_or(0);
        let size = u64::try_from(ask.size).unwrap_or(u64::MAX);
        let first = paging.first_page.unwrap_or(1);
        let number = page.before.checked_div(size).unwrap_or(0) + first;
        let next_offset = page.next.as_ref().map(|_| page.before + count);
        let next = page.next.as_ref().map(Cursor::write);
        let previous = page.previous.as_ref().map(Cursor::write);
        let by_cursor = |text: &Option<String>| text.clone();
        let (to_next, to_previous) = match paging.by {
            PageBy::Page => (
                page.next.as_ref().map(|_| (number + 1).to_string()),
                (number > first).then(|| (number - 1).to_string()),
            ),
            PageBy::Offset => (
                next_offset.map(|at| at.to_string()),
                (page.before > 0).then(|| page.before.saturating_sub(size).to_string()),
            ),
            PageBy::Cursor | PageBy::None => (by_cursor(&next), by_cursor(&previous)),
        };
        let parameter = paging.at.iter().find_map(|place| place.query.clone());
        let target = |at: &Option<String>| {
            let (parameter, at) = (parameter.as_ref()?, at.as_ref()?);
            Some(format!("{}?{}", self.request.path, url::with_parameter(&self.request.query, parameter, Some(at))))
        };
        let instance = self.text("instance").to_owned();
        let absolute = |path: Option<String>| path.map(|path| format!("{instance}{path}"));
        let next_path = target(&to_next);
        let pages = total.map(|total| total.div_ceil(size.max(1)));
        let last_page = pages.map(|pages| (pages.max(1) - 1 + first).to_string());
        let values = [
            ("count", json!(count)),
            ("total", json!(total)),
            ("pages", json!(pages)),
            ("page", json!(number)),
            ("page_size", json!(if ask.size == usize::MAX { count } else { size })),
            ("offset", json!(page.before)),
            ("next_offset", json!(next_offset)),
            ("next_page", json!(page.next.as_ref().map(|_| number + 1))),
            ("has_more", json!(page.next.is_some())),
            ("done", json!(page.next.is_none())),
            ("next_cursor", json!(next)),
            ("prev_cursor", json!(previous)),
            ("next_url", json!(absolute(next_path.clone()))),
            ("prev_url", json!(absolute(target(&to_previous)))),
            ("first_url", json!(absolute(target(&Some(first.to_string()))))),
            ("last_url", json!(absolute(target(&last_page)))),
            ("self_url", json!(self.request.url())),
            ("next_path", json!(next_path)),
        ];
        self.values.extend(values.map(|(name, value)| (name.to_owned(), value)));
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
                    let refusal = Refusal::from(Situation::Conflict).with("field", path.as_str());
                    return Err(refusal.with("value", value.clone()).with("other", other.id.as_str()));
                }
            }
        }
        Ok(())
    }

    fn create_one(
        &mut self,
        state: &mut State,
        target: &Target<'c>,
        account: &str,
        mut fields: Map<String, Value>,
    ) -> Result<Arc<Row>, Refusal> {
        let (name, resource) = target.resource()?;
        rename_back(state, name, &mut fields);
        let required = self.required_by_account(account, name);
        let fields = body::read(fields, self.api, target.route, resource, true, required)?;
        self.conflict(state, name, resource, account, &fields, None)?;
        let row = state.store.add(&self.maker, name, account, fields, self.now).ok_or(Situation::UnknownRoute)?;
        self.show(state, target, account, &row)?;
        if self.api.webhooks.as_ref().is_some_and(|webhooks| webhooks.resource.get_ref() == name) {
            self.set("secret", json!(webhooks::secret(self.maker.seed, &row.id)));
        }
        self.note(state, target, "created", account, &row)?;
        Ok(row)
    }

    fn create(&mut self, state: &mut State, target: &Target<'c>, account: &str) -> Result<Done<'c>, Refusal> {
        let (_, resource) = target.resource()?;
        let records = body::records(self.request, resource)?;
        let template = self.template(target, Operation::Create);
        if !resource.batch {
            let fields = records.into_iter().next().unwrap_or_default();
            self.create_one(state, target, account, fields)?;
            return Ok(Done::Fresh(template, 201));
        }
        let (mut results, mut refused, count) = (Vec::new(), None, records.len());
        for fields in records {
            match self.create_one(state, target, account, fields) {
                Ok(_) => results.push(self.result(template)),
                Err(refusal) => {
                    results.push(self.failure(&refusal));
                    refused.get_or_insert(refusal);
                }
            }
        }
        let failed = results.len() - self.events.len();
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
        let template = errors.get(&refusal.name).or_else(|| errors.get("default")).map(|error| error.get_ref());
        let result = template.and_then(|template| template.result.as_ref().or(template.body.as_ref()));
        let mut values = self.values.clone();
        let (status, message) =
            refusal.situation().map_or((400, ""), |situation| (situation.status(), situation.message()));
        values.extend(status_values(status, message, &refusal.name).map(|(name, value)| (name.to_owned(), value)));
        values.extend(refusal.values.clone());
        result.map_or(Value::Null, |result| template::fill(result, &values))
    }

    fn update(&mut self, state: &mut State, target: &Target<'c>, account: &str) -> Result<Done<'c>, Refusal> {
        let row = self.find(state, target, account)?;
        let (name, resource) = target.resource()?;
        let mut fields = body::records(self.request, resource)?.into_iter().next().unwrap_or_default();
        rename_back(state, name, &mut fields);
        let fields = body::read(fields, self.api, target.route, resource, false, &[])?;
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

    fn delete(&mut self, state: &mut State, target: &Target<'c>, account: &str) -> Result<Done<'c>, Refusal> {
        let row = self.find(state, target, account)?;
        let (name, _) = target.resource()?;
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
        let item = self.item(state, target, account, row, None)?;
        let (resource, account) = (target.resource()?.0.to_owned(), account.to_owned());
        self.events.push(Event { what, resource, account, item });
        Ok(())
    }

    fn issue(&mut self, state: &mut State) -> Result<Done<'c>, Refusal> {
        let oauth = self.api.oauth.as_ref().ok_or(Situation::UnknownRoute)?;
        let form = Input::form(self.request);
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

impl Done<'_> {
    fn with_status(self, status: u16) -> Self {
        match self {
            Self::Ready(reply) => Self::Ready(Reply { status, ..reply }),
            other => other,
        }
    }
}

/// The names that fields had before the provider renamed them; those that they have no more are left out.
fn names_back(state: &State, resource: &str, names: Vec<String>) -> Vec<String> {
    let renamed = || state.renamed.iter().filter(|(of, _, _)| of == resource);
    let back = |name: String| match renamed().find(|(_, _, new)| *new == name) {
        Some((_, old, _)) => Some(old.clone()),
        None => renamed().all(|(_, old, _)| *old != name).then_some(name),
    };
    names.into_iter().filter_map(back).collect()
}

/// The fields of a body under the names that they had before the provider renamed them.
fn rename_back(state: &State, resource: &str, fields: &mut Map<String, Value>) {
    for (_, old, new) in state.renamed.iter().filter(|(of, _, _)| of == resource) {
        fields.shift_remove(old);
        if let Some(value) = fields.shift_remove(new) {
            fields.insert(old.clone(), value);
        }
    }
}

/// True where the query leaves the field `name` out.
pub(super) fn is_hidden(api: &crate::sandbox::data::Api, query: &[Parameter], name: &str) -> bool {
    let excluded = api.exclude.as_ref().is_some_and(|exclude| {
        query.iter().any(|given| given.name == *exclude && given.value.split(',').any(|field| field == name))
    });
    let dropped = api.drop.iter().any(|(parameter, field)| {
        field == name && query.iter().any(|given| given.name == *parameter && given.value == "true")
    });
    excluded || dropped
}

/// The texts of records as a JSON array.
pub(in crate::sandbox) fn joined(items: &[Arc<Item>]) -> String {
    let mut text = String::with_capacity(items.iter().map(|item| item.text.len() + 1).sum::<usize>() + 2);
    text.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&item.text);
    }
    text.push(']');
    text
}
