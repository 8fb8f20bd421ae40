//! `doccheck init`.

use doccheck::app::{self, Surroundings};
use doccheck::diagnostic::Diagnostic;
use doccheck::fs::write_new;
use doccheck::report::terminal;
use doccheck::run::ExitCode;

use crate::printer::Printer;

/// What to do after `init`; the first is also what shows whether its guesses were right.
const NEXT: &str = "
next:
  1. doccheck run    runs the pages; correct doccheck.toml where a guess was wrong
  2. doccheck run --baseline doccheck/known-stale.txt --update-baseline
                     lists what is stale today, so that only what is new fails
  3. commit the files, and make the job a required check
";

pub(crate) fn init(surroundings: &Surroundings, printer: &Printer) -> ExitCode {
    let proposal = match app::init(surroundings) {
        Ok(proposal) => proposal,
        Err(found) => {
            for found in &found {
                printer.aside(&terminal::diagnostic(found, printer.aside_look()));
            }
            return ExitCode::Machine;
        }
    };
    let mut text: String = proposal.found.iter().map(|line| format!("{line}\n")).collect();
    text.push('\n');
    for (path, content) in &proposal.files {
        match write_new(&surroundings.directory.join(path), content.as_bytes()) {
            Ok(true) => text.push_str(&format!("wrote {path}\n")),
            Ok(false) => text.push_str(&format!("kept  {path}, which was there already\n")),
            Err(error) => {
                printer.result(&text);
                let found = Diagnostic::error("cannot-write", format!("cannot write {path}: {error}"));
                printer.aside(&terminal::diagnostic(&found, printer.aside_look()));
                return ExitCode::Machine;
            }
        }
    }
    printer.result(&format!("{text}{NEXT}"));
    ExitCode::True
}
