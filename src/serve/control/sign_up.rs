//! A sign-up that gives a key, so that the time to the first call can be told.

use std::time::Duration;

use hyper::{Response, StatusCode};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Body, Control, FURTHEST, Refused, document, read};

/// How long a key holds that a sign-up gives, where it does not say.
const KEY_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The length of a mail address (RFC 5321, section 4.5.3.1.3).
const ADDRESS: usize = 254;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SigningUp {
    email: String,
    /// Seconds.
    expires_in: Option<u64>,
}

impl Control {
    pub(super) fn sign_up(&self, body: &[u8]) -> Result<Response<Body>, Refused> {
        let SigningUp { email, expires_in } = read(body, r#"{"email": "dev@example.com"}"#)?;
        if !is_address(&email) {
            let told = "`email` is no mail address; write one such as dev@example.com".to_owned();
            return Err(Refused(StatusCode::UNPROCESSABLE_ENTITY, told));
        }
        let life = expires_in.map_or(KEY_LIFE, Duration::from_secs);
        if life.is_zero() || life > FURTHEST {
            let told = "`expires_in` is in seconds, from 1 to those of ten years".to_owned();
            return Err(Refused(StatusCode::UNPROCESSABLE_ENTITY, told));
        }
        let given = self.engine.with(|world, now| {
            if let Some(known) = self.log.signed_up(&email, now) {
                return Some((StatusCode::OK, known.key, known.expires, now));
            }
            let (key, expires) = (self.key(&email, &now.rfc3339()), now.after(life));
            let is_noted = self.log.sign_up(&email, &key, now, expires);
            is_noted.then(|| {
                world.add_token(&key, Some(expires));
                (StatusCode::CREATED, key, expires, now)
            })
        });
        let Some((status, key, expires, now)) = given.flatten() else {
            let told = "too many have signed up; `doccheck sandbox reset` forgets them".to_owned();
            return Err(Refused(StatusCode::CONFLICT, told));
        };
        let given = json!({
            "email": email,
            "api_key": key,
            "expires_in": expires.since(now).as_secs(),
            "expires_at": expires.rfc3339(),
        });
        Ok(document(status, &given))
    }

    /// A key for `email`: the same for the same seed, and another where the one before has expired.
    fn key(&self, email: &str, now: &str) -> String {
        let hash = Sha256::digest(format!("{} {now} {email}", self.seed));
        let digits: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("sandbox-key-{digits}")
    }
}

/// True for what can be a mail address, and can be shown on a terminal.
fn is_address(text: &str) -> bool {
    let is_plain =
        text.len() <= ADDRESS && !text.contains(|letter: char| letter.is_control() || letter.is_whitespace());
    is_plain
        && text
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_what_is_none() {
        assert!(["dev@example.com", "a.b+c@mail.example.org", "Ünal@example.com"].iter().all(|text| is_address(text)));
        let wrong =
            ["", "dev", "@example.com", "dev@localhost", "a@b@c.de", "a b@example.com", "\u{1b}[2J@example.com"];
        assert!(!wrong.iter().any(|text| is_address(text)));
        assert!(!is_address(&format!("{}@example.com", "a".repeat(250))));
    }
}
