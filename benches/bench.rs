//! What every measuring program starts with: whether it is to measure at all, and a folder of its own to do it in.

use std::path::Path;
use std::process::Command;

/// Measures in an empty folder, which is removed afterwards.
pub(crate) fn run(measure: impl FnOnce(&Path)) {
    // `cargo bench` hands on its own arguments; `cargo test --benches` only wants to know that this builds.
    if std::env::args().any(|argument| argument == "--bench") {
        measure(tempfile::tempdir().unwrap().path());
    }
}

/// A program that works in `folder`. The user's own cache and configuration are left alone.
pub(crate) fn command(program: impl AsRef<Path>, folder: &Path) -> Command {
    let mut command = Command::new(program.as_ref());
    command.current_dir(folder).env("XDG_CACHE_HOME", folder.join("cache")).env("NO_COLOR", "1");
    command
}
