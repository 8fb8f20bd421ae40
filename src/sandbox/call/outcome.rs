//! What comes of a request.

use std::sync::Arc;

use crate::http::Reply;
use crate::sandbox::answer::Answer;
use crate::sandbox::store::Item;
use crate::sandbox::template::Template;

/// A record that was written.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Event {
    /// `created`, `updated` or `deleted`.
    pub(in crate::sandbox) what: &'static str,
    /// The resource's name.
    pub(in crate::sandbox) resource: String,
    pub(in crate::sandbox) account: String,
    /// The record as lists show it, with all its fields.
    pub(in crate::sandbox) item: Arc<Item>,
}

/// What came of a request.
pub(in crate::sandbox) struct Outcome {
    pub(in crate::sandbox) reply: Reply,
    pub(in crate::sandbox) fault: Option<String>,
    pub(in crate::sandbox) account: Option<String>,
    pub(in crate::sandbox) unknown_route: bool,
    /// The records of a list, which stand in the reply as an empty array then.
    pub(in crate::sandbox) listing: Option<Vec<Arc<Item>>>,
    /// Its next page: a cursor, a page's number or an offset, as the API's own parameter takes it.
    pub(in crate::sandbox) next: Option<String>,
    pub(in crate::sandbox) events: Vec<Event>,
    pub(in crate::sandbox) pinged: Vec<String>,
}

impl Outcome {
    /// Without what only the engine needs.
    pub(in crate::sandbox) fn answer(self) -> Answer {
        let Self { reply, fault, account, unknown_route, .. } = self;
        Answer { fault, account, unknown_route, ..Answer::from(reply) }
    }
}

/// What is answered when nothing goes wrong.
pub(in crate::sandbox) enum Done<'c> {
    /// This, with the call's values.
    Fresh(&'c Template, u16),
    /// This, whatever the call's values.
    Ready(Reply),
    /// The methods that the path knows.
    Options(String),
}
