//! A body whose `query` is a tree: conditions on the fields of an object and on what belongs to it, joined by `and` and
//! `or`, each of which may be turned round by `negate`.

use serde_json::{Map, Value};

use super::{Groups, both};
use crate::sandbox::data::{Comparison, Read};
use crate::sandbox::input::Input;
use crate::sandbox::list::field::{language_test, order_of};
use crate::sandbox::list::{Ask, Operand, Source, Subject, Test};
use crate::sandbox::shape::Set;
use crate::sandbox::situation::{Refusal, Situation};

/// How deep a tree may be.
const DEPTH: usize = 20;

/// The kind of object that a body asks for; `None` where it says none.
pub(in crate::sandbox) fn object_type(body: &Value) -> Option<&str> {
    fn of(node: &Value, depth: usize) -> Option<&str> {
        match text(node, "type")? {
            "object_type" => text(node, "object_type"),
            "and" if depth > 0 => node.get("queries")?.as_array()?.iter().find_map(|node| of(node, depth - 1)),
            _ => None,
        }
    }
    of(body.get("query")?, DEPTH)
}

/// Puts what the body says into `ask`.
///
/// # Errors
///
/// `bad_query` with what was not understood, `unknown_field`, `bad_json` without a body.
pub(in crate::sandbox) fn read(source: Source<'_, '_>, input: &Input<'_>, ask: &mut Ask) -> Result<(), Refusal> {
    let Some(body @ Value::Object(members)) = &input.body else { return Err(Situation::BadJson.into()) };
    let known = ["query", "_fields", "sort", "results_limit", "include_counts"];
    let is_unknown =
        |(name, value): &(&String, &Value)| !value.is_null() && !known.contains(&name.as_str()) && !source.reads(name);
    if let Some((name, _)) = members.iter().find(is_unknown) {
        return Err(Refusal::bad_query(format!("this sandbox's search understands no {name}")));
    }
    let name = object_type(body).unwrap_or_default();
    let tree = Tree { source, name, part: None };
    ask.groups = tree.groups(body.get("query").unwrap_or(&Value::Null), false, DEPTH)?;
    if ask.groups.is_empty() {
        return Err(Refusal::bad_query("an `or` of nothing matches nothing"));
    }
    // Nothing but the id is shown of an object unless that is asked for.
    let fields = match body.get("_fields") {
        None | Some(Value::Null) => None,
        Some(Value::Object(fields)) => fields.get(name),
        Some(_) => return Err(Refusal::bad_query("_fields holds a list of fields for each type of object")),
    };
    let fields = fields.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    let id = source.resource.field(Set::Id).map(|id| source.names.shown(id).to_owned());
    let mut fields: Vec<String> = fields.collect();
    if fields.is_empty() {
        fields.extend(id);
    }
    ask.fields = Some(fields);
    match body.get("sort").and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice) {
        [] => {}
        [sort] => {
            let field = sort.get("field").and_then(|field| text(field, "field_name")).unwrap_or_default();
            let order = format!("{field} {}", text(sort, "direction").unwrap_or("asc"));
            ask.order = order_of(&order, source).ok_or_else(|| unknown(field))?;
        }
        _ => return Err(Refusal::bad_query("this sandbox sorts by one field")),
    }
    if body.get("include_counts").is_some_and(|value| value == true) {
        return Err(Refusal::bad_query("this sandbox's search understands no include_counts"));
    }
    if let Some(most) = body.get("results_limit").filter(|most| !most.is_null()) {
        ask.most = Some(most.as_u64().ok_or_else(|| Refusal::bad_query("results_limit must be a whole number"))?);
    }
    Ok(())
}

fn text<'v>(node: &'v Value, name: &str) -> Option<&'v str> {
    node.get(name).and_then(Value::as_str)
}

fn unknown(field: &str) -> Refusal {
    Refusal::from(Situation::UnknownField).with("field", field)
}

/// What this sandbox does not understand of a tree.
fn cannot(what: &str, given: Option<&str>, known: &str) -> Refusal {
    let given = given.unwrap_or("nothing");
    Refusal::bad_query(format!("this sandbox's search understands no {what} `{given}`: there are {known}"))
}

/// What the conditions of a tree are about.
struct Tree<'c> {
    source: Source<'c, 'c>,
    /// Its type, as queries say it.
    name: &'c str,
    /// The type of what belongs to the object, and the array in which that lies.
    part: Option<(&'c str, &'c str)>,
}

impl Tree<'_> {
    fn groups(&self, node: &Value, negated: bool, depth: usize) -> Result<Groups, Refusal> {
        let negated = negated != (node.get("negate") == Some(&Value::Bool(true)));
        let kind = text(node, "type");
        let depth = depth.checked_sub(1).ok_or_else(|| Refusal::bad_query("the query is too deep"))?;
        let tests = match kind {
            Some(joined @ ("and" | "or")) => {
                let queries = node.get("queries").and_then(Value::as_array);
                let queries = queries.ok_or_else(|| Refusal::bad_query(format!("`{joined}` has no queries")))?;
                let groups = queries.iter().map(|query| self.groups(query, negated, depth));
                // What is not both is not the one or not the other.
                return if (joined == "and") == negated {
                    Ok(groups.collect::<Result<Vec<_>, _>>()?.concat())
                } else {
                    groups.into_iter().try_fold(vec![Vec::new()], |all, groups| both(all, &groups?))
                };
            }
            Some("object_type") if !negated && text(node, "object_type") == Some(self.name) => Vec::new(),
            Some("object_type") => {
                return Err(Refusal::bad_query("one search of this sandbox finds objects of one type"));
            }
            Some("id") => {
                let field = self.source.names.shown(self.source.resource.field(Set::Id).unwrap_or_default());
                let id = text(node, "value").ok_or_else(|| Refusal::bad_query("`id` has no value"))?;
                vec![self.test(field, Comparison::Eq, Operand::Text(id.to_owned()))?]
            }
            Some("text") if self.part.is_none() => {
                let (is, value) = text_of(node)?;
                let shown = self.source.resource.fields.iter().filter(|(_, shape)| !shape.hidden);
                let subject = Subject::Any(shown.map(|(name, _)| name.clone()).collect());
                vec![Test { subject, is, value, not: false }]
            }
            Some("field_condition") => self.condition(node)?,
            Some("has_related") if self.part.is_none() => return self.related(node, negated, depth),
            other => {
                return Err(cannot("query", other, "and, or, object_type, id, text, field_condition and has_related"));
            }
        };
        Ok(if negated {
            tests.into_iter().map(|test| vec![Test { not: !test.not, ..test }]).collect()
        } else {
            vec![tests]
        })
    }

    /// Objects to which something belongs that is so.
    fn related(&self, node: &Value, negated: bool, depth: usize) -> Result<Groups, Refusal> {
        let kind = text(node, "related_object_type");
        let known: Vec<&str> = self.source.resource.parts.keys().map(String::as_str).collect();
        let part = kind.and_then(|kind| self.source.resource.parts.get_key_value(kind));
        let (kind, array) = part.ok_or_else(|| cannot("related object", kind, &known.join(", ")))?;
        let tree = Tree { part: Some((kind, array.get_ref())), ..*self };
        let query = node.get("related_query").unwrap_or(&Value::Null);
        let groups = tree.groups(query, false, depth)?;
        // Of several tests each could hold for another part, and one that is turned round says something else of many.
        match groups.as_slice() {
            [tests] if matches!(tests.as_slice(), [test] if !test.not) => {
                Ok(vec![tests.iter().map(|test| Test { not: negated, ..test.clone() }).collect()])
            }
            _ => Err(Refusal::bad_query("this sandbox understands one condition on a related object")),
        }
    }

    fn test(&self, field: &str, is: Comparison, value: Operand) -> Result<Test, Refusal> {
        let Some((_, array)) = self.part else { return language_test(self.source, field, is, value, Read::Text) };
        let items = self.source.resource.fields.get(array).and_then(|shape| shape.items.as_ref());
        if !items.is_some_and(|items| items.fields.contains_key(field)) {
            return Err(unknown(field));
        }
        Ok(Test { subject: Subject::Field(format!("{array}[].{field}")), is, value, not: false })
    }

    /// A condition on one field.
    fn condition(&self, node: &Value) -> Result<Vec<Test>, Refusal> {
        let field = node.get("field").unwrap_or(&Value::Null);
        if text(field, "type") != Some("regular_field") {
            return Err(cannot("field", text(field, "type"), "regular_field"));
        }
        let owner = self.part.map_or(self.name, |(kind, _)| kind);
        if text(field, "object_type") != Some(owner) {
            return Err(cannot("object_type of a field here", text(field, "object_type"), owner));
        }
        let name = text(field, "field_name").ok_or_else(|| Refusal::bad_query("a field has no field_name"))?;
        let empty = Map::new();
        let condition = node.get("condition").and_then(Value::as_object).unwrap_or(&empty);
        let whole = node.get("condition").unwrap_or(&Value::Null);
        let list = |member: &str| {
            let texts = condition.get(member).and_then(Value::as_array).into_iter().flatten();
            let texts: Vec<String> = texts.filter_map(Value::as_str).map(str::to_owned).collect();
            if texts.is_empty() { Err(Refusal::bad_query(format!("the condition has no {member}"))) } else { Ok(texts) }
        };
        match text(whole, "type") {
            Some("text") => {
                let (is, value) = text_of(whole)?;
                Ok(vec![self.test(name, is, value)?])
            }
            Some("exists") => Ok(vec![self.test(name, Comparison::Ne, Operand::Nothing)?]),
            Some("term") => Ok(vec![self.test(name, Comparison::In, Operand::List(list("values")?))?]),
            Some("reference") => Ok(vec![self.test(name, Comparison::In, Operand::List(list("object_ids")?))?]),
            Some("boolean") => {
                let flag = condition.get("value").and_then(Value::as_bool);
                let flag = flag.ok_or_else(|| Refusal::bad_query("the condition has no value"))?;
                Ok(vec![self.test(name, Comparison::Eq, Operand::Flag(flag))?])
            }
            Some("number_range") => self.range(name, condition, |value| value.as_f64().map(Operand::Number)),
            Some("moment_range") => self.range(name, condition, moment),
            other => {
                let known = "text, exists, term, reference, boolean, number_range and moment_range";
                Err(cannot("condition", other, known))
            }
        }
    }

    /// A field between two ends, one of which may be open.
    fn range(
        &self,
        field: &str,
        condition: &Map<String, Value>,
        read: impl Fn(&Value) -> Option<Operand>,
    ) -> Result<Vec<Test>, Refusal> {
        let mut tests = Vec::new();
        for (end, value) in condition.iter().filter(|(name, value)| *name != "type" && !value.is_null()) {
            let is = match end.as_str() {
                "gt" | "after" => Comparison::Gt,
                "gte" | "on_or_after" => Comparison::Gte,
                "lt" | "before" => Comparison::Lt,
                "lte" | "on_or_before" => Comparison::Lte,
                other => return Err(cannot("end of a range", Some(other), "gt, gte, lt, lte, on_or_after and before")),
            };
            let value = read(value).ok_or_else(|| Refusal::bad_query(format!("this sandbox cannot read `{end}`")))?;
            tests.push(self.test(field, is, value)?);
        }
        if tests.is_empty() {
            return Err(Refusal::bad_query(format!("the range of {field} has no end")));
        }
        Ok(tests)
    }
}

/// An instant, said as itself.
fn moment(value: &Value) -> Option<Operand> {
    let is_fixed = text(value, "type") == Some("fixed_utc_moment");
    Some(Operand::Instant(Read::Text.instant(text(value, "value").filter(|_| is_fixed)?)?))
}

/// What a text is compared by, and with what.
fn text_of(node: &Value) -> Result<(Comparison, Operand), Refusal> {
    let value = text(node, "value").filter(|value| !value.trim().is_empty());
    let value = value.ok_or_else(|| Refusal::bad_query("the text has no value"))?;
    let is = match text(node, "mode").unwrap_or("full_words") {
        "full_words" => Comparison::Words,
        "beginning_of_words" => Comparison::Begins,
        "phrase" => Comparison::Contains,
        "exact_value" => Comparison::Same,
        other => return Err(cannot("mode", Some(other), "full_words, beginning_of_words, phrase and exact_value")),
    };
    Ok((is, Operand::Text(value.to_owned())))
}
