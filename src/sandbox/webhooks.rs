//! What an API tells of its own accord: which subscriptions want to know of an event, what is sent to them, and when it
//! is tried again. Who sends it is not known here.

use std::collections::BTreeMap;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::data::{Api, Happening, Telling, Webhooks};
use super::fault::path_matches;
use super::state::State;
use super::store::{Change, Maker};
use super::table::Row;
use super::template::{self, Variables};
use crate::clock::Timestamp;
use crate::http::Headers;

/// A call that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The event's name.
    pub event: String,
    /// The URL that is called, by POST.
    pub url: String,
    /// Header fields, the signature among them.
    pub headers: Headers,
    /// JSON.
    pub body: Vec<u8>,
    /// The account that it is about.
    pub account: Option<String>,
    /// Which try it is, from 1.
    pub attempt: u32,
    /// How long the receiver may take, on the world's clock.
    pub patience: Duration,
    /// When it is due.
    pub due: Timestamp,
    /// The API and the subscription that it is for.
    pub(super) subscription: (usize, String),
    /// The waits before further tries.
    waits: Vec<Duration>,
}

/// The calls that are to come.
#[derive(Debug, Default)]
pub(super) struct Post {
    due: BTreeMap<(Timestamp, u64), Delivery>,
    count: u64,
}

/// Something that has happened.
#[derive(Debug)]
pub(super) struct News {
    pub(super) what: Happening,
    pub(super) at: Timestamp,
    pub(super) account: Option<String>,
    /// What payloads may show.
    pub(super) values: Variables,
    /// The account's record before, for what happens to accounts.
    pub(super) before: Map<String, Value>,
    /// Where only one subscription is meant.
    pub(super) only: Option<String>,
}

/// Somebody who wants to be called.
struct Subscription {
    id: String,
    url: String,
    events: Vec<String>,
    secret: String,
}

impl Post {
    /// Takes what is due by `now`, in the order in which it is.
    pub(super) fn take(&mut self, now: Timestamp) -> Vec<Delivery> {
        let later = self.due.split_off(&(now, u64::MAX));
        std::mem::replace(&mut self.due, later).into_values().collect()
    }

    /// When the next call is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.due.keys().next().map(|(due, _)| *due)
    }

    /// Puts in the calls that follow from `news` of the API of number `index`.
    pub(super) fn tell(&mut self, index: usize, maker: &Maker<'_>, state: &State, news: Vec<News>) {
        let Some(webhooks) = &maker.api.webhooks else { return };
        let subscriptions = subscriptions(webhooks, maker, state);
        for news in news {
            let Some(telling) = webhooks.tell.iter().find(|telling| fits(telling, &news)) else { continue };
            for event in &telling.events {
                // Whoever gets it, it is the same event.
                self.count += 1;
                let id = event_id(maker.seed, self.count);
                let wants = |known: &&Subscription| match &news.only {
                    Some(only) => known.id == *only,
                    None => known.events.iter().any(|pattern| path_matches(pattern, event)),
                };
                for subscription in subscriptions.iter().filter(wants) {
                    let delivery = written(index, maker, webhooks, telling, subscription, &news, event, &id);
                    self.put(delivery);
                }
            }
        }
    }

    /// A call was not taken: when it is tried again, `None` where that was the last try.
    pub(super) fn again(&mut self, mut delivery: Delivery, now: Timestamp) -> Option<Timestamp> {
        if delivery.waits.is_empty() {
            return None;
        }
        delivery.due = now.after(delivery.waits.remove(0));
        delivery.attempt += 1;
        let due = delivery.due;
        self.put(delivery);
        Some(due)
    }

    fn put(&mut self, delivery: Delivery) {
        self.count += 1;
        self.due.insert((delivery.due, self.count), delivery);
    }
}

/// What happened to an account.
pub(super) fn of_account(change: Change) -> News {
    let Change { before, after } = change;
    let what = match (&before, after.deleted) {
        (_, Some(_)) => Happening::AccountDeleted,
        (None, None) => Happening::AccountCreated,
        (Some(_), None) => Happening::AccountUpdated,
    };
    let values = [("record", Value::Object(after.record.clone())), ("account", json!(after.id))];
    News {
        what,
        at: after.changed,
        account: Some(after.id.clone()),
        values: values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        before: before.unwrap_or_default(),
        only: None,
    }
}

/// The secret of a subscription: the one that it was given, else one that follows from its id and the world's seed.
pub(super) fn secret(webhooks: &Webhooks, seed: u64, row: &Row) -> String {
    let given = row.record.get(webhooks.secret.get_ref()).and_then(Value::as_str).filter(|given| !given.is_empty());
    given.map_or_else(|| made_secret(seed, &row.id), str::to_owned)
}

fn made_secret(seed: u64, id: &str) -> String {
    let digits = Sha256::digest(format!("{seed} {id}"));
    format!("whsec_{}", hexadecimal(&digits))
}

/// True where some subscription of the API wants to know when a refresh of a token fails: that happens by itself.
pub(super) fn waits_for_accounts(maker: &Maker<'_>, state: &State) -> bool {
    let Some(webhooks) = &maker.api.webhooks else { return false };
    let of_accounts = webhooks.tell.iter().filter(|telling| telling.on == Happening::AccountUpdated);
    let told: Vec<&String> = of_accounts.flat_map(|telling| &telling.events).collect();
    subscriptions(webhooks, maker, state)
        .iter()
        .flat_map(|known| &known.events)
        .any(|pattern| told.iter().any(|event| path_matches(pattern, event)))
}

/// True where the subscription is there still, and wants to be called.
pub(super) fn is_subscribed(maker: &Maker<'_>, state: &State, id: &str) -> bool {
    let known = maker.api.webhooks.as_ref().map(|webhooks| subscriptions(webhooks, maker, state));
    known.is_some_and(|known| known.iter().any(|known| known.id == id))
}

fn subscriptions(webhooks: &Webhooks, maker: &Maker<'_>, state: &State) -> Vec<Subscription> {
    let name = webhooks.resource.get_ref();
    let Some(table) = state.store.table(name, "") else { return Vec::new() };
    let rows = (0..table.positions()).filter_map(|position| state.store.row(maker, name, "", position));
    let active = rows.filter(|row| row.deleted.is_none() && holds(&webhooks.active, &row.record));
    let read = active.filter_map(|row| {
        let events = row.record.get(webhooks.events.get_ref())?.as_array()?;
        Some(Subscription {
            id: row.id.clone(),
            secret: secret(webhooks, maker.seed, &row),
            url: row.record.get(webhooks.url.get_ref())?.as_str()?.to_owned(),
            events: events.iter().filter_map(|event| Some(event.as_str()?.to_owned())).collect(),
        })
    });
    read.collect()
}

fn holds(wanted: &Map<String, Value>, record: &Map<String, Value>) -> bool {
    wanted.iter().all(|(name, value)| record.get(name) == Some(value))
}

fn fits(telling: &Telling, news: &News) -> bool {
    let now = news.values.get("record").and_then(Value::as_object);
    let has_become = || now.is_some_and(|now| holds(&telling.is, now)) && !holds(&telling.is, &news.before);
    telling.on == news.what && holds(&telling.was, &news.before) && (telling.is.is_empty() || has_become())
}

#[expect(clippy::too_many_arguments, reason = "a call tells of the event, of who wants it, and of the API")]
fn written(
    index: usize,
    maker: &Maker<'_>,
    webhooks: &Webhooks,
    telling: &Telling,
    subscription: &Subscription,
    news: &News,
    event: &str,
    id: &str,
) -> Delivery {
    let mut values = news.values.clone();
    values.insert("event".to_owned(), json!(event));
    values.insert("webhook".to_owned(), json!(subscription.id));
    values.insert("uuid".to_owned(), json!(id));
    values.insert("now".to_owned(), maker.api.time.write(news.at));
    values.entry("account".to_owned()).or_insert_with(|| json!(news.account));
    let payload = template::fill(&telling.payload, &values);
    values.insert("payload".to_owned(), payload);
    let body = template::fill(&webhooks.body, &values).to_string().into_bytes();
    values.insert("signature".to_owned(), json!(signature(&subscription.secret, &body)));
    let mut headers = Headers::new();
    for (name, text) in &webhooks.headers {
        headers.set(name, template::fill_text(text.get_ref(), &values));
    }
    Delivery {
        event: event.to_owned(),
        url: subscription.url.clone(),
        headers,
        body,
        account: news.account.clone(),
        attempt: 1,
        patience: webhooks.patience().unwrap_or_default(),
        due: news.at,
        subscription: (index, subscription.id.clone()),
        waits: webhooks.waits(),
    }
}

/// HMAC-SHA-256 (RFC 2104) in hexadecimal.
fn signature(secret: &str, body: &[u8]) -> String {
    // A key of any length is taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(body);
    hexadecimal(&mac.finalize().into_bytes())
}

/// The id of an event, in the form of RFC 9562.
fn event_id(seed: u64, count: u64) -> String {
    let digits = hexadecimal(&Sha256::digest(format!("{seed} event {count}")));
    format!("{}-{}-4{}-8{}-{}", &digits[..8], &digits[8..12], &digits[13..16], &digits[17..20], &digits[20..32])
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the values of an event come from.
pub(super) fn news(what: Happening, at: Timestamp, account: &str, values: [(&str, Value); 3]) -> News {
    News {
        what,
        at,
        account: Some(account.to_owned()),
        values: values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        before: Map::new(),
        only: None,
    }
}

/// That calls are to be tried, by one subscription.
pub(super) fn test(id: String, at: Timestamp) -> News {
    News { what: Happening::Test, at, account: None, values: Variables::new(), before: Map::new(), only: Some(id) }
}

/// What is wrong with what an API says of its webhooks, each with the place of its key.
pub(super) fn problems(api: &Api) -> Vec<String> {
    let Some(webhooks) = &api.webhooks else { return Vec::new() };
    let mut wrong = Vec::new();
    match api.resources.get(webhooks.resource.get_ref()) {
        None => wrong.push(format!("`webhooks.resource` names no resource: `{}`", webhooks.resource.get_ref())),
        Some(resource) => {
            let named = [&webhooks.url, &webhooks.events, &webhooks.secret].map(toml::Spanned::get_ref);
            let fields = named.into_iter().chain(webhooks.active.keys());
            let unknown = fields.filter(|field| !resource.fields.contains_key(*field));
            wrong.extend(unknown.map(|field| format!("`webhooks` names a field that subscriptions lack: `{field}`")));
        }
    }
    let times = webhooks.again.iter().chain([&webhooks.patience]).map(toml::Spanned::get_ref);
    let unread = times.filter(|text| humantime::parse_duration(text).is_err());
    wrong.extend(unread.map(|text| format!("`{text}` under `webhooks` is no duration, such as 10s")));
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_rfc_4231() {
        // RFC 4231, section 4.3.
        let signed = signature("Jefe", b"what do ya want for nothing?");
        assert_eq!(signed, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn what_is_due_is_taken_once_in_its_order() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let delivery = |event: &str, due: i64, waits: &[u64]| Delivery {
            event: event.to_owned(),
            url: String::new(),
            headers: Headers::new(),
            body: Vec::new(),
            account: None,
            attempt: 1,
            patience: Duration::ZERO,
            due: at(due),
            subscription: (0, String::new()),
            waits: waits.iter().map(|wait| Duration::from_secs(*wait)).collect(),
        };
        let mut post = Post::default();
        for (event, due) in [("c", 2), ("a", 1), ("b", 1), ("d", 3)] {
            post.put(delivery(event, due, &[1, 10]));
        }
        let taken = post.take(at(2));
        assert_eq!(taken.iter().map(|taken| taken.event.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(post.next_due(), Some(at(3)));
        post.take(at(3));
        assert_eq!(post.again(taken[0].clone(), at(5)), Some(at(6)));
        let second = post.take(at(6)).remove(0);
        assert_eq!(second.attempt, 2);
        assert_eq!(post.again(second, at(6)), Some(at(16)));
        let third = post.take(at(16)).remove(0);
        assert_eq!(post.again(third, at(16)), None, "there was no further wait");
        assert_eq!(post.next_due(), None);
    }
}
