//! Cursors of unified lists: the provider's own, and of which list it is.

use serde_json::{Value, json};

use super::super::Call;
use crate::sandbox::list::{opaque, transparent};
use crate::sandbox::situation::Refusal;

/// What stands for the cursor of the first page, which has none.
const FIRST: &str = "";

/// Where a unified list goes on.
#[derive(Debug, Clone)]
pub(super) struct Cursor {
    /// The account and the model: a cursor of another list leads nowhere.
    list: String,
    /// The provider's own cursor.
    own: Value,
    /// That of the page before.
    before: Value,
    /// The filters and the order, as the first page was asked for, so that a client need not repeat them.
    pub(super) asked: String,
}

impl Cursor {
    /// The cursor that a request goes on with.
    ///
    /// # Errors
    ///
    /// That it is none, or one of another list.
    pub(super) fn given(call: &Call<'_>, list: &str) -> Result<Option<Self>, Refusal> {
        let places = &call.api.paging.at;
        let Some((text, place)) = places.iter().find_map(|place| Some((call.input.get(place)?, place))) else {
            return Ok(None);
        };
        let read = transparent(&text).map(|(list, own, before, asked)| Self { list, own, before, asked });
        let bad = |problem: &str| Refusal::bad_parameter(place.name(), &text, problem);
        let read: Self = read.ok_or_else(|| bad("must be a cursor from an earlier page"))?;
        if read.list != seal(list) {
            return Err(bad("must be a cursor from an earlier page of the same list"));
        }
        Ok(Some(read))
    }

    /// That the request asks for something else than the first page did.
    pub(super) fn differs(call: &Call<'_>) -> Refusal {
        let places = &call.api.paging.at;
        let given = places.iter().find_map(|place| Some((call.input.get(place)?, place.name())));
        let (text, name) = given.unwrap_or_default();
        Refusal::bad_parameter(
            name,
            &text,
            "must be sent with the filters and the order of its first page, or without any",
        )
    }

    /// The provider's cursor; the first page has none.
    pub(super) fn own(&self) -> Option<Value> {
        Some(self.own.clone()).filter(|own| *own != json!(FIRST))
    }

    /// The cursor of the page before. Whoever went back knows no further way back.
    pub(super) fn previous(&self) -> Option<String> {
        let before = Some(&self.before).filter(|before| self.own != json!(FIRST) && !before.is_null())?;
        Some(opaque(&(&self.list, before, Value::Null, &self.asked)))
    }
}

/// The cursor that leads from the page of `own` to the next.
pub(super) fn next(list: &str, next: &Value, own: Option<&Value>, asked: &str) -> String {
    opaque(&(seal(list), next, own.unwrap_or(&json!(FIRST)), asked))
}

/// What stands for a list in its cursors.
fn seal(list: &str) -> String {
    let hash = list.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{hash:08x}")
}
