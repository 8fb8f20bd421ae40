//! What reports look like, from outcomes made by hand: every kind of failure, as text and as a document.
#![expect(clippy::expect_used, reason = "a test that cannot be set up shall fail")]

use std::sync::Arc;
use std::time::Duration;

use doccheck::diagnostic::Diagnostic;
use doccheck::matching::DiffLine;
use doccheck::options::{ExpectedExit, Stream};
use doccheck::outcome::{Check, CheckKind, PageOutcome, PageVerdict, StepOutcome, StepVerdict};
use doccheck::plan::{Action, Expectation, FenceRole, Format, Language, PagePlan, Part, Plan, Role, Session, Step};
use doccheck::report::terminal::{Look, findings, page_end, step, summary};
use doccheck::report::{github, json, list, schema};
use doccheck::run::RunReport;
use doccheck::source::{SourceFile, Span, Spanned};
use doccheck::transcript::Exchange;
use doccheck::tutorial::{Code, Fence, FenceKind, Tutorial};

const PLAIN: Look = Look { width: 100, colour: false };

const PAGE: &str = "\
# Contacts

Create a contact:

```bash
curl --silent https://api.example.com/contacts --data '{\"last_name\": \"Lovelace\"}'
```

```json
{
  \"id\": 7,
  \"last_name\": \"Lovelace\",
  \"status\": \"activ\"
}
```

List the contacts:

```python
import requests
print(requests.get(\"https://api.example.com/contacts\").json())
```

```
Ada Lovelace
Grace Hopper
```

```yaml
what: this
```
";

/// The plan of `PAGE`: two steps, each with its output, and a fence whose role is open.
fn plan() -> Arc<Plan> {
    let source = SourceFile::new("docs/contacts.md", PAGE);
    let mut markers = PAGE.match_indices("```").map(|(at, _)| at);
    let mut fences = Vec::new();
    while let (Some(open), Some(close)) = (markers.next(), markers.next()) {
        let line = source.line_span(source.line(open));
        let word = PAGE[open + 3..line.end].to_owned();
        fences.push(Fence {
            closed: true,
            swallowed: None,
            kind: FenceKind::Backtick,
            span: Span::new(open, close + 3),
            language: (!word.is_empty()).then(|| Spanned::new(word, Span::new(open + 3, line.end))),
            info: Spanned::new(String::new(), Span::default()),
            code: Code { text: PAGE[line.end + 1..close].to_owned(), lines: Vec::new() },
            settings: Vec::new(),
            attributes: Vec::new(),
            hidden: false,
            heading: None,
            before: Vec::new(),
        });
    }
    let role = |role, of, reason: &str| FenceRole { role, of, path: None, continues: false, reason: reason.to_owned() };
    let roles = vec![
        role(Role::Step, None, "bash runs"),
        role(Role::Output, Some(0), "follows a step"),
        FenceRole { continues: true, ..role(Role::Step, None, "python runs") },
        role(Role::Output, Some(2), "follows a step"),
        role(Role::Unsure, None, "follows an output, and its language is no output's"),
    ];
    let steps = [(0, "create", Language::Shell, Format::Json), (2, "python-19", Language::Python, Format::Text)];
    let actions = steps.map(|(fence, name, language, format)| {
        Action::Step(Box::new(Step {
            name: name.to_owned(),
            fence,
            language,
            code: fences[fence].code.clone(),
            commands: Vec::new(),
            watches: Vec::new(),
            session: Session::Fresh,
            exit: ExpectedExit::Code(0),
            exit_reason: None,
            timeout: Duration::from_secs(10),
            memory: None,
            stdin: None,
            env: Vec::new(),
            faults: Vec::new(),
            when: None,
            skip: None,
            known_stale: None,
            output: None,
            expectations: vec![Expectation {
                part: Part::Whole,
                stream: Stream::Both,
                format,
                text: fences[fence + 1].code.clone(),
                fence: fence + 1,
            }],
            service: None,
        }))
    });
    let tutorial = Tutorial { source, settings: Vec::new(), fences };
    Arc::new(Plan { tutorial, page: PagePlan::default(), roles, actions: actions.into(), ruled: Vec::new() })
}

fn check(kind: CheckKind, line: usize) -> Check {
    Check {
        kind,
        line,
        at: None,
        ok: true,
        message: String::new(),
        expected: None,
        actual: None,
        span: SourceFile::new("", PAGE).line_span(line),
        diff: Vec::new(),
        help: Vec::new(),
    }
}

/// A check that failed at the first place where `place` stands in the page.
fn failed(kind: CheckKind, line: usize, place: &str, message: &str) -> Check {
    let at = PAGE.find(place).expect("the page holds the place");
    Check {
        ok: false,
        at: Some(SourceFile::new("", PAGE).line(at)),
        message: message.to_owned(),
        span: Span::new(at, at + place.len()),
        ..check(kind, line)
    }
}

fn create(checks: Vec<Check>) -> StepOutcome {
    StepOutcome {
        name: "create".to_owned(),
        line: 5,
        language: "bash".to_owned(),
        verdict: if checks.iter().all(|check| check.ok) { StepVerdict::Ok } else { StepVerdict::Stale },
        expected_stale: None,
        exit: Some(0),
        duration_us: 84_000,
        checks,
        exchanges: vec![Exchange {
            method: "POST".to_owned(),
            url: "https://api.example.com/contacts".to_owned(),
            request_body: "{\"last_name\": \"Lovelace\"}".to_owned(),
            status: 201,
            reply_body: "{\n  \"id\": 7,\n  \"last_name\": \"Lovelace\",\n  \"status\": \"active\"\n}".to_owned(),
            ..Exchange::default()
        }],
        time: None,
        notes: Vec::new(),
        stops_page: false,
    }
}

fn names(checks: Vec<Check>) -> StepOutcome {
    StepOutcome {
        name: "python-19".to_owned(),
        line: 19,
        language: "python".to_owned(),
        duration_us: 1_234_000,
        exchanges: Vec::new(),
        ..create(checks)
    }
}

fn names_ok() -> StepOutcome {
    names(vec![check(CheckKind::Exit, 19), check(CheckKind::Output, 24)])
}

fn report(steps: Vec<StepOutcome>) -> RunReport {
    let stale = steps.iter().any(|step| step.verdict == StepVerdict::Stale);
    let page = PageOutcome {
        path: "docs/contacts.md".to_owned(),
        provider: None,
        repeats: false,
        plan: Some(plan()),
        verdict: if stale { PageVerdict::Stale } else { PageVerdict::Ok },
        duration_us: 1_400_000,
        diagnostics: Vec::new(),
        steps,
        expected_stale: None,
    };
    RunReport { pages: vec![page], duration_us: 1_500_000, ..RunReport::default() }
}

fn drawn(report: &RunReport, look: Look) -> String {
    let mut text = String::new();
    for page in &report.pages {
        text.extend(page.steps.iter().map(|outcome| step(&page.path, None, outcome, look)));
        text.push_str(&page_end(page, look));
    }
    text + &findings(report, look) + "\n" + &summary(report, look)
}

/// The text of the report of a page whose first step has this check.
fn one(check: Check) -> String {
    drawn(&report(vec![create(vec![check]), names_ok()]), PLAIN)
}

fn same(text: &str) -> DiffLine {
    DiffLine::Same(text.to_owned())
}

fn missing(text: &str) -> DiffLine {
    DiffLine::Missing(text.to_owned())
}

fn unexpected(text: &str) -> DiffLine {
    DiffLine::Unexpected(text.to_owned())
}

fn one_character() -> Check {
    Check {
        expected: Some("{\n  \"id\": 7,\n  \"last_name\": \"Lovelace\",\n  \"status\": \"activ\"\n}\n".to_owned()),
        actual: Some("{\n  \"id\": 7,\n  \"last_name\": \"Lovelace\",\n  \"status\": \"active\"\n}\n".to_owned()),
        diff: vec![
            same("{"),
            same("  \"id\": 7,"),
            same("  \"last_name\": \"Lovelace\","),
            missing("  \"status\": \"activ\""),
            unexpected("  \"status\": \"active\""),
            same("}"),
        ],
        help: vec!["where the page is wrong, write what the step printed".to_owned()],
        ..failed(CheckKind::Output, 9, "\"activ\"", "`status` is \"active\", not \"activ\"")
    }
}

#[test]
fn everything_is_true() {
    let mut all = report(vec![create(vec![check(CheckKind::Output, 9)]), names_ok()]);
    all.allowed.push("127.0.0.1:5432".to_owned());
    insta::assert_snapshot!(drawn(&all, PLAIN));
}

#[test]
fn one_character_was_changed() {
    insta::assert_snapshot!(one(one_character()));
}

#[test]
fn colours_say_the_same() {
    let report = report(vec![create(vec![one_character()]), names_ok()]);
    insta::assert_snapshot!(drawn(&report, Look { colour: true, ..PLAIN }));
}

#[test]
fn the_last_line_is_missing() {
    let check = Check {
        expected: Some("Ada Lovelace\nGrace Hopper\n".to_owned()),
        actual: Some("Ada Lovelace\n".to_owned()),
        diff: vec![same("Ada Lovelace"), missing("Grace Hopper")],
        ..failed(CheckKind::Output, 24, "Grace Hopper", "this line was not printed")
    };
    let report = report(vec![create(vec![self::check(CheckKind::Output, 9)]), names(vec![check])]);
    insta::assert_snapshot!(drawn(&report, PLAIN));
}

#[test]
fn there_is_a_line_too_many() {
    let mut check = Check {
        diff: vec![same("Ada Lovelace"), same("Grace Hopper"), unexpected("Jean Bartik")],
        ..failed(CheckKind::Output, 24, "Grace Hopper\n", "1 more line was printed after this one")
    };
    check.span.start = check.span.end;
    let report = report(vec![create(vec![self::check(CheckKind::Output, 9)]), names(vec![check])]);
    insta::assert_snapshot!(drawn(&report, PLAIN));
}

#[test]
fn the_exit_status_differs() {
    let exit = Check {
        expected: Some("0".to_owned()),
        actual: Some("1".to_owned()),
        help: vec!["where the step shall fail, write `exit=1` before it".to_owned()],
        ..failed(CheckKind::Exit, 19, "```python", "the exit status is 1, not 0")
    };
    let step = StepOutcome { exit: Some(1), stops_page: true, ..names(vec![exit]) };
    insta::assert_snapshot!(drawn(&report(vec![create(vec![check(CheckKind::Output, 9)]), step]), PLAIN));
}

#[test]
fn a_time_limit_stops_the_page() {
    let mut first = create(vec![failed(CheckKind::Containment, 5, "```bash", "it had not ended after 10 s")]);
    first.exit = None;
    first.duration_us = 10_004_000;
    first.notes.push("the step and all that it started were ended".to_owned());
    let second = StepOutcome { verdict: StepVerdict::NotReached, exit: None, duration_us: 0, ..names(Vec::new()) };
    insta::assert_snapshot!(drawn(&report(vec![first, second]), PLAIN));
}

#[test]
fn a_host_is_refused() {
    let mut step = create(vec![failed(
        CheckKind::Network,
        5,
        "```bash",
        "`api.other.example` was refused: no sandbox serves it, and it is not allowed",
    )]);
    step.exchanges.clear();
    insta::assert_snapshot!(drawn(&report(vec![step, names_ok()]), PLAIN));
}

#[test]
fn a_fault_was_never_met() {
    let check = failed(CheckKind::Fault, 5, "```bash", "this page documents a `429` that never happened");
    insta::assert_snapshot!(one(check));
}

#[test]
fn what_the_api_answered_is_told() {
    let mut step = create(vec![failed(CheckKind::Exit, 5, "```bash", "the exit status is 22, not 0")]);
    step.exit = Some(22);
    let asked = step.exchanges[0].clone();
    step.exchanges = vec![asked.clone(); 5];
    step.exchanges.push(Exchange {
        status: 429,
        fault: Some("429 POST /contacts".to_owned()),
        reply_body: "{\"error\": \"slow down\"}".to_owned(),
        ..asked.clone()
    });
    step.exchanges.push(Exchange {
        method: "GET".to_owned(),
        url: "https://api.example.com/contact".to_owned(),
        status: 404,
        unknown_route: true,
        reply_body: format!("{{\"error\": \"{}\"}}", "no such route ".repeat(40)),
        ..asked
    });
    insta::assert_snapshot!(drawn(&report(vec![step, names_ok()]), PLAIN));
}

#[test]
fn steps_that_were_not_compared_are_counted() {
    let unchecked = StepOutcome { verdict: StepVerdict::Unchecked, ..create(Vec::new()) };
    let skipped = StepOutcome { verdict: StepVerdict::Skipped, exit: None, duration_us: 0, ..names(Vec::new()) };
    let report = RunReport { strict: true, interrupted: true, ..report(vec![unchecked, skipped]) };
    insta::assert_snapshot!(drawn(&report, PLAIN));
}

#[test]
fn a_page_that_cannot_be_planned() {
    let source = Arc::clone(&plan().tutorial.source);
    let at = PAGE.find("```yaml").expect("it is there");
    let found = Diagnostic::error("unknown-option", "there is no option `exti`")
        .at(&source, Span::new(at, at + 7), "did you mean `exit`?")
        .help("write `exit=1`")
        .help("or take it away");
    let mut report = report(Vec::new());
    report.pages[0].verdict = PageVerdict::PageError;
    report.pages[0].diagnostics =
        vec![found, Diagnostic::error("no-tool", "cannot find `node`").help("install Node 20")];
    insta::assert_snapshot!(drawn(&report, PLAIN));
    insta::assert_snapshot!(github::annotations(&report));
}

#[test]
fn pages_without_steps_are_told() {
    let mut report = report(Vec::new());
    let mut skipped = report.pages[0].clone();
    let mut plan = Plan::clone(&plan());
    plan.page.skip = Some("needs an account".to_owned());
    skipped.plan = Some(Arc::new(plan));
    report.pages.push(skipped);
    insta::assert_snapshot!(drawn(&report, PLAIN));
}

#[test]
fn a_program_cannot_drive_the_terminal_of_a_reader() {
    let evil = "\u{1b}]0;owned\u{7}\u{1b}[2J\r\u{9b}2J\u{202e}";
    let check = Check {
        diff: vec![missing("a b c"), unexpected(&format!("a b {evil}c"))],
        actual: Some(format!("{evil}\n{evil}")),
        help: vec![evil.to_owned()],
        ..failed(CheckKind::Output, 9, "\"activ\"", evil)
    };
    let mut step = create(vec![check.clone(), Check { diff: Vec::new(), ..check }]);
    step.name = evil.to_owned();
    step.notes.push(evil.to_owned());
    step.exchanges[0].url = evil.to_owned();
    step.exchanges[0].reply_body = evil.to_owned();
    let text = drawn(&report(vec![step]), PLAIN);
    let stray: Vec<char> = text.chars().filter(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}').collect();
    assert!(stray.is_empty(), "{stray:?} in {text:?}");
}

#[test]
fn no_finding_is_long_however_much_was_printed() {
    let lines = 100_000;
    let check = Check {
        diff: (0..lines).flat_map(|at| [missing(&format!("page {at}")), unexpected(&format!("step {at}"))]).collect(),
        help: vec!["y".repeat(1 << 20), "line\n".repeat(1000)],
        ..failed(CheckKind::Output, 9, "\"activ\"", &"every line differs ".repeat(1000))
    };
    let mut step = create(vec![check]);
    step.exchanges[0].reply_body = "x".repeat(1 << 20);
    for colour in [false, true] {
        let text = findings(&report(vec![step.clone()]), Look { colour, ..PLAIN });
        let text = text.trim_start_matches('\n');
        assert!(text.lines().count() <= 60 && text.len() <= 16 * 1024, "{text}");
        assert_eq!(text.matches("lines left out").count(), 2, "{text}");
    }
}

#[test]
fn the_run_document_follows_its_contract() {
    let mut big = one_character();
    big.actual = Some("é".repeat(schema::TEXT_LIMIT));
    let mut report = report(vec![create(vec![check(CheckKind::Exit, 5), big]), names_ok()]);
    report.pages[0].diagnostics.push(Diagnostic::warning("odd", "something is odd"));
    let document = json::run(&report);
    let actual = document.pages[0].steps[0].checks[1].actual.clone().expect("it was told");
    assert_eq!(actual.len(), schema::TEXT_LIMIT);
    let mut document = serde_json::to_value(&document).expect("it is plain data");
    document["pages"][0]["steps"][0]["checks"][1]["actual"] = "(cut)".into();
    insta::assert_snapshot!(json::text(&document));
}

#[test]
fn the_list_document_follows_its_contract() {
    let plan = plan();
    let pages =
        [("docs/contacts.md", &[] as &[String], Some(plan.as_ref()), &[] as &[_]), ("docs/gone.md", &[], None, &[])];
    let document = json::list(pages, &[]);
    insta::assert_snapshot!(json::text(&document));
    let again: schema::List = serde_json::from_str(&json::text(&document)).expect("it can be read back");
    assert_eq!(again, document);
}

#[test]
fn the_list_for_people_says_why() {
    insta::assert_snapshot!(list::page("docs/contacts.md", &[], &plan(), PLAIN));
}
