//! Where the world's time went, between two steps.

use std::sync::Arc;

use crate::transcript::{RealWait, TimeSpent};

/// What is counted.
#[derive(Debug, Default)]
pub(super) struct Account {
    spent: TimeSpent,
    /// By how many microseconds sleeps have moved the clock.
    slept: u64,
    /// From when to when that was, the latest last, none touching the next.
    spans: Vec<(i64, i64)>,
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
    /// The clock was moved by `micros`, to `until`, because somebody slept, on it or in real time.
    pub(super) fn sleep(&mut self, micros: i64, until: i64) {
        if micros <= 0 {
            return;
        }
        self.slept += unsigned(micros);
        let from = until.saturating_sub(micros);
        match self.spans.last_mut() {
            Some(last) if last.1 == from => last.1 = until,
            _ => self.spans.push((from, until)),
        }
    }

    /// The clock was moved by `micros` because a request or an answer was under way, which has been so from `since` on. What
    /// was slept meanwhile is the exchange's too: clients wake now and then to see how long they have waited for it.
    pub(super) fn exchange(&mut self, micros: i64, since: i64) {
        let slept = self.take_slept(since);
        self.slept = self.slept.saturating_sub(slept);
        self.spent.exchanges_us += unsigned(micros) + slept;
    }

    /// What was slept from `since` on and is no exchange's yet.
    fn take_slept(&mut self, since: i64) -> u64 {
        let mut taken = 0;
        while let Some((from, until)) = self.spans.pop_if(|(_, until)| *until > since) {
            taken += unsigned(until - from.max(since));
            if from < since {
                self.spans.push((from, since));
            }
        }
        taken
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

    /// What was counted since the last time. Who sleeps on the clock, or waits for an answer, beside somebody who sleeps in real
    /// time does so in the same time, and how much of it was either's in turn is not the same in every run: what is left beside
    /// the real is told.
    pub(super) fn take(&mut self) -> TimeSpent {
        let real: u64 = self.spent.real.iter().map(|wait| wait.waited_us).sum();
        self.spans.clear();
        let slept = std::mem::take(&mut self.slept);
        let spent = std::mem::take(&mut self.spent);
        let exchanges_us = spent.exchanges_us.saturating_sub(real.saturating_sub(slept));
        TimeSpent { asleep_us: slept.saturating_sub(real), exchanges_us, ..spent }
    }
}

fn unsigned(micros: i64) -> u64 {
    u64::try_from(micros).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn spent(account: &mut Account) -> (i64, i64) {
        let TimeSpent { asleep_us, exchanges_us, .. } = account.take();
        let seconds = |micros: u64| i64::try_from(micros).unwrap_or(i64::MAX) / SECOND;
        (seconds(asleep_us), seconds(exchanges_us))
    }

    #[test]
    fn what_is_slept_while_an_exchange_is_under_way_is_the_exchanges_once() {
        let mut account = Account::default();
        account.sleep(10 * SECOND, 10 * SECOND);
        account.sleep(20 * SECOND, 30 * SECOND);
        // Two that overlap, of which one was asked for while somebody slept.
        account.exchange(5 * SECOND, 15 * SECOND);
        account.exchange(SECOND, 20 * SECOND);
        account.sleep(4 * SECOND, 40 * SECOND);
        assert_eq!(spent(&mut account), (15 + 4, 15 + 5 + 1));
        // What was told is told.
        account.exchange(SECOND, 30 * SECOND);
        assert_eq!(spent(&mut account), (0, 1));
    }

    #[test]
    fn what_is_left_beside_a_sleep_in_real_time_is_told_whose_turns_it_was() {
        for turns in [[1, 2], [2, 1]] {
            let mut account = Account::default();
            let mut now = 0;
            for turn in turns {
                now += turn * SECOND;
                account.sleep(turn * SECOND, now);
            }
            account.real("perl", 2 * SECOND);
            account.exchange(SECOND, 0);
            assert_eq!(spent(&mut account), (0, 2));
        }
    }
}
