//! The installers: uv where it is, else venv and pip; npm.
//!
//! Packages are installed as a reader installs them: with the user's own registries and caches, and with the scripts
//! that packages run while they are installed.

#![expect(clippy::disallowed_methods, reason = "npm wants a package.json")]

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::interpreters::Interpreter;
use super::requirement::Requirement;
use super::tool::{Tool, on_path};

/// How long one call of an installer may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// What is installed where, and by which means.
#[derive(Debug)]
pub(super) struct Installation<'a> {
    pub(super) interpreter: &'a Interpreter,
    /// The folder with the interpreter's links, first on the installer's `PATH`.
    pub(super) links: &'a Path,
    pub(super) requirements: &'a [Requirement],
    /// The folder that is made.
    pub(super) target: &'a Path,
    /// Where the installer works: what a project says of its registries counts.
    pub(super) folder: &'a Path,
    pub(super) variables: &'a [(String, String)],
    pub(super) lock: &'a File,
}

impl Installation<'_> {
    /// Makes a venv with the packages.
    ///
    /// # Errors
    ///
    /// What the installer said last.
    pub(super) fn python(&self) -> Result<(), String> {
        let venv = self.target.as_os_str();
        let own = self.target.join("bin/python");
        match on_path("uv", self.variables) {
            Some(uv) => {
                let python = self.interpreter.path.as_os_str();
                // With pip in it, so that a page's `pip install` finds what is there already.
                let make = ["venv", "--seed", "--no-python-downloads", "--python"].map(OsStr::new);
                self.run(&uv, &make, &[python, venv], self.folder)?;
                let install = ["pip", "install", "--python"].map(OsStr::new);
                self.run(&uv, &install, &[&[own.as_os_str()], &self.args()[..]].concat(), self.folder)
            }
            None => {
                self.run(&self.interpreter.path, &["-m", "venv"].map(OsStr::new), &[venv], self.folder)?;
                let install = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input"].map(OsStr::new);
                self.run(&own, &install, &self.args(), self.folder)
            }
        }
    }

    /// Makes a folder with `node_modules`.
    ///
    /// # Errors
    ///
    /// What npm said last.
    pub(super) fn node(&self, npm: &Path) -> Result<(), String> {
        let written = std::fs::create_dir_all(self.target)
            .and_then(|()| std::fs::write(self.target.join("package.json"), "{\"private\": true}\n"));
        written.map_err(|error| format!("cannot write to {}: {error}", self.target.display()))?;
        // A package from a folder is copied: a link would be resolved to where the page's own packages are not.
        let install =
            ["install", "--install-links", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
        self.run(npm, &install.map(OsStr::new), &self.args(), self.target)
    }

    fn args(&self) -> Vec<&OsStr> {
        self.requirements.iter().flat_map(|requirement| &requirement.args).map(OsString::as_os_str).collect()
    }

    fn run(&self, program: &Path, args: &[&OsStr], more: &[&OsStr], cwd: &Path) -> Result<(), String> {
        let args = args.iter().chain(more).map(Into::into).collect();
        let tool = Tool {
            program,
            args,
            cwd,
            variables: self.variables,
            first_on_path: Some(self.links),
            holds: Some(self.lock),
            patience: PATIENCE,
        };
        tool.run().map(drop)
    }
}

/// npm: the one beside the chosen Node, else the one on `PATH`.
pub(super) fn npm(links: &Path, variables: &[(String, String)]) -> Option<PathBuf> {
    let beside = links.join("npm");
    if beside.exists() { Some(beside) } else { on_path("npm", variables) }
}
