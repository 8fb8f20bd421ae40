//! A fresh directory for one run of one page.

#![expect(clippy::disallowed_methods, reason = "the workspace is files")]

use std::io;
use std::path::{Component, Path, PathBuf};

use super::ExecError;
use super::temporary::Temporary;
use super::tree::{Item, Tree};

/// A fresh directory for one run of one page, removed when dropped.
#[derive(Debug)]
pub struct Workspace {
    _root: Temporary,
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
        let root = Temporary::create("", keep).map_err(|(path, source)| ExecError::Workspace { path, source })?;
        let failed = |path: &Path, source| ExecError::Workspace { path: path.to_path_buf(), source };
        let made = |name: &str| -> Result<PathBuf, ExecError> {
            let folder = root.path().join(name);
            std::fs::create_dir(&folder).map_err(|source| failed(&folder, source))?;
            Ok(folder)
        };
        let (work, home, tmp, scratch) = (made("work")?, made("home")?, made("tmp")?, made("scratch")?);
        Ok(Self { _root: root, work, home, tmp, scratch })
    }

    /// The directory that holds all others.
    pub fn root(&self) -> &Path {
        self.work.parent().unwrap_or(&self.work)
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

    /// Makes the packages in `folder` visible to modules in `work`: resolution looks in the folders above.
    ///
    /// # Errors
    ///
    /// `ExecError::Workspace`.
    pub fn link_node_modules(&self, folder: &Path) -> Result<(), ExecError> {
        let link = self.work.with_file_name("node_modules");
        std::os::unix::fs::symlink(folder, &link).map_err(|source| ExecError::Workspace { path: link, source })
    }

    /// Copies files into `work`, in which nothing is yet; permissions are kept.
    ///
    /// # Errors
    ///
    /// `ExecError::Workspace`.
    pub fn furnish(&self, tree: &Tree) -> Result<(), ExecError> {
        for (path, item) in tree.items() {
            let path = self.work.join(path);
            let folder = path.parent().unwrap_or(&self.work);
            let made = std::fs::create_dir_all(folder).and_then(|()| match item {
                Item::Folder => std::fs::create_dir_all(&path),
                Item::File(from) => std::fs::copy(from, &path).map(drop),
                Item::Link(to) => std::os::unix::fs::symlink(to, &path),
            });
            made.map_err(|source| ExecError::Workspace { path, source })?;
        }
        Ok(())
    }

    /// Writes `text` to `path`, which must stay inside `work`; folders are made.
    ///
    /// # Errors
    ///
    /// `ExecError::Outside` where it would not, `ExecError::Workspace`.
    pub fn save(&self, path: &str, text: &str) -> Result<PathBuf, ExecError> {
        let outside = || ExecError::Outside(path.to_owned());
        let plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !plain || path.is_empty() || path.ends_with('/') {
            return Err(outside());
        }
        let file = self.work.join(path);
        let failed = |source: io::Error| ExecError::Workspace { path: file.clone(), source };
        let folder = file.parent().unwrap_or(&self.work);
        // A link that a step made may lead out, so the nearest folder that is there is looked at as it really is.
        let mut there = folder;
        while !there.exists() {
            there = there.parent().unwrap_or(&self.work);
        }
        let really = there.canonicalize().map_err(failed)?;
        if !really.starts_with(&self.work) || file.is_symlink() {
            return Err(outside());
        }
        std::fs::create_dir_all(folder).map_err(failed)?;
        std::fs::write(&file, text).map_err(failed)?;
        Ok(file)
    }

    /// Writes a file of doccheck's own.
    pub(super) fn scribble(&self, name: &str, text: &str) -> Result<PathBuf, ExecError> {
        let path = self.scratch.join(name);
        std::fs::write(&path, text).map_err(|source| ExecError::Workspace { path: path.clone(), source })?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_out_is_refused() {
        let workspace = Workspace::create(false).expect("a workspace");
        for path in ["../x", "/etc/x", "a/../../x", "", "a/"] {
            assert!(matches!(workspace.save(path, ""), Err(ExecError::Outside(_))), "{path}");
        }
        std::os::unix::fs::symlink("/tmp", workspace.work().join("link")).expect("a link");
        assert!(matches!(workspace.save("link/x", ""), Err(ExecError::Outside(_))));
        let saved = workspace.save("a/b.txt", "text").expect("a file inside");
        assert_eq!(std::fs::read_to_string(saved).expect("it is there"), "text");
    }

    #[test]
    fn a_folder_is_copied_with_its_links_and_permissions() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let from = tempfile::tempdir().expect("a folder");
        let path = |name: &str| from.path().join(name);
        std::fs::create_dir_all(path("fixture/empty")).expect("a folder");
        for (name, text) in [("fixture/run.sh", "echo hi\n"), ("fixture/a", "a\n"), ("licence", "free\n")] {
            std::fs::write(path(name), text).expect("a file");
        }
        std::fs::set_permissions(path("fixture/run.sh"), std::fs::Permissions::from_mode(0o750)).expect("a mode");
        for (name, to) in [("fixture/empty/up", "../a"), ("fixture/licence", "../licence")] {
            symlink(to, path(name)).expect("a link");
        }
        symlink(path("fixture/a"), path("fixture/absolute")).expect("a link");
        let workspace = Workspace::create(false).expect("a workspace");
        workspace.furnish(&Tree::folder(&path("fixture")).expect("a tree")).expect("it is copied");
        let work = workspace.work();
        assert_eq!(std::fs::read_link(work.join("empty/up")).expect("a link"), Path::new("../a"));
        assert_eq!(work.join("run.sh").metadata().expect("a file").permissions().mode() & 0o777, 0o750);
        // What a step writes stays in the workspace, whichever way it goes.
        for name in ["empty/up", "licence", "absolute"] {
            std::fs::write(work.join(name), "changed").expect("a file");
        }
        let left = ["fixture/a", "licence"].map(|name| std::fs::read_to_string(path(name)).expect("a file"));
        assert_eq!(left, ["a\n", "free\n"]);
        assert_eq!(std::fs::read_to_string(work.join("a")).expect("a file"), "changed");
    }

    #[test]
    fn nothing_is_left_even_where_a_page_forbids_writing() {
        use std::os::unix::fs::PermissionsExt;
        let workspace = Workspace::create(false).expect("a workspace");
        let root = workspace.work().parent().expect("a root").to_path_buf();
        workspace.save("a/b.txt", "").expect("a file");
        std::fs::set_permissions(workspace.work().join("a"), std::fs::Permissions::from_mode(0o500)).expect("a folder");
        drop(workspace);
        assert!(!root.exists());
    }
}
