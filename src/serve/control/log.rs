//! The journal of a sandbox, within bounds, and who has signed up.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::entry::{Entry, Event, Excerpt, FirstCall};
use crate::clock::Timestamp;
use crate::serve::hosts::Target;
use crate::serve::journal::Witness;
use crate::system_clock;
use crate::transcript::{Call, Exchange};

/// The entries that are kept.
const ENTRIES: usize = 10_000;

/// The entries of one excerpt.
const EXCERPT: usize = 1000;

/// The bytes of a URL that are kept.
const URL: usize = 1024;

/// How many may sign up.
const SIGN_UPS: usize = 1000;

/// The journal.
#[derive(Debug)]
pub(in crate::serve) struct Log {
    started: Instant,
    notes: Mutex<Notes>,
    /// The number of the last entry.
    last: watch::Sender<u64>,
}

#[derive(Debug)]
struct Notes {
    /// The start of the world.
    start: Timestamp,
    entries: VecDeque<Kept>,
    last: u64,
    /// The number of the last one before the reset.
    before: u64,
    /// By address.
    sign_ups: BTreeMap<String, SignUp>,
    /// The addresses whose keys have had no successful request, by key.
    expected: BTreeMap<String, String>,
}

/// An entry, and for a request that was for an account when it was under way, in microseconds of the world's time.
#[derive(Debug)]
struct Kept {
    entry: Entry,
    under_way: Option<(u64, u64)>,
}

/// Somebody who signed up.
#[derive(Debug, Clone)]
pub(super) struct SignUp {
    /// What the API accepts.
    pub(super) key: String,
    /// Until when, on the world's clock.
    pub(super) expires: Timestamp,
    at: Timestamp,
    began: Instant,
}

impl Log {
    /// An empty one, of a world that begins at `start`.
    pub(in crate::serve) fn new(start: Timestamp) -> Self {
        let notes = Mutex::new(Notes::new(start, 0));
        Self { started: system_clock::now(), notes, last: watch::Sender::new(0) }
    }

    /// Seconds of real time since the start.
    pub(super) fn real_s(&self) -> f64 {
        seconds(system_clock::now().duration_since(self.started))
    }

    /// Notes what happened at `at`.
    pub(super) fn note(&self, at: Timestamp, event: Event) {
        self.add(&mut self.notes(), at, None, event);
    }

    /// Forgets everything, those who signed up too.
    pub(super) fn reset(&self) {
        let mut notes = self.notes();
        let start = notes.start;
        *notes = Notes::new(start, notes.last);
        self.add(&mut notes, start, None, Event::Reset);
    }

    /// The journal of another world.
    pub(in crate::serve) fn restart(&self, start: Timestamp) {
        *self.notes() = Notes::new(start, 0);
        self.last.send_replace(0);
    }

    /// Who has signed up by `email` with a key that holds at `now`.
    pub(super) fn signed_up(&self, email: &str, now: Timestamp) -> Option<SignUp> {
        self.notes().sign_ups.get(email).filter(|known| now < known.expires).cloned()
    }

    /// Notes a sign-up; false where there are too many.
    pub(super) fn sign_up(&self, email: &str, key: &str, at: Timestamp, expires: Timestamp) -> bool {
        let mut notes = self.notes();
        if notes.sign_ups.len() >= SIGN_UPS && !notes.sign_ups.contains_key(email) {
            return false;
        }
        let new = SignUp { key: key.to_owned(), expires, at, began: system_clock::now() };
        if let Some(before) = notes.sign_ups.insert(email.to_owned(), new) {
            notes.expected.remove(&before.key);
        }
        notes.expected.insert(key.to_owned(), email.to_owned());
        self.add(&mut notes, at, None, Event::SignUp { email: email.to_owned() });
        true
    }

    /// The entries after the one of number `after`: the first 1,000 of those that are kept.
    pub(super) fn excerpt(&self, after: u64) -> Excerpt {
        let notes = self.notes();
        let first = notes.entries.front().map_or(notes.last + 1, |kept| kept.entry.n);
        let skip = usize::try_from(after.saturating_add(1).saturating_sub(first)).unwrap_or(usize::MAX);
        let entries: Vec<Entry> =
            notes.entries.iter().skip(skip).take(EXCERPT).map(|kept| kept.entry.clone()).collect();
        let last = entries.last().map_or_else(|| after.min(notes.last), |entry| entry.n);
        let forgotten = first.saturating_sub(after.max(notes.before).saturating_add(1));
        Excerpt { entries, last, forgotten, peaks: notes.peaks() }
    }

    /// Waits for an entry after the one of number `after`.
    pub(super) async fn wait(&self, after: u64) {
        let mut last = self.last.subscribe();
        // The log is there as long as this borrows it.
        let _ = last.wait_for(|last| *last > after).await;
    }

    fn add(&self, notes: &mut Notes, at: Timestamp, under_way: Option<(u64, u64)>, event: Event) {
        notes.last += 1;
        if notes.entries.len() >= ENTRIES {
            notes.entries.pop_front();
        }
        let entry = Entry { n: notes.last, at: at.rfc3339(), real_s: self.real_s(), event };
        notes.entries.push_back(Kept { entry, under_way });
        self.last.send_replace(notes.last);
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notes {
    /// Nothing yet, after the entry of number `last`.
    fn new(start: Timestamp, last: u64) -> Self {
        Self {
            start,
            entries: VecDeque::new(),
            last,
            before: last,
            sign_ups: BTreeMap::new(),
            expected: BTreeMap::new(),
        }
    }

    /// How many requests for each account were under way at once at most.
    fn peaks(&self) -> BTreeMap<String, u64> {
        let mut moments: BTreeMap<&str, Vec<(u64, i64)>> = BTreeMap::new();
        for Kept { entry, under_way } in &self.entries {
            if let (Event::Exchange { account: Some(account), .. }, Some((asked, answered))) = (&entry.event, under_way)
            {
                // One that is answered as another is sent is over: ends sort first.
                moments.entry(account).or_default().extend([(*asked, 1), (*answered, -1)]);
            }
        }
        let peak = |mut moments: Vec<(u64, i64)>| {
            moments.sort_unstable();
            let running = moments.iter().scan(0, |count, (_, step)| {
                *count += step;
                Some(*count)
            });
            u64::try_from(running.max().unwrap_or(0)).unwrap_or(0)
        };
        moments.into_iter().map(|(account, moments)| (account.to_owned(), peak(moments))).collect()
    }

    /// Takes note of the first successful request with the key of a sign-up.
    fn first_call(&mut self, exchange: &Exchange, at: Timestamp) -> Option<FirstCall> {
        if self.expected.is_empty() || exchange.status >= 400 || exchange.is_of_fault() {
            return None;
        }
        let key = words(exchange).find(|word| self.expected.contains_key(*word))?;
        let email = self.expected.remove(key)?;
        let sign_up = self.sign_ups.get(&email)?;
        let after_s = seconds(at.since(sign_up.at));
        let after_real_s = seconds(system_clock::now().duration_since(sign_up.began));
        Some(FirstCall { email, after_s, after_real_s })
    }
}

/// Where a request may carry a key: a word of a header field, a value of the query.
fn words(exchange: &Exchange) -> impl Iterator<Item = &str> {
    let fields = exchange.request_headers.iter().flat_map(|(_, value)| value.split_whitespace());
    let query = exchange.url.split_once('?').map_or("", |(_, query)| query);
    fields.chain(query.split('&').filter_map(|pair| Some(pair.split_once('=')?.1)))
}

impl Witness for Log {
    fn exchange(&self, exchange: &Exchange) {
        let mut notes = self.notes();
        let after = |micros| notes.start.after(Duration::from_micros(micros));
        let (at, asked_at) = (after(exchange.at_us), after(exchange.asked_us).rfc3339());
        // At most so much of it is copied.
        let url = exchange.url[..exchange.url.floor_char_boundary(URL)].to_owned();
        let Exchange { method, status, account, fault, .. } = exchange;
        let (status, account) = (*status, account.clone());
        if let Some(Call { event, attempt }) = &exchange.webhook {
            let reason = (status == 0).then(|| exchange.reply_body.clone());
            let event = Event::Webhook { event: event.clone(), url, status, attempt: *attempt, account, reason };
            return self.add(&mut notes, at, None, event);
        }
        let first_call = notes.first_call(exchange, at);
        let under_way = account.as_ref().map(|_| (exchange.asked_us, exchange.at_us));
        let (method, fault) = (method.clone(), fault.clone());
        let event = Event::Exchange { method, url, status, asked_at, account, fault, first_call };
        self.add(&mut notes, at, under_way, event);
    }

    fn refuse(&self, target: &Target, at_us: u64) {
        let mut notes = self.notes();
        let at = notes.start.after(Duration::from_micros(at_us));
        self.add(&mut notes, at, None, Event::Refusal { host: target.name() });
    }
}

fn seconds(duration: Duration) -> f64 {
    // Whole milliseconds are exact enough, and short to read.
    duration.as_millis().min(u128::from(u32::MAX) * 1000) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_micros(0);

    fn log(count: u64) -> Log {
        let log = Log::new(START);
        for n in 1..=count {
            log.exchange(&Exchange {
                method: "GET".into(),
                url: format!("https://a/{n}"),
                status: 200,
                ..Exchange::default()
            });
        }
        log
    }

    fn numbers(excerpt: &Excerpt) -> (Option<u64>, usize, u64, u64) {
        (excerpt.entries.first().map(|entry| entry.n), excerpt.entries.len(), excerpt.last, excerpt.forgotten)
    }

    #[test]
    fn old_entries_are_forgotten_and_that_is_told() {
        let log = log(10_500);
        assert_eq!(numbers(&log.excerpt(0)), (Some(501), 1000, 1500, 500));
        assert_eq!(numbers(&log.excerpt(10_400)), (Some(10_401), 100, 10_500, 0));
        assert_eq!(numbers(&log.excerpt(10_500)), (None, 0, 10_500, 0));
        assert_eq!(numbers(&log.excerpt(99_999)), (None, 0, 10_500, 0), "who asks for what is to come gets that next");
        log.reset();
        assert_eq!(numbers(&log.excerpt(10_500)), (Some(10_501), 1, 10_501, 0));
        assert_eq!(numbers(&log.excerpt(0)), (Some(10_501), 1, 10_501, 0), "what a reset takes away is not missed");
        assert_eq!(log.excerpt(10_500).entries[0].event, Event::Reset);
    }

    #[test]
    fn a_url_is_cut_at_a_character() {
        let log = Log::new(START);
        let url = format!("https://a/{}", "é".repeat(2000));
        log.exchange(&Exchange { url, ..Exchange::default() });
        let Event::Exchange { url, .. } = &log.excerpt(0).entries[0].event else { panic!("it is an exchange") };
        assert_eq!(url.len(), 1024);
    }

    #[test]
    fn the_first_call_is_the_first_that_succeeds_with_the_key() {
        let log = Log::new(START);
        assert!(log.sign_up("a@example.com", "key-1", START, Timestamp::from_micros(i64::MAX)));
        let with = |status, token: &str, at_us| {
            let request_headers = vec![("authorization".to_owned(), format!("Bearer {token}"))];
            log.exchange(&Exchange { status, request_headers, at_us, ..Exchange::default() });
        };
        with(200, "another", 1_000_000);
        with(401, "key-1", 2_000_000);
        with(200, "key-1", 3_500_000);
        with(200, "key-1", 4_000_000);
        let told: Vec<_> = log
            .excerpt(1)
            .entries
            .into_iter()
            .map(|entry| match entry.event {
                Event::Exchange { first_call, .. } => first_call.map(|first| (first.email, first.after_s)),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(told, [None, None, Some(("a@example.com".to_owned(), 3.5)), None]);
    }

    #[test]
    fn a_thousand_may_sign_up() {
        let log = Log::new(START);
        let end = Timestamp::from_micros(1);
        for n in 0..1000 {
            assert!(log.sign_up(&format!("{n}@example.com"), &format!("key-{n}"), START, end));
        }
        assert!(!log.sign_up("one-more@example.com", "key", START, end));
        assert!(log.sign_up("0@example.com", "key", START, end), "a new key for one who is known");
        assert_eq!(log.signed_up("0@example.com", START).map(|known| known.key), Some("key".to_owned()));
        assert!(log.signed_up("0@example.com", end).is_none());
    }
}
