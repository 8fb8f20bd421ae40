//! Transcripts of the last run, kept so that judging, blessing and bug reports need no second run.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::diagnostic::Diagnostic;
use crate::fs::{read_source, remove, write_atomic};
use crate::source::SourceFile;
use crate::transcript::{SCHEMA, StepRecord, Transcript};

/// The transcript in `folder` of the page that people know as `path`, where there is one that can be read.
pub fn recall(folder: &Path, path: &str) -> Option<Transcript> {
    let file = read_source(&file(folder, path)).ok()?;
    serde_json::from_str(file.text()).ok().filter(|transcript: &Transcript| transcript.schema == SCHEMA)
}

/// True where `transcript` belongs to the page as it is in `source`.
pub fn belongs(transcript: &Transcript, source: &SourceFile) -> bool {
    transcript.page_sha256 == hex(&Sha256::digest(source.text().as_bytes()))
}

/// Forgets the transcript of the page at `path`: the page must run again.
pub fn forget(folder: &Path, path: &str) {
    // Where there is none, there is nothing to forget.
    let _ = remove(&file(folder, path));
}

fn file(folder: &Path, path: &str) -> PathBuf {
    folder.join(format!("{}.json", path.replace('%', "%25").replace('/', "%2F")))
}

/// Writes the transcript of the page at `path` into `folder`.
///
/// # Errors
///
/// A warning: a run is as good without its transcript.
pub fn save(folder: &Path, path: &str, source: &SourceFile, steps: Vec<StepRecord>) -> Result<(), Diagnostic> {
    let transcript = Transcript {
        schema: SCHEMA.to_owned(),
        page: path.to_owned(),
        page_sha256: hex(&Sha256::digest(source.text().as_bytes())),
        steps,
    };
    let cannot = |reason: String| {
        Diagnostic::warning("transcript-not-kept", format!("the transcript of {path} is not kept: {reason}"))
    };
    let text = serde_json::to_vec(&transcript).map_err(|error| cannot(error.to_string()))?;
    write_atomic(&file(folder, path), &text).map_err(|error| cannot(error.to_string()))
}

/// Bytes in hexadecimal, lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
