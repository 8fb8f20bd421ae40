//! One request on its way through an API: route, fault, quota, token, account, and then the records.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::auth;
use super::body;
use super::data::{AccountQuota, Api, Effect, Operation, Place, Resource, Route};
use super::fault::{Armed, Decision};
use super::list;
use super::quota::{Payer, Rate};
use super::situation::Situation;
use super::state::State;
use super::store::Store;
use super::template::{self, Template, Variables};
use super::url::{self, Parameter};
use crate::clock::Timestamp;
use crate::http::{Headers, Reply, Request};

/// One request while it is answered.
pub(super) struct Call<'c> {
    api: &'c Api,
    request: &'c Request,
    query: Vec<Parameter>,
    token: Option<&'c str>,
    now: Timestamp,
    rate: Rate,
    /// The quota of its account, once it was counted against that.
    account_quota: Option<&'c AccountQuota>,
    /// What the answer may show.
    values: Variables,
    /// The id of the account that it is for.
    account: Option<String>,
    /// The fault that decides the answer.
    fault: Option<Decision>,
}

/// What is answered when nothing goes wrong.
enum Done<'c> {
    /// This, with the call's values.
    Fresh(&'c Template),
    /// What was answered to the same write before.
    Repeated(Reply),
    /// The methods that the path knows.
    Options(String),
}

/// Why a request is refused.
enum Refusal<'c> {
    Situation(Situation),
    /// The error of this name in the data.
    Named(&'c str),
}

impl From<Situation> for Refusal<'_> {
    fn from(situation: Situation) -> Self {
        Self::Situation(situation)
    }
}

/// Where a request leads.
#[derive(Clone, Copy)]
struct Target<'c> {
    route: &'c Route,
    resource: &'c Resource,
    operation: Operation,
}

impl<'c> Call<'c> {
    /// Takes a request in; it is counted against its token's quota.
    pub(super) fn new(
        api: &'c Api,
        request: &'c Request,
        host: &str,
        serial: u64,
        now: Timestamp,
        state: &mut State,
    ) -> Self {
        let token = auth::token(&api.authorization, &request.headers);
        // Whoever has no token of ours shares one quota, so that the answer can tell its state.
        let payer = token.filter(|token| state.tokens.contains(token)).unwrap_or_default();
        let rate = state.quotas.spend(api.quota.budget(), Payer::Token(payer.to_owned()), now);
        let values = body::variables(&[
            ("host", json!(host)),
            ("method", json!(request.method)),
            ("path", json!(request.path)),
            ("date", json!(now.http_date())),
            ("serial", json!(serial)),
        ]);
        let query = url::parameters(&request.query);
        Self { api, request, query, token, now, rate, account_quota: None, values, account: None, fault: None }
    }

    /// Answers it.
    pub(super) fn answer(mut self, state: &mut State, armed: &mut Armed) -> Answer {
        let outcome = self.run(state, armed);
        let unknown_route = matches!(outcome, Err(Refusal::Situation(Situation::UnknownRoute)));
        let reply = self.reply(outcome);
        let fault = self.fault.map(|fault| fault.text);
        Answer { fault, account: self.account, unknown_route, ..Answer::from(reply) }
    }

    fn run(&mut self, state: &mut State, armed: &mut Armed) -> Result<Done<'c>, Refusal<'c>> {
        let (route, id) = self.route().ok_or(Situation::UnknownRoute)?;
        self.set("id", json!(id));
        let resource = self.api.resources.get(route.resource.get_ref()).ok_or(Situation::UnknownRoute)?;
        self.set("resource", json!(route.resource.get_ref()));
        let allow = allowed(route, id.is_some());
        if self.request.method == "OPTIONS" {
            return Ok(Done::Options(allow));
        }
        let method = if self.request.method == "HEAD" { "GET" } else { &self.request.method };
        let mut operations = route.operations.iter().filter(|operation| operation.of_one() == id.is_some());
        let Some(operation) = operations.find(|operation| operation.method() == method) else {
            self.set("allow", json!(allow));
            return Err(Situation::WrongMethod.into());
        };
        let target = Target { route, resource, operation: *operation };
        let scope = route.scope(target.operation);
        self.set("scope", json!(scope));

        let account = self.account(route, &state.store);
        self.account = account.as_ref().ok().cloned().flatten();
        let refused = state.tokens.refuses(self.token, scope, self.now);
        if refused.is_none() {
            self.spend_for_account(state);
        }
        self.meet_fault(state, armed)?;
        if self.rate.is_spent {
            return Err(Situation::QuotaSpent.into());
        }
        if let Some(situation) = refused {
            return Err(situation.into());
        }
        let account = account?;
        if let Some(account) = &account {
            self.set("account", json!(account));
            self.refuse_account(&state.store, account, target.operation)?;
        }
        let account = account.unwrap_or_default();
        let key = self.key(target.operation, &account);
        if let Some(reply) = key.as_ref().and_then(|key| state.repeatable.get(key)) {
            return Ok(Done::Repeated(reply.clone()));
        }
        let template = self.perform(&mut state.store, target, &account, id.as_deref())?;
        if let Some(key) = key {
            state.repeatable.insert(key, self.fill(template));
        }
        Ok(Done::Fresh(template))
    }

    fn set(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    /// The route of the path, and the id of the record where the path names one.
    fn route(&self) -> Option<(&'c Route, Option<String>)> {
        let asked = url::segments(&self.request.path);
        self.api.routes.iter().find_map(|route| {
            let rest = asked.strip_prefix(url::segments(route.path.get_ref()).as_slice())?;
            match rest {
                [] => Some((route, None)),
                [id] if !id.is_empty() => Some((route, Some(id.clone()))),
                _ => None,
            }
        })
    }

    /// The id of the account that the request is for; `None` where records of the route belong to none.
    fn account(&mut self, route: &'c Route, store: &Store) -> Result<Option<String>, Refusal<'c>> {
        let Some(key) = &route.account else { return Ok(None) };
        let given = match key.place {
            Place::Header => self.request.headers.get(&key.name),
            Place::Query => {
                let mut named =
                    self.query.iter().filter(|parameter| parameter.name == key.name && parameter.key.is_none());
                named.next().map(|parameter| parameter.value.as_str())
            }
        };
        let given = given.map(str::trim).filter(|given| !given.is_empty()).map(str::to_owned);
        self.set("parameter", json!(key.name));
        let given = given.ok_or(Refusal::Named(key.missing.get_ref()))?;
        self.set("value", json!(given));
        let accounts = store.rows(self.api.accounts.resource.get_ref(), "");
        let named =
            accounts.iter().find(|row| row.record.get(key.field.get_ref()).and_then(Value::as_str) == Some(&given));
        named.map(|row| Some(row.id.clone())).ok_or(Situation::UnknownAccount.into())
    }

    /// Counts the request against the budget of its account too, whose state the answer tells then. What the token's
    /// own budget refuses never gets that far.
    fn spend_for_account(&mut self, state: &mut State) {
        let id = self.account.as_ref().filter(|_| !self.rate.is_spent);
        if let Some((id, quota)) = id.and_then(|id| Some((id, self.api.accounts.quota(id)?))) {
            self.rate = state.quotas.spend(quota.budget(), Payer::Account(id.clone()), self.now);
            self.account_quota = Some(quota);
        }
    }

    /// Refuses the request where a fault of the step decides it.
    fn meet_fault(&mut self, state: &mut State, armed: &mut Armed) -> Result<(), Refusal<'c>> {
        let (api, account) = (self.api, self.account.clone());
        let Some(fault) = armed.decide(self.request, |kind| {
            api.faults.get(&kind.word()).is_some_and(|effect| effect.account.is_none() || account.is_some())
        }) else {
            return Ok(());
        };
        let Some(Effect { error, account: change }) = api.faults.get(&fault.kind.word()) else { return Ok(()) };
        if let (Some(change), Some(id)) = (change, account) {
            if let Some(row) = state.store.find_mut(api.accounts.resource.get_ref(), "", &id) {
                row.record.extend(change.clone());
            }
            self.set("account", json!(id));
        }
        if fault.kind.is_quota() {
            self.rate = Rate { remaining: 0, reset: fault.reset, is_spent: true, ..self.rate };
        }
        self.fault = Some(fault);
        Err(Refusal::Named(error.get_ref()))
    }

    fn refuse_account(&self, store: &Store, account: &str, operation: Operation) -> Result<(), Refusal<'c>> {
        let accounts = &self.api.accounts;
        let Some(row) = store.find(accounts.resource.get_ref(), "", account) else { return Ok(()) };
        let mut rules = accounts.refuse.iter().filter(|rule| operation.writes() || !rule.writes);
        match rules.find(|rule| row.record.get(rule.field.get_ref()) == Some(&rule.value)) {
            Some(rule) => Err(Refusal::Named(rule.error.get_ref())),
            None => Ok(()),
        }
    }

    /// What a write is remembered by.
    fn key(&self, operation: Operation, account: &str) -> Option<[String; 4]> {
        let key = self.request.headers.get(&self.api.idempotency.header)?;
        let what = format!("{} {}", self.request.method, self.request.path);
        let is_remembered = matches!(operation, Operation::Create | Operation::Update);
        is_remembered.then(|| [self.token.unwrap_or_default(), account, &what, key].map(str::to_owned))
    }

    /// Does what is asked; what the answer shows lies in the call's values then.
    fn perform(
        &mut self,
        store: &mut Store,
        target: Target<'c>,
        account: &str,
        id: Option<&str>,
    ) -> Result<&'c Template, Refusal<'c>> {
        let Target { route, resource, operation } = target;
        let (api, name) = (self.api, route.resource.get_ref().as_str());
        let found = match id {
            Some(id) => Some(store.find(name, account, id).ok_or(Situation::UnknownRecord)?.clone()),
            None => None,
        };
        match (operation, found) {
            (Operation::Get, Some(row)) => {
                self.set("record", list::visible(&row.record, &api.list, &self.query));
                Ok(api.answers.get.get_ref())
            }
            (Operation::Update, Some(row)) => {
                let body = self.body(target, false)?;
                let mut record = row.record;
                body::update(resource, &mut record, body, self.now);
                self.refused(body::conflict(resource, &record, Some(&row.id), store.rows(name, account)))?;
                if let Some(kept) = store.find_mut(name, account, &row.id) {
                    kept.record = record.clone();
                }
                self.set("record", Value::Object(record));
                Ok(api.answers.update.get_ref())
            }
            (Operation::Delete, Some(row)) => {
                store.remove(name, account, &row.id);
                self.set("record", Value::Object(row.record));
                Ok(api.answers.delete.get_ref())
            }
            (Operation::Create, _) => {
                let body = self.body(target, true)?;
                self.refused(body::conflict(resource, &body, None, store.rows(name, account)))?;
                let id = template::fill_text(&resource.id, &body::variables(&[("n", json!(store.number(name)))]));
                let record = body::create(resource, &id, body, self.now);
                store.add(name, account, id.clone(), record.clone());
                self.set("id", json!(id));
                self.set("record", Value::Object(record));
                Ok(api.answers.create.get_ref())
            }
            (Operation::List, _) => {
                let page = list::page(store.rows(name, account), resource, &api.list, &self.query);
                let page = self.refused(page.map_err(|bad| {
                    let values = [("parameter", bad.parameter), ("value", bad.value), ("problem", bad.problem)];
                    (Situation::BadParameter, body::variables(&values.map(|(name, value)| (name, json!(value)))))
                }))?;
                self.set("count", json!(page.records.len()));
                self.set("records", Value::Array(page.records));
                self.set("page_size", json!(page.size));
                self.set("next_cursor", json!(page.next));
                self.set("prev_cursor", json!(page.previous));
                Ok(route.list.as_ref().unwrap_or(&api.answers.list).get_ref())
            }
            (Operation::Get | Operation::Update | Operation::Delete, None) => Err(Situation::UnknownRecord.into()),
        }
    }

    fn body(&mut self, target: Target<'c>, whole: bool) -> Result<Map<String, Value>, Refusal<'c>> {
        self.refused(body::read(self.request, self.api, target.route, target.resource, whole))
    }

    /// Keeps the values that tell a refusal.
    fn refused<T>(&mut self, result: Result<T, (Situation, Variables)>) -> Result<T, Refusal<'c>> {
        result.map_err(|(situation, values)| {
            self.values.extend(values);
            situation.into()
        })
    }

    /// The answer on the wire.
    fn reply(&mut self, outcome: Result<Done<'c>, Refusal<'c>>) -> Reply {
        for (name, value) in [
            ("limit", self.rate.budget.requests),
            ("window", self.rate.budget.seconds),
            ("remaining", self.rate.remaining),
            ("reset", self.rate.reset),
        ] {
            self.set(name, json!(value));
        }
        let mut reply = match outcome {
            Ok(Done::Fresh(template)) => self.fill(template),
            Ok(Done::Repeated(reply)) => reply,
            Ok(Done::Options(allow)) => {
                let mut headers = Headers::new();
                headers.set("Allow", allow);
                Reply { status: 204, headers, body: Vec::new() }
            }
            Err(refusal) => {
                let name = match refusal {
                    Refusal::Situation(situation) => situation.name(),
                    Refusal::Named(name) => name,
                };
                match self.api.errors.get(name) {
                    Some(error) => self.fill(error.get_ref()),
                    // Reading the data has made sure that each error is there.
                    None => Reply { status: 500, headers: Headers::new(), body: Vec::new() },
                }
            }
        };
        let of_account = self.account_quota.iter().flat_map(|quota| &quota.headers);
        for (name, text) in self.api.headers.iter().chain(&self.api.quota.headers).chain(of_account) {
            reply.headers.set(name, template::fill_text(text.get_ref(), &self.values));
        }
        if self.request.method == "HEAD" {
            reply.body.clear();
        }
        reply
    }

    fn fill(&self, template: &Template) -> Reply {
        let mut headers = Headers::new();
        for (name, text) in &template.headers {
            headers.set(name, template::fill_text(text, &self.values));
        }
        let body = template.body.as_ref().map(|body| template::fill(body, &self.values).to_string());
        Reply { status: template.status, headers, body: body.unwrap_or_default().into_bytes() }
    }
}

/// The methods that a route knows, for a field `Allow`.
fn allowed(route: &Route, of_one: bool) -> String {
    let mut methods = Vec::new();
    for operation in route.operations.iter().filter(|operation| operation.of_one() == of_one) {
        methods.push(operation.method());
        if operation.method() == "GET" {
            methods.push("HEAD");
        }
    }
    methods.push("OPTIONS");
    methods.join(", ")
}
