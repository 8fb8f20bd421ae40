//! What a page's run depends on beside the page's own text, as far as it lies in the repository. Whoever asks whether a
//! change touches a page, or whether a saved run still tells of it, asks here.
//!
//! What programs on the page read from elsewhere nobody can tell from outside.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::config::{Config, SandboxChoice};
use crate::plan::Plan;
use crate::source::Located;

/// Something that a run depends on. It need not be there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Input {
    /// A file.
    File {
        /// Where it is.
        path: PathBuf,
    },
    /// A folder, with everything in it.
    Folder {
        /// Where it is.
        path: PathBuf,
    },
    /// The files that a glob of the configuration matches, and everything in the folders that it matches.
    Files {
        /// The folder that the glob is relative to.
        root: PathBuf,
        /// The glob.
        glob: String,
    },
    /// A package on this machine, without what its installer leaves in it.
    Package {
        /// Its folder or archive.
        path: PathBuf,
    },
    /// A folder of programs; what lies deeper in it is none.
    Programs {
        /// Where it is.
        path: PathBuf,
    },
    /// The folder that a service runs in. The service may write there itself.
    Service {
        /// Where it is.
        path: PathBuf,
    },
}

/// What the page of `plan` depends on, what is likeliest to change first. `folder` is the page's own, `root` that of the
/// configuration: a path is relative to the folder of the file that says it.
pub fn of_page(plan: &Plan, config: &Config, folder: &Path, root: &Path) -> Vec<Input> {
    let beside = |said: &Located<String>, path: &str| {
        let own = Arc::ptr_eq(&said.source, &plan.tutorial.source);
        clean(&if own { folder } else { root }.join(path))
    };
    let below = |path: &str| clean(&root.join(path));
    let name = config.source.path().file_name().unwrap_or_default();
    let mut inputs = vec![Input::File { path: root.join(name) }];
    // A script of one line may be a file's name.
    let scripts =
        plan.page.setup.iter().chain(&plan.page.teardown).filter(|script| !script.value.trim().contains('\n'));
    inputs.extend(scripts.map(|script| Input::File { path: beside(script, script.value.trim()) }));
    let workspace = plan.page.workspace.iter();
    inputs.extend(workspace.map(|own| Input::Folder { path: beside(own, own.value.trim()) }));
    inputs.extend(config.files.iter().map(|glob| Input::Files { root: clean(root), glob: glob.value.clone() }));
    let packages = plan.page.python.iter().chain(&plan.page.node);
    let local = packages.filter_map(|package| Some(beside(package, local(&package.value)?)));
    inputs.extend(local.map(|path| Input::Package { path }));
    let data = match &config.sandbox {
        SandboxChoice::Folder(folder) => Some(folder),
        SandboxChoice::Embedded | SandboxChoice::Off => None,
    };
    inputs.extend(data.into_iter().chain(&config.drafts).map(|folder| Input::Folder { path: below(folder) }));
    inputs.extend(config.path.iter().map(|path| Input::Programs { path: below(&path.value) }));
    let services = config.services.iter().filter_map(|service| service.cwd.as_ref());
    inputs.extend(services.map(|cwd| Input::Service { path: below(cwd) }));
    inputs
}

impl Input {
    /// True where a change of the file at `changed`, or of the folder there as a whole, is a change of it.
    pub fn holds(&self, changed: &Path) -> bool {
        match self {
            Self::File { path }
            | Self::Folder { path }
            | Self::Package { path }
            | Self::Programs { path }
            | Self::Service { path } => changed.starts_with(path) || path.starts_with(changed),
            Self::Files { root, glob } => {
                let glob = globset::Glob::new(glob.strip_prefix("./").unwrap_or(glob));
                let (Ok(glob), Ok(below)) = (glob.map(|glob| glob.compile_matcher()), changed.strip_prefix(root))
                else {
                    return false;
                };
                below.ancestors().any(|path| glob.is_match(path))
            }
        }
    }

    /// How people know it: by its path below `root` where it lies there.
    pub fn told<'a>(&'a self, root: &Path) -> impl fmt::Display + use<'a> {
        match self {
            Self::File { path }
            | Self::Folder { path }
            | Self::Package { path }
            | Self::Programs { path }
            | Self::Service { path } => match path.strip_prefix(root) {
                Ok(below) if below.as_os_str().is_empty() => Path::new(".").display(),
                Ok(below) => below.display(),
                Err(_) => path.display(),
            },
            Self::Files { glob, .. } => Path::new(glob).display(),
        }
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
            // Of a relative path there may be nothing left to leave.
            Component::ParentDir if cleaned.file_name().is_some() => {
                cleaned.pop();
            }
            Component::ParentDir if cleaned.has_root() => {}
            _ => cleaned.push(part),
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;

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
        for (path, cleaned) in
            [("/a/./b/../c/d", "/a/c/d"), ("docs/../../x", "../x"), ("../../x", "../../x"), ("/..", "/")]
        {
            assert_eq!(clean(Path::new(path)), Path::new(cleaned), "{path}");
        }
    }

    #[test]
    fn a_path_is_relative_to_the_file_that_says_it() {
        let config = "[defaults]\nteardown = \"clean.sh\"\n[workspace]\nfiles = [\"data/*.csv\"]\npath = [\"bin\"]\n\
                      [python]\npackages = [\"-e ./sdk\"]\n[sandbox]\ndir = \"api\"\ndrafts = \"drafts\"\n\
                      [[service]]\nrun = \"x\"\ncwd = \"server\"\n";
        let config = crate::config::read(&SourceFile::new("doccheck.toml", config)).expect("it can be read");
        let page = "---\ndoccheck:\n  setup: ../seed.sh\n  workspace: own\n  node: file:./js\n---\n";
        let (tutorial, _) = crate::tutorial::read(SourceFile::new("docs/a.md", page));
        let (plan, _) = crate::plan::plan(tutorial, &config, "docs/a.md");
        let inputs = of_page(&plan, &config, Path::new("docs"), Path::new("/r"));
        let told: Vec<String> = inputs.iter().map(|input| input.told(Path::new("/r")).to_string()).collect();
        assert_eq!(
            told,
            [
                "doccheck.toml",
                "seed.sh",
                "clean.sh",
                "docs/own",
                "data/*.csv",
                "sdk",
                "docs/js",
                "api",
                "drafts",
                "bin",
                "server"
            ]
        );
    }
}
