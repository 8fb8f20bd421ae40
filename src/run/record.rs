//! Transcripts of the last run, kept so that judging, blessing and bug reports need no second run.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::diagnostic::Diagnostic;
use crate::fs::write_atomic;
use crate::source::SourceFile;
use crate::transcript::{SCHEMA, StepRecord, Transcript};

/// Writes the transcript of the page at `path` into `folder`.
///
/// # Errors
///
/// A warning: a run is as good without its transcript.
pub(super) fn save(folder: &Path, path: &str, source: &SourceFile, steps: Vec<StepRecord>) -> Result<(), Diagnostic> {
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
    let file = folder.join(format!("{}.json", path.replace('%', "%25").replace('/', "%2F")));
    write_atomic(&file, &text).map_err(|error| cannot(error.to_string()))
}

/// Bytes in hexadecimal, lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
