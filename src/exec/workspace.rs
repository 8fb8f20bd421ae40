//! The directory of one run of one page: where its steps work, and where doccheck keeps what it needs for that.
#![expect(clippy::disallowed_methods, reason = "the workspace is made of real files")]

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use tempfile::TempDir;
use walkdir::WalkDir;

use super::ExecError;

/// A fresh directory for one run of one page, removed when dropped.
///
/// It holds `work`, `home`, `tmp` and `scratch`. What is linked beside `work` (`node_modules`) is found from there,
/// since module systems look upwards.
#[derive(Debug)]
pub struct Workspace {
    /// `None` where it is kept.
    temporary: Option<TempDir>,
    root: PathBuf,
    work: PathBuf,
    home: PathBuf,
    tmp: PathBuf,
    scratch: PathBuf,
}

impl Workspace {
    /// Makes one. It is kept when dropped where `keep`.
    ///
    /// # Errors
    ///
    /// `ExecError::Workspace`.
    pub fn create(keep: bool) -> Result<Self, ExecError> {
        let temporary = tempfile::Builder::new()
            .prefix("doccheck-")
            .tempdir()
            .map_err(|source| ExecError::Workspace { path: std::env::temp_dir(), source })?;
        // A link in the path (`/tmp` on macOS) would make what programs print differ from what they were given.
        let root = temporary.path().canonicalize().map_err(failed(temporary.path()))?;
        let folder = |name: &str| -> Result<PathBuf, ExecError> {
            let path = root.join(name);
            fs::create_dir(&path).map_err(failed(&path))?;
            Ok(path)
        };
        let (work, home, tmp, scratch) = (folder("work")?, folder("home")?, folder("tmp")?, folder("scratch")?);
        let temporary = if keep {
            drop(temporary.keep());
            None
        } else {
            Some(temporary)
        };
        Ok(Self { temporary, root, work, home, tmp, scratch })
    }

    /// The directory that holds all the others; to be told where it is kept.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the steps work.
    pub fn work(&self) -> &Path {
        &self.work
    }

    /// The steps' `HOME`.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The steps' `TMPDIR`.
    pub fn tmp(&self) -> &Path {
        &self.tmp
    }

    /// doccheck's own files: scripts, outputs, drivers.
    pub fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// Links `folder` beside `work`, under the name `name`, so that it is found from `work` upwards.
    ///
    /// # Errors
    ///
    /// `ExecError::Workspace`.
    pub fn link(&self, folder: &Path, name: &str) -> Result<(), ExecError> {
        let link = self.root.join(name);
        std::os::unix::fs::symlink(folder, &link).map_err(failed(&link))
    }

    /// Writes `text` to `path`, which must stay inside `work`; folders are made. Links that steps made are followed
    /// as long as they lead to somewhere inside.
    ///
    /// # Errors
    ///
    /// `ExecError::Outside` where it would not, `ExecError::Workspace`.
    pub fn save(&self, path: &str, text: &str) -> Result<PathBuf, ExecError> {
        let outside = || ExecError::Outside(path.to_owned());
        let mut names = Vec::new();
        for component in Path::new(path).components() {
            match component {
                Component::Normal(name) => names.push(name),
                Component::CurDir => {}
                Component::ParentDir | Component::RootDir | Component::Prefix(_) => return Err(outside()),
            }
        }
        let file_name = names.pop().filter(|_| !path.ends_with('/')).ok_or_else(outside)?;
        let mut folder = self.work.clone();
        for name in names {
            folder = self.resolve(folder.join(name)).ok_or_else(outside)?;
            if !folder.is_dir() {
                fs::create_dir(&folder).map_err(failed(&folder))?;
            }
        }
        let file = self.resolve(folder.join(file_name)).ok_or_else(outside)?;
        if file.exists() && !file.is_file() {
            // Opening a pipe or a socket for writing would wait for its other end.
            return Err(failed(&file)(io::Error::other("it is there and is not a file")));
        }
        fs::write(&file, text).map_err(failed(&file))?;
        Ok(file)
    }

    /// Where `path` leads to; `None` where that is outside of `work` or nowhere.
    fn resolve(&self, path: PathBuf) -> Option<PathBuf> {
        if !path.is_symlink() {
            return Some(path);
        }
        path.canonicalize().ok().filter(|target| target.starts_with(&self.work))
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        let Some(temporary) = self.temporary.take() else { return };
        if remove(temporary.path()).is_ok() {
            drop(temporary.keep());
        }
    }
}

/// Removes a folder with all that is in it, also where a step took away the right to do so.
fn remove(root: &Path) -> io::Result<()> {
    if fs::remove_dir_all(root).is_ok() {
        return Ok(());
    }
    // Folders come before what they hold, so that each can be listed when its turn comes.
    for entry in WalkDir::new(root).into_iter().filter_map(Result::ok).filter(|entry| entry.file_type().is_dir()) {
        let _ = fs::set_permissions(entry.path(), Permissions::from_mode(0o700));
    }
    fs::remove_dir_all(root)
}

pub(super) fn failed(path: &Path) -> impl FnOnce(io::Error) -> ExecError + use<'_> {
    move |source| ExecError::Workspace { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_removed_also_where_a_step_took_the_right_away() {
        let workspace = Workspace::create(false).unwrap();
        let root = workspace.root().to_owned();
        let deep = workspace.save("a/b/c.txt", "text").unwrap();
        assert_eq!(fs::read_to_string(&deep).unwrap(), "text");
        for folder in ["work/a/b", "work/a"] {
            fs::set_permissions(root.join(folder), Permissions::from_mode(0o000)).unwrap();
        }
        drop(workspace);
        assert!(!root.exists());
    }

    #[test]
    fn it_is_kept_where_asked() {
        let workspace = Workspace::create(true).unwrap();
        let root = workspace.root().to_owned();
        drop(workspace);
        assert!(root.join("work").is_dir());
        remove(&root).unwrap();
    }

    #[test]
    fn what_leads_out_is_refused() {
        let workspace = Workspace::create(false).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), workspace.work().join("out")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path().join("new"), workspace.work().join("dangling")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", workspace.work().join("file")).unwrap();
        for path in ["/etc/passwd", "../a", "a/../../b", "out/a", "out/a/b", "dangling", "file", "", ".", "a/", ".."] {
            let error = workspace.save(path, "text").unwrap_err();
            assert!(matches!(error, ExecError::Outside(_)), "{path}: {error}");
        }
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_link_inside_is_followed() {
        let workspace = Workspace::create(false).unwrap();
        workspace.save("real/a.txt", "old").unwrap();
        std::os::unix::fs::symlink("real", workspace.work().join("link")).unwrap();
        std::os::unix::fs::symlink("real/a.txt", workspace.work().join("a.txt")).unwrap();
        assert_eq!(workspace.save("./link/b.txt", "b").unwrap(), workspace.work().join("real/b.txt"));
        workspace.save("a.txt", "new").unwrap();
        assert_eq!(fs::read_to_string(workspace.work().join("real/a.txt")).unwrap(), "new");
    }

    #[test]
    fn a_file_in_the_way_is_told() {
        let workspace = Workspace::create(false).unwrap();
        workspace.save("a", "text").unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(workspace.work().join("socket")).unwrap();
        for path in ["a/b", "socket"] {
            let error = workspace.save(path, "text").unwrap_err();
            assert!(matches!(error, ExecError::Workspace { .. }), "{error}");
        }
    }
}
