//! How the unified API speaks to a provider: JSONata, one expression a place.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// What the unified API makes of a provider's answers, and of which requests.
#[derive(Debug, Clone, Default, Deserialize)]
pub(in crate::sandbox) struct Mapping {
    /// What answers say of the provider's limits: `limit`, `window`, `remaining`, `reset`.
    pub(in crate::sandbox) rate_limit: Option<String>,
    /// The status that an answer really means; nothing where its own is right.
    pub(in crate::sandbox) status: Option<String>,
    /// The provider's message.
    pub(in crate::sandbox) message: Option<String>,
    /// By category, then by the model's name: a `ModelMapping` each, as it is written, since an account may change parts.
    #[serde(flatten)]
    pub(in crate::sandbox) models: BTreeMap<String, BTreeMap<String, Value>>,
}

/// How one kind of record is mapped.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct ModelMapping {
    /// Unified fields over one native record: an expression, or fields of an object with one each.
    #[serde(default)]
    pub(in crate::sandbox) response: Map<String, Value>,
    /// Whether a native record is of this kind, where records of another kind are in the same place.
    pub(in crate::sandbox) is: Option<String>,
    pub(in crate::sandbox) list: Option<ListMapping>,
    pub(in crate::sandbox) get: Option<MethodMapping>,
    pub(in crate::sandbox) create: Option<MethodMapping>,
    pub(in crate::sandbox) update: Option<MethodMapping>,
    pub(in crate::sandbox) delete: Option<MethodMapping>,
    /// Methods of its own, by name.
    #[serde(default)]
    pub(in crate::sandbox) methods: BTreeMap<String, MethodMapping>,
}

/// How a list is asked for.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::sandbox) struct ListMapping {
    pub(in crate::sandbox) method: Option<String>,
    pub(in crate::sandbox) path: String,
    pub(in crate::sandbox) query: Option<String>,
    pub(in crate::sandbox) headers: Option<String>,
    pub(in crate::sandbox) body: Option<String>,
    /// The largest page that may be asked for; any where absent.
    pub(in crate::sandbox) max: Option<u64>,
    /// Where the records lie in the answer; the answer itself where empty.
    #[serde(default)]
    pub(in crate::sandbox) records: String,
    /// The next cursor; there is no further page where it is nothing.
    pub(in crate::sandbox) next: Option<String>,
    /// True: that counts pages, so it means nothing without their size.
    #[serde(default)]
    pub(in crate::sandbox) numbered: bool,
    /// The unified fields by which it can be asked for in order.
    #[serde(default)]
    pub(in crate::sandbox) sorts: Vec<String>,
    /// A second list, whose records have what those of this one lack.
    pub(in crate::sandbox) also: Option<AlsoMapping>,
    /// How the list is asked for where a filter is wanted that this way does not have.
    #[serde(default)]
    pub(in crate::sandbox) variants: Vec<Variant>,
}

/// A second list of the provider's, asked for with each page of the first.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct AlsoMapping {
    pub(in crate::sandbox) path: String,
    pub(in crate::sandbox) query: Option<String>,
    /// Where the records lie in the answer; the answer itself where empty.
    #[serde(default)]
    pub(in crate::sandbox) records: String,
    /// The field of both lists by whose value their records belong together.
    pub(in crate::sandbox) id: String,
}

/// Another way to ask for a list.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::sandbox) struct Variant {
    /// The unified fields, one of which the request filters by.
    pub(in crate::sandbox) when: Vec<String>,
    #[serde(flatten)]
    pub(in crate::sandbox) list: ListMapping,
}

/// How something else is asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct MethodMapping {
    pub(in crate::sandbox) method: Option<String>,
    /// With `{{id}}`.
    pub(in crate::sandbox) path: String,
    pub(in crate::sandbox) query: Option<String>,
    pub(in crate::sandbox) headers: Option<String>,
    pub(in crate::sandbox) body: Option<String>,
    /// Where the record lies in the answer; the answer itself where empty.
    pub(in crate::sandbox) record: Option<String>,
    /// The record's id, where the answer holds no record: it is read again then.
    pub(in crate::sandbox) id: Option<String>,
}
