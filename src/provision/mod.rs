//! Interpreters and packages: found, installed once into a content-addressed cache, never half-built.

mod install;
mod interpreters;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::diagnostic::Diagnostic;
use crate::plan::{Language, Plan};
use crate::source::Span;
use interpreters::Interpreter;

/// Finds and installs what pages need.
#[derive(Debug)]
pub struct Provisioner {
    /// The cache's folder.
    cache: PathBuf,
    /// True where nothing may be installed.
    offline: bool,
    /// doccheck's own environment: where tools are looked for, and what installers run with.
    variables: Vec<(String, String)>,
    /// The interpreters on `PATH`, asked once a run: behind a shim each question costs 100 ms.
    known: Mutex<BTreeMap<&'static str, Vec<Interpreter>>>,
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

/// A language family with an interpreter of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Python,
    Node,
}

impl Family {
    fn of(language: Language) -> Option<Self> {
        match language {
            Language::Python | Language::Pycon => Some(Self::Python),
            Language::JavaScript | Language::TypeScript => Some(Self::Node),
            Language::Shell | Language::Console | Language::Http => None,
        }
    }

    fn tool(self) -> &'static str {
        match self {
            Self::Python => "python3",
            Self::Node => "node",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Python => "install Python 3.11 or later, so that `python3` is on the PATH",
            Self::Node => "install Node 20 or later, so that `node` is on the PATH",
        }
    }
}

impl Provisioner {
    /// Nothing found or installed yet.
    pub fn new(cache: PathBuf, offline: bool, variables: Vec<(String, String)>) -> Self {
        Self { cache, offline, variables, known: Mutex::default() }
    }

    /// Finds and installs what `plan` needs. `progress` is told one line at the start of each slow thing.
    ///
    /// # Errors
    ///
    /// A finding at the page's line: a missing tool, an install that failed, a package missing under `offline`.
    pub fn provide(&self, plan: &Plan, progress: &dyn Fn(&str)) -> Result<Tools, Diagnostic> {
        let mut tools = Tools::default();
        if let Some(python) =
            self.interpreter(plan, Family::Python, plan.page.python_version, !plan.page.python.is_empty())?
        {
            let packages: Vec<_> = plan.page.python.iter().map(|package| package.value.clone()).collect();
            if packages.is_empty() {
                tools.path.push(self.links("python3", &python)?);
                tools.python = Some(python.path);
            } else {
                let folder = self.python_packages(plan, &python, &packages, progress)?;
                tools.python = Some(folder.join("bin/python"));
                tools.path.push(folder.join("bin"));
                tools.env.push(("VIRTUAL_ENV".to_owned(), folder.display().to_string()));
            }
        }
        if let Some(node) = self.interpreter(plan, Family::Node, plan.page.node_version, !plan.page.node.is_empty())? {
            tools.path.push(self.links("node", &node)?);
            let packages: Vec<_> = plan.page.node.iter().map(|package| package.value.clone()).collect();
            if !packages.is_empty() {
                tools.node_modules = Some(self.node_packages(plan, &node, &packages, progress)?.join("node_modules"));
            }
            tools.node = Some(node.path);
        }
        Ok(tools)
    }

    /// The interpreter that a page's steps of a family run in; `None` where there are no such steps.
    ///
    /// Of several versions it is the lowest that the page promises: that is the one whose users break first.
    fn interpreter(
        &self,
        plan: &Plan,
        family: Family,
        promised: Option<(u32, u32)>,
        packages: bool,
    ) -> Result<Option<Interpreter>, Diagnostic> {
        let step = plan.steps().find(|step| step.skip.is_none() && Family::of(step.language) == Some(family));
        if step.is_none() && !packages {
            return Ok(None);
        }
        let fence = step.map(|step| plan.tutorial.fences[step.fence].span.start);
        let source = &plan.tutorial.source;
        let place = source.line_span(fence.map_or(1, |start| source.line(start)));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.entry(family.tool()).or_insert_with(|| interpreters::find(family, &self.variables));
        let fits = |interpreter: &&Interpreter| promised.is_none_or(|lowest| interpreter.version >= lowest);
        let chosen = match promised {
            Some(_) => found.iter().filter(fits).min_by_key(|interpreter| interpreter.version),
            None => found.first(),
        };
        match (chosen, found.is_empty()) {
            (Some(interpreter), _) => Ok(Some(interpreter.clone())),
            (None, true) => Err(Diagnostic::error(
                "missing-tool",
                format!("this step needs `{}`, which is not installed", family.tool()),
            )
            .at(source, place, "")
            .help(family.advice())),
            (None, false) => {
                let (major, minor) = promised.unwrap_or_default();
                let there: Vec<_> =
                    found.iter().map(|found| format!("{}.{}", found.version.0, found.version.1)).collect();
                let message = format!(
                    "the page promises {} {major}.{minor} or later; here is only {}",
                    family.tool(),
                    there.join(", ")
                );
                Err(Diagnostic::error("missing-tool", message).at(source, place, "").help(family.advice()))
            }
        }
    }

    /// The place in the front matter of a page's packages; the page's first line where they come from elsewhere.
    fn place(plan: &Plan, family: Family) -> Span {
        let packages = match family {
            Family::Python => &plan.page.python,
            Family::Node => &plan.page.node,
        };
        let settings = &plan.tutorial.settings;
        let key = if family == Family::Python { "python" } else { "node" };
        let own = settings.iter().any(|setting| setting.key.value == key);
        match packages.first() {
            Some(package) if own => package.span,
            _ => plan.tutorial.source.line_span(1),
        }
    }
}
