use std::cell::Cell;

use serde_json::json;

use super::*;
use crate::sandbox::jsonata;

fn member(name: &str) -> Member {
    match name {
        "more" => Member::Aside,
        name if name.starts_with('x') => Member::Stranger,
        _ => Member::Field,
    }
}

fn told(text: &str, body: &Value, record: &Value) -> Vec<String> {
    let make = |part: &Value| jsonata::evaluate_json(text, part, &[]).ok();
    lost(body, member, record, make)
        .into_iter()
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
    assert_eq!(told(text, &body, &Value::Null), expected);
    let record = json!({ "size": 7.0, "mails": [{ "mail": "a" }], "owner": { "id": "2", "name": "n" } });
    assert_eq!(told(text, &body, &record), ["mails[1].mail home", "contact[1].id", "place.city", "place.a/b"]);
}

#[test]
fn what_is_there_as_another_kind_or_is_to_be_taken_away_is_not_said() {
    let body = json!({
        "phones": [{ "number": "1", "type": "home" }], "owner": null, "account": null, "tags": [], "title": "",
    });
    let text = "{'p': phones[type = 'work'].number}";
    let record = |kind: &str| json!({ "phones": [{ "number": "1", "type": kind }], "owner": { "id": "7" }, "tags": ["a"], "title": "t" });
    assert_eq!(told(text, &body, &record("mobile")), ["phones[0].number home", "owner", "tags", "title"]);
    assert_eq!(told(text, &body, &record("home")), ["owner", "tags", "title"]);
    assert_eq!(told(text, &body, &Value::Null), ["phones[0].number home"]);
}

#[test]
fn what_is_needed_or_refused_makes_a_difference() {
    let text = "$exists(a) ? $error('no') : {'b': b}";
    assert_eq!(told(text, &json!({ "a": "x" }), &Value::Null), Vec::<String>::new());
}

#[test]
fn of_two_that_say_one_thing_one_is_there() {
    let text = "{'s': stage.id ? stage.id : status = 'won' ? '5' : '1'}";
    let deal = |status: &str| json!({ "stage": { "id": "5" }, "status": status });
    let record = json!({ "stage": { "id": "5" }, "status": "won" });
    assert_eq!(told(text, &deal("won"), &record), Vec::<String>::new());
    assert_eq!(told(text, &deal("lost"), &record), ["status"]);
    // Where the record says neither, one of them is enough, and the other too many.
    assert_eq!(told(text, &deal("won"), &Value::Null), ["stage.id"]);
}

#[test]
fn what_no_record_has_is_told_unless_it_is_read_and_then_all_of_it() {
    let text = "{'a': a, 'x': xs.b}";
    let told = |body: &Value| told(text, body, &json!({ "xtra": "1", "xs": { "b": "1" } }));
    assert_eq!(told(&json!({ "a": 1, "xtra": "1", "xnull": null, "xo": { "y": 1 } })), ["xtra", "xnull", "xo"]);
    assert_eq!(told(&json!({ "xs": { "b": "1" } })), Vec::<String>::new());
    assert_eq!(told(&json!({ "xs": { "b": "1", "c": "2" } })), ["xs.c"]);
}

#[test]
fn every_element_of_a_list_has_one_of_its_own_in_any_order() {
    let says = |given: Value, known: Value| found(given.as_array().unwrap(), &known);
    assert_eq!(says(json!(["a", "b", "c"]), json!(["c", "a", "b"])), [true, true, true]);
    assert_eq!(says(json!(["a", "a", "b"]), json!(["a", "b"])), [true, false, true]);
    assert_eq!(says(json!(["a"]), Value::Null), [false]);
}

/// A body with a tag for each number, what is told of it, and how many bytes were looked at.
fn many(count: usize, text: &str) -> (Vec<Part>, usize) {
    let tags: Vec<Value> = (0..count).map(|n| json!({ "name": format!("tag {n}") })).collect();
    let body = json!({ "phones": ["1"], "tags": tags });
    let looked = Cell::new(0);
    let make = |part: &Value| {
        looked.set(looked.get() + part.to_string().len());
        jsonata::evaluate_json(text, part, &[]).ok()
    };
    (lost(&body, member, &json!({ "phones": ["1"] }), make), looked.get())
}

#[test]
fn a_large_body_is_looked_at_a_bounded_number_of_times() {
    let (none, looked) = many(40_000, "{'p': phones}");
    assert_eq!((none.len(), none[0].path.as_str(), none[0].is_tried), (TOLD, "tags[0].name", true));
    assert!(looked < 3 << 20, "{looked}");
    // Here each makes a difference, which no record says.
    let (untold, looked) = many(40_000, "{'t': [tags.name]}");
    assert!(!untold.is_empty() && untold.iter().all(|part| !part.is_tried));
    assert!(looked < 2 * TRIED, "{looked}");
    assert!(many(300, "{'t': [tags.name]}").0.is_empty());
    // The last of many is found.
    let last = many(300, "{'t': [tags[[0..298]].name]}").0;
    assert_eq!(last.iter().map(|part| part.path.as_str()).collect::<Vec<_>>(), ["tags[299].name"]);
}
