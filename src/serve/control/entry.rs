//! What the journal of a standing sandbox tells, as JSON has it: `docs/sandbox.md` describes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number, from 1; numbers go on over a reset.
    pub n: u64,
    /// When it was, on the world's clock (RFC 3339).
    pub at: String,
    /// Seconds of real time since the sandbox was started.
    pub real_s: f64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// A request and its answer.
    Exchange {
        /// Upper case.
        method: String,
        /// The URL that was asked for, by the host's own name; at most 1 KiB of it.
        url: String,
        /// The answer's status.
        status: u16,
        /// When the request was sent, on the world's clock (RFC 3339); `at` is when its answer went out.
        #[serde(default)]
        asked_at: String,
        /// The id of the account that the request was for.
        account: Option<String>,
        /// The fault that decided the answer, else the one that delayed it.
        fault: Option<String>,
        /// Of the first successful request with a key that a sign-up gave.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        first_call: Option<FirstCall>,
    },
    /// A webhook was called.
    Webhook {
        /// The event's name.
        event: String,
        /// The receiver.
        url: String,
        /// What it answered; 0 where nobody did.
        status: u16,
        /// Which try it was, from 1.
        attempt: u32,
        /// The id of the account that the event is about.
        account: Option<String>,
        /// Where nobody answered: why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// What was granted for an account was taken back at its provider.
    Revoke {
        /// The id of the account.
        account: String,
    },
    /// An account was connected again.
    Reconnect {
        /// Its id.
        account: String,
    },
    /// A provider's field got another name.
    Rename {
        /// The provider.
        provider: String,
        /// The kind of record.
        resource: String,
        /// The name that it had.
        field: String,
        /// The name that it has now.
        to: String,
    },
    /// The proxy was asked for a host that nothing serves.
    Refusal {
        /// `host` or `host:port`.
        host: String,
    },
    /// Somebody signed up.
    SignUp {
        /// By this address.
        email: String,
    },
    /// The clock was put forward.
    Advance {
        /// By so many seconds.
        by_s: f64,
    },
    /// Faults were armed.
    Arm {
        /// As written.
        faults: Vec<String>,
    },
    /// All faults were disarmed.
    Disarm {
        /// Those that no request had met, as written.
        unmet: Vec<String>,
    },
    /// The world is as at its start, and the journal was emptied before.
    Reset,
}

/// The time to first call: from a sign-up to the first successful request with its key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FirstCall {
    /// Who signed up.
    pub email: String,
    /// Seconds on the world's clock.
    pub after_s: f64,
    /// Seconds of real time.
    pub after_real_s: f64,
}

/// A part of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Excerpt {
    /// The entries, in order.
    pub entries: Vec<Entry>,
    /// The number of the last one, to be asked from.
    pub last: u64,
    /// How many entries before the first one were too many to be kept.
    pub forgotten: u64,
    /// For each account, how many requests for it were under way at once at most, in all that is kept.
    #[serde(default)]
    pub peaks: BTreeMap<String, u64>,
}
