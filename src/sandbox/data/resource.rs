//! Kinds of records.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};
use toml::Spanned;

use super::list::{Filter, Paging, Sort};
use super::route::Operation;
use crate::sandbox::shape::{Set, Shape};
use crate::sandbox::template::{IdTemplate, Template};
use crate::source::{self, SourceFile};

/// A kind of record.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Resource {
    /// A template for ids, over `n`.
    pub(in crate::sandbox) id: IdTemplate,
    /// True: requests may leave out of an id what follows after its number.
    #[serde(default)]
    pub(in crate::sandbox) short_ids: bool,
    /// The first `n`.
    #[serde(default = "one")]
    pub(in crate::sandbox) first: u64,
    /// How one record looks; as it is kept where absent.
    pub(in crate::sandbox) item: Option<Spanned<Value>>,
    /// How a deleted record looks in lists, where it looks otherwise.
    pub(in crate::sandbox) tombstone: Option<Spanned<Value>>,
    /// In place of the API's own answers, by operation.
    #[serde(default)]
    pub(in crate::sandbox) answers: BTreeMap<Operation, Spanned<Template>>,
    /// Where in a request's body the fields stand, such as `data` or `data[0]`; the body itself where empty.
    #[serde(default)]
    pub(in crate::sandbox) body: String,
    /// True: what stands there is an array of records.
    #[serde(default)]
    pub(in crate::sandbox) batch: bool,
    /// Fields that stand elsewhere in a body, or in another form: JSONata over the whole of it that gives an object.
    pub(in crate::sandbox) reads: Option<Spanned<String>>,
    /// Members of `item` that are shown only to a request with a parameter, by member.
    #[serde(default)]
    pub(in crate::sandbox) asked: BTreeMap<String, String>,
    #[serde(default)]
    pub(in crate::sandbox) unknown: Unknown,
    /// What becomes of fields in a body that the API fills itself.
    #[serde(default)]
    pub(in crate::sandbox) owned: Owned,
    #[serde(default)]
    pub(in crate::sandbox) delete: Delete,
    /// Paths whose values no two records of an account share.
    #[serde(default)]
    pub(in crate::sandbox) unique: Vec<String>,
    pub(in crate::sandbox) select: Option<Select>,
    /// The field with a record's entity tag, by which requests say which version they mean (RFC 9110, section 13).
    pub(in crate::sandbox) tag: Option<Spanned<String>>,
    /// True: a change of a record that is not there makes it, unless the request says that it must be.
    #[serde(default)]
    pub(in crate::sandbox) upsert: bool,
    pub(in crate::sandbox) fields: BTreeMap<String, Shape>,
    /// Invented records, one kind after the other.
    #[serde(default)]
    pub(in crate::sandbox) seeds: Vec<Seeds>,
    /// Files with records that exist from the start.
    #[serde(default)]
    pub(in crate::sandbox) records: Vec<Records>,
    pub(in crate::sandbox) paging: Option<Paging>,
    pub(in crate::sandbox) sort: Option<Sort>,
    #[serde(default)]
    pub(in crate::sandbox) filters: Vec<Filter>,
    /// Parameters that the real API understands and the sandbox does not, on every route of the resource.
    #[serde(default)]
    pub(in crate::sandbox) beyond: Vec<String>,
    /// Arrays of a record whose elements the language `conditions` knows as objects of their own, by their type.
    #[serde(default)]
    pub(in crate::sandbox) parts: BTreeMap<String, Spanned<String>>,
    /// Fields of which a new record must have one at least, in each list.
    #[serde(default)]
    pub(in crate::sandbox) one_of: Vec<Vec<Spanned<String>>>,
    /// The record of another kind that is made for a new record without one, by the field with its id.
    #[serde(default)]
    pub(in crate::sandbox) makes: BTreeMap<String, Makes>,
    /// How many records one body may hold at most.
    pub(in crate::sandbox) most: Option<Most>,
}

/// A record that is made for another.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Makes {
    /// Its kind.
    pub(in crate::sandbox) resource: Spanned<String>,
    /// Templates over the record for which it is made.
    pub(in crate::sandbox) fields: Map<String, Value>,
}

/// A number that must not be passed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Most {
    pub(in crate::sandbox) count: usize,
    /// The error for more.
    pub(in crate::sandbox) error: Spanned<String>,
}

fn one() -> u64 {
    1
}

/// What becomes of fields in a body that nobody declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::sandbox) enum Unknown {
    #[default]
    Keep,
    Ignore,
    Refuse,
}

/// What becomes of fields in a body that the API fills itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::sandbox) enum Owned {
    #[default]
    Ignore,
    /// Objects, which describe a record, may come back as they were told.
    Refuse,
}

/// What becomes of a deleted record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::sandbox) enum Delete {
    /// Nobody finds it again. That it was deleted is known to deletion feeds.
    #[default]
    Remove,
    /// It is still found by its id.
    Keep,
}

/// Which fields of a record are shown.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Select {
    /// The parameter that names them, with commas between.
    pub(in crate::sandbox) query: String,
    #[serde(default)]
    pub(in crate::sandbox) always: Vec<String>,
    /// Where the request names none; all where absent.
    pub(in crate::sandbox) default: Option<Vec<String>>,
    /// How many it may name.
    pub(in crate::sandbox) most: Option<Most>,
}

/// Invented records.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Seeds {
    /// What they are.
    pub(in crate::sandbox) kind: Spanned<String>,
    /// Templates over the invented record.
    pub(in crate::sandbox) fields: Map<String, Value>,
}

/// A file of records.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Records {
    pub(in crate::sandbox) file: Spanned<String>,
    /// The id of the account to which they belong.
    pub(in crate::sandbox) account: Option<Spanned<String>>,
    /// What the file holds, each with its place; filled by `read`.
    #[serde(skip)]
    pub(in crate::sandbox) rows: Vec<source::Spanned<Map<String, Value>>>,
    /// The file itself; filled by `read`.
    #[serde(skip)]
    pub(in crate::sandbox) source: Option<Arc<SourceFile>>,
}

impl Resource {
    /// An id as it is kept, also where a request says its short form.
    pub(in crate::sandbox) fn whole_id<'i>(&self, id: &'i str) -> Cow<'i, str> {
        let whole = self.short_ids.then(|| self.id.completed(id)).flatten();
        whole.map_or(Cow::Borrowed(id), Cow::Owned)
    }

    /// The name of the field that holds `what`.
    pub(in crate::sandbox) fn field(&self, what: Set) -> Option<&str> {
        self.fields.iter().find(|(_, shape)| shape.set == Some(what)).map(|(name, _)| name.as_str())
    }

    /// The id of a record, as text.
    pub(in crate::sandbox) fn id_of(&self, record: &Map<String, Value>) -> Option<String> {
        match record.get(self.field(Set::Id)?)? {
            Value::String(id) => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        }
    }
}
