//! Fences that are not closed where they should be: what stands below is taken for a part of them, steps too.

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{SourceFile, Span};
use crate::tutorial::{Fence, Tutorial};

use super::Role;
use super::language::Kind;
use super::reading::Reading;
use super::roles::Decision;

/// Adds what is wrong to `diagnostics`: an error where the fence is run, compared or saved, or would be without what it
/// swallows.
pub(super) fn check(
    tutorial: &Tutorial,
    readings: &[Reading<'_>],
    decisions: &[Decision],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let fences = &tutorial.fences;
    let mut told = false;
    for (at, fence) in fences.iter().enumerate() {
        let is_bare = fence.language.is_none();
        // A marker that should have closed the fence above, but stands outside of what that one stands in, opens this one.
        let above = at.checked_sub(1).filter(|above| is_bare && follows(&fences[*above], fence, &tutorial.source));
        let is_last = !fence.closed && fence.code.text.trim().is_empty();
        // Below a fence that lacks its closing marker, others are read the wrong way round.
        if (fence.swallowed.is_none() && (above.is_none() || is_last)) || (is_bare && told) {
            continue;
        }
        told = true;
        let found = above.unwrap_or(at);
        let counts = match decisions[found].role.role {
            Role::Step | Role::Output | Role::File | Role::Request | Role::Unsure => true,
            Role::Shown => matches!(readings[found].kind, Kind::Runs(_)),
            Role::Skipped => false,
        };
        let severity = if counts { Severity::Error } else { Severity::Warning };
        let marker = marker(fences[found].span, &tutorial.source);
        let finding = Diagnostic::error("unclosed-fence", "this fence is not closed where it should be").at(
            &tutorial.source,
            marker,
            "opened here",
        );
        let finding = Diagnostic { severity, ..finding };
        diagnostics.push(match (above, fence.swallowed) {
            (None, Some(line)) => finding
                .at(&tutorial.source, fence.code.lines[line], "this is taken for a part of it")
                .help("put a closing marker on a line of its own where it is to end"),
            _ => finding
                .at(&tutorial.source, self::marker(fence.span, &tutorial.source), "this opens another one")
                .help("put the closing marker in the same list item or quote, indented as the opening one is"),
        });
    }
}

/// True where `fence` is opened on the line below `above`, which nothing closes.
fn follows(above: &Fence, fence: &Fence, source: &SourceFile) -> bool {
    !above.closed && source.line(above.span.end) + 1 == source.line(fence.span.start)
}

/// The opening marker of a fence.
fn marker(fence: Span, source: &SourceFile) -> Span {
    let text = source.slice(fence);
    let sign = text.chars().next().unwrap_or_default();
    Span::new(fence.start, fence.start + text.len() - text.trim_start_matches(sign).len())
}

#[cfg(test)]
mod tests;
