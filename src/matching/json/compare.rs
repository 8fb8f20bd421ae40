//! Value against value: key order free, numbers by value, wildcards as `mod` tells.

use std::collections::HashMap;

use crate::source::Span;

use super::super::captures::Bindings;
use super::super::kind::Kind;
use super::super::text::is_more;
use super::super::wildcard::{Pattern, is_typed, near_gap, near_misses};
use super::value::{Content, Object, Value, quoted};

/// The first difference in the order of the page.
#[derive(Debug)]
pub(super) struct Difference {
    /// In bytes of the page's text.
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) help: Vec<String>,
}

impl Difference {
    fn new(span: Span, message: String) -> Self {
        Self { span, message, help: Vec::new() }
    }
}

/// How the elements of two arrays belong together; the numbers are indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// These two are compared.
    Both(usize, usize),
    /// Nothing is left for this one of the page.
    Missing(usize),
    /// The page does not show this one.
    Unexpected(usize),
    /// A `...` stands for this one.
    Free(usize),
}

/// Compares `actual` with `expected`, which stands at `path`.
pub(super) fn value(
    expected: &Value,
    actual: &Value,
    path: &str,
    bindings: &mut Bindings<'_>,
) -> Result<(), Difference> {
    match (&expected.content, &actual.content) {
        (Content::Object(shown), Content::Object(found)) => object(expected, shown, found, path, bindings),
        (Content::Array(shown), Content::Array(found)) => array(expected, shown, found, path, bindings),
        _ if leaf(expected, actual, bindings) => Ok(()),
        _ => Err(differs(expected, actual, path, bindings)),
    }
}

/// True where `value` stands for any number of elements.
pub(super) fn is_gap(value: &Value) -> bool {
    match &value.content {
        Content::More => true,
        Content::String(text) => is_more(text),
        _ => false,
    }
}

fn object(
    whole: &Value,
    shown: &Object,
    found: &Object,
    path: &str,
    bindings: &mut Bindings<'_>,
) -> Result<(), Difference> {
    let mut unseen: HashMap<&str, &Value> =
        found.members.iter().map(|member| (member.key.as_str(), &member.value)).collect();
    for member in &shown.members {
        let Some(actual) = unseen.remove(member.key.as_str()) else {
            let message = format!("{} has no `{}`", place(path), member.key);
            return Err(Difference::new(member.key_span, message));
        };
        value(&member.value, actual, &join(path, &member.key), bindings)?;
    }
    if shown.more || unseen.is_empty() {
        return Ok(());
    }
    let mut extra = found.members.iter().map(|member| &member.key).filter(|key| unseen.contains_key(key.as_str()));
    let first = extra.next().map_or("", String::as_str);
    let more = match extra.count() {
        0 => String::new(),
        1 => " and 1 more key".to_owned(),
        count => format!(" and {count} more keys"),
    };
    let end = shown.members.last().map_or(whole.span.start + 1, |member| member.value.span.end);
    let message = format!("{} has `{first}`{more}, which the page does not show", place(path));
    let help = vec!["`...` as the last member allows more keys".to_owned()];
    Err(Difference { span: Span::new(end, end), message, help })
}

fn array(
    whole: &Value,
    shown: &[Value],
    found: &[Value],
    path: &str,
    bindings: &mut Bindings<'_>,
) -> Result<(), Difference> {
    for slot in slots(shown, found, bindings) {
        match slot {
            Slot::Both(left, right) => value(&shown[left], &found[right], &format!("{path}[{right}]"), bindings)?,
            Slot::Free(_) => {}
            Slot::Missing(at) => {
                let counted = shown.iter().filter(|item| !is_gap(item)).count();
                let message = if found.len() < counted {
                    format!("{} has {}, not {counted}", place(path), items(found.len()))
                } else {
                    format!("{} has no item like {}", place(path), brief(&shown[at]))
                };
                return Err(Difference::new(shown[at].span, message));
            }
            Slot::Unexpected(_) => {
                let end = shown.last().map_or(whole.span.start + 1, |item| item.span.end);
                let message = format!("{} has {}, not {}", place(path), items(found.len()), shown.len());
                let help = vec!["`...` as the last item allows more of them".to_owned()];
                return Err(Difference { span: Span::new(end, end), message, help });
            }
        }
    }
    Ok(())
}

/// Which elements belong together: one by one where the page has no `...`; else those before the first one from the
/// front, those after the last one from the back, and each run between at the first place where it fits.
pub(super) fn slots(shown: &[Value], found: &[Value], bindings: &Bindings<'_>) -> Vec<Slot> {
    let Some(first) = shown.iter().position(is_gap) else {
        let pairs = (0..shown.len().min(found.len())).map(|at| Slot::Both(at, at));
        let missing = (found.len()..shown.len()).map(Slot::Missing);
        return pairs.chain(missing).chain((shown.len()..found.len()).map(Slot::Unexpected)).collect();
    };
    let front = first.min(found.len());
    let mut slots: Vec<Slot> = (0..front).map(|at| Slot::Both(at, at)).collect();
    slots.extend((front..first).map(Slot::Missing));
    let last = shown.iter().rposition(is_gap).unwrap_or(first);
    let back = (shown.len() - last - 1).min(found.len() - front);
    let end = found.len() - back;
    let mut at = front;
    for run in runs(shown, first, last) {
        let fits = |start: &usize| {
            let mut trial = bindings.clone();
            run.clone().zip(*start..).all(|(left, right)| value(&shown[left], &found[right], "", &mut trial).is_ok())
        };
        let latest = (end + 1).saturating_sub(run.len());
        if let Some(start) = (at..latest).find(fits) {
            slots.extend((at..start).map(Slot::Free));
            slots.extend(run.clone().zip(start..).map(|(left, right)| Slot::Both(left, right)));
            at = start + run.len();
        } else {
            slots.extend(run.map(Slot::Missing));
        }
    }
    slots.extend((at..end).map(Slot::Free));
    let rest = last + 1..shown.len();
    slots.extend(rest.clone().zip(end..found.len()).map(|(left, right)| Slot::Both(left, right)));
    slots.extend(rest.skip(back).map(Slot::Missing));
    slots
}

/// The runs of elements between the `...` at `first` and the one at `last`.
fn runs(shown: &[Value], first: usize, last: usize) -> Vec<std::ops::Range<usize>> {
    let gaps: Vec<usize> = (first..=last).filter(|at| is_gap(&shown[*at])).collect();
    gaps.windows(2).map(|pair| pair[0] + 1..pair[1]).filter(|run| !run.is_empty()).collect()
}

/// Does a value that holds no others, or a wildcard, match?
pub(super) fn leaf(expected: &Value, actual: &Value, bindings: &mut Bindings<'_>) -> bool {
    match (&expected.content, &actual.content) {
        (Content::More, _) => true,
        (Content::String(shown), Content::String(found)) if shown == found => true,
        (Content::String(shown), _) => string(shown, actual, bindings),
        (Content::Token(token), _) => {
            let pattern = Pattern::parse(token);
            if let Some((name, kind)) = pattern.whole_typed() {
                return takes(kind, actual) && bindings.bind(name, &actual.captured());
            }
            // A page's bare `<…>` can only be a placeholder: any value, unless it names one or a type, or one that is none.
            match pattern.whole_name() {
                Some(name) => named(name, actual, bindings).unwrap_or(true),
                None => !is_typed(token),
            }
        }
        (shown, found) => shown == found,
    }
}

/// A string of the page, which may stand for a value that is none.
fn string(shown: &str, actual: &Value, bindings: &mut Bindings<'_>) -> bool {
    if is_more(shown) {
        return true;
    }
    let pattern = Pattern::parse(shown);
    if let Some((name, kind)) = pattern.whole_typed() {
        return takes(kind, actual) && bindings.bind(name, &actual.captured());
    }
    if let Some(name) = pattern.whole_name() {
        return named(name, actual, bindings).unwrap_or(false);
    }
    let Content::String(found) = &actual.content else { return false };
    let prefix = shown.strip_suffix("...").or_else(|| shown.strip_suffix('…'));
    match prefix {
        Some(prefix) => Pattern::parse(&format!("{prefix}[..]")).matches(found, bindings),
        None => pattern.matches(found, bindings),
    }
}

/// Is `actual` what was captured as `name`, or of the type of that name? `None` where there is neither.
fn named(name: &str, actual: &Value, bindings: &Bindings<'_>) -> Option<bool> {
    if let Some(value) = bindings.value(name) {
        return Some(actual.captured() == value);
    }
    Kind::named(name).map(|kind| takes(kind, actual))
}

fn takes(kind: Kind, actual: &Value) -> bool {
    match (kind, &actual.content) {
        (Kind::Any, _)
        | (Kind::Bool, Content::Bool(_))
        | (Kind::Number, Content::Number(_))
        | (Kind::String, Content::String(_)) => true,
        (Kind::Int, Content::Number(number)) => number.is_whole(),
        (Kind::Timestamp, Content::Number(number)) => kind.takes(&number.text),
        (Kind::Bool | Kind::Number | Kind::Int, _) => false,
        (_, Content::String(text)) => kind.takes(text),
        _ => false,
    }
}

fn differs(expected: &Value, actual: &Value, path: &str, bindings: &Bindings<'_>) -> Difference {
    let text = match &expected.content {
        Content::String(text) | Content::Token(text) => text.as_str(),
        _ => "",
    };
    let pattern = Pattern::parse(text);
    let subject = if path.is_empty() { "the output".to_owned() } else { place(path) };
    let found = brief(actual);
    let message = if let Some((name, kind)) = pattern.whole_typed() {
        match bindings.conflict(name, &actual.captured()).filter(|_| takes(kind, actual)) {
            Some(conflict) => format!("{subject} is {found}, but {conflict}"),
            None => format!("{subject} is {found}, not {}", kind.described()),
        }
    } else if let Some((name, value)) = pattern.whole_name().and_then(|name| Some((name, bindings.value(name)?))) {
        format!("{subject} is {found}, but `<{name}>` was captured as `{value}`")
    } else if let Some(kind) = pattern.whole_name().and_then(Kind::named) {
        format!("{subject} is {found}, not {}", kind.described())
    } else if matches!(expected.content, Content::Array(_) | Content::Object(_)) {
        format!("{subject} is {}, not {}", actual.described(), expected.described())
    } else {
        format!("{subject} is {found}, not {}", brief(expected))
    };
    let help = near_misses(text).into_iter().chain(near_gap(text)).collect();
    Difference { span: expected.span, message, help }
}

/// A value as a message shows it.
fn brief(value: &Value) -> String {
    const LONGEST: usize = 60;
    match value.content {
        Content::Array(_) => "an array".to_owned(),
        Content::Object(_) => "an object".to_owned(),
        _ => {
            let text = value.compact();
            match text.char_indices().nth(LONGEST) {
                Some((end, _)) => format!("{}…", &text[..end]),
                None => text,
            }
        }
    }
}

fn items(count: usize) -> String {
    if count == 1 { "1 item".to_owned() } else { format!("{count} items") }
}

/// The path as a message names it.
fn place(path: &str) -> String {
    if path.is_empty() { "the output".to_owned() } else { format!("`{path}`") }
}

fn join(path: &str, key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|char| char.is_alphanumeric() || char == '_' || char == '-');
    match (plain, path.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{path}.{key}"),
        (false, _) => format!("{path}[{}]", quoted(key)),
    }
}
