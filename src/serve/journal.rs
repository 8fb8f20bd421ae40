//! What went over the wires during a step, within bounds.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::transcript::{Exchange, Refusal};

use super::hosts::Target;

/// The exchanges of one step that are kept; the rest is counted.
const EXCHANGES: usize = 1000;

/// The bytes of a body that are kept.
const BODY: usize = 16 * 1024;

/// Who notes what goes over the wires.
pub(super) trait Witness: Send + Sync {
    /// Notes a request and its answer.
    fn exchange(&self, exchange: &Exchange);

    /// Notes that someone asked for a host that nothing serves, at so many microseconds of the world's time.
    fn refuse(&self, target: &Target, at_us: u64);
}

/// Several who take note of the same.
pub(super) struct Witnesses(pub(super) Vec<Arc<dyn Witness>>);

impl Witness for Witnesses {
    fn exchange(&self, exchange: &Exchange) {
        self.0.iter().for_each(|witness| witness.exchange(exchange));
    }

    fn refuse(&self, target: &Target, at_us: u64) {
        self.0.iter().for_each(|witness| witness.refuse(target, at_us));
    }
}

/// The notes on the current step.
#[derive(Debug, Default)]
pub(super) struct Journal(Mutex<Notes>);

#[derive(Debug, Default)]
struct Notes {
    exchanges: Vec<Exchange>,
    omitted: usize,
    refused: BTreeSet<String>,
}

impl Journal {
    /// Forgets everything: a new page.
    pub(super) fn clear(&self) {
        *self.notes() = Notes::default();
    }

    /// Forgets the exchanges. Refusals between two steps (of a process in the background) stay: the next step
    /// answers for them. So do calls of webhooks, which no step makes.
    pub(super) fn begin(&self) {
        let mut notes = self.notes();
        notes.exchanges.retain(|exchange| exchange.webhook.is_some());
        notes.omitted = 0;
    }

    /// Notes that someone asked for a host that nothing serves.
    pub(super) fn refuse(&self, target: &Target) {
        self.notes().refused.insert(target.name());
    }

    /// Takes everything: exchanges, how many more there were, refusals without repetition.
    pub(super) fn take(&self) -> (Vec<Exchange>, usize, Vec<Refusal>) {
        let notes = std::mem::take(&mut *self.notes());
        (notes.exchanges, notes.omitted, notes.refused.into_iter().map(|host| Refusal { host }).collect())
    }

    fn notes(&self) -> std::sync::MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Witness for Journal {
    fn exchange(&self, exchange: &Exchange) {
        let mut notes = self.notes();
        if notes.exchanges.len() < EXCHANGES {
            notes.exchanges.push(exchange.clone());
        } else {
            notes.omitted += 1;
        }
    }

    fn refuse(&self, target: &Target, _at_us: u64) {
        self.refuse(target);
    }
}

/// The start of a body, as text.
pub(super) fn excerpt(body: &[u8]) -> String {
    let kept = body.get(..BODY).unwrap_or(body);
    let mut text = String::from_utf8_lossy(kept).into_owned();
    if kept.len() < body.len() && text.ends_with('\u{fffd}') {
        // The cut went through a character.
        text.pop();
    }
    text
}
