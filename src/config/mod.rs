//! `doccheck.toml`: what a repository says about its pages. Reading the file is not done here.

mod file;
mod service;

use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::options::Setting;
use crate::source::SourceFile;

pub use service::Service;

/// What `doccheck.toml` says; the default where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `strict`: a fence whose role is open fails the run.
    pub strict: bool,
    /// `[pages] include`: globs, relative to the file's folder.
    pub include: Vec<String>,
    /// `[pages] exclude`.
    pub exclude: Vec<String>,
    /// `[defaults]`: any option of a page or step, as settings; each has been checked.
    pub defaults: Vec<Setting>,
    /// `[env]`: variables that every step gets.
    pub env: Vec<(String, String)>,
    /// `[env] pass`: names of variables handed on from doccheck's own environment.
    pub pass: Vec<String>,
    /// `[python] packages`.
    pub python: Vec<String>,
    /// `[node] packages`.
    pub node: Vec<String>,
    /// `[sandbox] drafts`: a folder with a file of drafted answers for each host, relative to the file's folder.
    pub drafts: Option<String>,
    /// `[sandbox] dir`; `None` means the sandbox that is built in.
    pub sandbox: SandboxChoice,
    /// `[placeholders]`: what a page prints, and what stands for it (`${NAME}` is an environment variable of the step).
    pub placeholders: Vec<(String, String)>,
    /// `[network] allow`: `host:port` or host.
    pub allow: Vec<String>,
    /// `[[service]]`: what is started before each page, in order.
    pub services: Vec<Service>,
}

/// Which sandbox answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SandboxChoice {
    /// The one that is built in.
    Embedded,
    /// The data in this folder, relative to the file's folder.
    Folder(String),
    /// None: `sandbox = false`.
    Off,
}

/// The time limit of a step where nobody says another.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

impl Default for Config {
    fn default() -> Self {
        Self {
            strict: false,
            include: vec!["tutorials/**/*.md".to_owned()],
            exclude: Vec::new(),
            defaults: Vec::new(),
            env: Vec::new(),
            pass: Vec::new(),
            python: Vec::new(),
            node: Vec::new(),
            drafts: None,
            sandbox: SandboxChoice::Embedded,
            placeholders: Vec::new(),
            allow: Vec::new(),
            services: Vec::new(),
        }
    }
}

/// Reads the text of a `doccheck.toml`.
///
/// # Errors
///
/// Every fault of the file, each at its place.
pub fn read(source: &Arc<SourceFile>) -> Result<Config, Vec<Diagnostic>> {
    file::read(source)
}

#[cfg(test)]
mod tests;
