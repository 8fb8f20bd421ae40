//! Who asks, and what they may do.

use std::collections::BTreeMap;

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, alphabet};

use super::data::{Api, Authorization, Part};
use super::input::Input;
use super::situation::{Refusal, Situation};
use crate::clock::Timestamp;

/// The tokens of a world.
#[derive(Debug, Default)]
pub(super) struct Tokens(BTreeMap<String, Grant>);

/// What a token may do, and until when.
#[derive(Debug, Clone, Default)]
pub(super) struct Grant {
    /// Everything where `None`.
    pub(super) scopes: Option<Vec<String>>,
    /// For ever where `None`.
    pub(super) expires: Option<Timestamp>,
    /// The account whose records it opens; `None` where requests name their account.
    pub(super) account: Option<String>,
}

impl Tokens {
    /// The tokens that exist from the start; `scopes` is what those may do of which the data does not say it.
    pub(super) fn new(api: &Api, scopes: Option<&[String]>, start: Timestamp) -> Self {
        let of_api = api.tokens.iter().map(|token| {
            let own = token.scopes.as_ref().map(|own| own.iter().map(|scope| scope.get_ref().clone()).collect());
            let expires = token.expires.as_ref().and_then(|instant| Timestamp::parse(instant.get_ref()));
            let scopes = own.or_else(|| scopes.map(<[_]>::to_vec));
            (token.token.get_ref().clone(), Grant { scopes, expires, account: None })
        });
        let of_accounts = api.accounts.iter().map(|account| {
            let life = account.expires_in.as_ref().and_then(|life| humantime::parse_duration(life.get_ref()).ok());
            let expires = life.map(|life| start.after(life));
            let grant = Grant { scopes: account.scopes.clone(), expires, account: Some(account.id.get_ref().clone()) };
            (account.token.get_ref().clone(), grant)
        });
        Self(of_api.chain(of_accounts).collect())
    }

    /// What a token may do; `None` where there is no such token.
    pub(super) fn grant(&self, token: &str) -> Option<&Grant> {
        self.0.get(token)
    }

    /// Issues a token.
    pub(super) fn issue(&mut self, token: String, grant: Grant) {
        self.0.insert(token, grant);
    }

    /// Takes the tokens of an account back.
    pub(super) fn revoke(&mut self, account: &str) {
        self.0.retain(|_, grant| grant.account.as_deref() != Some(account));
    }

    /// Takes back the tokens of an account that OAuth issued. A key that somebody made by hand never expires, and stays.
    pub(super) fn revoke_issued(&mut self, account: &str) {
        self.0.retain(|_, grant| grant.expires.is_none() || grant.account.as_deref() != Some(account));
    }

    /// Why a request with `token` may not use `scope`; an empty one needs no permission.
    pub(super) fn refuses(&self, token: Option<&str>, scope: &str, now: Timestamp) -> Option<Refusal> {
        let Some(token) = token else { return Some(Situation::MissingToken.into()) };
        let Some(grant) = self.0.get(token) else { return Some(Situation::WrongToken.into()) };
        if let Some(expires) = grant.expires.filter(|expires| now >= *expires) {
            let ago = now.since(expires).as_secs();
            let refusal = Refusal::from(Situation::ExpiredToken);
            return Some(refusal.with("expired_s", ago).with("expired_at", expires.rfc3339()));
        }
        let may =
            scope.is_empty() || grant.scopes.as_ref().is_none_or(|scopes| scopes.iter().any(|known| known == scope));
        (!may).then(|| Situation::MissingScope.into())
    }
}

/// The token that a request carries in one of the ways that the API knows.
pub(super) fn token(ways: &[Authorization], input: &Input<'_>) -> Option<String> {
    ways.iter().find_map(|way| carried(way, input))
}

fn carried(way: &Authorization, input: &Input<'_>) -> Option<String> {
    let has = |(name, wanted): (&String, &String)| {
        let given = input.headers.get(name).map(str::trim).filter(|given| !given.is_empty());
        given.is_some_and(|given| wanted == "*" || given == wanted)
    };
    if !way.with.iter().all(has) {
        return None;
    }
    let text = match (&way.header, &way.query) {
        (Some(header), _) => input.headers.get(header)?,
        (None, Some(query)) => input.parameter(query)?,
        (None, None) => return None,
    };
    let text = text.trim();
    let token = match &way.scheme {
        None => text.to_owned(),
        Some(scheme) => {
            // The scheme's case does not matter (RFC 9110, section 11.1).
            let (given, token) = text.split_once(' ')?;
            let token = token.trim();
            if !given.eq_ignore_ascii_case(scheme) {
                return None;
            }
            if scheme.eq_ignore_ascii_case("basic") {
                let (user, password) = basic(token)?;
                if way.part == Part::User { user } else { password }
            } else {
                token.to_owned()
            }
        }
    };
    (!token.is_empty()).then_some(token)
}

/// The user and the password of basic credentials (RFC 7617).
pub(super) fn basic(credentials: &str) -> Option<(String, String)> {
    let text = String::from_utf8(BASE64.decode(credentials).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// Base64, with or without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_read() {
        let read = |text: &str| basic(text).map(|(user, password)| format!("{user}|{password}"));
        assert_eq!(read("a2V5Og==").as_deref(), Some("key|"));
        assert_eq!(read("a2V5Og").as_deref(), Some("key|"));
        assert_eq!(read("YS90b2tlbjprOjI=").as_deref(), Some("a/token|k:2"));
        for bad in ["", "a2V5", "!!", "/////w=="] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
