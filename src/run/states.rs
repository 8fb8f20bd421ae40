//! The state that something in the repository is in, as a few characters: by it a saved run knows later whether what it
//! depended on is still as it was.

#![expect(clippy::disallowed_methods, reason = "what a run depends on is files")]

use std::ffi::OsStr;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use sha2::{Digest, Sha256};
use walkdir::{DirEntry, WalkDir};

use super::record::hex;
use crate::exec::{Tree, TreeError};
use crate::inputs::Input;

/// The most that is read of a file. Beyond, a file is known by its size and the time when it was written: a folder of
/// compiled programs may hold gigabytes.
const READ: u64 = 4 * 1024 * 1024;

/// Folders in a package or beside a service that tools make.
const MADE: [&str; 8] = [".git", ".venv", "__pycache__", "build", "dist", "node_modules", "target", "venv"];

/// Endings of what is written beside the code of a package without being part of it: pages, and what insta keeps.
const BESIDE: [&str; 4] = ["md", "markdown", "snap", "new"];

/// The state of `input`; one for all that cannot be read, as for what is not there.
pub(super) fn of(input: &Input) -> String {
    let mut state = State(Sha256::new());
    match input {
        Input::File { path } => state.file(OsStr::new(""), path),
        Input::Folder { path } => state.tree(&Tree::folder(path)),
        Input::Files { root, glob } => state.tree(&Tree::matching(root, glob)),
        Input::Package { path } | Input::Service { path } => state.walk(path, WalkDir::new(path), &is_code),
        Input::Programs { path } => state.walk(path, WalkDir::new(path).max_depth(1), &|entry| {
            entry.depth() == 0 || entry.metadata().is_ok_and(|data| data.mode() & 0o111 != 0)
        }),
    }
    hex(&state.0.finalize()[..16])
}

fn is_code(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    let made = MADE.contains(&&*name) || name.ends_with(".egg-info");
    let beside = Path::new(&*name).extension().is_some_and(|end| BESIDE.iter().any(|known| end == *known));
    entry.depth() == 0 || if entry.file_type().is_dir() { !made } else { !beside }
}

struct State(Sha256);

impl State {
    /// What is copied, as it is copied.
    fn tree(&mut self, tree: &Result<Tree, TreeError>) {
        for (name, from) in tree.iter().flat_map(Tree::sources) {
            self.file(name.as_os_str(), from.unwrap_or(Path::new("")));
        }
    }

    fn walk(&mut self, top: &Path, walk: WalkDir, counts: &dyn Fn(&DirEntry) -> bool) {
        let entries = walk.follow_links(true).sort_by_file_name().into_iter().filter_entry(counts);
        for entry in entries.filter_map(Result::ok).filter(|entry| entry.file_type().is_file()) {
            self.file(entry.path().strip_prefix(top).unwrap_or(entry.path()).as_os_str(), entry.path());
        }
    }

    fn file(&mut self, name: &OsStr, path: &Path) {
        self.0.update(name.as_encoded_bytes());
        self.0.update([0]);
        if let Ok(content) = content(path) {
            self.0.update(content);
        }
    }
}

/// A file's content and whether it is a program, as bytes of one length.
fn content(path: &Path) -> io::Result<[u8; 33]> {
    let data = path.metadata()?;
    let digest = if data.is_file() && data.len() <= READ { Sha256::digest(std::fs::read(path)?) } else { stamp(&data) };
    let mut content = [0; 33];
    content[..32].copy_from_slice(&digest);
    content[32] = u8::from(data.mode() & 0o111 != 0);
    Ok(content)
}

fn stamp(data: &Metadata) -> sha2::digest::Output<Sha256> {
    Sha256::digest(format!("{} {} {}", data.len(), data.mtime(), data.mtime_nsec()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// The state of `input` before and after `change`: whether it differs.
    fn differs(input: &Input, change: impl FnOnce()) -> bool {
        let before = of(input);
        change();
        before != of(input)
    }

    #[test]
    fn what_counts_of_each_is_what_the_run_reads_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        let write = |path: &str, text: &str| {
            std::fs::create_dir_all(at(path).parent().unwrap()).unwrap();
            std::fs::write(at(path), text).unwrap();
        };
        write("sdk/sdk/a.py", "1");
        let package = Input::Package { path: at("sdk") };
        for path in ["sdk/README.md", "sdk/x.egg-info/PKG", "sdk/sdk/__pycache__/a.pyc", "sdk/docs/s.snap.new"] {
            assert!(!differs(&package, || write(path, "x")), "{path}");
        }
        assert!(differs(&package, || write("sdk/sdk/a.py", "2")));
        assert!(differs(&package, || std::fs::rename(at("sdk/sdk/a.py"), at("sdk/sdk/b.py")).unwrap()));

        let programs = Input::Programs { path: at("bin") };
        assert!(!differs(&programs, || write("bin/notes", "x")));
        assert!(!differs(&programs, || write("bin/deps/x", "x")));
        let executable = || std::fs::set_permissions(at("bin/notes"), PermissionsExt::from_mode(0o755)).unwrap();
        assert!(differs(&programs, executable));

        let own = Input::Folder { path: at("own") };
        assert!(differs(&own, || write("own/README.md", "x")));
        assert!(differs(&own, || std::os::unix::fs::symlink("README.md", at("own/link")).unwrap()));
        assert!(differs(&own, || std::fs::remove_dir_all(at("own")).unwrap()));

        let file = Input::File { path: at("seed.sh") };
        assert!(differs(&file, || write("seed.sh", "")));
        assert!(!differs(&file, || write("seed.sh", "")));
    }

    #[test]
    fn a_big_file_is_known_by_its_size_and_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("big");
        let (size, time) = (READ + 1, std::time::UNIX_EPOCH + std::time::Duration::from_secs(7));
        let write = |byte: u8, time| {
            std::fs::write(&path, vec![byte; usize::try_from(size).unwrap()]).unwrap();
            std::fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        };
        write(1, time);
        let file = Input::File { path: path.clone() };
        assert!(!differs(&file, || write(2, time)));
        assert!(differs(&file, || write(2, time + std::time::Duration::from_secs(1))));
    }
}
