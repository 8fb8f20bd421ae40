//! Running steps: one runner a language, behind one door.

pub mod capture;
pub mod http;
pub mod runner;
mod workspace;

use std::sync::Arc;

use crate::plan::Plan;
use crate::process::Crew;
use crate::provision::Tools;
use crate::serve::Network;

pub use runner::{ExecError, Job, Ran, Runner};
pub use workspace::Workspace;

/// What the steps of one page run in.
#[derive(Debug, Clone, Copy)]
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

/// The runners of one page, with what lives on between its steps: terminals, interpreters.
pub struct Runners<'a> {
    stage: Stage<'a>,
}

impl<'a> Runners<'a> {
    /// Nothing started yet.
    pub fn new(stage: Stage<'a>) -> Self {
        Self { stage }
    }

    /// Runs a step in the runner of its language.
    ///
    /// # Errors
    ///
    /// What keeps doccheck from doing its work; what a step does wrong is data in `Ran`.
    pub fn run(&mut self, _job: &Job<'_>) -> Result<Ran, ExecError> {
        let _ = &self.stage;
        todo!()
    }

    /// Runs the page's `setup` or `teardown` text in the page's shell.
    ///
    /// # Errors
    ///
    /// As `run`.
    pub fn script(&mut self, _text: &str) -> Result<Ran, ExecError> {
        todo!()
    }
}
