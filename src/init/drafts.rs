//! The file of one host: answers as the pages document them, for the sandbox's `drafts`.

use std::fmt::Write;

use super::answers::Answer;
use super::calls::Call;
use super::openapi::Example;

/// The folder that the proposed configuration names.
pub(super) const FOLDER: &str = "doccheck/drafts";

/// The path of a host's file.
pub(super) fn path(host: &str) -> String {
    format!("{FOLDER}/{host}.toml")
}

/// True where something is known of the answers, or a request writes: a host that is only read from, without a word
/// on what it says, is one to download from.
pub(super) fn is_worthwhile(calls: &[&Call], examples: &[Example]) -> bool {
    let known = |call: &&Call| examples.iter().any(|example| example.fits(&call.method, &call.path));
    calls.iter().any(|call| call.answer.is_some() || call.method != "GET" || known(call))
}

/// The text of a host's file.
pub(super) fn text(host: &str, calls: &[&Call], examples: &[Example]) -> String {
    let mut text = format!(
        "# Drafted by `doccheck init` from what the pages show. It answers as they say, so what is compared with these\n\
         # answers does not count as verified. Correct it where you know better.\n\
         drafted = true\n\
         host = {}\n",
        quoted(host)
    );
    let mut told: Vec<(&str, &str, Option<&Answer>)> = Vec::new();
    for call in calls {
        let key = (call.method.as_str(), call.path.as_str(), call.answer.as_ref());
        let known = |known: &(&str, &str, Option<&Answer>)| {
            (known.0, known.1) == (key.0, key.1) && (key.2.is_none() || known.2 == key.2)
        };
        // A request whose answer another place shows needs no second, empty one.
        let shown_elsewhere = key.2.is_none()
            && calls
                .iter()
                .any(|other| (other.method.as_str(), other.path.as_str()) == (key.0, key.1) && other.answer.is_some());
        if !shown_elsewhere && !told.iter().any(known) {
            told.push(key);
            route(&mut text, call, examples);
        }
    }
    text
}

fn route(text: &mut String, call: &Call, examples: &[Example]) {
    let example = examples.iter().find(|example| example.fits(&call.method, &call.path));
    let (source, answer) = match (&call.answer, example) {
        (Some(answer), _) => (format!("as {} shows", call.place), answer.clone()),
        (None, Some(example)) => {
            (format!("called by {}, answered as the OpenAPI document says", call.place), example.answer.clone())
        }
        (None, None) => {
            let empty = Answer { status: 200, headers: vec![super::answers::json_type()], body: "{}\n".to_owned() };
            (format!("called by {}, which shows no answer: this one is made up", call.place), empty)
        }
    };
    let headers: Vec<String> =
        answer.headers.iter().map(|(name, value)| format!("{} = {}", quoted(name), quoted(value))).collect();
    let headers = if headers.is_empty() { String::new() } else { format!("headers = {{ {} }}\n", headers.join(", ")) };
    let body = if answer.body.is_empty() { String::new() } else { format!("body = {}\n", block(&answer.body)) };
    let _ = write!(
        text,
        "\n# {source}\n[[routes]]\nmethod = {}\npath = {}\nstatus = {}\n{headers}{body}",
        quoted(&call.method),
        quoted(&call.path),
        answer.status
    );
}

/// A text as TOML writes it on one line.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A text of several lines, as it is where TOML can hold it so.
fn block(text: &str) -> String {
    let literal = !text.contains("'''") && text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    if literal { format!("'''\n{text}'''") } else { quoted(text) }
}
