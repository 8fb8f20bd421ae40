//! Packages, installed once for each set of them.
//!
//! An environment is built where it stays, under a lock, and counts only once a mark says that it is whole: a venv
//! cannot be moved, and what a power cut leaves is built anew.

#![expect(clippy::disallowed_methods, reason = "the cache is files")]

use std::fs::File;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::interpreters::Interpreter;
use super::{Family, Provisioner};
use crate::diagnostic::Diagnostic;
use crate::plan::Plan;
use crate::process::{Crew, ExitStatus, Launch, find_program, interrupted};
use crate::system_clock::now;

/// How long an installer may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// The way in which environments are built; a change makes all of them anew.
const FORMAT: &str = "1";

impl Provisioner {
    /// A venv with the packages.
    pub(super) fn python_packages(
        &self,
        plan: &Plan,
        python: &Interpreter,
        packages: &[String],
        progress: &dyn Fn(&str),
    ) -> Result<PathBuf, Diagnostic> {
        let folder = page_folder(plan);
        let packages: Vec<_> = packages.iter().map(|package| absolute(package, "-e ", &folder)).collect();
        self.once(plan, Family::Python, python, &packages, progress, &|target| {
            let venv = target.display().to_string();
            let interpreter = target.join("bin/python").display().to_string();
            let wanted: Vec<&str> = packages.iter().flat_map(|package| package.split_whitespace()).collect();
            if let Some(uv) = self.find("uv") {
                let own = python.path.display().to_string();
                run(&uv, &["venv", "--seed", "--python", &own, &venv], &folder, &self.variables)?;
                let install = ["pip", "install", "--python", &interpreter];
                run(&uv, &[&install[..], &wanted].concat(), &folder, &self.variables)
            } else {
                run(&python.path, &["-m", "venv", &venv], &folder, &self.variables)?;
                let install = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input"];
                run(Path::new(&interpreter), &[&install[..], &wanted].concat(), &folder, &self.variables)
            }
        })
    }

    /// A folder with `node_modules`.
    pub(super) fn node_packages(
        &self,
        plan: &Plan,
        node: &Interpreter,
        packages: &[String],
        progress: &dyn Fn(&str),
    ) -> Result<PathBuf, Diagnostic> {
        let folder = page_folder(plan);
        let packages: Vec<_> = packages.iter().map(|package| absolute(package, "file:", &folder)).collect();
        self.once(plan, Family::Node, node, &packages, progress, &|target| {
            let npm = self.find("npm").ok_or_else(|| "`npm` is not installed".to_owned())?;
            std::fs::create_dir_all(target).map_err(|error| error.to_string())?;
            std::fs::write(target.join("package.json"), "{\"private\": true}\n").map_err(|error| error.to_string())?;
            let install = ["install", "--no-audit", "--no-fund", "--loglevel=error"];
            let wanted: Vec<&str> = packages.iter().map(String::as_str).collect();
            run(&npm, &[&install[..], &wanted].concat(), target, &self.variables)
        })
    }

    /// The folder of the environment for `packages`, built by `build` where it is not there yet.
    fn once(
        &self,
        plan: &Plan,
        family: Family,
        interpreter: &Interpreter,
        packages: &[String],
        progress: &dyn Fn(&str),
        build: &dyn Fn(&Path) -> Result<String, String>,
    ) -> Result<PathBuf, Diagnostic> {
        let mut sorted = packages.to_vec();
        sorted.sort();
        let mut hash = Sha256::new();
        for part in [FORMAT, family.tool(), &interpreter.path.display().to_string(), &sorted.join("\n")] {
            hash.update(part);
            hash.update([0]);
        }
        hash.update(local_state(packages));
        let key: String = hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        let environments = self.cache.join("env");
        let (folder, mark) = (environments.join(&key), environments.join(format!("{key}.complete")));
        if mark.exists() {
            return Ok(folder);
        }
        let named = packages.join(", ");
        let at = |diagnostic: Diagnostic| diagnostic.at(&plan.tutorial.source, Self::place(plan, family), "");
        if self.offline {
            let message = format!("not installed yet, and `--offline` forbids to install: {named}");
            return Err(at(Diagnostic::error("offline", message)).help("run once without `--offline`"));
        }
        let failed = |error: std::io::Error| {
            Diagnostic::error("no-cache", format!("cannot use the cache at {}: {error}", environments.display()))
        };
        std::fs::create_dir_all(&environments).map_err(failed)?;
        let lock = File::create(environments.join(format!("{key}.lock"))).map_err(failed)?;
        rustix::fs::flock(lock.as_fd(), rustix::fs::FlockOperation::LockExclusive)
            .map_err(|error| failed(error.into()))?;
        // Another run may have built it while this one waited.
        if mark.exists() {
            return Ok(folder);
        }
        progress(&format!("installing {named} (once)"));
        let _ = std::fs::remove_dir_all(&folder);
        build(&folder).map_err(|output| {
            let message = format!("cannot install {named}");
            let told = output.trim();
            let diagnostic = at(Diagnostic::error("cannot-install", message));
            let diagnostic =
                if told.is_empty() { diagnostic } else { diagnostic.help(format!("the installer said: {told}")) };
            diagnostic.help("is the network there, and are the names and versions right?")
        })?;
        File::create(&mark).map_err(failed)?;
        Ok(folder)
    }

    fn find(&self, name: &str) -> Option<PathBuf> {
        let path = self.variables.iter().find(|(variable, _)| variable == "PATH")?;
        find_program(name, &path.1)
    }
}

fn page_folder(plan: &Plan) -> PathBuf {
    let folder = plan.tutorial.source.path().parent().unwrap_or(Path::new(""));
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf())
}

/// A package that names a folder, with the folder's absolute path.
fn absolute(package: &str, prefix: &str, folder: &Path) -> String {
    match package.strip_prefix(prefix) {
        Some(path) => format!("{prefix}{}", folder.join(path.trim()).display()),
        None => package.to_owned(),
    }
}

/// What decides whether packages in local folders are still the same: their files' names, sizes and times.
fn local_state(packages: &[String]) -> String {
    let folders =
        packages.iter().filter_map(|package| package.strip_prefix("-e ").or_else(|| package.strip_prefix("file:")));
    let files = folders.flat_map(|folder| walkdir::WalkDir::new(folder).sort_by_file_name()).filter_map(Result::ok);
    files
        .filter(|file| {
            file.file_type().is_file() && !file.path().components().any(|part| part.as_os_str() == "__pycache__")
        })
        .filter_map(|file| {
            let data = file.metadata().ok()?;
            Some(format!("{} {} {:?}\n", file.path().display(), data.len(), data.modified().ok()?))
        })
        .collect()
}

/// Runs a tool of doccheck's own with doccheck's own environment.
///
/// # Errors
///
/// The last lines of what it printed.
pub(super) fn run(program: &Path, args: &[&str], cwd: &Path, env: &[(String, String)]) -> Result<String, String> {
    let output = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    let open = || std::fs::OpenOptions::new().append(true).open(output.path()).map_err(|error| error.to_string());
    let crew = Crew::new();
    let process = crew
        .launch(Launch {
            program: program.to_path_buf(),
            args: args.iter().map(Into::into).collect(),
            cwd: cwd.to_path_buf(),
            env: env.to_vec(),
            stdin: None,
            stdout: open()?,
            stderr: open()?,
            descriptors: Vec::new(),
        })
        .map_err(|error| error.to_string())?;
    let ended = process.wait_until(now() + PATIENCE).map_err(|error| error.to_string())?;
    let bytes = std::fs::read(output.path()).map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    match ended {
        Some(ExitStatus::Code(0)) => Ok(text),
        None if interrupted() => Err("interrupted".to_owned()),
        None => Err(format!("it took longer than {} minutes", PATIENCE.as_secs() / 60)),
        Some(_) => {
            let lines: Vec<_> = text.lines().collect();
            Err(lines[lines.len().saturating_sub(8)..].join("\n"))
        }
    }
}
