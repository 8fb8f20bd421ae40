//! What git tells of the repository: which files a change touches.

#![expect(clippy::disallowed_methods, reason = "what git prints is a file")]

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::process::{Crew, ExitStatus, Launch, find_program, interrupted};
use crate::system_clock::now;

/// How long one question to git may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A repository, asked from one of its folders.
#[derive(Debug)]
struct Git<'a> {
    program: PathBuf,
    folder: &'a Path,
    variables: &'a [(String, String)],
}

/// Everything below the root of the repository around `folder` that differs from where HEAD and `revision` parted:
/// what was committed since, what was not yet, and files that git does not know but does not ignore either. Absolute
/// paths; of a rename both, of a submodule its folder.
///
/// # Errors
///
/// A finding that says what to do: there is no git, no repository, no such revision.
pub fn changed(folder: &Path, revision: &str, variables: &[(String, String)]) -> Result<Vec<PathBuf>, Diagnostic> {
    let path = variables.iter().find(|(name, _)| name == "PATH").map_or("", |(_, path)| path);
    let program = find_program("git", path).ok_or_else(|| {
        cannot("there is no `git` on PATH").help("install git, or leave `--changed-since` out to run every page")
    })?;
    let git = Git { program, folder, variables };
    let root = git.ask(&["rev-parse", "--show-toplevel"]).map_err(|reason| {
        cannot(&format!("{} is in no git repository: {}", folder.display(), last(&reason)))
            .help("leave `--changed-since` out to run every page")
    })?;
    let unknown = || {
        cannot(&format!("git knows no revision `{revision}`"))
            .help("name a branch, a tag or a commit; a shallow clone must fetch it first: `git fetch origin main`")
    };
    // What starts with a dash would be an option of git's.
    if revision.starts_with('-') {
        return Err(unknown());
    }
    git.ask(&["rev-parse", "--quiet", "--verify", &format!("{revision}^{{commit}}")]).map_err(|_| unknown())?;
    let base = git.ask(&["merge-base", revision, "HEAD"]).map_err(|_| {
        cannot(&format!("`{revision}` and HEAD have no commit in common"))
            .help("a shallow clone lacks it: `git fetch --unshallow`, or `fetch-depth: 0` of actions/checkout")
    })?;
    let root = PathBuf::from(OsString::from_vec(trimmed(root)));
    let base = String::from_utf8_lossy(&trimmed(base)).into_owned();
    let git = Git { folder: &root, ..git };
    let failed = |reason: String| cannot(&format!("git cannot tell what has changed: {}", last(&reason)));
    let tracked = ["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-relative", &base, "--"];
    let mut names = git.ask(&tracked).map_err(failed)?;
    names.extend(git.ask(&["ls-files", "--others", "--exclude-standard", "-z"]).map_err(failed)?);
    let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    Ok(names.map(|name| root.join(OsString::from_vec(name.to_vec()))).collect())
}

fn cannot(message: &str) -> Diagnostic {
    Diagnostic::error("changed-since", message.to_owned())
}

fn last(text: &str) -> &str {
    text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it does not say why")
}

/// Without the newline at its end.
fn trimmed(mut text: Vec<u8>) -> Vec<u8> {
    text.pop_if(|last| *last == b'\n');
    text
}

impl Git<'_> {
    /// What git prints; what it complains of where it fails.
    fn ask(&self, arguments: &[&str]) -> Result<Vec<u8>, String> {
        let cannot = |error: std::io::Error| format!("cannot run git: {error}");
        let folder = tempfile::tempdir().map_err(cannot)?;
        let (out, err) = (folder.path().join("out"), folder.path().join("err"));
        let open = |path: &Path| -> Result<File, String> {
            OpenOptions::new().create(true).append(true).open(path).map_err(cannot)
        };
        // Messages in one language; no lock is taken that another git would wait for.
        let own =
            [("LC_ALL", "C"), ("GIT_OPTIONAL_LOCKS", "0")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let given = self.variables.iter().filter(|(name, _)| own.iter().all(|(known, _)| known != name));
        let crew = Crew::new();
        let process = crew
            .launch(Launch {
                program: self.program.clone(),
                args: arguments.iter().map(OsString::from).collect(),
                cwd: self.folder.to_path_buf(),
                env: given.cloned().chain(own.clone()).collect(),
                stdin: None,
                stdout: open(&out)?,
                stderr: open(&err)?,
                descriptors: Vec::new(),
                memory: None,
            })
            .map_err(|error| error.to_string())?;
        let ended = process.wait_until(now() + PATIENCE).map_err(|error| error.to_string())?;
        crew.end();
        match ended {
            Some(ExitStatus::Code(0)) => std::fs::read(&out).map_err(cannot),
            None if interrupted() => Err("interrupted".to_owned()),
            None => Err("git took too long".to_owned()),
            Some(_) => Err(String::from_utf8_lossy(&std::fs::read(&err).map_err(cannot)?).into_owned()),
        }
    }
}
