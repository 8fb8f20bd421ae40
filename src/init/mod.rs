//! What `doccheck init` proposes to a repository that has never seen doccheck: its files' texts, and nothing written.
//!
//! A proposal is made of what the pages show: which of them run, what they install, which hosts they call and what
//! those are said to answer, and which words a reader replaces. All of it is guessed, so every file says what the
//! guess was made of.

mod answers;
mod calls;
mod drafts;
mod files;
mod openapi;
mod packages;
mod placeholders;

use std::collections::BTreeMap;

use crate::baseline;
use crate::plan::Plan;

/// What is known of the repository.
#[derive(Debug)]
pub struct Survey<'a> {
    /// The pages, each with its path relative to the repository.
    pub pages: Vec<(String, &'a Plan)>,
    /// Every file of the repository, relative to it, with `/`.
    pub files: Vec<String>,
    /// The text of an OpenAPI document, with its path.
    pub openapi: Option<(String, String)>,
    /// Hosts that the sandbox serves.
    pub served: Vec<String>,
    /// Variables that the sandbox hands to steps.
    pub variables: Vec<String>,
    /// Names of packages that the sandbox has its own of: those stand in unless the configuration names them.
    pub clients: Vec<String>,
}

/// What is proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Files to write, each with its path relative to the repository and its text.
    pub files: Vec<(String, String)>,
    /// What was found, a line each.
    pub found: Vec<String>,
}

/// Looks at a repository and proposes files.
pub fn propose(survey: &Survey<'_>) -> Proposal {
    let runnable: Vec<&(String, &Plan)> =
        survey.pages.iter().filter(|(_, plan)| plan.steps().any(|step| step.skip.is_none())).collect();
    let pages: Vec<&str> = runnable.iter().map(|(path, _)| path.as_str()).collect();
    let plans: Vec<&Plan> = runnable.iter().map(|(_, plan)| *plan).collect();
    let calls: Vec<calls::Call> = runnable.iter().flat_map(|(path, plan)| calls::of_page(path, plan)).collect();
    let mut hosts: BTreeMap<&str, Vec<&calls::Call>> = BTreeMap::new();
    for call in &calls {
        hosts.entry(&call.host).or_default().push(call);
    }
    let examples = survey.openapi.as_ref().map(|(_, text)| openapi::examples(text)).unwrap_or_default();
    let source = |host: &str, calls: &[&calls::Call]| {
        if survey.served.iter().any(|served| served == host) {
            Source::Sandbox
        } else if drafts::is_worthwhile(calls, &examples) {
            Source::Draft
        } else {
            Source::Nobody
        }
    };
    let hosts: Vec<(&str, Source, Vec<&calls::Call>)> =
        hosts.into_iter().map(|(host, calls)| (host, source(host, &calls), calls)).collect();
    let of = |wanted: Source| hosts.iter().filter(move |(_, source, _)| *source == wanted);
    let drafted: Vec<(String, String)> =
        of(Source::Draft).map(|(host, _, calls)| (drafts::path(host), drafts::text(host, calls, &examples))).collect();
    let variables: &[String] = if of(Source::Sandbox).next().is_some() { &survey.variables } else { &[] };
    let found = files::Found {
        include: files::include(&pages),
        python: packages::python(&plans, &survey.files, &survey.clients),
        node: packages::node(&plans, &survey.files, &survey.clients),
        placeholders: placeholders::of_pages(&plans, variables),
        drafts: !drafted.is_empty(),
        unserved: of(Source::Nobody).map(|(host, ..)| (*host).to_owned()).collect(),
    };
    let mut proposed = vec![("doccheck.toml".to_owned(), files::config(&found)), files::pipeline(&survey.files)];
    proposed.push((files::KNOWN_STALE.to_owned(), baseline::HEADER.to_owned()));
    proposed.extend(drafted);
    let mut told = vec![format!("{} of {} pages have something to run", pages.len(), survey.pages.len())];
    told.extend(files::generator(&survey.files).map(|name| format!("the site is made with {name}")));
    told.extend(hosts.iter().map(|(host, source, calls)| {
        let requests = if calls.len() == 1 { "request" } else { "requests" };
        format!("{host}: {} {requests}, {}", calls.len(), source.words())
    }));
    told.extend(survey.openapi.iter().map(|(path, _)| format!("{path}: its examples fill drafted answers")));
    Proposal { files: proposed, found: told }
}

/// Who answers for a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Sandbox,
    Draft,
    Nobody,
}

impl Source {
    fn words(self) -> &'static str {
        match self {
            Self::Sandbox => "the sandbox serves it",
            Self::Draft => "answers were drafted from the pages",
            Self::Nobody => "no page shows an answer: refused, unless doccheck.toml allows it",
        }
    }
}

#[cfg(test)]
mod tests;
