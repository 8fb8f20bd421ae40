//! Which requests a page's code makes, as far as that can be read off the text: curl in shells, the usual clients of
//! Python and JavaScript, and HTTP text.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::answers::{Answer, answer};
use crate::plan::shell::{program, scan};
use crate::plan::{Language, Part, Plan, Step};

/// A request that a page documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) host: String,
    /// Upper case.
    pub(super) method: String,
    /// The path; a segment that is filled in when the code runs stands in braces.
    pub(super) path: String,
    /// `docs/users.md:12`.
    pub(super) place: String,
    /// What the page says that is answered.
    pub(super) answer: Option<Answer>,
}

/// A pattern that is right by its tests.
fn pattern(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

const URL: &str = r#"https?://(?:\$?\{[^}\n]*\}|<[\w-]+>|\$\w+|[^\s"'`<>()\\{}$])+"#;

static URLS: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(URL));
static ASSIGNED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(&format!(
        r#"(?m)^[ \t]*(?:export\s+|const\s+|let\s+|var\s+)?([A-Za-z_]\w*)(?:\s*:\s*\w+)?\s*=\s*f?["'`]?({URL})["'`]?;?[ \t]*$"#
    ))
});
static BASE: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r#"(?i)base_?url\s*[=:]\s*["'`](https?://[^\s"'`]+)["'`]"#));
static RELATIVE: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r#"(\.(?:get|post|put|patch|delete|head)\(\s*f?["'`])(/[^\s"'`]*)"#));
static CALLED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r#"(?:\.(get|post|put|patch|delete|head)|\.request\(\s*["'](\w+)["']\s*,|(fetch|urlopen|Request|axios))\(?\s*[fr]?["'`]?$"#,
    )
});
static METHOD: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r#"method\s*[:=]\s*["'](\w+)["']"#));

/// The requests of a page, in its order.
pub(super) fn of_page(path: &str, plan: &Plan) -> Vec<Call> {
    let mut names: Vec<(String, String)> = Vec::new();
    let mut calls = Vec::new();
    for step in plan.steps().filter(|step| step.skip.is_none()) {
        let line = plan.tutorial.source.line(plan.tutorial.fences[step.fence].span.start);
        for (part, code) in parts(step) {
            let requests = requests(step.language, &resolved(code, &mut names));
            let count = requests.len();
            for (at, (method, url)) in requests.into_iter().enumerate() {
                let Some((host, route)) = host_and_path(&url) else { continue };
                // Of several requests the last one is what the output shows.
                let answer = (at + 1 == count).then(|| answer(step, part)).flatten();
                calls.push(Call { host, method, path: route, place: format!("{path}:{line}"), answer });
            }
        }
    }
    calls
}

/// What has an output of its own: the commands of a transcript, or the whole step.
fn parts(step: &Step) -> Vec<(Part, &str)> {
    if step.commands.is_empty() {
        return vec![(Part::Whole, step.code.text.as_str())];
    }
    let commands = step.commands.iter().enumerate();
    commands.map(|(at, command)| (Part::Command(at), command.text.as_str())).collect()
}

/// The code with names that stand for URLs replaced by them, also those of earlier steps.
fn resolved(code: &str, names: &mut Vec<(String, String)>) -> String {
    let mut text = code.to_owned();
    if let Some(assigned) = ASSIGNED.as_ref() {
        names.extend(assigned.captures_iter(code).map(|found| (found[1].to_owned(), found[2].to_owned())));
        // The place where a URL gets its name is no request, unless nobody uses the name.
        text =
            assigned
                .replace_all(&text, |found: &Captures<'_>| {
                    if code.matches(&found[1]).count() > 1 { String::new() } else { found[0].to_owned() }
                })
                .into_owned();
    }
    if let Some(base) = BASE.as_ref().and_then(|base| base.captures(code))
        && let Some(relative) = RELATIVE.as_ref()
    {
        let base = base[1].trim_end_matches('/').to_owned();
        text = relative
            .replace_all(&text, |found: &Captures<'_>| format!("{}{base}{}", &found[1], &found[2]))
            .into_owned();
    }
    for (name, url) in names.iter().rev() {
        text = text.replace(&format!("${{{name}}}"), url).replace(&format!("{{{name}}}"), url);
        let rules = [
            (format!(r"\${name}\b"), url.clone()),
            (format!(r#"\b{name}\s*\+\s*f?["'`]"#), format!("\"{url}")),
            (format!(r"\b{name}\b(\s*[,)])"), format!("\"{url}\"${{1}}")),
        ];
        for (rule, with) in rules {
            if let Some(rule) = pattern(&rule) {
                text = rule.replace_all(&text, with.as_str()).into_owned();
            }
        }
    }
    text
}

fn requests(language: Language, code: &str) -> Vec<(String, String)> {
    match language {
        Language::Shell | Language::Console => {
            scan(code).commands.iter().filter_map(|words| of_command(words)).collect()
        }
        Language::Http => of_message(code).into_iter().collect(),
        Language::Python | Language::Pycon | Language::JavaScript | Language::TypeScript => of_program(code),
    }
}

/// The request of a command line, by the options that curl and wget understand.
fn of_command(words: &[String]) -> Option<(String, String)> {
    if !matches!(program(words)?, "curl" | "wget") {
        return None;
    }
    let plain: Vec<&str> = words.iter().map(|word| word.trim_matches(['"', '\''])).collect();
    let url = plain.iter().find_map(|word| URLS.as_ref()?.find(word).filter(|found| found.start() == 0))?;
    let mut method = None;
    for (at, word) in plain.iter().enumerate() {
        let next = plain.get(at + 1).copied().unwrap_or_default();
        let implied = match *word {
            "-X" | "--request" => return Some((next.to_ascii_uppercase(), url.as_str().to_owned())),
            "-G" | "--get" => return Some(("GET".to_owned(), url.as_str().to_owned())),
            "-I" | "--head" => "HEAD",
            "-d" | "--json" | "-F" | "--form" => "POST",
            word if word.starts_with("--data") => "POST",
            word if word.starts_with("-X") => return Some((word[2..].to_ascii_uppercase(), url.as_str().to_owned())),
            _ => continue,
        };
        method = method.or(Some(implied));
    }
    Some((method.unwrap_or("GET").to_owned(), url.as_str().to_owned()))
}

/// The first request of HTTP text.
fn of_message(text: &str) -> Option<(String, String)> {
    let comment = |line: &&str| line.trim().is_empty() || line.starts_with('#') || line.starts_with("//");
    let mut lines = text.lines().skip_while(comment);
    let mut words = lines.next()?.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    if target.contains("://") {
        return Some((method, target.to_owned()));
    }
    let mut fields = lines.take_while(|line| !line.trim().is_empty()).filter_map(|line| line.split_once(':'));
    let host = fields.find(|(name, _)| name.trim().eq_ignore_ascii_case("host"))?.1.trim();
    Some((method, format!("https://{host}{target}")))
}

/// The requests of a program: URLs that stand where a client's function takes them.
fn of_program(code: &str) -> Vec<(String, String)> {
    let (Some(urls), Some(called), Some(method)) = (URLS.as_ref(), CALLED.as_ref(), METHOD.as_ref()) else {
        return Vec::new();
    };
    let places: Vec<_> = urls.find_iter(code).collect();
    let mut found = Vec::new();
    for (at, place) in places.iter().enumerate() {
        let Some(call) = called.captures(&code[..place.start()]) else { continue };
        let named = call.get(1).or(call.get(2)).map(|word| word.as_str().to_ascii_uppercase());
        // What follows up to the next URL may tell the method, as in `fetch(url, {method: "POST"})`.
        let rest = &code[place.end()..places.get(at + 1).map_or(code.len(), regex::Match::start)];
        let told = || method.captures(rest).map(|found| found[1].to_ascii_uppercase());
        found.push((named.or_else(told).unwrap_or_else(|| "GET".to_owned()), place.as_str().to_owned()));
    }
    found
}

/// Host and path of a URL that goes out into the world.
fn host_and_path(url: &str) -> Option<(String, String)> {
    let rest = url.split_once("://")?.1;
    let rest = rest.trim_end_matches(['.', ',', ';', ':', '!']);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..end].to_ascii_lowercase();
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let own = host.ends_with(".localhost") || host.starts_with("127.") || !host.contains('.');
    if own || host.is_empty() || !host.chars().all(known) {
        return None;
    }
    let path = rest[end..].split(['?', '#']).next().unwrap_or_default();
    let segments = path.split('/').skip(1).map(|segment| {
        let open = segment.contains(['{', '$', '<']);
        let name: String = segment.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        match (open, name.is_empty()) {
            (false, _) => segment.to_owned(),
            (true, true) => "{value}".to_owned(),
            (true, false) => format!("{{{name}}}"),
        }
    });
    Some((host, format!("/{}", segments.collect::<Vec<_>>().join("/"))))
}
