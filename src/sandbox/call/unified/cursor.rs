//! Cursors of unified lists: which page of the provider's, or which part of one, and of which list it is.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::Call;
use crate::sandbox::list::{opaque, transparent};
use crate::sandbox::situation::Refusal;
use crate::sandbox::store::Item;

/// What stands for the cursor of the first page, which has none.
const FIRST: &str = "";

/// A page of the provider's, or a part of it: so a list goes on with any limit and neither skips nor repeats a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "Parts", from = "Parts")]
pub(super) struct Page {
    /// The provider's own cursor.
    own: Value,
    /// For how many records the provider is asked, where the request has no choice: `own` counts pages of this size, or the
    /// page was begun with it.
    size: Option<u64>,
    /// How many of its records were shown already.
    from: usize,
    /// What these are known by when the page is read again: some may be gone by then, and others take their places.
    shown: Vec<u32>,
    /// Whoever goes back wants the records before this one, and the last of them.
    until: Option<usize>,
}

type Parts = (Value, Option<u64>, usize, Option<usize>, Vec<u32>);

/// What a record of a page is known by.
fn mark(record: &Item) -> u32 {
    let mut hasher = DefaultHasher::new();
    record.text.hash(&mut hasher);
    // Half of it is enough to tell apart what lies within a page.
    (hasher.finish() >> 32) as u32
}

/// Which records of a page an answer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Page {
    pub(super) fn first() -> Self {
        Self { own: json!(FIRST), size: None, from: 0, shown: Vec::new(), until: None }
    }

    /// The provider's page after another of which the provider says `next`; `numbered`: that counts pages of `size`.
    pub(super) fn after(next: Value, numbered: bool, size: u64) -> Self {
        Self { own: next, size: numbered.then_some(size), from: 0, shown: Vec::new(), until: None }
    }

    /// The provider's cursor; the first page has none.
    pub(super) fn own(&self) -> Option<&Value> {
        Some(&self.own).filter(|own| **own != json!(FIRST))
    }

    /// For how many records the provider is asked by a request that wants `limit`.
    pub(super) fn size(&self, limit: u64) -> u64 {
        self.size.unwrap_or(limit)
    }

    /// What a request that wants `limit` is shown of the records that came.
    pub(super) fn window(&self, records: &[Arc<Item>], limit: u64) -> Window {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let count = records.len();
        let from = match self.shown.is_empty() {
            true => self.from.min(count),
            false => {
                let last = records.iter().rposition(|record| self.shown.contains(&mark(record)));
                last.map_or(0, |last| last + 1)
            }
        };
        match (self.until, self.size) {
            (Some(until), _) => {
                let end = until.clamp(from, count);
                Window { start: end.saturating_sub(limit).max(from), end }
            }
            (None, Some(_)) => Window { start: from, end: count.min(from.saturating_add(limit)) },
            // A provider that knows no limit gives what it gives.
            (None, None) => Window { start: from, end: count },
        }
    }

    /// The rest of the page after `window`, where it has one.
    pub(super) fn rest(&self, window: Window, records: &[Arc<Item>], size: u64) -> Option<Self> {
        let from = window.end;
        (from < records.len()).then(|| {
            let shown = records.iter().take(from).map(|record| mark(record)).collect();
            Self { own: self.own.clone(), size: Some(size), from, shown, until: None }
        })
    }

    /// The way back to what `window` showed.
    fn back(&self, window: Window, size: u64) -> Self {
        let own = self.own.clone();
        Self { own, size: Some(size), from: window.start, shown: Vec::new(), until: Some(window.end) }
    }

    /// What whoever went back has not seen yet of the page.
    fn earlier(&self, window: Window) -> Option<Self> {
        (self.until.is_some() && window.start > self.from).then(|| Self { until: Some(window.start), ..self.clone() })
    }
}

impl From<Parts> for Page {
    fn from((own, size, from, until, shown): Parts) -> Self {
        Self { own, size, from, shown, until }
    }
}

impl From<Page> for Parts {
    fn from(page: Page) -> Self {
        (page.own, page.size, page.from, page.until, page.shown)
    }
}

/// Where a unified list goes on.
#[derive(Debug, Clone)]
pub(super) struct Cursor {
    /// The account and the model: a cursor of another list leads nowhere.
    list: String,
    pub(super) page: Page,
    /// What was shown before. Whoever goes back knows no further way back than the page's beginning.
    pub(super) before: Option<Page>,
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
        let read = transparent(&text).map(|(list, page, before, asked)| Self { list, page, before, asked });
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
}

/// The cursor that leads from what `window` shows of `page` to `next`.
pub(super) fn next(list: &str, next: &Page, page: &Page, window: Window, size: u64, asked: &str) -> String {
    opaque(&(seal(list), next, Some(page.back(window, size)), asked))
}

/// The cursor that leads from what `window` shows of `page` to what came before, which is `before` where the page says
/// nothing else.
pub(super) fn previous(list: &str, page: &Page, window: Window, before: Option<&Page>, asked: &str) -> Option<String> {
    let earlier = page.earlier(window);
    let before = earlier.as_ref().or(before)?;
    Some(opaque(&(seal(list), before, None::<Page>, asked)))
}

/// What stands for a list in its cursors.
fn seal(list: &str) -> String {
    let hash = list.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{hash:08x}")
}
