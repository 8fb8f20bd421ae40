//! `doccheck review`: stale steps one by one, each accepted or rejected by a key.

use doccheck::app::{self, BlessRequest, Blessable, Surroundings};
use doccheck::bless::{Change, Decision, Session, diff, loosened, page};
use doccheck::diagnostic::Diagnostic;
use doccheck::process::install_handlers;
use doccheck::report::terminal::{self, Proposal};
use doccheck::run::ExitCode;

use crate::arguments::ReviewArguments;
use crate::bless::{steps, tell_findings};
use crate::keys::Keys;
use crate::printer::Printer;

/// How the review of a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Every change is decided.
    Decided,
    /// The user has had enough; what was accepted counts.
    Quit,
    /// Ctrl-C, or the terminal is gone: the page stays as it is.
    Interrupted,
}

pub(crate) fn review(arguments: &ReviewArguments, surroundings: &Surroundings, printer: &Printer) -> ExitCode {
    if !Keys::are_there() {
        let pages: Vec<String> = arguments.paths.iter().map(|path| format!(" {}", path.display())).collect();
        let (pages, add) = (pages.concat(), if arguments.add { " --add" } else { "" });
        let found = Diagnostic::error("no-terminal", "a review asks a person, and this is no terminal")
            .help(format!("`doccheck bless --dry-run{add}{pages}` prints what would change"))
            .help(format!("`doccheck bless{add}{pages}` changes it"));
        printer.aside(&terminal::diagnostic(&found, printer.aside_look()));
        return ExitCode::Usage;
    }
    let _ = install_handlers();
    let request = BlessRequest { paths: arguments.paths.clone(), jobs: 1, add: arguments.add, offline: true };
    let report = app::recalled(&request, surroundings);
    tell_findings(&report, printer);
    let mut keys = match Keys::take() {
        Ok(keys) => keys,
        Err(error) => {
            let found = Diagnostic::error("no-keys", format!("cannot read keys from this terminal: {error}"));
            printer.aside(&terminal::diagnostic(&found, printer.aside_look()));
            return ExitCode::Machine;
        }
    };
    let (mut open, mut offered, mut failed) = (false, false, false);
    for blessable in &report.pages {
        for found in &blessable.blessing.refused {
            printer.aside(&format!("\n{}", terminal::diagnostic(found, printer.aside_look())));
        }
        open |= !blessable.blessing.refused.is_empty();
        if blessable.blessing.changes.is_empty() {
            continue;
        }
        offered = true;
        let mut session = Session::new(blessable.blessing.changes.clone());
        let end = Review { keys: &mut keys, printer, blessable }.decide(&mut session);
        if end == End::Interrupted {
            return ExitCode::Interrupted;
        }
        match conclude(blessable, &session, surroundings, printer) {
            Ok(whole) => open |= !whole,
            Err(found) => {
                failed = true;
                printer.aside(&terminal::diagnostic(&found, printer.aside_look()));
            }
        }
        if end == End::Quit {
            open = true;
            break;
        }
    }
    match report.exit_code() {
        ExitCode::True if failed => ExitCode::Machine,
        ExitCode::True if open => ExitCode::Stale,
        ExitCode::True => {
            if !offered {
                printer.result(&format!("nothing to review: {}\n", report.why_nothing()));
            }
            ExitCode::True
        }
        code => code,
    }
}

/// Writes what was accepted of a page; true where nothing of it is left.
fn conclude(
    blessable: &Blessable,
    session: &Session,
    surroundings: &Surroundings,
    printer: &Printer,
) -> Result<bool, Diagnostic> {
    let Some((_, plan, _)) = &blessable.judged else { return Ok(true) };
    let accepted = session.accepted();
    if !accepted.is_empty() {
        app::write(blessable, &page(plan, &accepted), surroundings)?;
    }
    let rejected = session.counted(Decision::Rejected);
    let left = session.count() - accepted.len() - rejected;
    let mut words = vec![match accepted.len() {
        0 => "stays as it was".to_owned(),
        count => format!("{} taken over", steps(count)),
    }];
    words.extend((rejected > 0).then(|| format!("{} rejected: mend what prints it", steps(rejected))));
    words.extend((left > 0).then(|| format!("{} left for another time", steps(left))));
    printer.result(&format!("{}: {}\n", blessable.path, words.join(", ")));
    Ok(rejected == 0 && left == 0)
}

const KEYS: &str = concat!(
    "  a accept   r reject   s skip   A R S the same for the rest of the page\n",
    "  u undo the last decision   i show what the step asked the API\n",
    "  w take what differs for what every run makes anew   q quit\n",
);

/// The review of one page.
struct Review<'a> {
    keys: &'a mut Keys,
    printer: &'a Printer,
    blessable: &'a Blessable,
}

impl Review<'_> {
    fn decide(&mut self, session: &mut Session) -> End {
        while let Some(change) = session.current() {
            self.show(session, change);
            loop {
                let Some(key) = self.keys.next() else {
                    self.printer.result("\n");
                    return End::Interrupted;
                };
                if key == 'q' {
                    self.say("quit");
                    return End::Quit;
                }
                if self.obey(key, session) {
                    break;
                }
            }
        }
        End::Decided
    }

    /// Does what a key asks for; true where there is something new to show.
    fn obey(&self, key: char, session: &mut Session) -> bool {
        let decision = match key.to_ascii_lowercase() {
            'a' => Some((Decision::Accepted, "accepted")),
            'r' => Some((Decision::Rejected, "rejected")),
            's' => Some((Decision::Skipped, "skipped")),
            _ => None,
        };
        match (key, decision) {
            (_, Some((decision, word))) => {
                if key.is_ascii_uppercase() {
                    self.say(&format!("{word}, and the rest of the page"));
                    session.decide_rest(decision);
                } else {
                    self.say(word);
                    session.decide(decision);
                }
                true
            }
            ('u', _) => {
                let undone = session.undo();
                self.say(if undone { "back to the one before" } else { "there is nothing to undo on this page" });
                if !undone {
                    self.ask(session);
                }
                undone
            }
            ('i', _) => {
                self.say("what the step asked the API, and what it answered:");
                self.printer.result(&terminal::traffic(self.exchanges(session), self.printer.look()));
                self.ask(session);
                false
            }
            ('w', _) => self.loosen(session),
            ('?' | 'h', _) => {
                self.printer.result(&format!("\n{KEYS}"));
                self.ask(session);
                false
            }
            _ => false,
        }
    }

    fn loosen(&self, session: &mut Session) -> bool {
        if session.is_loosened() {
            session.tighten();
            self.say("as it was printed");
            return true;
        }
        let Some((_, plan, transcript)) = &self.blessable.judged else { return false };
        match session.current().and_then(|change| loosened(plan, &transcript.steps, change, &session.accepted())) {
            Some(change) => {
                session.loosen(change);
                self.say("with wildcards; w takes them back");
                true
            }
            None => {
                self.say(
                    "there is nothing to loosen: what differs is no id, number, time, port, duration or temporary path",
                );
                self.ask(session);
                false
            }
        }
    }

    fn show(&self, session: &Session, change: &Change) {
        let Some((outcome, plan, _)) = &self.blessable.judged else { return };
        let look = self.printer.look();
        let name = outcome.steps.get(change.step).map_or("", |step| step.name.as_str());
        for hunk in &change.hunks {
            let diff = diff(hunk);
            let proposal = Proposal {
                step: name,
                source: &plan.tutorial.source,
                span: hunk.span,
                message: &hunk.message,
                added: hunk.is_added(),
                diff: &diff,
            };
            self.printer.result(&format!("\n{}", terminal::proposal(&proposal, look)));
        }
        if session.decided() == 0 {
            self.printer.result(KEYS);
        }
        self.ask(session);
    }

    fn ask(&self, session: &Session) {
        let (at, count) = (session.decided() + 1, session.count());
        self.printer.result(&format!("{} {at}/{count} [a r s A R S u i w q ?] ", self.blessable.path));
    }

    fn say(&self, words: &str) {
        self.printer.result(&format!("{words}\n"));
    }

    fn exchanges(&self, session: &Session) -> &[doccheck::transcript::Exchange] {
        let step = session.current().map(|change| change.step);
        let judged = self.blessable.judged.as_ref().zip(step);
        judged.and_then(|((outcome, ..), step)| outcome.steps.get(step)).map_or(&[], |step| &step.exchanges)
    }
}
