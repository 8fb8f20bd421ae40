//! Which version of a record a request is about (RFC 9110, section 13), and records that a change makes.

use super::{Call, Target};
use crate::http::{Headers, Reply};
use crate::sandbox::data::Resource;
use crate::sandbox::situation::{Refusal, Situation};
use crate::sandbox::table::Row;

const MATCH: &str = "If-Match";
const NONE_MATCH: &str = "If-None-Match";

impl<'c> Call<'c> {
    /// Refuses a write to a record of another version than the request says.
    pub(super) fn check_version(&self, target: &Target<'c>, row: &Row) -> Result<(), Refusal> {
        let (_, resource) = target.resource()?;
        let Some(tag) = tag(resource, row) else { return Ok(()) };
        let refused = if self.names(MATCH, tag) == Some(false) {
            MATCH
        } else if self.names(NONE_MATCH, tag) == Some(true) {
            NONE_MATCH
        } else {
            return Ok(());
        };
        Err(Refusal::from(Situation::WrongVersion).with("precondition", refused))
    }

    /// The answer to somebody who has the record already as it is.
    pub(super) fn unchanged(&self, target: &Target<'c>, row: &Row) -> Option<Reply> {
        let tag = tag(target.resource().ok()?.1, row)?;
        (self.names(NONE_MATCH, tag) == Some(true)).then(|| {
            let mut headers = Headers::new();
            headers.set("ETag", tag);
            Reply { status: 304, headers, body: Vec::new() }
        })
    }

    /// The id under which a change makes a record that is not there; `None` where it makes none.
    pub(super) fn id_to_make(&self, target: &Target<'c>) -> Option<String> {
        let (_, resource) = target.resource().ok()?;
        let id = target.named("id").filter(|id| resource.upsert && is_like(id, &resource.id.write(resource.first)))?;
        self.request.headers.get(MATCH).is_none().then(|| id.to_owned())
    }

    /// Whether a field names a tag; `None` where the request has no such field.
    fn names(&self, field: &str, tag: &str) -> Option<bool> {
        let given = self.request.headers.get(field)?;
        let plain = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        Some(given.split(',').any(|one| one.trim() == "*" || plain(one) == plain(tag)))
    }
}

fn tag<'r>(resource: &Resource, row: &'r Row) -> Option<&'r str> {
    row.record.get(resource.tag.as_ref()?.get_ref())?.as_str()
}

/// Whether an id is of the form of those that are given out: hyphens in the same places.
fn is_like(id: &str, own: &str) -> bool {
    let form = |letter: char| if letter.is_ascii_hexdigit() { '0' } else { letter };
    id.chars().map(form).eq(own.chars().map(form))
}
