//! The right verdict at the right place for everything that can become of a step.
//!
//! Pages are read from Markdown; what the steps did is made up, so nothing runs here.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use doccheck::matching::DiffLine;
use doccheck::options::{ExpectedExit, OutputRule, Stream};
use doccheck::outcome::{CheckKind, PageOutcome, PageVerdict, StepVerdict, judge};
use doccheck::plan::{Action, Command, Expectation, Format, Language, PagePlan, Part, Plan, Session, Step};
use doccheck::sandbox::Fault;
use doccheck::source::{SourceFile, Span, Spanned};
use doccheck::transcript::{Captured, Ending, Exchange, PartRecord, Refusal, SCHEMA, StepRecord, Transcript};
use doccheck::tutorial;

/// The plan of a page: a fence in a language that runs is a step, any other is what the step before it prints.
fn page(text: &str) -> Plan {
    let (tutorial, found) = tutorial::read(SourceFile::new("page.md", text));
    assert!(found.is_empty(), "{found:?}");
    let mut steps: Vec<Step> = Vec::new();
    for (index, fence) in tutorial.fences.iter().enumerate() {
        let word = fence.language.as_ref().map_or("text", |language| language.value.as_str());
        let language = match word {
            "bash" => Language::Shell,
            "console" => Language::Console,
            "python" => Language::Python,
            "http" if !fence.code.text.starts_with("HTTP/") => Language::Http,
            _ => {
                let format = match word {
                    "json" => Format::Json,
                    "http" => Format::Http,
                    _ => Format::Text,
                };
                let text = fence.code.clone();
                let step = steps.last_mut().expect("an output follows a step");
                step.expectations.push(Expectation {
                    part: Part::Whole,
                    stream: Stream::Both,
                    format,
                    text,
                    fence: index,
                });
                continue;
            }
        };
        steps.push(Step {
            name: format!("step-{}", steps.len() + 1),
            fence: index,
            language,
            code: fence.code.clone(),
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
            expectations: Vec::new(),
            service: None,
        });
    }
    let actions = steps.into_iter().map(|step| Action::Step(Box::new(step))).collect();
    Plan { tutorial, page: PagePlan::default(), roles: Vec::new(), actions, ruled: Vec::new() }
}

/// The page with its first step changed.
fn page_with(text: &str, change: impl FnOnce(&mut Step)) -> Plan {
    let mut plan = page(text);
    if let Some(Action::Step(step)) = plan.actions.first_mut() {
        change(step);
    }
    plan
}

/// The record of a step that exited with `code` and printed `text`.
fn exited(code: i32, text: &str) -> StepRecord {
    StepRecord { output: captured(text), ..StepRecord::not_run(Ending::Exited { code }) }
}

fn captured(text: &str) -> Captured {
    Captured { text: text.to_owned(), size: text.len() as u64 }
}

fn judged(plan: Plan, steps: Vec<StepRecord>) -> PageOutcome {
    let transcript = Transcript {
        schema: SCHEMA.to_owned(),
        page: "page.md".to_owned(),
        provider: None,
        page_sha256: String::new(),
        doccheck: String::new(),
        inputs: Vec::new(),
        steps,
    };
    judge(Arc::new(plan), &transcript)
}

/// Verdicts and failed checks, one a line: `kind line:at "text of the place" message`.
fn told(outcome: &PageOutcome) -> String {
    let source = &outcome.plan.as_ref().expect("there is a plan").tutorial.source;
    let mut told = String::new();
    for step in &outcome.steps {
        let stops = if step.stops_page { ", stops" } else { "" };
        writeln!(told, "{}{stops}", step.verdict.word()).unwrap();
        for check in step.checks.iter().filter(|check| !check.ok) {
            let at = check.at.expect("a failed check has a place");
            assert_eq!(source.line(check.span.start), at, "span and line agree");
            let place = source.slice(check.span);
            writeln!(told, "  {} {}:{at} {place:?} {}", check.kind.word(), check.line, check.message).unwrap();
        }
    }
    told.trim_end().to_owned()
}

#[track_caller]
fn check(plan: Plan, record: StepRecord, expected: &str) -> PageOutcome {
    let outcome = judged(plan, vec![record]);
    assert_eq!(told(&outcome), expected);
    let stale = outcome.steps.iter().any(|step| step.verdict == StepVerdict::Stale);
    assert_eq!(outcome.verdict, if stale { PageVerdict::Stale } else { PageVerdict::Ok });
    outcome
}

const TEXT: &str = "# Page\n\n```bash\nrun\n```\n\n```text\nsynced 3 leads\ndone\n```\n";

#[test]
fn text() {
    for forgiven in [
        "synced 3 leads\ndone\n",
        "synced 3 leads\r\ndone\r\n",
        "synced 3 leads  \ndone",
        "\u{1b}[32msynced 3 leads\u{1b}[0m\ndone\n\n",
    ] {
        check(page(TEXT), exited(0, forgiven), "ok");
        check(page(&TEXT.replace('\n', "\r\n")), exited(0, forgiven), "ok");
    }
    for (printed, told) in [
        ("synced 4 leads\ndone\n", "stale\n  output 7:8 \"3\" line 1 differs"),
        ("synced 3 leads\n", "stale\n  output 7:9 \"done\" line 2 is missing from the output"),
        ("synced 3 leads\ndone\nbye\n", "stale\n  output 7:9 \"\" 1 line more than the page shows, after line 2"),
        (
            "warning: old\nsynced 3 leads\ndone\n",
            "stale\n  output 7:8 \"\" 1 line more than the page shows, before line 1",
        ),
        ("", "stale\n  output 7:8 \"synced 3 leads\" nothing was printed"),
    ] {
        check(page(TEXT), exited(0, printed), told);
    }
}

#[test]
fn places_within_lists_and_quotes() {
    let list = "- one\n\n  ```bash\n  run\n  ```\n\n  ```text\n  día: 3\n  ```\n";
    check(page(list), exited(0, "día: 4\n"), "stale\n  output 7:8 \"3\" line 1 differs");
    let quote = "> ```bash\n> run\n> ```\n>\n> ```text\n> a\n> día: 3\n> ```\n";
    check(page(quote), exited(0, "a\ndía: 4\n"), "stale\n  output 5:7 \"3\" line 2 differs");
}

#[test]
fn json() {
    let text = "```bash\nrun\n```\n\n```json\n{\n  \"id\": 7,\n  \"email\": \"ada@example.com\"\n}\n```\n";
    check(page(text), exited(0, "{\"email\":\"ada@example.com\",\"id\":7.0}"), "ok");
    check(
        page(text),
        exited(0, "{\"email\":\"ada@example.org\",\"id\":7}"),
        "stale\n  output 5:8 \"\\\"ada@example.com\\\"\" `email` is \"ada@example.org\", not \"ada@example.com\"",
    );
    check(page(text), exited(0, "{\"id\":7}"), "stale\n  output 5:8 \"\\\"email\\\"\" the output has no `email`");
    check(
        page(text),
        exited(0, "{\"email\":\"ada@example.com\",\"id\":7,\"new\":1}"),
        "stale\n  output 5:8 \"\" the output has `new`, which the page does not show",
    );
}

#[test]
fn http() {
    let text = "```bash\ncurl -i\n```\n\n```http\nHTTP/1.1 401 Unauthorized\nwww-authenticate: Bearer\n\n{\"statusCode\": 401, ...}\n```\n";
    let answer = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nx: y\r\n\r\n{\"statusCode\": 401, \"message\": \"no\"}";
    check(page(text), exited(0, answer), "ok");
    check(
        page(text),
        exited(0, &answer.replace(": Bearer", ": Basic")),
        "stale\n  http 5:7 \"Bearer\" header `www-authenticate` is `Basic`, not `Bearer`",
    );
    check(
        page(text),
        exited(0, &answer.replace(": 401", ": 403")),
        "stale\n  http 5:9 \"401\" in the body, `statusCode` is 403, not 401",
    );
    // The answer to a native request is printed whole, and a page may show its body alone.
    let native = "```http\nGET https://api.example.com/\n```\n\n```json\n{\"statusCode\": 401, ...}\n```\n";
    check(page(native), exited(0, answer), "ok");
}

#[test]
fn captures_go_from_step_to_step() {
    let text = "```bash\ncreate\n```\n\n```text\nid <id:int>\n```\n\n```bash\nget <id>\n```\n\n```json\n{\"id\": \"<id>\"}\n```\n";
    let outcome = judged(page(text), vec![exited(0, "id 7"), exited(0, "{\"id\": 7}")]);
    assert_eq!(told(&outcome), "ok\nok");
    let outcome = judged(page(text), vec![exited(0, "id 7"), exited(0, "{\"id\": 8}")]);
    assert_eq!(told(&outcome), "ok\nstale\n  output 13:14 \"\\\"<id>\\\"\" `id` is 8, but `<id>` was captured as `7`");
}

#[test]
fn parts_and_streams() {
    let text = "```python\nprint(1)  #> 1\nprint(2)  #> 3\n```\n";
    let plan = page_with(text, |step| {
        for (index, (start, end)) in [(13, 14), (28, 29)].into_iter().enumerate() {
            let code = tutorial::Code {
                text: format!("{}\n", &step.code.text[start..end]),
                lines: vec![step.code.place(start, end)],
            };
            step.expectations.push(Expectation {
                part: Part::Watch(index),
                stream: Stream::Both,
                format: Format::Text,
                text: code,
                fence: 0,
            });
        }
    });
    let part = |index, text: &str| PartRecord { part: Part::Watch(index), text: text.to_owned(), exit: None };
    let record = StepRecord { parts: vec![part(0, "1\n"), part(1, "2\n")], ..exited(0, "1\n2\n") };
    check(plan, record, "stale\n  output 1:3 \"3\" line 1 differs");

    let apart = |stream| page_with(TEXT, |step| step.expectations[0].stream = stream);
    let record = StepRecord {
        stdout: Some(captured("synced 3 leads\ndone\n")),
        stderr: Some(captured("warning\n")),
        ..exited(0, "warning\nsynced 3 leads\ndone\n")
    };
    check(apart(Stream::Stdout), record.clone(), "ok");
    check(apart(Stream::Stderr), record, "stale\n  output 7:8 \"synced 3 leads\" line 1 differs");
}

#[test]
fn exit_statuses() {
    let right = "synced 3 leads\ndone\n";
    check(page(TEXT), exited(4, right), "stale, stops\n  exit 3:3 \"```bash\" it exited with status 4, not 0");
    let signal = StepRecord { ending: Ending::Signaled { signal: 9 }, ..exited(0, right) };
    let outcome = check(page(TEXT), signal, "stale, stops\n  exit 3:3 \"```bash\" it was ended by signal 9, not 0");
    assert_eq!(outcome.steps[0].exit, Some(137));

    let exit = |exit| page_with(TEXT, |step| step.exit = exit);
    check(exit(ExpectedExit::Code(4)), exited(4, right), "ok");
    check(exit(ExpectedExit::Nonzero), exited(4, right), "ok");
    check(
        exit(ExpectedExit::Code(4)),
        exited(3, right),
        "stale, stops\n  exit 3:3 \"```bash\" it exited with status 3, not 4",
    );
    let outcome = check(
        exit(ExpectedExit::Nonzero),
        exited(0, right),
        "stale, stops\n  exit 3:3 \"```bash\" it exited with status 0, and the page says that it fails",
    );
    let exit = outcome.steps[0].checks.iter().find(|check| check.kind == CheckKind::Exit).unwrap();
    assert_eq!((exit.expected.as_deref(), exit.actual.as_deref()), (Some("nonzero"), Some("0")));
}

#[test]
fn commands_of_a_transcript() {
    let text = "```console\n$ one\n1\n$ two\n$ three\n3\n```\n";
    let plan = |exit| {
        page_with(text, |step| {
            step.exit = exit;
            for (index, (command, output)) in [(2, Some(3)), (4, None), (5, Some(6))].into_iter().enumerate() {
                let line = |number: usize| step.code.lines[number - 2];
                step.commands.push(Command { text: format!("command-{index}"), span: line(command) });
                if let Some(output) = output {
                    let code = tutorial::Code {
                        text: format!("{}\n", if index == 0 { 1 } else { 3 }),
                        lines: vec![line(output)],
                    };
                    step.expectations.push(Expectation {
                        part: Part::Command(index),
                        stream: Stream::Both,
                        format: Format::Text,
                        text: code,
                        fence: 0,
                    });
                }
            }
        })
    };
    let part =
        |index, text: &str, exit| PartRecord { part: Part::Command(index), text: text.to_owned(), exit: Some(exit) };
    let record = |code, parts| StepRecord { parts, ..exited(code, "") };
    let zero = ExpectedExit::Code(0);
    let right = vec![part(0, "1\n", 0), part(1, "", 0), part(2, "3\n", 0)];
    check(plan(zero), record(0, right), "ok");
    let failed = vec![part(0, "1\n", 0), part(1, "no\n", 2), part(2, "3\n", 0)];
    check(plan(zero), record(0, failed.clone()), "stale\n  exit 1:4 \"$ two\" `command-1` exited with status 2, not 0");
    check(plan(ExpectedExit::Nonzero), record(0, failed), "ok");
    let wrong = vec![part(0, "1\n", 0), part(1, "", 0), part(2, "4\n", 0)];
    check(plan(zero), record(0, wrong), "stale\n  output 1:6 \"3\" line 1 differs");
    let unshown = vec![part(0, "1\n", 0), part(1, "\u{1b}[1mno\n", 0), part(2, "3\n", 0)];
    let outcome = check(plan(zero), record(0, unshown.clone()), "unchecked");
    assert_eq!(outcome.steps[0].notes, ["`command-1` printed what the page does not show; it was not compared"]);
    let any = |mut plan: Plan| {
        let Some(Action::Step(step)) = plan.actions.first_mut() else { panic!("a step") };
        step.output = Some(OutputRule::Any);
        plan
    };
    check(any(plan(zero)), record(0, unshown), "ok");
    let served = StepRecord {
        parts: vec![part(0, "1\n", 0), part(1, "no\n", 0), part(2, "3\n", 0)],
        ..StepRecord::not_run(Ending::Running)
    };
    check(plan(zero), served, "unchecked");
    let serves =
        StepRecord { parts: vec![part(0, "1\n", 0), part(1, "no\n", 0)], ..StepRecord::not_run(Ending::Running) };
    check(page_with("```console\n$ one\n$ two\n```\n", |_| {}), serves, "ok");
    let ended = vec![part(0, "1\n", 0), part(1, "", 1)];
    check(
        plan(zero),
        record(1, ended),
        "stale, stops\n  exit 1:4 \"$ two\" `command-1` exited with status 1, not 0\n  exit 1:1 \"```console\" it exited with status 1, not 0\n  output 1:6 \"3\" this command was not run",
    );
}

#[test]
fn limits() {
    let hang = StepRecord { ending: Ending::TimedOut { limit_us: 300_000 }, ..exited(0, "synced 3 leads\n") };
    let outcome =
        check(page(TEXT), hang, "stale, stops\n  containment 3:3 \"```bash\" it passed its time limit of 300 ms");
    assert_eq!(outcome.steps[0].exit, None);
    let said = &outcome.steps[0].checks[0].diff;
    assert_eq!(said[..], [DiffLine::Unexpected("synced 3 leads".to_owned())], "what it printed until then is told");
    let flood = StepRecord { ending: Ending::OutputLimit { limit: 64 << 20 }, ..exited(0, &"y\n".repeat(1 << 19)) };
    let outcome = check(page(TEXT), flood, "stale, stops\n  containment 3:3 \"```bash\" it printed more than 64 MiB");
    assert!(
        outcome.steps[0].checks.iter().all(|check| check.actual.as_ref().is_none_or(|text| text.len() <= 64 << 10))
    );
}

#[test]
fn much_output() {
    let kept = Captured { text: "y\n".repeat(1 << 19), size: 50 << 20 };
    let outcome = check(
        page(TEXT),
        StepRecord { output: kept, ..exited(0, "") },
        "stale\n  output 7:8 \"synced 3 leads\" line 1 differs",
    );
    let check = outcome.steps[0].checks.iter().find(|check| !check.ok).unwrap();
    assert!(check.help[0].starts_with("it printed 50 MiB"), "{:?}", check.help);
    assert!(check.actual.as_ref().unwrap().len() <= 64 << 10 && check.diff.len() < 300);
}

#[test]
fn unchecked_and_silent_steps() {
    let alone = "```bash\nrun\n```\n";
    check(page(alone), exited(0, "something"), "unchecked");
    check(page(alone), exited(0, "\n"), "ok");
    check(page(alone), exited(0, ""), "ok");
    let rule = |rule| page_with(TEXT, |step| step.output = Some(rule));
    check(rule(OutputRule::Any), exited(0, "anything"), "ok");
    check(rule(OutputRule::None), exited(0, "\n"), "ok");
    check(
        rule(OutputRule::None),
        exited(0, "oops"),
        "stale\n  output 3:3 \"```bash\" it must print nothing, as `output=none` says",
    );
}

#[test]
fn refused_hosts_whatever_the_status() {
    let text = "```bash\ncurl https://api.example.com/contacts || true\n```\n";
    let refusal = |host: &str| Refusal { host: host.to_owned() };
    let record = StepRecord {
        refusals: vec![refusal("api.example.com:443"), refusal("api.example.com:443"), refusal("other.example")],
        ..exited(0, "")
    };
    let outcome = check(
        page(text),
        record,
        "stale\n  network 1:2 \"api.example.com\" no sandbox serves host `api.example.com:443`\n  network 1:1 \"```bash\" no sandbox serves host `other.example`",
    );
    assert!(
        outcome.steps[0]
            .checks
            .iter()
            .any(|check| check.help.iter().any(|help| help.contains("`allow = [\"other.example\"]`")))
    );
}

#[test]
fn faults_never_met() {
    let text = "<!-- doccheck: fault=429 -->\n\n```bash\nrun\n```\n\n```text\nok\n```\n";
    let plan = || {
        page_with(text, |step| {
            let start = text.find("429").unwrap();
            step.faults.push(Spanned::new(Fault::parse("429").unwrap(), Span::new(start, start + 3)));
        })
    };
    check(plan(), exited(0, "ok"), "ok");
    check(
        plan(),
        StepRecord { unmet_faults: vec!["429".to_owned()], ..exited(0, "ok") },
        "stale\n  fault 3:1 \"429\" this page documents a 429 that never happened",
    );
}

#[test]
fn a_documented_status_that_nothing_caused_gets_a_hint() {
    let text = "```bash\ncurl -i\n```\n\n```http\nHTTP/1.1 429 Too Many Requests\n```\n";
    let exchange = Exchange {
        method: "GET".to_owned(),
        url: "https://api.example.com/".to_owned(),
        status: 200,
        ..Exchange::default()
    };
    let record = StepRecord { exchanges: vec![exchange], ..exited(0, "HTTP/1.1 200 OK\n\n") };
    let outcome = check(page(text), record, "stale\n  http 5:6 \"429\" the status is 200, not 429");
    let check = outcome.steps[0].checks.iter().find(|check| !check.ok).unwrap();
    assert!(check.help.iter().any(|help| help.contains("<!-- doccheck: fault=429 -->")), "{:?}", check.help);
}

#[test]
fn an_answer_that_nothing_accounts_for_is_noted() {
    let asked = |path: &str, status: u16, fault: Option<&str>| Exchange {
        method: "GET".to_owned(),
        url: format!("https://api.example.com{path}"),
        status,
        fault: fault.map(str::to_owned),
        ..Exchange::default()
    };
    let record = |text: &str, exchanges: Vec<Exchange>| StepRecord { exchanges, ..exited(0, text) };
    let notes = |plan: Plan, record: StepRecord| judged(plan, vec![record]).steps.remove(0).notes;
    let alone = "```bash\ncurl\n```\n";
    let answers = vec![asked("/ok", 200, None), asked("/x", 404, None), asked("/x", 404, None), asked("/y", 500, None)];
    let told = ["GET https://api.example.com/x → 404", "GET https://api.example.com/y → 500"];
    assert_eq!(notes(page(alone), record("{}", answers.clone())), told);
    assert_eq!(notes(page(alone), record("", answers.clone())), told, "also where nothing was printed");
    let many = (0..5).map(|at| asked(&format!("/{at}"), 404, None)).collect();
    assert_eq!(notes(page(alone), record("{}", many)).last().unwrap(), "2 more answers of 400 and above");
    let none: [&str; 0] = [];
    assert_eq!(notes(page(alone), record("{}", vec![asked("/x", 429, Some("429"))])), none, "a fault brought it about");
    let code = "```bash\ncurl -w '%{http_code}' | grep 404\n```\n";
    assert_eq!(notes(page(code), record("404", vec![asked("/x", 404, None)])), none, "the step names it");
    let shown = "```bash\ncurl\n```\n\n```text\nno\n```\n";
    assert_eq!(notes(page(shown), record("no", answers.clone())), none, "what was printed was compared");
    let fails = page_with(alone, |step| step.exit = ExpectedExit::Code(22));
    assert_eq!(notes(fails, StepRecord { exchanges: answers, ..exited(22, "") }), none, "the page says that it fails");
}

#[test]
fn steps_that_did_not_run() {
    let text = "```bash\none\n```\n\n```bash\ntwo\n```\n\n```bash\nthree\n```\n";
    let missing =
        Ending::NotStarted { reason: "cannot find `node`".to_owned(), help: Some("install Node 20+".to_owned()) };
    let steps = vec![StepRecord::not_run(Ending::Skipped), StepRecord::not_run(missing)];
    let outcome = judged(page(text), steps);
    assert_eq!(told(&outcome), "skipped\nerror, stops\nnot_reached");
    assert_eq!(outcome.verdict, PageVerdict::MachineError);
    let found = &outcome.diagnostics[0];
    assert_eq!(
        (found.message.as_str(), found.line(), &found.help[..]),
        ("cannot find `node`", Some(5), &["install Node 20+".to_owned()][..])
    );
}
