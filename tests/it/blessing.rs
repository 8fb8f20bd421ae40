//! Pages that take over what their steps print: by the library, by `doccheck bless`, and by a person at a terminal.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use doccheck::bless::{Rules, page, propose};
use doccheck::config::Config;
use doccheck::diagnostic::Severity;
use doccheck::outcome::{PageVerdict, judge};
use doccheck::plan::{Part, Plan, plan};
use doccheck::source::SourceFile;
use doccheck::transcript::{Captured, Ending, PartRecord, SCHEMA, StepRecord, Transcript};
use doccheck::tutorial;
use proptest::prelude::*;
use rustix::termios::LocalModes;

fn rules(config: &Config) -> Rules<'_> {
    Rules { config, path: "a.md" }
}

fn planned(text: &str) -> Plan {
    let (tutorial, _) = tutorial::read(SourceFile::new("page.md", text));
    plan(tutorial, &Config::default(), "a.md").0
}

/// The record of a step that printed `output`.
fn record(output: &str) -> StepRecord {
    let output = Captured { text: output.to_owned(), size: output.len() as u64 };
    StepRecord { output, ..StepRecord::not_run(Ending::Exited { code: 0 }) }
}

/// The page blessed, where nothing is refused.
fn blessed(text: &str, output: &str) -> Option<String> {
    let plan = planned(text);
    let blessing = propose(&plan, &[record(output)], rules(&Config::default()), false);
    blessing.refused.is_empty().then(|| page(&plan, &blessing.changes.iter().collect::<Vec<_>>()))
}

fn verdict(text: &str, output: &str) -> PageVerdict {
    let transcript = Transcript {
        schema: SCHEMA.to_owned(),
        page: "page.md".to_owned(),
        provider: None,
        page_sha256: String::new(),
        doccheck: String::new(),
        inputs: Vec::new(),
        steps: vec![record(output)],
    };
    judge(planned(text).into(), &transcript).verdict
}

/// What a page looks like around an output.
#[derive(Debug, Clone)]
struct Surroundings {
    /// What the first line of the block starts with, and what the others do.
    marks: (&'static str, &'static str),
    /// The fence's own indent, its marker's character and how often that stands there.
    indent: usize,
    marker: (char, usize),
    line_end: &'static str,
    last_line_ends: bool,
}

impl Surroundings {
    /// The page up to the output's first line, and from the closing marker on.
    fn around(&self, marker: usize) -> (String, String) {
        let (first, other) = self.marks;
        let fence = |count: usize, word: &str| {
            format!("{other}{}{}{word}", " ".repeat(self.indent), self.marker.0.to_string().repeat(count))
        };
        let blank = other.trim_end();
        let before = [
            "# A page".to_owned(),
            String::new(),
            format!("{first}Do this:"),
            blank.to_owned(),
            fence(3, "bash"),
            format!("{other}{}true", " ".repeat(self.indent)),
            fence(3, ""),
            blank.to_owned(),
            fence(marker, "output"),
        ];
        let after = [fence(marker, ""), String::new(), "More  ".to_owned(), "words".to_owned()];
        let end = if self.last_line_ends { self.line_end } else { "" };
        (before.map(|line| line + self.line_end).concat(), after.join(self.line_end) + end)
    }

    fn page(&self, lines: &[&str], marker: usize) -> String {
        let prefix = format!("{}{}", self.marks.1, " ".repeat(self.indent));
        let body = lines.iter().map(|line| format!("{prefix}{line}").trim_end().to_owned() + self.line_end);
        let (before, after) = self.around(marker);
        before + &body.collect::<String>() + &after
    }
}

fn surroundings() -> impl Strategy<Value = Surroundings> {
    let marks = prop::sample::select(vec![
        ("", ""),
        ("- ", "  "),
        ("1. ", "   "),
        ("> ", "> "),
        ("> - ", ">   "),
        ("- > ", "  > "),
        ("-\t", "\t"),
    ]);
    let marker = (prop::sample::select(vec!['`', '~']), 3_usize..6);
    let line_end = prop::sample::select(vec!["\n", "\r\n"]);
    (marks, 0_usize..4, marker, line_end, any::<bool>()).prop_map(
        |(marks, indent, marker, line_end, last_line_ends)| {
            // Behind a tab, blanks more would make indented code.
            let indent = if marks.1 == "\t" { 0 } else { indent };
            Surroundings { marks, indent, marker, line_end, last_line_ends }
        },
    )
}

fn lines(words: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(words), 0..6).prop_map(|mut lines| {
        while lines.last().is_some_and(|line| line.is_empty()) {
            lines.pop();
        }
        lines
    })
}

const PLAIN: [&str; 10] = ["a", "b", "total 12", "total 13", "", "  indented", "> quoted", "- item", "# head", "\ttab"];
const MARKED: [&str; 8] = ["a", "", "```", "~~~~", "```` x", "  ```", "total 12", "b"];
const WILD: [&str; 7] = ["a", "...", "total [..]", "total <n:int>", "", "[..]", "b"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    /// Wherever an output stands: its lines become what was printed, and no other byte changes.
    #[test]
    fn blessing_changes_the_bytes_of_the_output_alone(around in surroundings(), old in lines(&PLAIN), new in lines(&PLAIN)) {
        let output = new.join("\n") + "\n";
        let after = blessed(&around.page(&old, around.marker.1), &output);
        prop_assert_eq!(after, Some(around.page(&new, around.marker.1)));
    }

    /// The markers become longer where they must, by as much as they must.
    #[test]
    fn a_longer_fence_is_the_only_other_change(around in surroundings(), old in lines(&PLAIN), new in lines(&MARKED)) {
        let output = new.join("\n") + "\n";
        let run = |line: &&str| line.trim_start().chars().take_while(|char| *char == around.marker.0).count();
        let changed = !new.iter().eq(&old);
        let longest = new.iter().map(run).max().unwrap_or_default();
        let marker = if changed && longest >= around.marker.1 { longest + 1 } else { around.marker.1 };
        let after = blessed(&around.page(&old, around.marker.1), &output).expect("nothing is refused");
        prop_assert_eq!(&after, &around.page(&new, marker));
        prop_assert_eq!(verdict(&after, &output), PageVerdict::Ok);
    }

    /// Bless twice = bless once, the result is true, and what surrounds the output stays.
    #[test]
    fn once_is_enough(around in surroundings(), old in lines(&WILD), new in lines(&PLAIN)) {
        let output = new.join("\n") + "\n";
        let before = around.page(&old, around.marker.1);
        let after = blessed(&before, &output).expect("nothing is refused");
        prop_assert_eq!(verdict(&after, &output), PageVerdict::Ok, "{}", &after);
        prop_assert_eq!(blessed(&after, &output), Some(after.clone()));
        let (head, tail) = around.around(around.marker.1);
        prop_assert!(after.starts_with(&head) && after.ends_with(&tail), "{before}\n{after}");
        if verdict(&before, &output) == PageVerdict::Ok {
            prop_assert_eq!(after, before);
        }
    }
}

/// Pieces of pages, put together at random: some make steps and outputs, some break them.
const PIECES: [&str; 22] = [
    "```bash\n",
    "```\n",
    "```text\n",
    "```json\n",
    "{\"a\": 1, \"b\": [1, 2]}\n",
    "```python\nprint(1)  #> 1\n2 + 2\n#> 4\n#>\n#> 5\n",
    "```console\n$ one\na\n\n$ two\n",
    "```pycon\n>>> 1\n1\n>>> 2\n",
    "```js\n1 + 1 //=> 2\n",
    "~~~output\n",
    "~~~\n",
    "echo x\n",
    "a\n",
    "...\n",
    "\n",
    "- \t",
    "> ",
    "    ",
    "1. ",
    "HTTP/1.1 200 OK\nx-a: [..]\n\n{}\n",
    "\r\n",
    "Words that print output:\n\n",
];

const OUTPUTS: [&str; 9] = [
    "",
    "a\n",
    "a\n\nb\n```\n",
    "{\"b\":[2],\"c\":{}}",
    "HTTP/2 201\nx-b: 1\n\n{\"a\":2}",
    "$ three\n",
    "#> x\n'''\n",
    "é\u{1b}[31m\r\nx",
    "\n\n  ~~~\n~~~~\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    /// Whatever a page is and whatever its steps print: what is offered makes the page true, and offers nothing more.
    #[test]
    fn any_page_is_blessed_once_or_refused(
        pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..24),
        outputs in prop::collection::vec(prop::sample::select(&OUTPUTS[..]), 8),
        add in any::<bool>(),
    ) {
        let before = pieces.concat();
        let (tutorial, _) = tutorial::read(SourceFile::new("page.md", before.as_str()));
        let (plan, found) = plan(tutorial, &Config::default(), "a.md");
        // A page that cannot be run is for `run` to tell.
        if found.iter().any(|found| found.severity == Severity::Error) {
            return Ok(());
        }
        let records = |plan: &Plan| -> Vec<StepRecord> {
            let steps = plan.steps().zip(outputs.iter().cycle());
            steps.enumerate().map(|(at, (step, output))| {
                let part = |index: usize| {
                    if step.commands.is_empty() { Part::Watch(index) } else { Part::Command(index) }
                };
                let text = |index: usize| outputs[(at + index) % outputs.len()].to_owned();
                let parts = (0..step.commands.len().max(step.watches.len()))
                    .map(|index| PartRecord { part: part(index), text: text(index), exit: Some(0) });
                StepRecord { parts: parts.collect(), ..record(output) }
            }).collect()
        };
        let blessing = propose(&plan, &records(&plan), rules(&Config::default()), add);
        let after = page(&plan, &blessing.changes.iter().collect::<Vec<_>>());
        let again_plan = planned(&after);
        let again = propose(&again_plan, &records(&again_plan), rules(&Config::default()), add);
        prop_assert!(again.changes.is_empty(), "{before:?}\n{after:?}\n{:?}", again.changes);
        prop_assert_eq!(again.refused.len(), blessing.refused.len(), "{:?}\n{:?}", before, after);
        prop_assert_eq!(blessing.changes.is_empty(), before == after);
    }
}

/// A repository of pages, with `doccheck` called in it and a cache of its own.
struct Site(tempfile::TempDir);

impl Site {
    fn new(files: &[(&str, &str)]) -> Self {
        let site = Self(tempfile::tempdir().expect("a folder can be made"));
        std::fs::create_dir(site.path(".git")).expect("a folder can be made");
        for (path, text) in files {
            let path = site.path(path);
            std::fs::create_dir_all(path.parent().expect("it has a parent")).expect("a folder can be made");
            std::fs::write(path, text).expect("a file can be written");
        }
        site
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).expect("the file is there")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = crate::invocation::doccheck();
        command.args(arguments).current_dir(self.0.path()).env("XDG_CACHE_HOME", self.path(".cache"));
        command
    }

    fn doccheck(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let Output { status, stdout, stderr } =
            self.command(arguments).stdin(Stdio::null()).output().expect("doccheck starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is UTF-8");
        (status.code(), text(stdout), text(stderr))
    }

    fn bless(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let (code, out, err) = self.doccheck(&[&["bless"], arguments].concat());
        assert!(err.is_empty(), "{err}");
        (code, out)
    }
}

const STALE: &str = "# Stale\n\n```bash\necho one; echo two\n```\n\n```text\none\n2\n```\n";
const TRUE: &str = "# Stale\n\n```bash\necho one; echo two\n```\n\n```text\none\ntwo\n```\n";

#[test]
fn a_page_is_run_where_no_transcript_fits_and_blessed_once() {
    let site = Site::new(&[("docs/a.md", STALE)]);
    assert_eq!(site.bless(&["--check", "docs"]), (Some(1), "docs/a.md: 1 step would change\n".to_owned()));
    assert_eq!(site.read("docs/a.md"), STALE);
    assert_eq!(site.bless(&["docs"]), (Some(0), "docs/a.md: 1 step blessed\n".to_owned()));
    assert_eq!(site.read("docs/a.md"), TRUE);
    for arguments in [&["docs"][..], &["--check", "docs"]] {
        assert_eq!(site.bless(arguments), (Some(0), "nothing to bless: the pages are true\n".to_owned()));
    }
    assert_eq!(site.read("docs/a.md"), TRUE);
}

/// What a step prints differs from run to run: a second run would be seen.
#[test]
fn a_saved_run_is_enough() {
    let site = Site::new(&[("a.md", "```bash\nhead -c 12 /dev/urandom | base64\n```\n\n```text\nsome bytes\n```\n")]);
    assert_eq!(site.doccheck(&["run", "a.md"]).0, Some(1));
    let (_, dry, _) = site.doccheck(&["bless", "--dry-run", "a.md"]);
    assert_eq!(site.bless(&["a.md"]).0, Some(0));
    let printed = site.read("a.md").lines().nth(5).expect("a line").to_owned();
    assert!(printed.len() > 15 && dry.contains(&format!("\n+{printed}\n")), "{dry}");
    assert_eq!(site.bless(&["--check", "a.md"]), (Some(0), "nothing to bless: the pages are true\n".to_owned()));
    // A page that someone else changed is run again.
    std::fs::write(site.path("a.md"), site.read("a.md") + "\nMore words.\n").expect("a file can be written");
    assert_eq!(site.bless(&["--check", "a.md"]), (Some(1), "a.md: 1 step would change\n".to_owned()));
}

/// A repository whose page shows something of all that it depends on, and the page.
fn depending() -> Site {
    const STEPS: [(&str, &str); 6] = [
        ("echo $ENV", "env"),
        ("echo $SEED", "seed"),
        ("cat own.txt", "own"),
        ("cat data/a.csv", "data"),
        ("tool", "tool"),
        ("cat served", "served"),
    ];
    let steps = STEPS.map(|(code, shown)| format!("```bash\n{code}\n```\n\n```text\n{shown}\n```\n\n"));
    let options = "---\ndoccheck:\n  setup: ../seed.sh\n  workspace: own\n---\n";
    let config = "[env]\nENV = \"env\"\n[workspace]\nfiles = [\"data/*.csv\"]\npath = [\"bin\"]\n\
                  [sandbox]\ndir = \"api\"\n[[service]]\nrun = \"cp it.txt $HOME/../work/served; echo ready; sleep 60\"\n\
                  ready = \"text:ready\"\ncwd = \"server\"\n";
    let sandbox = "start = \"2026-05-15T09:00:00Z\"\napis = []\n";
    let site = Site::new(&[
        ("docs/a.md", &(options.to_owned() + &steps.concat())),
        ("docs/own/own.txt", "own\n"),
        ("doccheck.toml", config),
        ("seed.sh", "export SEED=seed\n"),
        ("data/a.csv", "data\n"),
        ("bin/tool", "#!/bin/sh\necho tool\n"),
        ("api/sandbox.toml", sandbox),
        ("server/it.txt", "served\n"),
    ]);
    std::fs::set_permissions(site.path("bin/tool"), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("it is ours");
    site
}

#[test]
fn a_saved_run_counts_as_long_as_all_that_it_depended_on_is_as_it_was() {
    let site = depending();
    let told = |words: &str| {
        let mut terminal = Terminal::start(&mut site.command(&["review", "docs/a.md"]));
        terminal.wait_for(words);
        assert_eq!(terminal.end(), Some(if words.starts_with("nothing") { 0 } else { 2 }), "{words}");
    };
    assert_eq!(site.doccheck(&["run", "docs/a.md"]).0, Some(0));
    told("nothing to review: the pages are true");
    let changes = [
        ("doccheck.toml", "\"env\"", "doccheck.toml", 1),
        ("seed.sh", "=seed", "seed.sh", 1),
        ("docs/own/own.txt", "own", "docs/own", 1),
        ("data/a.csv", "data", "data/*.csv", 1),
        ("bin/tool", "echo tool", "bin", 1),
        ("server/it.txt", "served", "server", 1),
        ("api/sandbox.toml", "[]", "api", 0),
    ];
    for (path, old, input, steps) in changes {
        let before = site.read(path);
        let new = if path == "api/sandbox.toml" {
            "[] # none".to_owned()
        } else {
            old.replace(|c: char| c.is_alphabetic(), "x")
        };
        let new = if path == "bin/tool" { "echo xxxx".to_owned() } else { new };
        std::fs::write(site.path(path), before.replacen(old, &new, 1)).expect("a file can be written");
        told(&format!("docs/a.md cannot be judged by its last run: {input} has changed since it was run"));
        let expected = match steps {
            0 => (Some(0), "nothing to bless: the pages are true\n".to_owned()),
            _ => (Some(1), "docs/a.md: 1 step would change\n".to_owned()),
        };
        assert_eq!(site.bless(&["--check", "docs/a.md"]), expected, "{path}");
        std::fs::write(site.path(path), before).expect("a file can be written");
        assert_eq!(site.bless(&["--check", "docs/a.md"]).0, Some(0), "{path}");
    }
    // What lies beside all that changes nothing.
    for (path, text) in [("data/b.txt", "x"), ("bin/notes", "x"), ("docs/b.md", "# Other\n")] {
        std::fs::write(site.path(path), text).expect("a file can be written");
    }
    told("nothing to review: the pages are true");
    let saved =
        std::fs::read_dir(site.path(".cache/doccheck/runs")).expect("it is there").flatten().next().expect("one");
    let saved = saved.path().join("last/docs%2Fa.md.json");
    let text = std::fs::read_to_string(&saved).expect("it is there");
    let version = concat!("\"doccheck\":\"", env!("CARGO_PKG_VERSION"), "\"");
    assert!(text.contains(version), "{text}");
    std::fs::write(&saved, text.replacen(version, "\"doccheck\":\"0.0.1\"", 1)).expect("a file can be written");
    told("cannot be judged by its last run: another version of doccheck ran it");
}

#[test]
fn what_was_not_shown_is_added_where_asked() {
    let site = Site::new(&[("a.md", "> ```bash\n> echo one\n> ```\n\n```console\n$ echo two\n$ true\n```\n")]);
    assert_eq!(site.bless(&["a.md"]), (Some(0), "nothing to bless: the pages are true\n".to_owned()));
    assert_eq!(site.bless(&["--add", "a.md"]), (Some(0), "a.md: 2 steps blessed\n".to_owned()));
    assert_eq!(
        site.read("a.md"),
        "> ```bash\n> echo one\n> ```\n>\n> ```text\n> one\n> ```\n\n```console\n$ echo two\ntwo\n$ true\n```\n"
    );
    assert_eq!(site.doccheck(&["run", "a.md"]).0, Some(0));
}

#[test]
fn what_a_person_must_decide_is_told_and_the_rest_is_blessed() {
    let config = "[env]\npass = [\"API_KEY\"]\n";
    let text = "```bash\necho one\n```\n\n```text\n1\n```\n\n```bash\necho $API_KEY\n```\n\n```text\nkey\n```\n\n```bash\nexit 3\n```\n";
    let site = Site::new(&[("a.md", text), ("doccheck.toml", config)]);
    let output = site.command(&["bless", "a.md"]).env("API_KEY", "s3cr3t-0123456789").output().expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).expect("it is UTF-8");
    assert!(
        told.contains("what `shell-9` printed holds a secret, which must not stand on the page\n  --> a.md:14:1"),
        "{told}"
    );
    assert!(told.contains("`shell-17`: it exited with status 3, not 0"), "{told}");
    assert_eq!(String::from_utf8(output.stdout).as_deref(), Ok("a.md: 1 step blessed\n"));
    assert_eq!(site.read("a.md"), text.replacen("\n1\n", "\none\n", 1));
}

/// Where such a fence ends the next one begins, so nobody but the author can say what belongs into which.
#[test]
fn a_service_that_several_fences_show_is_left_to_its_author() {
    let page = |later: &str| {
        format!(
            "<!-- doccheck: ready=\"text:up\" session=server -->\n\n```bash\n\
             echo up; while [ ! -e go ]; do sleep 0.02; done; echo went; sleep 60\n```\n\n```text\nup\n```\n\n\
             ```bash\ntouch go\n```\n\n<!-- doccheck: session=server -->\n\n```text\n{later}\n```\n"
        )
    };
    let site = Site::new(&[("a.md", &page("stayed")), ("b.md", &page("went"))]);
    assert_eq!(site.bless(&["b.md"]), (Some(0), "nothing to bless: the pages are true\n".to_owned()));
    assert_eq!(site.doccheck(&["run", "a.md"]).0, Some(1));
    for arguments in [&["bless", "a.md"][..], &["bless", "--check", "a.md"], &["bless", "--add", "a.md"]] {
        let (status, out, told) = site.doccheck(arguments);
        assert_eq!((status, out.as_str()), (Some(1), ""), "{told}");
        assert!(
            told.contains("`shell-3`, which several fences show: line 1 is missing from the output\n  --> a.md:18:1"),
            "{told}"
        );
        assert!(told.contains("what the service printed here begins with `went`"), "{told}");
    }
    assert_eq!(site.read("a.md"), page("stayed"));
}

#[test]
fn a_value_that_is_captured_only_now_asks_for_another_run() {
    let text = "```bash\necho id 7 new\n```\n\n```text\nid <id:int> old\n```\n\n```bash\necho \"got <id>\"\n```\n\n```text\nhad 7\n```\n";
    let site = Site::new(&[("a.md", text)]);
    let (code, out, err) = site.doccheck(&["bless", "a.md"]);
    assert_eq!((code, out.as_str()), (Some(1), "a.md: 1 step blessed\n"));
    assert!(err.contains("`shell-9` ran before `<id>` had a value"), "{err}");
    assert_eq!(site.bless(&["a.md"]), (Some(0), "a.md: 1 step blessed\n".to_owned()));
    assert_eq!(site.read("a.md"), text.replace("old", "new").replace("had 7", "got 7"));
}

#[test]
fn permissions_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let site = Site::new(&[("real/a.md", STALE)]);
    std::fs::set_permissions(site.path("real/a.md"), PermissionsExt::from_mode(0o640)).expect("it is ours");
    symlink("real/a.md", site.path("a.md")).expect("a link can be made");
    assert_eq!(site.bless(&["a.md"]).0, Some(0));
    assert_eq!(site.read("real/a.md"), TRUE);
    assert!(site.path("a.md").is_symlink());
    let mode = std::fs::metadata(site.path("real/a.md")).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o640);

    std::fs::write(site.path("real/a.md"), STALE).expect("a file can be written");
    std::fs::set_permissions(site.path("real/a.md"), PermissionsExt::from_mode(0o440)).expect("it is ours");
    let (code, _, err) = site.doccheck(&["bless", "a.md"]);
    assert_eq!(code, Some(3));
    assert!(err.contains("a.md is not written: it is write-protected"), "{err}");
    assert_eq!(site.read("real/a.md"), STALE);
}

#[test]
fn git_applies_the_patch() {
    let pages: [(&str, String); 4] = [
        ("docs/a.md", STALE.to_owned()),
        ("docs/with blank.md", STALE.replace('\n', "\r\n")),
        ("docs/é.md", STALE.trim_end().to_owned()),
        ("docs/open.md", "```bash\necho one; echo two\n```\n\n```text\none\n2".to_owned()),
    ];
    let files: Vec<(&str, &str)> = pages.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let (patched, site) = (Site::new(&files), Site::new(&files));
    assert_eq!(site.bless(&["docs"]).0, Some(0));
    let (code, patch, _) = patched.doccheck(&["bless", "--dry-run", "docs"]);
    assert_eq!(code, Some(0));
    for (path, text) in &pages {
        assert_eq!(&patched.read(path), text);
    }
    let mut git = Command::new("git")
        .args(["apply", "--whitespace=nowarn", "-"])
        .current_dir(patched.0.path())
        .env("GIT_CEILING_DIRECTORIES", patched.0.path().parent().expect("it has a parent"))
        .stdin(Stdio::piped())
        .spawn()
        .expect("git starts");
    git.stdin.take().expect("it is piped").write_all(patch.as_bytes()).expect("git reads");
    assert!(git.wait().expect("git ends").success(), "{patch}");
    for (path, text) in &pages {
        assert_eq!(patched.read(path), site.read(path));
        assert_eq!(&site.read(path), &text.replacen('2', "two", 1));
    }
}

/// Ten steps, of each what it prints and what the page shows.
const STEPS: [(&str, &str); 10] = [
    ("alpha", "a"),
    ("beta", "b"),
    ("gamma", "c"),
    ("took 12ms", "took 99ms"),
    ("id: 7", "id: 8"),
    ("delta", "d"),
    ("epsilon", "e"),
    ("zeta", "f"),
    ("eta", "g"),
    ("theta", "h"),
];

/// The page with `STEPS`, of which each shows what `shown` says of its index, or the old output.
fn ten(shown: &[(usize, &str)]) -> String {
    let steps = STEPS.iter().enumerate().map(|(at, (printed, old))| {
        let text = shown.iter().find(|(index, _)| *index == at).map_or(*old, |(_, text)| text);
        format!("## Step {at}\n\n```bash\necho '{printed}'\n```\n\n```text\n{text}\n```\n\n")
    });
    steps.collect()
}

/// A program in a terminal of its own.
struct Terminal {
    child: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    seen: String,
    line: std::os::fd::OwnedFd,
}

impl Terminal {
    const PATIENCE: Duration = Duration::from_secs(60);

    fn start(command: &mut Command) -> Self {
        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("there are terminals");
        grantpt(&master).expect("it is ours");
        unlockpt(&master).expect("it is ours");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let name = Path::new(name.to_str().expect("a path"));
        let open = || File::options().read(true).write(true).open(name).expect("it opens");
        let child = command.stdin(open()).stdout(open()).stderr(open()).spawn().expect("doccheck starts");
        let mut reading = File::from(master.try_clone().expect("it can be cloned"));
        let (send, screen) = channel();
        // It ends when nobody has the other side open any more.
        std::thread::spawn(move || {
            let mut bytes = [0_u8; 4096];
            while let Ok(count @ 1..) = std::io::Read::read(&mut reading, &mut bytes) {
                if send.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, keyboard: File::from(master), screen, seen: String::new(), line: open().into() }
    }

    /// Waits until the screen shows `words` after what was waited for before.
    fn wait_for(&mut self, words: &str) {
        let until = Instant::now() + Self::PATIENCE;
        loop {
            if let Some(at) = self.seen.find(words) {
                self.seen.drain(..at + words.len());
                return;
            }
            let left = until.saturating_duration_since(Instant::now());
            let bytes = self.screen.recv_timeout(left).unwrap_or_else(|_| panic!("no `{words}` in: {}", self.seen));
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
    }

    fn press(&mut self, key: char) {
        self.keyboard.write_all(&[key as u8]).expect("the terminal is open");
    }

    /// Presses a key where change `at` of ten is asked about.
    fn answer(&mut self, at: usize, key: char) {
        self.wait_for(&format!("a.md {at}/10 [a r s A R S u i w q ?] "));
        self.press(key);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("it runs");
    }

    /// Waits for the end: the exit status.
    fn end(&mut self) -> Option<i32> {
        let until = Instant::now() + Self::PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                return status.code();
            }
            if Instant::now() > until {
                self.child.kill().expect("it can be killed");
                panic!("it does not end: {}", self.seen);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn is_restored(&self) -> bool {
        let modes = rustix::termios::tcgetattr(&self.line).expect("it is a terminal").local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Where it has ended there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The keys of a whole review, each with the change that is asked about then.
const KEYS: [(usize, char); 14] = [
    (1, 'a'),
    (2, 'r'),
    (3, 's'),
    (4, 'w'),
    (4, 'a'),
    (5, 'w'),
    (5, 'w'),
    (5, 'a'),
    (6, 'r'),
    (7, 'u'),
    (6, 'a'),
    (7, 'i'),
    (7, 's'),
    (8, 'A'),
];

#[test]
fn a_review_of_ten_steps_ends_as_decided() {
    let site = Site::new(&[("a.md", &ten(&[]))]);
    assert_eq!(site.doccheck(&["run", "--quiet", "a.md"]).0, Some(1));
    let mut terminal = Terminal::start(&mut site.command(&["review", "a.md"]));
    for (at, key) in KEYS {
        terminal.answer(at, key);
        if key == 'i' {
            terminal.wait_for("the step asked the API nothing");
        }
    }
    terminal.wait_for("a.md: 7 steps taken over, 1 step rejected: mend what prints it, 2 steps left for another time");
    assert_eq!(terminal.end(), Some(1));
    assert!(terminal.is_restored());
    let expected =
        ten(&[(0, "alpha"), (3, "took [..]ms"), (4, "id: 7"), (5, "delta"), (7, "zeta"), (8, "eta"), (9, "theta")]);
    assert_eq!(site.read("a.md"), expected);
    // What is left is offered again, without another run.
    assert_eq!(site.bless(&["--check", "a.md"]), (Some(1), "a.md: 3 steps would change\n".to_owned()));
}

#[test]
fn interrupted_at_any_key_the_page_is_whole() {
    use rustix::process::Signal;
    let site = Site::new(&[("a.md", &ten(&[]))]);
    assert_eq!(site.doccheck(&["run", "--quiet", "a.md"]).0, Some(1));
    for (count, signal) in (0..KEYS.len()).zip([Signal::INT, Signal::TERM, Signal::HUP].into_iter().cycle()) {
        let mut terminal = Terminal::start(&mut site.command(&["review", "a.md"]));
        for (at, key) in &KEYS[..count] {
            terminal.answer(*at, *key);
        }
        terminal.wait_for(&format!("a.md {}/10 [", KEYS[count].0));
        terminal.signal(signal);
        assert_eq!(terminal.end(), Some(130), "after {count} keys");
        assert!(terminal.is_restored(), "after {count} keys");
        assert_eq!(site.read("a.md"), ten(&[]), "after {count} keys");
    }
    // Nobody can restore a terminal after SIGKILL; the page is whole all the same.
    let mut terminal = Terminal::start(&mut site.command(&["review", "a.md"]));
    terminal.answer(1, 'a');
    terminal.wait_for("a.md 2/10 [");
    terminal.signal(Signal::KILL);
    assert_eq!(terminal.end(), None);
    assert_eq!(site.read("a.md"), ten(&[]));
    assert!(
        std::fs::read_dir(site.0.path())
            .expect("it is there")
            .flatten()
            .all(|entry| { [".git", ".cache", "a.md"].contains(&entry.file_name().to_str().unwrap_or_default()) })
    );
}

#[test]
fn a_changed_word_is_nothing_to_loosen() {
    let site = Site::new(&[("a.md", "```bash\necho closed\n```\n\n```text\nopen\n```\n")]);
    assert_eq!(site.doccheck(&["run", "--quiet", "a.md"]).0, Some(1));
    let mut terminal = Terminal::start(&mut site.command(&["review", "a.md"]));
    terminal.wait_for("a.md 1/1 [");
    terminal.press('w');
    terminal.wait_for("there is nothing to loosen: what differs is no id, number, time");
    terminal.wait_for("a.md 1/1 [");
    terminal.press('a');
    assert_eq!(terminal.end(), Some(0));
    assert_eq!(site.read("a.md"), "```bash\necho closed\n```\n\n```text\nclosed\n```\n");
}

#[test]
fn quitting_keeps_what_was_accepted() {
    let site = Site::new(&[("a.md", &ten(&[]))]);
    assert_eq!(site.doccheck(&["run", "--quiet", "a.md"]).0, Some(1));
    let mut terminal = Terminal::start(&mut site.command(&["review", "a.md"]));
    terminal.wait_for("a.md 1/10 [");
    // The arrow up, which ends in the letter that accepts all.
    terminal.keyboard.write_all(b"\x1b[A").expect("the terminal is open");
    terminal.press('?');
    terminal.answer(1, 'r');
    terminal.answer(2, 'a');
    terminal.answer(3, 'q');
    assert_eq!(terminal.end(), Some(1));
    assert!(terminal.is_restored());
    assert_eq!(site.read("a.md"), ten(&[(1, "beta")]));
}

#[test]
fn a_review_needs_a_run_of_the_page_as_it_is_and_a_terminal() {
    let site = Site::new(&[("a.md", STALE)]);
    let (code, out, err) = site.doccheck(&["review", "--add", "a.md"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert_eq!(
        err,
        "error[no-terminal]: a review asks a person, and this is no terminal\n\
         \x20  = help: `doccheck bless --dry-run --add a.md` prints what would change\n\
         \x20  = help: `doccheck bless --add a.md` changes it\n"
    );
    let review = |words: &str| {
        let mut terminal = Terminal::start(&mut site.command(&["review", "a.md"]));
        terminal.wait_for(words);
        terminal.wait_for("a.md:1:1");
        terminal.wait_for("run it first: `doccheck run a.md`");
        assert_eq!(terminal.end(), Some(2));
    };
    review("a.md cannot be judged by its last run: it has not been run");
    assert_eq!(site.doccheck(&["run", "a.md"]).0, Some(1));
    std::fs::write(site.path("a.md"), STALE.replace("Stale", "Staler")).expect("a file can be written");
    review("a.md cannot be judged by its last run: it has changed since it was run");
}

#[test]
fn a_page_that_changes_during_the_review_is_not_overwritten() {
    let site = Site::new(&[("a.md", STALE)]);
    assert_eq!(site.doccheck(&["run", "a.md"]).0, Some(1));
    let mut terminal = Terminal::start(&mut site.command(&["review", "a.md"]));
    terminal.wait_for("a.md 1/1 [");
    std::fs::write(site.path("a.md"), "# Another page\n").expect("a file can be written");
    terminal.press('a');
    terminal.wait_for("a.md is not written: it was changed meanwhile");
    assert_eq!(terminal.end(), Some(3));
    assert_eq!(site.read("a.md"), "# Another page\n");
}

/// What is known to be stale is left alone, and nobody says that it is true.
#[test]
fn what_is_known_to_be_stale_is_not_called_true() {
    let page = "<!-- doccheck: expect-stale=\"waits for #12\" -->\n```bash\necho new\n```\n\n```text\nold\n```\n";
    let site = Site::new(&[("a.md", page)]);
    let told = "nothing to bless: `doccheck run` tells what is known to be stale, and about snapshots\n";
    assert_eq!(site.bless(&["a.md"]), (Some(0), told.to_owned()));
    assert_eq!(site.read("a.md"), page);
}
