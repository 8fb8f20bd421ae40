//! Tokens are issued, refreshed and refused (RFC 6749, RFC 7636).

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::auth::{self, Grant, Tokens};
use super::data::{Account, ClientAuth, OAuth};
use super::situation::{Refusal, Situation};
use crate::clock::Timestamp;
use crate::http::{Headers, Reply};

/// How long a code may be exchanged (RFC 6749, section 4.1.2, asks for ten minutes at most).
const CODE_LIFE: Duration = Duration::from_secs(60);

/// What a world has issued of one provider.
#[derive(Debug, Default)]
pub(super) struct Issued {
    codes: BTreeMap<String, Code>,
    refresh: BTreeMap<String, Refresh>,
    /// How many tokens and codes there were.
    count: u64,
}

#[derive(Debug, Clone)]
struct Code {
    account: String,
    scopes: Option<Vec<String>>,
    /// True: there is a refresh token for it.
    offline: bool,
    /// True: it was exchanged.
    used: bool,
    redirect_uri: String,
    challenge: Option<String>,
    expires: Timestamp,
}

#[derive(Debug, Clone)]
struct Refresh {
    account: String,
    scopes: Option<Vec<String>>,
    /// When it dies without being used.
    expires: Option<Timestamp>,
    /// True: another has taken its place.
    used: bool,
}

impl Issued {
    /// The refresh tokens that exist from the start.
    pub(super) fn new(accounts: &[Account], oauth: Option<&OAuth>, start: Timestamp) -> Self {
        let life = oauth.and_then(|oauth| oauth.refresh_life().ok().flatten());
        let refresh = accounts.iter().filter_map(|account| {
            let refresh = Refresh {
                account: account.id.get_ref().clone(),
                scopes: account.scopes.clone(),
                expires: life.map(|life| start.after(life)),
                used: false,
            };
            Some((account.refresh_token.as_ref()?.get_ref().clone(), refresh))
        });
        Self { refresh: refresh.collect(), ..Self::default() }
    }

    /// Makes a refresh token known, of an account that was connected later.
    pub(super) fn connect(&mut self, token: String, account: &str) {
        self.refresh.insert(token, Refresh { account: account.to_owned(), scopes: None, expires: None, used: false });
    }

    /// Takes all refresh tokens of an account back.
    pub(super) fn revoke(&mut self, account: &str) {
        self.refresh.retain(|_, refresh| refresh.account != account);
    }

    /// A text that nobody can guess, and that is the same in every run.
    fn secret(&mut self, what: &str, of: &str) -> String {
        self.count += 1;
        let digest = Sha256::digest(format!("{what} {of} {}", self.count));
        format!("{what}_{}", digest.iter().take(20).map(|byte| format!("{byte:02x}")).collect::<String>())
    }

    /// The owner's consent: an answer that leads back to the client with a code.
    ///
    /// # Errors
    ///
    /// `invalid_request`, `invalid_client`, `invalid_scope`.
    pub(super) fn authorize(
        &mut self,
        oauth: &OAuth,
        accounts: &[Account],
        asked: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<Reply, Refusal> {
        let text = |name: &str| asked.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        if text("client_id") != Some(oauth.client_id.as_str()) {
            return Err(Situation::InvalidClient.into());
        }
        let redirect_uri = text("redirect_uri").unwrap_or(&oauth.redirect_uri).to_owned();
        if redirect_uri != oauth.redirect_uri && !is_loopback(&redirect_uri) {
            return Err(Refusal::from(Situation::WrongRedirect)
                .with("parameter", "redirect_uri")
                .with("value", redirect_uri));
        }
        if text("response_type").is_some_and(|kind| kind != "code") {
            return Err(lacks("response_type"));
        }
        let challenge = text("code_challenge").map(str::to_owned);
        let is_plain = challenge.is_some() && text("code_challenge_method") != Some("S256");
        if is_plain || (oauth.pkce && challenge.is_none()) {
            return Err(lacks(if is_plain { "code_challenge_method" } else { "code_challenge" }));
        }
        let scopes = scopes(oauth, text("scope"))?;
        let wanted = text("account");
        let mut known = accounts.iter().map(|account| account.id.get_ref());
        let account = match wanted {
            Some(wanted) => known.find(|id| *id == wanted),
            None => {
                accounts.iter().find(|account| account.refresh_token.is_some()).map(|a| a.id.get_ref()).or(known.next())
            }
        };
        let account = account.ok_or_else(|| lacks("account"))?.clone();
        let offline = is_offline(oauth, scopes.as_deref(), asked);
        let code = self.secret("code", &account);
        let expires = now.after(CODE_LIFE);
        let location_of = |state: Option<&str>| {
            let mark = if redirect_uri.contains('?') { '&' } else { '?' };
            let state = state.map(|state| format!("&state={}", super::url::encode(state))).unwrap_or_default();
            format!("{redirect_uri}{mark}code={code}{state}")
        };
        let location = location_of(text("state"));
        self.codes
            .insert(code.clone(), Code { account, scopes, offline, used: false, redirect_uri, challenge, expires });
        let mut headers = Headers::new();
        headers.set("Location", location);
        headers.set("Cache-Control", "no-store");
        Ok(Reply { status: 302, headers, body: Vec::new() })
    }

    /// Issues tokens for a grant; the members of the answer.
    ///
    /// # Errors
    ///
    /// The errors of RFC 6749, section 5.2.
    pub(super) fn token(
        &mut self,
        oauth: &OAuth,
        tokens: &mut Tokens,
        accounts: &[Account],
        headers: &Headers,
        form: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<Map<String, Value>, Refusal> {
        let text = |name: &str| form.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let grant_type = text("grant_type").or(oauth.grant.as_deref()).ok_or_else(|| lacks("grant_type"))?;
        check_client(oauth, headers, text("client_id"), text("client_secret"))?;
        let invalid =
            |cause: &str| Refusal::from(Situation::InvalidGrant).with("grant", grant_type).with("cause", cause);
        let (account, scopes, refresh) = match grant_type {
            "authorization_code" => {
                let known = text("code").ok_or_else(|| lacks("code"))?;
                let known = self.codes.get_mut(known).ok_or_else(|| invalid("code_unknown"))?;
                // A code works once, also when the rest is wrong.
                let code = known.clone();
                known.used = true;
                let verifies = match (&code.challenge, text("code_verifier")) {
                    (None, _) => true,
                    (Some(challenge), Some(verifier)) => URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == *challenge,
                    (Some(_), None) => false,
                };
                let same_uri = text("redirect_uri").is_none_or(|uri| uri == code.redirect_uri);
                for (is_wrong, cause) in [
                    (code.used, "code_used"),
                    (now >= code.expires, "code_expired"),
                    (!verifies, "code_verifier"),
                    (!same_uri, "redirect_uri"),
                ] {
                    if is_wrong {
                        return Err(invalid(cause));
                    }
                }
                let refresh = code.offline.then(|| self.new_refresh(oauth, &code.account, code.scopes.clone(), now));
                (code.account, code.scopes, refresh)
            }
            "refresh_token" => {
                let token = text("refresh_token").ok_or_else(|| lacks("refresh_token"))?;
                let known = self.refresh.get(token).cloned().ok_or_else(|| invalid("refresh_unknown"))?;
                if known.used {
                    // Somebody has stolen it: whoever holds its successor loses that too (RFC 9700, section 4.14.2).
                    self.revoke(&known.account);
                    tokens.revoke_issued(&known.account);
                    return Err(invalid("refresh_used"));
                }
                if known.expires.is_some_and(|expires| now >= expires) {
                    return Err(invalid("refresh_expired"));
                }
                let refresh = if oauth.rotates {
                    if let Some(old) = self.refresh.get_mut(token) {
                        old.used = true;
                    }
                    Some(self.new_refresh(oauth, &known.account, known.scopes.clone(), now))
                } else {
                    if let (Some(kept), Ok(Some(life))) = (self.refresh.get_mut(token), oauth.refresh_life()) {
                        kept.expires = Some(now.after(life));
                    }
                    oauth.repeats.then(|| token.to_owned())
                };
                (known.account, known.scopes, refresh)
            }
            "client_credentials" => {
                let account = accounts.first().ok_or(Situation::UnauthorizedClient)?;
                (account.id.get_ref().clone(), scopes(oauth, text("scope"))?, None)
            }
            _ => return Err(Situation::UnsupportedGrantType.into()),
        };
        let access = self.secret("access", &account);
        let life = oauth.life().unwrap_or_default();
        let mut answer = Map::new();
        answer.insert("access_token".into(), json!(access));
        answer.extend(refresh.map(|refresh| ("refresh_token".to_owned(), json!(refresh))));
        if oauth.tells_life {
            answer.insert("expires_in".into(), json!(life.as_secs()));
        }
        answer.insert("token_type".into(), json!("Bearer"));
        if let Some(scopes) = &scopes {
            answer.insert("scope".into(), json!(scopes.join(" ")));
        }
        answer.extend(oauth.extra.clone());
        tokens.issue(access, Grant { scopes, expires: Some(now.after(life)), account: Some(account) });
        Ok(answer)
    }

    fn new_refresh(&mut self, oauth: &OAuth, account: &str, scopes: Option<Vec<String>>, now: Timestamp) -> String {
        let token = self.secret("refresh", account);
        let expires = oauth.refresh_life().ok().flatten().map(|life| now.after(life));
        let refresh = Refresh { account: account.to_owned(), scopes, expires, used: false };
        self.refresh.insert(token.clone(), refresh);
        token
    }
}

/// A request without what it needs.
fn lacks(parameter: &str) -> Refusal {
    let problem = format!("The request lacks the parameter {parameter}, or it has a value that is not known");
    Refusal::from(Situation::InvalidRequest).with("parameter", parameter).with("problem", problem)
}

/// Whether a client that has asked so gets a refresh token.
fn is_offline(oauth: &OAuth, scopes: Option<&[String]>, asked: &Map<String, Value>) -> bool {
    oauth.offline.as_ref().is_none_or(|offline| {
        let by_scope = offline.scopes.is_empty()
            || scopes.is_none_or(|scopes| scopes.iter().any(|scope| offline.scopes.contains(scope)));
        by_scope && offline.with.iter().all(|(name, value)| asked.get(name) == Some(value))
    })
}

/// Refuses a client that does not say who it is in a way that the provider takes.
fn check_client(oauth: &OAuth, headers: &Headers, id: Option<&str>, secret: Option<&str>) -> Result<(), Refusal> {
    let basic = headers.get("authorization").and_then(|text| text.trim().split_once(' '));
    let basic = basic.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    let basic = basic.and_then(|(_, credentials)| auth::basic(credentials.trim()));
    let is_ours = |id: &str, secret: &str| id == oauth.client_id && secret == oauth.client_secret;
    let knows = oauth.client.iter().any(|way| match way {
        ClientAuth::Body => id.is_some_and(|id| is_ours(id, secret.unwrap_or_default())),
        ClientAuth::Basic => basic.as_ref().is_some_and(|(id, secret)| is_ours(id, secret)),
    });
    if knows { Ok(()) } else { Err(Situation::InvalidClient.into()) }
}

/// The scopes that are asked for, separated by blanks or commas; `None` for everything.
fn scopes(oauth: &OAuth, text: Option<&str>) -> Result<Option<Vec<String>>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let asked: Vec<String> = text.split([' ', ',']).filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    if !oauth.scopes.is_empty() && asked.iter().any(|scope| !oauth.scopes.contains(scope)) {
        return Err(Situation::InvalidScope.into());
    }
    Ok(Some(asked))
}

/// A client that is being developed listens on its own machine (RFC 8252, section 7.3).
fn is_loopback(uri: &str) -> bool {
    let rest = uri.strip_prefix("http://").unwrap_or_default();
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}
