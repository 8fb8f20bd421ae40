//! `assert_tutorial!`: the transcript of a page as an insta snapshot, within any test of a crate.
//!
//! It is a macro because insta looks for the crate where a macro of it expands. What it needs is reached through
//! doccheck, so that the crate need not depend on insta itself.

use std::path::Path;

#[doc(hidden)]
pub use insta;

use crate::harness::{LOOK, Silent, prepare, surroundings};
use crate::outcome::PageVerdict;
use crate::process::{install_handlers, interrupted};
use crate::report::terminal::{diagnostic, findings};
use crate::report::transcript;
use crate::run::{RunReport, record};

/// Runs the page at a path relative to the package's root, and asserts that its transcript is the one that was accepted:
/// each step with its verdict, what the API was asked and answered, and what was printed, without secrets and without
/// what no two runs share.
///
/// The snapshot is called after the page, lies where those of the test's file lie, and follows insta's rules: drift waits
/// in a `.snap.new`, and `cargo insta review` shows and accepts it. A page that cannot be run fails the test whatever
/// its snapshot holds. A page that has become stale shows as drift: `doccheck::harness::run` fails until the page
/// itself is right.
///
/// Of a page that runs for several providers the snapshot holds every run, each below its provider's word.
///
/// Works within `#[tokio::test]` too: the page runs on a thread of its own.
///
/// ```no_run
/// #[test]
/// fn the_quickstart_is_as_it_was() {
///     doccheck::assert_tutorial!("docs/quickstart.md");
/// }
/// ```
#[macro_export]
macro_rules! assert_tutorial {
    ($page:expr $(,)?) => {
        match $crate::macros::perform($page, ::core::env!("CARGO_MANIFEST_DIR")) {
            ::core::result::Result::Ok((name, transcript)) => {
                $crate::macros::insta::assert_snapshot!(name.as_str(), transcript, $page)
            }
            ::core::result::Result::Err(told) => ::core::panic!("{told}"),
        }
    };
}

/// The name of a page's snapshot, and the page's transcript as text; for `assert_tutorial!` alone.
///
/// # Errors
///
/// Why the page cannot be run, as a text for people.
#[doc(hidden)]
pub fn perform(page: &str, root: &str) -> Result<(String, String), String> {
    // A runtime must not be started on a thread of another one, and the test may be a task of one.
    std::thread::scope(|scope| scope.spawn(|| on_this_thread(page, Path::new(root))).join())
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn on_this_thread(path: &str, root: &Path) -> Result<(String, String), String> {
    // Without handlers, Ctrl-C leaves behind what the page has started.
    let _ = install_handlers();
    let told = |found: &[crate::diagnostic::Diagnostic]| {
        found.iter().map(|found| diagnostic(found, LOOK)).collect::<Vec<_>>().join("\n")
    };
    let folder = tempfile::tempdir().map_err(|error| format!("cannot make a folder for the transcript: {error}"))?;
    let mut prepared = prepare(path, &surroundings(Some(root))).map_err(|found| told(&found))?;
    prepared.session.options.transcripts = Some(folder.path().to_path_buf());
    let runs = match &prepared.pages[..] {
        _ if !prepared.diagnostics.is_empty() => return Err(told(&prepared.diagnostics)),
        [] => return Err(format!("there is no page in {path}")),
        [first, others @ ..] if others.iter().any(|other| other.path != first.path) => {
            return Err(format!("{path} holds several pages: name one"));
        }
        runs => runs,
    };
    let mut text = String::new();
    for run in runs {
        let outcome = prepared.session.page(run, &Silent);
        let (PageVerdict::Ok | PageVerdict::Stale, Some(plan)) = (outcome.verdict, outcome.plan.clone()) else {
            return Err(findings(&RunReport { pages: vec![outcome], ..RunReport::default() }, LOOK));
        };
        if interrupted() {
            return Err("interrupted".to_owned());
        }
        let Some(record) = record::recall(folder.path(), &run.title()) else {
            return Err(told(&outcome.diagnostics));
        };
        if let Some(provider) = &run.provider {
            text.push_str(&format!("{}== {provider} ==\n", if text.is_empty() { "" } else { "\n\n" }));
        }
        text.push_str(&transcript::text(&plan, &outcome, &record));
    }
    Ok((Path::new(path).with_extension("").display().to_string(), text))
}
