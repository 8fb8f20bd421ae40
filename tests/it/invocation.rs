//! Calling the real binary as a person would, and what differs from run to run taken out of its words.

use std::path::Path;
use std::process::Command;

/// `doccheck` with an environment that is the same on every machine, and a cache inside the target folder. Where a
/// machine reaches the registries by a certificate of its own, installers are told of it.
pub(crate) fn doccheck() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doccheck"));
    command.env_clear().env("NO_COLOR", "1").env("XDG_CACHE_HOME", cache());
    for name in ["PATH", "HOME", "NODE_EXTRA_CA_CERTS", "PIP_CERT"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// A cache of the tests' own, shared by all of them: what one installed another finds.
pub(crate) fn cache() -> std::path::PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache")
}

/// What differs from run to run: durations, times, and the certificate's folder.
pub(crate) fn filters() -> Vec<(&'static str, &'static str)> {
    vec![
        (r#""duration_ms": \d+"#, r#""duration_ms": 0"#),
        (r#""at_s": \d+(\.\d+)?"#, r#""at_s": 0.0"#),
        (r" *\b\d+(\.\d+)? ?(ms|s)\b", " [time]"),
        (r"/[^\s:]*/doccheck-[A-Za-z0-9]+", "[workspace]"),
        // How far a shell gets depends on what its process holds besides.
        (r"cannot allocate \d+ bytes", "cannot allocate [number] bytes"),
    ]
}
