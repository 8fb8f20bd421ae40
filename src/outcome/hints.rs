//! What an author probably forgot, told from what the page shows and what the sandbox answered.

use std::sync::LazyLock;

use regex::Regex;

use super::evidence::Evidence;
use crate::http::reason;

/// The statuses that a fault can bring about.
const FAULTS: [u16; 9] = [400, 401, 403, 404, 409, 429, 500, 502, 503];

/// Hints on an output that differs: a status that is documented and that nothing caused, a route that is not there.
pub(super) fn about_output(evidence: Evidence<'_>, expected: &str, actual: &str) -> Vec<String> {
    let exchanges: Vec<_> = evidence.record.exchanges.iter().filter(|exchange| exchange.is_of_page()).collect();
    let asked = |status: u16| {
        let kind = status.to_string();
        evidence.step.faults.iter().any(|fault| fault.value.text.starts_with(&kind))
    };
    let caused = |status: u16| exchanges.iter().any(|exchange| exchange.status == status);
    let mut hints = Vec::new();
    if !exchanges.is_empty() {
        for status in FAULTS.into_iter().filter(|status| !asked(*status) && !caused(*status)) {
            if documents(expected, status) && !documents(actual, status) {
                // A fault would hide a request that is refused for a reason of its own.
                hints.push(match exchanges.iter().find(|exchange| exchange.status >= 400 && !exchange.is_of_fault()) {
                    Some(refused) => format!(
                        "the API answered {} where the page shows {status}: look at the request first, such as its token and \
                         what it is for",
                        refused.status
                    ),
                    None => format!(
                        "nothing caused the {status} that the page shows: put `<!-- doccheck: fault={status} -->` before the \
                         step"
                    ),
                });
            }
        }
    }
    for exchange in exchanges.iter().filter(|exchange| exchange.unknown_route) {
        let hint = format!("the sandbox knows no route {} {}", exchange.method, exchange.url);
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    }
    hints
}

/// A number where texts write a status. Compiled once: to compile it takes longer than to judge a page.
static SHOWN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?:http/[0-9.]+|status\w*|code|error)\W{0,4}([0-9]{3})\b").ok());

/// True where a text shows `status` as one, or its usual phrase. A number alone may be anything.
fn documents(text: &str, status: u16) -> bool {
    let number = status.to_string();
    text.to_lowercase().contains(&reason(status).to_lowercase())
        || SHOWN.as_ref().is_some_and(|shown| shown.captures_iter(text).any(|found| found[1] == number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_told_from_a_number() {
        for text in ["HTTP/1.1 429", "{\"statusCode\": 429}", "Error: 429", "too many requests", "status code 429"] {
            assert!(documents(text, 429), "{text}");
        }
        for text in ["429 contacts", "HTTP/1.1 200 OK\nid: 429", "status: 4290", "statusCode: 200 of 429"] {
            assert!(!documents(text, 429), "{text}");
        }
    }
}
