//! What a body says, and neither the record that was written nor what the mapping sent: it is refused and not lost.

use std::collections::HashSet;

use serde_json::{Map, Value};

/// More parts than these are not told.
const TOLD: usize = 100;

/// How many bytes of bodies are tried: every part that has to be tried costs a body, and a large one is not to take
/// minutes.
const TRIED: usize = 4 << 20;

/// What a trial costs however small the body is.
const TRIAL: usize = 1_000;

/// How far from where it is expected an element of a list is looked for.
const NEAR: usize = 100;

/// What a member of a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Member {
    /// A field of records: they can say the same.
    Field,
    /// Nothing that records have: only a mapping can make something of it.
    Stranger,
    /// It is looked at elsewhere.
    Aside,
}

/// A part of a body of which nothing is left.
pub(super) struct Part {
    /// Such as `email_addresses[1].email`.
    pub(super) path: String,
    /// What the body says it is, such as `home`, where it says that.
    pub(super) kind: Option<String>,
    /// False where the body is too large to try it: what becomes of it cannot be told.
    pub(super) is_tried: bool,
    /// Where it stands in the body.
    pointer: String,
    /// The number of the body's member in which it stands.
    member: usize,
}

/// The parts of `body` that `record`, which was written, does not say, and without which `make` makes the same of it. They
/// can be left out together: of two that say one thing in two ways, one is there.
pub(super) fn lost<M: PartialEq>(
    body: &Value,
    member: impl Fn(&str) -> Member,
    record: &Value,
    make: impl Fn(&Value) -> Option<M>,
) -> Vec<Part> {
    let mut unsaid = Unsaid::default();
    let mut strangers = Vec::new();
    for (at, (name, value)) in body.as_object().into_iter().flatten().enumerate() {
        unsaid.member = at;
        let place = Place::of(name);
        match member(name) {
            Member::Field => unsaid.look(value, Some(record.get(name).unwrap_or(&Value::Null)), &place),
            Member::Stranger => strangers.push((unsaid.part(&place), value)),
            Member::Aside => {}
        }
    }
    if unsaid.parts.is_empty() && strangers.is_empty() {
        return Vec::new();
    }
    // What cannot be made at all is refused by whoever makes it.
    let Some(made) = make(body) else { return Vec::new() };
    let cost = body.to_string().len() + TRIAL;
    // However large it is, one trial tells whether all of that is lost.
    let mut sieve = Sieve { body, made, make, cost, left: TRIED.max(cost), removed: HashSet::new(), lost: Vec::new() };
    let names: Vec<_> = strangers.iter().map(|(part, value)| (part.path.clone(), part.member, *value)).collect();
    sieve.sift(strangers.into_iter().map(|(part, _)| part).collect());
    // Of a stranger that is read, every part is to be read.
    for (name, at, value) in names {
        let place = Place::of(&name);
        if !sieve.removed.contains(&place.pointer) {
            unsaid.member = at;
            unsaid.look(value, None, &place);
        }
    }
    sieve.sift(unsaid.parts);
    let mut lost = sieve.lost;
    lost.sort_by_key(|part| part.member);
    lost.truncate(TOLD);
    lost
}

/// Whether what is known says what is given: of an object the id decides, or else each of its fields; a list has an element
/// for each that is given.
pub(super) fn says(known: &Value, given: &Value) -> bool {
    match given {
        Value::Object(fields) => match id_of(fields) {
            Some(id) => known.get("id") == Some(id),
            None => fields.iter().all(|(name, value)| says(known.get(name).unwrap_or(&Value::Null), value)),
        },
        given if is_empty(given) => is_empty(known),
        Value::Array(items) => found(items, known).into_iter().all(|is_found| is_found),
        Value::Number(number) => known == given || (known.is_number() && known.as_f64() == number.as_f64()),
        plain => plain == known || known.get("id") == Some(plain),
    }
}

/// Which elements of a list have one in the list that is known, each one of its own. That stands where it is expected, or
/// near it: a provider may order a list anew.
fn found(items: &[Value], known: &Value) -> Vec<bool> {
    let known = known.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut taken = vec![false; known.len()];
    let mut next = 0;
    let mut is_found = |item: &Value| {
        let near = (0..known.len().min(NEAR)).map(|step| (next + step) % known.len());
        let at = near.into_iter().find(|at| !taken[*at] && says(&known[*at], item))?;
        taken[at] = true;
        next = at + 1;
        Some(())
    };
    items.iter().map(|item| is_found(item).is_some()).collect()
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("") || value.as_array().is_some_and(Vec::is_empty)
}

/// The id that stands for the whole of an object.
fn id_of(fields: &Map<String, Value>) -> Option<&Value> {
    fields.get("id").filter(|id| !is_empty(id))
}

/// Where something stands in a body, as people write it and as a JSON pointer, and what the object around it says it is.
struct Place {
    path: String,
    pointer: String,
    kind: Option<String>,
    is_top: bool,
}

impl Place {
    fn of(name: &str) -> Self {
        Self { path: name.to_owned(), pointer: step("", name), kind: None, is_top: true }
    }

    fn field(&self, name: &str, kind: Option<&str>) -> Self {
        let (path, kind) = (format!("{}.{name}", self.path), kind.map(str::to_owned));
        Self { path, pointer: step(&self.pointer, name), kind, is_top: false }
    }

    fn element(&self, at: usize) -> Self {
        let (path, pointer) = (format!("{}[{at}]", self.path), step(&self.pointer, &at.to_string()));
        Self { path, pointer, kind: None, is_top: false }
    }
}

fn step(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The parts of a body that a record does not say.
#[derive(Default)]
struct Unsaid {
    member: usize,
    parts: Vec<Part>,
}

impl Unsaid {
    /// Looks at a value; nothing says anything of it where `known` is nothing. Of a list the whole element counts, since the
    /// list that is sent takes the place of the one that is there. Of what kind something is, the expressions look at
    /// themselves, and what is empty inside of something says nothing.
    fn look(&mut self, value: &Value, known: Option<&Value>, place: &Place) {
        match value {
            Value::Object(fields) if id_of(fields).is_none() => {
                let kind = fields.get("type").and_then(Value::as_str);
                for (name, inner) in fields.iter().filter(|(name, _)| *name != "type") {
                    let known = known.map(|known| known.get(name).unwrap_or(&Value::Null));
                    self.look(inner, known, &place.field(name, kind));
                }
            }
            Value::Array(items) if !items.is_empty() => {
                let is_found = known.map_or_else(|| vec![false; items.len()], |known| found(items, known));
                for (at, item) in items.iter().enumerate().filter(|(at, _)| !is_found[*at]) {
                    self.look(item, None, &place.element(at));
                }
            }
            value if is_empty(value) && !place.is_top => {}
            value if known.is_some_and(|known| says(known, value)) => {}
            value if value.is_object() => {
                let part = self.part(place);
                self.parts.push(Part { path: format!("{}.id", part.path), ..part });
            }
            _ => {
                let part = self.part(place);
                self.parts.push(part);
            }
        }
    }

    fn part(&self, place: &Place) -> Part {
        let Place { path, pointer, kind, .. } = place;
        let (path, pointer, kind) = (path.clone(), pointer.clone(), kind.clone());
        Part { path, kind, is_tried: true, pointer, member: self.member }
    }
}

/// Tries what is made of a body without some of its parts: many at once, and by halves where that makes a difference.
struct Sieve<'b, M, F> {
    body: &'b Value,
    made: M,
    make: F,
    /// What a trial costs, and how much of that is left.
    cost: usize,
    left: usize,
    /// The pointers of what makes no difference.
    removed: HashSet<String>,
    lost: Vec<Part>,
}

impl<M: PartialEq, F: Fn(&Value) -> Option<M>> Sieve<'_, M, F> {
    fn sift(&mut self, mut parts: Vec<Part>) {
        if parts.is_empty() {
            return;
        }
        let Some(left) = self.left.checked_sub(self.cost) else {
            self.lost.extend(parts.into_iter().take(1).map(|part| Part { is_tried: false, ..part }));
            return;
        };
        self.left = left;
        self.removed.extend(parts.iter().map(|part| part.pointer.clone()));
        if (self.make)(&without(self.body, "", &self.removed)).as_ref() == Some(&self.made) {
            self.lost.extend(parts);
            return;
        }
        for part in &parts {
            self.removed.remove(&part.pointer);
        }
        if parts.len() > 1 {
            let rest = parts.split_off(parts.len() / 2);
            self.sift(parts);
            self.sift(rest);
        }
    }
}

/// A value without what stands at these pointers.
fn without(value: &Value, pointer: &str, removed: &HashSet<String>) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter_map(|(name, inner)| {
                let pointer = step(pointer, name);
                (!removed.contains(&pointer)).then(|| (name.clone(), without(inner, &pointer, removed)))
            });
            Value::Object(kept.collect())
        }
        Value::Array(items) => {
            let kept = items.iter().enumerate().filter_map(|(at, inner)| {
                let pointer = step(pointer, &at.to_string());
                (!removed.contains(&pointer)).then(|| without(inner, &pointer, removed))
            });
            Value::Array(kept.collect())
        }
        plain => plain.clone(),
    }
}

#[cfg(test)]
mod tests;
