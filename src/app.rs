//! What a program calls: `run` and `list`. From paths and an environment to a report, without a terminal.

mod blessing;
mod doctor;
mod repository;
mod runs;
mod sandbox;
mod saved;
mod selection;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{self, Config, SandboxChoice};
use crate::diagnostic::{Diagnostic, Severity};
use crate::fs::{self, Found};
use crate::init::{Proposal, Survey, propose};
use crate::outcome::{PageOutcome, PageVerdict};
use crate::plan::{self, Plan, plan};
use crate::process::interrupted;
use crate::provision::Provisioner;
use crate::run::{Event, ExitCode, Observer, Page, RunOptions, RunReport, Session};
use crate::sandbox::{Definition, World};
use crate::system_clock::now;
use crate::tutorial;
use runs::Wanted;

pub use crate::run::Shard;
pub use blessing::{BlessReport, BlessRequest, Blessable, bless, recalled, write};
pub use doctor::{DoctorReport, doctor};
pub use sandbox::{OpenSandbox, SandboxRequest, describe_sandbox, find_sandbox, open_sandbox};
pub use saved::{keep, last_run, read_run};

/// Where doccheck was called: what it reads of the world, read once by whoever calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surroundings {
    /// The current directory.
    pub directory: PathBuf,
    /// The environment's variables.
    pub variables: Vec<(String, String)>,
}

impl Surroundings {
    /// The value of a variable.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let found = self.variables.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The user's cache folder for doccheck, by the XDG base directory specification.
    pub fn cache(&self) -> PathBuf {
        let home = || self.variable("HOME").map(|home| Path::new(home).join(".cache"));
        let cache = self.variable("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        cache.or_else(home).unwrap_or_else(|| self.directory.join(".cache")).join("doccheck")
    }
}

/// What is to be run, and how.
#[derive(Debug, Clone, Default)]
pub struct RunRequest {
    /// Pages and folders; what the configuration includes where there are none.
    pub paths: Vec<PathBuf>,
    /// How many pages run at once.
    pub jobs: usize,
    /// A fence whose role is open fails the run.
    pub strict: bool,
    /// Stop at the first difference.
    pub fail_fast: bool,
    /// Keep the workspaces.
    pub keep: bool,
    /// Install nothing.
    pub offline: bool,
    /// Run a part of the pages.
    pub shard: Option<Shard>,
    /// Run the pages that a change since this revision touches.
    pub changed_since: Option<String>,
    /// The list of what is known to be stale, relative to the current directory.
    pub baseline: Option<PathBuf>,
    /// Write that list anew.
    pub update_baseline: bool,
}

/// Runs pages.
pub fn run(request: &RunRequest, surroundings: &Surroundings, observer: &dyn Observer) -> RunReport {
    let started = now();
    let mut report = prepare(request, surroundings).map_or_else(
        |diagnostics| RunReport { diagnostics, ..RunReport::default() },
        |prepared| {
            let mut pages = prepared.session.pages(&prepared.pages, request.jobs, observer);
            let mut diagnostics = prepared.diagnostics;
            // A part of the pages, or those that a run came to before it was broken off, may well have none.
            let is_whole = request.shard.is_none() && request.changed_since.is_none();
            let no_step = is_whole && pages.len() == prepared.pages.len() && without_steps(&pages);
            if no_step {
                diagnostics.push(
                    Diagnostic::warning("nothing-to-run", "there is nothing to run: no selected page has a step")
                        .help("`doccheck list` says what each fence is; name the language of those to be run"),
                );
            }
            // What a run that was broken off did not come to says nothing.
            if is_whole && request.paths.is_empty() && pages.len() == prepared.pages.len() {
                let relative = prepared.pages.iter().map(|page| page.relative.as_str());
                let plans = pages.iter().map(|page| page.plan.as_deref());
                diagnostics.extend(plan::unmet(&prepared.session.config, relative.zip(plans)));
            }
            let mut notes = prepared.session.notes();
            if request.update_baseline && !interrupted() {
                match repository::update(&prepared.session, &prepared.pages, &pages, request, surroundings) {
                    Ok(note) => notes.extend(note),
                    Err(found) => diagnostics.push(found),
                }
            }
            for outcome in prepared.gone {
                observer.see(&Event::PageStarted { title: &outcome.title() });
                observer.see(&Event::PageEnded { outcome: &outcome });
                pages.push(outcome);
            }
            RunReport {
                pages,
                allowed: prepared.session.config.allow.clone(),
                notes: notes.into_iter().chain(prepared.note).collect(),
                strict: request.strict || prepared.session.config.strict,
                nothing_selected: prepared.nothing_selected || no_step,
                diagnostics,
                ..RunReport::default()
            }
        },
    );
    report.shard = request.shard;
    report.interrupted = interrupted();
    report.duration_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    report
}

/// True where all pages could be read and none has a step, run or not: then silence would look like success.
fn without_steps(pages: &[PageOutcome]) -> bool {
    let empty = |page: &PageOutcome| {
        page.verdict != PageVerdict::PageError && page.plan.as_deref().is_some_and(|plan| plan.steps().next().is_none())
    };
    !pages.is_empty() && pages.iter().all(empty)
}

/// Pages that are ready to run, and the session to run them in.
#[derive(Debug)]
pub struct Prepared {
    /// What they share.
    pub session: Session,
    /// The pages.
    pub pages: Vec<Page>,
    /// Pages that are known to be stale and are there no more.
    pub gone: Vec<PageOutcome>,
    /// True where no page was selected. That a shard is empty or that no page has changed is another matter.
    pub nothing_selected: bool,
    /// What should be known of the selection.
    pub note: Option<String>,
    /// What is wrong with the configuration or the paths without keeping the pages from running.
    pub diagnostics: Vec<Diagnostic>,
}

/// Finds the configuration, the sandbox and the pages.
///
/// # Errors
///
/// What is wrong with the configuration or the sandbox's data.
pub fn prepare(request: &RunRequest, surroundings: &Surroundings) -> Result<Prepared, Vec<Diagnostic>> {
    let (paths, wanted) = Wanted::read(&request.paths, &surroundings.directory);
    let Site { config, root, pages, diagnostics } = Site::find(&paths, surroundings)?;
    let nothing_selected = pages.is_empty();
    let definition = Arc::new(definition(&config, &root)?);
    let mut runs = runs::of(pages, &config, &definition);
    let titles: BTreeSet<String> = runs.iter().map(Page::listed).collect();
    wanted.retain(&mut runs, &surroundings.directory)?;
    let (pages, note) = selection::select(runs, request, &config, &root, surroundings).map_err(|found| vec![found])?;
    let provisioner = Provisioner::new(surroundings.cache(), request.offline, surroundings.variables.clone())
        .with_root(root.clone())
        .with_clients(definition.clients());
    let mut diagnostics = diagnostics;
    let baseline = repository::read_baseline(request, &titles, &root, surroundings)?;
    let gone = repository::gone(baseline.as_deref(), &root, request, surroundings);
    let options = RunOptions {
        files: repository::files(&config, &root)?,
        path: repository::path(&config, &root, &mut diagnostics),
        fail_fast: request.fail_fast,
        keep: request.keep,
        transcripts: Some(saved::transcripts(&surroundings.cache(), &root)),
        baseline,
    };
    let session = Session::new(config, definition, provisioner, surroundings.variables.clone(), options);
    Ok(Prepared { session, pages, gone, nothing_selected, note, diagnostics })
}

/// What `list` tells.
#[derive(Debug, Default)]
pub struct ListReport {
    /// The pages, each with its plan where it could be read.
    pub pages: Vec<ListedPage>,
    /// Findings that belong to no page.
    pub diagnostics: Vec<Diagnostic>,
}

/// A page as `list` tells it.
#[derive(Debug)]
pub struct ListedPage {
    /// Its path.
    pub path: String,
    /// The providers for each of which it runs once; none where it names none.
    pub providers: Vec<String>,
    /// The plan, with a role for every fence.
    pub plan: Option<Arc<Plan>>,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
}

impl ListReport {
    /// The exit status that tells this report.
    pub fn exit_code(&self) -> ExitCode {
        let pages = self.pages.iter().flat_map(|page| &page.diagnostics);
        if self.diagnostics.iter().chain(pages).any(|found| found.severity == Severity::Error) {
            ExitCode::Usage
        } else if self.pages.is_empty() {
            ExitCode::Nothing
        } else {
            ExitCode::True
        }
    }
}

/// Tells the role of every fence of pages, and runs nothing.
pub fn list(paths: &[PathBuf], surroundings: &Surroundings) -> ListReport {
    listing(paths, surroundings).unwrap_or_else(|diagnostics| ListReport { pages: Vec::new(), diagnostics })
}

fn listing(paths: &[PathBuf], surroundings: &Surroundings) -> Result<ListReport, Vec<Diagnostic>> {
    let Site { config, root, pages, mut diagnostics } = Site::find(paths, surroundings)?;
    let relative: Vec<_> = pages.iter().map(|page| page.relative.clone()).collect();
    let mut pages: Vec<_> = pages.iter().map(|page| listed(page, &config)).collect();
    // The sandbox's data is not read for nothing.
    if pages.iter().filter_map(|page| page.plan.as_ref()).any(|plan| !plan.page.providers.is_empty()) {
        let definition = definition(&config, &root)?;
        for page in &mut pages {
            let Some(plan) = &page.plan else { continue };
            match plan.providers(&definition) {
                Ok(providers) => page.providers = providers.into_iter().map(|provider| provider.name).collect(),
                Err(found) => page.diagnostics.extend(found),
            }
        }
    }
    if paths.is_empty() {
        let plans = pages.iter().map(|page| page.plan.as_deref());
        diagnostics.extend(plan::unmet(&config, relative.iter().map(String::as_str).zip(plans)));
    }
    Ok(ListReport { pages, diagnostics })
}

fn listed(page: &Page, config: &Config) -> ListedPage {
    let of = |plan, diagnostics| ListedPage { path: page.path.clone(), providers: Vec::new(), plan, diagnostics };
    match &page.source {
        Err(diagnostic) => of(None, vec![diagnostic.clone()]),
        Ok(source) => {
            let (tutorial, mut diagnostics) = tutorial::read(Arc::clone(source));
            let (plan, found) = plan(tutorial, config, &page.relative);
            diagnostics.extend(found);
            of(Some(Arc::new(plan)), diagnostics)
        }
    }
}

/// What `init` proposes for the repository in `directory`, and what it looked at.
///
/// # Errors
///
/// What is wrong with the sandbox that is built in.
pub fn init(surroundings: &Surroundings) -> Result<Proposal, Vec<Diagnostic>> {
    let directory = &surroundings.directory;
    let files = fs::files_below(directory);
    let config = Config { include: vec!["**/*.md".to_owned()], ..Config::default() };
    let found = fs::discover(&[], &config, directory, directory);
    let plans: Vec<(String, Plan)> = found
        .pages
        .into_iter()
        .filter_map(|page| {
            // A page that cannot be read is for `run` to tell; there is nothing in it to propose from.
            let source = fs::read_shown(&page.path, Path::new(&page.shown)).ok()?;
            let (tutorial, _) = tutorial::read(source);
            Some((page.shown.clone(), plan(tutorial, &config, &page.relative).0))
        })
        .collect();
    let definition = Arc::new(Definition::embedded()?);
    let openapi = files.iter().find(|file| OPENAPI.iter().any(|name| file.rsplit('/').next() == Some(name)));
    let openapi = openapi.and_then(|file| {
        let source = fs::read_source(&directory.join(file)).ok()?;
        Some((file.clone(), source.text().to_owned()))
    });
    let survey = Survey {
        pages: plans.iter().map(|(path, plan)| (path.clone(), plan)).collect(),
        openapi,
        served: definition.hosts(),
        clients: definition.clients().iter().map(|client| client.name.clone()).collect(),
        variables: World::new(definition, None).environment().into_iter().map(|(name, _)| name).collect(),
        files,
    };
    Ok(propose(&survey))
}

/// Names under which OpenAPI documents lie.
const OPENAPI: [&str; 6] =
    ["openapi.yaml", "openapi.yml", "openapi.json", "swagger.yaml", "swagger.yml", "swagger.json"];

/// The pages that paths select, with the configuration that holds for them.
struct Site {
    config: Config,
    root: PathBuf,
    pages: Vec<Page>,
    diagnostics: Vec<Diagnostic>,
}

impl Site {
    fn find(paths: &[PathBuf], surroundings: &Surroundings) -> Result<Self, Vec<Diagnostic>> {
        let (file, root) = root(paths, surroundings);
        let config = Self::read(file.as_deref(), surroundings)?;
        let Found { pages, diagnostics } = fs::discover(paths, &config, &root, &surroundings.directory);
        let pages = pages
            .into_iter()
            .map(|found| Page {
                path: found.shown.clone(),
                relative: found.relative,
                source: fs::read_shown(&found.path, Path::new(&found.shown)),
                named: found.named,
                provider: None,
                repeats: false,
            })
            .collect();
        Ok(Self { config, root, pages, diagnostics })
    }

    /// The configuration in `file`, relative to the current directory, else the nearest one; and its folder.
    fn configuration(file: Option<&Path>, surroundings: &Surroundings) -> Result<(Config, PathBuf), Vec<Diagnostic>> {
        let (file, root) = match file.map(|file| surroundings.directory.join(file)) {
            Some(file) => {
                let folder = file.parent().unwrap_or(&surroundings.directory).to_path_buf();
                (Some(file), folder)
            }
            None => root(&[], surroundings),
        };
        Ok((Self::read(file.as_deref(), surroundings)?, root))
    }

    /// Reads a configuration; the default where there is no file.
    fn read(file: Option<&Path>, surroundings: &Surroundings) -> Result<Config, Vec<Diagnostic>> {
        let Some(file) = file else { return Ok(Config::default()) };
        let shown = file.strip_prefix(&surroundings.directory).unwrap_or(file);
        let config = config::read(&fs::read_shown(file, shown).map_err(|found| vec![found])?)?;
        let found = plan::check_config(&config);
        if found.is_empty() { Ok(config) } else { Err(found) }
    }
}

fn definition(config: &Config, root: &Path) -> Result<Definition, Vec<Diagnostic>> {
    let files = |folder: &str| -> Result<BTreeMap<_, _>, Vec<Diagnostic>> {
        let files = fs::read_folder(&root.join(folder)).map_err(|found| vec![found])?;
        Ok(files.into_iter().collect())
    };
    let described = match &config.sandbox {
        SandboxChoice::Embedded => Definition::embedded()?,
        SandboxChoice::Off => Definition::nothing(),
        SandboxChoice::Folder(folder) => Definition::read(&files(folder)?)?,
    };
    match &config.drafts {
        Some(folder) => described.with_drafts(&files(folder)?),
        None => Ok(described),
    }
}

/// The configuration that holds for `paths`, and the folder that its paths are read from.
fn root(paths: &[PathBuf], surroundings: &Surroundings) -> (Option<PathBuf>, PathBuf) {
    let first = paths.first().map_or_else(|| surroundings.directory.clone(), |path| surroundings.directory.join(path));
    let file = fs::find_config(&first);
    let folder = file.as_deref().and_then(Path::parent);
    let root = folder.map_or_else(|| surroundings.directory.clone(), Path::to_path_buf);
    (file, root)
}
