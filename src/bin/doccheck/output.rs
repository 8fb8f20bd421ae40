//! Reports that go to files: `--output KIND=FILE`.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::builder::PossibleValue;
use doccheck::app::Surroundings;
use doccheck::diagnostic::Diagnostic;
use doccheck::fs;
use doccheck::report::terminal::diagnostic;
use doccheck::report::{Kind, markdown, schema};
use doccheck::run::ExitCode;

use crate::printer::Printer;

/// A report and the file that it goes to.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    kind: Kind,
    path: PathBuf,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, path) = text.split_once('=').unwrap_or((text, ""));
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
        match kind {
            Some(kind) if !path.is_empty() => Ok(Self { kind, path: PathBuf::from(path) }),
            Some(_) => Err(format!("name the file: {name}=FILE")),
            None => {
                let names = Kind::ALL.map(Kind::name).join(", ");
                Err(format!("the kinds are {names}, as in junit=junit.xml"))
            }
        }
    }
}

/// A kind of report as the value of an option.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printed(pub(crate) Kind);

impl clap::ValueEnum for Printed {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self(Kind::Junit), Self(Kind::Sarif), Self(Kind::Markdown), Self(Kind::Json)]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()))
    }
}

/// Writes the reports; a file that cannot be written is told.
pub(crate) fn write(outputs: &[Output], run: &schema::Run, surroundings: &Surroundings, printer: &Printer) -> ExitCode {
    let mut code = ExitCode::True;
    for Output { kind, path } in outputs {
        let text = kind.render(run);
        if let Err(error) = fs::write_report(&surroundings.directory.join(path), &text) {
            let message = format!("cannot write {}: {error}", path.display());
            printer.aside(&diagnostic(&Diagnostic::error("cannot-write", message), printer.aside_look()));
            code = ExitCode::Machine;
        }
    }
    code
}

/// Adds the run to the summary of a workflow's step on GitHub.
pub(crate) fn summarize(run: &schema::Run, surroundings: &Surroundings, printer: &Printer) {
    let file = surroundings.variable("GITHUB_STEP_SUMMARY").map(Path::new);
    let Some(file) = file.filter(|_| surroundings.variable("GITHUB_ACTIONS") == Some("true")) else { return };
    if let Err(error) = fs::append(file, &format!("{}\n", markdown::text(run))) {
        let found = Diagnostic::warning("no-summary", format!("cannot write the step's summary: {error}"));
        printer.aside(&diagnostic(&found, printer.aside_look()));
    }
}
