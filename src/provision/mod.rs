//! Interpreters and packages: found once a run, installed once into a content-addressed cache, never half-built.
//!
//! It hides version managers' shims, the installers, locks and the cache's layout. A page gets paths and variables.

mod environment;
mod family;
mod installers;
mod interpreters;
mod links;
mod offers;
mod overlay;
mod requirement;
mod stand_ins;
mod tool;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::plan::{Language, Plan};
use crate::sandbox::Client;
use environment::{Environment, EnvironmentError};
use family::Family;
use installers::{Installation, npm};
use interpreters::{Interpreter, Interpreters};
use overlay::Base;
use requirement::Requirement;
use stand_ins::Installed;
use tool::on_path;

pub use offers::{Offer, offers};
pub use stand_ins::StandIn;

/// Finds and installs what pages need. One serves a whole run, whose pages may ask at the same time.
#[derive(Debug)]
pub struct Provisioner {
    cache: PathBuf,
    offline: bool,
    variables: Vec<(String, String)>,
    root: Option<PathBuf>,
    clients: Vec<Arc<Client>>,
    interpreters: Interpreters,
}

/// What a page's steps are run with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tools {
    /// The Python interpreter itself (never a shim), where the page needs one.
    pub python: Option<PathBuf>,
    /// The Node program itself (never a shim), where the page needs one.
    pub node: Option<PathBuf>,
    /// A folder with the installed `node_modules`, to be linked above the steps' working directory, where it is not
    /// there already.
    pub node_modules: Option<PathBuf>,
    /// Folders that stand first on the steps' `PATH`.
    pub path: Vec<PathBuf>,
    /// More variables, such as `VIRTUAL_ENV`.
    pub env: Vec<(String, String)>,
    /// The sandbox's packages that stand in for what the page imports.
    pub stand_ins: Vec<StandIn>,
    /// npm, where the page needs Node and has it.
    npm: Option<PathBuf>,
    /// The packages that may stand in, since nobody has installed others.
    clients: Vec<Arc<Client>>,
    /// What the page's own layer is put on, where it installs Python packages itself.
    base: Option<Base>,
}

impl Tools {
    /// The same for the page of `plan`, whose steps work in `work` in the workspace `root`; what it starts with is there.
    /// A page that installs Python packages itself gets a layer of its own, so that it changes neither the shared
    /// environment nor the machine's own Python. What stands in for packages is put beside `work`.
    ///
    /// # Errors
    ///
    /// A finding: the workspace cannot be written to.
    pub fn in_workspace(mut self, plan: &Plan, root: &Path, work: &Path) -> Result<Self, Diagnostic> {
        let cannot = |source: std::io::Error| {
            Diagnostic::error("no-workspace", format!("cannot write to {}: {source}", root.display()))
        };
        self.stand_ins = stand_ins::wanted(plan, &self.clients, work);
        if stand_ins::make_node_modules(&self.stand_ins, root, self.node_modules.as_deref()).map_err(cannot)? {
            self.node_modules = None;
            self.install_stand_ins(root).map_err(cannot)?;
        }
        if let Some(folder) = stand_ins::make_site(&self.stand_ins, root).map_err(cannot)? {
            self.set(stand_ins::VARIABLE, folder.display().to_string());
        }
        let Some(base) = self.base.take() else { return Ok(self) };
        let folder = root.join("venv");
        let bin = overlay::make(&base, &folder).map_err(cannot)?;
        self.python = Some(bin.join("python"));
        self.path.insert(0, bin);
        self.env.retain(|(name, _)| name != "VIRTUAL_ENV");
        self.set("VIRTUAL_ENV", folder.display().to_string());
        self.set("PIP_DISABLE_PIP_VERSION_CHECK", "1");
        Ok(self)
    }

    /// Has the page's own `npm install` find the packages that stand in, and ask no registry for more.
    fn install_stand_ins(&mut self, root: &Path) -> std::io::Result<()> {
        if let Some(npm) = &self.npm {
            self.path.insert(0, stand_ins::make_npm(&self.stand_ins, root, npm)?);
            self.be_offline();
        }
        Ok(())
    }

    fn be_offline(&mut self) {
        for (name, value) in [("npm_config_offline", "true"), ("npm_config_update_notifier", "false")] {
            self.env.retain(|(known, _)| known != name);
            self.set(name, value);
        }
    }

    fn set(&mut self, name: &str, value: impl Into<String>) {
        self.env.push((name.to_owned(), value.into()));
    }
}

impl Provisioner {
    /// Nothing found or installed yet. `cache` is doccheck's cache folder; where `offline`, nothing is installed;
    /// `variables` is doccheck's own environment, where tools are looked for and of which installers get a part.
    pub fn new(cache: PathBuf, offline: bool, variables: Vec<(String, String)>) -> Self {
        Self { cache, offline, variables, root: None, clients: Vec::new(), interpreters: Interpreters::default() }
    }

    /// The same, with the folder of the configuration: paths of packages that it names are relative to it.
    #[must_use]
    pub fn with_root(mut self, root: PathBuf) -> Self {
        self.root = Some(root);
        self
    }

    /// The same, with packages that stand in for published ones that a page imports and nobody names.
    #[must_use]
    pub fn with_clients(mut self, clients: &[Arc<Client>]) -> Self {
        self.clients = clients.to_vec();
        self
    }

    /// The repository's root, where it is known.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// Finds and installs what `plan` needs. `progress` is told one line at the start of each slow thing.
    ///
    /// # Errors
    ///
    /// A finding at the page's line: a missing tool, an install that failed, a package missing under `offline`.
    pub fn provide(&self, plan: &Plan, progress: &dyn Fn(&str)) -> Result<Tools, Diagnostic> {
        let mut tools = Tools::default();
        let mut installed = Installed::default();
        for family in [Family::Python, Family::Node] {
            self.provide_family(plan, family, progress, &mut tools, &mut installed)?;
        }
        tools.clients = stand_ins::missing(&self.clients, &installed);
        if !tools.clients.is_empty() {
            // A shell may call it where no step needs Node.
            tools.npm = tools.npm.or_else(|| on_path("npm", &self.variables));
        }
        Ok(tools)
    }

    fn provide_family(
        &self,
        plan: &Plan,
        family: Family,
        progress: &dyn Fn(&str),
        tools: &mut Tools,
        installed: &mut Installed,
    ) -> Result<(), Diagnostic> {
        let Some(interpreter) = self.interpreter(plan, family)? else { return Ok(()) };
        let links = links::folder(&self.cache.join("bin"), family, &interpreter).map_err(|source| {
            Diagnostic::error("no-cache", format!("cannot use the cache at {}: {source}", self.cache.display()))
        })?;
        let requirements = self.requirements(plan, family)?;
        let (program, release) = (interpreter.path.clone(), interpreter.release.clone());
        let environment = match requirements.is_empty() {
            true => None,
            false => Some(self.environment(plan, family, &interpreter, &links, &requirements, progress)?),
        };
        if family == Family::Python && overlay::is_needed(plan) {
            tools.base = Some(Base { interpreter: program, release, venv: environment.clone() });
        }
        match (family, environment) {
            (Family::Python, Some(venv)) => {
                installed.python = Some(venv.join(overlay::packages(&interpreter.release)));
                tools.python = Some(venv.join("bin/python"));
                tools.path.push(venv.join("bin"));
                tools.set("VIRTUAL_ENV", venv.display().to_string());
                // A page's own `pip install` finds the package there; it must not look for a newer pip.
                tools.set("PIP_DISABLE_PIP_VERSION_CHECK", "1");
            }
            (Family::Python, None) => {
                tools.python = Some(interpreter.path);
                tools.path.push(links);
            }
            (Family::Node, environment) => {
                tools.node = Some(interpreter.path);
                tools.npm = npm(&links, &self.variables);
                tools.path.push(links);
                if let Some(folder) = environment {
                    installed.node = Some(folder.join("node_modules"));
                    tools.node_modules = Some(folder.join("node_modules"));
                    // A page's own `npm install` finds the package where it was downloaded to.
                    tools.set("npm_config_cache", self.npm_cache().display().to_string());
                    tools.be_offline();
                }
            }
        }
        Ok(())
    }

    /// The interpreter that a page needs, if it needs one. A page that only promises a version may start it from its
    /// shell: there it is used where it is, and not missed where it is not.
    fn interpreter(&self, plan: &Plan, family: Family) -> Result<Option<Interpreter>, Diagnostic> {
        let steps = || plan.steps().filter(|step| step.skip.is_none());
        let step = steps().find(|step| Family::of(step.language) == Some(family));
        let needed = step.is_some() || !family.packages(&plan.page).is_empty();
        let promised = family.promised(&plan.page);
        let installs = family == Family::Python && overlay::is_needed(plan);
        let shell = || steps().any(|step| matches!(step.language, Language::Shell | Language::Console));
        if !needed && !installs && (promised.is_none() || !shell()) {
            return Ok(None);
        }
        let found = match self.interpreters.choose(family, promised, &self.variables) {
            Ok(interpreter) => return Ok(Some(interpreter)),
            Err(_) if !needed => return Ok(None),
            Err(found) => found,
        };
        let (name, program) = (family.name(), family.programs()[0]);
        let lowest = promised.map_or(family.minimum(), |promised| promised.max(family.minimum()));
        let lowest = if lowest.1 == 0 { lowest.0.to_string() } else { format!("{}.{}", lowest.0, lowest.1) };
        let message = if found.is_empty() {
            format!("this page needs `{program}`, which is not on the PATH")
        } else {
            let releases: Vec<_> = found.iter().map(|interpreter| interpreter.release.as_str()).collect();
            format!("this page needs {name} {lowest} or later, and on the PATH is only {}", releases.join(", "))
        };
        let page = &plan.tutorial.source;
        let (source, span) = match (step, family.packages(&plan.page).first()) {
            (Some(step), _) => (page, page.line_span(page.line(plan.tutorial.fences[step.fence].span.start))),
            (None, Some(package)) => (&package.source, package.span),
            (None, None) => (page, page.line_span(1)),
        };
        Err(Diagnostic::error("missing-tool", message)
            .at(source, span, "")
            .help(format!("install {name} {lowest} or later, so that `{program}` is on the PATH")))
    }

    fn npm_cache(&self) -> PathBuf {
        self.cache.join("npm")
    }

    fn requirements(&self, plan: &Plan, family: Family) -> Result<Vec<Requirement>, Diagnostic> {
        let beside = page_folder(plan);
        let packages = family.packages(&plan.page).iter();
        packages
            .map(|package| {
                let folder = match &self.root {
                    Some(root) if !Arc::ptr_eq(&package.source, &plan.tutorial.source) => root,
                    _ => &beside,
                };
                Requirement::read(package, family, folder)
                    .map_err(|message| Diagnostic::error("bad-package", message).at(&package.source, package.span, ""))
            })
            .collect()
    }

    /// The folder with the packages, installed where they are not there yet.
    fn environment(
        &self,
        plan: &Plan,
        family: Family,
        interpreter: &Interpreter,
        links: &Path,
        requirements: &[Requirement],
        progress: &dyn Fn(&str),
    ) -> Result<PathBuf, Diagnostic> {
        let environment = Environment::new(&self.cache.join("env"), family, interpreter, requirements);
        if environment.is_complete() {
            return Ok(environment.folder().to_path_buf());
        }
        let named: Vec<_> = requirements.iter().map(|requirement| requirement.written.as_str()).collect();
        let named = named.join(", ");
        let at = |found: Diagnostic, requirement: &Requirement| {
            found.at(&requirement.place.source, requirement.place.span, "")
        };
        if self.offline {
            let found =
                Diagnostic::error("offline", format!("not installed yet, and `--offline` installs nothing: {named}"));
            return Err(at(found, &requirements[0]).help("run once without `--offline`"));
        }
        let folder = page_folder(plan);
        let install = |lock: &std::fs::File| {
            let installation = Installation {
                interpreter,
                links,
                requirements,
                target: environment.folder(),
                folder: &folder,
                variables: &self.variables,
                lock,
            };
            match family {
                Family::Python => installation.python(),
                Family::Node => match npm(links, &self.variables) {
                    Some(npm) => installation.node(&npm, &self.npm_cache()),
                    None => Err("`npm` is not on the PATH: install it".to_owned()),
                },
            }
        };
        match environment.build(&format!("installing {named} (once)"), progress, install) {
            Ok(()) => Ok(environment.folder().to_path_buf()),
            Err(EnvironmentError::Installer(output)) => {
                // Of several packages the one that the installer spoke of last; the first where it spoke of none.
                let spoken_of = |requirement: &&Requirement| output.rfind(requirement.name()).map_or(0, |at| at + 1);
                let meant = requirements.iter().rev().max_by_key(spoken_of).unwrap_or(&requirements[0]);
                let found = at(Diagnostic::error("cannot-install", format!("cannot install {named}")), meant);
                let found =
                    if output.is_empty() { found } else { found.help(format!("the installer said:\n{output}")) };
                Err(found.help("see whether the network is there, and whether names and versions are right"))
            }
            Err(error @ EnvironmentError::Cache { .. }) => Err(Diagnostic::error("no-cache", error.to_string())),
            Err(error @ EnvironmentError::Interrupted) => Err(Diagnostic::error("interrupted", error.to_string())),
        }
    }
}

/// The folder that the page is in.
fn page_folder(plan: &Plan) -> PathBuf {
    let folder = plan.tutorial.source.path().parent().unwrap_or(Path::new(""));
    std::path::absolute(folder).or_else(|_| std::path::absolute(".")).unwrap_or_else(|_| folder.to_path_buf())
}
