//! `cargo test` integration: every page is a test, by its path, filterable as tests are.
//!
//! A test target with `harness = false` and this as its whole text is all that a project needs:
//! `fn main() -> std::process::ExitCode { doccheck::harness::main(&["tutorials"]) }`.

#![expect(clippy::disallowed_methods, reason = "a test target has no main of ours that could hand these on")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Conclusion, Failed, Trial};

use crate::app::{self, Prepared, RunRequest, Surroundings};
use crate::diagnostic::Severity;
use crate::outcome::PageOutcome;
use crate::process::install_handlers;
use crate::report::terminal::{Look, findings};
use crate::run::{Event, Observer, Page, RunReport, Session};

/// Runs every page under `paths` (relative to the package's root) as a test of its own.
pub fn main(paths: &[&str]) -> ExitCode {
    let arguments = Arguments::from_args();
    // Without handlers, Ctrl-C ends the tests as it ends any program.
    let _ = install_handlers();
    let surroundings = Surroundings {
        directory: std::env::current_dir().unwrap_or_default(),
        variables: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
    };
    let request = RunRequest {
        paths: paths.iter().map(PathBuf::from).collect(),
        jobs: 1,
        strict: false,
        fail_fast: false,
        keep: false,
        offline: false,
        baseline: None,
        update_baseline: false,
    };
    conclude(&arguments, trials(&request, &surroundings))
}

fn conclude(arguments: &Arguments, trials: Vec<Trial>) -> ExitCode {
    let conclusion: Conclusion = libtest_mimic::run(arguments, trials);
    conclusion.exit_code()
}

/// A test for each page; one that fails for what keeps the pages from being found.
fn trials(request: &RunRequest, surroundings: &Surroundings) -> Vec<Trial> {
    match app::prepare(request, surroundings) {
        Ok(Prepared { session, pages, diagnostics }) => {
            let session = Arc::new(session);
            let errors = diagnostics.into_iter().filter(|found| found.severity == Severity::Error);
            let found = errors.map(|diagnostic| broken("doccheck", diagnostic.message));
            found.chain(pages.into_iter().map(|page| trial(&session, page))).collect()
        }
        Err(diagnostics) => {
            let messages: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
            vec![broken("doccheck", messages.join("\n"))]
        }
    }
}

fn broken(name: &str, message: String) -> Trial {
    Trial::test(name, move || Err(Failed::from(message)))
}

fn trial(session: &Arc<Session>, page: Page) -> Trial {
    let session = Arc::clone(session);
    Trial::test(page.path.clone(), move || {
        let outcome: PageOutcome = session.page(&page, &Silent);
        if !outcome.verdict.fails() {
            return Ok(());
        }
        let report = RunReport { pages: vec![outcome], ..RunReport::default() };
        Err(Failed::from(findings(&report, Look { width: 120, colour: false })))
    })
}

/// The test harness tells what happens; nobody else needs to.
struct Silent;

impl Observer for Silent {
    fn see(&self, _event: &Event<'_>) {}
}
