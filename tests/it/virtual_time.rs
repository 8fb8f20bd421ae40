//! The frozen clock of a page, and the hooks that keep programs to it.
#![cfg(target_os = "linux")]

use crate::invocation::doccheck;

mod library;
mod shell;

/// Runs a page and fails where anything that it says is not so.
fn holds(page: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("page.md"), page).expect("the page can be written");
    let run = ["run", "--format", "json", "page.md"];
    let output = doccheck().current_dir(folder.path()).args(run).output().expect("doccheck starts");
    let (told, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let run: serde_json::Value = serde_json::from_str(&told).expect("the report is JSON");
    assert_eq!(run["pages"][0]["verdict"], "ok", "{run:#}\n{errors}");
}
