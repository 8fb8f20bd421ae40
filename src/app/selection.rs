//! Which of the pages a run looks at: those of a shard, those that a change touches.
//!
//! A page is touched by a change of itself, of a file or folder that one of its options names, of a `doccheck.toml`
//! above it, of the sandbox's data and of a package on this machine. What programs on the page read from elsewhere
//! nobody can tell from outside.

use std::path::{Component, Path, PathBuf};

use crate::config::{Config, SandboxChoice};
use crate::diagnostic::Diagnostic;
use crate::fs;
use crate::git;
use crate::options::{Setting, Value};
use crate::plan::plan;
use crate::run::Page;
use crate::tutorial;

use super::{RunRequest, Surroundings};

/// Options beside `setup` and `teardown` whose values are files or folders of the repository.
const FILES: [&str; 1] = ["workspace"];

/// The pages that are left, and a note where none is.
pub(super) fn select(
    pages: Vec<Page>,
    request: &RunRequest,
    config: &Config,
    root: &Path,
    surroundings: &Surroundings,
) -> Result<(Vec<Page>, Option<String>), Diagnostic> {
    let all = pages.len();
    let mut note = None;
    let mut pages = pages;
    if let Some(revision) = &request.changed_since {
        let changed = git::changed(&surroundings.directory, revision, &surroundings.variables)?;
        let change = Change { changed, root: fs::canonical(root), config };
        pages.retain(|page| change.touches(page, &surroundings.directory));
        if pages.is_empty() && all > 0 {
            note = Some(format!("nothing that changed since {revision} touches one of the {all} selected pages"));
        }
    }
    if let Some(shard) = request.shard {
        let left = pages.len();
        pages.retain(|page| shard.holds(&below(&surroundings.directory.join(&page.path), root)));
        if pages.is_empty() && left > 0 {
            note = Some(format!("shard {shard} holds none of the {left} selected pages"));
        }
    }
    Ok((pages, note))
}

/// The path from the root on, the same in every clone.
fn below(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

/// What has changed.
struct Change<'a> {
    changed: Vec<PathBuf>,
    root: PathBuf,
    config: &'a Config,
}

impl Change<'_> {
    fn touches(&self, page: &Page, directory: &Path) -> bool {
        let path = directory.join(&page.path);
        let Some(folder) = path.parent().map(fs::canonical) else { return true };
        let named = folder.join(path.file_name().unwrap_or_default());
        // Behind a link lies another file of the repository.
        let whole = self.has(&named) || self.has(&fs::canonical(&path)) || self.has_config(&folder);
        whole || self.has_file_of_workspaces() || {
            let mut paths = self.shared();
            paths.extend(self.of_page(page, &folder));
            paths.iter().any(|path| self.has(path))
        }
    }

    /// True where the file or something in the folder at `path` has changed, or the folder that holds it as a whole.
    fn has(&self, path: &Path) -> bool {
        let path = clean(path);
        self.changed.iter().any(|changed| changed.starts_with(&path) || path.starts_with(changed))
    }

    /// A configuration counts where it is, and where it was.
    fn has_config(&self, folder: &Path) -> bool {
        let names = self.changed.iter().filter(|path| path.file_name().is_some_and(|name| name == fs::CONFIG));
        names.filter_map(|path| path.parent()).any(|above| folder.starts_with(above))
    }

    /// True where a file has changed that is copied into every workspace.
    fn has_file_of_workspaces(&self) -> bool {
        let globs = self.config.files.iter().filter_map(|glob| globset::Glob::new(&glob.value).ok());
        let globs: Vec<_> = globs.map(|glob| glob.compile_matcher()).collect();
        let below = self.changed.iter().filter_map(|path| path.strip_prefix(&self.root).ok());
        below.into_iter().any(|path| path.ancestors().any(|path| globs.iter().any(|glob| glob.is_match(path))))
    }

    /// What every page depends on.
    fn shared(&self) -> Vec<PathBuf> {
        match &self.config.sandbox {
            SandboxChoice::Folder(folder) => vec![self.root.join(folder)],
            SandboxChoice::Embedded | SandboxChoice::Off => Vec::new(),
        }
    }

    /// What the page's options name: paths are read from the page's folder and from the root, whichever is meant.
    fn of_page(&self, page: &Page, folder: &Path) -> Vec<PathBuf> {
        let Ok(source) = &page.source else { return Vec::new() };
        let (tutorial, _) = tutorial::read(source.clone());
        let settings: Vec<Setting> = tutorial.settings.iter().chain(&self.config.defaults).cloned().collect();
        let (plan, _) = plan(tutorial, self.config, &page.relative);
        let packages = plan.page.python.iter().chain(&plan.page.node).filter_map(|package| local(&package.value));
        let scripts = plan.page.setup.iter().chain(&plan.page.teardown).map(|script| script.value.trim());
        let folders = settings.iter().filter(|setting| FILES.contains(&setting.key.value.as_str())).flat_map(values);
        // `[[page]]` may name a folder too, and what a page keeps lies beside it.
        let ruled = plan.page.workspace.iter().map(|folder| folder.value.trim());
        let kept = plan.page.snapshot.then_some("snapshots");
        let named = scripts
            .chain(folders)
            .chain(ruled)
            .chain(kept)
            .filter(|value| !value.is_empty() && !value.contains('\n'))
            .chain(packages);
        named.flat_map(|path| [folder.join(path), self.root.join(path)]).collect()
    }
}

fn values(setting: &Setting) -> Vec<&str> {
    match &setting.value.value {
        Value::Text(text) => vec![text.trim()],
        Value::List(entries) => entries.iter().map(|entry| entry.value.trim()).collect(),
    }
}

/// The path of a package on this machine: `-e ./sdk`, `file:./sdk`, `./sdk[extra]`.
fn local(package: &str) -> Option<&str> {
    let path = package.trim();
    let path = path.strip_prefix("-e ").map_or(path, str::trim);
    let path = path.rsplit_once("file:").map_or(path, |(_, path)| path);
    let path = path.split('[').next().unwrap_or(path);
    (path.starts_with('.') || path.starts_with('/')).then_some(path)
}

/// The path without `.` and `..`, as it is written: what it names may be gone.
fn clean(path: &Path) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                cleaned.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => cleaned.push(part),
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_local_package() {
        for (package, path) in [
            ("-e ./sdk", Some("./sdk")),
            ("file:./sdk", Some("./sdk")),
            ("sdk@file:../sdk", Some("../sdk")),
            ("./sdk[extra]", Some("./sdk")),
            ("requests==2.32.5", None),
            ("p-limit@6.2.0", None),
        ] {
            assert_eq!(local(package), path, "{package}");
        }
    }

    #[test]
    fn a_path_is_cleaned_as_it_is_written() {
        assert_eq!(clean(Path::new("/a/./b/../c/d")), Path::new("/a/c/d"));
    }
}
