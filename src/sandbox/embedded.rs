//! The files of `sandbox/`, so that any crate, folder or binary has them.

use crate::source::SourceFile;

use super::read::Files;

/// Every data file of the folder and the packages in it, by its path; `build.rs` lists them.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sandbox.rs"));

pub(super) fn files() -> Files {
    FILES.iter().map(|(path, text)| ((*path).to_owned(), SourceFile::new(format!("sandbox/{path}"), *text))).collect()
}
