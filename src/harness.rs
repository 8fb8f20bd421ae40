//! `cargo test` integration: every page is a test, by its path, filterable as tests are.
//!
//! A test target with `harness = false` and this as its whole text is all that a crate needs:
//! `fn main() -> std::process::ExitCode { doccheck::harness::run("docs") }`. Runners such as nextest, which list the
//! tests and start one process for each, find what they expect. The crate's own programs come first on the steps' `PATH`.

#![expect(clippy::disallowed_methods, reason = "a test target has no main of ours that could hand these on")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::app::{self, Prepared, RunRequest, Surroundings};
use crate::diagnostic::{Diagnostic, Severity};
use crate::process::{install_handlers, interrupted};
use crate::report::terminal::{Look, diagnostic, findings, summary};
use crate::run::{Event, ExitCode as ExitStatus, Observer, Page, RunReport, Session};

/// What cargo and nextest call the variables that say where the programs of the crate under test are, up to the
/// program's name. They are there while a test runs (since cargo 1.94), not only while it is compiled.
const PROGRAM: &str = "CARGO_BIN_EXE_";

/// How a failure is told.
pub(crate) const LOOK: Look = Look { width: 120, colour: false };

/// Runs every page under `path`, a page or a folder relative to the package's root, as a test of its own, named as
/// the page is from there (`docs/x.md`). A page that runs for several providers is a test for each: `docs/x.md (shop)`.
///
/// A page that cannot be planned is a test that fails. Where there is no page at all, a test named `path` fails.
pub fn run(path: &str) -> ExitCode {
    let arguments = Arguments::from_args();
    // Without handlers, Ctrl-C ends the tests as it ends any program.
    let _ = install_handlers();
    let surroundings = surroundings(None);
    libtest_mimic::run(&arguments, trials(path, &surroundings)).exit_code()
}

/// Where a package's tests run: in its root, which is `root` where the caller knows it.
pub(crate) fn surroundings(root: Option<&Path>) -> Surroundings {
    let variables: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let named = || variables.iter().find(|(name, _)| name == "CARGO_MANIFEST_DIR").map(|(_, root)| PathBuf::from(root));
    let directory = root.map(Path::to_path_buf).or_else(named).or_else(|| std::env::current_dir().ok());
    Surroundings { directory: directory.unwrap_or_default(), variables }
}

/// The pages under `path`, ready to run as a crate's tests.
pub(crate) fn prepare(path: &str, surroundings: &Surroundings) -> Result<Prepared, Vec<Diagnostic>> {
    let request = RunRequest { paths: vec![PathBuf::from(path)], jobs: 1, ..RunRequest::default() };
    let mut prepared = app::prepare(&request, surroundings)?;
    prepared.session.programs = programs(&surroundings.variables);
    Ok(prepared)
}

/// The folders of the crate's own programs, each once.
fn programs(variables: &[(String, String)]) -> Vec<PathBuf> {
    let programs = variables.iter().filter(|(name, _)| name.starts_with(PROGRAM));
    let mut folders: Vec<PathBuf> =
        programs.filter_map(|(_, program)| Path::new(program).parent()).map(Path::to_path_buf).collect();
    folders.sort();
    folders.dedup();
    folders
}

/// A test for each page; one that fails for what keeps the pages from being found.
fn trials(path: &str, surroundings: &Surroundings) -> Vec<Trial> {
    match prepare(path, surroundings) {
        Ok(Prepared { session, pages, mut diagnostics, .. }) => {
            if pages.is_empty() && diagnostics.is_empty() {
                let found = Diagnostic::error("nothing-selected", format!("there is no page in {path}"));
                let help = "put a Markdown file (`.md`) there, or name another folder in `doccheck::harness::run`";
                diagnostics.push(found.help(help));
            }
            let session = Arc::new(session);
            let errors = diagnostics.iter().any(|found| found.severity == Severity::Error);
            let found = errors.then(|| broken(path, &diagnostics));
            found.into_iter().chain(pages.into_iter().map(|page| trial(&session, page))).collect()
        }
        Err(diagnostics) => vec![broken(path, &diagnostics)],
    }
}

/// A test that fails for what was found.
fn broken(name: &str, diagnostics: &[Diagnostic]) -> Trial {
    let told: Vec<String> = diagnostics.iter().map(|found| diagnostic(found, LOOK)).collect();
    Trial::test(name, move || Err(Failed::from(told.join("\n"))))
}

fn trial(session: &Arc<Session>, page: Page) -> Trial {
    let session = Arc::clone(session);
    Trial::test(page.title(), move || {
        let pages = vec![session.page(&page, &Silent)];
        // What Ctrl-C broke off may look true so far.
        let report =
            RunReport { pages, strict: session.config.strict, interrupted: interrupted(), ..RunReport::default() };
        match report.exit_code() {
            ExitStatus::True => Ok(()),
            _ => Err(Failed::from(format!("{}\n{}", findings(&report, LOOK), summary(&report, LOOK)))),
        }
    })
}

/// The test harness tells what happens; nobody else needs to.
pub(crate) struct Silent;

impl Observer for Silent {
    fn see(&self, _event: &Event<'_>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_a_test_for_each_provider() {
        let definition = crate::sandbox::Definition::embedded().unwrap();
        let (known, usual) = (definition.providers(), definition.default_provider().unwrap());
        let alike = known.into_iter().filter(|provider| provider.category == usual.category);
        let mut expected = vec!["a.md".to_owned()];
        expected.extend(alike.map(|provider| format!("b.md ({})", provider.name)));
        assert!(expected.len() > 2, "{expected:?}");
        let folder = tempfile::tempdir().unwrap();
        let step = "```bash\ntrue\n```\n";
        let named = format!("<!-- doccheck: provider=all -->\n\n{step}");
        for (name, text) in [("a.md", step), ("b.md", &named)] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let trials = trials("", &surroundings(Some(folder.path())));
        assert_eq!(trials.iter().map(|trial| trial.name().to_owned()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_folders_of_a_crates_programs_are_found_once() {
        let variables = [
            ("CARGO_BIN_EXE_shop", "/target/debug/shop"),
            ("CARGO_BIN_EXE_shop-admin", "/target/debug/shop-admin"),
            ("CARGO_BIN_EXE_other", "/target/other/bin"),
            ("CARGO_MANIFEST_DIR", "/home/me/shop"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(programs(&variables), [Path::new("/target/debug"), Path::new("/target/other")]);
    }
}
