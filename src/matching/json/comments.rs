//! Which entry of a page's JSON a comment belongs to: what stands behind an entry in its line to that one, what stands
//! above an entry to the one below.

use std::ops::Range;

/// Where an entry ends and begins, with all that belongs to it.
pub(super) struct Extent {
    /// Where the comments above it begin, or it itself.
    pub(super) start: usize,
    /// The comma behind it.
    pub(super) comma: Option<usize>,
    /// The comment behind it.
    pub(super) comment: Option<Range<usize>>,
    /// Behind its comma and comment.
    pub(super) end: usize,
}

/// The extents of the entries at `places`, of which the first stands behind the byte at `open`.
pub(super) fn extents(text: &str, open: usize, places: &[Range<usize>]) -> Vec<Extent> {
    let mut from = open;
    let mut extents = Vec::new();
    for place in places {
        let mut extent = behind(text, place.end);
        extent.start = above(text, from, place.start);
        from = extent.end;
        extents.push(extent);
    }
    extents
}

/// The comment that begins at `at`; none for one that stands for more entries.
fn comment(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = &text[at..];
    let (mark, end) = if rest.starts_with("/*") {
        ("/*", rest.find("*/").map_or(rest.len(), |end| end + 2))
    } else if rest.starts_with("//") || rest.starts_with('#') {
        let line = rest.find('\n').unwrap_or(rest.len());
        (if rest.starts_with('#') { "#" } else { "//" }, rest[..line].trim_end().len())
    } else {
        return None;
    };
    let gap = rest[mark.len()..].trim_start().starts_with(['…', '.']);
    (!gap).then_some(at..at + end)
}

/// What stands behind the entry that ends at `place`.
fn behind(text: &str, place: usize) -> Extent {
    let mut extent = Extent { start: place, comma: None, comment: None, end: place };
    loop {
        let at = text.len() - text[extent.end..].trim_start_matches([' ', '\t']).len();
        if text[at..].starts_with(',') && extent.comma.is_none() {
            extent.comma = Some(at);
            extent.end = at + 1;
        } else if let Some(comment) =
            comment(text, at).filter(|comment| extent.comment.is_none() && is_last(text, comment.end))
        {
            extent.end = comment.end;
            extent.comment = Some(comment);
        } else {
            return extent;
        }
    }
}

/// True where behind `at` no other entry stands in the line.
fn is_last(text: &str, at: usize) -> bool {
    let line = text[at..].lines().next().unwrap_or_default().trim_start();
    line.is_empty() || line.starts_with([',', '}', ']'])
}

/// Where the comments above the entry at `place` begin. `from` is where it may begin at all; what stands behind that in
/// the same line belongs to what is there.
fn above(text: &str, from: usize, place: usize) -> usize {
    let (mut at, mut start) = (from, None);
    while at < place {
        at = text.len() - text[at..].trim_start().len();
        match comment(text, at) {
            _ if at >= place => {}
            Some(comment) => {
                let own = text[from..at].contains('\n')
                    || !text[comment.end..].trim_start_matches([' ', '\t', '\r']).starts_with('\n');
                start = own.then(|| start.unwrap_or(at));
                at = comment.end;
            }
            None => {
                start = None;
                at += text[at..].find(['\n', '*']).unwrap_or_default().max(1);
            }
        }
        while !text.is_char_boundary(at) {
            at += 1;
        }
    }
    start.unwrap_or(place)
}
