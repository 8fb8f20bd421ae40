//! Code that is shown for reading: parts of a program, patterns, and text that is no program at all.

use crate::tutorial::{Fence, Prose};

use super::language::Kind;
use super::names::Names;
use super::{Language, builtins, shell, transcript};

/// Why the code of a fence is not meant to be run, if it is not; `language` is what it would run as.
pub(super) fn not_meant(fence: &Fence, language: Language) -> Option<&'static str> {
    const WORDS: [(&str, &str); 7] = [
        ("pseudo-code", "the text before calls it pseudo-code"),
        ("pseudocode", "the text before calls it pseudo-code"),
        ("do not write", "the text before advises against it"),
        ("don't write", "the text before advises against it"),
        ("discourage", "the text before advises against it"),
        ("anti-pattern", "the text before advises against it"),
        ("without actually running", "the text before says that it is not run"),
    ];
    if let Some(Prose::Paragraph(words)) = fence.before.last() {
        let words = words.to_ascii_lowercase();
        if let Some((_, reason)) = WORDS.iter().find(|(word, _)| words.contains(word)) {
            return Some(reason);
        }
        if !matches!(language, Language::Shell | Language::Console | Language::Pycon | Language::Http)
            && is_edit(&words)
        {
            return Some("the text before says where to put it");
        }
    }
    let text = &fence.code.text;
    match language {
        Language::Shell if !reads_like_commands(text) => Some("it does not read like commands"),
        Language::Python | Language::JavaScript | Language::TypeScript => part(text, language),
        _ => None,
    }
}

/// “Add this to the top of `app.py`”: code for a place in a file.
fn is_edit(words: &str) -> bool {
    let edits = ["add ", "replace ", "insert ", "change ", "include in the file"].iter().any(|word| {
        words.starts_with(word) || words.contains(&format!(" {word}")) || words.contains(&format!(". {word}"))
    });
    let places = [
        "to the top of",
        "to the beginning of",
        "to the end of",
        "at the top of",
        "to your ",
        "in your ",
        "with this one",
        "into your ",
        "to `",
        "in `",
        "into `",
    ];
    edits && places.iter().any(|place| words.contains(place))
}

/// Why code is a part of a program.
fn part(text: &str, language: Language) -> Option<&'static str> {
    let python = language == Language::Python;
    let comment = if python { "#" } else { "//" };
    let mut code = text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with(comment));
    let Some(first) = code.next() else { return Some("it holds only comments") };
    if python && first.starts_with([' ', '\t']) {
        return Some("it starts indented: a part of something");
    }
    let last = code.next_back().unwrap_or(first).trim_end();
    if python && last.ends_with(':') {
        return Some("it ends where a body should follow");
    }
    None
}

/// A name that the code reads and that neither the language nor, as `page` tells, a fence of the page defines.
pub(super) fn unknown_name(reads: &Names, language: Language, page: impl Fn(&str) -> bool) -> Option<&str> {
    let known = match language {
        Language::Python => builtins::PYTHON,
        Language::JavaScript | Language::TypeScript => builtins::JAVASCRIPT,
        _ => return None,
    };
    let reads = reads.reads.iter().map(String::as_str);
    reads.into_iter().find(|name| known.split(' ').all(|known| known != *name) && !page(name))
}

/// True where text reads like shell commands, not like what they print.
pub(super) fn reads_like_commands(text: &str) -> bool {
    let scanned = shell::scan(text);
    let mut programs = scanned.programs().peekable();
    if programs.peek().is_none() {
        return scanned.commands.iter().flatten().next().is_some();
    }
    programs.all(|program| {
        let name = program.trim_matches(['"', '\'']);
        let first = name.chars().next().unwrap_or(' ');
        let second = name.chars().nth(1);
        let sentence = first.is_uppercase() && second.is_some_and(char::is_alphabetic);
        let odd = !(first.is_ascii_alphabetic()
            || matches!(first, '.' | '/' | '~' | '$' | '_' | '[' | '{' | ':' | '`' | '<' | '>'));
        !(sentence || odd || name.ends_with([':', ',']) && name != ":" || name.contains("://") || name.contains('='))
    }) && !has_box_drawing(text)
        && (!text.trim_start().starts_with('{') || is_group(text.trim_start(), scanned.complete))
        && (!text.trim_start().starts_with('<') || text.trim_start().starts_with("<<"))
}

/// True for `{ make; make install; }`, which JSON is not: there a key with its colon follows the brace.
fn is_group(text: &str, is_complete: bool) -> bool {
    is_complete && text.starts_with('{') && text[1..].starts_with(char::is_whitespace)
}

fn has_box_drawing(text: &str) -> bool {
    text.chars().any(|c| ('\u{2500}'..='\u{257f}').contains(&c)) || text.contains("+---")
}

/// True where a fence that may hold commands without prompts does so.
pub(super) fn is_bare_console(kind: Kind, text: &str) -> bool {
    matches!(kind, Kind::Runs(Language::Console))
        && !transcript::has_prompt(text, Language::Console)
        && reads_like_commands(text)
}
