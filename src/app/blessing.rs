//! Pages and what their last run says they have to show: from saved transcripts, or from a run where those do not fit.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::runs::Wanted;
use super::{Prepared, RunRequest, Surroundings, prepare};
use crate::bless::{Blessing, Rules, Run, propose, propose_for_all};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fs;
use crate::outcome::{PageOutcome, PageVerdict, judge, title};
use crate::plan::{Plan, plan};
use crate::process::interrupted;
use crate::run::{ExitCode, Observer, Page, Session, record};
use crate::source::{SourceFile, Span};
use crate::transcript::{Ending, Transcript};
use crate::tutorial;

/// Which pages are to be blessed, and how.
#[derive(Debug, Clone)]
pub struct BlessRequest {
    /// Pages and folders; what the configuration includes where there are none.
    pub paths: Vec<PathBuf>,
    /// How many pages run at once.
    pub jobs: usize,
    /// Outputs for steps that show none, too.
    pub add: bool,
    /// Install nothing.
    pub offline: bool,
}

/// What can be done about pages.
#[derive(Debug, Default)]
pub struct BlessReport {
    /// The pages, in order.
    pub pages: Vec<Blessable>,
    /// Findings that belong to no page.
    pub diagnostics: Vec<Diagnostic>,
    /// True where no page was selected.
    pub nothing_selected: bool,
}

/// A page, and what can be done about it.
#[derive(Debug)]
pub struct Blessable {
    /// Its path, as it is told to people.
    pub path: String,
    /// What is wrong with the page itself or with the machine.
    pub diagnostics: Vec<Diagnostic>,
    /// How the page can be judged; `MachineError` or `PageError` where it cannot.
    pub verdict: PageVerdict,
    /// The plan and the records that it was judged by; `None` where it could not be. Of several runs the first one's.
    pub judged: Option<(PageOutcome, Arc<Plan>, Transcript)>,
    /// Of a page that runs for several providers the records of the further runs, by which it was judged too.
    pub others: Vec<Transcript>,
    /// What the page needs.
    pub blessing: Blessing,
    folder: Option<PathBuf>,
}

/// What came of a run, the plan that it was judged by, and its records.
type Judged = (PageOutcome, Arc<Plan>, Transcript);

impl BlessReport {
    /// Why there is nothing to change. What is known to be stale, and what is kept in snapshots, is not changed here,
    /// so that it may be true or not.
    pub fn why_nothing(&self) -> &'static str {
        let keeps = |page: &Blessable| page.judged.as_ref().is_some_and(|(_, plan, _)| plan.page.snapshot);
        if self.pages.iter().all(|page| page.verdict == PageVerdict::Ok && !keeps(page)) {
            "the pages are true"
        } else {
            "`doccheck run` tells what is known to be stale, and about snapshots"
        }
    }

    /// The exit status that tells what kept pages from being judged; `True` where nothing did.
    pub fn exit_code(&self) -> ExitCode {
        let any = |verdict| self.pages.iter().any(|page| page.verdict == verdict);
        if interrupted() {
            ExitCode::Interrupted
        } else if any(PageVerdict::MachineError) {
            ExitCode::Machine
        } else if any(PageVerdict::PageError) || self.diagnostics.iter().any(is_error) {
            ExitCode::Usage
        } else if self.nothing_selected {
            ExitCode::Nothing
        } else {
            ExitCode::True
        }
    }
}

/// What pages need. Pages whose saved transcript does not fit are run.
pub fn bless(request: &BlessRequest, surroundings: &Surroundings, observer: &dyn Observer) -> BlessReport {
    with_pages(request, surroundings, |session, runs| {
        let unfit: Vec<Page> = runs.iter().filter(|run| of_run(session, run).is_err()).cloned().collect();
        let outcomes = session.pages(&unfit, request.jobs, observer);
        let failed = |path: &str| {
            let is_failed = |verdict| matches!(verdict, PageVerdict::PageError | PageVerdict::MachineError);
            let mut failed = outcomes.iter().filter(|outcome| outcome.path == path && is_failed(outcome.verdict));
            let first = failed.next()?;
            let mut found = first.diagnostics.clone();
            for other in failed.flat_map(|outcome| &outcome.diagnostics) {
                if found.iter().all(|known| known.message != other.message || known.line() != other.line()) {
                    found.push(other.clone());
                }
            }
            Some(not_judged(path, found, first.verdict))
        };
        let pages = runs.chunk_by(|one, other| one.path == other.path).filter(|_| !interrupted());
        pages.map(|runs| failed(&runs[0].path).unwrap_or_else(|| recalled_page(session, runs, request.add))).collect()
    })
}

/// What pages need by their saved transcripts; nothing is run, and a transcript that does not fit is an error.
pub fn recalled(request: &BlessRequest, surroundings: &Surroundings) -> BlessReport {
    with_pages(request, surroundings, |session, runs| {
        let pages = runs.chunk_by(|one, other| one.path == other.path);
        pages.map(|runs| recalled_page(session, runs, request.add)).collect()
    })
}

/// Writes the page with `text`, and keeps its transcript as that of the new page.
///
/// # Errors
///
/// A finding that tells why the page is as it was.
pub fn write(page: &Blessable, text: &str, surroundings: &Surroundings) -> Result<(), Diagnostic> {
    let Some((_, plan, transcript)) = &page.judged else { return Ok(()) };
    let source = &plan.tutorial.source;
    fs::rewrite(&surroundings.directory.join(&page.path), source.text(), text).map_err(|error| {
        Diagnostic::error("not-written", format!("{} is not written: {error}", page.path))
            .help("where it was changed, run it again; where it is protected, `chmod u+w` it")
    })?;
    let Some(folder) = &page.folder else { return Ok(()) };
    let written = SourceFile::new(source.path(), text);
    for transcript in std::iter::once(transcript).chain(&page.others) {
        if page.blessing.rerun {
            record::forget(folder, transcript);
        } else {
            // Without it the page has to run again, which is no harm.
            let _ = record::save(folder, &record::carried_over(transcript, &written));
        }
    }
    Ok(())
}

fn with_pages(
    request: &BlessRequest,
    surroundings: &Surroundings,
    judge: impl FnOnce(&Session, &[Page]) -> Vec<Blessable>,
) -> BlessReport {
    let run = RunRequest {
        paths: request.paths.clone(),
        jobs: request.jobs,
        offline: request.offline,
        ..RunRequest::default()
    };
    // What one run alone says is not enough to change the page of several.
    let (paths, _) = Wanted::read(&run.paths, &surroundings.directory);
    match prepare(&RunRequest { paths, ..run }, surroundings) {
        Err(diagnostics) => BlessReport { diagnostics, ..BlessReport::default() },
        Ok(Prepared { session, pages, diagnostics, .. }) => {
            let nothing_selected = pages.is_empty() && diagnostics.is_empty();
            BlessReport { pages: judge(&session, &pages), diagnostics, nothing_selected }
        }
    }
}

fn is_error(found: &Diagnostic) -> bool {
    found.severity == Severity::Error
}

fn not_judged(path: &str, diagnostics: Vec<Diagnostic>, verdict: PageVerdict) -> Blessable {
    let path = path.to_owned();
    Blessable {
        path,
        diagnostics,
        verdict,
        judged: None,
        others: Vec::new(),
        blessing: Blessing::default(),
        folder: None,
    }
}

/// `runs` are all of one page.
fn recalled_page(session: &Session, runs: &[Page], add: bool) -> Blessable {
    from_transcripts(session, runs, add)
        .unwrap_or_else(|diagnostics| not_judged(&runs[0].path, diagnostics, PageVerdict::PageError))
}

/// Judges a page by the saved transcripts of all its runs.
fn from_transcripts(session: &Session, runs: &[Page], add: bool) -> Result<Blessable, Vec<Diagnostic>> {
    let path = runs[0].path.as_str();
    let judged: Vec<_> = runs.iter().map(|run| of_run(session, run)).collect::<Result<_, _>>()?;
    let mut judged = judged.into_iter().flatten();
    let Some((outcome, plan, transcript)) = judged.next() else {
        return Ok(not_judged(path, Vec::new(), PageVerdict::Ok));
    };
    let (others, more): (Vec<_>, Vec<_>) = judged.map(|(outcome, _, transcript)| (transcript, outcome.verdict)).unzip();
    let rules = Rules { config: &session.config, path: &runs[0].relative };
    let blessing = if others.is_empty() {
        propose(&plan, &transcript.steps, rules, add)
    } else {
        let all = std::iter::once(&transcript).chain(&others);
        let all: Vec<Run<'_>> = all.map(run_of).collect();
        propose_for_all(&plan, &all, rules, add)
    };
    let verdict = std::iter::once(outcome.verdict).chain(more).find(|verdict| *verdict != PageVerdict::Ok);
    Ok(Blessable {
        path: path.to_owned(),
        diagnostics: Vec::new(),
        verdict: verdict.unwrap_or(PageVerdict::Ok),
        judged: Some((outcome, plan, transcript)),
        others,
        blessing,
        folder: session.options.transcripts.clone(),
    })
}

fn run_of(transcript: &Transcript) -> Run<'_> {
    Run { provider: transcript.provider.as_deref().unwrap_or_default(), records: &transcript.steps }
}

/// Judges a run by its saved transcript; `None` where the page has no step.
fn of_run(session: &Session, run: &Page) -> Result<Option<Judged>, Vec<Diagnostic>> {
    let source = run.source.as_ref().map_err(|found| vec![found.clone()])?;
    let plan = planned(source, Rules { config: &session.config, path: &run.relative })?;
    plan.providers(&session.definition)?;
    if plan.steps().next().is_none() {
        return Ok(None);
    }
    let unfit = |reason: &str| vec![does_not_fit(source, run, reason)];
    let folder = session.options.transcripts.as_deref().unwrap_or(Path::new(""));
    let transcript = record::recall(folder, &run.title()).ok_or_else(|| unfit("it has not been run"))?;
    if let Some(reason) = record::outdated(&transcript, source, session) {
        return Err(unfit(&reason));
    }
    let plan = Arc::new(plan);
    let outcome = judge(Arc::clone(&plan), &transcript);
    if !is_whole(&plan, &outcome, &transcript) {
        return Err(unfit("its last run did not come to its end"));
    }
    Ok(Some((outcome, plan, transcript)))
}

fn planned(source: &Arc<SourceFile>, rules: Rules<'_>) -> Result<Plan, Vec<Diagnostic>> {
    let (tutorial, mut diagnostics) = tutorial::read(Arc::clone(source));
    let (plan, found) = plan(tutorial, rules.config, rules.path);
    diagnostics.extend(found);
    if diagnostics.iter().any(is_error) { Err(diagnostics) } else { Ok(plan) }
}

/// True where the records tell of every step, and of those that were not reached why.
fn is_whole(plan: &Plan, outcome: &PageOutcome, transcript: &Transcript) -> bool {
    let steps = plan.steps().count();
    let mut stopped = false;
    let told = outcome.steps.iter().zip(&transcript.steps).all(|(step, record)| {
        let known = stopped || record.ending != Ending::NotReached;
        stopped |= step.stops_page;
        known && !matches!(record.ending, Ending::NotStarted { .. })
    });
    transcript.steps.len() == steps && told
}

fn does_not_fit(source: &Arc<SourceFile>, run: &Page, reason: &str) -> Diagnostic {
    let path = source.path().display();
    let top = Span::new(0, source.line_span(1).end);
    let title = title(&path.to_string(), run.provider.as_deref());
    Diagnostic::error("run-first", format!("{title} cannot be judged by its last run: {reason}"))
        .at(source, top, "")
        .help(format!("run it first: `doccheck run {path}`"))
}
