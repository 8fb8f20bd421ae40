//! The answer on the wire.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Call, Done};
use crate::http::{Headers, Reply};
use crate::sandbox::words::{self, Words};

use crate::sandbox::situation::{Refusal, status_values};
use crate::sandbox::template::{self, Template, Values, Variables};

/// What an answer shows.
struct Shown<'s> {
    words: &'s Words,
    values: &'s Variables,
    json: &'s BTreeMap<&'static str, String>,
}

impl Values for Shown<'_> {
    fn value(&self, name: &str) -> Option<Cow<'_, Value>> {
        match name.split_once('|') {
            Some((name, table)) => {
                Some(Cow::Owned(words::worded(self.words, table, self.values.value(name)?.into_owned())))
            }
            None => self.values.value(name),
        }
    }

    fn json(&self, name: &str) -> Option<&str> {
        self.json.get(name).map(String::as_str)
    }
}

impl<'c> Call<'c> {
    /// The answer.
    pub(super) fn reply(&mut self, outcome: Result<Done<'c>, Refusal>) -> Reply {
        self.set_rates();
        let mut reply = match outcome {
            Ok(Done::Fresh(template, status)) => self.fill(template, status),
            Ok(Done::Ready(reply)) => reply,
            Ok(Done::Options(methods)) => {
                let mut headers = Headers::new();
                headers.set("Allow", methods);
                Reply { status: 204, headers, body: Vec::new() }
            }
            Err(refusal) => self.refuse(refusal),
        };
        let shown = Shown { words: &self.api.words, values: &self.values, json: &self.json };
        let fixed = self.api.headers.iter().map(|(name, text)| {
            let text = template::fill_text(text.get_ref(), &shown);
            (name.clone(), text)
        });
        for (name, text) in fixed.chain(self.rate_headers()).chain(self.more_headers.iter().cloned()) {
            let is_own = name.eq_ignore_ascii_case("content-type") && reply.headers.get(&name).is_some();
            if !is_own {
                reply.headers.set(&name, text);
            }
        }
        if reply.body.is_empty() {
            reply.headers.remove("content-type");
        }
        if self.request.method == "HEAD" {
            reply.body.clear();
        }
        reply
    }

    /// The answer to a refused request: the data's own words, else the usual ones.
    fn refuse(&mut self, refusal: Refusal) -> Reply {
        let situation = refusal.situation();
        let (status, message) = match (situation, self.fault_status()) {
            (Some(situation), _) => (situation.status(), situation.message()),
            (None, Some(status)) => (status, crate::http::reason(status)),
            (None, None) => (400, "The request cannot be answered"),
        };
        let problem = refusal.values.get("problem").and_then(Value::as_str).map(str::to_owned);
        let oauth_body = situation.filter(|situation| situation.is_of_oauth());
        let oauth_body = oauth_body.map(|_| refusal.oauth_body(problem.as_deref().unwrap_or(message)));
        let Refusal { name, values, status: given } = refusal;
        self.values.extend(values);
        let own = self.api.errors.get(&name).map(toml::Spanned::get_ref);
        if let (None, Some(body)) = (own, oauth_body) {
            let mut headers = Headers::new();
            headers.set("Content-Type", "application/json");
            headers.set("Cache-Control", "no-store");
            return Reply { status, headers, body: body.to_string().into_bytes() };
        }
        let template = own.or_else(|| self.api.errors.get("default").map(toml::Spanned::get_ref));
        let status = given.or(template.and_then(|template| template.status)).unwrap_or(status);
        let message = problem.unwrap_or_else(|| message.to_owned());
        self.values.extend(status_values(status, &message, &name).map(|(name, value)| (name.to_owned(), value)));
        match template {
            Some(template) => self.fill(template, status),
            None => {
                Reply { status, headers: Headers::new(), body: json!({ "message": message }).to_string().into_bytes() }
            }
        }
    }

    /// The status that a fault's kind means, where no situation has it.
    fn fault_status(&self) -> Option<u16> {
        self.fault.as_ref().and_then(|fault| fault.kind.status())
    }

    /// An answer with its places filled; `status` where it has none of its own.
    pub(super) fn fill(&self, template: &'c Template, status: u16) -> Reply {
        let chosen = template.variants.iter().find(|variant| {
            let given = self.request.headers.get(&variant.header);
            given.is_some_and(|given| given.contains(&variant.contains))
        });
        let template = chosen.map_or(template, |variant| &variant.answer);
        let status = template.status.unwrap_or(status);
        let shown = Shown { words: &self.api.words, values: &self.values, json: &self.json };
        let mut headers = Headers::new();
        for (name, text) in &template.headers {
            let is_left_out = self
                .left_out
                .iter()
                .any(|left| left.strip_prefix("header:").is_some_and(|left| left.eq_ignore_ascii_case(name)));
            if !is_left_out {
                headers.set(name, template::fill_text(text, &shown));
            }
        }
        let mut body = String::new();
        if let Some(text) = &template.text {
            body = template::fill_text(text, &shown);
        } else if let Some(value) = template.body_without(&self.left_out) {
            template::write(&value, &shown, &mut body);
        }
        Reply { status, headers, body: body.into_bytes() }
    }
}
