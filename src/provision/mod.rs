//! Interpreters and packages: found, installed once into a content-addressed cache, never half-built.

use std::path::PathBuf;

use crate::diagnostic::Diagnostic;
use crate::plan::Plan;

/// How installing may go.
#[derive(Debug, Clone)]
pub struct Provisioner {
    /// The cache's folder.
    pub cache: PathBuf,
    /// True where nothing may be installed.
    pub offline: bool,
    /// doccheck's own `PATH`, where tools are looked for.
    pub path: String,
}

/// What a page's steps are run with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tools {
    /// The Python interpreter itself (never a shim), where the page needs one.
    pub python: Option<PathBuf>,
    /// The Node program itself (never a shim), where the page needs one.
    pub node: Option<PathBuf>,
    /// A folder with the installed `node_modules`, to be linked above the steps' working directory.
    pub node_modules: Option<PathBuf>,
    /// Folders that stand first on the steps' `PATH`.
    pub path: Vec<PathBuf>,
    /// More variables, such as `VIRTUAL_ENV`.
    pub env: Vec<(String, String)>,
}

impl Provisioner {
    /// Finds and installs what `plan` needs. `progress` is told one line at the start of each slow thing.
    ///
    /// # Errors
    ///
    /// A finding at the page's line: a missing tool, an install that failed, a package missing under `offline`.
    pub fn provide(&self, _plan: &Plan, _progress: &dyn Fn(&str)) -> Result<Tools, Diagnostic> {
        todo!()
    }
}
