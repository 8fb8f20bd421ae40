//! What a request asks of a unified list: its filters, its order, and where and how large a page it wants.

use serde_json::{Map, Value, json};

use super::super::Call;
use super::Subject;
use super::cursor::{Cursor, Page};
use super::known::REMOTE_QUERY;
use crate::sandbox::data::{Api, Comparison, ListMapping};
use crate::sandbox::input::Input;
use crate::sandbox::list::{Operand, Subject as Tested, Test, filters};
use crate::sandbox::situation::Refusal;
use crate::sandbox::url;

/// What a request asks of a unified list.
pub(super) struct Wanted {
    /// How many records an answer may show.
    pub(super) limit: u64,
    /// For how many the provider is asked.
    pub(super) size: u64,
    pub(super) page: Page,
    /// What was shown before.
    pub(super) before: Option<Page>,
    /// The filters and the order, as the first page was asked for: cursors carry it, so that a client need not repeat it.
    pub(super) asked: String,
    pub(super) tests: Vec<Test>,
    /// What expressions see.
    pub(super) input: Map<String, Value>,
    /// What goes to the provider untouched.
    pub(super) untouched: Map<String, Value>,
}

pub(super) fn wanted(call: &Call<'_>, subject: &Subject<'_>) -> Result<Wanted, Refusal> {
    let cursor = Cursor::given(call, &subject.list)?;
    let shapes = &subject.model.fields.shapes;
    let api = call.api;
    let read = |input: &Input<'_>| {
        let tests = filters(input, api.filters.iter(), api.comparisons.as_ref(), |name| shapes.get(name))?;
        let tests: Vec<Test> = tests.into_iter().map(|(test, _)| test).collect();
        Ok::<_, Refusal>((tests, order(api, input, subject)?))
    };
    let (mut tests, mut sorted) = read(&call.input)?;
    let mut asked = String::new();
    if !tests.is_empty() || sorted.is_some() {
        asked = without_page(call);
    }
    if let Some(cursor) = &cursor {
        let input = Input { query: url::parameters(&cursor.asked), headers: call.input.headers, body: None };
        let first = read(&input)?;
        let is_within = |some: &[Test], others: &[Test]| some.iter().all(|test| others.contains(test));
        let is_same = is_within(&tests, &first.0) && is_within(&first.0, &tests) && sorted == first.1;
        if !is_same && !asked.is_empty() {
            return Err(Cursor::differs(call));
        }
        (tests, sorted) = first;
        asked.clone_from(&cursor.asked);
    }
    let mut input = Map::new();
    // A provider's filters are about fields, not about a member of one.
    for test in tests
        .iter()
        .filter(|test| !matches!(&test.subject, Tested::Field(path) if path.contains('.') && !path.contains("[]")))
    {
        let entry = input.entry(field_of(subject, test)).or_insert_with(|| json!({}));
        if let Value::Object(comparisons) = entry {
            comparisons.insert(word(test.is).to_owned(), operand(&test.value));
        }
    }
    if let Some(order) = sorted {
        input.insert(SORT_BY.to_owned(), order);
    }
    let (page, before) = cursor.map_or_else(|| (Page::first(), None), |cursor| (cursor.page, cursor.before));
    if let Some(own) = page.own() {
        input.insert("cursor".to_owned(), own.clone());
    }
    let limit = limit(call)?;
    let untouched = call.input.query.iter().filter(|given| given.name == REMOTE_QUERY);
    let untouched = untouched.filter_map(|given| Some((given.key.clone()?, json!(given.value)))).collect();
    Ok(Wanted { limit, size: limit, page, before, asked, tests, input, untouched })
}

/// Refuses an order that the provider does not have: the page would come in another, and nothing would tell.
pub(super) fn sortable(call: &Call<'_>, mapping: &ListMapping, wanted: &Wanted) -> Result<(), Refusal> {
    let order = wanted.input.get(SORT_BY).and_then(Value::as_object);
    let Some(field) = order.and_then(|order| order.keys().find(|field| !mapping.sorts.contains(field))) else {
        return Ok(());
    };
    let parameter = call.api.sort.by.as_ref().map_or(SORT_BY, |place| place.name());
    let problem = match mapping.sorts.is_empty() {
        true => "must be left out, since the provider has no order to choose for this list".to_owned(),
        false => format!("must be one of {}, by which the provider can order this list", mapping.sorts.join(", ")),
    };
    Err(Refusal::bad_parameter(parameter, field, &problem))
}

/// The order among what expressions see.
pub(super) const SORT_BY: &str = "sort_by";

/// The query without what says where a page begins and how large it is.
fn without_page(call: &Call<'_>) -> String {
    let paging = &call.api.paging;
    let sizes = paging.size.iter().flat_map(crate::sandbox::data::Size::places);
    let names = sizes.chain(paging.at.iter().cloned()).filter_map(|place| place.query);
    names.fold(call.request.query.clone(), |query, name| url::with_parameter(&query, &name, None))
}

impl Wanted {
    /// A page, as large as may be, of a list that nobody sees as such.
    pub(super) fn all(call: &Call<'_>, mut input: Map<String, Value>, page: Page) -> Self {
        let limit = call.api.paging.size.as_ref().map_or(u64::MAX, |size| size.max);
        if let Some(own) = page.own() {
            input.insert("cursor".to_owned(), own.clone());
        }
        let (asked, tests, untouched) = (String::new(), Vec::new(), Map::new());
        Self { limit, size: limit, page, before: None, asked, tests, input, untouched }
    }

    /// Asks for no more than the provider's list can give at once.
    pub(super) fn clamp(&mut self, mapping: &ListMapping) {
        self.limit = self.limit.min(mapping.max.unwrap_or(u64::MAX).max(1));
        self.size = self.page.size(self.limit);
        self.input.insert("limit".to_owned(), json!(self.size));
    }
}

/// How many records a page is to have.
fn limit(call: &Call<'_>) -> Result<u64, Refusal> {
    let Some(size) = &call.api.paging.size else { return Ok(u64::MAX) };
    let given = size.places().into_iter().find_map(|place| Some((call.input.get(&place)?, place)));
    let Some((text, place)) = given else { return Ok(size.default) };
    let asked = text.parse::<u64>().ok().filter(|asked| *asked > 0);
    let asked = asked.ok_or_else(|| Refusal::bad_parameter(place.name(), &text, "must be a whole number above 0"))?;
    Ok(asked.min(size.max))
}

/// The field that the list is to be ordered by, with its direction.
fn order(api: &Api, input: &Input<'_>, subject: &Subject<'_>) -> Result<Option<Value>, Refusal> {
    let Some(name) = api.sort.by.as_ref().and_then(|place| place.query.as_ref()) else { return Ok(None) };
    let mut given = input.query.iter().filter(|given| given.name == *name && !given.value.is_empty());
    let Some(given) = given.next() else { return Ok(None) };
    let bad = |problem: &str| Refusal::bad_parameter(&given.full_name(), &given.value, problem);
    let (field, direction) = match (&given.key, given.value.strip_prefix('-')) {
        (Some(field), _) => (field.as_str(), given.value.as_str()),
        (None, Some(field)) => (field, "desc"),
        (None, None) => (given.value.as_str(), "asc"),
    };
    if !matches!(direction, "asc" | "desc") {
        return Err(bad("must be asc or desc"));
    }
    if subject.model.fields.shapes.get(field).is_none_or(|shape| shape.hidden) {
        return Err(bad("must name a field"));
    }
    Ok(Some(json!({ field: direction })))
}

/// The unified field that a test is about.
pub(super) fn field_of(subject: &Subject<'_>, test: &Test) -> String {
    use crate::sandbox::shape::Set;
    let set = |set: Set| {
        let shapes = &subject.model.fields.shapes;
        shapes.iter().find(|(_, shape)| shape.set == Some(set)).map(|(name, _)| name.clone()).unwrap_or_default()
    };
    match &test.subject {
        Tested::Made => set(Set::Created),
        Tested::Changed => set(Set::Updated),
        Tested::Any(paths) => paths.first().cloned().unwrap_or_default(),
        Tested::Field(path) => path.split(['.', '[']).next().unwrap_or_default().to_owned(),
    }
}

fn word(is: Comparison) -> &'static str {
    match is {
        // Providers find a text whatever its case where `Same` is asked for.
        Comparison::Eq | Comparison::Same => "eq",
        Comparison::Ne => "ne",
        Comparison::Gt => "gt",
        Comparison::Gte => "gte",
        Comparison::Lt => "lt",
        Comparison::Lte => "lte",
        Comparison::In => "in",
        Comparison::Contains => "contains",
        Comparison::Starts => "starts",
        Comparison::Words => "words",
        Comparison::Begins => "begins",
    }
}

fn operand(value: &Operand) -> Value {
    match value {
        Operand::Text(text) | Operand::Folded(text) => json!(text),
        Operand::Instant(instant) => json!(instant.rfc3339()),
        Operand::Number(number) => json!(number),
        Operand::Flag(flag) => json!(flag),
        Operand::Nothing | Operand::Like(_) => Value::Null,
        Operand::List(list) => json!(list),
        Operand::Any(list) => list.iter().map(operand).collect(),
    }
}
