use proptest::prelude::*;

use super::*;
use crate::matching::DiffLine;

/// The text at the mismatch's span, its line, its message; `None` where all matches.
fn found(expected: &str, actual: &str) -> Option<(String, usize, String)> {
    let mismatch = compare_text(expected, actual, &mut Captures::new()).err()?;
    let span = mismatch.expected;
    let line = expected[..span.start].matches('\n').count() + 1;
    Some((expected[span.start..span.end].to_owned(), line, mismatch.message))
}

#[track_caller]
fn differs(expected: &str, actual: &str, text: &str, line: usize, message: &str) {
    assert_eq!(found(expected, actual), Some((text.to_owned(), line, message.to_owned())), "{expected:?} | {actual:?}");
}

#[test]
fn what_is_forgiven() {
    for (expected, actual) in [
        ("", ""),
        ("", "\n\n"),
        ("a\n", "a"),
        ("a", "a\n\n"),
        ("a  \nb\n", "a\nb\t\n"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("a\nb\n", "a\r\nb\r\n"),
        ("red\n", "\u{1b}[31mred\u{1b}[0m\n"),
        ("done\n", " 10 %\r 90 %\r\u{1b}[Kdone\n"),
        ("Ünïcödé ✓\n", "Ünïcödé ✓\n"),
    ] {
        assert_eq!(found(expected, actual), None, "{expected:?} | {actual:?}");
    }
}

#[test]
fn the_differing_place_is_marked() {
    differs("Created: 12\n", "Created: 13\n", "12", 1, "line 1 differs");
    differs("a\nhello world\nc", "a\nhello there\nc", "world", 2, "line 2 differs");
    differs("hello\n", "hello world\n", "", 1, "line 1 differs");
    differs("total: 1\n", "total: 12\n", "1", 1, "line 1 differs");
    differs("naïve\n", "naive\n", "naïve", 1, "line 1 differs");
    differs("  indented\n", "indented\n", "  ", 1, "line 1 differs");
    differs("a b\n", "a  b\n", "", 1, "line 1 differs");
    differs("a\n", "a\nb\n", "", 1, "1 line more than the page shows, after line 1");
    differs("a\nc\n", "a\nb\nb\nc\n", "", 1, "2 lines more than the page shows, after line 1");
    differs("b\n", "a\nb\n", "", 1, "1 line more than the page shows, before line 1");
    differs("a\nb\nc\n", "a\nc\n", "b", 2, "line 2 is missing from the output");
    differs("a\nb\n", "a\n", "b", 2, "line 2 is missing from the output");
    differs("a\nb\n", "", "a", 1, "nothing was printed");
    differs("", "a\n", "", 1, "1 line more than the page shows");
    differs("a\n\nb\n", "a\nb\n", "", 2, "line 2 is missing from the output");
}

#[test]
fn lines_left_open() {
    for (expected, actual) in [
        ("...", ""),
        ("...", "a\nb"),
        ("…\nb", "a\nb"),
        ("a\n...\nc", "a\nc"),
        ("a\n...\nc", "a\nb\nb\nc"),
        ("a\n  ...\nc\n", "a\nb\nc"),
        ("...\nb\n...\nd\n...", "a\nb\nc\nd\ne"),
        ("...\na\nb\n...", "a\nx\na\nb\nc"),
        ("...\nb\nb", "b\nb\nb"),
    ] {
        assert_eq!(found(expected, actual), None, "{expected:?} | {actual:?}");
    }
    differs("a\n...\ndone: 1", "a\nb\ndone: 2", "1", 3, "line 3 differs");
    differs("...\nb\n...\nx\n...", "a\nb\nc\nd", "x", 4, "line 4 is missing from the output");
    differs("a\n...\na", "a", "a", 3, "line 3 is missing from the output");
    differs("a\n...\nb", "x\n1\n2\nb", "a", 1, "line 1 is missing from the output");
    differs("...\nfoo: 1\n...", "a\nfoo: 2\nb", "1", 2, "line 2 differs");
}

#[test]
fn wildcards_within_a_line() {
    for (expected, actual) in [
        ("took [..] ms", "took 12 ms"),
        ("took [..]ms", "took ms"),
        ("[..]", "anything"),
        ("<Response [200 OK]>", "<Response [200 OK]>"),
        ("id <id>", "id <id>"),
        ("<a:b> <http:x>", "<a:b> <http:x>"),
        ("<id:uuid>", "<id:uuid>"),
        ("id: <id:int>\nagain: <id>", "id: 7\nagain: 7"),
        ("<a:int>-<a>", "7-7"),
        ("<a:int>.<b:int>", "1.2"),
        ("at <at:timestamp>.", "at 2026-04-01T00:00:00Z."),
        ("{a+} [..] (b)*", "{a+} x (b)*"),
    ] {
        assert_eq!(found(expected, actual), None, "{expected:?} | {actual:?}");
    }
    differs("id: <id:uuid>.", "id: 12.", "<id:uuid>", 1, "line 1 differs: `12` is not a uuid");
    differs("id: <id:int> ok", "id: 12x ok", "<id:int>", 1, "line 1 differs: `12x` is not an int");
    differs("a <n:int> b", "c 1 b", "a", 1, "line 1 differs");
    differs("foo [..] bar", "foo abc baz", "bar", 1, "line 1 differs");
    differs("a: <a:int>\nb: <a>", "a: 7\nb: 8", "<a>", 2, "line 2 differs: `a` is `7` before it, not `8`");
    differs("id <id>", "id 7", "<id>", 1, "line 1 differs");
    differs("<a:int>\nx\n<a>\nlast", "1\nx\n1\nLast", "last", 4, "line 4 differs");
}

#[test]
fn a_misspelt_type_gets_help() {
    let mismatch = compare_text("<id:uid>", "7", &mut Captures::new()).unwrap_err();
    assert_eq!(mismatch.help, ["`<id:uid>` is compared as it stands; did you mean `<id:uuid>`"]);
}

#[test]
fn three_dots_in_brackets_get_help() {
    let help = |expected, actual| compare_text(expected, actual, &mut Captures::new()).unwrap_err().help;
    let told = |written| {
        vec![format!("`{written}` is compared as it stands; did you mean `[..]`, which stands for anything in a line")]
    };
    assert_eq!(help("took [...] ms", "took 5 ms"), told("[...]"));
    assert_eq!(help("a\n[…]", "a\nb"), told("[…]"));
    assert_eq!(help("[...]\nb", "[...]\nc"), Vec::<String>::new(), "the line with the dots matches");
}

#[test]
fn captures_go_on_to_later_texts() {
    let mut captures = Captures::new();
    compare_text("<id:int> <who:any>!", "7 Ada Lovelace!", &mut captures).unwrap();
    assert_eq!((captures.get("id"), captures.get("who")), (Some("7"), Some("Ada Lovelace")));
    compare_text("got <id>", "got 7", &mut captures).unwrap();
    let mismatch = compare_text("got <id>\n<who:int>", "got 8\n1", &mut captures).unwrap_err();
    assert_eq!(mismatch.message, "line 1 differs: `<id>` was captured as `7`");
    assert_eq!(captures.get("who"), Some("Ada Lovelace"), "a text that differs captures nothing");
    let mismatch = compare_text("got\nid <id:int>.", "got\nid 9.", &mut captures).unwrap_err();
    assert_eq!(mismatch.message, "line 2 differs: `id` is `7` in an earlier output, not `9`");
    assert_eq!(mismatch.expected, Span::new(7, 15));
    let mismatch = compare_text("id <id:uuid>", "id 7", &mut captures).unwrap_err();
    assert_eq!(mismatch.message, "line 1 differs: `7` is not a uuid", "the type counts as well as the value");
    compare_text("<id:int> again", "7 again", &mut captures).unwrap();
    // A known value is found where its type alone would end too early.
    compare_text("<who:any> [..]", "Ada Lovelace is here", &mut captures).unwrap();
    assert_eq!((captures.get("id"), captures.get("who")), (Some("7"), Some("Ada Lovelace")));
}

#[test]
fn the_diff_is_aligned() {
    let diff = |expected, actual| compare_text(expected, actual, &mut Captures::new()).unwrap_err().diff;
    let same = |line: &str| DiffLine::Same(line.to_owned());
    let missing = |line: &str| DiffLine::Missing(line.to_owned());
    let unexpected = |line: &str| DiffLine::Unexpected(line.to_owned());
    assert_eq!(
        diff("id <id:int>\nname Ada\n...\nend", "id 7\nname Eda\nx\ny\nend"),
        [same("id 7"), missing("name Ada"), unexpected("name Eda"), DiffLine::Free(2), same("end")]
    );
    assert_eq!(diff("a\nb", "b\nc"), [missing("a"), same("b"), unexpected("c")]);
}

#[test]
fn big_outputs_are_told_quickly_and_briefly() {
    let actual = "y\n".repeat(524_288);
    for expected in ["a\nb\nc", "...\na\n...\n<b:int>\n...", "y\ny\n...\nz", "", "[..]z\ny"] {
        let mismatch = compare_text(expected, &actual, &mut Captures::new()).unwrap_err();
        assert!(mismatch.diff.len() < 300, "{}", mismatch.diff.len());
    }
    let line = "x".repeat(1_000_000);
    assert_eq!(found("x[..]y", &line), Some(("y".to_owned(), 1, "line 1 differs".to_owned())));
}

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec("[ab1é \\t]{0,6}|\\PC{0,8}|[.]{3}|\\[\\.\\.\\]|<[ab]:int>|<[ab]>|\r", 0..8)
        .prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn never_panics_and_marks_a_place_in_the_page(expected in text(), actual in text()) {
        if let Err(mismatch) = compare_text(&expected, &actual, &mut Captures::new()) {
            let span = mismatch.expected;
            prop_assert!(expected.get(span.start..span.end).is_some());
            prop_assert!(!mismatch.message.is_empty());
            prop_assert!(mismatch.diff.iter().any(|line| !matches!(line, DiffLine::Same(_) | DiffLine::Skipped(_) | DiffLine::Free(_))), "{:?}", mismatch);
        }
    }

    #[test]
    fn a_text_equals_itself(text in text()) {
        prop_assert_eq!(compare_text(&text, &text, &mut Captures::new()), Ok(()));
    }

    #[test]
    fn a_changed_character_is_found_on_its_line(lines in proptest::collection::vec("[ab1 é{}:]{0,8}", 1..6), pick in any::<prop::sample::Index>()) {
        let actual = lines.join("\n");
        let places: Vec<(usize, char)> = actual.char_indices().filter(|(_, char)| char.is_alphanumeric()).collect();
        prop_assume!(!places.is_empty());
        let (at, char) = places[pick.index(places.len())];
        let expected = format!("{}Z{}", &actual[..at], &actual[at + char.len_utf8()..]);
        let span = compare_text(&expected, &actual, &mut Captures::new()).unwrap_err().expected;
        let line = |at: usize| expected[..at].matches('\n').count();
        prop_assert_eq!(line(span.start), line(at));
        prop_assert!(span.start <= at && at < span.end, "{:?} {:?}", span, at);
    }
}
