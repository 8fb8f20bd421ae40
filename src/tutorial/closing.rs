//! Whether a fence is closed where its author meant it to be.
//!
//! CommonMark lets a fence without a closing marker run on to the end of the list item, quote or page that it stands
//! in, or to the marker that was to close another one. That is no fault where it is the last thing there. Here is told
//! what a fence holds that looks like the page around it.

use crate::source::SourceFile;

use super::{Fence, FenceKind};

/// What ends a sentence.
const ENDS: [char; 8] = ['.', ':', '!', '?', '。', '：', '！', '？'];

/// Tells each fence of a page what it swallows.
pub(super) fn tell(fences: &mut [Fence], source: &SourceFile) {
    // Above a fence that is open, the marker that closes one may have been meant to open the next.
    let open = fences.iter().rposition(|fence| !fence.closed);
    for (at, fence) in fences.iter_mut().enumerate().filter(|(_, fence)| fence.kind != FenceKind::Indented) {
        let own = marker(source.slice(fence.span));
        let found = own.and_then(|own| swallowed(fence, own, open.is_some_and(|open| at <= open)));
        fence.swallowed = found;
    }
}

/// The line of the fence's code that was not meant for it.
fn swallowed(fence: &Fence, (sign, count, _): Marker<'_>, unsure: bool) -> Option<usize> {
    let lines: Vec<&str> = fence.code.text.lines().collect();
    // What opens a fence like this one cannot be shown inside of it: the marker that closes that one would close both.
    let opens = |(other, length, info): Marker<'_>| {
        let alike = other == sign && length >= count && !info.is_empty();
        alike || !fence.closed
    };
    let is_foreign = |at: usize| marker(lines[at]).is_some_and(opens) || (unsure && begins_prose(&lines, at));
    (0..lines.len()).find(|at| is_foreign(*at))
}

/// A fence's marker: its sign, how often it stands there, and what follows.
type Marker<'a> = (char, usize, &'a str);

/// The marker that a line holds.
fn marker(line: &str) -> Option<Marker<'_>> {
    let text = line.lines().next()?.trim_start_matches(' ');
    let sign = text.chars().next().filter(|char| matches!(char, '`' | '~'))?;
    let info = text.trim_start_matches(sign);
    let count = text.len() - info.len();
    let info = info.trim();
    let indent = line.len() - line.trim_start_matches(' ').len();
    let stands = count >= 3 && indent < 4 && !(sign == '`' && info.contains('`'));
    stands.then_some((sign, count, info))
}

/// True where a paragraph of sentences begins at a line, below an empty one.
fn begins_prose(lines: &[&str], at: usize) -> bool {
    let is_empty = |line: &&str| line.trim().is_empty();
    if at == 0 || !is_empty(&lines[at - 1]) || !lines[at].starts_with(char::is_alphabetic) {
        return false;
    }
    let last = lines[at..].iter().take_while(|line| !is_empty(line)).last();
    let first = lines[at].chars().next().unwrap_or_default();
    // Scripts without upper case may write no blanks between words, either.
    let words = !first.is_ascii() || lines[at].split_whitespace().count() > 1;
    !first.is_lowercase() && words && last.is_some_and(|last| last.trim_end().ends_with(ENDS))
}
