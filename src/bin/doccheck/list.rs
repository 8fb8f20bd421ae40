//! `doccheck list`.

use doccheck::app::{self, ListReport, Surroundings};
use doccheck::report::{json, list, terminal};
use doccheck::run::ExitCode;

use crate::arguments::{Format, ListArguments};
use crate::printer::Printer;
use crate::run::nothing;

pub(crate) fn list(arguments: &ListArguments, surroundings: &Surroundings, printer: &Printer) -> ExitCode {
    let mut report = app::list(&arguments.told.paths, surroundings);
    if report.pages.is_empty() && report.diagnostics.is_empty() {
        report.diagnostics.push(nothing());
    }
    for found in &report.diagnostics {
        printer.aside(&terminal::diagnostic(found, printer.aside_look()));
    }
    match arguments.told.format {
        Format::Text => printer.result(&text(&report, printer.look())),
        Format::Json => {
            let pages = report.pages.iter().map(|page| {
                (page.path.as_str(), page.providers.as_slice(), page.plan.as_deref(), page.diagnostics.as_slice())
            });
            printer.result(&json::text(&json::list(pages, &report.diagnostics)));
        }
    }
    report.exit_code()
}

fn text(report: &ListReport, look: terminal::Look) -> String {
    let mut text = String::new();
    for page in &report.pages {
        if !text.is_empty() {
            text.push('\n');
        }
        if let Some(plan) = &page.plan {
            text.push_str(&list::page(&page.path, &page.providers, plan, look));
        }
        for found in &page.diagnostics {
            text.push_str(&terminal::diagnostic(found, look));
        }
    }
    text
}
