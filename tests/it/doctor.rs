//! `doccheck doctor`, on a machine of the test's own: what it has, what the pages need, what to do about the gaps.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::invocation::doccheck;

const SHELL: &str = "# A\n\n```bash\ncurl -s https://api.example.com | python3 -m json.tool\n```\n";
const PYTHON: &str =
    "---\ndoccheck:\n  python: [requests]\n---\n# B\n\nYou need Python 3.12+.\n\n```python\nimport requests\n```\n";
const NODE: &str = "---\ndoccheck:\n  node: [axios]\n---\n# C\n\n```javascript\nconsole.log(1)\n```\n";
const SKIPPED: &str = "---\ndoccheck:\n  skip: no account\n---\n# D\n\n```bash\ngit clone x\n```\n";

/// A `PATH` with made-up programs, and a folder of pages.
struct Machine(tempfile::TempDir);

impl Machine {
    fn new(pages: &[(&str, &str)]) -> Self {
        let machine = Self(tempfile::tempdir().expect("a folder can be made"));
        for folder in ["bin", "site/.git", "site/docs"] {
            std::fs::create_dir_all(machine.path(folder)).expect("a folder can be made");
        }
        for (name, text) in pages {
            std::fs::write(machine.path("site/docs").join(name), text).expect("a file can be written");
        }
        machine
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    /// A program that prints `text`. It is written by another process: a file that this one has open for writing, and
    /// with it any child that another test is just starting, cannot be run.
    fn program(self, name: &str, text: &str) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", "printf '#!/bin/sh\\n%s\\n' \"$2\" > \"$1\" && chmod 755 \"$1\"", "sh"]);
        let status = command.arg(self.path("bin").join(name)).arg(text).stdin(Stdio::null()).status();
        assert!(status.expect("sh starts").success());
        self
    }

    fn prints(self, name: &str, text: &str) -> Self {
        self.program(name, &format!("echo '{text}'"))
    }

    /// An interpreter: it tells where it is, its version, and that it is no venv's.
    fn interpreter(self, name: &str, version: &str) -> Self {
        self.program(name, &format!("echo \"$0\"; echo {version}; echo False"))
    }

    fn command(&self, paths: &[&str]) -> Command {
        let mut command = doccheck();
        command.current_dir(self.path("site")).arg("doctor").args(paths);
        command.env("PATH", self.path("bin")).env("XDG_CACHE_HOME", self.path("cache"));
        command
    }

    /// The exit status, and what was told but for what the real machine decides.
    fn doctor(&self, paths: &[&str]) -> (i32, String) {
        let output = self.command(paths).output().expect("doccheck starts");
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let here = self.0.path().canonicalize().expect("the folder is there");
        let told =
            told.replace(&here.display().to_string(), "[here]").replace(&self.0.path().display().to_string(), "[here]");
        let mut kept = Vec::new();
        let mut of_machine = false;
        for line in told.lines() {
            let row = line.starts_with("  ") && !line.starts_with("    ");
            of_machine = if row {
                line.split_whitespace().nth(1).is_some_and(|name| ["namespaces", "clock", "terminal"].contains(&name))
            } else {
                of_machine && line.starts_with("    ")
            };
            if !of_machine {
                kept.push(line.trim_end());
            }
        }
        (output.status.code().unwrap_or(-1), kept.join("\n"))
    }
}

#[test]
fn a_machine_that_has_everything_is_told_so() {
    let machine = Machine::new(&[("a.md", SHELL), ("b.md", PYTHON), ("c.md", NODE), ("d.md", SKIPPED)])
        .prints("bash", "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)")
        .prints("curl", "curl 8.5.0 (x86_64-pc-linux-gnu) libcurl/8.5.0")
        .prints("uv", "uv 0.5.1")
        .prints("npm", "10.9.0")
        .interpreter("python3", "3.12.4")
        .interpreter("node", "v22.1.0".trim_start_matches('v'));
    let (status, told) = machine.doctor(&["docs"]);
    assert_eq!(
        told,
        "  ✓ bash        5.2.15(1)-release, [here]/bin/bash
  ✓ curl        8.5.0, [here]/bin/curl
  ✓ Python      3.12.4, [here]/bin/python3
  ✓ uv          0.5.1, [here]/bin/uv
  ✓ Node        22.1.0, [here]/bin/node
  ✓ npm         10.9.0, [here]/bin/npm
  - git         not on the PATH
                install git, so that it is on the PATH
  ✓ cache       [here]/cache/doccheck

everything that the pages need is here (4 pages)"
    );
    assert_eq!(status, 0);
}

#[test]
fn what_pages_need_and_is_not_there_is_told_with_the_pages() {
    let machine = Machine::new(&[("a.md", SHELL), ("b.md", PYTHON), ("c.md", NODE), ("d.md", SKIPPED)])
        .prints("bash", "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)")
        .program("uv", "exit 3")
        .interpreter("python3", "3.11.2");
    let (status, told) = machine.doctor(&["docs"]);
    assert_eq!(
        told,
        "  ✓ bash        5.2.15(1)-release, [here]/bin/bash
  ✗ curl        not on the PATH
                needed by docs/a.md
                install curl, so that it is on the PATH
  ✗ Python      3.11.2, [here]/bin/python3
                needed by docs/b.md
                install Python 3.12 or later, so that `python3` is on the PATH
  ✓ uv          [here]/bin/uv, which does not tell its version
  ✗ Node        not on the PATH
                needed by docs/c.md
                install Node 20 or later, so that `node` is on the PATH
  ✗ npm         not on the PATH
                needed by docs/c.md
                install npm, so that it is on the PATH
  - git         not on the PATH
                install git, so that it is on the PATH
  ✓ cache       [here]/cache/doccheck

4 things that the pages need are missing (4 pages)"
    );
    assert_eq!(status, 3);
    // The same machine is good enough for a page that needs less.
    assert_eq!(machine.doctor(&["docs/d.md"]).0, 0);
}

#[test]
fn an_interpreter_may_be_too_old_or_unable() {
    let machine = Machine::new(&[("b.md", PYTHON)]).interpreter("python3", "3.9.2");
    let (status, told) = machine.doctor(&["docs"]);
    assert!(told.contains("✗ Python      3.9.2, [here]/bin/python3, which is too old\n"), "{told}");
    assert_eq!(status, 3);

    let unable = "case \"$3\" in *ensurepip*) exit 1;; esac; echo \"$0\"; echo 3.12.0; echo False";
    let machine = Machine::new(&[("b.md", PYTHON)]).program("python3", unable);
    let (status, told) = machine.doctor(&["docs"]);
    let words = "✗ venv        not part of this Python\n                needed by docs/b.md\n                install uv, or what your system calls `python3-venv`";
    assert!(told.contains(words), "{told}");
    assert!(told.ends_with("1 thing that the pages need is missing (1 page)"), "{told}");
    assert_eq!(status, 3);
}

#[test]
fn a_cache_that_cannot_be_written_is_a_gap() {
    let machine =
        Machine::new(&[("c.md", &NODE.replace("  node: [axios]\n", "  scopes: []\n"))]).interpreter("node", "20.0.0");
    std::fs::write(machine.path("cache"), "a file").expect("a file can be written");
    let (status, told) = machine.doctor(&["docs"]);
    assert!(told.contains("✗ cache       [here]/cache/doccheck, which cannot be written: "), "{told}");
    assert!(told.contains("set XDG_CACHE_HOME to a folder that can be written"), "{told}");
    assert_eq!(status, 3);
}

#[test]
#[cfg(target_os = "linux")]
fn a_folder_for_temporary_files_in_which_virtual_time_does_not_work_is_told() {
    let machine = Machine::new(&[("a.md", "```bash\ntrue\n```\n")])
        .prints("bash", "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)");
    for (folder, status, told) in [
        ("t", 0, "  ✓ clock       waits of pages are virtual\n"),
        (
            "a b",
            0,
            "  - clock       in shells only `sleep` and `date` are virtual
                the folder for temporary files has a blank, `:` or `$` in its path; set TMPDIR to another one\n",
        ),
        (
            &"long".repeat(25),
            0,
            "  - clock       waits of pages are real
                the folder for temporary files has too long a path for a socket; set TMPDIR to a shorter one\n",
        ),
        ("gone", 3, "needed by docs/a.md\n                set TMPDIR to a folder that can be written\n"),
    ] {
        let temporary = machine.path(folder);
        if folder != "gone" {
            std::fs::create_dir(&temporary).expect("a folder can be made");
        }
        let output = machine.command(&["docs"]).env("TMPDIR", &temporary).output().expect("doccheck starts");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(told), "{folder}: {text}");
        assert_eq!(output.status.code(), Some(status), "{folder}");
    }
}

#[test]
fn without_pages_nothing_is_needed() {
    let machine = Machine::new(&[]);
    let (status, told) = machine.doctor(&[]);
    assert!(told.ends_with("no page was selected, so that nothing is needed (0 pages)"), "{told}");
    assert_eq!(status, 0);
    let (status, told) = machine.doctor(&["gone"]);
    assert!(told.contains("there is no page or folder gone"), "{told}");
    assert_eq!(status, 2);
    assert!(Path::new(&machine.path("cache")).is_dir());
}
