use proptest::prelude::*;

use super::*;
use crate::matching::compare_json;

fn updated(page: &str, actual: &str) -> String {
    update_json(page, actual, &Captures::new()).expect("JSON can be shown")
}

#[test]
fn the_authors_layout_stays() {
    for (page, actual, shown) in [
        ("{\"a\": 1}", r#"{"a":2}"#, "{\"a\": 2}"),
        (
            "{\n    \"b\": 1,\n    \"a\": [1, 2]\n}\n",
            r#"{"a":[1,3],"b":1}"#,
            "{\n    \"b\": 1,\n    \"a\": [1, 3]\n}\n",
        ),
        (
            "{\n  \"id\": \"<uuid>\", // made anew\n  \"n\": 1,\n  ...\n}",
            r#"{"id":"0190c1f2-7a1b-7c3d-8e4f-0123456789ab","n":2,"z":0}"#,
            "{\n  \"id\": \"<uuid>\", // made anew\n  \"n\": 2,\n  ...\n}",
        ),
        ("{\n  \"a\": 1,\n  \"b\": 2\n}", r#"{"a":1}"#, "{\n  \"a\": 1\n}"),
        ("{\n  \"a\": 1,\n  \"b\": 2\n}", r#"{"b":2}"#, "{\n  \"b\": 2\n}"),
        (
            "{\n  \"a\": 1,\n  \"c\": 3\n}",
            r#"{"z":0,"a":1,"b":{"x":[]},"c":3}"#,
            "{\n  \"z\": 0,\n  \"a\": 1,\n  \"b\": {\n    \"x\": []\n  },\n  \"c\": 3\n}",
        ),
        ("{\"a\":1,\"c\":3}", r#"{"a":1,"b":2,"c":3}"#, "{\"a\":1,\"b\": 2,\"c\":3}"),
        ("[1, 2, 4]", "[1,2,3,4]", "[1, 2, 3, 4]"),
        ("[1, 2, 3]", "[2,3]", "[2, 3]"),
        ("[\n  1,\n  ...\n]", "[2,3]", "[\n  2,\n  ...\n]"),
        ("{\n  \"a\": 1\n}", "{}", "{}"),
        ("{\n\t\"a\": []\n}", r#"{"a":[1]}"#, "{\n\t\"a\": [\n\t\t1\n\t]\n}"),
        (
            "{\"t\": \"at <when:date>, 5 items\"}",
            r#"{"t":"at 2026-04-01, 6 items"}"#,
            "{\"t\": \"at <when:date>, 6 items\"}",
        ),
        ("{\"t\": \"abc...\"}", r#"{"t":"abd and more"}"#, "{\"t\": \"abd and more\"}"),
        ("{\"a\": 1}\n{\"a\": 2}\n", "{\"a\":1}\n{\"a\":3}\n{\"a\":4}", "{\"a\": 1}\n{\"a\": 3}\n{\n  \"a\": 4\n}\n"),
        ("{\"a\": 1}", "no JSON", "no JSON"),
        ("{\"n\": 1.0}", r#"{"n":1}"#, "{\"n\": 1.0}"),
    ] {
        assert_eq!(updated(page, actual), shown, "{page} | {actual}");
    }
}

#[test]
fn pretty_is_for_what_holds_values() {
    assert_eq!(pretty_json("{\"a\":[1]}").as_deref(), Some("{\n  \"a\": [\n    1\n  ]\n}"));
    for text in ["7", "word", "", "{\"a\":"] {
        assert_eq!(pretty_json(text), None, "{text}");
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        (-3_i64..3).prop_map(serde_json::Value::from),
        "[a-c<>.:]{0,3}".prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::vec(("[a-d]", inner), 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Whatever a page shows and whatever was printed: afterwards they match, and once is enough.
    #[test]
    fn what_was_printed_matches_afterwards(old in json(), new in json(), lines in any::<bool>()) {
        let page = if lines { serde_json::to_string_pretty(&old) } else { serde_json::to_string(&old) }.expect("it is JSON");
        let actual = new.to_string();
        let shown = updated(&page, &actual);
        prop_assert!(compare_json(&shown, &actual, &mut Captures::new()).is_ok(), "{page} | {actual} | {shown}");
        prop_assert_eq!(updated(&shown, &actual), shown);
    }
}

/// A page with a comment behind each entry and one above the second.
const COMMENTED: &str =
    "{ // the contact\n  \"a\": 1, // of a\n  // above b\n  \"b\": 2, // of b\n  \"c\": 3 // of c\n}\n";

#[test]
fn a_comment_stays_with_its_key_or_goes_with_it() {
    for (actual, shown) in [
        (r#"{"b":2,"c":3}"#, "{ // the contact\n  // above b\n  \"b\": 2, // of b\n  \"c\": 3 // of c\n}\n"),
        (r#"{"a":1,"c":3}"#, "{ // the contact\n  \"a\": 1, // of a\n  \"c\": 3 // of c\n}\n"),
        (r#"{"a":1,"b":2}"#, "{ // the contact\n  \"a\": 1, // of a\n  // above b\n  \"b\": 2 // of b\n}\n"),
        (r#"{"a":1}"#, "{ // the contact\n  \"a\": 1 // of a\n}\n"),
        (r#"{"c":4}"#, "{ // the contact\n  \"c\": 4 // of c\n}\n"),
        (
            r#"{"z":0,"a":1,"n":5,"m":6,"b":2,"c":3,"e":7}"#,
            "{ // the contact\n  \"z\": 0,\n  \"a\": 1, // of a\n  \"n\": 5,\n  \"m\": 6,\n  // above b\n  \"b\": 2, // of b\n  \
             \"c\": 3, // of c\n  \"e\": 7\n}\n",
        ),
        (r#"{"a":1,"e":7}"#, "{ // the contact\n  \"a\": 1, // of a\n  \"e\": 7\n}\n"),
        (r#"{"a":2,"b":2,"c":3}"#, &COMMENTED.replace("1,", "2,")),
    ] {
        assert_eq!(updated(COMMENTED, actual), shown, "{actual}");
    }
    let list = "[\n  1, # one\n  # above two\n  2, # two\n  ...\n]";
    assert_eq!(updated(list, "[2,9]"), "[\n  2, # one\n  # above two\n  9, # two\n  ...\n]");
    let list = "[\n  /* x */ 1, /* y */ 2,\n]";
    assert_eq!(updated(list, "[2]"), "[\n  /* y */ 2,\n]");
    assert_eq!(updated(list, "[1]"), "[\n  /* x */ 1,\n]");
    let more = "{\n  \"a\": 1, // of a\n  \"b\": 2, // ...\n}";
    assert_eq!(updated(more, r#"{"b":2,"c":3}"#), "{\n  \"b\": 2, // ...\n}");
}
