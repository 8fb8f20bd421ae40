//! Fences that a reader saves as a file, and how the page tells its name: `title="app.py"`, a caption, a comment in
//! the first line, the text before, or the code of the next step.

use crate::options::Value;
use crate::source::{Span, Spanned};
use crate::tutorial::{Fence, Prose};

use super::language::{self, Kind};
use super::reading::Reading;
use super::{Language, transcript};

/// A name and how the page tells it.
pub(super) struct Named {
    pub(super) path: Spanned<String>,
    pub(super) reason: String,
}

/// The file that the fence at `at` is saved as, where the page names one.
pub(super) fn named(readings: &[Reading<'_>], at: usize) -> Option<Named> {
    let fence = readings[at].fence;
    let text = &fence.code.text;
    if transcript::has_prompt(text, Language::Console) || transcript::has_prompt(text, Language::Pycon) {
        return None;
    }
    let shell = matches!(readings[at].kind, Kind::Runs(Language::Shell | Language::Console));
    let place = fence.language.as_ref().map_or(Span::new(fence.span.start, fence.span.start), |word| word.span);
    let titled = fence.attributes.iter().find_map(title);
    // Of commands a name is often mere decoration: a reader saves them only where the page goes on to speak of the file.
    let meant = |path: &str| !shell || fence.code.text.starts_with("#!") || is_spoken_of(readings, at, path);
    let titled = titled.filter(|path| is_path(&path.value) || asks_to_save(fence, &path.value));
    if let Some(path) = titled.filter(|path| meant(&path.value)) {
        let reason = format!("its title names the file `{}`", path.value);
        return (!is_excerpt(fence)).then_some(Named { path, reason });
    }
    if let Some((line, path)) = first_line_name(fence).filter(|(_, path)| meant(path)) {
        let reason = format!("its first line names the file `{path}`");
        return (!is_excerpt(fence)).then_some(Named { path: Spanned::new(path, line), reason });
    }
    let (path, reason) = if let Some(path) = caption(fence) {
        let reason = format!("the caption above names the file `{path}`");
        (path, reason)
    } else if shell {
        return None;
    } else if let Some(path) = told(fence) {
        let reason = format!("the text before names the file `{path}`");
        (path, reason)
    } else {
        let path = read_by_next_step(readings, at)?;
        let reason = format!("the next step reads `{path}`");
        (path, reason)
    };
    (!is_excerpt(fence)).then(|| Named { path: Spanned::new(path, place), reason })
}

fn title(setting: &crate::options::Setting) -> Option<Spanned<String>> {
    let Value::Text(text) = &setting.value.value else { return None };
    matches!(setting.key.value.as_str(), "title" | "filename").then(|| Spanned::new(text.clone(), setting.value.span))
}

/// True for a relative path whose last part has an extension, or is one of the well-known names without.
fn is_path(text: &str) -> bool {
    const NAMES: [&str; 7] = ["Dockerfile", "Makefile", "Procfile", "Gemfile", "justfile", ".env", ".gitignore"];
    let last = text.rsplit('/').next().unwrap_or(text);
    let extension = last.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty()
            && (1..=8).contains(&extension.len())
            && extension.chars().all(|c| c.is_ascii_alphanumeric())
            && extension.starts_with(|c: char| c.is_ascii_alphabetic())
    });
    (extension || NAMES.contains(&last)) && is_inside(text)
}

/// True for a path that stays in the workspace, of characters that names of files have.
fn is_inside(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(['/', '-'])
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '@' | '+'))
        && text.split('/').all(|part| !part.is_empty() && part != "..")
}

/// A bare word is a name where the text before says to save it so, or where the file names its interpreter.
fn asks_to_save(fence: &Fence, name: &str) -> bool {
    let asks = match fence.before.last() {
        Some(Prose::Paragraph(words)) => words.contains("file") && words.contains(&format!("`{name}`")),
        _ => false,
    };
    is_inside(name) && (asks || fence.code.text.starts_with("#!"))
}

/// True where the text before the fence at `at`, or any text or code after it, names the file.
fn is_spoken_of(readings: &[Reading<'_>], at: usize, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let names = |text: &str| {
        let words = text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '+')));
        words.into_iter().any(|word| word == name || word.strip_suffix('.') == Some(name))
    };
    let told = readings[at..].iter().flat_map(|reading| &reading.fence.before);
    let told = told.filter_map(|prose| match prose {
        Prose::Paragraph(text) | Prose::Heading(text) => Some(text.as_str()),
        Prose::Other => None,
    });
    let code = readings[at + 1..].iter().map(|reading| reading.fence.code.text.as_str());
    told.chain(code).any(names)
}

/// Only a part of a file: what is left out is shown by dots.
fn is_excerpt(fence: &Fence) -> bool {
    let dots = |line: &str| {
        let line = line.trim().trim_start_matches(['/', '#', '*', ';', '-', '<', '!']).trim_start();
        line.starts_with("...") || line.starts_with('…')
    };
    let diff = fence.attributes.iter().any(|setting| matches!(setting.key.value.as_str(), "del"));
    diff || fence.code.text.lines().any(dots)
}

/// `// src/app.js`, `# app.py`, also between `---` lines.
fn first_line_name(fence: &Fence) -> Option<(Span, String)> {
    let mut lines = fence.code.text.lines().zip(&fence.code.lines);
    let (mut line, mut span) = lines.next()?;
    if line.trim() == "---" {
        (line, span) = lines.next()?;
    }
    let comment = ["//", "#", "--", ";", "<!--", "/*"].iter().find_map(|mark| line.trim_start().strip_prefix(mark))?;
    let name = comment.trim().trim_end_matches("-->").trim_end_matches("*/").trim();
    (is_path(name) && !name.starts_with('@')).then(|| (*span, name.to_owned()))
}

/// A paragraph that is a path in bold or code, perhaps with a colon or a remark in brackets.
fn caption(fence: &Fence) -> Option<String> {
    let Some(Prose::Paragraph(words) | Prose::Heading(words)) = fence.before.last() else { return None };
    let words = words.trim();
    let mark = if words.starts_with("**") { "**" } else { "`" };
    let (name, rest) = words.strip_prefix(mark)?.split_once(mark)?;
    let name = name.trim().trim_matches('`').trim_end_matches(':');
    let rest = rest.trim();
    let alone = rest.is_empty() || rest == ":" || rest.starts_with('(') && rest.trim_end_matches(':').ends_with(')');
    (alone && is_path(name)).then(|| name.to_owned())
}

/// The file that the text before tells to create. Edits to a file tell its name, too, but the fence is not all of it.
fn told(fence: &Fence) -> Option<String> {
    const SAVES: [&str; 14] = [
        "create",
        "creating",
        "save",
        "saving",
        "write",
        "put ",
        "paste",
        "copy",
        "called",
        "named",
        "full text of",
        "contents of",
        "tell ",
        "alter",
    ];
    const EDITS: [&str; 12] = [
        "add ",
        "append",
        "insert",
        "import",
        "replace",
        "at the top",
        "at the end",
        "to the top",
        "beginning of",
        "already contains",
        "contains the following",
        "in your existing",
    ];
    let Some(Prose::Paragraph(words)) = fence.before.last() else { return None };
    let lower = words.to_ascii_lowercase();
    if EDITS.iter().any(|word| lower.contains(word)) || !SAVES.iter().any(|word| lower.contains(word)) {
        return None;
    }
    let mut names = words.split('`').skip(1).step_by(2).filter(|name| is_path(name));
    let name = names.next()?;
    // Two names: which of them is meant, a parser cannot tell.
    names.all(|other| other == name).then(|| name.to_owned())
}

/// Data that the next step opens by a name with the fence's own extension.
fn read_by_next_step(readings: &[Reading<'_>], at: usize) -> Option<String> {
    let reading = &readings[at];
    let word = language::word(reading.fence);
    let extensions: &[&str] = match (reading.kind, word.as_str()) {
        (Kind::Json, _) => &["json", "jsonl"],
        (Kind::Other, "yaml" | "yml") => &["yaml", "yml"],
        (Kind::Other, "csv") => &["csv"],
        (Kind::Other, "toml") => &["toml"],
        (Kind::Other, "xml") => &["xml"],
        (Kind::Other, "ini") => &["ini"],
        (Kind::Other, "jsonl") => &["jsonl"],
        (Kind::Other, "sql") => &["sql"],
        (Kind::Text | Kind::Untagged, _) => &["txt", "csv"],
        _ => return None,
    };
    let next = readings.get(at + 1).filter(|next| matches!(next.kind, Kind::Runs(_)))?;
    let text = &next.fence.code.text;
    let quoted = text.split(['"', '\'']).skip(1).step_by(2);
    let handed = text.split_whitespace().filter_map(|word| word.trim_matches(['"', '\'']).strip_prefix('@'));
    let fits = |name: &&str| is_path(name) && extensions.iter().any(|end| name.ends_with(&format!(".{end}")));
    let mut names = quoted.chain(handed).filter(fits);
    let name = names.next()?;
    names.all(|other| other == name).then(|| name.to_owned())
}
