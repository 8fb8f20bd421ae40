//! Does a fence show what a step printed, and how is it compared?

use crate::tutorial::{Fence, Prose};

use super::Format;
use super::language::Kind;

/// Longer paragraphs explain; they announce nothing.
const SHORT: usize = 320;

/// How `text` is compared with what a step printed. `json`: the page says that it is JSON.
pub(super) fn format(text: &str, json: bool) -> Format {
    if has_status_line(text) {
        Format::Http
    } else if json || looks_like_json(text) {
        Format::Json
    } else {
        Format::Text
    }
}

/// True where `text` begins with the status line of an answer (RFC 9112, section 4): `HTTP/1.1 200 OK`, `HTTP/2 200`.
pub(super) fn has_status_line(text: &str) -> bool {
    let Some(rest) = text.trim_start().strip_prefix("HTTP/") else { return false };
    let version = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    version.len() < rest.len() && version.trim_start().starts_with(|c: char| c.is_ascii_digit())
}

/// True for an object, or a list of objects, texts or nothing. A list of numbers may be any language's.
fn looks_like_json(text: &str) -> bool {
    let text = text.trim();
    let braces = text.starts_with('{') && text.ends_with('}');
    let brackets = text.starts_with('[') && text.ends_with(']');
    let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or_default().trim_start();
    (braces && (inner.is_empty() || inner.starts_with(['"', '.', '/'])))
        || (brackets && (inner.is_empty() || inner.starts_with(['{', '"'])))
}

/// What stands between a fence and the step above it, weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Between {
    /// Nothing.
    Nothing,
    /// Words that announce output.
    Announced,
    /// Short words that announce nothing.
    Words,
    /// More than that.
    Apart,
}

/// Weighs what stands between.
pub(super) fn between(before: &[Prose]) -> Between {
    let seen: Vec<&Prose> = before.iter().filter(|prose| !is_invisible(prose)).collect();
    let Some(last) = seen.last() else { return Between::Nothing };
    let (Prose::Paragraph(words) | Prose::Heading(words)) = last else { return Between::Apart };
    if announces(words) {
        return Between::Announced;
    }
    let alone = seen.len() == 1 && matches!(last, Prose::Paragraph(_));
    if alone && words.len() <= SHORT { Between::Words } else { Between::Apart }
}

/// Instructions to a site generator, which no reader sees.
fn is_invisible(prose: &Prose) -> bool {
    let Prose::Paragraph(text) = prose else { return false };
    ["{%", "{{", "{:", ":::", "</", "<Tab", "<Code"].iter().any(|start| text.starts_with(start))
}

/// True where the end of `words` announces what a step prints.
pub(super) fn announces(words: &str) -> bool {
    const PHRASES: [&str; 44] = [
        "output",
        "prints",
        "printed",
        "print:",
        "returns",
        "return ",
        "returned",
        "response",
        "you should see",
        "you will see",
        "you'll see",
        "you see",
        "we see",
        "should now see",
        "should show",
        "shows",
        "displays",
        "display ",
        "result",
        "look like",
        "looks like",
        "looks similar",
        "something like",
        "similar to",
        "responds",
        "replies",
        "answers",
        "you get",
        "you will get",
        "you'll get",
        "we get",
        "gives",
        "give you",
        "yields",
        "expected",
        "will be:",
        "should be",
        "error",
        "fails",
        "raises",
        "receive",
        "answer",
        "logged",
        "report",
    ];
    let sentence = last_sentence(words).to_ascii_lowercase();
    let sentence = sentence.replace(['*', '_'], "");
    if sentence.contains("request body")
        || sentence.contains("the following command")
        || sentence.contains("following request")
    {
        return false;
    }
    PHRASES.iter().any(|phrase| sentence.contains(phrase))
}

/// The last sentence of a paragraph.
fn last_sentence(words: &str) -> &str {
    let words = words.trim_end().trim_end_matches(['.', ':']);
    let start = words.rfind(". ").map_or(0, |at| at + 2);
    &words[start..]
}

/// True for languages that a step's output may have.
pub(super) fn may_be_output(kind: Kind, fence: &Fence) -> bool {
    match kind {
        Kind::Json | Kind::Output | Kind::Text | Kind::Untagged => true,
        Kind::Runs(super::Language::Http) => has_status_line(&fence.code.text),
        _ => false,
    }
}
