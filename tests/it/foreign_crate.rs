//! A crate that is not ours, with doccheck as its dev-dependency: green, then red after one change in its program, under
//! `cargo test` and under nextest, and its drift accepted by insta's rules.
//!
//! It is built in this package's own target folder with the same lock file and profile: what is built there for us is
//! built for it. What is left are doccheck without its default features and the twenty crates that have other features
//! then: 41 CPU seconds once, later only what has changed.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const PROGRAM: &str = "fn main() {\n    println!(\"3 items\");\n}\n";

const TOUR: &str = "\
# Look around

```bash name=look
shop
```

```output
3 items
```
";

const HARNESS: &str = "\
fn main() -> std::process::ExitCode {
    doccheck::harness::run(\"docs\")
}
";

const TRANSCRIPT: &str = "\
#[test]
fn the_tour_is_as_it_was() {
    doccheck::assert_tutorial!(\"docs/tour.md\");
}
";

/// Longer than a build on a slow machine.
const PATIENCE: Duration = Duration::from_secs(900);

struct Crate(tempfile::TempDir);

impl Crate {
    fn new() -> Self {
        let shop = Self(tempfile::tempdir().expect("a folder can be made"));
        let ours = Path::new(env!("CARGO_MANIFEST_DIR"));
        let manifest = std::fs::read_to_string(ours.join("Cargo.toml")).expect("Cargo.toml is there");
        let manifest: toml::Table = manifest.parse().expect("Cargo.toml is TOML");
        let dev = manifest["profile"]["dev"].clone();
        let profile = toml::Table::from_iter([("dev".to_owned(), dev)]);
        let profile = toml::to_string(&toml::Table::from_iter([("profile".to_owned(), toml::Value::Table(profile))]));
        let path = ours.display();
        shop.write(
            "Cargo.toml",
            &format!(
                "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
                 [dev-dependencies]\n\
                 doccheck = {{ path = '{path}', default-features = false, features = [\"snapshots\"] }}\n\n\
                 [[test]]\nname = \"tutorials\"\nharness = false\n\n[workspace]\n\n{}",
                profile.expect("a profile is TOML")
            ),
        );
        std::fs::copy(ours.join("Cargo.lock"), shop.0.path().join("Cargo.lock")).expect("a file can be copied");
        shop.write("src/main.rs", PROGRAM);
        shop.write("docs/tour.md", TOUR);
        shop.write("docs/more/second.md", "# Second\n\n```bash\nshop > items && cat items\n```\n");
        shop.write("tests/tutorials.rs", HARNESS);
        shop.write("tests/transcript.rs", TRANSCRIPT);
        shop
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().expect("it has a parent")).expect("a folder can be made");
        std::fs::write(path, text).expect("a file can be written");
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.0.path().join(path)).unwrap_or_default()
    }

    /// What `cargo` told, blanks squeezed, and whether it was content.
    fn cargo(&self, arguments: &[&str], insta: &str) -> (bool, String) {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(arguments).current_dir(self.0.path()).env("INSTA_UPDATE", insta);
        // What cargo and nextest told this test about itself.
        let ours = [
            "CARGO_MANIFEST",
            "CARGO_PKG",
            "CARGO_BIN_EXE",
            "CARGO_CRATE",
            "CARGO_PRIMARY",
            "NEXTEST",
            "RUST_BACKTRACE",
        ];
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| ours.iter().any(|ours| name.starts_with(ours))) {
                command.env_remove(name);
            }
        }
        let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
        command.env("CARGO_TARGET_DIR", tmp.parent().expect("it lies in the target folder"));
        command.env("CARGO_NET_OFFLINE", "true").env("XDG_CACHE_HOME", crate::invocation::cache());
        let (status, told) = ended(command);
        (status.success(), told.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
    }
}

/// Runs a command to its end, and ends it and what it started where that takes too long.
fn ended(mut command: Command) -> (ExitStatus, String) {
    let output = tempfile::NamedTempFile::new().expect("a file can be made");
    let open = || output.reopen().expect("the file is there");
    let append = |_| std::fs::OpenOptions::new().append(true).open(output.path()).expect("the file is there");
    let [out, err] = [0, 1].map(append);
    let mut child =
        command.process_group(0).stdin(Stdio::null()).stdout(out).stderr(err).spawn().expect("cargo starts");
    let (over, watch) = mpsc::channel::<()>();
    let group = format!("-{}", child.id());
    let guard = std::thread::spawn(move || {
        if watch.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        }
    });
    let status = child.wait().expect("cargo can be waited for");
    drop(over);
    guard.join().expect("the guard does not panic");
    let told = std::io::read_to_string(open()).expect("what is printed is text");
    (status, told)
}

#[expect(clippy::disallowed_macros, reason = "the reader of a test's output is told what was not tested")]
fn left_out(reason: &str) {
    println!("{reason}");
}

#[track_caller]
fn holds(told: &str, words: &[&str]) {
    for words in words {
        assert!(told.contains(words), "`{words}` is not in:\n{told}");
    }
}

#[test]
fn a_foreign_crate_is_green_and_red_after_one_change_in_its_program() {
    let shop = Crate::new();
    let nextest = shop.cargo(&["nextest", "--version"], "no").0;
    if !nextest {
        left_out("cargo-nextest is not installed: its part of the test is left out");
    }

    // Nothing was accepted yet.
    let (ok, told) = shop.cargo(&["test", "--no-fail-fast"], "always");
    assert!(ok, "{told}");
    holds(&told, &["test docs/more/second.md ... ok", "test docs/tour.md ... ok", "test the_tour_is_as_it_was ... ok"]);
    let snapshot = "tests/snapshots/transcript__docs__tour.snap";
    let accepted = |items: &str| {
        format!(
            "---\nsource: tests/transcript.rs\nexpression: docs/tour.md\n---\n\
             # Look around\nlook (bash): {items}\n"
        )
    };
    assert_eq!(shop.read(snapshot), accepted("ok, exited with status 0\n | 3 items").replace("\n |", "\n  |"));

    let (ok, told) = shop.cargo(&["test", "--no-fail-fast"], "no");
    assert!(ok, "{told}");
    listed(&shop);
    if nextest {
        let (ok, told) = shop.cargo(&["nextest", "run"], "no");
        assert!(ok, "{told}");
        holds(&told, &["shop::tutorials docs/tour.md", "3 tests run: 3 passed"]);
        let parts =
            ["1/2", "2/2"].map(|part| shop.cargo(&["nextest", "run", "--partition", &format!("count:{part}")], "no"));
        let ran = |told: &str| told.matches(" PASS ").count();
        assert_eq!(parts.each_ref().map(|(ok, told)| (*ok, ran(told))), [(true, 2), (true, 1)], "{parts:?}");
    }

    shop.write("src/main.rs", &PROGRAM.replace('3', "4"));
    let (ok, told) = shop.cargo(&["test", "--no-fail-fast"], "new");
    assert!(!ok, "{told}");
    holds(
        &told,
        &[
            "test docs/more/second.md ... ok",
            "test docs/tour.md ... FAILED",
            "stale[output]: what `look` printed is not what the page shows",
            "test the_tour_is_as_it_was ... FAILED",
        ],
    );
    if nextest {
        let (ok, told) = shop.cargo(&["nextest", "run", "--no-fail-fast"], "no");
        assert!(!ok, "{told}");
        holds(&told, &["3 tests run: 1 passed, 2 failed"]);
    }

    // The drift, page and all, waits for a person.
    let drifted = accepted("stale, exited with status 0\n ! output: line 1 differs\n | 4 items");
    let drifted = drifted.replace("\n !", "\n  !").replace("\n |", "\n  |");
    let waiting = shop.read(&format!("{snapshot}.new"));
    assert_eq!(waiting.replace("assertion_line: 3\n", ""), drifted);
    if shop.cargo(&["insta", "--version"], "no").0 {
        // It asks cargo for everything that the package could need on any system, which takes a network.
        let files = ["Cargo.toml", "Cargo.lock"].map(|path| (path, shop.read(path)));
        shop.write("Cargo.toml", "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        let (ok, told) = shop.cargo(&["insta", "accept"], "auto");
        assert!(ok, "{told}");
        files.iter().for_each(|(path, text)| shop.write(path, text));
    } else {
        left_out("cargo-insta is not installed: INSTA_UPDATE=always accepts in its place");
        assert!(shop.cargo(&["test", "--test", "transcript"], "always").0);
    }
    assert_eq!(shop.read(snapshot), drifted);
    let (ok, told) = shop.cargo(&["test", "--test", "transcript"], "no");
    assert!(ok, "{told}");
}

/// How the tests are listed and picked, and what is no page.
fn listed(shop: &Crate) {
    let harness = |arguments: &[&str]| {
        let arguments = [&["test", "--quiet", "--test", "tutorials", "--"], arguments].concat();
        shop.cargo(&arguments, "no")
    };
    let all = "docs/more/second.md: test\ndocs/tour.md: test\n";
    assert_eq!(harness(&["--list", "--format", "terse"]), (true, all.to_owned()));
    assert_eq!(harness(&["--list", "--format", "terse", "--ignored"]), (true, String::new()));
    assert_eq!(harness(&["--list", "--format", "terse", "tour"]), (true, "docs/tour.md: test\n".to_owned()));
    let (ok, told) = harness(&["--exact", "docs/tour.md", "--nocapture"]);
    assert!(ok, "{told}");
    holds(&told, &["1 passed; 0 failed; 0 ignored; 0 measured; 1 filtered out"]);

    shop.write("docs/broken.md", "<!-- doccheck: exti=1 -->\n\n```bash\ntrue\n```\n");
    let (ok, told) = harness(&["--exact", "docs/broken.md"]);
    assert!(!ok, "{told}");
    holds(&told, &["error[unknown-option]: unknown option `exti`", "did you mean `exit`?", "0 passed; 1 failed"]);
    std::fs::remove_file(shop.0.path().join("docs/broken.md")).expect("a file can be removed");

    let unsure = "```bash\ntrue\n```\n\n```bsh\ntrue\n```\n";
    shop.write("docs/unsure.md", unsure);
    let exact = ["--exact", "docs/unsure.md"];
    let (ok, told) = harness(&exact);
    assert!(ok, "{told}");
    shop.write("doccheck.toml", "strict = true\n");
    let (ok, told) = harness(&exact);
    assert!(!ok, "{told}");
    holds(&told, &["unsure"]);
    for path in ["docs/unsure.md", "doccheck.toml"] {
        std::fs::remove_file(shop.0.path().join(path)).expect("a file can be removed");
    }

    let (docs, away) = (shop.0.path().join("docs"), shop.0.path().join("away"));
    std::fs::rename(&docs, &away).expect("a folder can be renamed");
    holds(&harness(&[]).1, &["---- docs ----", "there is no page or folder docs", "0 passed; 1 failed"]);
    std::fs::create_dir(&docs).expect("a folder can be made");
    holds(&harness(&[]).1, &["---- docs ----", "there is no page in docs", "0 passed; 1 failed"]);
    std::fs::remove_dir(&docs).expect("a folder can be removed");
    std::fs::rename(&away, &docs).expect("a folder can be renamed");
}
