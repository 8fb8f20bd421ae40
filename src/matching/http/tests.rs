use proptest::prelude::*;

use super::*;
use crate::matching::DiffLine;

const ANSWER: &str = "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nRateLimit-Reset: 2\r\nretry-after: 2\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\n{\"statusCode\": 429, \"error\": \"Too Many Requests\"}";

#[track_caller]
fn same(expected: &str, actual: &str) {
    assert_eq!(compare_http(expected, actual, &mut Captures::new()), Ok(()), "{expected}");
}

#[track_caller]
fn differs(expected: &str, actual: &str, text: &str, message: &str) {
    let mismatch = compare_http(expected, actual, &mut Captures::new()).expect_err(expected);
    let span = mismatch.expected;
    assert_eq!((&expected[span.start..span.end], mismatch.message.as_str()), (text, message), "{expected}");
    assert!(
        mismatch.diff.iter().any(|line| !matches!(line, DiffLine::Same(_) | DiffLine::Skipped(_) | DiffLine::Free(_))),
        "{mismatch:?}"
    );
}

#[test]
fn only_what_is_shown_is_compared() {
    for page in [
        "HTTP/1.1 429 Too Many Requests\n",
        "HTTP/1.1 429\n",
        "429 Too Many Requests",
        "429",
        "HTTP/[..] 429",
        "HTTP/1.1 429 Too Many Requests\nRetry-After: 2\n",
        "HTTP/1.1 429 Too Many Requests\nretry-after: <wait:int>\nratelimit-reset: <wait>\n...\n",
        "HTTP/1.1 429 Too Many Requests\nset-cookie: b=2\nset-cookie: a=1\n\n",
        "HTTP/1.1 429 Too Many Requests\r\nretry-after: 2\r\n\r\n{\"error\": \"Too Many Requests\", \"statusCode\": 429}\r\n",
        "HTTP/1.1 429 Too Many Requests\n{\"statusCode\": 429, ...}",
        "HTTP/1.1 429 Too Many Requests\n\n...\n",
    ] {
        same(page, ANSWER);
    }
    same("HTTP/2 401 Unauthorized\n", "HTTP/2 401 \r\nx: y\r\n\r\n");
    same("HTTP/1.1 200 OK\n\nhello\n", "HTTP/1.1 200 OK\r\n\r\nhello");
}

#[test]
fn the_differing_place_is_marked() {
    differs("HTTP/1.1 401 Unauthorized", ANSWER, "401", "the status is 429, not 401");
    differs("HTTP/2 429", ANSWER, "HTTP/2", "the version is HTTP/1.1, not HTTP/2");
    differs(
        "HTTP/1.1 429 Too Many Calls",
        ANSWER,
        "Too Many Calls",
        "the reason is Too Many Requests, not Too Many Calls",
    );
    differs("HTTP/1.1 429\nretry-after: 10\n", ANSWER, "10", "header `retry-after` is `2`, not `10`");
    differs(
        "HTTP/1.1 429\nretry-after: <at:date>\n",
        ANSWER,
        "<at:date>",
        "header `retry-after` differs: `2` is not a date",
    );
    differs("HTTP/1.1 429\nx-request-id: 7\n", ANSWER, "x-request-id: 7", "the answer has no header `x-request-id`");
    differs("HTTP/1.1 429\n\n{\"statusCode\": 428, ...}", ANSWER, "428", "in the body, `statusCode` is 429, not 428");
    differs("HTTP/1.1 429\n\n{\"statusCode\": 429}", ANSWER, "", "the body has `error`, which the page does not show");
    differs("HTTP/1.1 429\nRETRY-AFTER: 3", ANSWER, "3", "header `RETRY-AFTER` is `2`, not `3`");
    differs("HTTP/1.1 200 OK\n\nhello", "HTTP/1.1 200 OK\n\nhallo", "hello", "in the body, line 1 differs");
    differs("HTTP/1.1 200 OK", "oops", "HTTP/1.1 200 OK", "the output has no HTTP status line");
    differs("HTTP/1.1 200 OK", "", "HTTP/1.1 200 OK", "nothing was printed");
    differs(
        "HTTP/1.1 200 OK",
        "calling\nHTTP/1.1 200 OK\n",
        "",
        "before the status line, 1 line more than the page shows",
    );
}

#[test]
fn several_answers() {
    let proxied = format!("HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n{ANSWER}");
    same("HTTP/1.1 429 Too Many Requests", &proxied);
    assert_eq!(last_body(&proxied), "{\"statusCode\": 429, \"error\": \"Too Many Requests\"}");
    assert_eq!(last_body("no answer"), "no answer");
    let redirected = "HTTP/1.1 301 Moved Permanently\nlocation: /b\n\nHTTP/1.1 200 OK\n\nbody\n";
    same("HTTP/1.1 301\n\nHTTP/1.1 200\n\nbody", redirected);
    differs("HTTP/1.1 301", redirected, "", "the output has 2 answers, the page shows 1");
    differs(
        "HTTP/1.1 301\n\nHTTP/1.1 200\n",
        "HTTP/1.1 301\n\n",
        "HTTP/1.1 200",
        "the output has 1 answer, the page shows 2",
    );
}

#[test]
fn captures_are_kept() {
    let mut captures = Captures::new();
    compare_http(
        "HTTP/1.1 201\nlocation: /c/<id:int>\n\n{\"id\": <id>}",
        "HTTP/1.1 201 Created\nLocation: /c/7\n\n{\"id\": 7}",
        &mut captures,
    )
    .unwrap();
    assert_eq!(captures.get("id"), Some("7"));
}

#[test]
fn the_diff_leaves_free_fields_out() {
    let mismatch = compare_http("HTTP/1.1 429\nretry-after: 3\n\n{...}", ANSWER, &mut Captures::new()).unwrap_err();
    let same = |line: &str| DiffLine::Same(line.to_owned());
    assert_eq!(
        mismatch.diff,
        [
            same("HTTP/1.1 429 Too Many Requests"),
            DiffLine::Missing("retry-after: 3".to_owned()),
            DiffLine::Unexpected("retry-after: 2".to_owned()),
            DiffLine::Free(4),
            same(""),
            DiffLine::Skipped(1),
        ]
    );
}

proptest! {
    #[test]
    fn never_panics_and_marks_a_place_in_the_page(
        expected in "(HTTP/1\\.1 )?(200|404|<a:int>)?( OK)?\n(é?[a-b]: ?[a-b<>:]{0,5} ?\r?\n){0,3}\n?[\\[\\]{}:\"a1.]{0,8}\n?",
        actual in "(x\n)?HTTP/1\\.1 (200|404)( OK)?\r\n([a-b]: ?[a-bé]{0,3}\r\n){0,3}\r\n[\\[\\]{}:\"a1.]{0,8}",
    ) {
        if let Err(mismatch) = compare_http(&expected, &actual, &mut Captures::new()) {
            prop_assert!(expected.get(mismatch.expected.start..mismatch.expected.end).is_some());
            prop_assert!(mismatch.diff.iter().any(|line| !matches!(line, DiffLine::Same(_) | DiffLine::Skipped(_) | DiffLine::Free(_))), "{:?}", mismatch);
        }
        prop_assert_eq!(compare_http(&actual, &actual, &mut Captures::new()), Ok(()));
    }
}
