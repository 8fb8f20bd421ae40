//! Changes to a text: which bytes are replaced by what.

use crate::source::Span;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that are replaced; empty where something is put in.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

impl Edit {
    /// Replaces what stands at `span`.
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }

    /// Puts `text` in at the byte `at`.
    pub fn insert(at: usize, text: impl Into<String>) -> Self {
        Self::replace(Span::new(at, at), text)
    }

    /// Takes out what stands at `span`.
    pub fn delete(span: Span) -> Self {
        Self::replace(span, "")
    }
}

/// `text` with `edits` made, in whatever order they come; of those that put something in at one place the first comes
/// first. An edit that overlaps an earlier place, or that lies outside of the text, is left out.
pub fn apply(text: &str, edits: &[Edit]) -> String {
    let mut ordered: Vec<&Edit> = edits.iter().collect();
    ordered.sort_by_key(|edit| edit.span);
    let mut edited = String::with_capacity(text.len());
    let mut at = 0;
    for edit in ordered {
        let Some(kept) = text.get(at..edit.span.start) else { continue };
        if !text.is_char_boundary(edit.span.end) {
            continue;
        }
        edited.push_str(kept);
        edited.push_str(&edit.text);
        at = edit.span.end;
    }
    edited.push_str(&text[at..]);
    edited
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_made_in_the_order_of_the_text() {
        let edits = [
            Edit::replace(Span::new(4, 7), "2"),
            Edit::insert(3, ","),
            Edit::insert(3, ";"),
            Edit::delete(Span::new(7, 8)),
            Edit::insert(13, "!"),
        ];
        assert_eq!(apply("one two three", &edits), "one,; 2three!");
    }

    #[test]
    fn what_cannot_be_made_is_left_out() {
        let edits = [
            Edit::replace(Span::new(0, 4), "x"),
            Edit::replace(Span::new(2, 6), "y"),
            Edit::insert(99, "z"),
            Edit::delete(Span::new(5, 6)),
        ];
        assert_eq!(apply("abcdé", &edits), "xé");
    }
}
