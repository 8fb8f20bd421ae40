//! How an API tells others what has happened: who wants to know what, what is sent to them, and how it is signed.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use toml::Spanned;

/// What is told, and to whom.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Webhooks {
    /// The resource whose records are the subscriptions.
    pub(in crate::sandbox) resource: Spanned<String>,
    /// The field of a subscription with the URL that is called.
    pub(in crate::sandbox) url: Spanned<String>,
    /// The field with the names of the events that are wanted, in which `*` stands for any text.
    pub(in crate::sandbox) events: Spanned<String>,
    /// The field with the secret by which its calls are signed; one is made where it is not given.
    pub(in crate::sandbox) secret: Spanned<String>,
    /// Values that a subscription must have; another one is not called.
    #[serde(default)]
    pub(in crate::sandbox) active: Map<String, Value>,
    /// Header fields of each call, over what `body` shows and `signature`: HMAC-SHA-256 of the body, with the subscription's
    /// secret, in hexadecimal.
    #[serde(default)]
    pub(in crate::sandbox) headers: BTreeMap<String, Spanned<String>>,
    /// The body, over `event`, `payload`, `webhook` (the subscription's id), `uuid` and `now`.
    pub(in crate::sandbox) body: Value,
    /// How long a receiver may take.
    pub(in crate::sandbox) patience: Spanned<String>,
    /// How long is waited before each further try, such as `10s`.
    #[serde(default)]
    pub(in crate::sandbox) again: Vec<Spanned<String>>,
    pub(in crate::sandbox) tell: Vec<Telling>,
}

/// What is told of something that has happened. Of several that fit, the first counts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Telling {
    pub(in crate::sandbox) on: Happening,
    /// Values that the account's record had before.
    #[serde(default)]
    pub(in crate::sandbox) was: Map<String, Value>,
    /// Values that the account's record has now, and did not all have before.
    #[serde(default)]
    pub(in crate::sandbox) is: Map<String, Value>,
    /// The names under which it is told, one call for each.
    pub(in crate::sandbox) events: Vec<String>,
    /// Over `record` (the unified record, or that of the account), `account`, `model` (its category) and `resource`.
    pub(in crate::sandbox) payload: Value,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::sandbox) enum Happening {
    RecordCreated,
    RecordUpdated,
    RecordDeleted,
    AccountCreated,
    AccountUpdated,
    AccountDeleted,
    /// Somebody wants to see whether calls arrive.
    Test,
}

impl Webhooks {
    /// How long a receiver may take; `None` where that cannot be read.
    pub(in crate::sandbox) fn patience(&self) -> Option<Duration> {
        humantime::parse_duration(self.patience.get_ref()).ok()
    }

    /// The waits before each further try, as far as they can be read.
    pub(in crate::sandbox) fn waits(&self) -> Vec<Duration> {
        self.again.iter().filter_map(|text| humantime::parse_duration(text.get_ref()).ok()).collect()
    }
}
