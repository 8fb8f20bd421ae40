//! How a provider issues tokens (RFC 6749, RFC 7636).

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use toml::Spanned;

use super::route::{Operation, Route};

/// How tokens are issued.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct OAuth {
    /// The path at which the owner consents.
    pub(in crate::sandbox) authorize: Option<String>,
    /// The path at which tokens are issued.
    pub(in crate::sandbox) token: String,
    /// How the client may say who it is.
    pub(in crate::sandbox) client: Vec<ClientAuth>,
    pub(in crate::sandbox) client_id: String,
    pub(in crate::sandbox) client_secret: String,
    #[serde(default)]
    pub(in crate::sandbox) redirect_uri: String,
    /// True: a code is issued only for a challenge.
    #[serde(default)]
    pub(in crate::sandbox) pkce: bool,
    /// How long access tokens live, such as `30m`.
    life: String,
    /// True: answers say so.
    #[serde(default = "yes")]
    pub(in crate::sandbox) tells_life: bool,
    /// True: each refresh gives a new refresh token, and an old one that comes again revokes them all.
    #[serde(default)]
    pub(in crate::sandbox) rotates: bool,
    /// True: a refresh that gives no new refresh token answers with the one that it was asked with.
    #[serde(default)]
    pub(in crate::sandbox) repeats: bool,
    /// What must have been asked for so that there is a refresh token; nothing where absent.
    pub(in crate::sandbox) offline: Option<Offline>,
    /// Bodies must be forms: the error for others. Where absent, JSON will do too.
    pub(in crate::sandbox) form: Option<Spanned<String>>,
    /// How long refresh tokens live without being used; for ever where absent.
    refresh_life: Option<String>,
    /// What may be asked for; anything where absent.
    #[serde(default)]
    pub(in crate::sandbox) scopes: Vec<String>,
    /// The kind of grant where a request names none.
    pub(in crate::sandbox) grant: Option<String>,
    /// In place of the usual members of the answer, over these.
    pub(in crate::sandbox) answer: Option<Value>,
    /// More members of the answer with a token.
    #[serde(default)]
    pub(in crate::sandbox) extra: Map<String, Value>,
}

/// What a client must have asked for so that it may come back without the owner.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Offline {
    /// One of these scopes, where the client has named any.
    #[serde(default)]
    pub(in crate::sandbox) scopes: Vec<String>,
    /// A parameter of the request for consent, and its value.
    #[serde(default)]
    pub(in crate::sandbox) with: Map<String, Value>,
}

fn yes() -> bool {
    true
}

/// How a client says who it is (RFC 6749, section 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::sandbox) enum ClientAuth {
    Body,
    Basic,
}

impl OAuth {
    /// The routes at which consent and tokens are asked for.
    pub(in crate::sandbox) fn routes(&self) -> impl Iterator<Item = Route> {
        let authorize = self.authorize.clone().map(|path| Route::of(path, Operation::Authorize));
        authorize.into_iter().chain([Route::of(self.token.clone(), Operation::Token)])
    }

    /// How long access tokens live; `None` where that cannot be read.
    pub(in crate::sandbox) fn life(&self) -> Option<Duration> {
        humantime::parse_duration(&self.life).ok()
    }

    /// How long refresh tokens live, `None` for ever.
    ///
    /// # Errors
    ///
    /// The text, where that cannot be read.
    pub(in crate::sandbox) fn refresh_life(&self) -> Result<Option<Duration>, &str> {
        self.refresh_life.as_deref().map(|text| humantime::parse_duration(text).map_err(|_| text)).transpose()
    }
}
