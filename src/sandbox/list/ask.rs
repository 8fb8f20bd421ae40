//! From a request to what it asks of a list.

use serde_json::Value;

use super::field::{order_of, subject};
use super::source::{Source, root};
use super::{Ask, Cursor, Operand, Order, OrderBy, Start, Subject, Test};
use super::{language, unread};
use crate::clock::Timestamp;
use crate::sandbox::data::{Api, Comparison, Comparisons, Filter, Language, PageBy, Paging, Read, Route, Style, Which};
use crate::sandbox::input::Input;
use crate::sandbox::names::Names;
use crate::sandbox::shape::{Shape, Type};
use crate::sandbox::situation::{Refusal, Situation};
use crate::sandbox::template::Template;
use crate::sandbox::url::Parameter;

/// The comparison of `name` with a text.
fn test(
    parameter: &str,
    name: &str,
    shape: Option<&Shape>,
    is: Comparison,
    read: Read,
    text: &str,
) -> Result<Test, Refusal> {
    let subject = subject(name, shape);
    let is_instant = !matches!(subject, Subject::Field(_)) || shape.is_some_and(|shape| shape.kind == Type::Timestamp);
    let value = if is == Comparison::In {
        Operand::List(text.split(',').map(|one| one.trim().to_owned()).collect())
    } else if is_instant {
        let instant = read.instant(text);
        Operand::Instant(instant.ok_or_else(|| {
            let problem = match read {
                Read::Text => "must be an RFC 3339 timestamp",
                Read::EpochS => "must be seconds since 1970",
                Read::EpochMs => "must be milliseconds since 1970",
                Read::HttpDate => "must be an HTTP date",
            };
            Refusal::bad_parameter(parameter, text, problem)
        })?)
    } else {
        Operand::Text(text.to_owned())
    };
    Ok(Test { subject, is, value, not: false })
}

/// The fields of a filter that a request means.
fn meant(filter: &Filter, input: &Input<'_>) -> Result<Vec<String>, Refusal> {
    let all = || [&filter.field].into_iter().chain(&filter.or);
    let Some((parameter, named)) = filter.named_by.as_ref().and_then(|name| Some((name, input.list(name)?))) else {
        return Ok(all().cloned().collect());
    };
    let mut found = Vec::new();
    for name in named.split(',').map(str::trim) {
        let before = found.len();
        found.extend(all().filter(|path| path.starts_with(name)).cloned());
        if found.len() == before {
            return Err(Refusal::bad_parameter(parameter, name, "names a field that this sandbox does not search"));
        }
    }
    Ok(found)
}

/// A test, and what is answered where nothing matches.
type Asked<'f> = (Test, Option<&'f Template>);

/// The filters that a request asks for. `shape` finds a field by its name; fields that it does not know filter nothing.
pub(in crate::sandbox) fn filters<'f, 's>(
    input: &Input<'_>,
    named: impl Iterator<Item = &'f Filter>,
    comparisons: Option<&Comparisons>,
    shape: impl Fn(&str) -> Option<&'s Shape>,
) -> Result<Vec<Asked<'f>>, Refusal> {
    let (mut tests, read) = named_filters(input, named, comparisons, &shape)?;
    tests.extend(own_filters(input, &read, comparisons, |name| Some((name.to_owned(), shape(name)?)))?);
    Ok(tests)
}

/// The tests of those filters that the data names, and the parameters that they read.
fn named_filters<'f, 's>(
    input: &Input<'_>,
    named: impl Iterator<Item = &'f Filter>,
    comparisons: Option<&Comparisons>,
    shape: impl Fn(&str) -> Option<&'s Shape>,
) -> Result<(Vec<Asked<'f>>, Vec<&'f String>), Refusal> {
    let is_in_brackets = matches!(comparisons, Some(Comparisons { style: Style::Brackets }));
    let mut tests = Vec::new();
    let mut read = Vec::new();
    for filter in named {
        let path = root(&filter.field);
        let known = shape(path);
        if known.is_none() && !matches!(path, "created" | "updated" | "deleted") {
            continue;
        }
        let shape = known.filter(|_| path == filter.field);
        read.extend(&filter.at.query);
        let repeated = filter.at.query.as_ref().filter(|_| filter.comparison == Comparison::In);
        let given = repeated.map_or_else(|| input.get(&filter.at), |name| input.list(name));
        if let Some(text) = given.or_else(|| filter.default.clone()) {
            let is_exact = filter.exact.as_ref().is_some_and(|name| input.parameter(name) == Some("true"));
            let is = if is_exact { Comparison::Same } else { filter.comparison };
            let given = filter.least.filter(|least| !is_exact && text.trim().chars().count() < *least);
            if let Some(least) = given {
                let problem = format!("must have {least} characters at least");
                return Err(Refusal::bad_parameter(filter.at.name(), &text, &problem));
            }
            let mut test = test(filter.at.name(), &filter.field, shape, is, filter.read, &text)?;
            if let (Comparison::Same, Some(Value::Array(texts))) = (is, input.value(&filter.at)) {
                let folded = texts.iter().filter_map(Value::as_str).map(|text| Operand::Folded(text.to_lowercase()));
                test.value = Operand::Any(folded.collect());
            }
            if !filter.or.is_empty() {
                test.subject = Subject::Any(meant(filter, input)?);
            }
            tests.push((test, filter.none.as_ref()));
        }
        let own = input.query.iter().filter(|given| is_in_brackets && filter.at.query.as_ref() == Some(&given.name));
        for parameter in own {
            let Some(word) = &parameter.key else { continue };
            let is = comparison(word, parameter)?;
            let test = test(&parameter.full_name(), &filter.field, shape, is, filter.read, &parameter.value)?;
            let test = if filter.comparison == Comparison::Same { folded(test) } else { test };
            tests.push((test, filter.none.as_ref()));
        }
    }
    Ok((tests, read))
}

/// The tests of fields by their own names, where there are such. `field` finds one by the name that a request says.
fn own_filters<'f, 's>(
    input: &Input<'_>,
    read: &[&String],
    comparisons: Option<&Comparisons>,
    field: impl Fn(&str) -> Option<(String, &'s Shape)>,
) -> Result<Vec<Asked<'f>>, Refusal> {
    let mut tests = Vec::new();
    let Some(Comparisons { style }) = comparisons else { return Ok(tests) };
    // What a filter of its own has read, its name reads no more.
    let rest = input.query.iter().filter(|parameter| !parameter.value.is_empty() && !read.contains(&&parameter.name));
    for parameter in rest {
        let (name, word) = match style {
            Style::Brackets => (parameter.name.as_str(), parameter.key.as_deref()),
            Style::Suffix => match parameter.name.rsplit_once("__") {
                Some((name, word)) => (name, Some(word)),
                None => (parameter.name.as_str(), None),
            },
            Style::Plain if parameter.key.is_none() => (parameter.name.as_str(), None),
            Style::Plain => continue,
        };
        let Some((name, shape)) = field(name).filter(|(_, shape)| !shape.hidden) else { continue };
        let (path, is) = match word {
            // A text is the same whatever its case where an API has one way to ask for it.
            None if *style == Style::Plain && shape.kind == Type::String => (name, Comparison::Same),
            None => (name, Comparison::Eq),
            Some(member) if shape.kind == Type::Object => (format!("{name}.{member}"), Comparison::Eq),
            Some(word) => (name, comparison(word, parameter)?),
        };
        tests.push((test(&parameter.full_name(), &path, Some(shape), is, Read::Text, &parameter.value)?, None));
    }
    Ok(tests)
}

/// The same comparison, whatever the case of texts.
fn folded(mut test: Test) -> Test {
    let fold = |text: &String| Operand::Folded(text.to_lowercase());
    test.value = match &test.value {
        Operand::Text(text) => fold(text),
        Operand::List(list) => Operand::Any(list.iter().map(fold).collect()),
        other => other.clone(),
    };
    test
}

/// The comparison for which a parameter says `word`.
fn comparison(word: &str, parameter: &Parameter) -> Result<Comparison, Refusal> {
    Ok(match word {
        "eq" | "exact" => Comparison::Eq,
        "ne" => Comparison::Ne,
        "gt" => Comparison::Gt,
        "gte" => Comparison::Gte,
        "lt" => Comparison::Lt,
        "lte" => Comparison::Lte,
        "in" => Comparison::In,
        _ => {
            let problem = "must compare by eq, ne, gt, gte, lt, lte or in";
            return Err(Refusal::bad_parameter(&parameter.full_name(), &parameter.value, problem));
        }
    })
}

/// What a request asks for, and what is answered where nothing matches.
pub(in crate::sandbox) fn read<'c>(
    source: Source<'c, '_>,
    input: &Input<'_>,
    now: Timestamp,
) -> Result<(Ask, Option<&'c Template>), Refusal> {
    let Source { api, route, resource, .. } = source;
    unread::look(source, input)?;
    let paging = source.paging();
    let mut ask = Ask {
        size: size(paging, input)?,
        start: start(paging, input, now)?,
        order: order(source, input)?,
        tests: Vec::new(),
        groups: Vec::new(),
        which: which(api, route, input),
        most: None,
        left_out: 0,
        counts_all: false,
        fields: None,
        carried: None,
    };
    if paging.by == PageBy::Page
        && let Start::Skip(number) = &mut ask.start
    {
        let first = paging.first_page.unwrap_or(1);
        *number = number.saturating_sub(first).saturating_mul(u64::try_from(ask.size).unwrap_or(u64::MAX));
    }
    let comparisons = api.comparisons.as_ref();
    let (mut tests, read) = named_filters(input, source.filters(), comparisons, |name| resource.fields.get(name))?;
    let own = |name: &str| source.field(name).map(|(name, shape)| (name.clone(), shape));
    tests.extend(own_filters(input, &read, comparisons, own)?);
    let none = tests.iter().find_map(|(_, none)| *none);
    ask.tests = tests.into_iter().map(|(test, _)| test).collect();
    match route.language {
        None => {}
        Some(Language::Soql) => {
            let text = route.at.as_ref().and_then(|at| input.get(at));
            let text = text.ok_or_else(|| Refusal::bad_query("the query is missing"))?;
            language::soql::parse(&text)?.apply(&mut ask, source)?;
            ask.carried = Some(text);
        }
        Some(Language::Odata) => language::odata::read(source, input, &mut ask)?,
        Some(Language::FilterGroups) => language::filter_groups::read(source, input, &mut ask)?,
        Some(Language::Conditions) => language::conditions::read(source, input, &mut ask)?,
        Some(Language::Criteria) => language::criteria::read(source, input, &mut ask)?,
    }
    let before = match &ask.start {
        Start::Skip(skip) => *skip,
        Start::At(cursor) => cursor.before,
    };
    let reached = before.saturating_add(if matches!(ask.start, Start::Skip(0)) { 0 } else { 1 });
    if paging.reach.is_some_and(|reach| reached > reach) {
        return Err(Situation::TooDeep.into());
    }
    Ok((ask, none))
}

fn size(paging: &Paging, input: &Input<'_>) -> Result<usize, Refusal> {
    let Some(size) = &paging.size else { return Ok(usize::MAX) };
    let given = size.places().into_iter().find_map(|place| Some((input.get(&place)?, place)));
    let Some((text, place)) = given else { return Ok(usize::try_from(size.default).unwrap_or(usize::MAX)) };
    let asked = text.parse::<u64>().ok().filter(|asked| *asked > 0);
    let asked = asked.ok_or_else(|| Refusal::bad_parameter(place.name(), &text, "must be a whole number above 0"))?;
    if let (true, Some(error)) = (asked > size.max, &size.over) {
        return Err(Refusal::named(error).with("parameter", place.name()).with("value", text).with("max", size.max));
    }
    Ok(usize::try_from(asked.min(size.max)).unwrap_or(usize::MAX))
}

/// Where the page begins; a page's number stands for itself until its size is known.
fn start(paging: &Paging, input: &Input<'_>, now: Timestamp) -> Result<Start, Refusal> {
    if let Some(then) = &paging.then
        && let Some(text) = input.parameter(&then.query).filter(|text| !text.is_empty())
    {
        return cursor(paging, &then.query, text, now).map(Start::At);
    }
    let given = paging.at.iter().find_map(|place| Some((input.get(place)?, place)));
    let Some((text, place)) = given else {
        let first = if paging.by == PageBy::Page { paging.first_page.unwrap_or(1) } else { 0 };
        return Ok(Start::Skip(first));
    };
    match paging.by {
        PageBy::None => Ok(Start::Skip(0)),
        PageBy::Cursor => cursor(paging, place.name(), &text, now).map(Start::At),
        PageBy::Page | PageBy::Offset => {
            let first = if paging.by == PageBy::Page { paging.first_page.unwrap_or(1) } else { 0 };
            let number = text.parse::<u64>().ok().filter(|number| *number >= first);
            number.map(Start::Skip).ok_or_else(|| {
                Refusal::bad_parameter(place.name(), &text, &format!("must be a whole number from {first} on"))
            })
        }
    }
}

fn cursor(paging: &Paging, parameter: &str, text: &str, now: Timestamp) -> Result<Cursor, Refusal> {
    let cursor = Cursor::read(text)
        .ok_or_else(|| Refusal::bad_parameter(parameter, text, "must be a cursor from an earlier page"))?;
    if paging.life.is_some_and(|life| cursor.issued().after(life) <= now) {
        return Err(Refusal::from(Situation::ExpiredCursor).with("parameter", parameter).with("value", text));
    }
    Ok(cursor)
}

fn order(source: Source<'_, '_>, input: &Input<'_>) -> Result<Order, Refusal> {
    let sort = source.sort();
    let bad = |parameter: &str, text: &str, problem: &str| Refusal::bad_parameter(parameter, text, problem);
    if let Some(name) = sort.by.as_ref().and_then(|place| place.query.as_ref())
        && let Some(parameter) = input.query.iter().find(|given| given.name == *name && given.key.is_some())
    {
        let field = parameter.key.as_deref().unwrap_or_default();
        if !matches!(parameter.value.as_str(), "asc" | "desc") {
            return Err(bad(&parameter.full_name(), &parameter.value, "must be asc or desc"));
        }
        return order_of(&format!("{field}:{}", parameter.value), source)
            .ok_or_else(|| bad(&parameter.full_name(), &parameter.value, "must name a field"));
    }
    let given = sort.by.as_ref().and_then(|place| Some((place.name(), input.get(place)?)));
    let only: Vec<&str> = sort.only.iter().map(|name| source.names.shown(name)).collect();
    if let Some((parameter, text)) =
        given.as_ref().filter(|(_, text)| !only.is_empty() && !only.contains(&text.as_str()))
    {
        return Err(bad(parameter, text, &format!("must be one of {}", only.join(", "))));
    }
    let mut order = match &given {
        Some((parameter, text)) => {
            order_of(text, source).ok_or_else(|| bad(parameter, text, "must name a field to sort by"))?
        }
        None => {
            let default = sort.default.as_deref().unwrap_or("created");
            // The data says it, by the declared name.
            let source = Source { names: &Names::default(), ..source };
            let order = order_of(default, source).unwrap_or(Order { by: OrderBy::Placed, descending: false });
            // Who asks for no order gets the records as they came in.
            Order { by: if order.by == OrderBy::Made { OrderBy::Placed } else { order.by }, ..order }
        }
    };
    if let Some((place, text)) = sort.direction.as_ref().and_then(|place| Some((place, input.get(place)?))) {
        order.descending = match text.to_ascii_lowercase().as_str() {
            "asc" => false,
            "desc" => true,
            _ => return Err(bad(place.name(), &text, "must be asc or desc")),
        };
    }
    Ok(order)
}

/// Whether records that were deleted are among those that a request asks for.
pub(in crate::sandbox) fn which(api: &Api, route: &Route, input: &Input<'_>) -> Which {
    let shown = api.shows.iter().find(|shows| input.get(&shows.at).as_deref() == Some(&shows.value));
    shown.map_or(route.records, |shows| shows.records)
}
