//! `doccheck.toml`: what a repository says about its pages. Reading the file is not done here.

mod file;
mod service;

use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::options::Setting;
use crate::source::{SourceFile, Spanned};

pub use service::Service;

/// What `doccheck.toml` says; the default where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The file itself, for what is found out about it later; empty where there is none.
    pub source: Arc<SourceFile>,
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
    pub python: Vec<Spanned<String>>,
    /// `[node] packages`.
    pub node: Vec<Spanned<String>>,
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
    /// `[workspace] files`: globs of what is copied into every fresh workspace.
    pub files: Vec<Spanned<String>>,
    /// `[workspace] path`: folders that stand first on the steps' `PATH`.
    pub path: Vec<Spanned<String>>,
    /// `[[page]]`: options for pages that nobody may touch.
    pub rules: Vec<PageRule>,
}

/// A `[[page]]`: options of the pages that a glob matches. Each option has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRule {
    /// `path`: a glob, relative to the file's folder.
    pub path: Spanned<String>,
    /// The options: of the page, or of its steps where they say nothing.
    pub settings: Vec<Setting>,
    /// Its `[[page.step]]` tables.
    pub steps: Vec<StepRule>,
}

/// A `[[page.step]]`: options of one step. Each has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRule {
    /// `match`: the step's name, its line, or the heading above it.
    pub matches: Spanned<String>,
    /// The options.
    pub settings: Vec<Setting>,
}

impl PageRule {
    /// True for a page at `path`, relative to the configuration's folder.
    pub fn holds_for(&self, path: &str) -> bool {
        let glob = self.path.value.strip_prefix("./").unwrap_or(&self.path.value);
        globset::Glob::new(glob).is_ok_and(|glob| glob.compile_matcher().is_match(path))
    }
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

/// The time limit of a step where nobody says another. A step that hangs costs it once; a step that is right and is
/// stopped, on a machine of CI that has other work too, costs somebody's trust.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

impl Default for Config {
    fn default() -> Self {
        Self {
            source: SourceFile::new("doccheck.toml", ""),
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
            files: Vec::new(),
            path: Vec::new(),
            rules: Vec::new(),
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
