//! The state of one API in a world.

use std::collections::BTreeMap;

use super::auth::Tokens;
use super::data::Api;
use super::quota::Quotas;
use super::store::Store;
use crate::http::Reply;

/// The state of one API.
#[derive(Debug)]
pub(super) struct State {
    pub(super) tokens: Tokens,
    pub(super) quotas: Quotas,
    pub(super) store: Store,
    /// What was answered to writes that carried a key, so that a repeated one writes nothing.
    pub(super) repeatable: BTreeMap<[String; 4], Reply>,
}

impl State {
    /// The state from which every page starts; `scopes` is what the page's token may do.
    pub(super) fn new(api: &Api, scopes: Option<&[String]>) -> Self {
        Self {
            tokens: Tokens::new(api, scopes),
            quotas: Quotas::default(),
            store: Store::new(api),
            repeatable: BTreeMap::new(),
        }
    }
}
