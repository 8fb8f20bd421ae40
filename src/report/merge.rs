//! Several runs as one: the shards of a matrix.

use super::schema::{Diagnostic, Page, PageVerdict, RUN, Run, Severity, Summary};
use crate::run::ExitCode;

/// The union of runs: pages by their paths, counts added, the exit status of the whole. A page that several runs hold
/// is told, and its worst verdict counts.
pub fn merge(runs: Vec<Run>) -> Run {
    let mut whole = Run {
        schema: RUN.to_owned(),
        summary: Summary {
            pages: 0,
            ok: 0,
            stale: 0,
            error: 0,
            expected_stale: 0,
            steps: 0,
            unsure: 0,
            duration_ms: 0,
        },
        pages: Vec::new(),
        diagnostics: Vec::new(),
        allowed: Vec::new(),
        notes: Vec::new(),
        interrupted: false,
        exit: 0,
    };
    let mut code = ExitCode::True;
    for run in runs {
        whole.summary.unsure += run.summary.unsure;
        whole.summary.duration_ms += run.summary.duration_ms;
        whole.interrupted |= run.interrupted;
        code = code.or_worse(ExitCode::of_number(run.exit).unwrap_or(ExitCode::Machine));
        whole.pages.extend(run.pages);
        unite(&mut whole.diagnostics, run.diagnostics);
        unite(&mut whole.allowed, run.allowed);
        unite(&mut whole.notes, run.notes);
    }
    whole.exit = code.number();
    // The sort is stable: of several results for one page the worst one comes first and is kept.
    whole.pages.sort_by(|one, other| key(one).cmp(&key(other)).then(weight(other).cmp(&weight(one))));
    let mut again = Vec::new();
    whole.pages.dedup_by(|page, kept| {
        let same = key(page) == key(kept);
        again.extend(same.then(|| twice(&page.path)));
        same
    });
    unite(&mut whole.diagnostics, again);
    let known = |page: &&Page| page.expected_stale.is_some();
    let count = |verdict| whole.pages.iter().filter(|page| page.verdict == verdict && !known(page)).count();
    whole.summary.pages = whole.pages.len();
    whole.summary.ok = count(PageVerdict::Ok);
    whole.summary.stale = count(PageVerdict::Stale);
    whole.summary.error = count(PageVerdict::Error);
    whole.summary.expected_stale = whole.pages.iter().filter(known).count();
    whole.summary.steps = whole.pages.iter().map(|page| page.steps.len()).sum();
    whole
}

/// One page may be run as several tracks, and against the data of several providers.
fn key(page: &Page) -> (&str, Option<&str>, Option<&str>) {
    (&page.path, page.track.as_deref(), page.provider.as_deref())
}

fn weight(page: &Page) -> u8 {
    match page.verdict {
        PageVerdict::Ok => 0,
        _ if page.expected_stale.is_some() => 1,
        PageVerdict::Stale => 2,
        PageVerdict::Error => 3,
    }
}

fn twice(path: &str) -> Diagnostic {
    Diagnostic {
        code: "page-twice".to_owned(),
        severity: Severity::Warning,
        message: format!("several of the runs hold {path}; the worst verdict counts"),
        path: Some(path.to_owned()),
        line: None,
        column: None,
        help: Some("give every run another shard, and every document once".to_owned()),
    }
}

/// Adds what is not there yet: every shard tells what is wrong with the configuration.
fn unite<T: PartialEq>(all: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !all.contains(&one) {
            all.push(one);
        }
    }
}
