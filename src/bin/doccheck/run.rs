//! `doccheck run`.

use std::num::NonZeroUsize;

use doccheck::app::{self, RunRequest, Surroundings};
use doccheck::diagnostic::Diagnostic;
use doccheck::process::install_handlers;
use doccheck::report::{github, json, terminal};
use doccheck::run::ExitCode;

use crate::arguments::{Format, RunArguments};
use crate::narrator::Narrator;
use crate::output;
use crate::printer::Printer;
use crate::progress::Progress;

pub(crate) fn run(arguments: &RunArguments, surroundings: &Surroundings, printer: &Printer) -> ExitCode {
    if let Err(error) = install_handlers() {
        let found = Diagnostic::warning("no-handlers", format!("Ctrl-C will not be able to clean up: {error}"));
        printer.aside(&terminal::diagnostic(&found, printer.aside_look()));
    }
    let request = RunRequest {
        paths: arguments.told.paths.clone(),
        jobs: arguments.jobs.map_or_else(processors, usize::from),
        strict: arguments.strict,
        fail_fast: arguments.fail_fast,
        keep: arguments.keep,
        offline: arguments.offline,
        shard: arguments.shard,
        changed_since: arguments.changed_since.clone(),
        baseline: arguments.baseline.clone(),
        update_baseline: arguments.update_baseline,
    };
    let text = arguments.told.format == Format::Text;
    let dumb = surroundings.variable("TERM") == Some("dumb");
    let progress = Progress::new(!arguments.quiet, dumb);
    let mut report = app::run(&request, surroundings, &Narrator::new(printer, &progress, text && !arguments.quiet));
    progress.end();
    if report.nothing_selected && report.diagnostics.is_empty() {
        report.diagnostics.push(nothing());
    }
    if let Err(found) = app::keep(&json::run(&report), &request.paths, surroundings) {
        report.diagnostics.push(found);
    }
    for found in &report.diagnostics {
        printer.aside(&terminal::diagnostic(found, printer.aside_look()));
    }
    let document = json::run(&report);
    let annotations = if surroundings.variable("GITHUB_ACTIONS") == Some("true") {
        github::annotations(&report)
    } else {
        String::new()
    };
    if text {
        let look = printer.look();
        let text = format!("{}\n{}", terminal::findings(&report, look), terminal::summary(&report, look));
        // An empty line parts this from the steps' lines, where there are any.
        let text = if arguments.quiet || report.pages.is_empty() { text.trim_start_matches('\n') } else { &text };
        printer.result(&format!("{text}{annotations}"));
    } else {
        printer.result(&json::text(&document));
        // A runner picks them out of either stream; on this one they leave the document whole.
        printer.aside(&annotations);
    }
    output::summarize(&document, surroundings, printer);
    report.exit_code().or_worse(output::write(&arguments.output, &document, surroundings, printer))
}

/// What to tell where no page was selected.
pub(crate) fn nothing() -> Diagnostic {
    Diagnostic::warning("nothing-selected", "there is no page to look at")
        .help("name a Markdown file, a folder that holds some, or set `include` under `[pages]` in doccheck.toml")
}

pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}
