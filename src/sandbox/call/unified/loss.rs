//! What a body says and a mapping makes nothing of: the provider would never get it, so it is refused and not lost.

use serde_json::Value;

/// More parts than these are not tried one by one.
const PARTS: usize = 100;

/// A part of a body, and the body without it.
pub(super) struct Part {
    /// Such as `email_addresses[1].email`.
    pub(super) path: String,
    /// What the body says it is, such as `home`, where it says that.
    pub(super) kind: Option<String>,
    /// The field that a record must say alike for the part to be there already, as a JSON pointer: of a list the whole
    /// element, since the list that is sent takes the place of the one that is there.
    whole: String,
    without: Value,
}

/// The parts of `body`, of its fields that `counts`, without which `make` makes the same of it. What `known`, the record as
/// it is already, says too is not lost.
///
/// # Errors
///
/// What `known` says.
pub(super) fn lost<M: PartialEq, E>(
    body: &Value,
    counts: impl Fn(&str) -> bool,
    make: impl Fn(&Value) -> Option<M>,
    known: impl FnOnce() -> Result<Value, E>,
) -> Result<Vec<Part>, E> {
    // What cannot be made at all is refused by whoever makes it.
    let Some(whole) = make(body) else { return Ok(Vec::new()) };
    let is_lost = |part: &Part| make(&part.without).is_some_and(|made| made == whole);
    let mut parts = Vec::new();
    for (name, value) in body.as_object().into_iter().flatten().filter(|(name, _)| counts(name)) {
        collect(body, value, name, &format!("/{name}"), &mut parts);
    }
    let mut found: Vec<Part> = parts.into_iter().take(PARTS).filter(is_lost).collect();
    if !found.is_empty() {
        let known = known()?;
        found.retain(|part| !is_said(body.pointer(&part.whole), known.pointer(&part.whole)));
    }
    Ok(found)
}

/// The plain values in a value, and the objects that an id stands for. What is empty cannot be lost, and of what kind
/// something is, the expressions look at themselves.
fn collect(body: &Value, value: &Value, path: &str, pointer: &str, parts: &mut Vec<Part>) {
    match value {
        Value::Object(fields) if fields.get("id").is_none_or(is_empty) => {
            for (name, inner) in fields.iter().filter(|(name, _)| *name != "type") {
                let step = name.replace('~', "~0").replace('/', "~1");
                collect(body, inner, &format!("{path}.{name}"), &format!("{pointer}/{step}"), parts);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                collect(body, item, &format!("{path}[{at}]"), &format!("{pointer}/{at}"), parts);
            }
        }
        Value::Null if !pointer[1..].contains('/') => {
            let (path, whole) = (path.to_owned(), pointer.to_owned());
            parts.push(Part { path, kind: None, whole, without: without(body, pointer) });
        }
        value if is_empty(value) => {}
        value => {
            let path = if value.is_object() { format!("{path}.id") } else { path.to_owned() };
            let (parent, _) = pointer.rsplit_once('/').unwrap_or_default();
            let kind = body.pointer(parent).and_then(|parent| parent.get("type")?.as_str()).map(str::to_owned);
            let kind = kind.filter(|_| !parent.is_empty());
            parts.push(Part { path, kind, whole: whole(pointer), without: without(body, pointer) });
        }
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

fn without(body: &Value, pointer: &str) -> Value {
    let mut body = body.clone();
    let (parent, last) = pointer.rsplit_once('/').unwrap_or_default();
    match body.pointer_mut(parent) {
        Some(Value::Object(fields)) => drop(fields.shift_remove(&last.replace("~1", "/").replace("~0", "~"))),
        Some(Value::Array(items)) => {
            if let Some(at) = last.parse().ok().filter(|at| *at < items.len()) {
                items.remove(at);
            }
        }
        _ => {}
    }
    body
}

/// The innermost element of a list in which `pointer` leads, or all the way.
fn whole(pointer: &str) -> String {
    let steps: Vec<&str> = pointer.split('/').collect();
    let element = steps.iter().rposition(|step| !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit()));
    steps[..=element.unwrap_or(steps.len() - 1)].join("/")
}

/// Whether the record says what the body says; of an object the id decides, or else each of its fields.
fn is_said(given: Option<&Value>, known: Option<&Value>) -> bool {
    let known = known.unwrap_or(&Value::Null);
    match given.unwrap_or(&Value::Null) {
        Value::Object(fields) => match fields.get("id").filter(|id| !is_empty(id)) {
            Some(id) => known.get("id") == Some(id),
            None => fields.iter().all(|(name, value)| is_said(Some(value), known.get(name))),
        },
        plain => plain == known || known.get("id") == Some(plain),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sandbox::jsonata;

    fn told(text: &str, body: &Value, known: Value) -> Vec<String> {
        let make = |part: &Value| jsonata::evaluate_json(text, part, &[]).ok();
        let lost = lost(body, |name| name != "more", make, || Ok::<_, ()>(known)).unwrap();
        lost.into_iter()
            .map(|part| [Some(part.path), part.kind].into_iter().flatten().collect::<Vec<_>>().join(" "))
            .collect()
    }

    #[test]
    fn what_makes_no_difference_is_named() {
        let text = "{'t': title, 'm': mails[0].mail, 'a': account.id, 'tags': [tags.name], 'c': contact[0].id}";
        let body = json!({
            "title": "x", "size": 7, "more": 1, "nothing": null, "none": [], "empty": "",
            "mails": [{ "mail": "a", "type": "work" }, { "mail": "b", "type": "home" }],
            "account": { "id": "1", "name": "beside the id" }, "owner": { "id": "2" },
            "tags": [{ "id": "3", "name": "by its name" }], "contact": [{ "id": "4" }, { "id": "5" }],
            "place": { "city": "y", "a/b": "z", "id": null },
        });
        let expected = ["size", "mails[1].mail home", "owner.id", "contact[1].id", "place.city", "place.a/b"];
        assert_eq!(told(text, &body, Value::Null), expected);
        let known = json!({ "size": 7, "mails": [{ "mail": "a" }], "owner": { "id": "2", "name": "n" } });
        assert_eq!(told(text, &body, known), ["mails[1].mail home", "contact[1].id", "place.city", "place.a/b"]);
    }

    #[test]
    fn what_is_there_as_another_kind_or_is_to_be_taken_away_is_not_said_already() {
        let body = json!({ "phones": [{ "number": "1", "type": "home" }], "owner": null, "account": null });
        let text = "{'p': phones[type = 'work'].number}";
        let known = |kind: &str| json!({ "phones": [{ "number": "1", "type": kind }], "owner": { "id": "7" } });
        assert_eq!(told(text, &body, known("mobile")), ["phones[0].number home", "owner"]);
        assert_eq!(told(text, &body, known("home")), ["owner"]);
        assert_eq!(told(text, &body, Value::Null), ["phones[0].number home"]);
    }

    #[test]
    fn what_is_needed_or_refused_makes_a_difference() {
        let text = "$exists(a) ? $error('no') : {'b': b}";
        assert_eq!(told(text, &json!({ "a": "x" }), Value::Null), Vec::<String>::new());
    }
}
