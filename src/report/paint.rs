//! Text with colours, in which nothing that a program or a page wrote can pose as the report's own.
//!
//! Control characters would move the cursor, change colours or hide text: whatever is added here is shown with
//! those escaped, so that a report is safe on any terminal.

use anstyle::{AnsiColor, Style};

pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default();
pub(super) const DOUBT: Style = AnsiColor::Yellow.on_default();
pub(super) const QUIET: Style = Style::new().dimmed();
pub(super) const STRONG: Style = Style::new().bold();
pub(super) const FRAME: Style = AnsiColor::BrightBlue.on_default().bold();

/// Text that grows by pieces, each with its style.
#[derive(Debug)]
pub(super) struct Paint {
    text: String,
    colour: bool,
}

impl Paint {
    /// Nothing yet; styles count only where `colour`.
    pub(super) fn new(colour: bool) -> Self {
        Self { text: String::new(), colour }
    }

    /// Adds `text`, made safe.
    pub(super) fn add(&mut self, text: &str) -> &mut Self {
        self.text.push_str(&safe(text));
        self
    }

    /// Adds `text`, made safe, in `style`.
    pub(super) fn add_in(&mut self, style: Style, text: &str) -> &mut Self {
        if !self.colour || style.is_plain() || text.is_empty() {
            return self.add(text);
        }
        self.text.push_str(&style.render().to_string());
        self.add(text);
        self.text.push_str(&style.render_reset().to_string());
        self
    }

    /// Adds what another renderer made safe already.
    pub(super) fn add_rendered(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Ends the line.
    pub(super) fn end_line(&mut self) -> &mut Self {
        self.text.push('\n');
        self
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// How many lines were ended.
    pub(super) fn lines(&self) -> usize {
        self.text.matches('\n').count()
    }

    /// The whole text.
    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// `text` with control characters and marks that turn text spelled out, and tabs as blanks.
pub(super) fn safe(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        push_safe(&mut shown, character);
    }
    shown
}

/// `text` with the blanks and marks that nobody can see spelled out, for places where they are the difference.
pub(super) fn revealed(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        if character == ' ' || !(character.is_whitespace() || is_invisible(character)) {
            shown.push(character);
        } else {
            shown.extend(character.escape_default());
        }
    }
    shown
}

/// `text` cut to `width` characters, with `…` where something is missing.
pub(super) fn clipped(text: &str, width: usize) -> String {
    let mut characters = text.chars();
    let mut kept: String = characters.by_ref().take(width).collect();
    if characters.next().is_some() {
        kept.pop();
        kept.push('…');
    }
    kept
}

fn push_safe(text: &mut String, character: char) {
    match character {
        '\t' => text.push_str("    "),
        '\u{1b}' => text.push_str("\\x1b"),
        _ if character.is_control() || turns_text(character) => text.extend(character.escape_default()),
        _ => text.push(character),
    }
}

/// Marks that change the direction of text (Unicode, UAX #9): what is shown would not be what is there.
fn turns_text(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_cannot_reach_the_terminal() {
        let mut paint = Paint::new(false);
        paint.add("a\u{1b}[2J\r\u{9b}31m\u{7}\u{202e}b\nc\td");
        assert_eq!(paint.finish(), "a\\x1b[2J\\r\\u{9b}31m\\u{7}\\u{202e}b\\nc    d");
    }

    #[test]
    fn a_style_ends_with_its_piece() {
        let mut paint = Paint::new(true);
        paint.add_in(BAD, "x").add("y");
        assert_eq!(paint.finish(), "\u{1b}[31mx\u{1b}[0my");
        let mut paint = Paint::new(false);
        paint.add_in(BAD, "x").add("y");
        assert_eq!(paint.finish(), "xy");
    }

    #[test]
    fn a_no_break_space_is_told_where_it_is_the_difference() {
        assert_eq!(revealed("a\u{a0}b\tc d"), "a\\u{a0}b\\tc d");
    }

    #[test]
    fn a_clipped_text_keeps_its_width() {
        assert_eq!(clipped("héllo", 5), "héllo");
        assert_eq!(clipped("héllo!", 5), "héll…");
    }
}
