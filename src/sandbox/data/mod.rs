//! The sandbox's data as Rust types. `sandbox/README.md` explains each key by example.
//!
//! The field names here are the keys of the files: `read` fills these types from TOML.

mod limit;
mod list;
mod mapping;
mod model;
mod oauth;
mod resource;
mod route;
mod webhooks;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use toml::Spanned;

use super::instants::TimeFormat;
use super::template::Template;
use super::words::Words;

pub(super) use limit::{Limit, Payer, Window};
pub(super) use list::{Comparison, Comparisons, Filter, PageBy, Paging, Place, Read, Shows, Size, Sort, Style, Which};
pub(super) use mapping::{AlsoMapping, ListMapping, Mapping, MethodMapping, ModelMapping};
pub(super) use model::{Integrated, Link, Model};
pub(super) use oauth::{ClientAuth, OAuth};
pub(super) use resource::{Delete, Owned, Resource, Unknown};
pub(super) use route::{AccountPlace, Language, Operation, Route};
pub(super) use webhooks::{Happening, Telling, Webhooks};

/// `sandbox.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Root {
    /// The instant at which every world starts (RFC 3339).
    pub(super) start: Spanned<String>,
    /// The files that describe an API each.
    pub(super) apis: Vec<Spanned<String>>,
    /// The file that says what invented records are; needed where an account has some.
    pub(super) inventions: Option<Spanned<String>>,
}

/// One API: what answers on some hosts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Api {
    /// The provider's word, by which mappings and accounts name it.
    #[serde(default)]
    pub(super) name: String,
    /// The provider's name as people write it.
    #[serde(default)]
    pub(super) label: String,
    /// The version of this file.
    pub(super) version: Option<String>,
    /// Where its facts are from.
    #[serde(default)]
    pub(super) sources: Vec<Source>,
    /// The hosts that it answers on.
    pub(super) hosts: Vec<Spanned<String>>,
    /// The time that each exchange takes on top of what every exchange takes, such as `80ms`; none where absent.
    pub(super) round_trip: Option<Spanned<String>>,
    /// How it writes instants.
    #[serde(default)]
    pub(super) time: TimeFormat,
    /// The provider's words for values, by table.
    #[serde(default)]
    pub(super) words: Words,
    /// Variables that pages' steps get.
    #[serde(default)]
    pub(super) variables: BTreeMap<String, String>,
    /// Header fields of every answer.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Spanned<String>>,
    /// The ways in which a request may carry its token.
    #[serde(default)]
    pub(super) authorization: Vec<Authorization>,
    /// What requests must carry.
    #[serde(default)]
    pub(super) requires: Vec<Requirement>,
    /// What no request may carry.
    #[serde(default)]
    pub(super) refuses: Vec<Requirement>,
    /// Tokens that belong to no account.
    #[serde(default)]
    pub(super) tokens: Vec<Token>,
    /// The provider's customers.
    #[serde(default)]
    pub(super) accounts: Vec<Account>,
    #[serde(default)]
    pub(super) limits: Vec<Limit>,
    /// How a client marks a write that it repeats.
    pub(super) idempotency: Option<Idempotency>,
    /// Where the accounts of all providers are integrated: the unified API.
    pub(super) integrated: Option<Integrated>,
    /// The unified API's models: resources by name, by category.
    #[serde(default)]
    pub(super) models: BTreeMap<String, BTreeMap<String, Model>>,
    #[serde(default)]
    pub(super) paging: Paging,
    #[serde(default)]
    pub(super) sort: Sort,
    #[serde(default)]
    pub(super) filters: Vec<Filter>,
    /// How every field filters by its own name; not at all where absent.
    pub(super) comparisons: Option<Comparisons>,
    #[serde(default)]
    pub(super) shows: Vec<Shows>,
    /// Parameters that leave a field of records out when they are `true`.
    #[serde(default)]
    pub(super) drop: BTreeMap<String, String>,
    /// The parameter that names fields to leave out of records.
    pub(super) exclude: Option<String>,
    /// What is answered when all went well, by operation.
    #[serde(default)]
    pub(super) answers: BTreeMap<Operation, Spanned<Template>>,
    /// How one faulty field looks in `{{failures}}`.
    pub(super) failure: Option<Spanned<Value>>,
    /// How fields look there that are faulty in one way: `too_long`, `wrong_id`, `dangling`.
    #[serde(default)]
    pub(super) failures: BTreeMap<String, Spanned<Value>>,
    /// What goes wrong, by name.
    #[serde(default)]
    pub(super) errors: BTreeMap<String, Spanned<Template>>,
    /// What each kind of fault makes of an answer.
    #[serde(default)]
    pub(super) faults: BTreeMap<String, Fault>,
    #[serde(default)]
    pub(super) routes: Vec<Route>,
    #[serde(default)]
    pub(super) resources: BTreeMap<String, Resource>,
    pub(super) oauth: Option<OAuth>,
    /// What it tells of its own accord.
    pub(super) webhooks: Option<Webhooks>,
    /// How the unified API speaks to this one.
    pub(super) unified: Option<Mapping>,
}

/// Where a fact is from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    /// What was looked up.
    pub(super) fact: String,
    /// The page, repository or file.
    pub(super) from: String,
    /// The day on which it was seen.
    pub(super) seen: String,
}

/// One way in which a request carries its token.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Authorization {
    /// The header field.
    pub(super) header: Option<String>,
    /// The query's parameter.
    pub(super) query: Option<String>,
    /// The word before the token. The word `Basic` says that a user and a password follow in base64.
    pub(super) scheme: Option<String>,
    /// Which of the two is the token.
    #[serde(default)]
    pub(super) part: Part,
    /// Further header fields that must be there with these values, or any where the value is `*`.
    #[serde(default)]
    pub(super) with: BTreeMap<String, String>,
}

/// A part of basic credentials (RFC 7617).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Part {
    #[default]
    User,
    Password,
}

/// What requests must carry.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Requirement {
    pub(super) header: Option<String>,
    pub(super) query: Option<String>,
    /// Parameters of the query one of which will do, too.
    #[serde(default)]
    pub(super) or: Vec<String>,
    /// What it looks like, with `*` for any text; anything where absent.
    pub(super) like: Option<String>,
    /// What is answered to requests without it, or with it.
    pub(super) error: Spanned<String>,
    /// All where absent.
    pub(super) operations: Option<Vec<Operation>>,
    /// All where absent.
    pub(super) resources: Option<Vec<String>>,
    /// Paths that need it, with `*` for any text; all where absent.
    pub(super) paths: Option<Vec<String>>,
    /// Paths that need it not, with `*` for any text.
    #[serde(default)]
    pub(super) except: Vec<String>,
}

/// A token that exists from the start.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    /// The token itself.
    pub(super) token: Spanned<String>,
    /// The variable that hands it to pages' steps.
    pub(super) variable: Spanned<String>,
    /// What it may do; where absent, what the page says, else everything.
    pub(super) scopes: Option<Vec<Spanned<String>>>,
    /// The instant from which it is refused (RFC 3339); never where absent.
    pub(super) expires: Option<Spanned<String>>,
}

/// A customer of the provider. The unified API calls it an integrated account.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    pub(super) id: Spanned<String>,
    pub(super) tenant: Spanned<String>,
    /// The access token or key that is valid from the start.
    pub(super) token: Spanned<String>,
    /// The variable that hands it to pages' steps.
    pub(super) variable: Option<Spanned<String>>,
    /// Absent: the token is a key, which nobody refreshes.
    pub(super) refresh_token: Option<Spanned<String>>,
    /// How long the first access token lives from the start on; for ever where absent.
    pub(super) expires_in: Option<Spanned<String>>,
    /// What its token may do; everything where absent.
    pub(super) scopes: Option<Vec<String>>,
    /// Fields that this customer made required, by resource.
    #[serde(default)]
    pub(super) required: BTreeMap<String, Vec<String>>,
    /// How many invented records of each resource there are.
    #[serde(default)]
    pub(super) seeds: BTreeMap<String, Counts>,
    /// Fields of its record in the unified API.
    #[serde(default)]
    pub(super) fields: Map<String, Value>,
    /// Header fields in the unified API's answers, in place of its own that tell of limits.
    #[serde(default)]
    pub(super) rate: BTreeMap<String, Spanned<String>>,
    /// In place of the limits that count by account.
    #[serde(default)]
    pub(super) limits: Option<Vec<Limit>>,
}

/// Numbers of invented records: one for each of the resource's seeds.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Counts {
    One(u64),
    Each(Vec<u64>),
}

impl Counts {
    /// The number for the seed at `index`.
    pub(super) fn of(&self, index: usize) -> u64 {
        match self {
            Self::One(count) if index == 0 => *count,
            Self::One(_) => 0,
            Self::Each(counts) => counts.get(index).copied().unwrap_or(0),
        }
    }
}

/// How a client marks a write that it repeats.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Idempotency {
    /// The header field that carries the key.
    pub(super) header: String,
}

/// What a kind of fault does.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Fault {
    /// It answers with this error.
    Error(String),
    Effect(Effect),
}

/// A fault that also changes the account.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Effect {
    /// The error that is answered.
    pub(super) error: String,
    /// What becomes of the account's record. Such a fault meets only requests for an account.
    pub(super) account: Option<Map<String, Value>>,
}

impl Fault {
    pub(super) fn error(&self) -> &str {
        match self {
            Self::Error(error) => error,
            Self::Effect(effect) => &effect.error,
        }
    }

    pub(super) fn account(&self) -> Option<&Map<String, Value>> {
        match self {
            Self::Error(_) => None,
            Self::Effect(effect) => effect.account.as_ref(),
        }
    }
}

impl Api {
    /// `round_trip` as a duration; `None` where it is none.
    pub(super) fn round_trip(&self) -> Option<Duration> {
        let text = self.round_trip.as_ref().map_or("0s", |text| text.get_ref());
        humantime::parse_duration(text).ok()
    }

    /// Every scope that some route needs.
    pub(super) fn scopes(&self) -> BTreeSet<String> {
        let models = || self.models.values().flat_map(BTreeMap::keys);
        let mut scopes = BTreeSet::new();
        for route in &self.routes {
            for scope in route.scopes.iter().flat_map(|scopes| [&scopes.read, &scopes.write]) {
                match scope.split_once("{{resource}}") {
                    Some((before, after)) => scopes.extend(models().map(|name| format!("{before}{name}{after}"))),
                    None => drop(scopes.insert(scope.clone())),
                }
            }
        }
        scopes
    }

    /// The resources of which records can be invented.
    pub(super) fn inventable(&self) -> Vec<&str> {
        let seeded = self.resources.iter().filter(|(_, resource)| !resource.seeds.is_empty());
        seeded.map(|(name, _)| name.as_str()).collect()
    }

    /// The resource whose invented records are of this kind, and which of its seeds makes them.
    pub(super) fn resource_of(&self, kind: &str) -> Option<(&str, &Resource, usize)> {
        self.resources.iter().find_map(|(name, resource)| {
            let at = resource.seeds.iter().position(|seeds| seeds.kind.get_ref() == kind)?;
            Some((name.as_str(), resource, at))
        })
    }
}
