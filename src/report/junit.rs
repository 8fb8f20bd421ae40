//! JUnit's XML, in the form that Jenkins and GitLab read: each page a suite, each step a case.
//!
//! What stands here fits the strictest of the schemas in use, Jenkins' `junit-10.xsd`, which knows no `file` and `line`
//! of a case: the place is the case's class (the page) and the first line of a failure. The document is red exactly
//! where the run is: what fails a run without failing a step gets a case of its own.

use std::fmt::Write;

use super::findings::{self, Finding, counted, shortened};
use super::schema::{Page, Run, Severity, Step, StepVerdict};

/// How many lines and bytes of a failure's text are told.
const TEXT: (usize, usize) = (400, 16 * 1024);

/// How many characters of a failure's message are told.
const MESSAGE: usize = 500;

/// The suite of what belongs to no page.
const RUN: &str = "doccheck";

struct Suite<'a> {
    name: String,
    file: Option<&'a str>,
    milliseconds: u64,
    cases: Vec<Case<'a>>,
}

struct Case<'a> {
    name: &'a str,
    class: String,
    milliseconds: u64,
    came: Came,
    notes: String,
}

/// What came of a case.
enum Came {
    Passed,
    Skipped(&'static str),
    /// The page is not true.
    Failed(Trouble),
    /// The page could not be run.
    Erred(Trouble),
}

struct Trouble {
    code: String,
    message: String,
    text: String,
}

/// The run as JUnit's XML.
pub fn xml(run: &Run) -> String {
    let mut suites: Vec<Suite<'_>> = run.pages.iter().map(suite).collect();
    suites.extend(outside(run, suites.iter().any(Suite::is_red)));
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        text,
        "<testsuites name=\"doccheck\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{}\">",
        suites.iter().map(|suite| suite.cases.len()).sum::<usize>(),
        suites.iter().map(Suite::failures).sum::<usize>(),
        suites.iter().map(Suite::errors).sum::<usize>(),
        seconds(run.summary.duration_ms),
    );
    for suite in &suites {
        suite.write(&mut text);
    }
    text.push_str("</testsuites>\n");
    text
}

fn suite(page: &Page) -> Suite<'_> {
    let mut cases: Vec<Case<'_>> = page.steps.iter().map(|step| case(page, step)).collect();
    let errors = page.diagnostics.iter().map(|found| findings::of_page_itself(page, found));
    let errors: Vec<Finding<'_>> = errors.filter(|finding| finding.severity == Severity::Error).collect();
    if let Some(trouble) = trouble(&errors) {
        cases.push(Case::erred("the page itself", page.title(), trouble));
    }
    Suite { name: page.title(), file: Some(&page.path), milliseconds: page.duration_ms, cases }
}

fn is_error(found: &&super::schema::Diagnostic) -> bool {
    found.severity == Severity::Error
}

fn case<'a>(page: &'a Page, step: &'a Step) -> Case<'a> {
    let wrong = || {
        trouble(&findings::of_step(page, step)).unwrap_or_else(|| Trouble {
            code: "step".to_owned(),
            message: format!("`{}` could not be run", step.name),
            text: format!("{}:{}", page.path, step.line),
        })
    };
    let came = match step.verdict {
        StepVerdict::Ok | StepVerdict::Unchecked => Came::Passed,
        StepVerdict::Stale if step.expected_stale.is_some() => Came::Skipped("known to be stale: it does not fail"),
        StepVerdict::Stale => Came::Failed(wrong()),
        StepVerdict::Error => Came::Erred(wrong()),
        StepVerdict::NotReached if page.is_cut_off() => Came::Skipped("not reached: the run was interrupted"),
        StepVerdict::NotReached => Came::Skipped("not reached: an earlier step stopped the page"),
        StepVerdict::Skipped => Came::Skipped("the page says not to run it"),
    };
    let unchecked = "unchecked: it printed what the page does not show, which was not compared";
    let unchecked = (step.verdict == StepVerdict::Unchecked).then_some(unchecked);
    let known = step.expected_stale.as_deref();
    let notes: Vec<&str> = unchecked.into_iter().chain(known).chain(step.notes.iter().map(String::as_str)).collect();
    Case { name: &step.name, class: page.title(), milliseconds: step.duration_ms, came, notes: notes.join("\n") }
}

/// What belongs to no page, and what else fails the run: an open role under `--strict`, an interruption.
fn outside(run: &Run, red: bool) -> Option<Suite<'_>> {
    let errors: Vec<Finding<'_>> = run.diagnostics.iter().filter(is_error).map(findings::of_diagnostic).collect();
    let trouble = trouble(&errors).or_else(|| {
        let message = match run.exit {
            0 => return None,
            130 => "the run was interrupted: what had not ended is missing here".to_owned(),
            _ if red => return None,
            1 => format!("unsure: {} not run, which fails a strict run", counted(run.summary.unsure, "fence")),
            4 => "there is no page to look at".to_owned(),
            status => format!("the run ended with exit status {status}"),
        };
        Some(Trouble { code: "run".to_owned(), message, text: String::new() })
    })?;
    let cases = vec![Case::erred("the run itself", RUN.to_owned(), trouble)];
    Some(Suite { name: RUN.to_owned(), file: None, milliseconds: 0, cases })
}

/// Several findings in one, since readers show only the first of a case; `None` where there is none.
fn trouble(found: &[Finding<'_>]) -> Option<Trouble> {
    let first = found.first()?;
    let mut text = String::new();
    for finding in found {
        let place = finding.place();
        let _ = writeln!(text, "{place}{}{}", if place.is_empty() { "" } else { ": " }, finding.message());
        if let Some(shown) = finding.shown() {
            let _ = write!(text, "\n{}", shortened(shown, TEXT.0, TEXT.1));
        }
        if let Some(help) = finding.help {
            let _ = writeln!(text, "\nhelp: {help}");
        }
        text.push('\n');
    }
    let text = text.trim_end().to_owned();
    Some(Trouble { code: first.code.clone(), message: super::paint::clipped(&first.message(), MESSAGE), text })
}

impl Case<'_> {
    fn erred(name: &str, class: String, trouble: Trouble) -> Case<'_> {
        Case { name, class, milliseconds: 0, came: Came::Erred(trouble), notes: String::new() }
    }

    fn write(&self, text: &mut String) {
        let _ = write!(
            text,
            "    <testcase name=\"{}\" classname=\"{}\" time=\"{}\"",
            attribute(self.name),
            attribute(&self.class),
            seconds(self.milliseconds)
        );
        if matches!(self.came, Came::Passed) && self.notes.is_empty() {
            text.push_str("/>\n");
            return;
        }
        text.push_str(">\n");
        match &self.came {
            Came::Passed => {}
            Came::Skipped(why) => {
                let _ = writeln!(text, "      <skipped message=\"{}\"/>", attribute(why));
            }
            Came::Failed(trouble) => trouble.write("failure", text),
            Came::Erred(trouble) => trouble.write("error", text),
        }
        if !self.notes.is_empty() {
            let _ = writeln!(text, "      <system-out>{}</system-out>", content(&self.notes));
        }
        text.push_str("    </testcase>\n");
    }
}

impl Trouble {
    fn write(&self, element: &str, text: &mut String) {
        let (code, message) = (attribute(&self.code), attribute(&self.message));
        let body = content(&self.text);
        let _ = writeln!(text, "      <{element} type=\"{code}\" message=\"{message}\">{body}</{element}>");
    }
}

impl Suite<'_> {
    fn count(&self, of: fn(&Came) -> bool) -> usize {
        self.cases.iter().filter(|case| of(&case.came)).count()
    }

    fn failures(&self) -> usize {
        self.count(|came| matches!(came, Came::Failed(_)))
    }

    fn errors(&self) -> usize {
        self.count(|came| matches!(came, Came::Erred(_)))
    }

    fn is_red(&self) -> bool {
        self.failures() + self.errors() > 0
    }

    fn write(&self, text: &mut String) {
        let _ = write!(
            text,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\"",
            attribute(&self.name),
            self.cases.len(),
            self.failures(),
            self.errors(),
            self.count(|came| matches!(came, Came::Skipped(_))),
            seconds(self.milliseconds),
        );
        if let Some(file) = self.file {
            let _ = write!(text, " file=\"{}\"", attribute(file));
        }
        text.push_str(">\n");
        for case in &self.cases {
            case.write(text);
        }
        text.push_str("  </testsuite>\n");
    }
}

fn seconds(milliseconds: u64) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

/// `text` as the content of an element.
fn content(text: &str) -> String {
    escaped(text, false)
}

/// `text` as the value of an attribute: line ends would be read as blanks.
fn attribute(text: &str) -> String {
    escaped(text, true)
}

/// XML 1.0 has no way to write most control characters: they are spelled out.
fn escaped(text: &str, attribute: bool) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' if attribute => safe.push_str("&quot;"),
            '\t' | '\n' if attribute => {
                let _ = write!(safe, "&#{};", u32::from(character));
            }
            '\t' | '\n' => safe.push(character),
            _ if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => {
                safe.extend(character.escape_default());
            }
            _ => safe.push(character),
        }
    }
    safe
}
