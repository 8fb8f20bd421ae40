//! `doccheck bless`.

use doccheck::app::{self, BlessReport, BlessRequest, Blessable, Surroundings};
use doccheck::bless::{Change, page, patch};
use doccheck::process::install_handlers;
use doccheck::report::terminal;
use doccheck::run::ExitCode;

use crate::arguments::BlessArguments;
use crate::narrator::Narrator;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::run::{nothing, processors};

pub(crate) fn bless(arguments: &BlessArguments, surroundings: &Surroundings, printer: &Printer) -> ExitCode {
    // Without handlers, Ctrl-C ends doccheck as it ends any program; no page is half written then either.
    let _ = install_handlers();
    let request = BlessRequest {
        paths: arguments.paths.clone(),
        jobs: processors(),
        add: arguments.add,
        offline: arguments.offline,
    };
    let progress = Progress::new(true, surroundings.variable("TERM") == Some("dumb"));
    let report = app::bless(&request, surroundings, &Narrator::new(printer, &progress, false));
    progress.end();
    tell_findings(&report, printer);
    let (mut changed, mut open, mut failed) = (0, false, false);
    for blessable in &report.pages {
        for found in &blessable.blessing.refused {
            printer.aside(&format!("{}\n", terminal::diagnostic(found, printer.aside_look())));
        }
        open |= !blessable.blessing.refused.is_empty();
        let Some((_, plan, _)) = &blessable.judged else { continue };
        let changes: Vec<&Change> = blessable.blessing.changes.iter().collect();
        if changes.is_empty() || report.exit_code() == ExitCode::Interrupted {
            continue;
        }
        let text = page(plan, &changes);
        changed += 1;
        if arguments.dry_run {
            printer.result(&patch(&patched(blessable, surroundings), plan.tutorial.source.text(), &text));
        } else if arguments.check {
            printer.result(&format!("{}: {} would change\n", blessable.path, steps(changes.len())));
        } else {
            match app::write(blessable, &text, surroundings) {
                Ok(()) => printer.result(&format!("{}: {} blessed\n", blessable.path, steps(changes.len()))),
                Err(found) => {
                    failed = true;
                    printer.aside(&terminal::diagnostic(&found, printer.aside_look()));
                }
            }
        }
    }
    if changed == 0 && !open && report.exit_code() == ExitCode::True && !arguments.dry_run {
        printer.result(&format!("nothing to bless: {}\n", report.why_nothing()));
    }
    match report.exit_code() {
        ExitCode::True if failed => ExitCode::Machine,
        ExitCode::True if open || (arguments.check && changed > 0) => ExitCode::Stale,
        code => code,
    }
}

/// Tells what keeps pages from being judged.
pub(crate) fn tell_findings(report: &BlessReport, printer: &Printer) {
    let pages = report.pages.iter().flat_map(|page| &page.diagnostics);
    for found in report.diagnostics.iter().chain(pages) {
        printer.aside(&terminal::diagnostic(found, printer.aside_look()));
    }
    if report.nothing_selected {
        printer.aside(&terminal::diagnostic(&nothing(), printer.aside_look()));
    }
}

/// `1 step`, `2 steps`.
pub(crate) fn steps(count: usize) -> String {
    format!("{count} step{}", if count == 1 { "" } else { "s" })
}

/// The page's path in a patch, relative to the current directory where it lies below it.
fn patched(page: &Blessable, surroundings: &Surroundings) -> String {
    let path = std::path::Path::new(&page.path);
    let below = path.strip_prefix(&surroundings.directory).unwrap_or(path);
    below.display().to_string().trim_start_matches('/').to_owned()
}
