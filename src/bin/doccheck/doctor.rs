//! `doccheck doctor`.

use std::path::PathBuf;

use clap::Args;
use doccheck::app::{self, Surroundings};
use doccheck::provision::Offer;
use doccheck::report::{doctor, terminal};
use doccheck::run::ExitCode;

use crate::printer::Printer;

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// Pages and folders; without any, the pages that doccheck.toml includes
    pub(crate) paths: Vec<PathBuf>,
}

pub(crate) fn doctor(arguments: &DoctorArguments, surroundings: &Surroundings, printer: &Printer) -> ExitCode {
    let mut report = app::doctor(&arguments.paths, surroundings);
    report.offers.push(terminal_offer(printer));
    for found in &report.diagnostics {
        printer.aside(&terminal::diagnostic(found, printer.aside_look()));
    }
    printer.result(&doctor::table(&report.offers, report.pages, printer.look()));
    report.exit_code()
}

fn terminal_offer(printer: &Printer) -> Offer {
    let there = printer.is_terminal();
    let look = printer.look();
    let colours = if look.colour { "with colours" } else { "without colours" };
    Offer {
        name: "terminal",
        there,
        found: if there {
            format!("{} columns, {colours}", look.width)
        } else {
            "the output is no terminal".to_owned()
        },
        needed_by: Vec::new(),
        advice: "not needed: reports are plain text then".to_owned(),
    }
}
