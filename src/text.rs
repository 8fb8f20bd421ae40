//! Normal forms of text: what a reader sees of what a program wrote.

/// `text` without ANSI escape sequences, with `\n` for every line end, without blanks at the ends of lines
/// and without empty lines at its end. A carriage return inside a line starts the line anew, as in a terminal.
pub fn normalize(_text: &str) -> String {
    todo!()
}
