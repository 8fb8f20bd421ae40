//! The binary as people and programs call it: whole invocations, with what they print and their exit status.
#![expect(clippy::expect_used, reason = "a test that cannot be set up shall fail")]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use insta_cmd::assert_cmd_snapshot;

const GREETING: &str = "\
# Greeting

```bash name=greet
echo hello
```

```
hello
```
";

const STALE: &str = "\
# Stale

```bash name=greet
echo hello; echo world
```

```
hello
word
```

```bash name=status
exit 3
```

```bash
echo never
```
";

/// A folder of pages, with `doccheck` called in it.
struct Site(tempfile::TempDir);

impl Site {
    fn new(files: &[(&str, &str)]) -> Self {
        let site = Self(tempfile::tempdir().expect("a folder can be made"));
        // A folder that is the root of a repository: no configuration above it counts.
        std::fs::create_dir(site.path().join(".git")).expect("a folder can be made");
        for (path, text) in files {
            let path = site.path().join(path);
            std::fs::create_dir_all(path.parent().expect("it has a parent")).expect("a folder can be made");
            std::fs::write(path, text).expect("a file can be written");
        }
        site
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn doccheck(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(insta_cmd::get_cargo_bin("doccheck"));
        command.current_dir(self.path()).args(arguments);
        for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "GITHUB_ACTIONS", "CI", "XDG_CACHE_HOME"] {
            command.env_remove(variable);
        }
        command.env_remove("GITHUB_STEP_SUMMARY");
        // The current directory, in words that are the same in every snapshot.
        command.env("HOME", ".");
        command
    }
}

/// Calls `check` with what differs from run to run replaced.
fn filtered(check: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    // The column of the steps' times is padded: its width differs with the time.
    settings.add_filter(r"  +\d+(\.\d+)? (ms|s)\b", "  [time]");
    settings.add_filter(r"\b\d+(\.\d+)? (ms|s)\b", "[time]");
    settings.add_filter(r#""duration_ms": \d+"#, r#""duration_ms": "[time]""#);
    settings.add_filter(r#""at_s": \d+(\.\d+)?"#, r#""at_s": "[time]""#);
    settings.bind(check);
}

#[test]
fn without_a_command_the_help_is_shown() {
    assert_cmd_snapshot!(Site::new(&[]).doccheck(&[]));
}

#[test]
fn the_help_of_run() {
    assert_cmd_snapshot!(Site::new(&[]).doccheck(&["run", "--help"]));
}

#[test]
fn an_unknown_option_is_a_usage_error() {
    assert_cmd_snapshot!(Site::new(&[]).doccheck(&["run", "--verbos"]));
}

#[test]
fn no_jobs_is_a_usage_error() {
    assert_cmd_snapshot!(Site::new(&[]).doccheck(&["run", "--jobs", "0"]));
}

#[test]
fn a_page_that_is_true() {
    let site = Site::new(&[("greeting.md", GREETING)]);
    filtered(|| assert_cmd_snapshot!(site.doccheck(&["run", "greeting.md"])));
}

#[test]
fn a_page_that_is_stale() {
    let site = Site::new(&[("docs/stale.md", STALE)]);
    filtered(|| assert_cmd_snapshot!(site.doccheck(&["run", "docs/stale.md"])));
}

#[test]
fn the_first_difference_is_enough_with_fail_fast() {
    let site = Site::new(&[("docs/stale.md", STALE)]);
    filtered(|| assert_cmd_snapshot!(site.doccheck(&["run", "--fail-fast", "docs/stale.md"])));
}

#[test]
fn quiet_tells_failures_only() {
    let site = Site::new(&[("greeting.md", GREETING), ("stale.md", STALE)]);
    filtered(|| assert_cmd_snapshot!(site.doccheck(&["run", "--quiet", "--fail-fast", "-j1", "."])));
}

#[test]
fn programs_get_a_document() {
    let site = Site::new(&[("docs/stale.md", STALE)]);
    filtered(|| assert_cmd_snapshot!(site.doccheck(&["run", "--format", "json", "docs/stale.md"])));
}

#[test]
fn programs_get_a_document_even_where_nothing_ran() {
    let site = Site::new(&[]);
    filtered(|| assert_cmd_snapshot!(site.doccheck(&["run", "--format", "json", "gone.md"])));
}

#[test]
fn github_gets_annotations() {
    let site = Site::new(&[("docs/stale.md", STALE)]);
    let mut command = site.doccheck(&["run", "--quiet", "docs/stale.md"]);
    command.env("GITHUB_ACTIONS", "true");
    let output = command.output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("it is text");
    let annotations: Vec<&str> = text.lines().filter(|line| line.starts_with("::")).collect();
    filtered(|| insta::assert_snapshot!(annotations.join("\n")));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn annotations_leave_the_document_whole() {
    let site = Site::new(&[("docs/stale.md", STALE)]);
    let mut command = site.doccheck(&["run", "--format", "json", "docs/stale.md"]);
    let output = command.env("GITHUB_ACTIONS", "true").output().expect("it runs");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is one document");
    assert_eq!(document["summary"]["stale"], 1);
    assert!(String::from_utf8_lossy(&output.stderr).contains("::error file=docs/stale.md,line="));
}

#[test]
fn colours_come_when_they_are_asked_for() {
    let site = Site::new(&[("greeting.md", GREETING)]);
    let coloured = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = site.doccheck(arguments);
        let output = command.envs(variables.iter().copied()).output().expect("it runs");
        output.stdout.contains(&0x1b)
    };
    assert!(!coloured(&["list", "greeting.md"], &[]), "a pipe is no terminal");
    assert!(coloured(&["list", "--color", "always", "greeting.md"], &[("NO_COLOR", "1")]));
    assert!(coloured(&["list", "greeting.md"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&["list", "--color", "never", "greeting.md"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn the_role_of_every_fence_is_listed() {
    let site = Site::new(&[("docs/stale.md", STALE), ("greeting.md", GREETING)]);
    assert_cmd_snapshot!(site.doccheck(&["list", "."]));
}

#[test]
fn the_list_is_a_document_too() {
    let site = Site::new(&[("greeting.md", GREETING)]);
    assert_cmd_snapshot!(site.doccheck(&["list", "--format", "json", "greeting.md"]));
}

#[test]
fn a_folder_without_pages_selects_nothing() {
    let site = Site::new(&[("docs/notes.txt", "no page")]);
    filtered(|| assert_cmd_snapshot!(site.doccheck(&["run", "docs"])));
}

#[test]
fn a_wrong_configuration_is_told_at_its_place() {
    let site = Site::new(&[("doccheck.toml", "strict = true\nstrikt = true\n"), ("greeting.md", GREETING)]);
    filtered(|| assert_cmd_snapshot!(site.doccheck(&["run", "greeting.md"])));
}

#[test]
fn the_picture_in_the_readme_shows_what_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let site = Site::new(&[]);
    let mut command = site.doccheck(&["run", "--color", "always", "examples/stale.md"]);
    command.current_dir(root).env("HOME", site.path());
    let mut printed = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let output = printed.stdout.take().expect("it is piped");
    let mut python = Command::new("python3");
    python.current_dir(root).args(["scripts/picture.py", "doccheck run examples/stale.md"]).stdin(output);
    let picture = python.output().expect("there is a Python");
    printed.wait().expect("it ends");
    let drawn = std::fs::read(root.join("docs/failure.svg")).expect("the picture is there");
    assert!(
        picture.stdout == drawn,
        "the report looks otherwise now; how to draw it again stands in scripts/picture.py"
    );
}

#[test]
fn pages_that_run_at_once_are_told_one_after_the_other() {
    let page = |name: &str| format!("```bash name={name}-1\ntrue\n```\n\n```bash name={name}-2\ntrue\n```\n");
    let pages: Vec<(String, String)> =
        (0..6).map(|at| (format!("page-{at}.md"), page(&format!("step-{at}")))).collect();
    let files: Vec<(&str, &str)> = pages.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let output = Site::new(&files).doccheck(&["run", "-j4", "."]).output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("it is text");
    let mut told: Vec<&str> = text.lines().filter_map(|line| line.split(".md").next()?.split("page-").nth(1)).collect();
    assert_eq!(told.len(), 12, "{text}");
    told.dedup();
    assert_eq!(told.len(), 6, "each page's lines stand together: {text}");
}

#[test]
fn a_reader_who_closes_the_pipe_has_seen_enough() {
    let site = Site::new(&[("greeting.md", GREETING)]);
    let mut child = site
        .doccheck(&["run", "greeting.md"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn a_report_that_cannot_be_written_is_a_failure() {
    let site = Site::new(&[("greeting.md", GREETING)]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let Ok(full) = full else { return };
    let output = site.doccheck(&["list", "greeting.md"]).stdout(full).output().expect("it runs");
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot print the report"));
}

#[test]
fn steps_are_told_as_they_end_and_an_interruption_ends_the_run() {
    let site = Site::new(&[]);
    let began = site.path().join("began");
    let page = format!(
        "```bash name=first\necho one\n```\n\n```bash name=second timeout=60s\nmkfifo never\ntouch '{}'\ncat never\n```\n",
        began.display()
    );
    std::fs::write(site.path().join("page.md"), page).expect("a file can be written");
    let mut command = site.doccheck(&["run", "page.md"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut line = String::new();
    out.read_line(&mut line).expect("a line comes while the second step still runs");
    assert!(line.contains("page.md:1") && line.contains("first"), "{line}");
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !began.exists() && std::time::Instant::now() < patience {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).expect("it still runs");
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("it is text");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let told = [
        "not reached page.md:5",
        "note: interrupted before it had ended",
        "1 page: 1 interrupted; 2 steps: 1 unchecked, 1 not reached",
        "\ninterrupted: ",
    ];
    assert!(told.iter().all(|told| rest.contains(told)), "{rest}");
    assert!(!rest.contains("stale") && !rest.contains("signal") && !rest.contains("exit="), "{rest}");
    // The transcript tells the same, so judging it again does so too.
    let again = site.doccheck(&["report", "--format", "sarif"]).output().expect("it runs");
    let again = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(again.contains("\"results\": []"), "{again}");
    let again = site.doccheck(&["report", "--format", "markdown"]).output().expect("it runs");
    let again = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(again.contains("1 page: 1 interrupted; 2 steps: 1 unchecked, 1 not reached"), "{again}");
    let again = site.doccheck(&["report", "--format", "junit"]).output().expect("it runs");
    let again = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(again.contains("not reached: the run was interrupted"), "{again}");
}

#[test]
#[cfg(target_os = "linux")]
fn what_a_killed_run_leaves_ends_with_it_or_is_removed_by_the_next_one() {
    let site = Site::new(&[]);
    let temporary = site.path().join("temporary");
    std::fs::create_dir(&temporary).expect("a folder can be made");
    let number = site.path().join("number");
    let page = format!(
        "```python timeout=60s\nimport os\nopen('{0}.new', 'w').write(str(os.getpid()))\n\
         os.mkfifo('never')\nos.rename('{0}.new', '{0}')\nopen('never')\n```\n",
        number.display()
    );
    std::fs::write(site.path().join("page.md"), page).expect("a file can be written");
    std::fs::write(site.path().join("next.md"), "```bash\ntrue\n```\n").expect("a file can be written");
    let mut command = site.doccheck(&["run", "page.md"]);
    command.env("TMPDIR", &temporary).env("HOME", site.path());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let wait = |met: &dyn Fn() -> bool| {
        let patience = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while !met() && std::time::Instant::now() < patience {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    };
    wait(&|| number.exists());
    let folders = || std::fs::read_dir(&temporary).expect("it is there").count();
    let running = site.doccheck(&["run", "next.md"]).env("TMPDIR", &temporary).output().expect("it runs");
    assert_eq!((running.status.code(), folders()), (Some(0), 2), "what is in use stays");
    child.kill().expect("it still runs");
    child.wait().expect("it ends");
    let step = std::fs::read_to_string(&number).expect("the step began");
    let alive = || {
        let stat = std::fs::read_to_string(format!("/proc/{step}/stat")).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    };
    wait(&|| !alive());
    assert!(!alive(), "the step ends with the run");
    assert_eq!(folders(), 2);
    let next = site.doccheck(&["run", "next.md"]).env("TMPDIR", &temporary).output().expect("it runs");
    assert_eq!((next.status.code(), folders()), (Some(0), 0));
}
