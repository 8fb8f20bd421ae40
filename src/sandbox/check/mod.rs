//! What holds between the parts of a sandbox's data: every name that is used is there, once.

mod mappings;
mod resources;
mod routes;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;

use super::data::{Account, Api, Operation};
use super::fault::Kind;
use super::invention::Inventions;
use super::shape::{ProblemKind, Shape};
use super::situation::{COMMON, Situation};
use super::template::{self, Template};
use super::webhooks;
use crate::clock::Timestamp;
use crate::diagnostic::Diagnostic;
use crate::source::{SourceFile, Span};

/// What is wrong with one API.
pub(super) fn api(source: &Arc<SourceFile>, api: &Api, inventions: &Inventions) -> Vec<Diagnostic> {
    let mut check = Check { source, api, found: Vec::new() };
    check.hosts_and_tokens();
    check.accounts();
    check.errors();
    check.answers();
    check.routes();
    check.resources(inventions);
    check.records();
    check.oauth();
    check.mappings();
    check.webhooks();
    check.found
}

/// What is wrong between APIs: a host, a variable, an account or a name that two of them claim.
pub(super) fn together(apis: &[(Arc<SourceFile>, Api)]) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (source, api) in apis {
        let tokens = api.tokens.iter().map(|token| &token.variable);
        let accounts = api
            .accounts
            .iter()
            .flat_map(|account| account.variable.iter().chain([&account.id, &account.tenant, &account.token]));
        for name in api.hosts.iter().chain(tokens).chain(accounts) {
            if !seen.insert(name.get_ref()) {
                let message = format!("`{}` is already taken", name.get_ref());
                found.push(Diagnostic::error("sandbox-reference", message).at(source, span(&name.span()), ""));
            }
        }
    }
    let owned: BTreeSet<&str> =
        apis.iter().flat_map(|(_, api)| &api.accounts).map(|account| account.id.get_ref().as_str()).collect();
    let known: Vec<&str> = owned.iter().copied().collect();
    for (source, api) in apis {
        for records in api.resources.values().flat_map(|resource| &resource.records) {
            let Some(account) = records.account.as_ref().filter(|account| !owned.contains(account.get_ref().as_str()))
            else {
                continue;
            };
            let label = match similar::get_close_matches(account.get_ref().as_str(), &known, 1, 0.6).first() {
                Some(close) => format!("did you mean `{close}`?"),
                None => String::new(),
            };
            let message = format!("there is no account `{}`", account.get_ref());
            found.push(Diagnostic::error("sandbox-reference", message).at(source, span(&account.span()), label));
        }
    }
    found
}

/// What the answer to a list may show besides the common values.
const LIST: &[&str] = &[
    "records",
    "records_by_id",
    "count",
    "total",
    "page",
    "pages",
    "page_size",
    "offset",
    "next_offset",
    "next_page",
    "has_more",
    "done",
    "next_cursor",
    "prev_cursor",
    "next_url",
    "prev_url",
    "first_url",
    "last_url",
    "self_url",
    "next_path",
    "sort_by",
    "sort_order",
    "null",
];

/// What the answer about one record may show besides.
const ONE: &[&str] = &[
    "item",
    "record",
    "results",
    "result",
    "capabilities",
    "token",
    "secret",
    "count",
    "parameter",
    "value",
    "problem",
    "created",
    "updated",
    "deleted",
    "null",
];

struct Check<'c> {
    source: &'c Arc<SourceFile>,
    api: &'c Api,
    found: Vec<Diagnostic>,
}

fn span(range: &Range<usize>) -> Span {
    Span::new(range.start, range.end)
}

impl Check<'_> {
    fn webhooks(&mut self) {
        for problem in webhooks::problems(self.api) {
            self.tell_file("sandbox-value", problem);
        }
    }

    fn tell<T>(&mut self, at: &Spanned<T>, code: &'static str, message: String, label: String) {
        self.found.push(Diagnostic::error(code, message).at(self.source, span(&at.span()), label));
    }

    /// A finding about a part that has no place of its own.
    fn tell_file(&mut self, code: &'static str, message: String) {
        self.found.push(Diagnostic::error(code, message).at(self.source, Span::default(), ""));
    }

    fn no_such<T>(&mut self, at: &Spanned<T>, what: &str, name: &str, known: &[&str]) {
        let label = match similar::get_close_matches(name, known, 1, 0.6).first() {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("there are {}", known.join(", ")),
        };
        self.tell(at, "sandbox-reference", format!("there is no {what} `{name}`"), label);
    }

    fn hosts_and_tokens(&mut self) {
        let api = self.api;
        for host in api.hosts.iter().filter(|host| host.get_ref().is_empty() || host.get_ref().contains(['/', ':'])) {
            let message = format!("`{}` is no host", host.get_ref());
            self.tell(host, "sandbox-value", message, "such as api.example.com".to_owned());
        }
        if api.hosts.is_empty() {
            self.tell_file("sandbox-value", "the API answers on no host".to_owned());
        }
        if let (Some(text), None) = (&api.round_trip, api.round_trip()) {
            let message = format!("`{}` is no duration", text.get_ref());
            self.tell(text, "sandbox-value", message, "such as 80ms".to_owned());
        }
        let scopes = api.scopes();
        for token in &api.tokens {
            for scope in token.scopes.iter().flatten().filter(|scope| !scopes.contains(scope.get_ref())) {
                self.no_such(scope, "scope", scope.get_ref(), &scopes.iter().map(String::as_str).collect::<Vec<_>>());
            }
            let expires = token.expires.as_ref().filter(|instant| Timestamp::parse(instant.get_ref()).is_none());
            if let Some(expires) = expires {
                self.tell(expires, "sandbox-value", "the end of the token is no instant".to_owned(), String::new());
            }
        }
        for limit in
            api.limits.iter().chain(api.accounts.iter().filter_map(|account| account.limits.as_ref()).flatten())
        {
            if limit.seconds == 0 {
                self.tell_file("sandbox-value", "the window of a limit lasts a second at least".to_owned());
            }
            let texts = limit.headers.values().chain(limit.half_used.values()).chain(limit.limited.values());
            for text in texts {
                self.names(text, vec![text.get_ref()], &[]);
            }
        }
    }

    fn accounts(&mut self) {
        let api = self.api;
        for Account { id, expires_in, seeds, required, .. } in &api.accounts {
            if let Some(life) = expires_in.as_ref().filter(|life| humantime::parse_duration(life.get_ref()).is_err()) {
                let message = format!("`{}` is no duration", life.get_ref());
                self.tell(life, "sandbox-value", message, "such as 30m".to_owned());
            }
            let resources: Vec<&str> = api.resources.keys().map(String::as_str).collect();
            for name in seeds.keys().chain(required.keys()).filter(|name| !api.resources.contains_key(*name)) {
                self.no_such(id, "resource", name, &resources);
            }
        }
        let is_dated = |day: &str| day.len() == 10 && Timestamp::parse_loosely(day).is_some();
        let is_told = api
            .sources
            .iter()
            .all(|source| !source.fact.is_empty() && !source.from.is_empty() && is_dated(&source.seen));
        if !is_told || (!api.accounts.is_empty() && api.sources.is_empty()) {
            let message =
                "a provider's file says where its facts are from: `sources` with `fact`, `from` and the day `seen`";
            self.tell_file("sandbox-value", message.to_owned());
        }
        if !api.accounts.is_empty() && api.name.is_empty() {
            self.tell_file("sandbox-value", "an API with accounts needs a `name`".to_owned());
        }
        let Some(integrated) = &api.integrated else { return };
        let resources: Vec<&str> = api.resources.keys().map(String::as_str).collect();
        let Some(accounts) = api.resources.get(integrated.resource.get_ref()) else {
            self.no_such(&integrated.resource, "resource", integrated.resource.get_ref(), &resources);
            return;
        };
        for rule in &integrated.refuse {
            self.field(&rule.field, &accounts.fields);
        }
        for key in api.routes.iter().filter_map(|route| route.account.as_ref()) {
            self.field(&key.field, &accounts.fields);
        }
    }

    fn errors(&mut self) {
        let api = self.api;
        let refuse = api.integrated.iter().flat_map(|integrated| &integrated.refuse).map(|rule| &rule.error);
        let missing = api.routes.iter().filter_map(|route| route.account.as_ref()).map(|key| &key.missing);
        let required = api.requires.iter().chain(&api.refuses).map(|rule| &rule.error);
        let limited = api.limits.iter().filter_map(|limit| limit.error.as_ref());
        let selects = api.resources.values().filter_map(|resource| resource.select.as_ref()?.most.as_ref());
        let mosts = api.resources.values().filter_map(|resource| resource.most.as_ref()).chain(selects);
        let form = api.oauth.iter().filter_map(|oauth| oauth.form.as_ref());
        let others = mosts.clone().map(|most| &most.error).chain(form);
        let named: Vec<&Spanned<String>> = refuse.chain(missing).chain(required).chain(limited).chain(others).collect();
        let too_many: Vec<&str> = mosts.map(|most| most.error.get_ref().as_str()).collect();
        let situations = Situation::ALL.map(Situation::name);
        let known: Vec<&str> = api.errors.keys().map(String::as_str).chain(situations).collect();
        for error in &named {
            if !known.contains(&error.get_ref().as_str()) {
                self.no_such(error, "error", error.get_ref(), &known);
            }
        }
        let kinds = Kind::ALL.map(Kind::word);
        for (word, fault) in &api.faults {
            if !kinds.contains(word) {
                let close =
                    similar::get_close_matches(word.as_str(), &kinds.each_ref().map(String::as_str), 1, 0.6).join(", ");
                self.tell_file(
                    "sandbox-reference",
                    format!("there is no kind of fault `{word}`, only such as {close}"),
                );
            }
            if !known.contains(&fault.error()) {
                self.tell_file("sandbox-reference", format!("the fault `{word}` names no error: `{}`", fault.error()));
            }
        }
        let has_default = api.errors.contains_key("default");
        let of_all = Situation::ALL.into_iter().filter(|situation| !situation.is_of_oauth());
        let missing = of_all.filter(|situation| !has_default && !api.errors.contains_key(situation.name()));
        for situation in missing.collect::<Vec<_>>() {
            self.missing("errors", situation.name());
        }
        for (name, error) in &api.errors {
            let situation = Situation::ALL.into_iter().find(|situation| situation.name() == name);
            let by_fault = api.faults.values().any(|fault| fault.error() == name);
            let is_named = by_fault || named.iter().any(|used| used.get_ref() == name);
            let is_over = self.pagings().any(|paging| {
                paging.size.as_ref().and_then(|size| size.over.as_ref()).is_some_and(|over| over == name)
            });
            if situation.is_none() && !is_named && !is_over && name != "default" {
                let message = format!("nothing answers with the error `{name}`");
                self.tell(error, "sandbox-reference", message, String::new());
            }
            let mut more: Vec<&str> = situation.map_or(&[] as &[&str], Situation::variables).to_vec();
            more.extend(["parameter", "problem", "results", "null"]);
            if name == "default" {
                more.extend(Situation::ALL.into_iter().flat_map(Situation::variables));
            }
            if is_over || too_many.contains(&name.as_str()) {
                more.extend(Situation::TooMany.variables());
            }
            self.template(error, &more);
        }
    }

    fn pagings(&self) -> impl Iterator<Item = &super::data::Paging> {
        let of_resources = self.api.resources.values().filter_map(|resource| resource.paging.as_ref());
        let of_routes = self.api.routes.iter().filter_map(|route| route.paging.as_ref());
        [&self.api.paging].into_iter().chain(of_resources).chain(of_routes)
    }

    fn missing(&mut self, table: &str, name: &str) {
        let message = format!("the API has no `{name}` among its {table}");
        self.found.push(
            Diagnostic::error("sandbox-reference", message)
                .at(self.source, Span::default(), "")
                .help(format!("add [{table}.{name}], or [{table}.default] for all that are not there")),
        );
    }

    fn answers(&mut self) {
        let api = self.api;
        for (operation, answer) in &api.answers {
            self.template(answer, if *operation == Operation::List { LIST } else { ONE });
        }
        for (kind, failure) in &api.failures {
            if !ProblemKind::WORDS.contains(&kind.as_str()) {
                let message = format!("no fault of a field is called `{kind}`, only {}", ProblemKind::WORDS.join(", "));
                self.tell(failure, "sandbox-reference", message, String::new());
            }
            self.names(failure, template::texts(failure.get_ref()), &["field", "problem", "value", "most", "null"]);
        }
        if let Some(failure) = &api.failure {
            self.names(failure, template::texts(failure.get_ref()), &["field", "problem", "null"]);
        }
        for text in api.headers.values() {
            self.names(text, vec![text.get_ref()], &[]);
        }
    }

    fn template(&mut self, template: &Spanned<Template>, more: &[&str]) {
        if let Some(status) = template.get_ref().status.filter(|status| !(100..=599).contains(status)) {
            self.tell(template, "sandbox-value", format!("{status} is no status of HTTP"), String::new());
        }
        self.names(template, template.get_ref().texts(), more);
    }

    fn names<T>(&mut self, at: &Spanned<T>, texts: Vec<&str>, more: &[&str]) {
        let known = COMMON.iter().chain(more).copied().collect::<Vec<_>>();
        for name in texts.into_iter().flat_map(template::names).filter(|name| !known.contains(name)) {
            // The table may be long, and its span is its heading: look for the place itself.
            let place = format!("{{{{{name}");
            let start = at.span().start;
            let found = self.source.text().get(start..).and_then(|rest| rest.find(&place)).map(|offset| start + offset);
            let span = found.map_or(at.span(), |found| found..found + place.len() + 2);
            self.no_such(&Spanned::new(span, ()), "value", name, &known);
        }
    }

    fn field(&mut self, name: &Spanned<String>, fields: &BTreeMap<String, Shape>) {
        if !fields.contains_key(name.get_ref()) {
            self.no_such(name, "field", name.get_ref(), &fields.keys().map(String::as_str).collect::<Vec<_>>());
        }
    }

    fn oauth(&mut self) {
        let Some(oauth) = &self.api.oauth else { return };
        if oauth.life().is_none() {
            self.tell_file("sandbox-value", "`oauth.life` is no duration, such as 30m".to_owned());
        }
        if let Err(text) = oauth.refresh_life() {
            let message = format!("`oauth.refresh_life` is no duration: `{text}`");
            self.tell_file("sandbox-value", message);
        }
    }
}
