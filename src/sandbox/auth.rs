//! Who asks, and what they may do.

use std::collections::BTreeMap;

use super::data::{Api, Authorization};
use super::situation::Situation;
use crate::clock::Timestamp;
use crate::http::Headers;

/// The tokens of a world.
#[derive(Debug)]
pub(super) struct Tokens(BTreeMap<String, Grant>);

/// What a token may do, and until when.
#[derive(Debug)]
struct Grant {
    /// Everything where `None`.
    scopes: Option<Vec<String>>,
    expires: Option<Timestamp>,
}

impl Tokens {
    /// The tokens that exist from the start; `scopes` is what those may do of which the data does not say it.
    pub(super) fn new(api: &Api, scopes: Option<&[String]>) -> Self {
        let grants = api.tokens.iter().map(|token| {
            let own = token.scopes.as_ref().map(|own| own.iter().map(|scope| scope.get_ref().clone()).collect());
            let expires = token.expires.as_ref().and_then(|instant| Timestamp::parse(instant.get_ref()));
            (token.token.get_ref().clone(), Grant { scopes: own.or_else(|| scopes.map(<[_]>::to_vec)), expires })
        });
        Self(grants.collect())
    }

    /// One more token, which may do everything.
    pub(super) fn add(&mut self, token: &str, expires: Option<Timestamp>) {
        self.0.insert(token.to_owned(), Grant { scopes: None, expires });
    }

    /// True where there is such a token, whatever it may do.
    pub(super) fn contains(&self, token: &str) -> bool {
        self.0.contains_key(token)
    }

    /// Why a request with `token` may not use `scope`.
    pub(super) fn refuses(&self, token: Option<&str>, scope: &str, now: Timestamp) -> Option<Situation> {
        let Some(token) = token else { return Some(Situation::MissingToken) };
        let Some(grant) = self.0.get(token) else { return Some(Situation::WrongToken) };
        if grant.expires.is_some_and(|expires| now >= expires) {
            return Some(Situation::ExpiredToken);
        }
        let may = grant.scopes.as_ref().is_none_or(|scopes| scopes.iter().any(|known| known == scope));
        (!may).then_some(Situation::MissingScope)
    }
}

/// The token that a request carries (RFC 6750, section 2.1); the scheme's case does not matter (RFC 9110, section 11.1).
pub(super) fn token<'r>(authorization: &Authorization, headers: &'r Headers) -> Option<&'r str> {
    let (scheme, token) = headers.get(&authorization.header)?.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case(&authorization.scheme) && !token.is_empty()).then_some(token)
}
