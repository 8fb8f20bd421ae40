//! The unified API's own: its models, and the accounts that it integrates.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::{Map, Value};
use toml::Spanned;

use crate::sandbox::shape::Shape;
use crate::sandbox::template::Template;

/// The accounts of all providers, as the unified API knows them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Integrated {
    /// The resource whose records they are.
    pub(in crate::sandbox) resource: Spanned<String>,
    /// What an account's record is, over `id`, `tenant`, `provider`, `label` and `model`.
    pub(in crate::sandbox) record: Map<String, Value>,
    /// Variables for the page of one account, over its record.
    #[serde(default)]
    pub(in crate::sandbox) variables: BTreeMap<String, String>,
    /// When requests for an account are refused.
    #[serde(default)]
    pub(in crate::sandbox) refuse: Vec<Refuse>,
    /// What becomes of an account whose credentials the provider refuses for good.
    pub(in crate::sandbox) refused: Map<String, Value>,
    /// Header fields that tell of the provider's limits, where they are known.
    #[serde(default)]
    pub(in crate::sandbox) rate: BTreeMap<String, Spanned<String>>,
    /// The field of an account's record that changes how it is mapped.
    pub(in crate::sandbox) overrides: Option<String>,
    /// Changes to the mappings of a provider, whatever the account, by the provider's name.
    #[serde(default)]
    pub(in crate::sandbox) environment: Map<String, Value>,
    /// What a list's answer is, where a provider's own route is asked through this API.
    pub(in crate::sandbox) proxy: Option<Spanned<Template>>,
    /// How long a token for one account lives.
    pub(in crate::sandbox) token_life: Option<String>,
}

/// An account whose `field` is `value` answers with `error`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Refuse {
    pub(in crate::sandbox) field: Spanned<String>,
    pub(in crate::sandbox) value: Value,
    pub(in crate::sandbox) error: Spanned<String>,
    /// True: only to writes.
    #[serde(default)]
    pub(in crate::sandbox) writes: bool,
}

/// A unified kind of record.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Model {
    /// Other names that mean it.
    #[serde(default)]
    pub(in crate::sandbox) names: Vec<String>,
    /// An expression over a body: an object of fields that stand in it in another form.
    pub(in crate::sandbox) reads: Option<Spanned<String>>,
    /// Fields that hold another record's id, by which records they may say it in place of that.
    #[serde(default)]
    pub(in crate::sandbox) links: BTreeMap<String, Link>,
    /// Its fields, in the order in which they are shown.
    pub(in crate::sandbox) fields: Ordered,
}

/// A record of another model, which is found by the value of a field where nobody says its id, or made with it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Link {
    /// The other model's name in the same category.
    pub(in crate::sandbox) model: Spanned<String>,
    /// Its field, which the link has under the same name.
    pub(in crate::sandbox) by: Spanned<String>,
}

/// Shapes by name, and the order in which they are written.
#[derive(Debug)]
pub(in crate::sandbox) struct Ordered {
    pub(in crate::sandbox) names: Vec<String>,
    pub(in crate::sandbox) shapes: BTreeMap<String, Shape>,
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Ordered;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of fields")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut ordered = Ordered { names: Vec::new(), shapes: BTreeMap::new() };
                while let Some((name, shape)) = map.next_entry::<String, Shape>()? {
                    ordered.names.push(name.clone());
                    ordered.shapes.insert(name, shape);
                }
                Ok(ordered)
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

/// Where a body holds `field` but not `fills`, `fills` becomes `with`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Alias {
    pub(in crate::sandbox) field: String,
    pub(in crate::sandbox) fills: Spanned<String>,
    /// A template over the body's fields.
    pub(in crate::sandbox) with: Value,
}
