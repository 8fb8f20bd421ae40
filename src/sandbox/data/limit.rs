//! How many requests may be made, and how answers tell it.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::route::Operation;

/// So many requests in a window of time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Limit {
    pub(in crate::sandbox) requests: u64,
    pub(in crate::sandbox) seconds: u64,
    #[serde(default)]
    pub(in crate::sandbox) window: Window,
    #[serde(default)]
    pub(in crate::sandbox) per: Payer,
    /// The paths that count, with `*` for any text; all where absent.
    pub(in crate::sandbox) paths: Option<Vec<String>>,
    /// Paths that do not count.
    #[serde(default)]
    pub(in crate::sandbox) except: Vec<String>,
    /// What a request costs, by operation; 1 where absent.
    #[serde(default)]
    pub(in crate::sandbox) cost: BTreeMap<Operation, u64>,
    /// What is answered when it is spent; `quota_spent` where absent.
    pub(in crate::sandbox) error: Option<Spanned<String>>,
    /// Header fields of every answer to a request that it counted.
    #[serde(default)]
    pub(in crate::sandbox) headers: BTreeMap<String, Spanned<String>>,
    /// More fields, once half is used.
    #[serde(default)]
    pub(in crate::sandbox) half_used: BTreeMap<String, Spanned<String>>,
    /// More fields of the refusal.
    #[serde(default)]
    pub(in crate::sandbox) limited: BTreeMap<String, Spanned<String>>,
}

/// When what was used is there again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::sandbox) enum Window {
    /// All at once, at the end of a window that begins with the first request after the last one.
    #[default]
    Fixed,
    /// Each request after the window's length.
    Rolling,
}

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::sandbox) enum Payer {
    Token,
    #[default]
    Account,
}
