use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::matching::DiffLine;

#[track_caller]
fn same(expected: &str, actual: &str) {
    assert_eq!(compare_json(expected, actual, &mut Captures::new()), Ok(()), "{expected} | {actual}");
}

#[track_caller]
fn differs(expected: &str, actual: &str, text: &str, message: &str) {
    let mismatch = compare_json(expected, actual, &mut Captures::new()).expect_err(expected);
    let span = mismatch.expected;
    assert_eq!((&expected[span.start..span.end], mismatch.message.as_str()), (text, message), "{expected} | {actual}");
    assert!(
        mismatch.diff.iter().any(|line| !matches!(line, DiffLine::Same(_) | DiffLine::Skipped(_) | DiffLine::Free(_))),
        "{mismatch:?}"
    );
}

#[test]
fn structure_counts_not_spelling() {
    same(r#"{"a": 1, "b": [true, null]}"#, "{\n  \"b\": [true, null],\n  \"a\": 1\n}\n");
    same("1", "1.0");
    same("[1, 1e2, -0, 0.10]", "[1.00, 100, 0, 1e-1]");
    same("123456789012345678901234567890", "123456789012345678901234567890.0");
    same(r#""é\n\ud83d\ude00""#, "\"\\u00e9\\n😀\"");
    same(r#"{"a": 1}"#, "\u{1b}[1;39m{\u{1b}[0m\"a\": 1}");
    differs(
        "[123456789012345678901234567890]",
        "[123456789012345678901234567891]",
        "123456789012345678901234567890",
        "`[0]` is 123456789012345678901234567891, not 123456789012345678901234567890",
    );
    differs(
        "1e999999999999999999999",
        "1e-999999999999999999999",
        "1e999999999999999999999",
        "the output is 1e-999999999999999999999, not 1e999999999999999999999",
    );
}

#[test]
fn the_value_that_differs_is_marked() {
    differs(
        r#"{"result": [{"email": "y"}]}"#,
        r#"{"result": [{"email": "x"}]}"#,
        r#""y""#,
        r#"`result[0].email` is "x", not "y""#,
    );
    differs(r#"{"a": 1, "b": 2}"#, r#"{"a": 1}"#, r#""b""#, "the output has no `b`");
    differs(r#"{"a": {"b": 2}}"#, r#"{"a": {}}"#, r#""b""#, "`a` has no `b`");
    differs(r#"{"a": 1}"#, r#"{"a": 1, "b": 2}"#, "", "the output has `b`, which the page does not show");
    differs(
        "{}",
        r#"{"a": 1, "b": 2, "c": 3}"#,
        "",
        "the output has `a` and 2 more keys, which the page does not show",
    );
    differs("[1, 2, 3]", "[1, 2]", "3", "the output has 2 items, not 3");
    differs("[1]", "[1, 2]", "", "the output has 2 items, not 1");
    differs("[1, 2]", "[2, 1]", "1", "`[0]` is 2, not 1");
    differs(r#"{"a b": {"c": null}}"#, r#"{"a b": {"c": false}}"#, "null", r#"`["a b"].c` is false, not null"#);
    differs(r#"{"a": {}}"#, r#"{"a": []}"#, "{}", "`a` is an array, not an object");
    differs(r#"{"a": "1"}"#, r#"{"a": 1}"#, r#""1""#, r#"`a` is 1, not "1""#);
    differs("{\"a\": 1}\n{\"a\": 2}", "{\"a\": 1}\n{\"a\": 3}", "2", "in document 2, `a` is 3, not 2");
    differs(
        "{\"a\": 1}\n{\"a\": 2}",
        "{\"a\": 1}",
        "{\"a\": 2}",
        "the output has 1 JSON document, the page shows more",
    );
    differs("{\"a\": 1}", "{\"a\": 1}\n{\"a\": 2}", "", "the output has 2 JSON documents, the page shows 1");
}

#[test]
fn what_is_left_open() {
    same(r#"{"a": 1, ...}"#, r#"{"b": 2, "a": 1}"#);
    same("{\n  \"a\": 1,\n  ...\n}", r#"{"b": 2, "a": 1}"#);
    same("{\n  \"a\": 1\n  ...\n}", r#"{"b": 2, "a": 1}"#);
    same("{ ... \"a\": 1 }", r#"{"b": 2, "a": 1}"#);
    same(r#"{"a": 1, "...": "..."}"#, r#"{"b": 2, "a": 1}"#);
    same("{\"a\": 1, // ... more\n}", r#"{"b": 2, "a": 1}"#);
    same("{...}", r#"{"b": 2}"#);
    same("{…}", "{}");
    same("[...]", "[1, 2]");
    same("[1, ...]", "[1]");
    same("[1, \"...\", 9]", "[1, 2, 3, 9]");
    same("[..., 2, ...]", "[1, 2, 3]");
    same("[\n  1,\n  /* ... */\n]", "[1, 2]");
    same(r#"{"a": ..., "b": "...", "c": {...}}"#, r#"{"a": 1, "b": [2], "c": {"d": 3}}"#);
    same(r#"{"token": "eyJ..."}"#, r#"{"token": "eyJhbGciOi"}"#);
    same(r#"{"at": "[..] ago"}"#, r#"{"at": "3 days ago"}"#);
    differs("[1, ..., 9]", "[1, 2, 8]", "9", "`[2]` is 8, not 9");
    differs("[..., 5, ...]", "[1, 2, 8]", "5", "the output has no item like 5");
    differs("[1, ..., 9]", "[1]", "9", "the output has 1 item, not 2");
    differs(r#"{"t": "eyX..."}"#, r#"{"t": "eyJh"}"#, r#""eyX...""#, r#"`t` is "eyJh", not "eyX...""#);
}

#[test]
fn pages_are_read_leniently() {
    for page in [
        "{\"a\": 1, \"b\": [2,],}",
        "{'a': 1, 'b': [2]}",
        "{a: 1, b: [2]}",
        "{\n  // the first\n  \"a\": 1, # one\n  \"b\": /* two */ [2]\n}",
        "{\"a\": <version>, \"b\": [...]}",
        "{\"a\": <your number>, \"b\": [<int>]}",
    ] {
        same(page, r#"{"a": 1, "b": [2]}"#);
    }
}

#[test]
fn types_and_captures() {
    let actual = r#"{"id": "0190c1f2-7a1b-7c3d-8e4f-0123456789ab", "n": 7, "f": 1.5, "ok": true, "at": "2026-04-01T00:00:00.000Z", "mail": "ada@example.com", "url": "https://x.test/1", "day": "2026-04-01", "none": null}"#;
    same(
        r#"{"id": "<uuid>", "n": "<int>", "f": "<number>", "ok": "<bool>", "at": "<timestamp>", "mail": "<email>", "url": "<url>", "day": "<date>", "none": "<any>"}"#,
        actual,
    );
    let mut captures = Captures::new();
    compare_json(
        r#"{"id": "<id:uuid>", "n": <count:int>, "url": "https://x.test/<last:int>", ...}"#,
        actual,
        &mut captures,
    )
    .unwrap();
    assert_eq!(captures.get("id"), Some("0190c1f2-7a1b-7c3d-8e4f-0123456789ab"));
    assert_eq!((captures.get("count"), captures.get("last")), (Some("7"), Some("1")));
    assert_eq!(
        compare_json(
            r#"{"n": "<count>", "m": <count>, "s": "n<count>"}"#,
            r#"{"n": 7, "m": "7", "s": "n7"}"#,
            &mut captures
        ),
        Ok(())
    );
    let mismatch = compare_json(r#"{"n": "<count>"}"#, r#"{"n": 8}"#, &mut captures).unwrap_err();
    assert_eq!(mismatch.message, "`n` is 8, but `<count>` was captured as `7`");
    differs(r#"{"n": "<uuid>"}"#, r#"{"n": 7}"#, r#""<uuid>""#, "`n` is 7, not a uuid");
    differs(r#"{"n": "<int>"}"#, r#"{"n": 1.5}"#, r#""<int>""#, "`n` is 1.5, not an int");
    differs(r#"{"n": "<name>"}"#, r#"{"n": "Ada"}"#, r#""<name>""#, r#"`n` is "Ada", not "<name>""#);
    differs(r#"["<a:int>", "<a:int>"]"#, "[1, 2]", r#""<a:int>""#, "`[1]` is 2, but `a` is `1` before it");
    differs(r#"{"n": <a:itn>}"#, r#"{"n": "<a:itn>"}"#, "<a:itn>", r#"`n` is "<a:itn>", not <a:itn>"#);
    same(r#"{"n": "<uuid>"}"#, r#"{"n": "<uuid>"}"#);
}

#[test]
fn what_is_no_json_is_text() {
    same("Created!\n", "Created!");
    same("{'ok': True}", "{'ok': True}");
    same("{ id: 7, ok: true }", "{ id: 7, ok: true }");
    same("...", "anything");
    differs("{\"a\": 1}", "oops", "{\"a\": 1}", "the output is not JSON: line 1 differs");
    differs("{\"a\": 1}", "", "{\"a\": 1}", "nothing was printed");
    let mismatch = compare_json("{\"a\": 1\n\"b\": 2}", "{\"a\": 1}", &mut Captures::new()).unwrap_err();
    assert_eq!(mismatch.help, ["compared as text: line 2 of it is no JSON, as `,` or `}` is missing"]);
    let deep = "[".repeat(100_000);
    assert!(compare_json(&deep, "1", &mut Captures::new()).is_err());
    assert!(compare_json("[1]", &deep, &mut Captures::new()).is_err());
}

#[test]
fn the_diff_follows_the_page() {
    let mismatch = compare_json(
        r#"{"id": "<id:int>", "name": "Ada", "tags": ["a", ...], "gone": 1}"#,
        r#"{"new": [1], "tags": ["a", "b", "c"], "name": "Eda", "id": 7}"#,
        &mut Captures::new(),
    )
    .unwrap_err();
    let text: Vec<String> = mismatch
        .diff
        .iter()
        .map(|line| match line {
            DiffLine::Same(text) => format!("  {text}"),
            DiffLine::Missing(text) => format!("- {text}"),
            DiffLine::Unexpected(text) => format!("+ {text}"),
            DiffLine::Skipped(count) | DiffLine::Free(count) => format!("  ({count})"),
        })
        .collect();
    assert_eq!(
        text.join("\n"),
        [
            "  {",
            "    \"id\": 7,",
            "-   \"name\": \"Ada\",",
            "+   \"name\": \"Eda\",",
            "    \"tags\": [",
            "      \"a\",",
            "  (2)",
            "    ],",
            "-   \"gone\": 1,",
            "+   \"new\": [",
            "+     1",
            "+   ]",
            "  }",
        ]
        .join("\n")
    );
}

/// Any document, its strings from a regular expression.
fn value(strings: &'static str) -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        (-1e9..1e9).prop_map(|value: f64| json!(value)),
        strings.prop_map(|value| json!(value)),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| json!(items)),
            proptest::collection::btree_map("[a-z. ]{0,2}", inner, 0..4).prop_map(|members| json!(members)),
        ]
    })
}

const ANY: &str = "[a-z<>:é\\\\\"\\[\\]. ]{0,8}|<int>|\\.\\.\\.";

fn reversed(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Array(items) => items.iter().map(reversed).collect(),
        serde_json::Value::Object(members) => {
            serde_json::Value::Object(members.iter().rev().map(|(key, value)| (key.clone(), reversed(value))).collect())
        }
        _ => value.clone(),
    }
}

proptest! {
    #[test]
    fn a_document_equals_itself_in_any_order_and_layout(value in value(ANY)) {
        let page = serde_json::to_string_pretty(&value).unwrap();
        prop_assert_eq!(compare_json(&page, &value.to_string(), &mut Captures::new()), Ok(()));
        prop_assert_eq!(compare_json(&page, &reversed(&value).to_string(), &mut Captures::new()), Ok(()));
    }

    #[test]
    fn never_panics_and_marks_a_place_in_the_page(
        expected in "[\\[\\]{}:,\"'<>#/*.a1é \\\\u…\n-]{0,24}",
        value in value(ANY),
        other in value(ANY),
    ) {
        for (expected, actual) in [(&expected, &value.to_string()), (&value.to_string(), &expected), (&other.to_string(), &value.to_string())] {
            if let Err(mismatch) = compare_json(expected, actual, &mut Captures::new()) {
                prop_assert!(expected.get(mismatch.expected.start..mismatch.expected.end).is_some());
                prop_assert!(mismatch.diff.iter().any(|line| !matches!(line, DiffLine::Same(_) | DiffLine::Skipped(_) | DiffLine::Free(_))), "{:?}", mismatch);
            }
        }
    }

    #[test]
    fn a_changed_character_is_found_on_its_line(value in value("[a-zé7 ]{0,8}"), pick in any::<prop::sample::Index>()) {
        let actual = serde_json::to_string_pretty(&json!({"k": value})).unwrap();
        let places: Vec<(usize, char)> = actual.char_indices().filter(|(_, char)| char.is_alphanumeric()).collect();
        let (at, char) = places[pick.index(places.len())];
        let new = if char == '7' { "8" } else if char.is_ascii_digit() { "7" } else { "Z" };
        let expected = format!("{}{new}{}", &actual[..at], &actual[at + char.len_utf8()..]);
        prop_assume!(expected != actual);
        let span = compare_json(&expected, &actual, &mut Captures::new()).unwrap_err().expected;
        let line = |at: usize| expected[..at].matches('\n').count();
        prop_assert_eq!(line(span.start), line(at));
    }
}

#[test]
fn three_dots_in_brackets_get_help() {
    let mismatch = compare_json(r#"{"a": "x [...] y"}"#, r#"{"a": "x 1 y"}"#, &mut Captures::new()).unwrap_err();
    let help = "`[...]` is compared as it stands; did you mean `[..]`, which stands for anything in a line";
    assert_eq!(mismatch.help, [help]);
}

#[test]
fn a_name_stands_for_one_value_in_all_outputs() {
    let mut captures = Captures::new();
    compare_json(r#"{"id": "<c:any>", "n": "<n:int>"}"#, r#"{"id": "a1", "n": 7}"#, &mut captures).unwrap();
    compare_json(r#"{"id": "<c:any>", "n": <n:int>}"#, r#"{"id": "a1", "n": 7}"#, &mut captures).unwrap();
    let mismatch = compare_json(r#"{"id": "<c:any>"}"#, r#"{"id": "b2"}"#, &mut captures).unwrap_err();
    assert_eq!(mismatch.message, "`id` is \"b2\", but `c` is `a1` in an earlier output");
    let mismatch = compare_json(r#"{"n": "<n:int>"}"#, r#"{"n": "7"}"#, &mut captures).unwrap_err();
    assert_eq!(mismatch.message, "`n` is \"7\", not an int");
}
