//! The state of a sandbox during one run of one page.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::accounts::{Accounts, Connected};
use super::answer::Answer;
use super::auth::Grant;
use super::call::{self, Call, Event, Natives};
use super::data::Api;
use super::definition::Definition;
use super::fault::{Armed, Fault};
use super::state::State;
use super::store::Maker;
use super::webhooks::{self, Delivery, Post};
use crate::clock::Timestamp;
use crate::http::{Headers, Reply, Request};

/// The sandbox's state for one run of one page: data, tokens, quotas.
#[derive(Debug)]
pub struct World {
    pub(super) definition: Arc<Definition>,
    /// One for each of the definition's APIs.
    pub(super) states: Vec<State>,
    armed: Armed,
    /// Another number gives other invented records.
    pub(super) seed: u64,
    /// Requests so far.
    pub(super) serial: u64,
    /// How often each drafted route has answered.
    drafted: BTreeMap<String, usize>,
    /// What is to be told of its own accord.
    pub(super) post: Post,
    /// The accounts that were connected besides.
    pub(super) connected: Vec<Connected>,
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
            state.store.watch(integrated.resource.get_ref());
        }
        Self {
            definition,
            states,
            armed: Armed::default(),
            seed,
            serial: 0,
            drafted: BTreeMap::new(),
            post: Post::default(),
            connected: Vec::new(),
        }
    }

    /// The hosts that are served.
    pub fn hosts(&self) -> Vec<String> {
        self.definition.hosts()
    }

    /// The instant at which the world starts.
    pub fn start(&self) -> Timestamp {
        self.definition.start()
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

    /// The calls of webhooks that are due by `now`. Until then nothing else may happen that was due before: whoever drives
    /// the world asks at each instant that `next_due` tells, and after each answer.
    pub fn take_due(&mut self, now: Timestamp) -> Vec<Delivery> {
        if self.next_refresh().is_some_and(|due| due <= now) {
            self.refresh(now);
        }
        let mut due = self.post.take(now);
        due.retain(|delivery| {
            let (index, id) = &delivery.subscription;
            let known = self.states.get(*index).zip(self.maker(*index));
            known.is_some_and(|(state, maker)| webhooks::is_subscribed(&maker, state, id))
        });
        due
    }

    /// Refreshes the tokens that are due by `now`, for whoever wants those that open the accounts then.
    pub fn refresh(&mut self, now: Timestamp) {
        let definition = Arc::clone(&self.definition);
        let mut natives = Natives::new(&definition, self.seed, &mut self.states, &mut self.serial);
        refresh_due(&definition, &mut natives, now);
        tell(&definition, &mut natives, &mut self.post, &[], now);
    }

    /// When something is to happen of its own accord that somebody wants to be told of.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.post.next_due().into_iter().chain(self.next_refresh()).min()
    }

    /// The receiver did not take the call. When it is tried again, `None` where that was the last try.
    pub fn put_off(&mut self, delivery: Delivery, now: Timestamp) -> Option<Timestamp> {
        self.post.again(delivery, now)
    }

    /// When a token is refreshed, where somebody wants to be told should that fail.
    fn next_refresh(&self) -> Option<Timestamp> {
        let waiting = self.states.iter().enumerate().filter(|(index, state)| {
            state.accounts.next_due().is_some()
                && self.maker(*index).is_some_and(|maker| webhooks::waits_for_accounts(&maker, state))
        });
        waiting.filter_map(|(_, state)| state.accounts.next_due()).min()
    }

    fn maker(&self, index: usize) -> Option<Maker<'_>> {
        let definition = &self.definition;
        let api = definition.apis.get(index)?;
        Some(Maker { api, inventions: &definition.inventions, seed: self.seed, start: definition.start() })
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
        let mut natives = Natives::new(&definition, self.seed, &mut self.states, &mut self.serial);
        refresh_due(&definition, &mut natives, now);
        let Some(place) = natives.states.get_mut(index) else { return Answer::from(unserved()) };
        let mut state = std::mem::take(place);
        let maker = Maker { api, inventions: &definition.inventions, seed: self.seed, start: definition.start() };
        let serial = *natives.serial;
        let call = Call::new(maker, request, host, serial, now, false);
        let mut outcome = call.answer(&mut state, &mut self.armed, &mut natives);
        if let Some(place) = natives.states.get_mut(index) {
            *place = state;
        }
        let own = std::mem::take(&mut outcome.events).into_iter().map(|event| (index, event));
        let events: Vec<(usize, Event)> = std::mem::take(&mut natives.events).into_iter().chain(own).collect();
        tell(&definition, &mut natives, &mut self.post, &events, now);
        for id in std::mem::take(&mut outcome.pinged) {
            if let (Some(maker), Some(state)) = (natives.maker(index), natives.states.get(index)) {
                self.post.tell(index, &maker, state, vec![webhooks::test(id, now)]);
            }
        }
        let (upstream, round_trips) = (std::mem::take(&mut natives.upstream), natives.took);
        Answer { upstream, round_trips, ..outcome.answer() }
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
        }
    }
    if let Some(place) = natives.states.get_mut(index) {
        *place = state;
    }
}

/// Puts in the post what is to be told of records that were written and accounts that have changed.
pub(super) fn tell(
    definition: &Definition,
    natives: &mut Natives<'_>,
    post: &mut Post,
    events: &[(usize, Event)],
    now: Timestamp,
) {
    for index in 0..definition.apis.len() {
        let (Some(maker), Some(place)) = (natives.maker(index), natives.states.get_mut(index)) else { continue };
        let changes = place.store.take_changes();
        let Some(webhooks) = &maker.api.webhooks else { continue };
        let nobody = place.store.table(webhooks.resource.get_ref(), "").is_none();
        if nobody || (events.is_empty() && changes.is_empty()) {
            continue;
        }
        let mut state = std::mem::take(place);
        let mut news: Vec<_> = changes.into_iter().map(webhooks::of_account).collect();
        for (provider, event) in events.iter().filter(|(provider, _)| *provider != index) {
            news.extend(call::record_news(&maker, &mut state, natives, *provider, event, now));
        }
        post.tell(index, &maker, &state, news);
        if let Some(place) = natives.states.get_mut(index) {
            *place = state;
        }
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
