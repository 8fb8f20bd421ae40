//! Several runs as one: the shards of a matrix.

use std::collections::BTreeMap;

use super::schema::{Diagnostic, Page, PageVerdict, RUN, Run, Severity, Shard, Summary};
use crate::run::ExitCode;

/// The union of runs: pages by their paths, counts added, the exit status of the whole. A page that several runs hold
/// is told, and its worst verdict counts. Where the runs are parts, each part has to be there once.
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
        shard: None,
        interrupted: false,
        exit: 0,
    };
    let wrong = shards(runs.iter().filter_map(|run| run.shard));
    let mut code = if wrong.is_empty() { ExitCode::True } else { ExitCode::Usage };
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
    unite(&mut whole.diagnostics, wrong);
    // The sort is stable: of several results for one page the worst one comes first and is kept.
    whole.pages.sort_by(|one, other| key(one).cmp(&key(other)).then(weight(other).cmp(&weight(one))));
    let mut again = Vec::new();
    whole.pages.dedup_by(|page, kept| {
        let same = key(page) == key(kept);
        again.extend(same.then(|| twice(page)));
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

fn twice(page: &Page) -> Diagnostic {
    let message = format!("several of the runs hold {}; the worst verdict counts", page.title());
    let help = "give every run another shard, and every document once";
    Diagnostic { path: Some(page.path.clone()), ..finding("page-twice", Severity::Warning, message, help) }
}

/// The codes of what only merging can find.
const FOUND: [&str; 3] = ["page-twice", "shard-missing", "shard-twice"];

/// The code of a finding that merging has made.
pub fn code_of_merge(found: &Diagnostic) -> Option<&'static str> {
    FOUND.into_iter().find(|code| *code == found.code)
}

/// How many parts are named at most.
const NAMED: usize = 10;

/// Of the parts of each whole, those that are not there and those that are there again.
fn shards(shards: impl Iterator<Item = Shard>) -> Vec<Diagnostic> {
    let mut wholes: BTreeMap<u64, BTreeMap<u64, u64>> = BTreeMap::new();
    for shard in shards {
        *wholes.entry(shard.of).or_default().entry(shard.index).or_default() += 1;
    }
    let mut wrong = Vec::new();
    for (of, parts) in wholes {
        let missing = (1..=of).filter(|index| !parts.contains_key(index)).take(NAMED);
        let gone = of - parts.len() as u64;
        let help = "merge the documents of all parts; a part that was broken off may have left none";
        wrong.extend(told("shard-missing", missing, gone, of, "missing", help));
        let again = parts.iter().filter(|(_, count)| **count > 1).map(|(index, _)| *index);
        let count = again.clone().count() as u64;
        let help = "name each document once; what is no part of the same whole is merged on its own first";
        wrong.extend(told("shard-twice", again.take(NAMED), count, of, "there more than once", help));
    }
    wrong
}

/// That `all` parts out of `of`, of which `some` are named, are not as they should be.
fn told(code: &str, some: impl Iterator<Item = u64>, all: u64, of: u64, what: &str, help: &str) -> Option<Diagnostic> {
    let mut names: Vec<String> = some.map(|index| format!("{index}/{of}")).collect();
    let message = match all - names.len() as u64 {
        0 if names.is_empty() => return None,
        0 if names.len() == 1 => format!("shard {} is {what}", names[0]),
        0 => {
            let last = names.pop().unwrap_or_default();
            format!("shards {} and {last} are {what}", names.join(", "))
        }
        more => format!("shards {} and {more} more are {what}", names.join(", ")),
    };
    Some(finding(code, Severity::Error, message, help))
}

fn finding(code: &str, severity: Severity, message: String, help: &str) -> Diagnostic {
    Diagnostic {
        code: code.to_owned(),
        severity,
        message,
        path: None,
        line: None,
        column: None,
        help: Some(help.to_owned()),
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
