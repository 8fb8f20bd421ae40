//! What the sandbox says to a request.

use std::time::Duration;

use crate::http::Reply;

/// An answer and what led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What the client gets.
    pub reply: Reply,
    /// How much later than it could be it is to come.
    pub delay: Duration,
    /// The fault that decided it, else the one that delays it, as written.
    pub fault: Option<String>,
    /// The id of the account that the request was for.
    pub account: Option<String>,
    /// True where there is no such route.
    pub unknown_route: bool,
    /// True where a draft answered: with what the page says, whatever is true.
    pub drafted: bool,
}

impl From<Reply> for Answer {
    /// At once, and as it should be.
    fn from(reply: Reply) -> Self {
        Self { reply, delay: Duration::ZERO, fault: None, account: None, unknown_route: false, drafted: false }
    }
}
