//! The files that a workspace starts with: which they are is found out once, and they are copied for every page.
//!
//! Nothing of it leads out of the workspace: a link is kept where what it leads to is copied too, and what a link to
//! another file leads to is copied in its place.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use globset::Glob;
use walkdir::{DirEntry, WalkDir};

/// Files, folders and links by their path in the workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree(BTreeMap<PathBuf, Item>);

/// Something to make in a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    Folder,
    /// A copy of the file at this path.
    File(PathBuf),
    /// A link that leads here, from the folder that it is in.
    Link(PathBuf),
}

/// Why files cannot be copied.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// There is no such folder.
    #[error("there is no folder {0}")]
    Missing(PathBuf),
    /// A link to what is not copied.
    #[error("the link {0} leads to a folder that is not copied, or nowhere")]
    Outside(PathBuf),
    /// A socket, a pipe or a device.
    #[error("{0} is neither a file nor a folder")]
    Special(PathBuf),
    /// It cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
}

impl Tree {
    /// Everything in `folder`.
    ///
    /// # Errors
    ///
    /// Every `TreeError`.
    pub fn folder(folder: &Path) -> Result<Self, TreeError> {
        if !folder.is_dir() {
            return Err(TreeError::Missing(folder.to_path_buf()));
        }
        let mut tree = Self::default();
        for entry in WalkDir::new(folder).min_depth(1) {
            tree.take(&entry.map_err(|error| unreadable(folder, error))?, folder)?;
        }
        tree.settle(folder)?;
        Ok(tree)
    }

    /// The files below `root` that `glob` matches, at the same paths; of a folder that it matches, everything. What
    /// version control and package managers keep to themselves is passed over unless the glob names it.
    ///
    /// # Errors
    ///
    /// Every `TreeError`.
    pub fn matching(root: &Path, glob: &str) -> Result<Self, TreeError> {
        let mut tree = Self::default();
        let glob = glob.strip_prefix("./").unwrap_or(glob);
        // A glob that cannot be read was told of where the configuration was.
        let Ok(matcher) = Glob::new(glob).map(|glob| glob.compile_matcher()) else { return Ok(tree) };
        let plain = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{', '\\']);
        let start = root.join(Path::new(glob).components().take_while(plain).collect::<PathBuf>());
        if start.symlink_metadata().is_err() {
            return Ok(tree);
        }
        for entry in WalkDir::new(&start).into_iter().filter_entry(is_wanted) {
            let entry = entry.map_err(|error| unreadable(&start, error))?;
            let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
            if relative.ancestors().any(|path| !path.as_os_str().is_empty() && matcher.is_match(path)) {
                tree.take(&entry, root)?;
            }
        }
        tree.settle(root)?;
        Ok(tree)
    }

    /// True where there is nothing to copy.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Both trees in one; where both have something at a path, it is that of `other`.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// What is there, each by a name of its own, with the file that it is a copy of. The name of a link tells where it
    /// leads.
    pub fn sources(&self) -> impl Iterator<Item = (PathBuf, Option<&Path>)> {
        self.0.iter().map(|(path, item)| match item {
            Item::Folder => (path.clone(), None),
            Item::File(from) => (path.clone(), Some(from.as_path())),
            Item::Link(to) => (path.join(to), None),
        })
    }

    /// What is to be made, folders before what is in them, and links last: nothing is ever written through one.
    pub(super) fn items(&self) -> impl Iterator<Item = (&Path, &Item)> {
        let items = || self.0.iter().map(|(path, item)| (path.as_path(), item));
        let is_link = |item: &Item| matches!(item, Item::Link(_));
        items().filter(move |(_, item)| !is_link(item)).chain(items().filter(move |(_, item)| is_link(item)))
    }

    fn take(&mut self, entry: &DirEntry, root: &Path) -> Result<(), TreeError> {
        let path = entry.path();
        let kind = entry.file_type();
        let item = if kind.is_dir() {
            Item::Folder
        } else if kind.is_file() {
            Item::File(path.to_path_buf())
        } else if kind.is_symlink() {
            let target = std::fs::read_link(path);
            Item::Link(target.map_err(|source| TreeError::Unreadable { path: path.to_path_buf(), source })?)
        } else {
            return Err(TreeError::Special(path.to_path_buf()));
        };
        self.0.insert(path.strip_prefix(root).unwrap_or(path).to_path_buf(), item);
        Ok(())
    }

    /// Keeps the links that lead to something in the tree, and replaces those to other files by copies.
    fn settle(&mut self, root: &Path) -> Result<(), TreeError> {
        let real = root.canonicalize().map_err(|source| TreeError::Unreadable { path: root.to_path_buf(), source })?;
        let links = self.0.iter().filter_map(|(path, item)| match item {
            Item::Link(target) => Some((path.clone(), target.clone())),
            _ => None,
        });
        for (path, target) in links.collect::<Vec<_>>() {
            let own = root.join(&path);
            let within = inside(&path, &target).is_some_and(|to| to.as_os_str().is_empty() || self.0.contains_key(&to));
            // Links on the way may lead elsewhere than the path says.
            if within && own.canonicalize().is_ok_and(|to| to.starts_with(&real)) {
                continue;
            }
            if !own.is_file() {
                return Err(TreeError::Outside(own));
            }
            self.0.insert(path, Item::File(own));
        }
        Ok(())
    }
}

/// Where a link at `path` leads by its words, relative to the tree's top; `None` where that is out of it.
fn inside(path: &Path, target: &Path) -> Option<PathBuf> {
    let mut to = path.parent()?.to_path_buf();
    for part in target.components() {
        match part {
            Component::Normal(name) => to.push(name),
            Component::CurDir => {}
            Component::ParentDir if to.pop() => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(to)
}

fn is_wanted(entry: &DirEntry) -> bool {
    let passed_over = [".git", "node_modules", "target"].iter().any(|name| entry.file_name() == *name);
    entry.depth() == 0 || !(entry.file_type().is_dir() && passed_over)
}

fn unreadable(folder: &Path, error: walkdir::Error) -> TreeError {
    let path = error.path().unwrap_or(folder).to_path_buf();
    TreeError::Unreadable { path, source: error.into() }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "tests look at real files")]

    use std::os::unix::fs::symlink;

    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    fn names(tree: &Tree) -> Vec<String> {
        tree.0.keys().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn a_link_is_kept_copied_or_refused() {
        let from = folder(&[("licence", "free\n"), ("fixture/a", "a\n"), ("fixture/b/c", "c\n")]);
        let fixture = from.path().join("fixture");
        symlink("../a", fixture.join("b/kept")).unwrap();
        symlink("..", fixture.join("b/up")).unwrap();
        symlink("../licence", fixture.join("relative")).unwrap();
        symlink(fixture.join("a"), fixture.join("absolute")).unwrap();
        let tree = Tree::folder(&fixture).unwrap();
        let links = tree.0.iter().filter(|(_, item)| matches!(item, Item::Link(_)));
        assert_eq!(links.map(|(path, _)| path.as_path()).collect::<Vec<_>>(), [Path::new("b/kept"), Path::new("b/up")]);
        assert_eq!(tree.0.len(), 7);
        assert!(matches!(tree.items().last(), Some((_, Item::Link(_)))));

        symlink("..", fixture.join("out")).unwrap();
        assert!(matches!(Tree::folder(&fixture), Err(TreeError::Outside(path)) if path == fixture.join("out")));
    }

    #[test]
    fn a_way_over_other_links_is_followed_as_it_really_goes() {
        let from = folder(&[("fixture/a", "a\n"), ("secret/b", "b\n")]);
        let fixture = from.path().join("fixture");
        // By its words `round/../secret` is in the fixture; by its links it is beside it.
        symlink(".", fixture.join("round")).unwrap();
        std::fs::create_dir(fixture.join("secret")).unwrap();
        symlink("round/../secret", fixture.join("out")).unwrap();
        assert!(matches!(Tree::folder(&fixture), Err(TreeError::Outside(_))));
    }

    #[test]
    fn globs_choose_files_and_whole_folders() {
        let root =
            folder(&[("examples/a.json", ""), ("examples/b/c.txt", ""), ("target/debug/x", ""), ("src/a.json", "")]);
        let matching = |glob: &str| names(&Tree::matching(root.path(), glob).unwrap());
        assert_eq!(matching("examples/**"), ["examples/a.json", "examples/b", "examples/b/c.txt"]);
        assert_eq!(matching("**/*.json"), ["examples/a.json", "src/a.json"]);
        assert_eq!(matching("examples"), ["examples", "examples/a.json", "examples/b", "examples/b/c.txt"]);
        assert_eq!(matching("**/x"), [""; 0]);
        assert_eq!(matching("target/debug/*"), ["target/debug/x"]);
        assert_eq!(matching("./src/a.json"), ["src/a.json"]);
        assert_eq!(matching("nosuch/**"), [""; 0]);
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let from = folder(&[]);
        let _socket = std::os::unix::net::UnixListener::bind(from.path().join("socket")).unwrap();
        assert!(matches!(Tree::folder(from.path()), Err(TreeError::Special(_))));
        assert!(matches!(Tree::folder(&from.path().join("nosuch")), Err(TreeError::Missing(_))));
    }
}
