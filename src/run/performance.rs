//! A page in a world of its own: its actions one after the other, each step judged as it ends.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::environment::{Environment, fill_placeholders};
use super::limits;
use super::snapshots::Snapshots;
use super::worker::Worker;
use super::{Event, Observer, Page, Session, micros};
use crate::diagnostic::Diagnostic;
use crate::exec::{ExecError, Job, Ran, Runners, Stage, Tree, Workspace};
use crate::fs::read_source;
use crate::matching::{Captures, Unsafe};
use crate::options::Time;
use crate::outcome::{StepOutcome, StepVerdict, judge_step};
use crate::plan::{Action, FileAction, Language, Plan, Step};
use crate::process::{Crew, can_limit_memory, interrupted};
use crate::provision::StandIn;
use crate::sandbox::World;
use crate::serve::ServeError;
use crate::source::{Located, Span};
use crate::transcript::{Ending, StepRecord};

/// A page while it is performed.
pub(super) struct Performance<'a> {
    pub(super) session: &'a Session,
    pub(super) page: &'a Page,
    pub(super) plan: &'a Arc<Plan>,
    pub(super) observer: &'a dyn Observer,
    pub(super) captures: Captures,
    pub(super) snapshots: Option<Snapshots<'a>>,
    pub(super) records: Vec<StepRecord>,
    /// How many calls of webhooks earlier steps have waited for, by the event's name.
    pub(super) webhooks: BTreeMap<String, u64>,
    pub(super) outcomes: Vec<StepOutcome>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) machine_failed: bool,
    /// True where everything of the page was ended before its end: by a time limit, too much output, Ctrl-C.
    pub(super) stopped: bool,
}

impl Performance<'_> {
    /// Performs the whole page. Afterwards there is a record and an outcome for every step.
    pub(super) fn run(&mut self) {
        let runnable = self.plan.steps().any(|step| step.skip.is_none()) && self.plan.page.skip.is_none();
        if runnable
            && let Err(diagnostic) = self.in_a_world()
            && !interrupted()
        {
            self.fail_machine(diagnostic);
        }
        self.leave_the_rest();
        self.diagnostics.extend(self.snapshots.iter().flat_map(|snapshots| snapshots.unreferenced(&self.outcomes)));
    }

    /// Makes the page's world, performs its actions in it, and takes it down.
    fn in_a_world(&mut self) -> Result<(), Diagnostic> {
        limits::check(self.plan, can_limit_memory())?;
        let Some(files) = self.files() else { return Ok(()) };
        let title = self.page.title();
        let tell = |message: &str| self.observer.see(&Event::Preparing { title: &title, message });
        let tools = self.session.provisioner.provide(self.plan, &tell)?;
        let worker =
            Worker::borrow(self.session).map_err(|error| Diagnostic::error("no-network", error.to_string()))?;
        let workspace = Workspace::create(self.session.options.keep).map_err(|error| self.cannot(&error))?;
        workspace.furnish(&files).map_err(|error| self.cannot(&error))?;
        let tools = tools.in_workspace(self.plan, workspace.root(), workspace.work())?;
        let stand_ins = tools.stand_ins.iter().filter(|_| !self.page.repeats);
        self.diagnostics.extend(stand_ins.map(|stand_in| told(self.plan, stand_in)));
        let crew = worker.network.crew().map_err(|error| Diagnostic::error("no-network", error.to_string()))?;
        let world = World::new(Arc::clone(&self.session.definition), self.plan.page.scopes.as_deref());
        let sandbox = world.environment_for(self.page.provider.as_deref());
        let mut wires = worker.network.environment();
        wires.extend(self.open(&worker, &crew, world)?);
        let env = Environment::of_page(self.session, self.plan, &workspace, &tools, wires, sandbox);
        if let Some(folder) = &tools.node_modules {
            workspace.link_node_modules(folder).map_err(|error| self.cannot(&error))?;
        }
        let stage = Stage {
            plan: self.plan,
            workspace: &workspace,
            crew: &crew,
            tools: &tools,
            network: &worker.network,
            env: &env,
            before: std::cell::RefCell::default(),
        };
        self.actions(&stage, &worker);
        crew.end();
        if self.session.options.keep {
            let kept = workspace.work().display().to_string();
            self.diagnostics.push(Diagnostic::note("workspace-kept", format!("the workspace is kept in {kept}")));
        }
        worker.give_back(self.session);
        Ok(())
    }

    /// Opens the page's world, in the time that the page asks for; what its programs must know of that.
    fn open(&mut self, worker: &Worker, crew: &Crew, world: World) -> Result<Vec<(String, String)>, Diagnostic> {
        let no_network = |error: ServeError| Diagnostic::error("no-network", error.to_string());
        if self.plan.page.time == Time::Real {
            return worker.network.open(world).map(|()| Vec::new()).map_err(no_network);
        }
        match worker.network.open_in_virtual_time(world, crew.census()).map_err(no_network)? {
            Ok(variables) => {
                let is_shell = |step: &Step| matches!(step.language, Language::Shell | Language::Console);
                if let Err(reason) = worker.network.clock_library()
                    && self.plan.steps().any(is_shell)
                {
                    let message =
                        format!("in shells only `sleep` and `date` are in virtual time, through Python: {reason}");
                    self.diagnostics.push(Diagnostic::note("real-time", message));
                }
                Ok(variables)
            }
            Err(reason) => {
                let message = format!("this machine has no virtual time, so waits are real: {reason}");
                self.diagnostics.push(Diagnostic::note("real-time", message));
                Ok(Vec::new())
            }
        }
    }

    /// What the workspace starts with; `None` where the page's own folder cannot be copied, which is told.
    fn files(&mut self) -> Option<Tree> {
        let files = self.session.options.files.clone();
        let Some(own) = &self.plan.page.workspace else { return Some(files) };
        match Tree::folder(&beside(own).join(own.value.trim())) {
            Ok(tree) => Some(files.with(tree)),
            Err(error) => {
                let found = Diagnostic::error("bad-workspace", error.to_string())
                    .at(&own.source, own.span, "")
                    .help("`workspace` takes a folder relative to the file that names it");
                self.diagnostics.push(found);
                None
            }
        }
    }

    fn actions(&mut self, stage: &Stage<'_>, worker: &Worker) {
        let (workspace, env) = (stage.workspace, stage.env);
        let mut runners = Runners::new(stage);
        let plan = Arc::clone(self.plan);
        let ready = self.start_services(&mut runners) && self.script(&mut runners, "setup", plan.page.setup.as_ref());
        if !ready {
            return;
        }
        let mut whole = true;
        let mut index = 0;
        for action in &plan.actions {
            if interrupted() {
                return;
            }
            whole &= match action {
                Action::File(file) => self.save(workspace, file),
                Action::Step(step) => {
                    index += 1;
                    let goes_on = self.step(&mut runners, worker, env, step, index - 1);
                    self.watch_services(&mut runners) && goes_on
                }
            };
            if !whole {
                break;
            }
        }
        // While they still run, and before `teardown` may end them.
        self.end_services(&mut runners, whole);
        self.script(&mut runners, "teardown", plan.page.teardown.as_ref());
    }

    /// Writes a file of the page; false where that cannot be done.
    fn save(&mut self, workspace: &Workspace, file: &FileAction) -> bool {
        let fence = &self.plan.tutorial.fences[file.fence];
        let Err(error) = workspace.save(&file.path.value, &fence.code.text) else { return true };
        let outside = matches!(error, ExecError::Outside(_));
        let found = Diagnostic::error("cannot-save", error.to_string()).at(
            &self.plan.tutorial.source,
            file.path.span,
            if outside { "name a path inside the workspace" } else { "" },
        );
        if outside {
            self.diagnostics.push(found);
        } else {
            self.fail_machine(found);
        }
        false
    }

    /// Runs a step and judges it; false where the page stops here.
    fn step(
        &mut self,
        runners: &mut Runners<'_>,
        worker: &Worker,
        env: &[(String, String)],
        step: &Step,
        index: usize,
    ) -> bool {
        let line = self.line(step);
        let record = if step.skip.is_some() {
            StepRecord::not_run(Ending::Skipped)
        } else {
            self.observer.see(&Event::StepStarted {
                path: &self.page.path,
                provider: self.provider(),
                name: &step.name,
                line,
            });
            let faults: Vec<_> = step.faults.iter().map(|fault| fault.value.clone()).collect();
            worker.network.begin_step(&[]);
            let kept = match self.unsafe_value(step) {
                Some(Unsafe { name, holds }) => Some(Ending::NotFilled { name, holds }),
                None => self.await_webhook(runners, worker, step),
            };
            let ran = match kept {
                Some(ending) => Ok(StepRecord::not_run(ending)),
                None => {
                    worker.network.arm(&faults);
                    self.perform(runners, env, step, index).map(record)
                }
            };
            let traffic = worker.network.end_step();
            let mut record = match ran {
                Ok(record) => record,
                Err(error) => {
                    let found = self.cannot(&error);
                    self.fail_machine(found.at(&self.plan.tutorial.source, self.marker(step), ""));
                    StepRecord::not_run(Ending::NotStarted { reason: error.to_string(), help: None })
                }
            };
            if record.ending == Ending::NotReached {
                record.notes.push("interrupted before it had ended".to_owned());
            }
            if traffic.omitted > 0 {
                record.notes.push(format!("{} more requests are not told", traffic.omitted));
            }
            record.time = traffic.time.map(|time| time.within(record.duration_us, step.timeout));
            record.exchanges = traffic.exchanges;
            record.refusals = traffic.refusals;
            record.unmet_faults = traffic.unmet_faults;
            record.redacted(&self.session.secrets)
        };
        self.stopped |= interrupted()
            || matches!(record.ending, Ending::TimedOut { .. } | Ending::OutputLimit { .. } | Ending::NotReady { .. });
        let mut outcome = judge_step(self.plan, step, &record, &mut self.captures);
        if let Some(snapshots) = &self.snapshots
            && let Err(found) = snapshots.check(index, step, &record, &mut outcome)
        {
            self.fail_machine(found);
        }
        let differs = outcome.verdict != StepVerdict::KnownStale && outcome.checks.iter().any(|check| !check.ok);
        let stops = outcome.stops_page || (self.session.options.fail_fast && differs);
        self.conclude(record, outcome);
        !stops
    }

    /// A value of an earlier output that must not stand in the step's code.
    fn unsafe_value(&self, step: &Step) -> Option<Unsafe> {
        let commands = step.commands.iter().map(|command| command.text.as_str());
        let code = (step.language != Language::Console).then_some(step.code.text.as_str());
        commands.chain(code).find_map(|code| self.captures.unsafe_in(code))
    }

    fn perform(
        &self,
        runners: &mut Runners<'_>,
        env: &[(String, String)],
        step: &Step,
        index: usize,
    ) -> Result<Ran, ExecError> {
        let fill = |code: &str| fill_placeholders(&self.captures.fill(code), &self.session.config.placeholders, env);
        let commands: Vec<_> = step.commands.iter().map(|command| fill(&command.text)).collect();
        let job = Job {
            step,
            index,
            code: &fill(&step.code.text),
            commands: &commands,
            page: &self.page.path,
            line: step.code.lines.first().map_or(1, |first| self.plan.tutorial.source.line(first.start)),
            shown: &|ran| self.shown(step, ran, false),
        };
        if step.service.is_some() {
            return runners.serve(&job);
        }
        runners.run(&job)
    }

    /// Runs the page's `setup` or `teardown`; false where it failed.
    fn script(&mut self, runners: &mut Runners<'_>, what: &'static str, script: Option<&Located<String>>) -> bool {
        let Some(script) = script else { return true };
        let text = match script_text(beside(script), &script.value) {
            Ok(text) => text,
            Err(diagnostic) => {
                self.diagnostics.push(diagnostic.at(&script.source, script.span, ""));
                return false;
            }
        };
        let (message, output) = match runners.script(&text) {
            Ok(Ran { ending: Ending::Exited { code: 0 }, .. }) => return true,
            Ok(Ran { ending: Ending::NotReached, .. }) => return false,
            Ok(ran) => (format!("the page's `{what}` failed: it {}", ran.ending.words()), ran.output.text),
            Err(error) => (format!("the page's `{what}` failed: {error}"), String::new()),
        };
        let mut found = Diagnostic::error("script-failed", message).at(&script.source, script.span, "");
        if !output.trim().is_empty() {
            found = found.help(format!("it printed: {}", self.session.secrets.redact(&last_lines(&output, 10))));
        }
        self.diagnostics.push(found);
        false
    }

    /// Every step that has no record yet was not reached, or is skipped.
    fn leave_the_rest(&mut self) {
        let plan = Arc::clone(self.plan);
        for step in plan.steps().skip(self.records.len()) {
            let skipped = step.skip.is_some() || plan.page.skip.is_some();
            let record = StepRecord::not_run(if skipped { Ending::Skipped } else { Ending::NotReached });
            let outcome = judge_step(&plan, step, &record, &mut self.captures);
            self.conclude(record, outcome);
        }
    }

    fn conclude(&mut self, record: StepRecord, outcome: StepOutcome) {
        self.observer.see(&Event::StepEnded { path: &self.page.path, provider: self.provider(), outcome: &outcome });
        self.records.push(record);
        self.outcomes.push(outcome);
    }

    pub(super) fn fail_machine(&mut self, diagnostic: Diagnostic) {
        self.machine_failed = true;
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn cannot(&self, error: &ExecError) -> Diagnostic {
        Diagnostic::error("cannot-run", error.to_string())
    }

    /// The provider that the run is about.
    pub(super) fn provider(&self) -> Option<&str> {
        self.page.provider.as_deref()
    }

    fn marker(&self, step: &Step) -> Span {
        let source = &self.plan.tutorial.source;
        source.line_span(self.line(step))
    }

    fn line(&self, step: &Step) -> usize {
        self.plan.tutorial.source.line(self.plan.tutorial.fences[step.fence].span.start)
    }
}

/// That a package of the sandbox stands in for a published one.
fn told(plan: &Plan, StandIn { client, place }: &StandIn) -> Diagnostic {
    let message = format!(
        "`{}` is the sandbox's client {}, which stands in for the published package: name that under `{}` to run it",
        client.name,
        client.version,
        client.ecosystem.word()
    );
    let note = Diagnostic::note("stand-in", message);
    match place {
        Some(place) => note.at(&plan.tutorial.source, *place, ""),
        None => note,
    }
}

/// The folder that paths are relative to in the file that says this.
fn beside(said: &Located<String>) -> &Path {
    said.source.path().parent().unwrap_or(Path::new(""))
}

/// The script itself, or the text of the file beside the page that it names.
fn script_text(folder: &Path, script: &str) -> Result<String, Diagnostic> {
    let named = folder.join(script.trim());
    if !script.trim().contains('\n') && named.is_file() {
        return read_source(&named).map(|file| file.text().to_owned());
    }
    Ok(script.to_owned())
}

/// The last `count` lines of a text.
pub(super) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// The record of a step that ran, before what the wires tell.
pub(super) fn record(ran: Ran) -> StepRecord {
    StepRecord {
        duration_us: micros(ran.duration),
        output: ran.output,
        stdout: ran.stdout,
        stderr: ran.stderr,
        parts: ran.parts,
        notes: ran.notes,
        ..StepRecord::not_run(ran.ending)
    }
}
