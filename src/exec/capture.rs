//! What a step prints: into files, never into pipes, so that nobody waits for a reader and nothing grows in memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::runner::{KEPT, OUTPUT_LIMIT};
use super::workspace::failed;
use super::{ExecError, Workspace};
use crate::system_clock;
use crate::transcript::Captured;

/// How often a waiting runner looks at the size of the output. A program can print some 100 MB in that time.
const LOOK: Duration = Duration::from_millis(20);

/// A file that takes what a step prints.
#[derive(Debug)]
pub struct Output {
    path: PathBuf,
    file: File,
}

impl Output {
    /// A new, empty file of this name in the scratch folder of `workspace`.
    ///
    /// # Errors
    ///
    /// `ExecError::Workspace`.
    pub fn create(workspace: &Workspace, name: &str) -> Result<Self, ExecError> {
        let path = workspace.scratch().join(name);
        let file = File::options().read(true).append(true).create_new(true).open(&path).map_err(failed(&path))?;
        Ok(Self { path, file })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file, opened for appending: for a process to write to.
    ///
    /// # Errors
    ///
    /// `ExecError::Workspace`.
    pub fn writer(&self) -> Result<File, ExecError> {
        self.file.try_clone().map_err(failed(&self.path))
    }

    /// How many bytes it holds by now.
    fn size(&self) -> u64 {
        self.file.metadata().map_or(0, |metadata| metadata.len())
    }

    /// The first `KEPT` bytes as text, and how many bytes there are by now.
    ///
    /// # Errors
    ///
    /// `ExecError::Workspace`.
    pub fn captured(&self) -> Result<Captured, ExecError> {
        let size = self.size();
        let mut kept = Vec::with_capacity(usize::try_from(size.min(KEPT)).unwrap_or_default());
        let read = |kept: &mut Vec<u8>| -> io::Result<()> {
            let mut file = &self.file;
            file.seek(SeekFrom::Start(0))?;
            file.take(size.min(KEPT)).read_to_end(kept)?;
            Ok(())
        };
        read(&mut kept).map_err(failed(&self.path))?;
        if size > KEPT {
            cut_to_whole_characters(&mut kept);
        }
        Ok(Captured { text: text(kept), size })
    }
}

/// The text of `bytes`; what is not UTF-8 is replaced by U+FFFD.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Takes off the start of a character whose rest was cut off.
fn cut_to_whole_characters(bytes: &mut Vec<u8>) {
    let tail = bytes.len().saturating_sub(3);
    let start = (tail..bytes.len()).rev().find(|at| bytes[*at] & 0b1100_0000 != 0b1000_0000);
    if let Some(start) = start
        && std::str::from_utf8(&bytes[start..]).is_err_and(|error| error.error_len().is_none())
    {
        bytes.truncate(start);
    }
}

/// `first` followed by `second`, within the bytes that are kept.
pub fn joined(first: &Captured, second: &Captured) -> Captured {
    let mut text = first.text.clone();
    let room = usize::try_from(KEPT).unwrap_or(usize::MAX).saturating_sub(text.len());
    text.push_str(&second.text[..second.text.floor_char_boundary(room)]);
    Captured { text, size: first.size + second.size }
}

/// Why a wait for a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watched<T> {
    /// What was waited for.
    Done(T),
    /// The deadline passed.
    TimedOut,
    /// More than `OUTPUT_LIMIT` was printed.
    OutputLimit,
    /// The user pressed Ctrl-C.
    Interrupted,
}

/// Waits with `wait` (which returns `None` at the instant it is given, or earlier) until it has something, `deadline`
/// passes, or `outputs` together have grown past `OUTPUT_LIMIT`.
///
/// # Errors
///
/// What `wait` returns.
pub fn watch<T, E>(
    outputs: &[&Output],
    deadline: Instant,
    mut wait: impl FnMut(Instant) -> Result<Option<T>, E>,
) -> Result<Watched<T>, E> {
    loop {
        let now = system_clock::now();
        let done = wait(deadline.min(now + LOOK))?;
        if outputs.iter().map(|output| output.size()).sum::<u64>() > OUTPUT_LIMIT {
            return Ok(Watched::OutputLimit);
        }
        if let Some(done) = done {
            return Ok(Watched::Done(done));
        }
        if crate::process::interrupted() {
            return Ok(Watched::Interrupted);
        }
        if now >= deadline {
            return Ok(Watched::TimedOut);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn output(bytes: &[u8]) -> Captured {
        let workspace = Workspace::create(false).unwrap();
        let output = Output::create(&workspace, "out").unwrap();
        output.writer().unwrap().write_all(bytes).unwrap();
        output.captured().unwrap()
    }

    #[test]
    fn a_small_output_is_kept_whole() {
        assert_eq!(output(b"a\r\nb"), Captured { text: "a\r\nb".into(), size: 4 });
        assert_eq!(output(b""), Captured::default());
        assert_eq!(output(b"a\xffb\xc3"), Captured { text: "a\u{fffd}b\u{fffd}".into(), size: 4 });
    }

    #[test]
    fn of_a_large_output_the_start_is_kept_and_no_half_character() {
        let mut bytes = vec![b'a'; 1024 * 1024 - 2];
        bytes.extend("\u{20ac}".as_bytes());
        let captured = output(&bytes);
        assert_eq!((captured.text.len(), captured.size), (1024 * 1024 - 2, 1024 * 1024 + 1));
        assert!(captured.text.bytes().all(|byte| byte == b'a'));
    }

    #[test]
    fn joining_stays_within_what_is_kept() {
        let long = Captured { text: "\u{20ac}".repeat(300_000), size: 900_000 };
        let both = joined(&long, &long);
        assert_eq!(both.size, 1_800_000);
        assert_eq!(both.text.len(), 1_048_575);
        let short = Captured { text: "a".into(), size: 1 };
        assert_eq!(joined(&short, &short), Captured { text: "aa".into(), size: 2 });
    }

    #[test]
    fn a_watch_ends_for_the_first_reason() {
        let workspace = Workspace::create(false).unwrap();
        let output = Output::create(&workspace, "out").unwrap();
        let soon = system_clock::now() + Duration::from_secs(20);
        assert_eq!(watch::<_, ()>(&[&output], soon, |_| Ok(Some(1))), Ok(Watched::Done(1)));
        let past = system_clock::now();
        assert_eq!(watch::<(), ()>(&[&output], past, |_| Ok(None)), Ok(Watched::TimedOut));
        assert_eq!(watch::<(), _>(&[&output], soon, |_| Err("lost")), Err("lost"));
        output.writer().unwrap().set_len(OUTPUT_LIMIT + 1).unwrap();
        assert_eq!(watch::<(), ()>(&[&output], soon, |_| Ok(None)), Ok(Watched::OutputLimit));
        assert_eq!(watch::<_, ()>(&[&output], soon, |_| Ok(Some(1))), Ok(Watched::OutputLimit));
    }
}
