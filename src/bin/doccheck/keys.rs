//! Single keys from a terminal. The terminal is given back as it was, however the review ends.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;

use doccheck::process::wait_for_input;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

/// A terminal that hands over each key at once and does not show it. Ctrl-C stays a signal, and what is printed looks as
/// ever.
#[derive(Debug)]
pub(crate) struct Keys {
    before: Termios,
}

impl Keys {
    /// True where a person can be asked.
    pub(crate) fn are_there() -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal()
    }

    /// Takes over the terminal of standard input.
    pub(crate) fn take() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut single = before.clone();
        single.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        single.special_codes[SpecialCodeIndex::VMIN] = 1;
        single.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(io::stdin(), OptionalActions::Drain, &single)?;
        Ok(Self { before })
    }

    /// The next key; `None` where the user pressed Ctrl-C or the terminal is gone. Keys that are no letter come as one
    /// that means nothing.
    pub(crate) fn next(&self) -> Option<char> {
        if !wait_for_input(io::stdin().as_fd()).ok()? {
            return None;
        }
        // An arrow key is several bytes at once; letters that a person types fast may come together as well.
        let mut byte = [0_u8; 1];
        match rustix::io::read(io::stdin(), &mut byte) {
            Ok(1) => Some(char::from(byte[0])),
            _ => None,
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // Where the terminal is gone there is nothing to give back.
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.before);
    }
}
