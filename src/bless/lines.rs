//! The edits that put new lines in the place of a fence's, and touch nothing else.

use similar::DiffOp;

use super::lining;
use super::place::Place;
use crate::edit::Edit;
use crate::plan::{Expectation, Part};
use crate::source::{SourceFile, Span};
use crate::text;
use crate::tutorial::Fence;

/// The edits after which the place of `expectation`, in `fence`, shows `new`; `None` where a comment behind a
/// statement would have to go.
pub(super) fn edits(source: &SourceFile, fence: &Fence, expectation: &Expectation, new: &str) -> Option<Vec<Edit>> {
    let code = &expectation.text;
    let shown: Vec<&str> = text::lines(&code.text).iter().map(|line| line.value).collect();
    let new: Vec<&str> = text::lines(new).iter().map(|line| line.value).collect();
    let place = Place::new(source, fence, code, expectation.part);
    let mut writing = Writing { place: &place, prefix: place.prefix(), edits: Vec::new() };
    let ops = if matches!(expectation.part, Part::Watch(_)) {
        // Each comment has its own place; only the first may stand behind a statement.
        vec![DiffOp::Replace { old_index: 0, old_len: shown.len(), new_index: 0, new_len: new.len() }]
    } else {
        lining::ops(&shown, &new)
    };
    for op in ops {
        let (olds, news) = (op.old_range(), op.new_range());
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        let both = olds.len().min(news.len());
        for at in 0..both {
            if shown[olds.start + at] != new[news.start + at] {
                writing.replace(olds.start + at, shown[olds.start + at], new[news.start + at]);
            }
        }
        writing.insert(olds.start + both, &new[news.start + both..news.end]);
        for at in olds.start + both..olds.end {
            if place.is_behind_code(at) {
                return None;
            }
            writing.edits.push(Edit::delete(place.line_with_end(at)));
        }
    }
    if !matches!(expectation.part, Part::Watch(_)) {
        writing.edits.extend(widened(&place, &new)?);
    }
    Some(writing.edits)
}

/// The edits after which `fence` shows `lines` after the line of the file that ends at `at`.
pub(super) fn put_in(source: &SourceFile, fence: &Fence, at: usize, lines: &[&str]) -> Option<Vec<Edit>> {
    let place = Place::new(source, fence, &fence.code, Part::Whole);
    let mut writing = Writing { place: &place, prefix: place.prefix(), edits: Vec::new() };
    writing.insert_at(at, lines);
    writing.edits.extend(widened(&place, lines)?);
    Some(writing.edits)
}

struct Writing<'a> {
    place: &'a Place<'a>,
    prefix: String,
    edits: Vec<Edit>,
}

impl Writing<'_> {
    fn replace(&mut self, at: usize, old: &str, new: &str) {
        let span = self.place.text_span(at);
        let unwritten = self.place.unwritten(at).min(new.len() - new.trim_start_matches(' ').len());
        let new = &new[unwritten..];
        if self.place.is_behind_code(at) {
            let blank = if self.place.head(at).ends_with(' ') || new.is_empty() { "" } else { " " };
            self.edits.push(Edit::replace(span, format!("{blank}{new}")));
        } else if old.is_empty() || new.is_empty() {
            // An empty line may have lost its indent, and one that becomes empty should not keep blanks.
            let whole = Span::new(self.place.whole_line(at).start, span.end);
            self.edits.push(Edit::replace(whole, self.line(new)));
        } else {
            self.edits.push(Edit::replace(span, new));
        }
    }

    /// Puts lines in before line `at` of the code.
    fn insert(&mut self, at: usize, lines: &[&str]) {
        let after = match at.checked_sub(1) {
            Some(before) => self.place.text_span(before).end,
            None => self.place.before_first(),
        };
        self.insert_at(after, lines);
    }

    fn insert_at(&mut self, at: usize, lines: &[&str]) {
        let end = self.place.line_end();
        let text: String = lines.iter().flat_map(|line| [end.to_owned(), self.line(line)]).collect();
        if !text.is_empty() {
            self.edits.push(Edit::insert(at, text));
        }
    }

    fn line(&self, text: &str) -> String {
        format!("{}{text}", self.prefix).trim_end_matches([' ', '\t']).to_owned()
    }
}

/// The edits that make the fence's markers longer, where a line would end it; `None` where nothing closes the fence.
fn widened(place: &Place<'_>, lines: &[&str]) -> Option<Vec<Edit>> {
    let Some((sign, count, closing)) = place.marker() else { return Some(Vec::new()) };
    let run = |line: &&str| line.trim_start().chars().take_while(|char| *char == sign).count();
    let longest = lines.iter().map(run).max().unwrap_or_default();
    if longest < count {
        return Some(Vec::new());
    }
    let more = sign.to_string().repeat(longest + 1 - count);
    Some(vec![Edit::insert(place.opening_marker(), more.clone()), Edit::insert(closing?, more)])
}
