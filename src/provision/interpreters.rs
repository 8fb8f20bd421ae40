//! The interpreters of this machine: the programs themselves, never the shims of a version manager.
//!
//! Behind a shim each question costs 100 ms, so every program is asked once a run, and no more programs are asked than
//! the choice needs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::family::Family;
use super::tool::{Tool, search_path};
use crate::process::find_program;

/// How long an interpreter may take to tell its version.
const PATIENCE: Duration = Duration::from_secs(30);

/// An interpreter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interpreter {
    /// The program itself.
    pub(super) path: PathBuf,
    /// `3.11.7`.
    pub(super) release: String,
    /// Major and minor.
    pub(super) version: (u32, u32),
    /// True for the Python of a venv, which works only from where it is.
    pub(super) venv: bool,
}

/// What the programs on `PATH` have answered so far.
#[derive(Debug, Default)]
pub(super) struct Interpreters(Mutex<BTreeMap<PathBuf, Option<Interpreter>>>);

impl Interpreters {
    /// The interpreter for a page that promises `promised` and later.
    ///
    /// Of several it is the one with the lowest version that fits, since its users break first; where the page promises
    /// nothing, the one that a reader's terminal would start.
    ///
    /// # Errors
    ///
    /// All that were found, where none fits.
    pub(super) fn choose(
        &self,
        family: Family,
        promised: Option<(u32, u32)>,
        variables: &[(String, String)],
    ) -> Result<Interpreter, Vec<Interpreter>> {
        let lowest = promised.map_or(family.minimum(), |promised| promised.max(family.minimum()));
        let path = search_path(variables);
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<Interpreter> = Vec::new();
        let mut ask = |program: PathBuf| {
            let question = || ask(family, &program, variables);
            answers.entry(program.clone()).or_insert_with(question).clone()
        };
        for program in plain(family, path) {
            let Some(interpreter) = ask(program) else { continue };
            if interpreter.version == lowest || (promised.is_none() && interpreter.version > lowest) {
                return Ok(interpreter);
            }
            found.push(interpreter);
        }
        // The names ascend with the versions: the first that answers is the lowest of them.
        let versioned = family.versioned_programs(lowest);
        found.extend(versioned.iter().flat_map(|name| on_each_folder(name, path)).find_map(ask));
        let fits = found.iter().filter(|interpreter| interpreter.version >= lowest);
        match fits.min_by_key(|interpreter| interpreter.version) {
            Some(interpreter) => Ok(interpreter.clone()),
            None => Err(found),
        }
    }
}

/// The programs by their plain names, in the order of `PATH`; the second name only where the first is nowhere.
fn plain(family: Family, path: &str) -> Vec<PathBuf> {
    family.programs().iter().map(|name| on_each_folder(name, path)).find(|found| !found.is_empty()).unwrap_or_default()
}

/// The program `name` in each folder of `path` that has it. The same file behind two folders counts once.
fn on_each_folder(name: &str, path: &str) -> Vec<PathBuf> {
    let mut seen = BTreeSet::new();
    let programs = path.split(':').filter_map(|folder| find_program(name, folder));
    programs.filter(|program| seen.insert(program.canonicalize().unwrap_or_else(|_| program.clone()))).collect()
}

/// Asks a program, which may be a shim, where the interpreter itself is, and its version.
fn ask(family: Family, program: &Path, variables: &[(String, String)]) -> Option<Interpreter> {
    let answer = Tool {
        program,
        args: family.question().iter().map(Into::into).collect(),
        // Version managers let a folder choose its version, and the reader's is where doccheck was called.
        cwd: Path::new("."),
        variables,
        first_on_path: None,
        holds: None,
        patience: PATIENCE,
    }
    .run()
    .ok()?;
    read(&answer)
}

/// The answer's last three lines; a version manager may have said something before.
fn read(answer: &str) -> Option<Interpreter> {
    let mut lines = answer.lines().rev().map(str::trim);
    let (venv, release, path) = (lines.next()?, lines.next()?, lines.next()?);
    let mut numbers = release.split('.').map(str::parse);
    let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else { return None };
    Some(Interpreter {
        path: PathBuf::from(path),
        release: release.to_owned(),
        version: (major, minor),
        venv: venv == "True",
    })
}
