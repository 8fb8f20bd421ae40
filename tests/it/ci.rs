//! Reports for machines and other people, runs in parts, and what stands in front of them: workflows and documentation.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up shall fail")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use doccheck::report::schema::{
    Check, CheckKind, Diagnostic, Page, PageVerdict, Run, Severity, Shard, Step, StepVerdict, Summary,
};
use doccheck::report::{Kind, json, merge};
use proptest::prelude::*;
use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

const GOOD: &str = "```bash\necho hello\n```\n\n```\nhello\n```\n";

const STALE: &str = "\
# Stale

```bash name=greet
printf 'hello\\nw<o>rld & \"co\" ```\\n'
```

```
hello
word
```

```bash name=unchecked
echo more
```

```bash skip=\"needs a screen\"
true
```

```bash name=fails
exit 3
```

```bash name=late
true
```
";

const BROKEN: &str = "```bash timeout=soon\ntrue\n```\n<!-- doccheck: timeout=soon -->\n```bash\ntrue\n```\n";

/// A folder of pages with a cache of its own, and `doccheck` called in it.
struct Site(tempfile::TempDir);

impl Site {
    fn new(files: &[(&str, &str)]) -> Self {
        let site = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir(site.path().join(".git")).unwrap();
        site.write(files);
        site
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            let path = self.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doccheck"));
        command.current_dir(self.path()).args(arguments).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", self.path()).env("XDG_CACHE_HOME", self.path().join(".cache"));
        command
    }

    fn doccheck(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path().join(path)).unwrap()
    }

    /// What `doccheck` prints, and its exit status.
    fn told(&self, arguments: &[&str]) -> (String, i32) {
        let output = self.doccheck(arguments);
        (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
    }

    /// What `doccheck` complains of, and its exit status.
    fn complains(&self, arguments: &[&str]) -> (String, i32) {
        let output = self.doccheck(arguments);
        (String::from_utf8(output.stderr).unwrap(), output.status.code().unwrap())
    }
}

fn mixed() -> Site {
    Site::new(&[("docs/good.md", GOOD), ("docs/stale.md", STALE), ("docs/broken.md", BROKEN)])
}

/// A rule of Jenkins' `junit-10.xsd` in our own words.
struct Element {
    name: &'static str,
    /// The attributes that it may have, parted by blanks.
    may: &'static str,
    /// Those of them that it must have.
    must: &'static str,
    /// The elements that may stand in it; text may where none may.
    inside: &'static str,
}

const JUNIT: [Element; 7] = [
    Element { name: "testsuites", may: "name time tests failures errors", must: "", inside: "testsuite" },
    Element {
        name: "testsuite",
        may: "name tests failures errors group time skipped timestamp hostname id package file log url version",
        must: "name tests failures errors",
        inside: "testsuite properties testcase system-out system-err",
    },
    Element {
        name: "testcase",
        may: "name time classname group",
        must: "name",
        inside: "skipped error failure system-out system-err",
    },
    Element { name: "failure", may: "type message", must: "", inside: "" },
    Element { name: "error", may: "type message", must: "", inside: "" },
    Element { name: "skipped", may: "type message", must: "", inside: "" },
    Element { name: "system-out", may: "", must: "", inside: "" },
];

fn among(words: &str, word: &str) -> bool {
    words.split(' ').any(|known| known == word)
}

/// Everything that is wrong with a JUnit report; an XML error first of all.
fn junit_faults(text: &str) -> Vec<String> {
    let document = match roxmltree::Document::parse(text) {
        Ok(document) => document,
        Err(error) => return vec![error.to_string()],
    };
    let time = regex::Regex::new(r"^[0-9]+\.[0-9]{3}$").unwrap();
    let mut faults = Vec::new();
    if document.root_element().tag_name().name() != "testsuites" {
        faults.push("the root is no `testsuites`".to_owned());
    }
    for node in document.descendants() {
        if node.is_text() && !node.text().unwrap().trim().is_empty() {
            let parent = node.parent().unwrap().tag_name().name();
            if !JUNIT.iter().any(|rule| rule.name == parent && rule.inside.is_empty()) {
                faults.push(format!("text in `{parent}`"));
            }
        }
        if !node.is_element() {
            continue;
        }
        let name = node.tag_name().name();
        let Some(rule) = JUNIT.iter().find(|rule| rule.name == name) else {
            faults.push(format!("nobody knows `{name}`"));
            continue;
        };
        for attribute in node.attributes() {
            if !among(rule.may, attribute.name()) {
                faults.push(format!("`{name}` has no `{}`", attribute.name()));
            } else if attribute.name() == "time" && !time.is_match(attribute.value()) {
                faults.push(format!("`{}` is no time", attribute.value()));
            }
        }
        let lacking = rule.must.split_whitespace().filter(|key| !node.has_attribute(*key));
        faults.extend(lacking.map(|key| format!("`{name}` lacks `{key}`")));
        let inside = node.children().filter(roxmltree::Node::is_element).map(|child| child.tag_name().name());
        faults.extend(inside.filter(|child| !among(rule.inside, child)).map(|child| format!("`{child}` in `{name}`")));
        if name == "testsuite" || name == "testsuites" {
            for (key, element) in [("tests", "testcase"), ("failures", "failure"), ("errors", "error")] {
                let count = node.descendants().filter(|below| below.has_tag_name(element)).count();
                if node.attribute(key) != Some(&count.to_string()) {
                    faults.push(format!("`{key}` of `{name}` is not {count}"));
                }
            }
        }
    }
    faults
}

fn sarif_faults(text: &str) -> Vec<String> {
    let schema = std::fs::read_to_string(Path::new(ROOT).join("tests/schemas/sarif.json")).unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let document: Value = serde_json::from_str(text).unwrap();
    let errors = validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path()));
    let run = &document["runs"][0];
    let rules = &run["tool"]["driver"]["rules"];
    let lost = run["results"].as_array().unwrap().iter().filter(|result| {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        rules[index]["id"] != result["ruleId"]
    });
    errors.chain(lost.map(|result| format!("{result} has another rule"))).collect()
}

#[test]
fn a_run_saves_its_reports() {
    let site = mixed();
    let outputs = ["junit=out/deep/junit.xml", "sarif=out/x.sarif", "markdown=out/x.md", "json=out/x.json"];
    let mut arguments = vec!["run", "docs"];
    arguments.extend(outputs.iter().flat_map(|output| ["--output", output]));
    let (_, code) = site.told(&arguments);
    assert_eq!(code, 2, "a page cannot be read");

    let junit = site.read("out/deep/junit.xml");
    assert_eq!(junit_faults(&junit), Vec::<String>::new(), "{junit}");
    let document = roxmltree::Document::parse(&junit).unwrap();
    let came: Vec<(String, &str)> = document
        .descendants()
        .filter(|node| node.has_tag_name("testcase"))
        .map(|node| {
            let name = format!("{} {}", node.attribute("classname").unwrap(), node.attribute("name").unwrap());
            (name, node.first_element_child().map_or("passed", |child| child.tag_name().name()))
        })
        .collect();
    let came: Vec<(&str, &str)> = came.iter().map(|(name, came)| (name.as_str(), *came)).collect();
    assert_eq!(
        came,
        [
            ("docs/broken.md the page itself", "error"),
            ("docs/good.md shell-1", "passed"),
            ("docs/stale.md greet", "failure"),
            ("docs/stale.md unchecked", "system-out"),
            ("docs/stale.md shell-16", "skipped"),
            ("docs/stale.md fails", "failure"),
            ("docs/stale.md late", "skipped"),
        ]
    );
    let failure = document.descendants().find(|node| node.has_tag_name("failure")).unwrap();
    assert_eq!(
        failure.text().unwrap(),
        "docs/stale.md:9: what `greet` printed is not what the page shows: line 2 differs\n\n hello\n-word\n+w<o>rld & \"co\" ```"
    );
    assert_eq!(failure.attribute("type"), Some("stale-output"));

    let sarif = site.read("out/x.sarif");
    assert_eq!(sarif_faults(&sarif), Vec::<String>::new(), "{sarif}");
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let place = &results[1]["locations"][0]["physicalLocation"];
    assert_eq!(results[1]["ruleId"], "stale-output");
    assert_eq!(
        (&place["artifactLocation"]["uri"], &place["region"]["startLine"]),
        (&"docs/stale.md".into(), &9.into())
    );

    let markdown = site.read("out/x.md");
    assert!(
        markdown.starts_with("<!-- doccheck -->\n### doccheck: ❌ 2 of 3 pages are not true or could not be run\n")
    );
    assert!(markdown.contains("3 pages: 1 ok, 1 stale, 1 error; 6 steps: 1 ok, 2 stale, 1 unchecked, 1 not reached"));
    assert!(markdown.contains("````diff\n hello\n-word\n+w<o>rld & \"co\" ```\n````\n"), "{markdown}");

    let run = json::read_run(&site.read("out/x.json")).unwrap();
    assert_eq!(run.exit, 2);
    // What is reported later is what was reported at once.
    for (kind, file) in [("junit", "out/deep/junit.xml"), ("sarif", "out/x.sarif"), ("markdown", "out/x.md")] {
        for source in [vec!["report", "--format", kind], vec!["report", "out/x.json", "--format", kind]] {
            assert_eq!(site.told(&source), (site.read(file), 0), "{source:?}");
        }
    }
    assert_eq!(site.told(&["report"]), (site.read("out/x.md"), 0), "Markdown is what people read");
    assert_eq!(site.told(&["report", "--output", "json=again.json"]), (String::new(), 0));
    assert_eq!(site.read("again.json"), site.read("out/x.json"));
}

#[test]
fn a_report_that_cannot_be_saved_or_meant_is_told() {
    let site = Site::new(&[("good.md", GOOD), ("file", "")]);
    let (said, code) = site.complains(&["run", "good.md", "--output", "junit=file/junit.xml"]);
    assert!(said.contains("cannot write file/junit.xml"), "{said}");
    assert_eq!(code, 3);
    for (wrong, hint) in [("html=x", "the kinds are junit, sarif, markdown, json"), ("junit", "name the file")] {
        let (said, code) = site.complains(&["run", "good.md", "--output", wrong]);
        assert!(said.contains(hint) && code == 2, "{said}");
    }
}

#[test]
fn what_is_no_run_is_told() {
    let site = Site::new(&[("list.json", "{\"schema\": \"doccheck.list/1\"}"), ("half.json", "{\"schema\":")]);
    site.write(&[("bare.json", "{\"schema\": \"doccheck.run/1\"}")]);
    for (arguments, hint) in [
        (vec!["report"], "is kept"),
        (vec!["report", "gone.json"], "there is no such file"),
        (vec!["report", "list.json"], "it is a `doccheck.list/1`, not a `doccheck.run/1`"),
        (vec!["report", "half.json"], "it is not JSON"),
        (vec!["report", "merge", "bare.json"], "missing field"),
    ] {
        let (said, code) = site.complains(&arguments);
        assert!(said.contains(hint) && code == 2, "{arguments:?}: {said}");
    }
}

/// A page may have any name; the last run is the last one also where it could not start.
#[test]
fn the_last_run_is_kept_apart_from_pages() {
    let site = Site::new(&[("run", GOOD), ("good.md", GOOD)]);
    assert_eq!(site.told(&["run", "run", "-q"]).1, 0);
    let run = json::read_run(&site.told(&["report", "--format", "json"]).0).unwrap();
    assert_eq!(run.pages.iter().map(|page| page.path.as_str()).collect::<Vec<_>>(), ["run"]);
    site.write(&[("doccheck.toml", "strikt = true\n")]);
    assert_eq!(site.told(&["run", "good.md"]).1, 2);
    let run = json::read_run(&site.told(&["report", "--format", "json"]).0).unwrap();
    assert_eq!((run.exit, run.diagnostics[0].code.as_str()), (2, "unknown-key"));
}

#[test]
fn a_workflow_gets_its_summary() {
    let site = mixed();
    site.write(&[("summary.md", "before\n")]);
    for expected in [1, 2] {
        let mut command = site.command(&["run", "docs/stale.md", "--quiet"]);
        let output = command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", "summary.md").output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let summary = site.read("summary.md");
        assert!(summary.starts_with("before\n"));
        assert_eq!(summary.matches("### doccheck: ❌ 1 of 1 page is not true\n").count(), expected, "{summary}");
    }
    let mut command = site.command(&["run", "docs/good.md"]);
    command.env("GITHUB_STEP_SUMMARY", "other.md").output().unwrap();
    assert!(!site.path().join("other.md").exists(), "only under GITHUB_ACTIONS");
}

#[test]
fn no_report_holds_a_secret() {
    let page = "```bash name=leak\necho \"key $API_TOKEN\"\necho $API_TOKEN >&2\nexit 1\n```\n\n```\nkey\n```\n";
    let site = Site::new(&[("page.md", page), ("doccheck.toml", "[env]\npass = [\"API_TOKEN\"]\n")]);
    let secret = "s3cr3t-0123456789abcdef";
    let kinds = Kind::ALL.map(|kind| format!("{}=out/{}", kind.name(), kind.name()));
    let mut command = site.command(&["run", "page.md"]);
    command.args(kinds.iter().flat_map(|kind| ["--output", kind])).env("API_TOKEN", secret);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", "out/summary");
    std::fs::create_dir(site.path().join("out")).unwrap();
    assert_eq!(command.output().unwrap().status.code(), Some(1));
    for file in ["junit", "sarif", "markdown", "json", "summary"] {
        let text = site.read(&format!("out/{file}"));
        assert!(text.contains("leak") && !text.contains(secret), "{file}: {text}");
    }
}

/// What fails a run without failing a step is red in JUnit and in Markdown as well.
#[test]
fn a_report_is_red_where_the_run_is() {
    let open = "```bash\ntrue\n```\n\n```bsh\ntrue\n```\n";
    let site = Site::new(&[("open.md", open), ("empty/x.txt", ""), ("good.md", GOOD)]);
    for (arguments, status, words) in [
        (vec!["run", "open.md", "--strict"], 1, "fails a strict run"),
        (vec!["run", "empty"], 4, "there is no page to look at"),
        (vec!["run", "gone.md"], 2, "there is no page or folder gone.md"),
        (vec!["run", "good.md"], 0, "shell-1"),
    ] {
        assert_eq!(site.told(&arguments).1, status, "{arguments:?}");
        let (junit, _) = site.told(&["report", "--format", "junit"]);
        assert_eq!(junit_faults(&junit), Vec::<String>::new());
        let red = junit.contains("<error ") || junit.contains("<failure ");
        assert!(red == (status != 0) && junit.contains(words), "{arguments:?}: {junit}");
        let (markdown, _) = site.told(&["report"]);
        assert_eq!(markdown.contains('❌'), status != 0, "{markdown}");
        assert_eq!(sarif_faults(&site.told(&["report", "--format", "sarif"]).0), Vec::<String>::new());
    }
}

/// A line for each page and each step with its verdict, sorted by page.
fn verdicts(run: &Run) -> Vec<String> {
    let mut pages: Vec<&Page> = run.pages.iter().collect();
    pages.sort_by_key(|page| &page.path);
    let of_page = |page: &&Page| {
        let steps = page.steps.iter().map(|step| format!("  {} {:?}", step.name, step.verdict));
        std::iter::once(format!("{} {:?}", page.path, page.verdict)).chain(steps).collect::<Vec<_>>()
    };
    pages.iter().flat_map(of_page).collect()
}

#[test]
fn five_shards_merged_are_one_run() {
    let site = Site::new(&[("doccheck.toml", "[pages]\ninclude = [\"docs/**/*.md\"]\n")]);
    for at in 0..14 {
        let text = [GOOD, STALE, GOOD, BROKEN][at % 4];
        site.write(&[(&format!("docs/{}/page-{at}.md", at % 3), text)]);
    }
    assert_eq!(site.told(&["run", "--output", "json=whole.json"]).1, 2);
    let whole = json::read_run(&site.read("whole.json")).unwrap();
    let mut codes = BTreeSet::new();
    let mut files = Vec::new();
    for shard in 1..=5 {
        let file = format!("shard-{shard}.json");
        let (_, code) = site.told(&["run", "--shard", &format!("{shard}/5"), "--output", &format!("json={file}")]);
        codes.insert(code);
        files.push(file);
    }
    let mut arguments = vec!["report", "merge", "--format", "json"];
    arguments.extend(files.iter().map(String::as_str));
    let (merged, code) = site.told(&arguments);
    let merged = json::read_run(&merged).unwrap();
    assert_eq!(verdicts(&merged), verdicts(&whole));
    assert_eq!(Summary { duration_ms: 0, ..merged.summary.clone() }, Summary { duration_ms: 0, ..whole.summary });
    assert_eq!((code, merged.exit, whole.exit, codes.into_iter().max()), (2, 2, 2, Some(2)));
    assert!(merged.pages.is_sorted_by_key(|page| &page.path));
    assert_eq!(merged.diagnostics, whole.diagnostics);
    let sum: u64 = files.iter().map(|file| json::read_run(&site.read(file)).unwrap().summary.duration_ms).sum();
    assert_eq!(merged.summary.duration_ms, sum);

    // A page that comes moves no other.
    let held = |file: &str| -> BTreeSet<String> {
        json::read_run(&site.read(file)).unwrap().pages.into_iter().map(|page| page.path).collect()
    };
    let before = held("shard-2.json");
    site.write(&[("docs/0/another.md", GOOD), ("docs/1/more.md", GOOD)]);
    site.told(&["run", "--shard", "2/5", "--output", "json=shard-2.json"]);
    let after = held("shard-2.json");
    let new = ["docs/0/another.md", "docs/1/more.md"].map(str::to_owned).into();
    assert!(before.is_subset(&after) && after.difference(&before).cloned().collect::<BTreeSet<_>>().is_subset(&new));
}

#[test]
fn a_merged_run_has_every_shard_once() {
    let site = Site::new(&[("good.md", GOOD)]);
    for shard in ["1/3", "2/3", "3/3", "2/2"] {
        let file = format!("json={}.json", shard.replace('/', "-"));
        assert_eq!(site.told(&["run", "good.md", "--shard", shard, "--output", &file]).1, 0);
    }
    let shard = json::read_run(&site.read("2-3.json")).unwrap().shard;
    assert_eq!(shard, Some(Shard { index: 2, of: 3 }));
    site.told(&["run", "good.md", "--output", "json=whole.json"]);
    assert_eq!(json::read_run(&site.read("whole.json")).unwrap().shard, None);

    let merge =
        |files: &[&str]| site.complains(&[&["report", "merge", "--output", "json=merged.json"], files].concat());
    assert_eq!(merge(&["1-3.json", "2-3.json", "3-3.json"]), (String::new(), 0));
    let merged = json::read_run(&site.read("merged.json")).unwrap();
    assert_eq!((merged.shard, merged.exit), (None, 0));
    let (said, code) = merge(&["3-3.json", "1-3.json"]);
    assert!(said.contains("error[shard-missing]: shard 2/3 is missing\n") && code == 2, "{said}");
    let merged = json::read_run(&site.read("merged.json")).unwrap();
    assert_eq!((merged.diagnostics[0].code.as_str(), merged.exit), ("shard-missing", 2));
    let (said, code) = merge(&["2-3.json", "2-3.json", "2-2.json"]);
    for told in ["shards 1/3 and 3/3 are missing", "shard 2/3 is there more than once", "shard 1/2 is missing"] {
        assert!(said.contains(told) && code == 2, "{said}");
    }
    // Whatever a document claims, what is told of it stays short.
    let claims = |shard: &str| site.write(&[("claims.json", &site.read("2-2.json").replace("\"of\": 2", shard))]);
    claims("\"of\": 18446744073709551615");
    let (said, code) = merge(&["claims.json"]);
    assert!(said.contains(" and 18446744073709551604 more are missing") && code == 2, "{said}");
    claims("\"of\": 1");
    let (said, code) = merge(&["claims.json"]);
    assert!(said.contains("its `shard` is 2 of 1, which is no part") && code == 2, "{said}");
}

#[test]
fn an_empty_shard_is_no_failure() {
    let site = Site::new(&[("good.md", GOOD)]);
    let told: Vec<(String, i32)> =
        (1..=3).map(|shard| site.told(&["run", "good.md", "--shard", &format!("{shard}/3")])).collect();
    assert_eq!(told.iter().filter(|(text, _)| text.contains("1 page: 1 ok")).count(), 1);
    for (shard, (text, code)) in told.iter().enumerate() {
        let note = format!("note: shard {}/3 holds none of the 1 selected pages", shard + 1);
        assert!(*code == 0 && (text.contains("1 page: 1 ok") || text.contains(&note)), "{text}");
    }
    let (said, code) = site.complains(&["run", "good.md", "--shard", "4/3"]);
    assert!(said.contains("a shard is written as 2/5") && code == 2, "{said}");
    assert_eq!(site.told(&["run", ".git", "--shard", "1/3"]).1, 4, "nothing was selected in the first place");
}

/// 130 over 3 over 2 over 4 over 1 over 0.
#[test]
fn of_several_exit_statuses_the_one_that_counts_most_is_that_of_the_whole() {
    let order = [0, 1, 4, 2, 3, 130];
    for (weight, one) in order.into_iter().enumerate() {
        for other in order.into_iter().take(weight + 1) {
            let run = |exit| Run { exit, ..merge(Vec::new()) };
            assert_eq!(merge(vec![run(one), run(other)]).exit, one);
            assert_eq!(merge(vec![run(other), run(one)]).exit, one);
        }
    }
    let strange = Run { exit: 7, ..merge(Vec::new()) };
    assert!(json::read_run(&json::text(&strange)).unwrap_err().contains("7, which is no exit status"));
}

#[test]
fn a_page_in_two_runs_is_told_and_its_worst_verdict_counts() {
    let site = Site::new(&[("page.md", GOOD)]);
    site.told(&["run", "page.md", "--output", "json=one.json"]);
    site.write(&[("page.md", STALE)]);
    site.told(&["run", "page.md", "--output", "json=two.json"]);
    for order in [["one.json", "two.json"], ["two.json", "one.json"]] {
        let output = site.doccheck(&["report", "merge", order[0], order[1], "--format", "json"]);
        let run = json::read_run(std::str::from_utf8(&output.stdout).unwrap()).unwrap();
        assert_eq!(run.pages.iter().map(|page| page.verdict).collect::<Vec<_>>(), [PageVerdict::Stale]);
        assert_eq!((run.summary.pages, run.summary.stale, run.exit), (1, 1, 1));
        assert_eq!(output.status.code(), Some(1));
        assert!(
            String::from_utf8_lossy(&output.stderr).contains("warning[page-twice]: several of the runs hold page.md")
        );
    }
}

/// A real repository: pages with what they depend on.
struct Repository(Site);

impl Repository {
    fn new() -> Self {
        let site = Site(tempfile::tempdir().unwrap());
        site.write(&[
            ("doccheck.toml", "[pages]\ninclude = [\"docs/**/*.md\"]\n[sandbox]\ndir = \"api\"\n"),
            ("api/sandbox.toml", "start = \"2026-04-15T09:00:00Z\"\napis = []\n"),
            ("docs/one.md", GOOD),
            ("docs/two.md", "---\ndoccheck:\n  setup: ../fixtures/seed.sh\n  teardown: clean.sh\n---\n"),
            ("docs/clean.sh", "true\n"),
            ("fixtures/seed.sh", "true\n"),
            ("docs/three.md", "---\ndoccheck:\n  python: [\"-e ../sdk\"]\n---\n"),
            ("sdk/pyproject.toml", "[project]\nname = \"sdk\"\n"),
            ("sdk/sdk/__init__.py", "\n"),
            ("docs/deep/four.md", GOOD),
            ("src/main.c", "\n"),
            (".gitignore", ".cache\n*.log\n"),
        ]);
        let repository = Self(site);
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.commit("first");
        repository.git(&["checkout", "--quiet", "-b", "change"]);
        repository
    }

    fn git(&self, arguments: &[&str]) {
        let own = ["user.name=Nobody", "user.email=nobody@example.com", "commit.gpgsign=false"];
        let mut command = Command::new("git");
        command.current_dir(self.0.path()).args(own.iter().flat_map(|setting| ["-c", setting])).args(arguments);
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            command.env_remove(variable);
        }
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        let output = command.output().expect("git is there");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
    }

    /// As at the start: on a branch of its own that differs in nothing from `main`.
    fn reset(&self) {
        self.git(&["checkout", "--quiet", "--force", "change"]);
        self.git(&["reset", "--quiet", "--hard", "main"]);
        self.git(&["clean", "--quiet", "--force", "-d"]);
    }

    /// The pages that run, by their names.
    fn selected(&self) -> Vec<String> {
        let (document, _) = self.0.told(&["run", "--format", "json", "--changed-since", "main"]);
        let run = json::read_run(&document).unwrap();
        let name = |path: &str| Path::new(path).file_stem().unwrap().to_str().unwrap().to_owned();
        run.pages.iter().map(|page| name(&page.path)).collect()
    }
}

#[test]
fn a_change_selects_the_pages_that_it_touches() {
    const ALL: [&str; 4] = ["four", "one", "three", "two"];
    let repository = Repository::new();
    let remove = |path: &str| std::fs::remove_file(repository.0.path().join(path)).unwrap();
    let write = |path: &str| repository.0.write(&[(path, &format!("{GOOD}\n"))]);
    type Change<'a> = (&'a str, &'a dyn Fn(), &'a [&'a str]);
    let changes: [Change<'_>; 16] = [
        ("nothing", &|| {}, &[]),
        ("a page, committed", &|| (write("docs/one.md"), repository.commit("page")).1, &["one"]),
        ("a page, not committed", &|| write("docs/deep/four.md"), &["four"]),
        ("a page, staged", &|| (write("docs/one.md"), repository.git(&["add", "docs/one.md"])).1, &["one"]),
        ("a new page that git does not know", &|| write("docs/new page é.md"), &["new page é"]),
        ("a setup file elsewhere", &|| write("fixtures/seed.sh"), &["two"]),
        ("a teardown file that goes", &|| remove("docs/clean.sh"), &["two"]),
        ("the configuration", &|| repository.0.write(&[("doccheck.toml", "[pages]\ninclude = [\"docs/**\"]\n")]), &ALL),
        (
            "the sandbox",
            &|| repository.0.write(&[("api/sandbox.toml", "start = \"2026-05-15T09:00:00Z\"\napis = []\n")]),
            &ALL,
        ),
        ("a local package", &|| write("sdk/sdk/__init__.py"), &["three"]),
        ("a new file of a local package", &|| write("sdk/sdk/more.py"), &["three"]),
        ("a program that no page names", &|| write("src/main.c"), &[]),
        ("a file that git ignores", &|| write("docs/x.log"), &[]),
        ("a page that goes", &|| remove("docs/one.md"), &[]),
        (
            "a page with another name",
            &|| (repository.git(&["mv", "docs/one.md", "docs/uno.md"]), repository.commit("move")).1,
            &["uno"],
        ),
        (
            "a change and its opposite",
            &|| (write("docs/one.md"), repository.commit("there"), repository.0.write(&[("docs/one.md", GOOD)])).2,
            &[],
        ),
    ];
    for (what, change, pages) in changes {
        change();
        assert_eq!(repository.selected(), pages, "{what}");
        repository.reset();
    }

    // What the other branch did since is no change of this one.
    write("docs/one.md");
    repository.commit("here");
    repository.git(&["checkout", "--quiet", "main"]);
    write("docs/deep/four.md");
    repository.commit("there");
    repository.git(&["checkout", "--quiet", "change"]);
    assert_eq!(repository.selected(), ["one"]);
}

#[test]
fn paths_and_shards_part_what_has_changed() {
    let repository = Repository::new();
    let site = &repository.0;
    for page in ["docs/one.md", "docs/deep/four.md"] {
        site.write(&[(page, &format!("{GOOD}\n"))]);
    }
    let selected = |arguments: &[&str]| -> Vec<String> {
        let mut all = vec!["run", "--format", "json", "--changed-since", "main"];
        all.extend(arguments);
        json::read_run(&site.told(&all).0).unwrap().pages.into_iter().map(|page| page.path).collect()
    };
    assert_eq!(selected(&["docs/deep"]), ["docs/deep/four.md"]);
    let mut parts = [selected(&["--shard", "1/2"]), selected(&["--shard", "2/2"])].concat();
    parts.sort();
    assert_eq!(parts, ["docs/deep/four.md", "docs/one.md"]);
    let deep = site.path().join("docs/deep");
    let mut command = site.command(&["run", "--format", "json", "--changed-since", "main", "../one.md", "../two.md"]);
    let output = command.current_dir(deep).output().unwrap();
    let run = json::read_run(std::str::from_utf8(&output.stdout).unwrap()).unwrap();
    assert_eq!(run.pages.iter().map(|page| page.path.as_str()).collect::<Vec<_>>(), ["../one.md"]);
}

#[test]
fn that_nothing_has_changed_is_told_and_true() {
    let repository = Repository::new();
    let (text, code) = repository.0.told(&["run", "--changed-since", "main"]);
    assert!(text.contains("note: nothing that changed since main touches one of the 4 selected pages"), "{text}");
    assert_eq!(code, 0);
}

#[test]
fn a_revision_that_git_does_not_know_is_a_usage_error() {
    let repository = Repository::new();
    for revision in ["gone", "--output=stolen", "main:docs/one.md"] {
        let (said, code) = repository.0.complains(&["run", &format!("--changed-since={revision}")]);
        assert!(said.contains(&format!("git knows no revision `{revision}`")) && code == 2, "{said}");
    }
    repository.git(&["checkout", "--quiet", "--orphan", "other"]);
    repository.commit("a beginning of its own");
    let (said, code) = repository.0.complains(&["run", "--changed-since", "main"]);
    assert!(said.contains("`main` and HEAD have no commit in common") && said.contains("--unshallow"), "{said}");
    assert_eq!(code, 2);

    let outside = Site(tempfile::tempdir().unwrap());
    outside.write(&[("page.md", GOOD)]);
    let (said, code) = outside.complains(&["run", "page.md", "--changed-since", "main"]);
    assert!(said.contains("is in no git repository") && code == 2, "{said}");
    let mut command = repository.0.command(&["run", "--changed-since", "main"]);
    let output = command.env("PATH", "").output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no `git` on PATH"));
    assert_eq!(output.status.code(), Some(2));
}

/// A run in which `text` stands wherever a page, a program or a path may bring text in.
fn run_of(text: &str, failures: usize) -> Run {
    let check = |kind| Check {
        kind,
        line: 3,
        at: Some(7),
        ok: false,
        message: Some(text.to_owned()),
        expected: Some(text.to_owned()),
        actual: Some(format!("{text}\n{text}")),
        diff: (kind == CheckKind::Output).then(|| format!("-{text}\n+{text}\n")),
        help: Some(text.to_owned()),
    };
    let step = |verdict, checks: &[Check]| Step {
        name: text.to_owned(),
        line: 3,
        language: text.to_owned(),
        verdict,
        exit: Some(1),
        time: None,
        duration_ms: 12,
        checks: checks.to_vec(),
        exchanges: Vec::new(),
        notes: vec![text.to_owned()],
        expected_stale: None,
    };
    let found = |severity, path: Option<&str>| Diagnostic {
        code: "odd".to_owned(),
        severity,
        message: text.to_owned(),
        path: path.map(str::to_owned),
        line: Some(1),
        column: Some(2),
        help: Some(text.to_owned()),
    };
    let checks = [check(CheckKind::Output), check(CheckKind::Exit)];
    let mut steps = vec![step(StepVerdict::Error, &[]), step(StepVerdict::Unchecked, &[])];
    steps.extend((0..failures).map(|_| step(StepVerdict::Stale, &checks)));
    let page = Page {
        path: text.to_owned(),
        track: None,
        provider: None,
        verdict: PageVerdict::Error,
        virtual_s: None,
        duration_ms: 34,
        diagnostics: vec![found(Severity::Error, Some(text)), found(Severity::Warning, None)],
        steps,
        expected_stale: None,
    };
    let outside =
        Run { diagnostics: vec![found(Severity::Error, None)], allowed: vec![text.to_owned()], ..merge(Vec::new()) };
    let outside = Run { notes: vec![text.to_owned()], exit: 3, ..outside };
    merge(vec![outside, Run { pages: vec![page], exit: 1, ..merge(Vec::new()) }])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_text_makes_whole_documents(text in "(\\PC|[\\x00-\\x1f]|\u{7f}|\u{9b}|\u{fffe}|\u{ffff}|\u{202e}|]]>|<!--|-->|&#x0;|```|`|\n){0,40}") {
        let run = run_of(&text, 2);
        let junit = Kind::Junit.render(&run);
        prop_assert_eq!(junit_faults(&junit), Vec::<String>::new(), "{}", junit);
        let sarif = Kind::Sarif.render(&run);
        prop_assert_eq!(sarif_faults(&sarif), Vec::<String>::new(), "{}", sarif);
        prop_assert_eq!(&json::read_run(&Kind::Json.render(&run)).unwrap(), &run);
        let markdown = Kind::Markdown.render(&run);
        let strange = |letter: char| letter.is_control() && letter != '\n';
        prop_assert!(!markdown.contains(strange), "{:?}", markdown);
        prop_assert_eq!(markdown.matches("<details>").count(), markdown.matches("</details>").count());
    }
}

/// What programs print can neither mention people nor draw in a comment.
#[test]
fn a_comment_shows_foreign_text_as_code() {
    let text = "@everyone #1 ![x](https://example.com/x.png) <img src=x> </code></details> ``` ````` *a*\n\n# Title";
    let markdown = Kind::Markdown.render(&run_of(text, 2));
    let options = pulldown_cmark::Options::ENABLE_TABLES | pulldown_cmark::Options::ENABLE_STRIKETHROUGH;
    let mut fence = false;
    let mut headings = 0;
    for event in pulldown_cmark::Parser::new_ext(&markdown, options) {
        use pulldown_cmark::{Event, Tag, TagEnd};
        match event {
            Event::Start(Tag::CodeBlock(_)) => fence = true,
            Event::End(TagEnd::CodeBlock) => fence = false,
            Event::Start(Tag::Heading { .. }) => headings += 1,
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::Emphasis) => panic!("{event:?} in {markdown}"),
            Event::Html(html) | Event::InlineHtml(html) => {
                assert!(!html.contains(['@', '*']) && !html.contains("<img"), "{html}");
            }
            Event::Text(shown) if !fence && shown.contains("everyone") => {
                // Inside of `<code>`, where nobody is mentioned.
                assert!(markdown.contains("<code>&#64;everyone &#35;1"), "{markdown}");
            }
            _ => {}
        }
    }
    assert_eq!((headings, fence), (1, false));
}

#[test]
fn a_comment_fits_where_comments_go() {
    for (text, failures) in
        [("x".repeat(300), 400), ("é\n".repeat(3000), 60), ("`".repeat(9000), 30), ("&".repeat(900), 400)]
    {
        let markdown = Kind::Markdown.render(&run_of(&text, failures));
        assert!(markdown.len() < 65_536, "{} bytes", markdown.len());
        assert!(
            markdown.contains("more findings. The run's log has them all."),
            "{}",
            &markdown[markdown.len() - 900..]
        );
        assert_eq!(markdown.matches("<details>").count(), markdown.matches("</details>").count());
    }
}

#[test]
fn a_finding_keeps_its_fingerprint_where_lines_move() {
    let site = Site::new(&[("stale.md", STALE)]);
    let prints = || -> Vec<Value> {
        site.told(&["run", "stale.md"]);
        let log: Value = serde_json::from_str(&site.told(&["report", "--format", "sarif"]).0).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        results.into_iter().map(|result| result["partialFingerprints"]["doccheck/v1"].clone()).collect()
    };
    let before = prints();
    assert_eq!(before.iter().map(Value::to_string).collect::<BTreeSet<_>>().len(), 2);
    site.write(&[("stale.md", &format!("Some words more.\n\n{STALE}"))]);
    assert_eq!(prints(), before);
}

#[test]
fn every_field_of_a_run_is_documented() {
    let page = file("docs/json.md");
    let mut values = vec![serde_json::to_value(run_of("x", 1)).unwrap()];
    while let Some(value) = values.pop() {
        match value {
            Value::Array(items) => values.extend(items),
            Value::Object(fields) => {
                for (name, value) in fields {
                    let known = ["`", ".", "`.", "[]."].iter().any(|before| page.contains(&format!("{before}{name}")));
                    assert!(known, "docs/json.md does not tell of `{name}`");
                    values.push(value);
                }
            }
            _ => {}
        }
    }
}

/// A file of the repository.
fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

const ACTION: &str = ".github/actions/doccheck/action.yml";

/// Every YAML file that a server reads, and every piece of YAML that people copy.
fn yaml() -> Vec<(String, String)> {
    let mut found = vec![(ACTION.to_owned(), file(ACTION))];
    found.push((".pre-commit-hooks.yaml".to_owned(), file(".pre-commit-hooks.yaml")));
    for entry in std::fs::read_dir(Path::new(ROOT).join(".github/workflows")).unwrap() {
        let path = format!(".github/workflows/{}", entry.unwrap().file_name().to_str().unwrap());
        found.push((path.clone(), file(&path)));
    }
    let page = file("docs/ci.md");
    let pieces = page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    found.extend(pieces.enumerate().map(|(at, text)| (format!("docs/ci.md, piece {at}"), text.to_owned())));
    found
}

fn parsed(path: &str, text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{path} is no YAML: {error}"))
}

#[test]
fn workflows_are_yaml_and_their_scripts_are_bash() {
    // What GitHub puts in before the shell reads it.
    let expression = regex::Regex::new(r"\$\{\{.*?\}\}").unwrap();
    let all = yaml();
    assert!(all.len() > 10, "{}", all.len());
    for (path, text) in all {
        let mut values = vec![parsed(&path, &text)];
        while let Some(value) = values.pop() {
            match value {
                Value::Array(items) => values.extend(items),
                Value::Object(fields) => {
                    if let Some(Value::String(script)) = fields.get("run") {
                        let script = expression.replace_all(script, "x").into_owned();
                        let output = Command::new("bash").args(["-n", "-c", &script]).output().unwrap();
                        assert!(output.status.success(), "{path}: {script}");
                    }
                    values.extend(fields.into_iter().map(|(_, value)| value));
                }
                _ => {}
            }
        }
    }
}

/// What a fork writes must not become a part of a script, and a tag must not become another program.
#[test]
fn workflows_trust_nobody() {
    // Its releases are tags that move; it sees the lock file alone.
    let tags = ["EmbarkStudios/cargo-deny-action@v2"];
    let pinned = regex::Regex::new(r"^uses: [\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*$").unwrap();
    for (path, text) in yaml().into_iter().filter(|(path, _)| path.starts_with(".github")) {
        for line in text.lines().map(|line| line.trim().trim_start_matches("- ")) {
            if let Some(action) = line.strip_prefix("uses: ") {
                let known = action.starts_with("./") || tags.contains(&action) || pinned.is_match(line);
                assert!(known, "{path}: {line}");
            }
        }
        let document = parsed(&path, &text);
        if path != ACTION {
            assert!(document.get("permissions").is_some_and(Value::is_object), "{path} takes every permission");
        }
        let mut values = vec![document];
        while let Some(value) = values.pop() {
            if let Some(script) = value.get("run").and_then(Value::as_str) {
                assert!(!script.contains("${{"), "{path}: hand values on by `env`: {script}");
            }
            match value {
                Value::Array(items) => values.extend(items),
                Value::Object(fields) => values.extend(fields.into_iter().map(|(_, value)| value)),
                _ => {}
            }
        }
    }
    let runs_pages = parsed("docs.yml", &file(".github/workflows/docs.yml"));
    assert_eq!(runs_pages["permissions"], serde_json::json!({ "contents": "read" }));
    let comments = file(".github/workflows/comment.yml");
    assert!(!comments.contains("checkout@") && !comments.contains("doccheck run"), "it runs nothing of a fork");
}

/// The commands of a text: what stands after `doccheck`, up to where the shell ends it.
fn commands(text: &str) -> Vec<Vec<String>> {
    let joined = text.replace("\\\n", " ");
    let call = regex::Regex::new(
        r#"(?m)(?:^|[\s`'"(])(?:doccheck|cargo run(?: --\w+)* --) ((?:run|list|report)\b[^`|;&'()\n]*)"#,
    );
    call.unwrap()
        .captures_iter(&joined)
        .map(|found| found[1].split_whitespace().map(|word| word.trim_matches('"').to_owned()).collect())
        .collect()
}

#[test]
fn documented_commands_have_the_options_that_they_name() {
    let site = Site::new(&[]);
    let mut seen = BTreeSet::new();
    let mut texts = yaml();
    for path in ["README.md", "docs/ci.md", "docs/json.md", "Dockerfile", ".ci/run"] {
        texts.push((path.to_owned(), file(path)));
    }
    for (path, text) in texts {
        for words in commands(&text) {
            let first = words.iter().take_while(|word| !word.starts_with('-'));
            let command: Vec<&str> = first
                .map(String::as_str)
                .take(2)
                .filter(|word| ["run", "list", "report", "merge"].contains(word))
                .collect();
            let mut arguments = command.clone();
            arguments.push("--help");
            let (help, code) = site.told(&arguments);
            assert_eq!(code, 0, "{path}: there is no `doccheck {}`", command.join(" "));
            for option in words.iter().filter(|word| word.starts_with("--")) {
                let name = option.split('=').next().unwrap();
                let known = help.split([' ', '\n']).any(|word| word == name);
                assert!(known, "{path}: `doccheck {}` has no `{name}`", command.join(" "));
                seen.insert(format!("{} {name}", command.join(" ")));
            }
        }
    }
    for expected in ["run --shard", "run --changed-since", "run --output", "report merge --output", "report --format"] {
        assert!(seen.contains(expected), "{expected} is documented nowhere: {seen:?}");
    }
    assert_eq!(commands("$ doccheck run --gone a | tee x\n"), [["run", "--gone", "a"]]);
}

/// The script of the action's step `name`.
fn script(name: &str) -> String {
    let action = parsed(ACTION, &file(ACTION));
    let steps = action["runs"]["steps"].as_array().unwrap();
    steps.iter().find(|step| step["name"] == name).unwrap()["run"].as_str().unwrap().to_owned()
}

#[test]
fn the_action_takes_a_release_by_its_checksum() {
    let site = Site::new(&[("pack/doccheck", "#!/bin/sh\necho released\n")]);
    let releases = site.path().join("releases/v0.1.0");
    std::fs::create_dir_all(&releases).unwrap();
    let archive = "doccheck-0.1.0-x86_64-unknown-linux-musl.tar.gz";
    let pack = format!(
        "chmod +x pack/doccheck && tar -czf releases/v0.1.0/{archive} -C pack . && cd releases/v0.1.0 && \
         (sha256sum {archive} 2>/dev/null || shasum -a 256 {archive}) > SHA256SUMS && cut -d' ' -f1 SHA256SUMS"
    );
    let mut bash = Command::new("bash");
    let packed = bash.current_dir(site.path()).args(["-c", &pack]).output().unwrap();
    let hash = String::from_utf8(packed.stdout).unwrap().trim().to_owned();
    assert_eq!(hash.len(), 64);
    let install = |version: &str, sha256: &str| {
        let path = site.path().join("github-path");
        std::fs::write(&path, "").unwrap();
        let mut bash = Command::new("bash");
        bash.current_dir(site.path()).args(["-c", &script("Install doccheck")]).env("RUNNER_OS", "Linux");
        bash.env("RUNNER_ARCH", "X64").env("RUNNER_TEMP", site.path().join("temp")).env("GITHUB_PATH", &path);
        bash.env("VERSION", version).env("SHA256", sha256).env("SOURCE", "/nowhere");
        bash.env("RELEASES", format!("file://{}/releases", site.path().display()));
        let output = bash.output().unwrap();
        (output.status.success(), std::fs::read_to_string(&path).unwrap().trim().to_owned())
    };
    for given in ["", hash.as_str()] {
        let (installed, folder) = install("0.1.0", given);
        assert!(installed);
        let said = Command::new(Path::new(&folder).join("doccheck")).output().unwrap();
        assert_eq!(said.stdout, b"released\n");
    }
    assert_eq!(install("0.1.0", &"0".repeat(64)), (false, String::new()), "another archive is not taken");
    assert_eq!(install("9.9.9", ""), (false, String::new()));
    std::fs::write(releases.join("SHA256SUMS"), format!("{}  {archive}\n", "1".repeat(64))).unwrap();
    assert_eq!(install("0.1.0", ""), (false, String::new()));
}

#[test]
fn the_action_runs_parts_and_merges_them() {
    let site = Site::new(&[("docs/good.md", GOOD), ("docs/stale.md", STALE), ("summary.md", "")]);
    let binary = Path::new(env!("CARGO_BIN_EXE_doccheck")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let act = |arguments: &str, merge: &str, reports: &str| {
        let mut bash = Command::new("bash");
        bash.current_dir(site.path()).args(["-c", &script("Run doccheck")]).env_clear();
        bash.env("HOME", site.path()).env("XDG_CACHE_HOME", site.path().join(".cache"));
        bash.env("PATH", &path)
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_STEP_SUMMARY", site.path().join("summary.md"));
        bash.env("ARGUMENTS", arguments).env("MERGE", merge).env("REPORTS", site.path().join(reports));
        bash.output().unwrap().status.code().unwrap()
    };
    let parts: BTreeSet<i32> =
        (1..=2).map(|shard| act(&format!("docs --quiet --shard {shard}/2"), "", &format!("parts/{shard}"))).collect();
    assert!(parts.contains(&1), "{parts:?}");
    assert_eq!(act("", "parts/*/run.json", "whole"), 1);
    for report in ["run.json", "junit.xml", "doccheck.sarif", "comment.md"] {
        assert!(site.path().join("whole").join(report).is_file(), "{report}");
    }
    assert_eq!(json::read_run(&site.read("whole/run.json")).unwrap().summary.pages, 2);
    assert!(site.read("summary.md").ends_with(&site.read("whole/comment.md")));
    assert_eq!(act("", "gone/*.json", "none"), 2, "no part has left a document");
    assert_eq!(act("--strict\n  docs/good.md", "", "one"), 0);
}
