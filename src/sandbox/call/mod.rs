//! One request on its way through an API: route, fault, limits, token, account, and then the records.

mod demands;
mod limits;
mod list;
mod natives;
mod outcome;
mod perform;
mod ping;
mod reply;
mod route;
mod unified;
mod version;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::auth;
use super::data::{AccountPlace, Api, Integrated, Operation, Resource, Route};
use super::fault::{Armed, Decision, Kind};
use super::input::Input;
use super::situation::{Refusal, Situation};
use super::state::State;
use super::store::{Item, Maker};
use super::template::Variables;
use super::uuid;
use crate::clock::Timestamp;
use crate::http::Request;

use limits::Counted;
pub(super) use list::joined;
pub(super) use natives::Natives;
pub(super) use outcome::{Done, Event, Outcome};
pub(super) use unified::{account_record, record_news, refresh_due, refuse};

/// One request while it is answered.
pub(super) struct Call<'c> {
    pub(super) api: &'c Api,
    pub(super) maker: Maker<'c>,
    pub(super) request: &'c Request,
    pub(super) input: Input<'c>,
    pub(super) now: Timestamp,
    pub(super) token: Option<String>,
    /// What the limits say that have counted it.
    counted: Vec<Counted<'c>>,
    /// What the answer may show.
    pub(super) values: Variables,
    /// What it may show as JSON text.
    json: BTreeMap<&'static str, String>,
    /// What the answer leaves out: paths in the body and header fields.
    left_out: Vec<&'c String>,
    /// The id of the account that it is for.
    pub(super) account: Option<String>,
    /// The fault that decides the answer.
    fault: Option<Decision>,
    /// What the records of a list are, for the unified API: it wants no text of the whole.
    listing: Option<Vec<Arc<Item>>>,
    /// What says where the next page of a list begins.
    next: Option<String>,
    is_inner: bool,
    /// Records that it wrote.
    events: Vec<Event>,
    /// The ids of the webhooks that are to be called to see whether that arrives.
    pinged: Vec<String>,
    /// Header fields that the answer gets besides.
    pub(super) more_headers: Vec<(String, String)>,
    /// What a provider says of its limits.
    pub(super) rate_values: Variables,
}

/// Where a request leads.
#[derive(Clone)]
pub(super) struct Target<'c> {
    pub(super) route: &'c Route,
    pub(super) operation: Operation,
    /// What the path says where the route's has names in braces.
    pub(super) named: Vec<(String, String)>,
    pub(super) resource: Option<(&'c str, &'c Resource)>,
}

impl<'c> Target<'c> {
    /// What the path says for a name in braces.
    pub(super) fn named(&self, name: &str) -> Option<&str> {
        self.named.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The resource of a route that has one.
    fn resource(&self) -> Result<(&'c str, &'c Resource), Refusal> {
        self.resource.ok_or_else(|| Situation::UnknownRoute.into())
    }
}

impl<'c> Call<'c> {
    /// Takes a request in. `is_inner`: the unified API asks.
    pub(super) fn new(
        maker: Maker<'c>,
        request: &'c Request,
        host: &str,
        serial: u64,
        now: Timestamp,
        is_inner: bool,
    ) -> Self {
        let api = maker.api;
        let input = Input::new(request, !request.body.is_empty());
        let token = auth::token(&api.authorization, &input);
        let mut values = Variables::new();
        let instance = format!("{}://{}", request.scheme, host);
        for (name, value) in [
            ("host", json!(host)),
            ("method", json!(request.method)),
            ("path", json!(request.path)),
            ("url", json!(format!("{instance}{}", request.path))),
            ("instance", json!(instance)),
            ("date", json!(now.http_date())),
            ("now", api.time.write(now)),
            ("now_ms", json!(now.micros().div_euclid(1000))),
            ("serial", json!(serial)),
            ("uuid", json!(uuid::from_number(serial))),
        ] {
            values.insert(name.to_owned(), value);
        }
        Self {
            api,
            maker,
            request,
            input,
            now,
            token,
            counted: Vec::new(),
            values,
            json: BTreeMap::new(),
            left_out: Vec::new(),
            account: None,
            fault: None,
            pinged: Vec::new(),
            listing: None,
            next: None,
            is_inner,
            events: Vec::new(),
            more_headers: Vec::new(),
            rate_values: Variables::new(),
        }
    }

    /// Answers it.
    pub(super) fn answer(mut self, state: &mut State, armed: &mut Armed, natives: &mut Natives<'_>) -> Outcome {
        let outcome = self.run(state, armed, natives);
        let is_unknown = |refusal: &Refusal| refusal.name == Situation::UnknownRoute.name() && self.fault.is_none();
        let unknown_route = outcome.as_ref().err().is_some_and(is_unknown);
        let reply = self.reply(outcome);
        Outcome {
            reply,
            fault: self.fault.map(|fault| fault.text),
            account: self.account,
            unknown_route,
            listing: self.listing,
            next: self.next,
            events: self.events,
            pinged: self.pinged,
        }
    }

    fn run(&mut self, state: &mut State, armed: &mut Armed, natives: &mut Natives<'_>) -> Result<Done<'c>, Refusal> {
        let found = self.target();
        let target = match found {
            Ok(target) => target,
            Err(route::Missed::Options(methods)) => return Ok(Done::Options(methods)),
            Err(missed) => {
                self.count(state, None, natives);
                return Err(missed.refusal());
            }
        };
        if let Some(id) = target.named("id") {
            self.set("id", json!(id));
        }
        let name = target.resource.map(|(name, _)| name).or(target.named("resource")).unwrap_or_default().to_owned();
        self.set("resource", json!(name));
        let is_open = matches!(target.operation, Operation::Authorize | Operation::Token);
        let scope = target.route.scope(target.operation, &self.model_name(&target).unwrap_or(name));
        self.set("scope", json!(scope));
        self.required(&target)?;

        let refused = if is_open { None } else { state.tokens.refuses(self.token.as_deref(), &scope, self.now) };
        let account = self.find_account(&target, state);
        self.account = account.as_ref().ok().cloned().flatten();
        self.count(state, Some(&target).filter(|_| refused.is_none()), natives);
        self.meet_fault(target.operation, state, armed, natives)?;
        if let Some(error) = self.spent() {
            return Err(Refusal::named(error));
        }
        if let Some(refusal) = refused {
            return Err(refusal);
        }
        self.refused(&target)?;
        let account = account?;
        if let Some(account) = &account {
            self.set("account", json!(account));
            if let Some(integrated) = &self.api.integrated {
                self.refuse_account(integrated, state, account, target.operation.writes())?;
            }
        }
        let account = account.unwrap_or_default();
        let key = self.key(target.operation, &account);
        if let Some(reply) = key.as_ref().and_then(|key| state.repeatable.get(key)) {
            return Ok(Done::Ready(reply.clone()));
        }
        let done = self.perform(state, natives, &target, &account)?;
        if let Some(key) = key {
            let reply = match &done {
                Done::Fresh(template, status) => self.fill(template, *status),
                Done::Ready(reply) => reply.clone(),
                Done::Options(_) => return Ok(done),
            };
            if reply.status < 400 {
                state.repeatable.insert(key, reply);
            }
        }
        Ok(done)
    }

    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    /// Puts a value in as JSON text.
    pub(super) fn set_json(&mut self, name: &'static str, text: String) {
        self.json.insert(name, text);
    }

    /// True where the request leaves the field `name` out of records.
    pub(super) fn is_hidden(&self, name: &str) -> bool {
        perform::is_hidden(self.api, &self.input.query, name)
    }

    /// The id of the account that the request is for; `None` where records of the route belong to none.
    fn find_account(&mut self, target: &Target<'c>, state: &State) -> Result<Option<String>, Refusal> {
        let grant = self.token.as_deref().and_then(|token| state.tokens.grant(token));
        let own = grant.and_then(|grant| grant.account.clone());
        let (Some(key), Some(integrated)) = (&target.route.account, &self.api.integrated) else { return Ok(own) };
        let given = match key.place {
            AccountPlace::Header => self.request.headers.get(&key.name),
            AccountPlace::Query => self.input.parameter(&key.name),
        };
        let given = given.map(str::trim).filter(|given| !given.is_empty()).map(str::to_owned);
        self.set("parameter", json!(key.name));
        let Some(given) = given else {
            // A token for one account says for which.
            return own.map(Some).ok_or_else(|| Refusal::named(key.missing.get_ref().clone()));
        };
        self.set("value", json!(given));
        let unknown = || {
            Refusal::from(Situation::UnknownAccount).with("parameter", key.name.as_str()).with("value", given.as_str())
        };
        let name = integrated.resource.get_ref();
        let wanted = Value::String(given.clone());
        let field = key.field.get_ref();
        let row = match own {
            Some(own) => {
                state.store.find(&self.maker, name, "", &own).filter(|row| row.record.get(field) == Some(&wanted))
            }
            None => state.store.same(&self.maker, name, "", field, &wanted, None),
        };
        row.map(|row| Some(row.id.clone())).ok_or_else(unknown)
    }

    /// Refuses the request where a fault of the step decides it.
    fn meet_fault(
        &mut self,
        operation: Operation,
        state: &mut State,
        armed: &mut Armed,
        natives: &Natives<'_>,
    ) -> Result<(), Refusal> {
        let (api, account) = (self.api, self.account.clone());
        let Some(fault) = armed.decide(self.request, |kind| {
            api.faults.get(&kind.word()).is_none_or(|fault| fault.account().is_none() || account.is_some())
        }) else {
            return Ok(());
        };
        let known = api.faults.get(&fault.kind.word());
        if let (Some(change), Some(id)) = (known.and_then(|fault| fault.account()), account) {
            self.change_account(state, &id, change.clone());
            self.set("account", json!(id));
        }
        if fault.kind.is_quota() {
            self.spend_by_fault(fault.reset, natives);
        }
        let refusal = match known {
            // Whoever asks for a token has none yet: what is too old or taken back is the grant (RFC 6749, section 5.2).
            _ if operation == Operation::Token && fault.kind.is_of_token() => {
                let form = Input::form(self.request);
                let grant = form.get("grant_type").and_then(Value::as_str).unwrap_or("refresh_token");
                let cause = if grant == "refresh_token" { "refresh_expired" } else { "code_expired" };
                Refusal::from(Situation::InvalidGrant).with("grant", grant).with("cause", cause)
            }
            Some(known) => Refusal::named(known.error()),
            // Where no record is asked for, none is missing.
            None if fault.kind == Kind::Status(404) && self.text("id").is_empty() => Situation::UnknownRoute.into(),
            None => fault.kind.usual(),
        };
        self.fault = Some(fault);
        Err(refusal)
    }

    /// Changes the record of an integrated account.
    pub(super) fn change_account(&self, state: &mut State, id: &str, change: Map<String, Value>) {
        let Some(integrated) = &self.api.integrated else { return };
        let name = integrated.resource.get_ref();
        if let Some(row) = state.store.find(&self.maker, name, "", id) {
            state.store.change(&self.maker, name, "", &row, change, self.now);
        }
    }

    /// Refuses a request for an account whose record says that none, or none that writes, is let through.
    fn refuse_account(
        &self,
        integrated: &Integrated,
        state: &State,
        account: &str,
        writes: bool,
    ) -> Result<(), Refusal> {
        let name = integrated.resource.get_ref();
        let Some(row) = state.store.find(&self.maker, name, "", account) else { return Ok(()) };
        let mut rules = integrated.refuse.iter().filter(|rule| writes || !rule.writes);
        match rules.find(|rule| row.record.get(rule.field.get_ref()) == Some(&rule.value)) {
            Some(rule) => Err(Refusal::named(rule.error.get_ref().clone())),
            None => Ok(()),
        }
    }

    /// What a write is remembered by.
    fn key(&self, operation: Operation, account: &str) -> Option<[String; 4]> {
        let key = self.request.headers.get(&self.api.idempotency.as_ref()?.header)?;
        let what = format!("{} {}", self.request.method, self.request.path);
        let token = self.token.as_deref().unwrap_or_default();
        operation.writes().then(|| [token, account, &what, key].map(str::to_owned))
    }
}
