//! Tells a run while it goes. Pages run in parallel; what is told of them does not mix: the page that started first
//! is told as it happens, the others wait their turn.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use doccheck::outcome::title;
use doccheck::report::terminal;
use doccheck::run::{Event, Observer};

use crate::printer::Printer;
use crate::progress::Progress;

/// Prints a line a step.
#[derive(Debug)]
pub(crate) struct Narrator<'a> {
    printer: &'a Printer,
    progress: &'a Progress,
    /// False where steps are not told at all.
    tells: bool,
    pages: Mutex<VecDeque<Telling>>,
}

/// What is still to be told of a page.
#[derive(Debug)]
struct Telling {
    title: String,
    lines: String,
    ended: bool,
}

impl<'a> Narrator<'a> {
    pub(crate) fn new(printer: &'a Printer, progress: &'a Progress, tells: bool) -> Self {
        Self { printer, progress, tells, pages: Mutex::default() }
    }

    fn tell(&self, title: &str, lines: &str, ended: bool) {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(page) = pages.iter_mut().find(|page| page.title == title && !page.ended) else { return };
        page.lines.push_str(lines);
        page.ended = ended;
        while let Some(front) = pages.front_mut() {
            let lines = std::mem::take(&mut front.lines);
            if self.tells && !lines.is_empty() {
                self.progress.aside(|| self.printer.result(&lines));
            }
            if !front.ended {
                break;
            }
            pages.pop_front();
        }
    }
}

impl Observer for Narrator<'_> {
    fn see(&self, event: &Event<'_>) {
        match event {
            Event::PageStarted { title } => {
                let telling = Telling { title: (*title).to_owned(), lines: String::new(), ended: false };
                self.pages.lock().unwrap_or_else(PoisonError::into_inner).push_back(telling);
            }
            Event::Preparing { title, message } => self.progress.tell(format!("{title}: {message}")),
            Event::StepStarted { path, provider, name, line } => {
                self.progress.tell(format!("{}  {name}", title(&format!("{path}:{line}"), *provider)));
            }
            Event::StepEnded { path, provider, outcome } => {
                let line = terminal::step(path, *provider, outcome, self.printer.look());
                self.tell(&title(path, *provider), &line, false);
            }
            Event::PageEnded { outcome } => {
                self.tell(&outcome.title(), &terminal::page_end(outcome, self.printer.look()), true);
            }
        }
    }
}
