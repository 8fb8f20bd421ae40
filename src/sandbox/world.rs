//! The state of a sandbox during one run of one page.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::answer::Answer;
use super::call::Call;
use super::data::Api;
use super::definition::Definition;
use super::fault::{Armed, Fault};
use super::state::State;
use crate::clock::Timestamp;
use crate::http::{Headers, Reply, Request};

/// The sandbox's state for one run of one page: data, tokens, quotas.
#[derive(Debug)]
pub struct World {
    definition: Arc<Definition>,
    /// One for each of the definition's APIs.
    states: Vec<State>,
    armed: Armed,
    /// Requests so far.
    serial: u64,
    /// How often each drafted route has answered.
    drafted: BTreeMap<String, usize>,
}

impl World {
    /// A fresh world. `scopes`: what the page's token may do; everything where `None`.
    pub fn new(definition: Arc<Definition>, scopes: Option<&[String]>) -> Self {
        let states = definition.apis.iter().map(|api| State::new(api, scopes)).collect();
        Self { definition, states, armed: Armed::default(), serial: 0, drafted: BTreeMap::new() }
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
        let of = |api: &Api| {
            let tokens =
                api.tokens.iter().map(|token| (token.variable.get_ref().clone(), token.token.get_ref().clone()));
            let fixed = api.variables.iter().map(|(name, value)| (name.clone(), value.clone()));
            tokens.chain(fixed).collect::<Vec<_>>()
        };
        self.definition.apis.iter().flat_map(of).collect()
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

    /// From now on a token that may do everything is known, until `expires` where that is said.
    pub fn add_token(&mut self, token: &str, expires: Option<Timestamp>) {
        for state in &mut self.states {
            state.tokens.add(token, expires);
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
            answer.delay = delay;
            answer.fault.get_or_insert(fault);
        }
        answer
    }

    fn answer_at_once(&mut self, request: &Request, now: Timestamp) -> Answer {
        self.serial += 1;
        let definition = Arc::clone(&self.definition);
        let host = &request.host;
        let states = definition.apis.iter().zip(&mut self.states);
        let Some((api, state)) = states.into_iter().find(|(api, _)| serves(api, host)) else {
            let host = without_port(host);
            let draft = definition.drafts.iter().find(|draft| draft.host.eq_ignore_ascii_case(host));
            if let Some(draft) = draft {
                return draft.answer(request, now, &mut self.drafted);
            }
            // Misdirected Request (RFC 9110, section 15.5.20).
            let reply = Reply { status: 421, headers: Headers::new(), body: Vec::new() };
            return Answer { unknown_route: true, ..Answer::from(reply) };
        };
        Call::new(api, request, host, self.serial, now, state).answer(state, &mut self.armed)
    }
}

fn serves(api: &Api, host: &str) -> bool {
    api.hosts.iter().any(|known| known.get_ref().eq_ignore_ascii_case(without_port(host)))
}

fn without_port(host: &str) -> &str {
    host.split(':').next().unwrap_or_default()
}
