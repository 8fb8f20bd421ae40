//! `doccheck report`: the reports of a run that has been, and of several as one.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use doccheck::app::{self, Surroundings};
use doccheck::diagnostic::Diagnostic;
use doccheck::report::terminal::diagnostic;
use doccheck::report::{Kind, code_of_merge, merge, schema};
use doccheck::run::ExitCode;

use crate::output::{self, Output, Printed};
use crate::printer::Printer;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ReportArguments {
    #[command(subcommand)]
    several: Option<Several>,
    /// The document of a run (`run --output json=run.json`); without one, the last run here
    run: Option<PathBuf>,
    #[command(flatten)]
    to: To,
}

#[derive(Debug, Subcommand)]
enum Several {
    /// Make one run of several, such as the shards of a matrix; the exit status is that of the whole
    #[command(after_help = "Example: doccheck report merge shards/*.json --output junit=junit.xml")]
    Merge {
        /// The documents of the runs
        #[arg(required = true)]
        runs: Vec<PathBuf>,
        #[command(flatten)]
        to: To,
    },
}

#[derive(Debug, Args)]
struct To {
    /// Save a report: junit, sarif, markdown or json; may be given several times
    #[arg(long, value_name = "KIND=FILE")]
    output: Vec<Output>,
    /// Print a report [default: markdown, where none is saved]
    #[arg(long, value_enum)]
    format: Option<Printed>,
}

/// A report of one run tells what has been: it ends with 0. A merged run is judged here for the first time.
pub(crate) fn report(arguments: &ReportArguments, surroundings: &Surroundings, printer: &Printer) -> ExitCode {
    let (run, to, code) = match &arguments.several {
        None => {
            let run = match &arguments.run {
                Some(path) => read(path, surroundings),
                None => app::last_run(surroundings),
            };
            (run.map_err(|found| vec![found]), &arguments.to, None)
        }
        Some(Several::Merge { runs, to }) => {
            let merged = several(runs, surroundings).map(merge);
            let code = merged.as_ref().ok().and_then(|run| ExitCode::of_number(run.exit));
            (merged, to, code)
        }
    };
    match run {
        Err(found) => {
            found.iter().for_each(|found| printer.aside(&diagnostic(found, printer.aside_look())));
            ExitCode::Usage
        }
        Ok(run) => {
            tell_merged(&run, printer);
            let written = output::write(&to.output, &run, surroundings, printer);
            let printed = to.format.map(|printed| printed.0);
            if let Some(kind) = printed.or_else(|| to.output.is_empty().then_some(Kind::Markdown)) {
                printer.result(&kind.render(&run));
            }
            code.unwrap_or(ExitCode::True).or_worse(written)
        }
    }
}

fn read(path: &Path, surroundings: &Surroundings) -> Result<schema::Run, Diagnostic> {
    app::read_run(&surroundings.directory.join(path), path)
}

/// Every document, or what is wrong with any.
fn several(paths: &[PathBuf], surroundings: &Surroundings) -> Result<Vec<schema::Run>, Vec<Diagnostic>> {
    let (mut runs, mut wrong) = (Vec::new(), Vec::new());
    for path in paths {
        match read(path, surroundings) {
            Ok(run) => runs.push(run),
            Err(found) => wrong.push(found),
        }
    }
    if wrong.is_empty() { Ok(runs) } else { Err(wrong) }
}

/// What is wrong with the parts of a run is told to whoever merges them, not in a file alone.
fn tell_merged(run: &schema::Run, printer: &Printer) {
    for found in &run.diagnostics {
        let Some(code) = code_of_merge(found) else { continue };
        let is_error = found.severity == schema::Severity::Error;
        let told = if is_error { Diagnostic::error } else { Diagnostic::warning };
        let told = found.help.iter().fold(told(code, found.message.clone()), |told, help| told.help(help.clone()));
        printer.aside(&diagnostic(&told, printer.aside_look()));
    }
}
