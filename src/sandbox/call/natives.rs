//! The providers' own APIs, as the unified API asks them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Call, Event, Outcome};
use crate::clock::Timestamp;
use crate::http::{Reply, Request};
use crate::sandbox::answer::Upstream;
use crate::sandbox::data::{Account, Api, Payer};
use crate::sandbox::definition::Definition;
use crate::sandbox::fault::Armed;
use crate::sandbox::quota::Quotas;
use crate::sandbox::state::State;
use crate::sandbox::store::Maker;

/// The providers' own APIs in one world.
pub(in crate::sandbox) struct Natives<'w> {
    pub(in crate::sandbox) definition: &'w Definition,
    pub(in crate::sandbox) seed: u64,
    /// One for each of the definition's APIs.
    pub(in crate::sandbox) states: &'w mut [State],
    pub(in crate::sandbox) serial: &'w mut u64,
    /// What was asked so far.
    pub(in crate::sandbox) upstream: Vec<Upstream>,
    /// The time that this took.
    pub(in crate::sandbox) took: Duration,
    /// What was written, with the number of the API.
    pub(in crate::sandbox) events: Vec<(usize, Event)>,
}

/// What a provider's API and the journal of its calls were like before a write that may have to be undone.
pub(in crate::sandbox) struct Earlier {
    index: usize,
    quotas: Quotas,
    repeatable: BTreeMap<[String; 4], Reply>,
    serial: u64,
    upstream: usize,
    took: Duration,
    events: usize,
}

impl<'w> Natives<'w> {
    /// Nothing was asked yet.
    pub(in crate::sandbox) fn new(
        definition: &'w Definition,
        seed: u64,
        states: &'w mut [State],
        serial: &'w mut u64,
    ) -> Self {
        Self { definition, seed, states, serial, upstream: Vec::new(), took: Duration::ZERO, events: Vec::new() }
    }

    /// The API of this number.
    pub(in crate::sandbox) fn api(&self, index: usize) -> Option<&'w Api> {
        self.definition.apis.get(index)
    }

    /// The provider's number, and the account as the data describes it.
    pub(in crate::sandbox) fn account(&self, id: &str) -> Option<(usize, &'w Account)> {
        self.definition.apis.iter().enumerate().find_map(|(index, api)| {
            let account = api.accounts.iter().find(|account| account.id.get_ref() == id)?;
            Some((index, account))
        })
    }

    /// The requests and seconds of the limit that counts by account.
    pub(in crate::sandbox) fn limit_of(&self, account: &str) -> Option<(u64, u64)> {
        let (index, known) = self.account(account)?;
        let own = known.limits.as_ref().or(self.api(index).map(|api| &api.limits))?;
        let limit = own.iter().find(|limit| limit.per == Payer::Account && limit.paths.is_none())?;
        Some((limit.requests, limit.seconds))
    }

    /// What an API's records are made from.
    pub(in crate::sandbox) fn maker(&self, index: usize) -> Option<Maker<'w>> {
        let definition = self.definition;
        let api = definition.apis.get(index)?;
        Some(Maker { api, inventions: &definition.inventions, seed: self.seed, start: definition.start() })
    }

    /// Begins a write that may have to be undone.
    pub(in crate::sandbox) fn begin(&mut self, index: usize) -> Option<Earlier> {
        let state = self.states.get_mut(index)?;
        state.store.try_writes();
        Some(Earlier {
            index,
            quotas: state.quotas.clone(),
            repeatable: state.repeatable.clone(),
            serial: *self.serial,
            upstream: self.upstream.len(),
            took: self.took,
            events: self.events.len(),
        })
    }

    /// Keeps what was written since.
    pub(in crate::sandbox) fn keep(&mut self, earlier: &Earlier) {
        if let Some(state) = self.states.get_mut(earlier.index) {
            state.store.keep_writes();
        }
    }

    /// Makes it as if nothing had been asked since.
    pub(in crate::sandbox) fn undo(&mut self, earlier: Earlier) {
        if let Some(state) = self.states.get_mut(earlier.index) {
            state.store.undo_writes();
            state.quotas = earlier.quotas;
            state.repeatable = earlier.repeatable;
        }
        *self.serial = earlier.serial;
        self.upstream.truncate(earlier.upstream);
        self.took = earlier.took;
        self.events.truncate(earlier.events);
    }

    /// Asks an API.
    pub(in crate::sandbox) fn ask(&mut self, index: usize, request: &Request, now: Timestamp) -> Option<Outcome> {
        let maker = self.maker(index)?;
        *self.serial += 1;
        self.took += maker.api.round_trip().unwrap_or_default();
        let mut state = std::mem::take(self.states.get_mut(index)?);
        // A provider asks nobody further.
        let mut none = 0;
        let mut nobody = Natives::new(self.definition, self.seed, &mut [], &mut none);
        let call = Call::new(maker, request, &request.host, *self.serial, now, true);
        let mut outcome = call.answer(&mut state, &mut Armed::default(), &mut nobody);
        if let Some(place) = self.states.get_mut(index) {
            *place = state;
        }
        self.events.extend(std::mem::take(&mut outcome.events).into_iter().map(|event| (index, event)));
        self.upstream.push(Upstream {
            method: request.method.clone(),
            url: request.url(),
            status: outcome.reply.status,
            at: now,
        });
        Some(outcome)
    }
}
