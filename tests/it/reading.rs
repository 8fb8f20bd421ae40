//! No text makes the reader, the planner or the readers of options and configuration panic, or give a place that is
//! not in the file; and no code block that CommonMark defines is missed.

use std::sync::Arc;

use doccheck::config::{self, Config};
use doccheck::diagnostic::Diagnostic;
use doccheck::options::{self, Options, Scope, Setting, Value};
use doccheck::plan::{self, Plan, Role};
use doccheck::source::{SourceFile, Span};
use doccheck::tutorial::{self, Code, Tutorial};
use proptest::prelude::*;
use pulldown_cmark::{Event, Parser, Tag};

/// Pieces of pages, as they stand and cut at any place.
const PIECES: &[&str] = &[
    "# Heading\n",
    "Text with `code` and **bold**:\n",
    "\n",
    "\r\n",
    "\t",
    "    ",
    "  ",
    "> ",
    ">",
    "- ",
    "1. ",
    "```bash\n",
    "```\n",
    "````\n",
    "~~~py\n",
    "~~~\n",
    "```python name=a exit=1\n",
    "```console\n",
    "```json\n",
    "```output\n",
    "```http\n",
    "```bsh\n",
    "```{doctest}\n",
    "```ts title=\"a.ts\"\n",
    "<!-- doccheck: name=x exit=1 -->\n",
    "<!-- doccheck: env.A=\"é b\" fault='429x2, 401' -->\n",
    "<!-- doccheck-run\n",
    "<!-- doccheck: ",
    "<!--",
    "-->\n",
    "{/* doccheck: name=y */}\n",
    "{/* doccheck: ",
    "*/}\n",
    "[doccheck]: # (name=z)\n",
    "[doccheck]: # (",
    "[doccheck]:\n",
    "---\n",
    "---\ndoccheck:\n",
    "  python: [requests, é]\n",
    "  timeout: 5s\n",
    "$ echo a\n",
    "> b\n",
    ">>> x = 1\n",
    "... y\n",
    "#> 1\n",
    "x //=> 1\n",
    "print(x)\n",
    "f(\n",
    ")\n",
    "cat <<EOF\n",
    "EOF\n",
    "echo 'é\n",
    "curl -d '{\n",
    "for f in *\n",
    "do\n",
    "done\n",
    "GET /x\n",
    "HTTP/1.1 200 OK\n",
    "Traceback (most recent call last):\n",
    "ValueError: é\n",
    "\u{feff}",
    "\u{0}",
    "é",
    "😀",
    "\r",
    "\\",
    "\"",
    "'",
    "|",
    "{\"a\": 1}\n",
    "It exits with status 2:\n",
    "<div>\n",
    "</div>\n",
    "***\n",
    "`${a}`\n",
    "/* ",
    "*/\n",
    "\"\"\"\n",
    "import os\n",
    "def f():\n",
    "**a.py**\n",
    "// a.js\n",
];

fn page() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => prop::sample::select(PIECES).prop_map(str::to_owned),
        1 => "\\PC{0,12}",
        1 => any::<char>().prop_map(String::from),
    ];
    (prop::collection::vec(piece, 0..40), any::<prop::sample::Index>(), 0..4_u8).prop_map(|(pieces, cut, shape)| {
        let mut text = pieces.concat();
        if shape == 0 {
            // Windows' line ends.
            text = text.replace("\r\n", "\n").replace('\n', "\r\n");
        }
        if shape == 1 && !text.is_empty() {
            // A page that breaks off.
            text.truncate(text.floor_char_boundary(cut.index(text.len())));
        }
        text
    })
}

#[track_caller]
fn in_file(source: &SourceFile, span: Span) {
    assert!(source.text().get(span.start..span.end).is_some(), "{span:?} in {:?}", source.text());
}

#[track_caller]
fn code_in_file(source: &SourceFile, code: &Code) {
    assert_eq!(code.lines.len(), code.text.matches('\n').count(), "{:?}", source.text());
    assert!(code.text.is_empty() || code.text.ends_with('\n'));
    code.lines.iter().for_each(|span| in_file(source, *span));
    for at in (0..=code.text.len()).filter(|at| code.text.is_char_boundary(*at)) {
        in_file(source, code.place(at, code.text.len()));
    }
}

fn setting_in_file(source: &SourceFile, setting: &Setting) {
    in_file(source, setting.key.span);
    in_file(source, setting.value.span);
    if let Value::List(entries) = &setting.value.value {
        entries.iter().for_each(|entry| in_file(source, entry.span));
    }
}

fn findings_in_file(findings: &[Diagnostic]) {
    for finding in findings {
        assert!(!finding.labels.is_empty());
        let Some(source) = &finding.source else { unreachable!("every finding of a page has a place") };
        finding.labels.iter().for_each(|label| in_file(source, label.span));
        assert!(finding.line().is_some() && finding.column().is_some());
    }
}

fn read(text: &str) -> (Tutorial, Vec<Diagnostic>) {
    tutorial::read(SourceFile::new("page.md", text))
}

/// Where CommonMark has code blocks, counted without the reader. `start`: the first byte after front matter.
fn code_blocks(text: &str, start: usize) -> Vec<usize> {
    let events = Parser::new(&text[start..]).into_offset_iter();
    let blocks = events.filter(|(event, _)| matches!(event, Event::Start(Tag::CodeBlock(_))));
    blocks.map(|(_, range)| start + range.start).collect()
}

fn plan_in_file(plan: &Plan, source: &Arc<SourceFile>) {
    for step in plan.steps() {
        code_in_file(source, &step.code);
        step.commands.iter().for_each(|command| in_file(source, command.span));
        step.faults.iter().for_each(|fault| in_file(source, fault.span));
        step.expectations.iter().for_each(|told| code_in_file(source, &told.text));
        let lines = step.code.text.lines().count();
        for watch in &step.watches {
            assert!(1 <= watch.first_line && watch.first_line <= watch.last_line && watch.last_line <= lines);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_page_is_read_and_planned_with_places_in_the_file(text in page()) {
        let (tutorial, findings) = read(&text);
        let source = Arc::clone(&tutorial.source);
        findings_in_file(&findings);
        tutorial.settings.iter().for_each(|setting| setting_in_file(&source, setting));
        for fence in &tutorial.fences {
            in_file(&source, fence.span);
            in_file(&source, fence.info.span);
            code_in_file(&source, &fence.code);
            fence.language.iter().for_each(|language| in_file(&source, language.span));
            fence.settings.iter().chain(&fence.attributes).for_each(|setting| setting_in_file(&source, setting));
        }
        let starts: Vec<usize> = tutorial.fences.iter().map(|fence| fence.span.start).collect();
        prop_assert!(starts.is_sorted());

        let count = tutorial.fences.len();
        let (plan, findings) = plan::plan(tutorial, &Config::default(), "page.md");
        findings_in_file(&findings);
        prop_assert_eq!(plan.roles.len(), count);
        for role in &plan.roles {
            prop_assert!(!role.reason.is_empty());
            prop_assert_eq!(role.role == Role::Output, role.of.is_some());
            prop_assert_eq!(role.role == Role::File, role.path.is_some());
        }
        plan_in_file(&plan, &source);
    }

    #[test]
    fn no_code_block_of_commonmark_is_missed(text in page()) {
        // Front matter is no Markdown; what follows it is counted.
        let text = text.replacen("---", "", 1);
        let (tutorial, _) = read(&text);
        let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let seen: Vec<usize> = tutorial.fences.iter().filter(|fence| !fence.hidden).map(|fence| fence.span.start).collect();
        if !text[start..].starts_with("---") {
            prop_assert_eq!(seen, code_blocks(&text, start));
        }
    }

    #[test]
    fn options_are_read_with_places_in_the_file(before in "\\PC{0,8}", text in "([a-z.]{1,8}=?[\"'\\[\\], =\\\\é\\PC]{0,6}){0,6}") {
        let whole = format!("{before}{text}");
        let source = SourceFile::new("page.md", whole);
        let (settings, errors) = options::parse(&text, before.len());
        errors.iter().for_each(|error| in_file(&source, error.span));
        for setting in &settings {
            setting_in_file(&source, setting);
            for scope in [Scope::Fence, Scope::Page] {
                if let Err(error) = Options::default().set(setting, scope) {
                    in_file(&source, error.span);
                }
            }
        }
    }

    #[test]
    fn every_configuration_is_answered(text in "(\\[?\\[?(pages|env|defaults|sandbox|python|é)\\]?\\]?|(include|pass|timeout|dir|packages|strict|A) ?= ?|\"[^\"]{0,4}\"|\\[|\\]|true|10|\n|\\PC){0,24}") {
        if let Err(findings) = config::read(&SourceFile::new("doccheck.toml", text)) {
            prop_assert!(!findings.is_empty());
            findings_in_file(&findings);
        }
    }
}
