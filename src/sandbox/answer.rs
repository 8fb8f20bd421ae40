//! What the sandbox says to a request.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::http::Reply;

/// An answer and what led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What the client gets.
    pub reply: Reply,
    /// How much later it is to come because of a fault.
    pub delay: Duration,
    /// What the calls of providers on the way to it take.
    pub round_trips: Duration,
    /// The fault that decided it, else the one that delays it, as written.
    pub fault: Option<String>,
    /// The id of the account that the request was for.
    pub account: Option<String>,
    /// What the unified API asked of providers on the way.
    pub upstream: Vec<Upstream>,
    /// True where there is no such route.
    pub unknown_route: bool,
    /// True where a draft answered: with what the page says, whatever is true.
    pub drafted: bool,
}

/// What the unified API asked of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Upper case, such as `GET`.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The status of the provider's answer.
    pub status: u16,
    /// When it was asked.
    pub at: Timestamp,
}

impl From<Reply> for Answer {
    /// At once, and as it should be.
    fn from(reply: Reply) -> Self {
        Self {
            reply,
            delay: Duration::ZERO,
            round_trips: Duration::ZERO,
            fault: None,
            account: None,
            upstream: Vec::new(),
            unknown_route: false,
            drafted: false,
        }
    }
}
