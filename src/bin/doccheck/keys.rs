//! Single keys from a terminal. The terminal is given back as it was, however the review ends.

use std::collections::VecDeque;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;

use doccheck::process::wait_for_input;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

/// A terminal that hands over each key at once and does not show it. Ctrl-C stays a signal, and what is printed looks as
/// ever.
#[derive(Debug)]
pub(crate) struct Keys {
    before: Termios,
    /// Keys that were typed faster than they are asked for.
    typed: VecDeque<u8>,
}

const ESCAPE: u8 = 0x1b;

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
        Ok(Self { before, typed: VecDeque::new() })
    }

    /// The next key; `None` where the user pressed Ctrl-C or the terminal is gone.
    pub(crate) fn next(&mut self) -> Option<char> {
        while self.typed.is_empty() {
            if !wait_for_input(io::stdin().as_fd()).ok()? {
                return None;
            }
            let mut bytes = [0_u8; 64];
            let count = rustix::io::read(io::stdin(), &mut bytes).ok().filter(|count| *count > 0)?;
            self.typed.extend(letters(&bytes[..count]));
        }
        self.typed.pop_front().map(char::from)
    }
}

/// The keys among `bytes` that are one byte. An arrow or a function key comes as a sequence (ECMA-48, section 5.4) that
/// ends in a letter, which nobody typed.
fn letters(bytes: &[u8]) -> Vec<u8> {
    let mut letters = Vec::new();
    let mut bytes = bytes.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != ESCAPE {
            letters.push(byte);
        } else if bytes.next_if(|next| matches!(next, b'[' | b'O')).is_some() {
            // The sequence ends with the first byte that is neither parameter nor blank.
            while bytes.next().is_some_and(|byte| !(0x40..0x7f).contains(&byte)) {}
        }
    }
    letters
}

impl Drop for Keys {
    fn drop(&mut self) {
        // Where the terminal is gone there is nothing to give back.
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_typed_counts() {
        assert_eq!(letters(b"a\x1b[Ar\x1b[1;5Bs\x1bOAu\x1b"), b"arsu");
        assert_eq!(letters(b"\x1b[2"), b"");
    }
}
