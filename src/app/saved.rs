//! What is kept of the last run, in the user's cache folder: its document, and a folder of transcripts beside it.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::diagnostic::Diagnostic;
use crate::fs;
use crate::report::{json, schema};

use super::{Surroundings, root};

/// The document's name. It lies beside the folder of transcripts, not in it, where a page could have that name.
const RUN: &str = "run.json";

/// The folder of the last run's transcripts of the repository at `root`. Transcripts of earlier runs may lie there too:
/// each names its page and that page's hash.
pub(super) fn transcripts(cache: &Path, root: &Path) -> PathBuf {
    folder(cache, root).join("last")
}

fn folder(cache: &Path, root: &Path) -> PathBuf {
    let hash = Sha256::digest(root.as_os_str().as_encoded_bytes());
    let name: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    cache.join("runs").join(name)
}

/// Keeps the document of a run of `paths`, so that it can be reported later.
///
/// # Errors
///
/// A warning: a run is as good without it.
pub fn keep(run: &schema::Run, paths: &[PathBuf], surroundings: &Surroundings) -> Result<(), Diagnostic> {
    let (_, root) = root(paths, surroundings);
    let file = folder(&surroundings.cache(), &root).join(RUN);
    fs::write_atomic(&file, json::text(run).as_bytes()).map_err(|error| {
        Diagnostic::warning("run-not-kept", format!("the run is not kept for `doccheck report`: {error}"))
    })
}

/// The last run here.
///
/// # Errors
///
/// There was none, or what is kept of it cannot be read.
pub fn last_run(surroundings: &Surroundings) -> Result<schema::Run, Diagnostic> {
    let (_, root) = root(&[], surroundings);
    let file = folder(&surroundings.cache(), &root).join(RUN);
    if !file.is_file() {
        let message = format!("no run of {} is kept", root.display());
        return Err(Diagnostic::error("no-run", message)
            .help("`doccheck run` keeps each; or name the document of one: `doccheck report run.json`"));
    }
    read_run(&file, &file)
}

/// The run whose document is the file at `path`, which people know as `shown`.
///
/// # Errors
///
/// The file cannot be read or holds no such document.
pub fn read_run(path: &Path, shown: &Path) -> Result<schema::Run, Diagnostic> {
    let source = fs::read_shown(path, shown)?;
    json::read_run(source.text()).map_err(|reason| {
        Diagnostic::error("bad-run", format!("{} holds no run: {reason}", shown.display()))
            .help("`doccheck run --output json=run.json` writes one")
    })
}
