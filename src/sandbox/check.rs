//! What holds between the parts of a sandbox's data: every name that is used is there, once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;

use super::data::{AccountQuota, Api};
use super::fault::Kind;
use super::shape::{self, Set, Shape};
use super::situation::{COMMON, Situation};
use super::template::{self, Template};
use crate::clock::Timestamp;
use crate::diagnostic::Diagnostic;
use crate::source::{SourceFile, Span};

/// What is wrong with one API.
pub(super) fn api(source: &Arc<SourceFile>, api: &Api) -> Vec<Diagnostic> {
    let mut check = Check { source, api, found: Vec::new() };
    check.hosts_and_tokens();
    check.errors();
    check.answers();
    check.routes();
    check.accounts();
    check.resources();
    check.records();
    check.found
}

/// What is wrong between APIs: a host or a variable that two of them claim.
pub(super) fn together(apis: &[(Arc<SourceFile>, Api)]) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (source, api) in apis {
        let variables = api.tokens.iter().map(|token| &token.variable);
        for name in api.hosts.iter().chain(variables) {
            if !seen.insert(name.get_ref()) {
                let message = format!("`{}` is already taken", name.get_ref());
                found.push(Diagnostic::error("sandbox-reference", message).at(source, span(&name.span()), ""));
            }
        }
    }
    found
}

/// What the answer to a list may show besides the common values.
const LIST: &[&str] = &["records", "next_cursor", "prev_cursor", "count", "page_size"];

struct Check<'c> {
    source: &'c Arc<SourceFile>,
    api: &'c Api,
    found: Vec<Diagnostic>,
}

fn span(range: &Range<usize>) -> Span {
    Span::new(range.start, range.end)
}

impl Check<'_> {
    fn tell<T>(&mut self, at: &Spanned<T>, code: &'static str, message: String, label: String) {
        self.found.push(Diagnostic::error(code, message).at(self.source, span(&at.span()), label));
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
            self.tell(
                host,
                "sandbox-value",
                format!("`{}` is no host", host.get_ref()),
                "such as api.example.com".to_owned(),
            );
        }
        if let (Some(text), None) = (&api.round_trip, api.round_trip()) {
            let message = format!("`{}` is no duration", text.get_ref());
            self.tell(text, "sandbox-value", message, "such as 80ms".to_owned());
        }
        let scopes = api.scopes();
        for token in &api.tokens {
            for scope in token.scopes.iter().flatten().filter(|scope| !scopes.contains(scope.get_ref().as_str())) {
                self.no_such(scope, "scope", scope.get_ref(), &scopes.iter().copied().collect::<Vec<_>>());
            }
            if let Some(expires) =
                token.expires.as_ref().filter(|instant| Timestamp::parse(instant.get_ref()).is_none())
            {
                self.tell(expires, "sandbox-value", "the end of the token is no instant".to_owned(), String::new());
            }
        }
    }

    fn errors(&mut self) {
        let api = self.api;
        let mut named = api.faults.values().map(|effect| &effect.error).collect::<Vec<_>>();
        named.extend(api.accounts.refuse.iter().map(|rule| &rule.error));
        named.extend(api.routes.iter().filter_map(|route| route.account.as_ref()).map(|key| &key.missing));
        let known = api.errors.keys().map(String::as_str).collect::<Vec<_>>();
        for error in &named {
            if !api.errors.contains_key(error.get_ref()) {
                self.no_such(error, "error", error.get_ref(), &known);
            }
        }
        for situation in Situation::ALL.into_iter().filter(|situation| !api.errors.contains_key(situation.name())) {
            self.missing("errors", situation.name());
        }
        for kind in Kind::ALL.into_iter().filter(|kind| !api.faults.contains_key(&kind.word())) {
            self.missing("faults", &kind.word());
        }
        let kinds = Kind::ALL.map(Kind::word);
        for (word, effect) in api.faults.iter().filter(|(word, _)| !kinds.contains(word)) {
            self.no_such(&effect.error, "kind of fault", word, &kinds.each_ref().map(String::as_str));
        }
        for (name, error) in &api.errors {
            let situation = Situation::ALL.into_iter().find(|situation| situation.name() == name);
            let is_named = named.iter().any(|used| used.get_ref() == name);
            if situation.is_none() && !is_named {
                self.tell(
                    error,
                    "sandbox-reference",
                    format!("nothing answers with the error `{name}`"),
                    String::new(),
                );
            }
            // Whoever names an error tells only the common values.
            let more = situation.filter(|_| !is_named).map_or(&[] as &[&str], Situation::variables);
            self.template(error, more);
        }
    }

    fn missing(&mut self, table: &str, name: &str) {
        let message = format!("the API has no `{name}` among its {table}");
        self.found.push(
            Diagnostic::error("sandbox-reference", message)
                .at(self.source, Span::default(), "")
                .help(format!("add [{table}.{name}]")),
        );
    }

    fn answers(&mut self) {
        let api = self.api;
        self.template(&api.answers.list, LIST);
        for answer in [&api.answers.get, &api.answers.create, &api.answers.update, &api.answers.delete] {
            self.template(answer, &["record"]);
        }
        self.names(&api.failure, template::texts(api.failure.get_ref()), &["field", "problem"]);
        let budgets = api.accounts.quotas.iter().flat_map(|quota| quota.headers.values());
        for text in api.headers.values().chain(api.quota.headers.values()).chain(budgets) {
            self.names(text, vec![text.get_ref()], &[]);
        }
    }

    fn template(&mut self, template: &Spanned<Template>, more: &[&str]) {
        if !(100..=599).contains(&template.get_ref().status) {
            let message = format!("{} is no status of HTTP", template.get_ref().status);
            self.tell(template, "sandbox-value", message, String::new());
        }
        self.names(template, template.get_ref().texts(), more);
    }

    fn names<T>(&mut self, at: &Spanned<T>, texts: Vec<&str>, more: &[&str]) {
        let known = COMMON.iter().chain(more).copied().collect::<Vec<_>>();
        for name in texts.into_iter().flat_map(template::names).filter(|name| !known.contains(name)) {
            // The table may be long, and its span is its heading: look for the place itself.
            let place = format!("{{{{{name}}}}}");
            let start = at.span().start;
            let found = self.source.text().get(start..).and_then(|rest| rest.find(&place)).map(|offset| start + offset);
            let span = found.map_or(at.span(), |found| found..found + place.len());
            self.no_such(&Spanned::new(span, ()), "value", name, &known);
        }
    }

    fn routes(&mut self) {
        let api = self.api;
        let resources = api.resources.keys().map(String::as_str).collect::<Vec<_>>();
        let account_fields = api.resources.get(api.accounts.resource.get_ref()).map(|accounts| &accounts.fields);
        let mut paths = BTreeSet::new();
        for route in &api.routes {
            let path = route.path.get_ref();
            if !path.starts_with('/') || path.ends_with('/') || !paths.insert(path) {
                let label = "such as /contacts, once".to_owned();
                self.tell(&route.path, "sandbox-value", format!("`{path}` cannot be a path here"), label);
            }
            if let Some(list) = &route.list {
                self.template(list, LIST);
            }
            if let (Some(key), Some(fields)) = (&route.account, account_fields) {
                self.field(&key.field, fields);
            }
            let Some(resource) = api.resources.get(route.resource.get_ref()) else {
                self.no_such(&route.resource, "resource", route.resource.get_ref(), &resources);
                continue;
            };
            for alias in &route.aliases {
                self.field(&alias.fills, &resource.fields);
            }
        }
    }

    fn field(&mut self, name: &Spanned<String>, fields: &BTreeMap<String, Shape>) {
        if !fields.contains_key(name.get_ref()) {
            self.no_such(name, "field", name.get_ref(), &fields.keys().map(String::as_str).collect::<Vec<_>>());
        }
    }

    fn accounts(&mut self) {
        let api = self.api;
        let Some(accounts) = api.resources.get(api.accounts.resource.get_ref()) else {
            let resources = api.resources.keys().map(String::as_str).collect::<Vec<_>>();
            self.no_such(&api.accounts.resource, "resource", api.accounts.resource.get_ref(), &resources);
            return;
        };
        for rule in &api.accounts.refuse {
            self.field(&rule.field, &accounts.fields);
        }
        let ids =
            accounts.records.iter().flat_map(|records| &records.rows).filter_map(|row| accounts.id_of(&row.value));
        let ids = ids.collect::<Vec<_>>();
        let owners = api.resources.values().flat_map(|resource| &resource.records).map(|records| &records.account);
        let quotas = api.accounts.quotas.iter().map(|quota| &quota.account);
        for named in owners.chain(quotas.clone()).flatten() {
            if !ids.contains(&named.get_ref().as_str()) {
                self.no_such(named, "account", named.get_ref(), &ids);
            }
        }
        let mut seen = BTreeSet::new();
        if !quotas.into_iter().all(|account| seen.insert(account.as_ref().map(Spanned::get_ref))) {
            let message = "two of `accounts.quotas` are for the same account, or two name none";
            self.found.push(Diagnostic::error("sandbox-value", message).at(self.source, Span::default(), ""));
        }
    }

    fn resources(&mut self) {
        for (name, resource) in &self.api.resources {
            if resource.field(Set::Id).is_none() {
                let message = format!("no field of the resource `{name}` holds its id");
                self.found.push(
                    Diagnostic::error("sandbox-reference", message)
                        .at(self.source, Span::default(), "")
                        .help(format!("add `id = {{ type = \"string\", set = \"id\" }}` to [resources.{name}.fields]")),
                );
            }
        }
        let page = &self.api.list;
        let budgets = self.api.accounts.quotas.iter().map(AccountQuota::budget).chain([self.api.quota.budget()]);
        let is_endless = budgets.into_iter().any(|budget| budget.seconds == 0);
        if page.page_size == 0 || page.max_page_size < page.page_size || is_endless {
            let message =
                "a page holds at least one record and at most `max_page_size`, and a quota's window lasts a second";
            self.found.push(Diagnostic::error("sandbox-value", message).at(self.source, Span::default(), ""));
        }
    }

    fn records(&mut self) {
        let mut ids = BTreeSet::new();
        for (name, resource) in &self.api.resources {
            for records in &resource.records {
                let Some(file) = &records.source else { continue };
                for row in &records.rows {
                    let mut wrong = |message: String| {
                        self.found.push(Diagnostic::error("sandbox-record", message).at(file, row.span, ""));
                    };
                    for problem in shape::problems(&resource.fields, &row.value, true) {
                        wrong(format!("`{}` of a record {}", problem.field, problem.text));
                    }
                    let account = records.account.as_ref().map(Spanned::get_ref);
                    match resource.id_of(&row.value) {
                        None => wrong("the record has no id that is text".to_owned()),
                        Some(id) if !ids.insert((name, account, id)) => {
                            wrong(format!("there are two records with the id `{id}`"));
                        }
                        Some(_) => {}
                    }
                }
            }
        }
    }
}
