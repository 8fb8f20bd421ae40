//! Transcripts of the last run, kept so that judging, blessing and bug reports need no second run.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::diagnostic::Diagnostic;
use crate::fs::{read_source, remove, write_atomic};
use crate::outcome::title;
use crate::source::SourceFile;
use crate::transcript::{InputState, SCHEMA, StepRecord, Transcript};

use super::{Page, Session};

/// doccheck's own version: another one may run a page in another way.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The transcript in `folder` of the run that people know by its title, where there is one that can be read.
pub fn recall(folder: &Path, title: &str) -> Option<Transcript> {
    let file = read_source(&file(folder, title)).ok()?;
    serde_json::from_str(file.text()).ok().filter(|transcript: &Transcript| transcript.schema == SCHEMA)
}

/// The transcript of a run of `page` as it is in `source`.
pub(super) fn transcript(
    page: &Page,
    source: &SourceFile,
    inputs: Vec<InputState>,
    steps: Vec<StepRecord>,
) -> Transcript {
    Transcript {
        schema: SCHEMA.to_owned(),
        page: page.path.clone(),
        provider: page.provider.clone(),
        page_sha256: digest(source),
        doccheck: VERSION.to_owned(),
        inputs,
        steps,
    }
}

/// Why `transcript` does not tell of the page as it is in `source` and as it would run now: how the sentence "it cannot
/// be judged by its last run: …" goes on.
pub fn outdated(transcript: &Transcript, source: &SourceFile, session: &Session) -> Option<String> {
    if transcript.page_sha256 != digest(source) {
        return Some("it has changed since it was run".to_owned());
    }
    if transcript.doccheck != VERSION {
        return Some(format!("another version of doccheck ran it, and this is {VERSION}"));
    }
    let input = session.changed(transcript)?;
    Some(format!("{} has changed since it was run", input.told(session.root())))
}

/// The same run, as that of the page in `source`: doccheck itself has changed what the page shows.
#[must_use]
pub fn carried_over(transcript: &Transcript, source: &SourceFile) -> Transcript {
    Transcript { page_sha256: digest(source), ..transcript.clone() }
}

fn digest(source: &SourceFile) -> String {
    hex(&Sha256::digest(source.text().as_bytes()))
}

/// Forgets a transcript: its page must run again.
pub fn forget(folder: &Path, transcript: &Transcript) {
    // Where there is none, there is nothing to forget.
    let _ = remove(&file(folder, &called(transcript)));
}

fn called(transcript: &Transcript) -> String {
    title(&transcript.page, transcript.provider.as_deref())
}

fn file(folder: &Path, title: &str) -> PathBuf {
    folder.join(format!("{}.json", title.replace('%', "%25").replace('/', "%2F")))
}

/// Writes `transcript` into `folder`.
///
/// # Errors
///
/// A warning: a run is as good without its transcript.
pub fn save(folder: &Path, transcript: &Transcript) -> Result<(), Diagnostic> {
    let title = called(transcript);
    let cannot = |reason: String| {
        Diagnostic::warning("transcript-not-kept", format!("the transcript of {title} is not kept: {reason}"))
    };
    let text = serde_json::to_vec(transcript).map_err(|error| cannot(error.to_string()))?;
    write_atomic(&file(folder, &title), &text).map_err(|error| cannot(error.to_string()))
}

/// Bytes in hexadecimal, lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
