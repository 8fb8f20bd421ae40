//! Does a fence show what a step printed, and how is it compared?

use crate::tutorial::Prose;

use super::Format;

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
    const STRONG: [&str; 34] = [
        "output",
        "outputs",
        "print",
        "prints",
        "printed",
        "returns",
        "returned",
        "return",
        "response",
        "responses",
        "responds",
        "see",
        "show",
        "shows",
        "display",
        "displays",
        "displayed",
        "result",
        "results",
        "replies",
        "answers",
        "get",
        "gives",
        "give",
        "yields",
        "expected",
        "receive",
        "error",
        "fails",
        "raises",
        "logged",
        "report",
        "reports",
        "throws",
    ];
    const LIKE: [&str; 4] = ["look like", "looks like", "look something like", "looks similar"];
    const NOT: [&str; 5] = ["request body", "the following command", "following request", "pseudo", "if you see"];
    let text = words.to_ascii_lowercase().replace(['*', '_'], "");
    let sentence = last_sentence(&text);
    if NOT.iter().any(|phrase| sentence.contains(phrase)) || instructs(sentence) {
        return false;
    }
    let says = |text: &str| text.split(|c: char| !c.is_alphanumeric()).any(|word| STRONG.contains(&word));
    if says(sentence) {
        return true;
    }
    // “It looks like:” speaks of what the sentence before named; “The record looks like:” names something else.
    let like = LIKE.iter().any(|phrase| sentence.contains(phrase));
    like && ["it ", "this ", "they ", "these "].iter().any(|subject| sentence.starts_with(subject))
}

/// True for a sentence that tells the reader what to do next: what follows is no output.
fn instructs(sentence: &str) -> bool {
    const VERBS: [&str; 14] = [
        "run ", "execute ", "create ", "add ", "send ", "use ", "call ", "save ", "install ", "open ", "start ",
        "type ", "enter ", "to ",
    ];
    let sentence = ["then ", "now ", "next, ", "now, ", "and ", "first, ", "finally, ", "let's "]
        .iter()
        .fold(sentence, |sentence, word| sentence.strip_prefix(word).unwrap_or(sentence));
    VERBS.iter().any(|verb| sentence.starts_with(verb))
        && !["output", "see", "should", "prints", "returns"].iter().any(|word| sentence.contains(word))
}

/// The last sentence of a paragraph.
fn last_sentence(words: &str) -> &str {
    let words = words.trim_end().trim_end_matches(['.', ':']);
    let start = [". ", ": ", "; "].iter().filter_map(|end| words.rfind(end)).max().map_or(0, |at| at + 2);
    &words[start..]
}
