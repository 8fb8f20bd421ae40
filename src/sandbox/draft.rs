//! Drafts: answers as pages document them, for hosts that no API describes.
//!
//! A draft is a place to start from. It says what its page says, so a page that runs against it alone proves nothing:
//! every answer is marked, and what was compared with it does not count as verified.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::answer::Answer;
use super::url;
use crate::clock::Timestamp;
use crate::diagnostic::Diagnostic;
use crate::http::{Headers, Reply, Request};
use crate::source::{SourceFile, Span};

/// The start of the clock where a sandbox has nothing but drafts: 2026-04-15T09:00:00Z.
const START: i64 = 1_776_243_600_000_000;

/// The file of one host.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftFile {
    /// Must be true: whoever has made a real description of the API writes it as one.
    drafted: Spanned<bool>,
    host: Spanned<String>,
    #[serde(default)]
    routes: Vec<FileRoute>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRoute {
    method: String,
    path: Spanned<String>,
    status: Spanned<u16>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
}

/// An answer that is given as it was documented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DraftRoute {
    /// Upper case, such as `GET`.
    pub method: String,
    /// `/users/{id}`: a segment in braces stands for any one segment.
    pub path: String,
    /// The answer's status.
    pub status: u16,
    /// The answer's header fields.
    pub headers: BTreeMap<String, String>,
    /// The answer's body.
    pub body: String,
}

/// What is drafted for one host.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) host: String,
    routes: Vec<DraftRoute>,
}

/// Reads the files of drafts; each is about one host.
pub(super) fn read(files: &BTreeMap<String, Arc<SourceFile>>) -> Result<Vec<Draft>, Vec<Diagnostic>> {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut found = Vec::new();
    for source in files.iter().filter(|(path, _)| path.ends_with(".toml")).map(|(_, source)| source) {
        match toml::from_str::<DraftFile>(source.text()) {
            Ok(file) => {
                let known = drafts.iter().any(|draft| draft.host.eq_ignore_ascii_case(file.host.get_ref()));
                found.extend(problems(source, &file, known));
                drafts.push(draft(file));
            }
            Err(error) => {
                let message = format!("the draft cannot be read: {}", error.message().replace('\n', ", "));
                found.push(problem(source, error.span().unwrap_or(0..0), message, ""));
            }
        }
    }
    if found.is_empty() { Ok(drafts) } else { Err(found) }
}

fn problems(source: &Arc<SourceFile>, file: &DraftFile, host_is_known: bool) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if !file.drafted.get_ref() {
        let message = "a draft says `drafted = true`".to_owned();
        found.push(problem(
            source,
            file.drafted.span(),
            message,
            "describe the API in the sandbox's own files instead",
        ));
    }
    if host_is_known {
        let message = format!("there are two drafts of {}", file.host.get_ref());
        found.push(problem(source, file.host.span(), message, "join their routes in one file"));
    }
    for route in &file.routes {
        if !route.path.get_ref().starts_with('/') {
            found.push(problem(source, route.path.span(), "a path starts with `/`".to_owned(), ""));
        }
        if !(100..=599).contains(route.status.get_ref()) {
            found.push(problem(source, route.status.span(), "a status lies between 100 and 599".to_owned(), ""));
        }
    }
    found
}

fn problem(source: &Arc<SourceFile>, at: Range<usize>, message: String, label: &str) -> Diagnostic {
    Diagnostic::error("bad-draft", message).at(source, Span::new(at.start, at.end), label)
}

fn draft(file: DraftFile) -> Draft {
    let route = |route: FileRoute| DraftRoute {
        method: route.method.to_ascii_uppercase(),
        path: route.path.into_inner(),
        status: route.status.into_inner(),
        headers: route.headers,
        body: route.body,
    };
    Draft { host: file.host.into_inner(), routes: file.routes.into_iter().map(route).collect() }
}

impl DraftRoute {
    fn fits(&self, request: &Request) -> bool {
        let method = if request.method == "HEAD" { "GET" } else { &request.method };
        let (wanted, asked) = (url::segments(&self.path), url::segments(&request.path));
        let any = |segment: &str| segment.starts_with('{') && segment.ends_with('}');
        self.method == method
            && wanted.len() == asked.len()
            && wanted.iter().zip(&asked).all(|(wanted, asked)| any(wanted) || wanted == asked)
    }
}

impl Draft {
    /// The answer as documented. Of several for the same request each is given once, in their order, then the last one
    /// again and again; `given` counts.
    pub(super) fn answer(&self, request: &Request, now: Timestamp, given: &mut BTreeMap<String, usize>) -> Answer {
        let fitting: Vec<&DraftRoute> = self.routes.iter().filter(|route| route.fits(request)).collect();
        // A path without braces is meant before one with them.
        let exact: Vec<&DraftRoute> = fitting.iter().copied().filter(|route| !route.path.contains('{')).collect();
        let routes = if exact.is_empty() { fitting } else { exact };
        let Some(first) = routes.first() else {
            let body = format!("the draft of {} has no route {} {}\n", self.host, request.method, request.path);
            let reply = Reply { status: 404, headers: Headers::new(), body: body.into_bytes() };
            return Answer { unknown_route: true, drafted: true, ..Answer::from(reply) };
        };
        let count = given.entry(format!("{} {} {}", self.host, first.method, first.path)).or_default();
        let route = routes.get(*count).or(routes.last()).unwrap_or(first);
        *count += 1;
        let mut headers = Headers::new();
        for (name, value) in &route.headers {
            headers.push(name, value);
        }
        headers.set("date", now.http_date());
        let body = if request.method == "HEAD" { Vec::new() } else { route.body.clone().into_bytes() };
        let reply = Reply { status: route.status, headers, body };
        Answer { drafted: true, ..Answer::from(reply) }
    }
}

/// The instant at which a world starts that has nothing but drafts.
pub(super) fn start() -> Timestamp {
    Timestamp::from_micros(START)
}

#[cfg(test)]
mod tests;
