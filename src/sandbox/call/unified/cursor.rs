//! Cursors of unified lists: which page of the provider's, or which part of one, and of which list it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::Call;
use crate::sandbox::list::{opaque, short_hash, transparent};
use crate::sandbox::situation::Refusal;

/// What stands for the cursor of the first page, which has none.
const FIRST: &str = "";

/// A page of the provider's, or a part of it: so a list goes on with any limit and neither skips nor repeats a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "Parts", try_from = "Parts")]
pub(super) struct Page {
    /// The provider's own cursor.
    own: Value,
    /// For how many records the provider is asked, where the request has no choice: `own` counts pages of this size, or the
    /// page was begun with it.
    size: Option<u64>,
    /// How many of its records were shown already.
    from: usize,
    /// What these are known by when the page is read again: some may be gone or changed by then, and others take their places.
    shown: Vec<u32>,
    /// Whoever goes back wants the records before this one, and the last of them.
    until: Option<usize>,
}

type Parts = (Value, Option<u64>, usize, Option<usize>, String);

/// What a record of a page is known by, whatever becomes of its other fields. So much is enough to tell apart what lies
/// within a page.
pub(super) fn mark(id: &str) -> u32 {
    short_hash(id.as_bytes())
}

/// Which records of a page an answer shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    /// Their places in the page.
    places: Vec<usize>,
    /// Where the first of them lies, and where the page goes on after the last.
    start: usize,
    end: usize,
    /// True where the page has more after them.
    is_part: bool,
}

impl Window {
    /// That of these records, of which the page has more than it shows where it is a part.
    fn of(places: Vec<usize>, at: usize, is_part: bool) -> Self {
        let start = places.first().copied().unwrap_or(at);
        let end = places.last().map_or(start, |last| last + 1);
        Self { places, start, end, is_part }
    }

    /// What is shown of `items`.
    pub(super) fn of_items<T: Clone>(&self, items: &[T]) -> Vec<T> {
        self.places.iter().filter_map(|place| items.get(*place).cloned()).collect()
    }

    /// True where a cursor leads to the rest of the page.
    pub(super) fn is_part(&self) -> bool {
        self.is_part
    }
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

    /// True where records are known by their marks, of which `window` takes those of the page then.
    pub(super) fn is_marked(&self) -> bool {
        !self.shown.is_empty()
    }

    /// What a request that wants `limit` is shown of the `count` records that came, whose `marks` are these.
    pub(super) fn window(&self, count: usize, marks: &[u32], limit: u64) -> Window {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let from = self.from.min(count);
        if let Some(until) = self.until {
            let end = until.clamp(from, count);
            let start = end.saturating_sub(limit).max(from);
            return Window::of((start..end).collect(), start, end < count);
        }
        let is_new = |place: &usize| marks.get(*place).is_none_or(|mark| !self.shown.contains(mark));
        let mut new: Vec<usize> = match self.is_marked() {
            true => (0..count).filter(is_new).collect(),
            false => (from..count).collect(),
        };
        // A provider that knows no limit gives what it gives.
        let most = self.size.map_or(new.len(), |_| limit);
        let is_part = new.len() > most;
        new.truncate(most);
        Window::of(new, from, is_part)
    }

    /// The rest of the page after `window`, where it has one; `marks` are those of its records.
    pub(super) fn rest(&self, window: &Window, marks: &[u32], size: u64) -> Option<Self> {
        window.is_part.then(|| {
            let mut shown: Vec<u32> = marks.iter().take(window.end).copied().collect();
            // One that was shown may have moved behind the others by its change.
            let moved: Vec<u32> = self.shown.iter().filter(|mark| !shown.contains(mark)).copied().collect();
            shown.extend(moved);
            Self { own: self.own.clone(), size: Some(size), from: window.end, shown, until: None }
        })
    }

    /// The way back to what `window` showed.
    fn back(&self, window: &Window, size: u64) -> Self {
        let own = self.own.clone();
        Self { own, size: Some(size), from: window.start, shown: Vec::new(), until: Some(window.end) }
    }

    /// What whoever went back has not seen yet of the page.
    fn earlier(&self, window: &Window) -> Option<Self> {
        (self.until.is_some() && window.start > self.from).then(|| Self { until: Some(window.start), ..self.clone() })
    }
}

impl TryFrom<Parts> for Page {
    type Error = base64::DecodeError;

    fn try_from((own, size, from, until, shown): Parts) -> Result<Self, Self::Error> {
        let bytes = STANDARD_NO_PAD.decode(shown)?;
        let shown = bytes.as_chunks().0.iter().map(|mark| u32::from_be_bytes(*mark)).collect();
        Ok(Self { own, size, from, shown, until })
    }
}

impl From<Page> for Parts {
    fn from(page: Page) -> Self {
        let shown: Vec<u8> = page.shown.iter().flat_map(|mark| mark.to_be_bytes()).collect();
        (page.own, page.size, page.from, page.until, STANDARD_NO_PAD.encode(shown))
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
pub(super) fn next(list: &str, next: &Page, page: &Page, window: &Window, size: u64, asked: &str) -> String {
    opaque(&(seal(list), next, Some(page.back(window, size)), asked))
}

/// The cursor that leads from what `window` shows of `page` to what came before, which is `before` where the page says
/// nothing else.
pub(super) fn previous(list: &str, page: &Page, window: &Window, before: Option<&Page>, asked: &str) -> Option<String> {
    let earlier = page.earlier(window);
    let before = earlier.as_ref().or(before)?;
    Some(opaque(&(seal(list), before, None::<Page>, asked)))
}

/// What stands for a list in its cursors.
fn seal(list: &str) -> String {
    format!("{:08x}", short_hash(list.as_bytes()))
}
