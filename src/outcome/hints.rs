//! What an author probably forgot, told from what the page shows and what the sandbox answered.

use crate::http::reason;
use crate::transcript::Exchange;

/// The statuses that a fault can bring about.
const FAULTS: [u16; 9] = [400, 401, 403, 404, 409, 429, 500, 502, 503];

/// Hints on an output that differs: a status that is documented and that nothing caused, a route that is not there.
pub(super) fn about_output(expected: &str, exchanges: &[Exchange]) -> Vec<String> {
    let mut hints = Vec::new();
    let answered = |status| exchanges.iter().any(|exchange| exchange.status == status);
    for status in FAULTS {
        if documents(expected, status) && !exchanges.is_empty() && !answered(status) {
            hints.push(format!(
                "nothing caused the {status} that the page shows; to have the sandbox answer it: <!-- doccheck: fault={status} -->"
            ));
        }
    }
    for exchange in exchanges.iter().filter(|exchange| exchange.unknown_route) {
        hints.push(format!("the sandbox knows no route {} {}", exchange.method, exchange.url));
    }
    hints
}

/// True where a text shows the status as a word of its own, or its usual phrase.
fn documents(text: &str, status: u16) -> bool {
    let number = status.to_string();
    let word = text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == number);
    word || text.contains(reason(status))
}
