//! The one place that writes: results to standard output, all else to standard error.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use anstream::{AutoStream, ColorChoice};
use doccheck::report::terminal::Look;

/// The width of what is no terminal, such as a log.
const WIDTH: usize = 120;

/// Terminals narrower than this get lines that wrap: nothing readable fits.
const NARROWEST: usize = 60;

/// Writes, and knows what it writes to.
#[derive(Debug)]
pub(crate) struct Printer {
    look: Look,
    terminal: bool,
    aside_look: Look,
    failure: Mutex<Option<io::Error>>,
}

impl Printer {
    /// For standard output and standard error as they are. `Auto` follows `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE` and
    /// `TERM`.
    pub(crate) fn new(color: ColorChoice) -> Self {
        let coloured = |auto: ColorChoice| if color == ColorChoice::Auto { auto } else { color } != ColorChoice::Never;
        Self {
            look: Look { width: width(&io::stdout()), colour: coloured(AutoStream::choice(&io::stdout())) },
            terminal: io::stdout().is_terminal(),
            aside_look: Look { width: width(&io::stderr()), colour: coloured(AutoStream::choice(&io::stderr())) },
            failure: Mutex::default(),
        }
    }

    /// What `result` is to be drawn for.
    pub(crate) fn look(&self) -> Look {
        self.look
    }

    /// True where the result is printed on a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// What `aside` is to be drawn for.
    pub(crate) fn aside_look(&self) -> Look {
        self.aside_look
    }

    /// Prints a part of the result.
    pub(crate) fn result(&self, text: &str) {
        let mut out = io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        if let Err(error) = written {
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            failure.get_or_insert(error);
        }
    }

    /// True where a part of the result could not be printed: no more of it need be made.
    pub(crate) fn has_failed(&self) -> bool {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Prints what is not part of the result.
    pub(crate) fn aside(&self, text: &str) {
        // Where standard error is closed there is nobody left to tell.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Why the result could not be printed. A reader who closed the pipe has seen enough: that is no failure.
    pub(crate) fn failure(&self) -> Option<io::Error> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        failure.filter(|error| error.kind() != io::ErrorKind::BrokenPipe)
    }
}

fn width(stream: &(impl IsTerminal + std::os::fd::AsFd)) -> usize {
    if !stream.is_terminal() {
        return WIDTH;
    }
    rustix::termios::tcgetwinsize(stream).map_or(WIDTH, |size| usize::from(size.ws_col).max(NARROWEST))
}
