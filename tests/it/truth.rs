//! A page that stops telling the truth fails: every letter and digit of every documented output of every
//! tutorial counts, and so does the code that copes with a fault.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use doccheck::config::Config;
use doccheck::outcome::{PageVerdict, StepVerdict, judge};
use doccheck::plan::{Plan, Role, plan};
use doccheck::source::{SourceFile, Span};
use doccheck::transcript::Transcript;
use doccheck::tutorial;
use regex::Regex;

use crate::invocation::{cache, doccheck};

/// Each tutorial is run once; its transcript then judges copies of the page in which one character of each output is
/// another, until each character was.
#[test]
fn every_character_of_an_output_counts() {
    let run = doccheck().current_dir(root()).args(["run", "tutorials"]).output().expect("doccheck starts");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
    let mut transcripts = transcripts(&cache());
    assert!(transcripts.len() >= 2, "every tutorial leaves a transcript");
    // A page that runs once for each provider says the same of all of them.
    transcripts.sort_by(|a, b| a.page.cmp(&b.page));
    transcripts.dedup_by(|a, b| a.page == b.page);
    for transcript in &transcripts {
        let text = std::fs::read_to_string(root().join(&transcript.page)).expect("the page is there");
        let changed = check_page(&text, transcript);
        assert!(changed > 20, "{}: only {changed} characters are compared", transcript.page);
    }
}

fn check_page(text: &str, transcript: &Transcript) -> usize {
    let original = planned(&transcript.page, text);
    let as_it_is = judge(Arc::clone(&original), transcript);
    let settled = |verdict| matches!(verdict, StepVerdict::Ok | StepVerdict::Skipped);
    assert!(as_it_is.steps.iter().all(|step| settled(step.verdict)), "{}: every step is compared", transcript.page);
    let source = &original.tutorial.source;
    let fences = original.tutorial.fences.iter().zip(&original.roles).filter(|(_, role)| role.role == Role::Output);
    let outputs: Vec<(usize, Vec<usize>)> = fences
        .map(|(fence, _)| {
            let lines = fence.code.lines.iter();
            (source.line(fence.span.start), lines.flat_map(|span| compared_characters(source, *span)).collect())
        })
        .collect();
    let longest = outputs.iter().map(|(_, characters)| characters.len()).max().unwrap_or(0);
    for nth in 0..longest {
        let mut page = text.to_owned();
        let changed = || outputs.iter().filter_map(|(line, characters)| Some((*line, *characters.get(nth)?)));
        for (_, at) in changed() {
            let other = if page.as_bytes()[at] == b'7' { "8" } else { "7" };
            page.replace_range(at..=at, other);
        }
        let outcome = judge(planned(&transcript.page, &page), transcript);
        assert_eq!(outcome.verdict, PageVerdict::Stale, "{}", transcript.page);
        for (line, at) in changed() {
            let told = outcome.steps.iter().flat_map(|step| &step.checks).any(|check| !check.ok && check.line == line);
            assert!(
                told,
                "{}:{}: a changed character goes unnoticed: {}",
                transcript.page,
                source.line(at),
                page.lines().nth(source.line(at) - 1).unwrap_or_default(),
            );
        }
    }
    outputs.iter().map(|(_, characters)| characters.len()).sum()
}

/// The letters and digits of a line that stand outside wildcards, captures and typed places.
fn compared_characters(source: &SourceFile, span: Span) -> Vec<usize> {
    let free = Regex::new(r"<[a-z]+(:[a-z]+)?>|\[\.\.\]|\.\.\.").expect("the pattern is right");
    let line = source.slice(span);
    let free: Vec<_> = free.find_iter(line).map(|found| found.range()).collect();
    let counts =
        |at: usize, character: char| character.is_ascii_alphanumeric() && !free.iter().any(|range| range.contains(&at));
    line.char_indices().filter(|(at, character)| counts(*at, *character)).map(|(at, _)| span.start + at).collect()
}

/// The retry loop is what the fault of that step is there for: without it the page fails.
#[test]
fn a_deleted_retry_loop_is_noticed() {
    let page = std::fs::read_to_string(root().join("tutorials/sync-leads.md")).expect("the page is there");
    let start = page.find("def post_with_backoff").expect("the loop is there");
    let end = page[start..].find("\n\n\nresponse = ").expect("its end is there") + start;
    let without = format!(
        "{}def post_with_backoff(url, **request):\n    return requests.post(url, timeout=10, **request){}",
        &page[..start],
        &page[end..]
    );
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("sync-leads.md"), without).expect("the page can be written");
    let output =
        doccheck().current_dir(folder.path()).args(["run", "sync-leads.md"]).output().expect("doccheck starts");
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("Rate limited. Retrying in 60 s"), "{told}");
}

/// What a loop prints is not what it does: one that says that it waits a minute, and waits a second, is told.
#[test]
fn a_shortened_wait_is_noticed() {
    let page = std::fs::read_to_string(root().join("tutorials/rate-limits.md")).expect("the page is there");
    let waits = "time.sleep(asked + random.uniform(0, 0.25))";
    assert!(page.contains(waits));
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("page.md"), page.replace(waits, "time.sleep(1)"))
        .expect("the page can be written");
    let output = doccheck().current_dir(folder.path()).args(["run", "page.md"]).output().expect("doccheck starts");
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("the page came back 1 s after a 429 that asked for 60 s"), "{told}");
}

fn planned(path: &str, text: &str) -> Arc<Plan> {
    let (tutorial, _) = tutorial::read(SourceFile::new(path, text));
    let (plan, _) = plan(tutorial, &Config::default(), "page.md");
    Arc::new(plan)
}

/// The transcripts of the tutorials under the cache, wherever it keeps them.
fn transcripts(cache: &Path) -> Vec<Transcript> {
    walkdir::WalkDir::new(cache.join("doccheck/runs"))
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "json"))
        // Beside the folder of transcripts lies the document of the run.
        .filter(|entry| entry.path().parent().is_some_and(|folder| folder.ends_with("last")))
        .map(|entry| {
            let text = std::fs::read_to_string(entry.path()).expect("the transcript can be read");
            serde_json::from_str::<Transcript>(&text).expect("the transcript keeps to its format")
        })
        .filter(|transcript| transcript.page.starts_with("tutorials/"))
        .collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}
