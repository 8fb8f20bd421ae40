//! Pages by outcome: `tests/fixtures/{ok,stale,error}/`. Beside each page stand what a terminal shows of its
//! run and what the JSON report says; the folder's name says the exit status.
//!
//! After a change that is meant: `INSTA_UPDATE=always cargo test --test it pages`, and read the difference.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::invocation::{doccheck, filters};

#[test]
fn ok() {
    check_folder("ok", 0);
}

#[test]
fn stale() {
    check_folder("stale", 1);
}

#[test]
fn error() {
    check_folder("error", 2);
}

/// Runs every page of the folder, tells all that went wrong at once.
fn check_folder(outcome: &str, status: i32) {
    let pages = pages(outcome);
    assert!(!pages.is_empty(), "no fixtures in {outcome}");
    let failures: Vec<_> = pages
        .iter()
        .filter(|page| std::panic::catch_unwind(|| check_page(page, outcome, status)).is_err())
        .map(|page| page.display().to_string())
        .collect();
    assert!(failures.is_empty(), "these pages did not go as expected: {failures:#?}");
}

fn check_page(page: &Path, outcome: &str, status: i32) {
    let name = page.file_stem().and_then(|name| name.to_str()).expect("fixtures have UTF-8 names");
    let folder = fixtures().join(outcome);
    for (format, suffix) in [("text", "out"), ("json", "json")] {
        let mut command = doccheck();
        command.current_dir(&folder).args(["run", "--format", format]).arg(format!("{name}.md"));
        let told = told(&mut command, status, page);
        insta::with_settings!({
            snapshot_path => &folder,
            prepend_module_to_snapshot => false,
            omit_expression => true,
            filters => filters(),
        }, {
            insta::assert_snapshot!(format!("{name}.{suffix}"), told);
        });
    }
}

/// What the command printed; fails where its status is another one.
fn told(command: &mut Command, status: i32, page: &Path) -> String {
    let output = command.output().expect("doccheck starts");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{}:\n{stdout}{stderr}", page.display());
    format!("{stdout}{stderr}")
}

fn pages(outcome: &str) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(fixtures().join(outcome)).expect("the folder of fixtures is there");
    let mut pages: Vec<_> = folder
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        // A limit of memory can be had on Linux alone.
        .filter(|path| cfg!(target_os = "linux") || path.file_stem().is_none_or(|stem| stem != "memory"))
        .collect();
    pages.sort();
    pages
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}
