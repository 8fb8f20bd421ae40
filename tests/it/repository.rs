//! A repository that is not ours: its files, programs and packages, pages that nobody may touch, old pages.
#![expect(clippy::expect_used, reason = "a test that cannot be set up shall fail")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::invocation::doccheck;

/// A repository with a `doccheck.toml`, and a cache of its own where it installs packages.
struct Repository(tempfile::TempDir);

/// What a run printed.
struct Told {
    status: i32,
    out: String,
    aside: String,
}

impl Repository {
    fn new(files: &[(&str, &str)]) -> Self {
        let repository = Self(tempfile::tempdir().expect("a folder can be made"));
        std::fs::create_dir(repository.path(".git")).expect("a folder can be made");
        files.iter().for_each(|(path, text)| repository.write(path, text));
        repository
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("it has a parent")).expect("a folder can be made");
        std::fs::write(path, text).expect("a file can be written");
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).expect("the file can be read")
    }

    fn run(&self, arguments: &[&str]) -> Told {
        self.run_in(Path::new(""), arguments)
    }

    fn run_in(&self, folder: &Path, arguments: &[&str]) -> Told {
        let mut command = doccheck();
        command.current_dir(self.0.path().join(folder)).env("XDG_CACHE_HOME", self.path(".cache"));
        let output = command.arg("run").args(arguments).output().expect("doccheck starts");
        Told {
            status: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            aside: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let told = self.run(&[&["--format", "json"], arguments].concat());
        serde_json::from_str(&told.out).expect("the document is JSON")
    }
}

impl Told {
    /// Fails, with all that was printed, where the status is another.
    fn exits(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}{}", self.out, self.aside);
        self
    }

    fn tells(self, what: &str) -> Self {
        assert!(self.out.contains(what) || self.aside.contains(what), "{what}:\n{}{}", self.out, self.aside);
        self
    }
}

/// A page with a step that runs `code` and shows `output`.
fn page(code: &str, output: &str) -> String {
    format!("# Page\n\n## Step\n\n```bash\n{code}\n```\n\n```\n{output}\n```\n")
}

#[test]
fn files_and_programs_of_the_repository_are_there_in_every_workspace() {
    let text = page("cat examples/in/data.txt; mytool; touch examples/in/mark; ls examples", "data\nmine\nin");
    let repository = Repository::new(&[
        ("doccheck.toml", "[workspace]\nfiles = [\"examples/**\"]\npath = [\"target/debug\"]\n"),
        ("examples/in/data.txt", "data\n"),
        ("target/debug/mytool", "#!/bin/sh\necho mine\n"),
        ("docs/one.md", &text),
        ("docs/two.md", &text.replace("touch", "! test -e examples/in/mark; touch")),
    ]);
    let tool = repository.path("target/debug/mytool");
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).expect("permissions can be set");
    // From the repository's top and from below it: the paths are relative to the file.
    repository.run(&["docs"]).exits(0).tells("2 pages: 2 ok");
    repository.run_in(Path::new("docs"), &["one.md", "two.md"]).exits(0);
    assert!(!repository.path("examples/in/mark").exists());
}

#[test]
fn what_is_not_there_to_be_copied_is_told_at_its_place() {
    let repository = Repository::new(&[
        ("doccheck.toml", "[workspace]\nfiles = [\"examples/**\"]\n"),
        ("docs/one.md", &page("echo 1", "1")),
    ]);
    repository.run(&["docs"]).exits(2).tells("no file matches `examples/**`").tells("doccheck.toml:2:10");
    repository.write("doccheck.toml", "[workspace]\npath = [\"target/debug\"]\n");
    let told = repository.run(&["docs"]).exits(0).tells("there is no folder `target/debug`");
    told.tells("doccheck.toml:2:9");
    repository.write("doccheck.toml", "[network]\nallow = [\"https://x.example/\"]\n");
    repository.run(&["docs"]).exits(2).tells("neither `host` nor `host:port`").tells("doccheck.toml:2:10");
}

#[test]
fn a_page_has_a_folder_of_its_own() {
    let repository = Repository::new(&[
        ("doccheck.toml", "[[page]]\npath = \"docs/ruled.md\"\nworkspace = \"shared\"\n"),
        ("docs/own.md", &format!("---\ndoccheck:\n  workspace: fixture\n---\n{}", page("cat name", "own"))),
        ("docs/fixture/name", "own\n"),
        ("docs/ruled.md", &page("cat name", "shared")),
        ("shared/name", "shared\n"),
    ]);
    repository.run(&["docs"]).exits(0);
    repository.run_in(Path::new("docs"), &["own.md", "ruled.md"]).exits(0);
    std::os::unix::fs::symlink("..", repository.path("shared/up")).expect("a link can be made");
    repository
        .run(&["docs"])
        .exits(2)
        .tells("shared/up leads to a folder that is not copied")
        .tells("doccheck.toml:3:13");
}

/// A Python package that builds itself: no network, no build tool.
fn python_sdk(repository: &Repository, answer: &str) {
    repository.write("sdk/greeting_sdk.py", &format!("def answer():\n    return {answer:?}\n"));
    repository.write(
        "sdk/pyproject.toml",
        "[project]\nname = \"greeting-sdk\"\nversion = \"1.0\"\n\
         [build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n",
    );
    repository.write(
        "sdk/backend.py",
        r#"import base64, hashlib, os, zipfile

def wheel(folder, files):
    name = "greeting_sdk-1.0-py3-none-any.whl"
    info = "greeting_sdk-1.0.dist-info/"
    files = dict(files)
    files[info + "METADATA"] = "Metadata-Version: 2.1\nName: greeting-sdk\nVersion: 1.0\n"
    files[info + "WHEEL"] = "Wheel-Version: 1.0\nGenerator: own\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = "".join(
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},{len(text.encode())}\n"
        for path, text in files.items()
    )
    files[info + "RECORD"] = record + info + "RECORD,,\n"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name

def build_wheel(folder, config_settings=None, metadata_directory=None):
    return wheel(folder, {"greeting_sdk.py": open("greeting_sdk.py").read()})

def build_editable(folder, config_settings=None, metadata_directory=None):
    return wheel(folder, {"greeting_sdk.pth": os.getcwd() + "\n"})
"#,
    );
}

fn python_page(answer: &str) -> String {
    format!("# SDK\n\n```python\nimport greeting_sdk\nprint(greeting_sdk.answer())\n```\n\n```\n{answer}\n```\n")
}

#[test]
fn a_change_of_the_repositorys_own_python_package_is_seen() {
    for package in ["-e ./sdk", "./sdk"] {
        let repository = Repository::new(&[
            ("doccheck.toml", &format!("[python]\npackages = [\"{package}\"]\n")),
            ("docs/sdk.md", &python_page("one")),
        ]);
        python_sdk(&repository, "one");
        repository.run(&["docs"]).exits(0);
        python_sdk(&repository, "two!");
        repository.run(&["docs"]).exits(1).tells("two!");
    }
}

#[test]
fn a_package_is_beside_the_file_that_names_it() {
    let repository = Repository::new(&[
        ("doccheck.toml", "[[page]]\npath = \"docs/*.md\"\npython = [\"-e ./sdk\"]\n"),
        ("docs/sdk.md", &python_page("one")),
    ]);
    python_sdk(&repository, "one");
    repository.run(&["docs"]).exits(0);
    repository.write("doccheck.toml", "[python]\npackages = [\"-e ./nosuch\"]\n");
    repository.run(&["docs"]).exits(3).tells("`-e ./nosuch` cannot be installed").tells("doccheck.toml:2:13");
    repository.write("doccheck.toml", "");
    // The page's own word counts, and is relative to the page.
    repository.write("docs/sdk.md", &format!("---\ndoccheck:\n  python: [-e ../sdk]\n---\n{}", python_page("one")));
    repository.run_in(Path::new("docs"), &["sdk.md"]).exits(0);
}

#[test]
fn a_change_of_the_repositorys_own_node_package_is_seen() {
    let page = |answer: &str| {
        format!(
            "# SDK\n\n```javascript\nimport {{ answer }} from 'greeting-sdk';\nconsole.log(answer());\n```\n\n```\n{answer}\n```\n"
        )
    };
    let repository = Repository::new(&[
        ("doccheck.toml", "[node]\npackages = [\"file:./sdk\"]\n"),
        ("docs/sdk.md", &page("one")),
        ("sdk/package.json", r#"{"name": "greeting-sdk", "version": "1.0.0", "type": "module", "main": "index.js"}"#),
        ("sdk/index.js", "export const answer = () => 'one';\n"),
    ]);
    repository.run(&["docs"]).exits(0);
    repository.write("sdk/index.js", "export const answer = () => 'two!';\n");
    repository.run(&["docs"]).exits(1).tells("two!");
    repository.write("doccheck.toml", "");
    repository.write("docs/sdk.md", &format!("---\ndoccheck:\n  node: ['file:../sdk']\n---\n{}", page("two!")));
    repository.run_in(Path::new("docs"), &["sdk.md"]).exits(0);
}

const LEGACY: &str = "\
# Legacy

## Get a token

```bash
echo $SETUP $REGION $TOKEN
```

```
yes eu secret
```

## It fails

```bash
exit 3
```

## Not here

```bash
exit 4
```
";

#[test]
fn pages_that_nobody_may_touch_get_their_options_from_outside() {
    let rules = "\
[pages]
include = [\"docs/**/*.md\"]
[defaults]
env = { REGION = \"us\", TOKEN = \"none\" }
[[page]]
path = \"docs/legacy/*.md\"
setup = \"setup.sh\"
env.REGION = \"eu\"
[[page.step]]
match = \"## Get a token\"
env.TOKEN = \"secret\"
[[page.step]]
match = 15
exit = 3
[[page.step]]
match = \"shell-21\"
skip = \"needs a browser\"
";
    let repository = Repository::new(&[
        ("doccheck.toml", rules),
        ("setup.sh", "export SETUP=yes\n"),
        ("docs/legacy/a.md", LEGACY),
        ("docs/b.md", &page("echo $REGION $TOKEN", "us none")),
    ]);
    repository.run(&[]).exits(0).tells("4 steps: 3 ok, 1 skipped");
    repository.run_in(Path::new("docs/legacy"), &["a.md"]).exits(0);
    // The page's own words count over the configuration's.
    let own = LEGACY.replace("eu secret", "asia secret");
    repository.write("docs/legacy/a.md", &format!("---\ndoccheck:\n  env.REGION: asia\n---\n{own}"));
    repository.write("doccheck.toml", &rules.replace("match = 15", "match = 19").replace("shell-21", "shell-25"));
    repository.run(&[]).exits(0);
}

#[test]
fn a_rule_that_finds_nothing_or_too_much_says_so() {
    let rule =
        |path: &str, step: &str| format!("[[page]]\npath = \"{path}\"\n[[page.step]]\nmatch = {step}\nexit = 3\n");
    let repository = Repository::new(&[
        ("doccheck.toml", &rule("docs/a.md", "\"It fail\"")),
        ("docs/a.md", LEGACY),
        ("docs/b.md", "# B\n\n## Twice\n\n```bash\nexit 3\n```\n\n```bash\nexit 3\n```\n"),
    ]);
    let told = repository.run(&["docs/a.md"]).exits(2).tells("doccheck.toml:4:9").tells("did you mean `It fails`?");
    told.tells("no step of docs/a.md has the name, line or heading `It fail`");
    repository.write("doccheck.toml", &rule("docs/b.md", "\"Twice\""));
    repository.run(&["docs/b.md"]).exits(2).tells("`Twice` is above several steps of docs/b.md, on lines 5, 9");
    // A line may be any of the fence's.
    repository.write("doccheck.toml", &(rule("docs/b.md", "6") + "[[page.step]]\nmatch = 9\nexit = 3\n"));
    repository.run(&["docs/b.md"]).exits(0);
    repository.write("doccheck.toml", &rule("docs/b.md", "1"));
    repository.run(&["docs/b.md"]).exits(2).tells("has the name, line or heading `1`");

    // A glob's steps need not be on every page, but on one; and a glob has to match a page.
    let include = "[pages]\ninclude = [\"docs/*.md\"]\n[defaults]\noutput = \"any\"\nexit = \"nonzero\"\n";
    repository.write("docs/a.md", "# A\n\n```bash\nexit 1\n```\n");
    repository.write("doccheck.toml", &format!("{include}{}", rule("docs/*.md", "\"nowhere\"")));
    repository.run(&[]).exits(0).tells("no step of these pages has").tells("doccheck.toml:9:9");
    repository.write("doccheck.toml", &format!("{include}{}", rule("doc/*.md", "\"nowhere\"")));
    repository.run(&[]).exits(0).tells("no page matches `doc/*.md`").tells("doccheck.toml:7:8");
    let told = repository.run(&["docs/a.md"]).exits(0);
    assert!(!told.aside.contains("no page matches"), "{}", told.aside);

    repository.write("doccheck.toml", "[[page]]\npath = \"docs/*.md\"\nfault = \"42x\"\n");
    repository.run(&["docs"]).exits(2).tells("doccheck.toml:3:9");
}

#[test]
fn expectations_in_the_configuration_are_kept_and_then_must_go() {
    let rules = "[[page]]\npath = \"docs/*.md\"\n[[page.step]]\nmatch = \"Step\"\nexpect-stale = \"#12\"\n";
    let repository = Repository::new(&[("doccheck.toml", rules), ("docs/a.md", &page("echo new", "old"))]);
    repository.run(&["docs"]).exits(0).tells("known: #12");
    let report = repository.json(&["docs"]);
    let page_report = &report["pages"][0];
    assert_eq!((&page_report["verdict"], &page_report["expected_stale"]), (&"stale".into(), &"#12".into()));
    let step = &page_report["steps"][0];
    assert_eq!((&step["verdict"], &step["expected_stale"]), (&"stale".into(), &"#12".into()));
    let summary = &report["summary"];
    let counts = ["ok", "stale", "error", "expected_stale"].map(|key| summary[key].as_u64());
    assert_eq!(counts, [0, 0, 0, 1].map(Some));

    repository.write("docs/a.md", &page("echo new", "new"));
    repository.run(&["docs"]).exits(1).tells("take `expect-stale` out of doccheck.toml");
    let check = &repository.json(&["docs"])["pages"][0]["steps"][0]["checks"];
    let kinds: Vec<_> = check.as_array().expect("a list").iter().map(|check| (&check["kind"], &check["ok"])).collect();
    assert_eq!(kinds.last(), Some(&(&"expected_stale".into(), &false.into())));
}

#[test]
fn annotations_call_what_is_known_a_notice() {
    let repository = Repository::new(&[(
        "docs/a.md",
        "# A\n\n<!-- doccheck: expect-stale=later -->\n```bash\necho new\n```\n\n```\nold\n```\n",
    )]);
    let mut command = doccheck();
    command.current_dir(repository.path("")).env("GITHUB_ACTIONS", "true").args(["run", "docs"]);
    let output = command.output().expect("doccheck starts");
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}");
    let expected = "::notice file=docs/a.md,line=9,title=known stale output%3A shell-4::line 1 differs%0Ait does not fail: later\n";
    assert!(out.contains(expected), "{out}");
    assert!(!out.contains("::error"), "{out}");
}

/// Three old pages: two stale steps on one, a page that cannot be planned, a page that is true.
fn old() -> Repository {
    let two = "# Two\n\n## First\n\n```bash\necho new\n```\n\n```\nold\n```\n\n```bash name=named\necho 2\n```\n\n```\n1\n```\n";
    Repository::new(&[
        ("doccheck.toml", "[pages]\ninclude = [\"docs/*.md\"]\n"),
        ("docs/two.md", two),
        ("docs/broken.md", "# Broken\n\n<!-- doccheck: exti=1 -->\n```bash\nexit 1\n```\n"),
        ("docs/true.md", &page("echo 1", "1")),
    ])
}

const LISTED: &str = "docs/broken.md\ndocs/two.md :: First / shell 1\ndocs/two.md :: named\n";

/// The lines of a list that are no comments.
fn entries(list: &str) -> String {
    list.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

#[test]
fn old_faults_are_shown_and_new_ones_fail() {
    let repository = old();
    repository.run(&["--baseline", "known.txt"]).exits(2).tells("--baseline known.txt --update-baseline");
    repository.run(&["--baseline", "known.txt", "--update-baseline"]).exits(0).tells("3 new, 0 gone");
    assert!(repository.read("known.txt").starts_with("# What doccheck knows to be stale"));
    assert_eq!(entries(&repository.read("known.txt")), LISTED);
    repository.run(&["--baseline", "known.txt"]).exits(0).tells("3 pages: 1 ok, 2 known stale");
    // Without the list everything fails as ever, and from a folder below the list is the same.
    repository.run(&[]).exits(2);
    repository.run_in(Path::new("docs"), &["--baseline", "../known.txt", "two.md"]).exits(0);

    // Lines that move and steps that come do not change what is known.
    let moved = repository.read("docs/two.md").replace("# Two\n", "# Two\n\nMore words.\n\n```bash\necho 0\n```\n");
    repository.write("docs/two.md", &moved);
    repository.run(&["--baseline", "known.txt"]).exits(0);
    // New staleness fails.
    repository.write("docs/true.md", &page("echo 1", "2"));
    repository.run(&["--baseline", "known.txt"]).exits(1).tells("1 stale, 2 known stale");
}

#[test]
fn what_is_true_again_must_leave_the_list() {
    let repository = old();
    repository.write("known.txt", &format!("# Ours.\n{LISTED}elsewhere.md :: x / shell 1\n"));
    repository.write("elsewhere.md", "It is no part of the run.\n");
    repository.write("docs/two.md", &repository.read("docs/two.md").replace("old", "new"));
    let told = repository.run(&["--baseline", "known.txt"]).exits(1).tells("it is true, and is known to be stale");
    told.tells("take line 3 out of the list");
    repository.write("docs/broken.md", "# Whole\n\n```bash\necho 1\n```\n\n```\n1\n```\n");
    repository.run(&["--baseline", "known.txt", "docs/broken.md"]).exits(1).tells("take line 2 out of the list");
    // Of pages that are not part of the run nothing is forgotten.
    repository.run(&["--baseline", "known.txt", "--update-baseline", "docs/broken.md"]).exits(0).tells("0 new, 1 gone");
    repository.run(&["--baseline", "known.txt", "--update-baseline"]).exits(0).tells("0 new, 1 gone");
    assert_eq!(repository.read("known.txt"), "# Ours.\ndocs/two.md :: named\nelsewhere.md :: x / shell 1\n");
    repository.run(&["--baseline", "known.txt"]).exits(0);

    // A step that is gone cannot be stale.
    repository.write("docs/two.md", &repository.read("docs/two.md").replace("name=named", "name=other"));
    let told = repository.run(&["--baseline", "known.txt"]).exits(1).tells("docs/two.md has no step `named`");
    told.tells("known.txt:2:1");
    repository.run(&["--baseline", "known.txt", "--update-baseline"]).exits(0);
    assert_eq!(repository.read("known.txt"), "# Ours.\ndocs/two.md :: other\nelsewhere.md :: x / shell 1\n");
}

#[test]
fn a_page_that_is_gone_must_leave_the_list() {
    let repository = old();
    repository.write("known.txt", &format!("{LISTED}docs/was.md\ndocs/was.md :: a step\n"));
    for arguments in [&["--baseline", "known.txt"][..], &["--baseline", "known.txt", "docs/two.md"]] {
        let told = repository.run(arguments).exits(1).tells("error[expected-stale]: there is no page docs/was.md");
        told.tells("known.txt:4:1").tells("known.txt:5:1").tells("take the line out of the list");
    }
    let pages = repository.json(&["--baseline", "known.txt"])["pages"].clone();
    assert_eq!((&pages[3]["path"], &pages[3]["verdict"]), (&"docs/was.md".into(), &"stale".into()));
    // Of several parts one tells it.
    let parts = (1..=3).map(|part| repository.run(&["--baseline", "known.txt", "--shard", &format!("{part}/3")]));
    assert_eq!(parts.filter(|told| told.status == 1).count(), 1);
    let update = ["--baseline", "known.txt", "--update-baseline", "docs/true.md"];
    repository.run(&update).exits(0).tells("0 new, 2 gone");
    assert_eq!(entries(&repository.read("known.txt")), LISTED);
}

#[test]
fn a_list_that_cannot_be_read_is_left_as_it_is() {
    let repository = old();
    let list = format!("{LISTED}<<<<<<< HEAD\n");
    repository.write("known.txt", &list);
    for arguments in [&["--baseline", "known.txt"][..], &["--baseline", "known.txt", "--update-baseline"]] {
        let told = repository.run(arguments).exits(2).tells("error[bad-baseline]: this line names no page");
        told.tells("known.txt:4:1");
        assert_eq!(repository.read("known.txt"), list);
    }
}

#[test]
fn a_step_that_was_not_reached_stays_on_the_list() {
    let text = "# A\n\n```bash\nexit 3\n```\n\n```bash name=later\necho 1\n```\n\n```\n2\n```\n";
    let repository = Repository::new(&[("docs/a.md", text), ("known.txt", "docs/a.md :: later\n")]);
    repository.run(&["--baseline", "known.txt", "--update-baseline", "docs"]).exits(0);
    assert_eq!(entries(&repository.read("known.txt")), "docs/a.md :: A / shell 1\ndocs/a.md :: later\n");
    repository.run(&["--baseline", "known.txt", "docs"]).exits(0);
}

#[test]
fn a_page_that_is_listed_as_a_whole_stays_so() {
    let repository = old();
    repository.write("known.txt", "docs/two.md\n");
    repository.run(&["--baseline", "known.txt", "docs/two.md"]).exits(0).tells("known.txt, line 1");
    repository.run(&["--baseline", "known.txt", "--update-baseline"]).exits(0);
    assert_eq!(entries(&repository.read("known.txt")), "docs/broken.md\ndocs/two.md\n");
}

#[test]
fn pages_without_a_single_step_are_nothing_to_run() {
    let repository = Repository::new(&[
        ("docs/a.md", "# A\n\n```\nsome text\n```\n"),
        ("docs/b.md", "# B\n\n```rust\nfn main() {}\n```\n"),
    ]);
    let told = repository.run(&["docs"]).exits(4).tells("warning[nothing-to-run]");
    told.tells("there is nothing to run: no selected page has a step").tells("`doccheck list` says what each fence is");
    // A part of the pages may well have none.
    repository.run(&["--shard", "1/1", "docs"]).exits(0);
    repository.write("docs/c.md", "# C\n\n<!-- doccheck: skip=later -->\n```bash\nls\n```\n");
    repository.run(&["docs"]).exits(0).tells("1 step: 1 skipped");
    repository.write("docs/c.md", "---\ndoccheck:\n  skip: later\n---\n\n```bash\nls\n```\n");
    repository.run(&["docs"]).exits(0);
    repository.write("docs/c.md", "# C\n\n<!-- doccheck: exti=1 -->\n```text\nls\n```\n");
    let told = repository.run(&["docs"]).exits(2);
    assert!(!told.aside.contains("nothing-to-run"), "{}", told.aside);
}

#[test]
fn a_link_that_leads_nowhere_is_told() {
    let repository = Repository::new(&[("docs/a.md", &page("echo 1", "1"))]);
    std::os::unix::fs::symlink("gone.md", repository.path("docs/b.md")).expect("a link can be made");
    let told = repository.run(&["docs"]).exits(0).tells("1 page: 1 ok").tells("warning[broken-link]");
    told.tells("docs/b.md is a link that leads nowhere");
    repository.write("doccheck.toml", "[pages]\nexclude = [\"docs/b.md\"]\n");
    let told = repository.run(&["docs"]).exits(0);
    assert!(!told.aside.contains("broken-link"), "{}", told.aside);
}
