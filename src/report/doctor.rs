//! What a machine offers, as a table for people.

use super::paint::{BAD, DOUBT, GOOD, Paint, QUIET, STRONG};
use super::terminal::Look;
use crate::provision::Offer;

/// How many pages are named that need something.
const NAMED: usize = 3;

/// A line for each offer, with what to do about each gap, and one that sums up for `pages` pages.
pub fn table(offers: &[Offer], pages: usize, look: Look) -> String {
    let width = offers.iter().map(|offer| offer.name.len()).max().unwrap_or(0);
    let mut paint = Paint::new(look.colour);
    for offer in offers {
        let (style, mark) = match (offer.there, offer.is_missed()) {
            (true, _) => (GOOD, "✓"),
            (false, true) => (BAD, "✗"),
            (false, false) => (DOUBT, "-"),
        };
        paint.add("  ").add_in(style, mark).add(" ").add_in(STRONG, &format!("{:width$}", offer.name));
        paint.add("  ").add(&offer.found).end_line();
        let indent = " ".repeat(width + 6);
        if offer.is_missed() {
            let named = offer.needed_by.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = offer.needed_by.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            paint.add(&indent).add("needed by ").add(&named).add(&more).end_line();
        }
        if !offer.there {
            paint.add(&indent).add_in(QUIET, &offer.advice).end_line();
        }
    }
    let missed = offers.iter().filter(|offer| offer.is_missed()).count();
    paint.end_line();
    match (pages, missed) {
        (0, _) => paint.add("no page was selected, so that nothing is needed"),
        (_, 0) => paint.add("everything that the pages need is here"),
        (_, missed) => {
            let (things, are) = if missed == 1 { ("thing", "is") } else { ("things", "are") };
            paint.add_in(BAD, &format!("{missed} {things} that the pages need {are} missing"))
        }
    };
    let counted = if pages == 1 { "1 page".to_owned() } else { format!("{pages} pages") };
    paint.add_in(QUIET, &format!(" ({counted})")).end_line();
    paint.finish()
}
