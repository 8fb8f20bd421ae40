//! The sandbox's data as Rust types. `sandbox/README.md` explains each key by example.
//!
//! The field names here are the keys of the files: `read` fills these types from TOML, and
//! `sandbox/*.schema.json` says the same to editors.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use toml::Spanned;

use super::shape::{Set, Shape};
use super::template::Template;
use crate::source::{self, SourceFile};

/// `sandbox.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Root {
    /// The instant at which every world starts (RFC 3339).
    pub(super) start: Spanned<String>,
    /// The files that describe an API each.
    pub(super) apis: Vec<Spanned<String>>,
}

/// One API: what answers on some hosts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Api {
    /// The hosts that it answers on.
    pub(super) hosts: Vec<Spanned<String>>,
    /// The time that each exchange takes on top of what every exchange takes, such as `80ms`; none where absent.
    pub(super) round_trip: Option<Spanned<String>>,
    /// Variables that pages' steps get.
    #[serde(default)]
    pub(super) variables: BTreeMap<String, String>,
    /// Header fields of every answer.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Spanned<String>>,
    pub(super) authorization: Authorization,
    pub(super) tokens: Vec<Token>,
    pub(super) quota: Quota,
    pub(super) idempotency: Idempotency,
    pub(super) accounts: Accounts,
    pub(super) list: List,
    pub(super) answers: Answers,
    /// How one faulty field looks in `{{failures}}`.
    pub(super) failure: Spanned<Value>,
    /// What goes wrong, by name.
    pub(super) errors: BTreeMap<String, Spanned<Template>>,
    /// What each kind of fault makes of an answer.
    pub(super) faults: BTreeMap<String, Effect>,
    pub(super) routes: Vec<Route>,
    pub(super) resources: BTreeMap<String, Resource>,
}

/// Where a request carries its token.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Authorization {
    /// The header field.
    pub(super) header: String,
    /// The word before the token.
    pub(super) scheme: String,
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

/// How many requests a token may make, and how answers tell it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Quota {
    requests: u64,
    seconds: u64,
    /// Header fields of every answer that tell the state of the budget that the request was counted against.
    pub(super) headers: BTreeMap<String, Spanned<String>>,
}

/// How many requests may be made for an account.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountQuota {
    /// The account's id; every account that no other entry names where absent.
    pub(super) account: Option<Spanned<String>>,
    requests: u64,
    seconds: u64,
    /// In place of those of the API's quota that have the same names.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Spanned<String>>,
}

/// So many requests in a window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Budget {
    pub(super) requests: u64,
    /// The window's length. It begins with the first request after the last window.
    pub(super) seconds: u64,
}

/// How a client marks a write that it repeats.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Idempotency {
    /// The header field that carries the key.
    pub(super) header: String,
}

/// The accounts to which records belong.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Accounts {
    /// The resource whose records they are.
    pub(super) resource: Spanned<String>,
    /// When requests for an account are refused.
    #[serde(default)]
    pub(super) refuse: Vec<Refuse>,
    /// What may be asked for each of them. Without an entry, only the token's budget counts.
    #[serde(default)]
    pub(super) quotas: Vec<AccountQuota>,
}

/// An account whose `field` is `value` answers with `error`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Refuse {
    pub(super) field: Spanned<String>,
    pub(super) value: Value,
    pub(super) error: Spanned<String>,
    /// True: only to writes.
    #[serde(default)]
    pub(super) writes: bool,
}

/// The query parameters of lists.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    /// Records on a page where the request does not say.
    pub(super) page_size: u64,
    /// Records on a page at most, whatever the request says.
    pub(super) max_page_size: u64,
    /// Parameters for the size of a page.
    pub(super) limit: Vec<String>,
    /// Parameters for the cursor.
    pub(super) cursor: Vec<String>,
    /// The parameter for the order: `sort=field`, `sort[field]=desc`.
    pub(super) sort: String,
    /// The parameter that names fields to leave out.
    pub(super) exclude: String,
    /// Parameters that leave one field out when they are `true`.
    #[serde(default)]
    pub(super) drop: BTreeMap<String, String>,
    /// Parameters that stand for a comparison of a field.
    #[serde(default)]
    pub(super) filters: BTreeMap<String, Filter>,
}

/// A comparison of a field with what a parameter says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    /// The path of the field, such as `updated_at` or `email_addresses[].email`.
    pub(super) field: String,
    #[serde(rename = "is")]
    pub(super) comparison: Comparison,
}

/// How a field must compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Comparison {
    Eq,
    Ne,
    Gt,
    Gte,
    Lt,
    Lte,
    /// Equal to one of a list separated by commas.
    In,
}

/// What is answered when all went well.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answers {
    pub(super) list: Spanned<Template>,
    pub(super) get: Spanned<Template>,
    pub(super) create: Spanned<Template>,
    pub(super) update: Spanned<Template>,
    pub(super) delete: Spanned<Template>,
}

/// What a kind of fault does.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Effect {
    /// The error that is answered.
    pub(super) error: Spanned<String>,
    /// What becomes of the account's record. Such a fault meets only requests for an account.
    pub(super) account: Option<Map<String, Value>>,
}

/// A path at which a resource is reached; its records are one segment deeper.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Route {
    pub(super) path: Spanned<String>,
    pub(super) resource: Spanned<String>,
    pub(super) operations: Vec<Operation>,
    /// How a request names its account; absent where records belong to none.
    pub(super) account: Option<AccountKey>,
    pub(super) scopes: Scopes,
    /// In place of the API's own answer to a list.
    pub(super) list: Option<Spanned<Template>>,
    /// Fields that bodies may hold here besides the resource's own.
    #[serde(default)]
    pub(super) fields: BTreeMap<String, Shape>,
    /// Fields that fill others.
    #[serde(default)]
    pub(super) aliases: Vec<Alias>,
}

/// What can be done with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Operation {
    List,
    Get,
    Create,
    Update,
    Delete,
}

/// Where a request names its account.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountKey {
    #[serde(rename = "in")]
    pub(super) place: Place,
    /// The parameter or header field.
    pub(super) name: String,
    /// The field of the account that it names.
    pub(super) field: Spanned<String>,
    /// The error that is answered where the request names none.
    pub(super) missing: Spanned<String>,
}

/// A part of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Place {
    Query,
    Header,
}

/// What a token must be allowed to do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scopes {
    pub(super) read: String,
    pub(super) write: String,
}

/// Where a body holds `field` but not `fills`, `fills` becomes `with`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Alias {
    pub(super) field: String,
    pub(super) fills: Spanned<String>,
    /// A template over the body's fields.
    pub(super) with: Value,
}

/// A kind of record.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Resource {
    /// A template for new ids, over `n`.
    pub(super) id: String,
    /// The first `n`.
    pub(super) first: u64,
    /// Paths whose values no two records of an account share.
    #[serde(default)]
    pub(super) unique: Vec<String>,
    pub(super) fields: BTreeMap<String, Shape>,
    /// Files with the records that exist from the start.
    #[serde(default)]
    pub(super) records: Vec<Records>,
}

/// A file of records.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Records {
    pub(super) file: Spanned<String>,
    /// The id of the account to which they belong.
    pub(super) account: Option<Spanned<String>>,
    /// What the file holds, each with its place; filled by `read`.
    #[serde(skip)]
    pub(super) rows: Vec<source::Spanned<Map<String, Value>>>,
    /// The file itself; filled by `read`.
    #[serde(skip)]
    pub(super) source: Option<Arc<SourceFile>>,
}

impl Api {
    /// `round_trip` as a duration; `None` where it is none.
    pub(super) fn round_trip(&self) -> Option<Duration> {
        let text = self.round_trip.as_ref().map_or("0s", |text| text.get_ref());
        humantime::parse_duration(text).ok()
    }

    /// Every scope that some route needs.
    pub(super) fn scopes(&self) -> BTreeSet<&str> {
        self.routes.iter().flat_map(|route| route.operations.iter().map(|operation| route.scope(*operation))).collect()
    }
}

impl Quota {
    pub(super) fn budget(&self) -> Budget {
        Budget { requests: self.requests, seconds: self.seconds }
    }
}

impl AccountQuota {
    pub(super) fn budget(&self) -> Budget {
        Budget { requests: self.requests, seconds: self.seconds }
    }
}

impl Accounts {
    /// What may be asked for the account of this id: the entry that names it, else the one that names none.
    pub(super) fn quota(&self, account: &str) -> Option<&AccountQuota> {
        let named = |name: Option<&str>| {
            self.quotas.iter().find(|quota| quota.account.as_ref().map(|id| id.get_ref().as_str()) == name)
        };
        named(Some(account)).or_else(|| named(None))
    }
}

impl Resource {
    /// The name of the field that holds `what`.
    pub(super) fn field(&self, what: Set) -> Option<&str> {
        self.fields.iter().find(|(_, shape)| shape.set == Some(what)).map(|(name, _)| name.as_str())
    }

    /// The id of a record.
    pub(super) fn id_of<'r>(&self, record: &'r Map<String, Value>) -> Option<&'r str> {
        record.get(self.field(Set::Id)?)?.as_str()
    }
}

impl Route {
    /// The scope that `operation` needs.
    pub(super) fn scope(&self, operation: Operation) -> &str {
        if operation.writes() { &self.scopes.write } else { &self.scopes.read }
    }
}

impl Operation {
    pub(super) fn writes(self) -> bool {
        !matches!(self, Self::List | Self::Get)
    }

    /// Where it stands, and by which method it is asked for.
    pub(super) fn method(self) -> &'static str {
        match self {
            Self::List | Self::Get => "GET",
            Self::Create => "POST",
            Self::Update => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// True where it is about one record.
    pub(super) fn of_one(self) -> bool {
        matches!(self, Self::Get | Self::Update | Self::Delete)
    }
}
