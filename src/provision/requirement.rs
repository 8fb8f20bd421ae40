//! A package as a page names it, and what its installer is told.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use walkdir::{DirEntry, WalkDir};

use super::family::Family;
use crate::source::Located;

/// Folders inside a package that its installer makes or does not look at.
const PASSED_OVER: [&str; 4] = [".git", "node_modules", "__pycache__", ".venv"];

/// What building a Python package leaves in its folder.
const PYTHON_LEAVINGS: [&str; 2] = ["build", "dist"];

/// Files that decide how a package is installed.
const BUILD_FILES: [&str; 5] = ["pyproject.toml", "setup.py", "setup.cfg", "MANIFEST.in", "package.json"];

/// A package to install.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Requirement {
    /// As the page or the configuration names it.
    pub(super) written: String,
    /// Where it is named.
    pub(super) place: Located<()>,
    /// What the installer is told.
    pub(super) args: Vec<OsString>,
    /// The file or folder on this machine that it is installed from.
    local: Option<Local>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Local {
    path: PathBuf,
    /// True where the installed package is the folder itself, not a copy.
    editable: bool,
}

impl Requirement {
    /// Reads a package. Paths are relative to `folder`.
    ///
    /// # Errors
    ///
    /// Why it cannot be installed, a fragment for a message.
    pub(super) fn read(package: &Located<String>, family: Family, folder: &Path) -> Result<Self, String> {
        let written = package.value.trim();
        let editable = match family {
            Family::Python => written.strip_prefix("-e ").map(str::trim),
            Family::Node => None,
        };
        if editable.is_none() && (written.is_empty() || written.starts_with('-')) {
            return Err(format!("`{written}` is not the name of a package"));
        }
        let (before, path) = match editable {
            Some(path) => ("", Some(path)),
            None => split_path(written),
        };
        let (args, local) = match path {
            None => (vec![written.into()], None),
            Some(path) => {
                // `./sdk[extra]`: what stands in brackets belongs to the package, not to the path.
                let (path, extras) = path.split_at(path.find('[').unwrap_or(path.len()));
                let path = std::path::absolute(folder.join(path)).unwrap_or_else(|_| folder.join(path));
                if !path.exists() {
                    return Err(format!("`{written}` cannot be installed: there is no {}", path.display()));
                }
                let mut arg = OsString::from(before);
                arg.push(&path);
                arg.push(extras);
                let option = editable.map(|_| OsString::from("-e"));
                (option.into_iter().chain([arg]).collect(), Some(Local { path, editable: editable.is_some() }))
            }
        };
        let place = Located { value: (), source: Arc::clone(&package.source), span: package.span };
        Ok(Self { written: written.to_owned(), place, args, local })
    }

    /// The package's name, without version and extras, as installers print it.
    pub(super) fn name(&self) -> &str {
        let scope = self.written.strip_prefix('@').and_then(|rest| rest.find('/')).map_or(0, |at| at + 2);
        let ends = |letter: char| !letter.is_alphanumeric() && !matches!(letter, '-' | '_' | '.');
        let end = self.written[scope..].find(ends).map_or(self.written.len(), |at| scope + at);
        &self.written[..end]
    }

    /// Adds to `hash` what decides whether an environment with this package is still the same.
    pub(super) fn digest(&self, family: Family, hash: &mut Sha256) {
        for arg in &self.args {
            hash.update(arg.as_encoded_bytes());
            hash.update([0]);
        }
        let Some(local) = &self.local else { return };
        let files = WalkDir::new(&local.path).sort_by_file_name().into_iter();
        for file in files.filter_entry(|entry| counts(entry, family)).filter_map(Result::ok) {
            // What a link leads to counts: an installer follows it.
            if !file.path().is_file() {
                continue;
            }
            hash.update(file.path().as_os_str().as_encoded_bytes());
            hash.update([0]);
            // An editable package is read from its folder: a change of a file is there at once, a new file may not be.
            if !local.editable || BUILD_FILES.iter().any(|name| file.file_name() == *name) {
                hash.update(Sha256::digest(read_file(file.path())));
            }
        }
    }
}

/// The path in `file:./sdk`, `name@file:./sdk` or `./sdk`, with what stands before it; no path in a plain name.
fn split_path(written: &str) -> (&str, Option<&str>) {
    if let Some(at) = written.find("file:").filter(|at| *at == 0 || written[..*at].ends_with('@')) {
        let path = &written[at + 5..];
        // Python's own form is an address, `name @ file:///path`: it is absolute already.
        return if path.starts_with("//") { (written, None) } else { (&written[..at + 5], Some(path)) };
    }
    let local = ["./", "../", "/"].iter().any(|start| written.starts_with(start)) || matches!(written, "." | "..");
    if local { ("", Some(written)) } else { (written, None) }
}

fn counts(entry: &DirEntry, family: Family) -> bool {
    if entry.depth() == 0 || !entry.file_type().is_dir() {
        return true;
    }
    let name = entry.file_name().to_string_lossy();
    let left = family == Family::Python && (PYTHON_LEAVINGS.contains(&&*name) || name.ends_with(".egg-info"));
    !left && !PASSED_OVER.contains(&&*name)
}

/// The file's bytes; nothing where it cannot be read, which its installer will tell.
fn read_file(path: &Path) -> Vec<u8> {
    #![expect(clippy::disallowed_methods, reason = "a package on this machine is files")]
    std::fs::read(path).unwrap_or_default()
}

#[cfg(test)]
mod tests;
