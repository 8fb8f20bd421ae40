//! The state of one API in a world.

use std::collections::BTreeMap;

use super::accounts::Accounts;
use super::auth::Tokens;
use super::data::Api;
use super::names::Names;
use super::oauth::Issued;
use super::quota::Quotas;
use super::store::{Maker, Store};
use crate::http::Reply;

/// The state of one API.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) tokens: Tokens,
    pub(super) issued: Issued,
    pub(super) quotas: Quotas,
    pub(super) store: Store,
    /// What was answered to writes that carried a key, so that a repeated one writes nothing.
    pub(super) repeatable: BTreeMap<[String; 4], Reply>,
    /// What the provider calls its fields now, by resource, where it has renamed some.
    pub(super) names: BTreeMap<String, Names>,
    /// What the unified API knows of its accounts.
    pub(super) accounts: Accounts,
}

impl State {
    /// The state from which every page starts; `scopes` is what the page's token may do.
    pub(super) fn new(api: &Api, maker: &Maker<'_>, scopes: Option<&[String]>) -> Self {
        Self {
            tokens: Tokens::new(api, scopes, maker.start),
            issued: Issued::new(&api.accounts, api.oauth.as_ref(), maker.start),
            store: Store::new(maker),
            ..Self::default()
        }
    }

    /// What the fields of a resource are called now.
    pub(super) fn names(&self, resource: &str) -> Names {
        self.names.get(resource).cloned().unwrap_or_default()
    }
}
