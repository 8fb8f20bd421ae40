//! A temporary folder of doccheck's own. A run that was killed leaves its folders; the next one removes them.
//!
//! Whoever uses a folder holds a lock on a file in it, which the system lets go when the process is gone, however it
//! ended. A folder without such a file is not touched: it is not ours, is just being made, or is kept on purpose.

#![expect(clippy::disallowed_methods, reason = "temporary folders are files")]

use std::fs::{DirEntry, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Once;

use tempfile::TempDir;

/// The names of such folders start so; then come a kind, as `net-`, and what `tempfile` makes up.
const PREFIX: &str = "doccheck-";

/// The kinds of folders.
const KINDS: [&str; 2] = ["", "net-"];

/// How many characters `tempfile` makes up.
const MADE_UP: usize = 6;

/// The file that the owner holds.
const LOCK: &str = ".doccheck-lock";

/// A folder that is removed when dropped, or by the next run.
#[derive(Debug)]
pub struct Temporary {
    folder: Option<TempDir>,
    path: PathBuf,
    /// Held as long as the folder is used.
    _lock: Option<File>,
}

impl Temporary {
    /// Makes a folder of `kind` (empty, or as `net-`). With `keep` it stays for good.
    ///
    /// # Errors
    ///
    /// The system's, with the path that it is about.
    pub fn create(kind: &str, keep: bool) -> Result<Self, (PathBuf, io::Error)> {
        static SWEPT: Once = Once::new();
        let temporary = std::env::temp_dir();
        SWEPT.call_once(|| sweep(&temporary));
        let folder = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{kind}"))
            .disable_cleanup(keep)
            .tempdir()
            .map_err(|error| (temporary, error))?;
        // Programs print the resolved path; on macOS the temporary folder lies behind a link.
        let path = folder.path().canonicalize().map_err(|error| (folder.path().to_path_buf(), error))?;
        let lock = if keep { None } else { Some(hold(&path).map_err(|error| (path.clone(), error))?) };
        Ok(Self { folder: Some(folder), path, _lock: lock })
    }

    /// Where it is, without links.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if self.folder.take().is_some_and(|folder| folder.close().is_err()) {
            remove(&self.path);
        }
    }
}

/// Takes the lock of a new folder. It gets its name when it is held: nobody can find it free before.
fn hold(folder: &Path) -> io::Result<File> {
    let unnamed = folder.join(format!("{LOCK}-new"));
    let lock = OpenOptions::new().create_new(true).append(true).mode(0o600).open(&unnamed)?;
    lock.lock()?;
    std::fs::rename(&unnamed, folder.join(LOCK))?;
    Ok(lock)
}

/// Removes what runs that are gone have left in `temporary`. What cannot be removed stays.
fn sweep(temporary: &Path) {
    for entry in std::fs::read_dir(temporary).into_iter().flatten().filter_map(Result::ok) {
        if is_ours(&entry)
            && let Ok(lock) = File::open(entry.path().join(LOCK))
            && lock.try_lock().is_ok()
        {
            remove(&entry.path());
        }
    }
}

/// True for a folder of this user with a name as ours have.
fn is_ours(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let rest = name.to_str().and_then(|name| name.strip_prefix(PREFIX)).unwrap_or_default();
    let made_up = |text: &str| text.len() == MADE_UP && text.chars().all(|char| char.is_ascii_alphanumeric());
    KINDS.into_iter().any(|kind| rest.strip_prefix(kind).is_some_and(made_up))
        && entry.metadata().is_ok_and(|found| found.is_dir() && found.uid() == rustix::process::geteuid().as_raw())
}

/// Removes a folder with all that is in it. A page may take its own right to write away; it is given back.
fn remove(path: &Path) {
    if std::fs::remove_dir_all(path).is_err() {
        open_folders(path);
        let _ = std::fs::remove_dir_all(path);
    }
}

fn open_folders(path: &Path) {
    let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700));
    for entry in std::fs::read_dir(path).into_iter().flatten().filter_map(Result::ok) {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_folders(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_holds_is_removed_and_nothing_else() {
        let temporary = tempfile::tempdir().expect("a folder");
        let made = |name: &str| {
            let path = temporary.path().join(name);
            std::fs::create_dir_all(path.join("work")).expect("a folder");
            path
        };
        let left = |name: &str| drop(hold(&made(name)).expect("a lock"));
        left("doccheck-aB3xYz");
        left("doccheck-net-aB3xYz");
        left("doccheck-guides");
        left("doccheck-guides-2");
        left("other-aB3xYz");
        let unlocked = made("doccheck-unLock");
        let held = hold(&made("doccheck-inUse1")).expect("a lock");
        // What a link leads to is somebody else's.
        let elsewhere = made("elsewhere");
        drop(hold(&elsewhere).expect("a lock"));
        std::os::unix::fs::symlink(&elsewhere, temporary.path().join("doccheck-liNked")).expect("a link");
        let forbidden = temporary.path().join("doccheck-aB3xYz/work");
        std::fs::write(forbidden.join("file"), "").expect("a file");
        std::fs::set_permissions(&forbidden, std::fs::Permissions::from_mode(0o500)).expect("a mode");

        sweep(temporary.path());
        let mut names: Vec<String> = std::fs::read_dir(temporary.path())
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
            .collect();
        names.sort();
        let stay = ["doccheck-guides-2", "doccheck-inUse1", "doccheck-liNked", "doccheck-unLock", "elsewhere"];
        assert_eq!(names, [&stay[..], &["other-aB3xYz"]].concat());
        assert!(elsewhere.join("work").exists() && unlocked.join("work").exists());
        drop(held);
        sweep(temporary.path());
        assert!(!temporary.path().join("doccheck-inUse1").exists());
    }
}
