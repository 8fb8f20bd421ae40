//! Running steps: one runner a language, behind one door.

mod capture;
mod http;
mod interpreter;
mod javascript;
mod python;
pub mod runner;
mod shell;
mod status;
mod terminal;
mod tree;
mod typescript;
mod workspace;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::plan::{Language, Plan};
use crate::process::{Crew, find_program};
use crate::provision::Tools;
use crate::serve::Network;
use crate::system_clock::now;

use http::HttpRunner;
use javascript::JavaScript;
use python::Python;
pub use runner::{ExecError, Job, Place, Ran, Runner};
use shell::Shell;
pub use tree::{Tree, TreeError};
pub use workspace::Workspace;

/// How long a page's `setup` or `teardown` may take.
const SCRIPT_TIMEOUT: Duration = Duration::from_secs(60);

/// What the steps of one page run in.
#[derive(Debug)]
pub struct Stage<'a> {
    /// The page's plan.
    pub plan: &'a Plan,
    /// The page's files.
    pub workspace: &'a Workspace,
    /// The page's processes.
    pub crew: &'a Crew,
    /// Interpreters and packages.
    pub tools: &'a Tools,
    /// The wires, for `http` steps.
    pub network: &'a Arc<Network>,
    /// The page's whole environment, before a step's own and the shell's exports.
    pub env: &'a [(String, String)],
}

impl Stage<'_> {
    /// Where the program `name` is, on the page's `PATH`.
    fn program(&self, name: &str) -> Result<PathBuf, ExecError> {
        let path = self.env.iter().find(|(variable, _)| variable == "PATH").map_or("", |(_, value)| value);
        find_program(name, path).ok_or_else(|| ExecError::MissingTool { tool: name.to_owned() })
    }
}

/// The runners of one page, with what lives on between its steps: terminals, interpreters.
#[derive(Debug)]
pub struct Runners<'a> {
    shell: Shell<'a>,
    python: Python<'a>,
    javascript: JavaScript<'a>,
    http: HttpRunner,
}

impl<'a> Runners<'a> {
    /// Nothing started yet.
    pub fn new(stage: &'a Stage<'a>) -> Self {
        Self {
            shell: Shell::new(stage),
            python: Python::new(stage),
            javascript: JavaScript::new(stage),
            http: HttpRunner::new(Arc::clone(stage.network)),
        }
    }

    /// Runs a step in the runner of its language.
    ///
    /// # Errors
    ///
    /// What keeps doccheck from doing its work; what a step does wrong is data in `Ran`.
    pub fn run(&mut self, job: &Job<'_>) -> Result<Ran, ExecError> {
        match job.step.language {
            Language::Shell | Language::Console => self.shell.run(job, &Place::default()),
            Language::Python | Language::Pycon => self.python.run(job, &self.shell.place()),
            Language::JavaScript | Language::TypeScript => self.javascript.run(job, &self.shell.place()),
            Language::Http => self.http.run(job, &Place::default()),
        }
    }

    /// Runs the page's `setup` or `teardown` text in the page's shell.
    ///
    /// # Errors
    ///
    /// As `run`.
    pub fn script(&mut self, text: &str) -> Result<Ran, ExecError> {
        self.shell.script(text, now() + SCRIPT_TIMEOUT)
    }
}
