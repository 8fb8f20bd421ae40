//! `snapshot=true`: outputs that a page does not show are kept in files that insta reads, under insta's rules.

use std::path::Path;

use crate::invocation::doccheck;

const PAGE: &str = "\
---
doccheck:
  snapshot: true
---
# Build

```bash
echo one; pwd; echo 'took 0.12s'
```

## Shown

```bash
echo a
```

```output
a
```

## Check

```bash name=check
cat answer 2>/dev/null || echo 42
```

```bash output=any
date
```

```bash
true
```
";

/// A repository with one page in `docs/`.
struct Site(tempfile::TempDir);

impl Site {
    fn new() -> Self {
        let site = Self(tempfile::tempdir().expect("a folder can be made"));
        for folder in [".git", "docs"] {
            std::fs::create_dir(site.0.path().join(folder)).expect("a folder can be made");
        }
        site.write("docs/x.md", PAGE);
        site
    }

    fn write(&self, path: &str, text: &str) {
        std::fs::write(self.0.path().join(path), text).expect("a file can be written");
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.0.path().join(path)).expect("the file is there")
    }

    /// The exit status of a run under `update`, and what it printed.
    fn run(&self, update: &str) -> (i32, String) {
        let mut command = doccheck();
        command.current_dir(self.0.path()).args(["run", "docs/x.md"]).env("INSTA_UPDATE", update);
        let output = command.output().expect("doccheck starts");
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap_or(-1), told)
    }

    fn kept(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.snapshots()) else { return Vec::new() };
        let names = entries.filter_map(Result::ok).map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    fn snapshots(&self) -> std::path::PathBuf {
        self.0.path().join("docs/snapshots")
    }
}

#[track_caller]
fn holds(told: &str, words: &[&str]) {
    for words in words {
        assert!(told.contains(words), "`{words}` is not in:\n{told}");
    }
}

#[test]
fn an_output_waits_until_somebody_accepts_it() {
    let site = Site::new();
    let (status, told) = site.run("auto");
    assert_eq!(status, 1, "{told}");
    holds(
        &told,
        &[
            "1 page: 1 stale; 5 steps: 3 ok, 2 stale",
            "stale[snapshot]: what `check` printed is not what its snapshot holds",
            "there is no snapshot of it yet",
            "it waits in docs/snapshots/x__check.snap.new: `cargo insta review`, in a Cargo project, shows and accepts it; \
             `INSTA_UPDATE=always doccheck run docs/x.md` does so at once",
        ],
    );
    assert_eq!(site.kept(), ["x__build.snap.new", "x__check.snap.new"]);
    let build = "---\nsource: docs/x.md\nexpression: \"echo one; pwd; echo 'took 0.12s'\"\n---\none\n[workspace]\ntook [duration]\n";
    assert_eq!(site.read("docs/snapshots/x__build.snap.new"), build);

    let (status, told) = site.run("always");
    assert_eq!(status, 0, "{told}");
    holds(&told, &["5 steps: 5 ok", "note: docs/snapshots/x__check.snap was written"]);
    assert_eq!(site.kept(), ["x__build.snap", "x__check.snap"]);
    assert_eq!(site.read("docs/snapshots/x__build.snap"), build);

    let (status, told) = site.run("no");
    assert_eq!(status, 0, "{told}");
}

#[test]
fn insta_reads_what_doccheck_keeps_and_the_other_way_round() {
    let site = Site::new();
    assert_eq!(site.run("always").0, 0);
    insta::with_settings!({ snapshot_path => site.snapshots(), prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("x__build", "one\n[workspace]\ntook [duration]");
        insta::assert_snapshot!("x__check", "42");
    });
    // As insta itself writes it; what waited is gone when it is as it was.
    site.write(
        "docs/snapshots/x__check.snap",
        "---\nsource: docs/x.md\nassertion_line: 7\nexpression: \"cat answer 2>/dev/null || echo 42\"\n---\n42\n",
    );
    site.write("docs/snapshots/x__check.snap.new", "---\nsource: docs/x.md\n---\n41\n");
    let (status, told) = site.run("no");
    assert_eq!(status, 0, "{told}");
    assert_eq!(site.kept(), ["x__build.snap", "x__check.snap"]);
}

#[test]
fn drift_waits_beside_the_snapshot() {
    let site = Site::new();
    assert_eq!(site.run("always").0, 0);
    site.write("docs/x.md", &PAGE.replace("echo 42", "echo 43"));
    let (status, told) = site.run("no");
    assert_eq!(status, 1, "{told}");
    holds(
        &told,
        &["- the snapshot   + what happened", "| - 42", "| + 43", "line 1 differs", "as INSTA_UPDATE or CI says"],
    );
    assert_eq!(site.kept(), ["x__build.snap", "x__check.snap"]);

    assert_eq!(site.run("unseen").0, 1);
    assert_eq!(site.kept(), ["x__build.snap", "x__check.snap", "x__check.snap.new"]);
    assert!(site.read("docs/snapshots/x__check.snap").ends_with("---\n42\n"));
    assert!(site.read("docs/snapshots/x__check.snap.new").ends_with("---\n43\n"));

    // What `cargo insta accept` does.
    let (old, new) = ("docs/snapshots/x__check.snap", "docs/snapshots/x__check.snap.new");
    std::fs::rename(site.0.path().join(new), site.0.path().join(old)).expect("a file can be renamed");
    assert_eq!(site.run("no").0, 0);
}

#[test]
fn what_no_step_is_compared_with_is_told() {
    let site = Site::new();
    assert_eq!(site.run("always").0, 0);
    site.write("docs/x.md", &PAGE.replace("name=check", "name=answer"));
    site.write("docs/x__y.md", PAGE);
    site.write("docs/snapshots/x__y__build.snap", "---\nsource: docs/x__y.md\n---\none\n");
    let (status, told) = site.run("unseen");
    assert_eq!(status, 0, "{told}");
    holds(&told, &["note[unreferenced-snapshot]: no step of docs/x.md is compared with docs/snapshots/x__check.snap"]);
    assert!(!told.contains("x__y__build"), "{told}");
    assert_eq!(site.kept(), ["x__answer.snap", "x__build.snap", "x__check.snap", "x__y__build.snap"]);
}

#[test]
fn a_step_that_is_wrong_otherwise_leaves_its_snapshot_alone() {
    let site = Site::new();
    assert_eq!(site.run("always").0, 0);
    site.write("docs/x.md", &PAGE.replace("|| echo 42", "|| { echo 43; exit 3; }"));
    let (status, told) = site.run("always");
    assert_eq!(status, 1, "{told}");
    holds(&told, &["it exited with status 3, not 0"]);
    assert!(site.read("docs/snapshots/x__check.snap").ends_with("---\n42\n"));
}

#[test]
fn the_configuration_says_it_for_all_pages() {
    let site = Site::new();
    site.write("docs/x.md", "# Build\n\n```bash\necho one\n```\n");
    site.write("doccheck.toml", "[defaults]\nsnapshot = true\n");
    assert_eq!(site.run("no").0, 1);
    assert_eq!(site.run("new").0, 1);
    assert_eq!(site.kept(), ["x__build.snap.new"]);
    site.write("docs/x.md", "---\ndoccheck:\n  snapshot: false\n---\n# Build\n\n```bash\necho one\n```\n");
    assert_eq!(site.run("no").0, 0);
    let told = site.run("yes").1;
    assert!(!told.contains("INSTA_UPDATE"), "a page without snapshots does not ask: {told}");
    site.write("docs/x.md", "# Build\n\n```bash\necho one\n```\n");
    let (status, told) = site.run("yes");
    assert_eq!(status, 2, "{told}");
    holds(&told, &["INSTA_UPDATE cannot be `yes`: it takes auto, always, new, unseen, no or force"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_said() {
    let site = Site::new();
    site.write("docs/snapshots", "a file");
    let (status, told) = site.run("always");
    assert_eq!(status, 3, "{told}");
    holds(&told, &["cannot use the snapshot docs/snapshots/x__build.snap"]);
    assert!(Path::new(&site.0.path().join("docs/snapshots")).is_file());
}
