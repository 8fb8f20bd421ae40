//! A step's output: files that its processes write to, read when it has ended.
//!
//! Files and no pipes: a background child that holds the output keeps nobody waiting, and memory stays flat.

#![expect(clippy::disallowed_methods, reason = "outputs are files")]

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::runner::{KEPT, OUTPUT_LIMIT};
use super::{ExecError, Workspace};
use crate::transcript::Captured;

/// Where a step's output goes.
#[derive(Debug)]
pub(super) struct Capture {
    out: PathBuf,
    /// Standard error's own file, where the streams are kept apart.
    err: Option<PathBuf>,
}

/// A step's output as it was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Streams {
    pub(super) output: Captured,
    pub(super) stdout: Option<Captured>,
    pub(super) stderr: Option<Captured>,
}

impl Capture {
    /// Fresh files named after `name`.
    pub(super) fn create(workspace: &Workspace, name: &str, split: bool) -> Result<Self, ExecError> {
        let out = workspace.scribble(&format!("{name}.out"), "")?;
        let err = split.then(|| workspace.scribble(&format!("{name}.err"), "")).transpose()?;
        Ok(Self { out, err })
    }

    /// The file of standard output.
    pub(super) fn out(&self) -> &Path {
        &self.out
    }

    /// The file of standard error.
    pub(super) fn err(&self) -> &Path {
        self.err.as_deref().unwrap_or(&self.out)
    }

    /// Both files, open for appending.
    pub(super) fn files(&self) -> Result<(File, File), ExecError> {
        Ok((append(&self.out)?, append(self.err())?))
    }

    /// True once more was printed than is allowed.
    pub(super) fn over_limit(&self) -> bool {
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |data| data.len());
        size(&self.out) + self.err.as_deref().map_or(0, size) > OUTPUT_LIMIT
    }

    /// What was printed, each text cleaned by `clean`. Streams that were kept apart make up the whole one after the other.
    pub(super) fn read(&self, clean: &dyn Fn(String) -> String) -> Result<Streams, ExecError> {
        let read = |path: &Path| read_start(path).map(|captured| Captured { text: clean(captured.text), ..captured });
        let out = read(&self.out)?;
        let Some(err) = &self.err else { return Ok(Streams { output: out, ..Streams::default() }) };
        let err = read(err)?;
        let output = Captured { text: format!("{}{}", out.text, err.text), size: out.size + err.size };
        Ok(Streams { output, stdout: Some(out), stderr: Some(err) })
    }
}

impl Streams {
    /// Adds what was printed after this.
    pub(super) fn add(&mut self, later: Self) {
        join(&mut self.output, later.output);
        for (mine, theirs) in [(&mut self.stdout, later.stdout), (&mut self.stderr, later.stderr)] {
            if let Some(theirs) = theirs {
                join(mine.get_or_insert_default(), theirs);
            }
        }
    }
}

fn join(mine: &mut Captured, theirs: Captured) {
    if mine.size == 0 {
        *mine = theirs;
    } else {
        mine.text.push_str(&theirs.text);
        mine.size += theirs.size;
    }
}

fn append(path: &Path) -> Result<File, ExecError> {
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(path);
    opened.map_err(|source| ExecError::Workspace { path: path.to_path_buf(), source })
}

fn read_start(path: &Path) -> Result<Captured, ExecError> {
    let failed = |source| ExecError::Workspace { path: path.to_path_buf(), source };
    let file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let mut bytes = Vec::new();
    file.take(KEPT).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Captured { text: String::from_utf8_lossy(&bytes).into_owned(), size })
}
