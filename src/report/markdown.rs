//! Markdown for a pull request's comment and for the summary of a workflow's step: counts, and each finding folded.
//!
//! What a page or a program wrote stands only in code, escaped, so that it can neither mention anybody nor pose as a
//! part of the comment. GitHub refuses comments of more than 65,536 characters: what does not fit is counted.

use std::fmt::Write;
use std::time::Duration;

use super::findings::{Finding, counted, of_run, shortened};
use super::paint::{clipped, safe};
use super::schema::{PageVerdict, Run, Severity, StepVerdict};
use crate::clock::in_words;

/// By this line a workflow finds its own comment again.
const MARK: &str = "<!-- doccheck -->";

/// How many bytes there are at most, but for the line that tells how many findings were left out.
const LIMIT: usize = 60_000;

/// How many lines and bytes of what happened are shown of a finding.
const SHOWN: (usize, usize) = (60, 6_000);

/// How many lines and bytes of advice are shown of a finding.
const HELP: (usize, usize) = (12, 1_500);

/// How many characters of a line of text are shown.
const LINE: usize = 300;

/// The run as Markdown.
pub fn text(run: &Run) -> String {
    let mut text = format!("{MARK}\n### doccheck: {}\n\n{}\n", headline(run), counts(run));
    let (findings, remarks) = (of_run(run), remarks(run));
    let room = LIMIT.saturating_sub(remarks.len());
    let mut left_out = 0;
    for finding in findings.iter().filter(|finding| finding.severity != Severity::Note) {
        let folded = folded(finding);
        if left_out > 0 || text.len() + folded.len() > room {
            left_out += 1;
        } else {
            text.push_str(&folded);
        }
    }
    if left_out > 0 {
        let _ = writeln!(text, "\n… and {}. The run's log has them all.", counted(left_out, "more finding"));
    }
    text.push_str(&remarks);
    text
}

fn headline(run: &Run) -> String {
    let summary = &run.summary;
    let (pages, all) = (summary.stale + summary.error, counted(summary.pages, "page"));
    let is = |count| if count == 1 { "is" } else { "are" };
    match run.exit {
        130 => "❌ the run was interrupted".to_owned(),
        4 => "❌ there was no page to look at".to_owned(),
        0 if summary.pages == 0 => "✅ there was nothing to run".to_owned(),
        0 => format!("✅ {all} {} the truth", if summary.pages == 1 { "tells" } else { "tell" }),
        1 if pages == 0 => format!("❌ {} not run, which fails a strict run", counted(summary.unsure, "fence")),
        1 => format!("❌ {} of {all} {} not true", summary.stale, is(summary.stale)),
        _ if pages == 0 => "❌ the run could not be done".to_owned(),
        _ => format!("❌ {pages} of {all} {} not true or could not be run", is(pages)),
    }
}

fn counts(run: &Run) -> String {
    let known = run.pages.iter().filter(|page| page.expected_stale.is_some()).count();
    let unknown = || run.pages.iter().filter(|page| page.expected_stale.is_none());
    let pages = |verdict| unknown().filter(|page| page.verdict == verdict).count();
    let steps = || run.pages.iter().flat_map(|page| &page.steps);
    let cut_off = run.pages.iter().filter(|page| page.is_cut_off()).count();
    let known_steps = steps().filter(|step| step.expected_stale.is_some()).count();
    let step = |verdict| steps().filter(|step| step.verdict == verdict && step.expected_stale.is_none()).count();
    let listed = |counts: &[(usize, &str)]| {
        let told = counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
        told.collect::<Vec<_>>().join(", ")
    };
    let rows = [
        (
            counted(run.pages.len(), "page"),
            listed(&[
                (pages(PageVerdict::Ok) - cut_off, "ok"),
                (pages(PageVerdict::Stale), "stale"),
                (known, "known stale"),
                (pages(PageVerdict::Error), "error"),
                (cut_off, "interrupted"),
            ]),
        ),
        (
            counted(steps().count(), "step"),
            listed(&[
                (step(StepVerdict::Ok), "ok"),
                (step(StepVerdict::Stale), "stale"),
                (known_steps, "known stale"),
                (step(StepVerdict::Error), "error"),
                (step(StepVerdict::Unchecked), "unchecked"),
                (step(StepVerdict::NotReached), "not reached"),
                (step(StepVerdict::Skipped), "skipped"),
            ]),
        ),
    ];
    let told = rows.map(|(all, parts)| if parts.is_empty() { all } else { format!("{all}: {parts}") });
    format!("{} ({})", told.join("; "), in_words(Duration::from_millis(run.summary.duration_ms)))
}

fn folded(finding: &Finding<'_>) -> String {
    let place = finding.place();
    let place = if place.is_empty() { String::new() } else { format!("{} — ", code(&place)) };
    let warning = if finding.severity == Severity::Warning { "warning: " } else { "" };
    let mut text = format!("\n<details><summary>{place}{warning}{}</summary>\n\n", code(&finding.title));
    if !finding.detail.is_empty() {
        text.push_str(&fenced("text", finding.detail, HELP));
    }
    if let Some(shown) = finding.shown() {
        text.push_str(&fenced(if finding.diff.is_some() { "diff" } else { "text" }, shown, SHOWN));
    }
    if let Some(help) = finding.help {
        text.push_str(&fenced("text", &format!("help: {help}"), HELP));
    }
    text.push_str("</details>\n");
    text
}

fn remarks(run: &Run) -> String {
    let mut text = String::new();
    let open = run.summary.unsure;
    if open > 0 {
        let _ = writeln!(text, "\nunsure: {} not run; `doccheck list` says why", counted(open, "fence"));
    }
    if !run.allowed.is_empty() {
        let _ = writeln!(text, "\nnetwork: steps may reach {} for real", code(&run.allowed.join(", ")));
    }
    for note in run.notes.iter().take(5) {
        let _ = writeln!(text, "\nnote: {}", code(note));
    }
    text
}

/// One line of text as code in HTML. A browser reads nothing of it, and where it stands inside of Markdown its
/// punctuation is no mark there either.
fn code(text: &str) -> String {
    let mut escaped = String::from("<code>");
    for character in clipped(&safe(text), LINE).chars() {
        if character.is_ascii_punctuation() && !matches!(character, '.' | ',' | ';' | '/' | '-' | '%' | '=' | '?') {
            let _ = write!(escaped, "&#{};", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    escaped.push_str("</code>");
    escaped
}

/// Several lines of text in a fence that they cannot end.
fn fenced(language: &str, text: &str, (lines, bytes): (usize, usize)) -> String {
    let shown: String = shortened(text, lines, bytes).lines().map(|line| format!("{}\n", safe(line))).collect();
    let shown = shortened(&shown, lines + 1, 2 * bytes);
    let longest = shown.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{shown}{fence}\n\n")
}
