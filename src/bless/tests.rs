use super::*;
use crate::plan::{Part, plan};
use crate::source::SourceFile;
use crate::transcript::{Captured, Ending, PartRecord};
use crate::tutorial;

fn planned(page: &str) -> Plan {
    let (tutorial, found) = tutorial::read(SourceFile::new("docs/a.md", page));
    let (plan, more) = plan(tutorial, &Config::default(), "a.md");
    assert!(found.iter().chain(&more).next().is_none(), "{found:?} {more:?}");
    plan
}

/// A step that printed `output`; of a transcript or a program with comments each part is a piece of it, parted by `|`.
fn printed_by(step: &Step, output: &str) -> StepRecord {
    let mut record = StepRecord::not_run(Ending::Exited { code: 0 });
    let text = output.replace('|', "");
    record.output = Captured { size: text.len() as u64, text };
    let part = |at| if step.commands.is_empty() { Part::Watch(at) } else { Part::Command(at) };
    if !step.commands.is_empty() || !step.watches.is_empty() {
        let parts = output.split('|').enumerate();
        record.parts =
            parts.map(|(at, text)| PartRecord { part: part(at), text: text.to_owned(), exit: Some(0) }).collect();
    }
    record
}

fn proposed(page: &str, outputs: &[&str], add: bool) -> (Plan, Vec<StepRecord>, Blessing) {
    let plan = planned(page);
    let records: Vec<_> = plan.steps().zip(outputs).map(|(step, output)| printed_by(step, output)).collect();
    assert_eq!(records.len(), plan.steps().count(), "an output for each step");
    let blessing = propose(&plan, &records, Rules { config: &Config::default(), path: "a.md" }, add);
    (plan, records, blessing)
}

/// The page blessed, and that a second time changes nothing.
fn blessed(before: &str, outputs: &[&str], add: bool) -> String {
    let (plan, _, blessing) = proposed(before, outputs, add);
    assert!(blessing.refused.is_empty(), "{:?}", blessing.refused);
    let after = page(&plan, &blessing.changes.iter().collect::<Vec<_>>());
    let (_, _, again) = proposed(&after, outputs, add);
    assert!(again.changes.is_empty() && again.refused.is_empty(), "{after}\n{again:?}");
    after
}

#[track_caller]
fn becomes(before: &str, outputs: &[&str], after: &str) {
    assert_eq!(blessed(before, outputs, false), after);
}

fn refusals(before: &str, outputs: &[&str]) -> Vec<String> {
    let (_, _, blessing) = proposed(before, outputs, false);
    assert!(blessing.changes.is_empty(), "{:?}", blessing.changes);
    blessing.refused.iter().map(|found| format!("{}: {}", found.line().unwrap_or_default(), found.message)).collect()
}

const STEP: &str = "```bash\nx\n```\n\n";

#[test]
fn only_lines_that_differ_change() {
    becomes(
        &format!("# T\n\n{STEP}```text\na  \n...\n[..] 1\nz\n```\n\nEnd\n"),
        &["a\n1\n2\nq 1\ny\nnew\n"],
        &format!("# T\n\n{STEP}```text\na  \n...\n[..] 1\ny\nnew\n```\n\nEnd\n"),
    );
}

#[test]
fn the_surroundings_of_a_fence_stay() {
    becomes(
        "- one:\n\n  ```bash\n  x\n  ```\n\n  ```text\n  a\n\n  b\n  ```\n- two\n",
        &["a\nnew\n\nc\n"],
        "- one:\n\n  ```bash\n  x\n  ```\n\n  ```text\n  a\n  new\n\n  c\n  ```\n- two\n",
    );
    becomes(
        "> q\n>\n> ```bash\n> x\n> ```\n>\n> ```text\n> a\n>\n> b\n> ```\n",
        &["a\nnew\nb\n\nc\n"],
        "> q\n>\n> ```bash\n> x\n> ```\n>\n> ```text\n> a\n> new\n> b\n>\n> c\n> ```\n",
    );
    becomes(
        "```bash\r\nx\r\n```\r\n\r\n```text\r\na\r\nb\r\n```\r\nend",
        &["a\nc\nd\n"],
        "```bash\r\nx\r\n```\r\n\r\n```text\r\na\r\nc\r\nd\r\n```\r\nend",
    );
    becomes(
        "1.\t```bash\n\tx\n\t```\n\n\t```text\n\ta\n\t```\n",
        &["b\nc\n"],
        "1.\t```bash\n\tx\n\t```\n\n\t```text\n\tb\n\tc\n\t```\n",
    );
    becomes(
        "  ```bash\n  x\n  ```\n\n  ```text\n  a\n  ```\n",
        &["b\n  c\n"],
        "  ```bash\n  x\n  ```\n\n  ```text\n  b\n    c\n  ```\n",
    );
    becomes(&format!("{STEP}```text\na"), &["b\nc"], &format!("{STEP}```text\nb\nc"));
    becomes(&format!("{STEP}```text\na\nb\nc"), &["a\n"], &format!("{STEP}```text\na"));
}

#[test]
fn empty_outputs_come_and_go() {
    becomes(&format!("{STEP}```output\n```\n"), &["a\nb\n"], &format!("{STEP}```output\na\nb\n```\n"));
    becomes(&format!("{STEP}```output\na\nb\n```\n"), &[""], &format!("{STEP}```output\n```\n"));
}

#[test]
fn a_fence_becomes_longer_where_a_line_would_end_it() {
    becomes(
        &format!("{STEP}```output\na\n```\n"),
        &["```js\nx\n````\n"],
        &format!("{STEP}`````output\n```js\nx\n````\n`````\n"),
    );
    becomes(
        "> ~~~bash\n> x\n> ~~~\n>\n> ~~~text\n> a\n> ~~~\n",
        &["~~~\n"],
        "> ~~~bash\n> x\n> ~~~\n>\n> ~~~~text\n> ~~~\n> ~~~~\n",
    );
}

#[test]
fn json_and_http_keep_the_authors_hand() {
    becomes(
        &format!("{STEP}```json\n{{\n    \"b\": 1,\n    \"id\": \"<uuid>\"\n}}\n```\n"),
        &[r#"{"id":"0190c1f2-7a1b-7c3d-8e4f-0123456789ab","b":2}"#],
        &format!("{STEP}```json\n{{\n    \"b\": 2,\n    \"id\": \"<uuid>\"\n}}\n```\n"),
    );
    becomes(
        &format!("{STEP}```http\nHTTP/1.1 200 OK\n\n{{ \"a\": 1 }}\n```\n"),
        &["HTTP/1.1 201 Created\ndate: x\n\n{\"a\":2}\n"],
        &format!("{STEP}```http\nHTTP/1.1 201 Created\n\n{{ \"a\": 2 }}\n```\n"),
    );
}

#[test]
fn transcripts_change_below_their_commands() {
    becomes(
        "```console\n$ one\na\n\n$ two\nb\nc\n\n$ three\nd\n```\n",
        &["A\nAA\n|b\n|d\n"],
        "```console\n$ one\nA\nAA\n\n$ two\nb\n\n$ three\nd\n```\n",
    );
}

#[test]
fn comments_keep_their_places() {
    becomes(
        "> ```python\n> for x in (1, 2):\n>     print(x)\n> #> 1\n> #> 3\n> 1 + 1  # => 3\n> \"a\" #>b\n> ```\n",
        &["1\n2\n4\n|2\n"],
        "> ```python\n> for x in (1, 2):\n>     print(x)\n> #> 1\n> #> 2\n> #> 4\n> 1 + 1  # => 2\n> \"a\" #>b\n> ```\n",
    );
    becomes(
        "```python\nif 1:\n    print(a)  #> 1\n```\n",
        &["2\n3\n"],
        "```python\nif 1:\n    print(a)  #> 2\n    #> 3\n```\n",
    );
}

#[test]
fn captures_of_a_blessed_output_hold_for_later_ones() {
    let uuid = "0190c1f2-7a1b-7c3d-8e4f-0123456789ab";
    let step = |code: &str| format!("```bash\n{code}\n```\n\n");
    becomes(
        &format!("{}```text\nid <id:uuid> old\n```\n\n{}```text\n<id> made\n```\n", step("x"), step("y")),
        &[&format!("id {uuid} new\n"), &format!("{uuid} made\n")],
        &format!("{}```text\nid <id:uuid> new\n```\n\n{}```text\n<id> made\n```\n", step("x"), step("y")),
    );
    // The second step asked for `<id>` itself: what it printed is worth nothing.
    let page = format!("{}```text\nid <id:uuid> old\n```\n\n{}```text\nok\n```\n", step("x"), step("get <id>"));
    let (_, _, blessing) = proposed(&page, &[&format!("id {uuid} new\n"), "no such id\n"], false);
    assert_eq!((blessing.changes.len(), blessing.refused.len(), blessing.rerun), (1, 1, true));
    assert_eq!(blessing.refused[0].message, "`shell-9` ran before `<id>` had a value");
}

#[test]
fn what_a_person_must_decide_is_refused() {
    assert_eq!(
        refusals(&format!("{STEP}```text\na\n```\n"), &["key [redacted]\n"]),
        ["6: what `shell-1` printed holds a secret, which must not stand on the page"]
    );
    assert_eq!(
        refusals(
            "```python\nprint(1)\n```\n\n```text\na\n```\n",
            &["Traceback (most recent call last):\nKeyError: 'x'\n"]
        ),
        ["6: with what `python-1` printed, the page would be read in another way"]
    );
    assert_eq!(
        refusals("```console\n$ one\na\n```\n", &["$ two\n"]),
        ["3: with what `console-1` printed, the page would be read in another way"]
    );
    let page = "<!-- doccheck: output=none -->\n```bash\nx\n```\n";
    assert_eq!(refusals(page, &["x\n"]), ["2: `shell-2` printed something, and `output=none` says that it must not"]);
    let plan = planned(&format!("{STEP}```text\na\n```\n"));
    let mut record = printed_by(plan.steps().next().expect("a step"), "b\n");
    record.ending = Ending::Exited { code: 3 };
    let blessing = propose(&plan, &[record], Rules { config: &Config::default(), path: "a.md" }, false);
    assert!(blessing.changes.is_empty());
    assert_eq!(blessing.refused[0].message, "`shell-1`: it exited with status 3, not 0");
}

#[test]
fn missing_outputs_are_added() {
    let added = |page: &str, outputs: &[&str]| blessed(page, outputs, true);
    assert_eq!(added(STEP, &["a\n```\n"]), "```bash\nx\n```\n\n````text\na\n```\n````\n\n");
    assert_eq!(
        added("- do:\r\n\r\n  ```bash\r\n  x\r\n  ```", &["{\"a\":1}"]),
        "- do:\r\n\r\n  ```bash\r\n  x\r\n  ```\r\n\r\n  ```json\r\n  {\r\n    \"a\": 1\r\n  }\r\n  ```"
    );
    assert_eq!(
        added("> ```console\n> $ one \\\n> >   two\n> $ three\n> ```\n", &["a\nb\n|c\n"]),
        "> ```console\n> $ one \\\n> >   two\n> a\n> b\n> $ three\n> c\n> ```\n"
    );
    assert_eq!(blessed(STEP, &["a\n"], false), STEP);
}

#[test]
fn wildcards_take_what_every_run_makes_anew() {
    let (plan, records, blessing) =
        proposed(&format!("{STEP}```text\nok\ntook 12ms, port: 8080\n```\n"), &["ok\ntook 7ms, port: 9090\n"], false);
    let loose = loosened(&plan, &records, &blessing.changes[0], &[]).expect("words differ");
    assert_eq!(page(&plan, &[&loose]), format!("{STEP}```text\nok\ntook [..]ms, port: <port:int>\n```\n"));
    assert_eq!(
        diff(&loose.hunks[0]),
        [
            DiffLine::Same("ok".to_owned()),
            DiffLine::Missing("took 12ms, port: 8080".to_owned()),
            DiffLine::Unexpected("took [..]ms, port: <port:int>".to_owned()),
        ]
    );
    let (plan, records, blessing) = proposed(&format!("{STEP}```text\na\n```\n"), &["a\nb\n"], false);
    assert!(loosened(&plan, &records, &blessing.changes[0], &[]).is_none());
    let step = |number: u32| format!("{STEP}```text\nid {number}\n```\n\n");
    let (plan, records, blessing) = proposed(&format!("{}{}", step(1), step(2)), &["id 3\n", "id 4\n"], false);
    let first = loosened(&plan, &records, &blessing.changes[0], &[]).expect("numbers differ");
    let second = loosened(&plan, &records, &blessing.changes[1], &[&first]).expect("numbers differ");
    let shown = |name: &str| format!("{STEP}```text\nid <{name}:int>\n```\n\n");
    assert_eq!(page(&plan, &[&first, &second]), format!("{}{}", shown("int"), shown("int-2")));
}

#[test]
fn what_met_a_draft_is_blessed_though_it_stays_unchecked() {
    let plan = planned(&format!("{STEP}```text\na\n```\n"));
    let mut record = printed_by(plan.steps().next().expect("a step"), "b\n");
    record.exchanges.push(crate::transcript::Exchange {
        method: "GET".to_owned(),
        url: "https://api.example.com/".to_owned(),
        status: 200,
        reply_body: "b\n".to_owned(),
        drafted: true,
        upstream: Vec::new(),
        ..Default::default()
    });
    let blessing = propose(&plan, &[record], Rules { config: &Config::default(), path: "a.md" }, false);
    assert_eq!((blessing.changes.len(), blessing.refused.len()), (1, 0));
}

#[test]
fn a_command_that_shows_nothing_stands_in_no_ones_way() {
    let page = "```console\n$ a\n$ b\n2\n```\n";
    becomes(page, &["1\n|3\n"], "```console\n$ a\n$ b\n3\n```\n");
    assert_eq!(blessed(page, &["1\n|2\n"], true), page, "which outputs it shows its author chose");
}

#[test]
fn what_could_hide_or_damage_something_is_left_to_a_person() {
    let told = |page: &str, printed: &str| refusals(page, &[printed]).join("; ");
    let to_the_end = format!("{STEP}```text\na\n\nProse.\n");
    assert!(told(&to_the_end, "b\n").contains("this one is not closed"), "{}", told(&to_the_end, "b\n"));
    let page = format!("{STEP}```text\na\nx\n```\n");
    for printed in ["a\n...\nb\n", "a\nusage: x [..] FILE\n"] {
        assert!(told(&page, printed).contains("stand for anything"), "{}", told(&page, printed));
    }
    let json = format!("{STEP}```json\n{{\"a\": \"b\"}}\n```\n");
    assert!(told(&json, "{\"a\": \"...\"}\n").contains("stand for anything"));
    assert!(told(&page, "/tmp/doccheck-8Q3G4H/work/out.txt\n").contains("a folder of this run alone"));
}

#[test]
fn good_changes_are_written_beside_one_that_a_person_must_decide() {
    let page = "```console\n$ a\n1\n$ b\n2\n$ c\n3\n```\n";
    let (plan, _, blessing) = proposed(page, &["one\n|key [redacted]\n|three\n"], false);
    assert_eq!(
        super::page(&plan, &blessing.changes.iter().collect::<Vec<_>>()),
        "```console\n$ a\none\n$ b\n2\n$ c\nthree\n```\n"
    );
    let told: Vec<_> = blessing.refused.iter().map(|found| (found.line(), found.message.as_str())).collect();
    assert_eq!(told, [(Some(5), "what `console-1` printed holds a secret, which must not stand on the page")]);
    // What would make the page mean something else is told at its own place.
    let (plan, _, blessing) = proposed(page, &["one\n|$ x\n|three\n"], false);
    assert_eq!(
        super::page(&plan, &blessing.changes.iter().collect::<Vec<_>>()),
        "```console\n$ a\none\n$ b\n2\n$ c\nthree\n```\n"
    );
    let told: Vec<_> = blessing.refused.iter().map(|found| (found.line(), found.message.as_str())).collect();
    assert_eq!(told, [(Some(5), "with what `console-1` printed, the page would be read in another way")]);
}

#[test]
fn a_refusal_names_its_cause_at_its_place() {
    let page = "```bash\ncurl https://other.example.com/\n```\n\n```text\na\n```\n";
    let plan = planned(page);
    let mut record = printed_by(plan.steps().next().expect("a step"), "b\n");
    record.ending = Ending::Exited { code: 6 };
    record.refusals.push(crate::transcript::Refusal { host: "other.example.com".to_owned() });
    let told = |plan: &Plan, record: StepRecord| {
        let blessing = propose(plan, &[record], Rules { config: &Config::default(), path: "a.md" }, false);
        assert!(blessing.changes.is_empty());
        let [found] = &blessing.refused[..] else { panic!("{:?}", blessing.refused) };
        (found.line().unwrap_or_default(), found.message.clone(), found.help.len())
    };
    assert_eq!(told(&plan, record.clone()), (2, "`shell-1`: no sandbox serves host `other.example.com`".to_owned(), 2));
    let plan = planned("<!-- doccheck: fault=429 -->\n```bash\ncurl x\n```\n\n```text\na\n```\n");
    record.refusals.clear();
    record.unmet_faults.push("429".to_owned());
    let (line, message, _) = told(&plan, record.clone());
    assert_eq!((line, &*message), (1, "`shell-2`: this page documents a 429 that never happened"));
    record.unmet_faults.clear();
    let (line, message, _) = told(&plan, record);
    assert_eq!((line, &*message), (2, "`shell-2`: it exited with status 6, not 0"));
    // What ran without a value is told where the code names it.
    let page = "```bash\nx\n```\n\n```text\nid <id:int> old\n```\n\n```bash\necho\nget <id>\n```\n\n```text\nok\n```\n";
    let (_, _, blessing) = proposed(page, &["id 7 new\n", "no such id\n"], false);
    assert_eq!(blessing.refused[0].line(), Some(11));
}
