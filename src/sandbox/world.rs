//! The state of a sandbox during one run of one page.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::accounts::Accounts;
use super::answer::Answer;
use super::auth::Grant;
use super::call::{self, Call, Natives};
use super::data::{Api, Operation, Route};
use super::definition::Definition;
use super::fault::{Armed, Fault};
use super::state::State;
use super::store::Maker;
use super::template;
use crate::clock::Timestamp;
use crate::http::{Headers, Reply, Request};

/// The sandbox's state for one run of one page: data, tokens, quotas.
#[derive(Debug)]
pub struct World {
    definition: Arc<Definition>,
    /// One for each of the definition's APIs.
    states: Vec<State>,
    armed: Armed,
    /// Another number gives other invented records.
    seed: u64,
    /// Requests so far.
    serial: u64,
    /// How often each drafted route has answered.
    drafted: BTreeMap<String, usize>,
}

/// The number from which records are invented where nobody names another.
const SEED: u64 = 1;

impl World {
    /// A fresh world. `scopes`: what the page's token may do; everything where `None`.
    pub fn new(definition: Arc<Definition>, scopes: Option<&[String]>) -> Self {
        Self::with_seed(definition, scopes, SEED)
    }

    /// The same with other invented records: they follow from `seed`.
    pub fn with_seed(definition: Arc<Definition>, scopes: Option<&[String]>, seed: u64) -> Self {
        let maker = |api| Maker { api, inventions: &definition.inventions, seed, start: definition.start() };
        let mut states: Vec<State> = definition.apis.iter().map(|api| State::new(api, &maker(api), scopes)).collect();
        for (api, state) in definition.apis.iter().zip(&mut states) {
            let Some(integrated) = &api.integrated else { continue };
            state.accounts = Accounts::new(&definition.apis, definition.start());
            for provider in &definition.apis {
                for account in &provider.accounts {
                    let mut record =
                        call::account_record(integrated, provider, account.id.get_ref(), account.tenant.get_ref());
                    record.extend(account.fields.clone());
                    state.store.import(&maker(api), integrated.resource.get_ref(), "", record);
                }
            }
        }
        Self { definition, states, armed: Armed::default(), seed, serial: 0, drafted: BTreeMap::new() }
    }

    /// The hosts that are served.
    pub fn hosts(&self) -> Vec<String> {
        self.definition.hosts()
    }

    /// The instant at which the world starts.
    pub fn start(&self) -> Timestamp {
        self.definition.start()
    }

    /// Variables that hand tokens and account ids to the page's steps.
    pub fn environment(&self) -> Vec<(String, String)> {
        self.environment_for(None)
    }

    /// The same, for a page about the account of a provider.
    pub fn environment_for(&self, provider: Option<&str>) -> Vec<(String, String)> {
        let mut variables: BTreeMap<String, String> = BTreeMap::new();
        for api in &self.definition.apis {
            let tokens = api.tokens.iter().map(|token| (&token.variable, &token.token));
            let accounts = api.accounts.iter().filter_map(|account| Some((account.variable.as_ref()?, &account.token)));
            for (name, token) in tokens.chain(accounts) {
                variables.insert(name.get_ref().clone(), token.get_ref().clone());
            }
            variables.extend(api.variables.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        if let Some(record) = provider.and_then(|provider| self.account_of(provider)) {
            for (name, text) in self
                .definition
                .apis
                .iter()
                .filter_map(|api| api.integrated.as_ref())
                .flat_map(|integrated| &integrated.variables)
            {
                variables.insert(name.clone(), template::fill_text(text, &record));
            }
        }
        variables.into_iter().collect()
    }

    /// The unified record of a provider's account: the first that has records.
    fn account_of(&self, provider: &str) -> Option<Map<String, Value>> {
        let api = self.definition.apis.iter().find(|api| api.name == provider)?;
        let account = api.accounts.iter().find(|account| !account.seeds.is_empty()).or(api.accounts.first())?;
        let integrated = self.definition.apis.iter().find_map(|api| api.integrated.as_ref())?;
        let mut record = call::account_record(integrated, api, account.id.get_ref(), account.tenant.get_ref());
        record.insert("token".to_owned(), Value::String(account.token.get_ref().clone()));
        record.insert("host".to_owned(), Value::String(api.hosts.first()?.get_ref().clone()));
        Some(record)
    }

    /// Connects one more account of a provider, with so many invented records of its resources.
    ///
    /// # Errors
    ///
    /// There is no such provider or resource, or nowhere to connect it to.
    pub fn connect(&mut self, provider: &str, records: &[(String, u64)]) -> Result<(), String> {
        let definition = Arc::clone(&self.definition);
        let connects = |route: &&Route| route.all().any(|operation| operation == Operation::Connect);
        let mut apis = definition.apis.iter().filter_map(|api| Some((api, api.routes.iter().find(connects)?)));
        let (api, route) = apis.next().ok_or("the sandbox has no way to connect accounts")?;
        let counts: Map<String, Value> = records.iter().map(|(name, count)| (name.clone(), json!(count))).collect();
        let body =
            json!({ "tenant_id": format!("{provider}-{}", self.serial), "integration": provider, "records": counts });
        let mut headers = Headers::new();
        headers.set("Content-Type", "application/json");
        if let (Some(token), Some(way)) = (api.tokens.first(), api.authorization.first()) {
            let scheme = way.scheme.as_ref().map(|scheme| format!("{scheme} ")).unwrap_or_default();
            headers.set(way.header.as_deref().unwrap_or("Authorization"), format!("{scheme}{}", token.token.get_ref()));
        }
        let request = Request {
            method: route.method(Operation::Connect).to_owned(),
            scheme: "https".to_owned(),
            host: api.hosts.first().map(|host| host.get_ref().clone()).unwrap_or_default(),
            path: route.path.get_ref().clone(),
            query: String::new(),
            headers,
            body: body.to_string().into_bytes(),
        };
        let reply = self.answer(&request, self.start()).reply;
        if reply.status < 300 {
            return Ok(());
        }
        Err(format!("cannot connect an account of `{provider}`: {}", String::from_utf8_lossy(&reply.body)))
    }

    /// Arms the faults of a step.
    pub fn arm(&mut self, faults: &[Fault]) {
        self.armed = Armed::new(faults);
    }

    /// Arms faults beside those that are armed already; these have met what they have met.
    pub fn arm_also(&mut self, faults: &[Fault]) {
        self.armed.add(faults);
    }

    /// The faults that may still meet a request, as written.
    pub fn armed(&self) -> Vec<String> {
        self.armed.pending().map(|fault| fault.text.clone()).collect()
    }

    /// One more token of the APIs that have tokens of their own, which may do everything.
    pub fn add_token(&mut self, token: &str, expires: Option<Timestamp>) {
        for (api, state) in self.definition.apis.iter().zip(&mut self.states) {
            if !api.tokens.is_empty() {
                state.tokens.issue(token.to_owned(), Grant { expires, ..Grant::default() });
            }
        }
    }

    /// Disarms all faults; those that no request met, as written.
    pub fn disarm(&mut self) -> Vec<String> {
        std::mem::take(&mut self.armed).unmet()
    }

    /// The time that an exchange with `host`, with or without its port, takes on top of what every exchange takes.
    pub fn round_trip(&self, host: &str) -> Duration {
        let api = self.definition.apis.iter().find(|api| serves(api, host));
        api.and_then(Api::round_trip).unwrap_or_default()
    }

    /// Answers a request at the instant `now`.
    pub fn answer(&mut self, request: &Request, now: Timestamp) -> Answer {
        let late = self.armed.delay(request);
        let mut answer = self.answer_at_once(request, now);
        if let Some((delay, fault)) = late {
            answer.delay += delay;
            answer.fault.get_or_insert(fault);
        }
        answer
    }

    fn answer_at_once(&mut self, request: &Request, now: Timestamp) -> Answer {
        self.serial += 1;
        let definition = Arc::clone(&self.definition);
        let host = &request.host;
        let Some(index) = definition.apis.iter().position(|api| serves(api, host)) else {
            let host = without_port(host);
            let draft = definition.drafts.iter().find(|draft| draft.host.eq_ignore_ascii_case(host));
            if let Some(draft) = draft {
                return draft.answer(request, now, &mut self.drafted);
            }
            // Misdirected Request (RFC 9110, section 15.5.20).
            let reply = Reply { status: 421, headers: Headers::new(), body: Vec::new() };
            return Answer { unknown_route: true, ..Answer::from(reply) };
        };
        let Some(api) = definition.apis.get(index) else { return Answer::from(unserved()) };
        let mut natives = Natives {
            definition: &definition,
            seed: self.seed,
            states: &mut self.states,
            serial: &mut self.serial,
            upstream: Vec::new(),
            took: Duration::ZERO,
            events: Vec::new(),
            refused: Vec::new(),
        };
        refresh_due(&definition, &mut natives, now);
        let Some(place) = natives.states.get_mut(index) else { return Answer::from(unserved()) };
        let mut state = std::mem::take(place);
        let maker = Maker { api, inventions: &definition.inventions, seed: self.seed, start: definition.start() };
        let serial = *natives.serial;
        let call = Call::new(maker, request, host, serial, now, false);
        let outcome = call.answer(&mut state, &mut self.armed, &mut natives);
        if let Some(place) = natives.states.get_mut(index) {
            *place = state;
        }
        let (upstream, delay) = (std::mem::take(&mut natives.upstream), natives.took);
        Answer { upstream, delay, ..outcome.answer() }
    }
}

/// Refreshes the tokens that are due, before anything else happens at `now`.
fn refresh_due(definition: &Definition, natives: &mut Natives<'_>, now: Timestamp) {
    let Some(index) = definition.apis.iter().position(|api| api.integrated.is_some()) else { return };
    let Some(state) = natives.states.get_mut(index) else { return };
    if state.accounts.next_due().is_none_or(|due| due > now) {
        return;
    }
    let mut state = std::mem::take(state);
    let mut accounts = std::mem::take(&mut state.accounts);
    let refused = call::refresh_due(&mut accounts, natives, now);
    state.accounts = accounts;
    natives.took = Duration::ZERO;
    if let (Some(api), Some(maker)) = (definition.apis.get(index), natives.maker(index)) {
        for (account, at) in refused {
            call::refuse(api, &maker, &mut state, &account, "invalid_grant", at);
            natives.refused.push((account, at));
        }
    }
    if let Some(place) = natives.states.get_mut(index) {
        *place = state;
    }
}

fn unserved() -> Reply {
    Reply { status: 421, headers: Headers::new(), body: Vec::new() }
}

fn serves(api: &Api, host: &str) -> bool {
    api.hosts.iter().any(|known| known.get_ref().eq_ignore_ascii_case(without_port(host)))
}

fn without_port(host: &str) -> &str {
    host.split(':').next().unwrap_or_default()
}
