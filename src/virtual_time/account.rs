//! Where the world's time went, between two steps.

use std::sync::Arc;

use crate::transcript::{RealWait, TimeSpent};

/// What is counted.
#[derive(Debug, Default)]
pub(super) struct Account {
    spent: TimeSpent,
    /// By how many microseconds sleeps have moved the clock.
    slept: u64,
}

/// Real time that the world waited, and for whom.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Credit {
    pub(super) program: Arc<str>,
    /// What the clock is to show.
    pub(super) until: i64,
    pub(super) length: i64,
    /// True where something ended the sleep before its time.
    pub(super) is_cut: bool,
}

impl Account {
    /// The clock was moved by `micros` because somebody slept, on it or in real time.
    pub(super) fn sleep(&mut self, micros: i64) {
        self.slept += unsigned(micros);
    }

    /// The clock was moved by `micros` because a request or an answer was under way.
    pub(super) fn exchange(&mut self, micros: i64) {
        self.spent.exchanges_us += unsigned(micros);
    }

    /// `program` slept for `micros` where no hook reaches it.
    pub(super) fn real(&mut self, program: &str, micros: i64) {
        if micros <= 0 {
            return;
        }
        let waits = &mut self.spent.real;
        match waits.iter_mut().find(|wait| wait.program == program) {
            Some(wait) => wait.waited_us += unsigned(micros),
            None => waits.push(RealWait { program: program.to_owned(), waited_us: unsigned(micros) }),
        }
    }

    /// A program that computes without end was overtaken.
    pub(super) fn spin(&mut self) {
        self.spent.overtook = true;
    }

    /// What was counted since the last time. Who sleeps on the clock beside somebody who sleeps in real time does so in the
    /// same time, and how much of it was either's in turn is not the same in every run: what is left beside the real is told.
    pub(super) fn take(&mut self) -> TimeSpent {
        let real: u64 = self.spent.real.iter().map(|wait| wait.waited_us).sum();
        let asleep_us = std::mem::take(&mut self.slept).saturating_sub(real);
        TimeSpent { asleep_us, ..std::mem::take(&mut self.spent) }
    }
}

fn unsigned(micros: i64) -> u64 {
    u64::try_from(micros).unwrap_or(0)
}
