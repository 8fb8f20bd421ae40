//! The command line: reads the world once, hands it on as values, and turns a report into text and an exit status.
#![expect(clippy::disallowed_methods, reason = "here the environment and the current directory are read, once")]

mod arguments;
mod bless;
mod doctor;
mod init;
mod keys;
mod list;
mod narrator;
mod output;
mod printer;
mod progress;
mod report;
mod review;
mod run;
mod sandbox;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use doccheck::app::Surroundings;
use doccheck::diagnostic::Diagnostic;
use doccheck::report::terminal::diagnostic;

use arguments::{Arguments, Command};
use printer::Printer;

/// What `doccheck` itself could not do, as against a step: the number of `run::ExitCode::Machine`.
const MACHINE: u8 = 3;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let printer = Printer::new(arguments.color.into());
    let surroundings = match surroundings() {
        Ok(surroundings) => surroundings,
        Err(error) => {
            let found = Diagnostic::error("no-directory", format!("cannot tell the current directory: {error}"));
            printer.aside(&diagnostic(&found, printer.aside_look()));
            return ExitCode::from(MACHINE);
        }
    };
    let code = match &arguments.command {
        Command::Run(arguments) => run::run(arguments, &surroundings, &printer),
        Command::List(arguments) => list::list(arguments, &surroundings, &printer),
        Command::Init => init::init(&surroundings, &printer),
        Command::Doctor(arguments) => doctor::doctor(arguments, &surroundings, &printer),
        Command::Bless(arguments) => bless::bless(arguments, &surroundings, &printer),
        Command::Review(arguments) => review::review(arguments, &surroundings, &printer),
        Command::Report(arguments) => report::report(arguments, &surroundings, &printer),
        Command::Sandbox(arguments) => sandbox::sandbox(arguments, &surroundings, &printer),
    };
    match printer.failure() {
        None => ExitCode::from(code.number()),
        Some(error) => {
            let found = Diagnostic::error("cannot-print", format!("cannot print the report: {error}"));
            printer.aside(&diagnostic(&found, printer.aside_look()));
            ExitCode::from(MACHINE)
        }
    }
}

/// The current directory and the environment; variables that are not UTF-8 are left out, as no page can name them.
fn surroundings() -> std::io::Result<Surroundings> {
    let directory: PathBuf = std::env::current_dir()?;
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    Ok(Surroundings { directory, variables })
}
