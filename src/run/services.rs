//! What runs on while a page is performed: the services of the configuration, steps that are services, and the webhooks
//! that they take.

use super::Event;
use super::micros;
use super::performance::{Performance, last_lines, record};
use super::worker::Worker;
use crate::config;
use crate::diagnostic::Diagnostic;
use crate::exec::{self, Ran, Runners, Whose};
use crate::outcome::{Shown, StepVerdict, judge_service, judge_step, shown};
use crate::plan::{Part, Step};
use crate::process::interrupted;
use crate::transcript::{Ending, StepRecord};

/// How many of the last lines that a service printed are told where it failed.
const TOLD: usize = 10;

impl Performance<'_> {
    /// Starts the services of the configuration, one after the other; false where one is not ready.
    pub(super) fn start_services(&mut self, runners: &mut Runners<'_>) -> bool {
        let session = self.session;
        for (index, service) in session.config.services.iter().enumerate() {
            let root = session.provisioner.root().unwrap_or_else(|| std::path::Path::new(""));
            let cwd = service.cwd.as_ref().map(|cwd| root.join(cwd));
            if let Some(cwd) = cwd.as_deref().filter(|cwd| !cwd.is_dir()) {
                let message =
                    format!("the service `{}` is to run in {}, which is no folder", service.name, cwd.display());
                self.diagnostics.push(at(service, Diagnostic::error("service-failed", message)));
                return false;
            }
            let started = runners.start(&exec::Command {
                index,
                run: &service.run.value,
                cwd: cwd.as_deref(),
                ready: service.ready.as_ref(),
                limit: service.timeout,
            });
            match started {
                Ok(ran) if is_up(&ran) => {
                    let notes = ran.notes.iter().map(|note| format!("the service `{}`: {note}", service.name));
                    self.diagnostics.extend(notes.map(|note| at(service, Diagnostic::note("service-unsure", note))));
                }
                Ok(_) if interrupted() => return false,
                Ok(ran) => {
                    let how = if matches!(ran.ending, Ending::NotReady { .. }) { "" } else { " did not start: it" };
                    self.service_failed(service, &ran, how);
                    return false;
                }
                Err(error) => {
                    self.fail_machine(at(service, Diagnostic::error("cannot-run", error.to_string())));
                    return false;
                }
            }
        }
        true
    }

    fn service_failed(&mut self, service: &config::Service, ran: &Ran, how: &str) {
        let message = format!("the service `{}`{how} {}", service.name, ran.ending.words());
        let mut found = at(service, Diagnostic::error("service-failed", message));
        if !ran.output.text.trim().is_empty() {
            let printed = last_lines(ran.output.text.trim_end(), TOLD);
            found = found.help(format!("it printed: {}", self.session.secrets.redact(&printed)));
        }
        self.diagnostics.push(found);
    }

    /// Whether a service that still runs has printed what the page shows of it.
    pub(super) fn shown(&self, step: &Step, ran: &Ran, further: bool) -> Shown {
        shown(step, &record(ran.clone()).redacted(&self.session.secrets), &self.captures, further)
    }

    /// Tells of services that have ended by themselves; false where the page stops by that.
    pub(super) fn watch_services(&mut self, runners: &mut Runners<'_>) -> bool {
        let ended = match runners.ended_services() {
            Ok(ended) => ended,
            Err(error) => {
                self.fail_machine(self.cannot(&error));
                return false;
            }
        };
        let flooded = ended.iter().any(|(_, ran)| matches!(ran.ending, Ending::OutputLimit { .. }));
        ended.into_iter().for_each(|(whose, ran)| self.take_note(whose, ran, false));
        self.stopped |= flooded;
        !flooded
    }

    /// Waits for the webhook that the step waits for; what keeps the step from starting where it does not come.
    pub(super) fn await_webhook(&mut self, runners: &Runners<'_>, worker: &Worker, step: &Step) -> Option<Ending> {
        let event = step.when.as_ref()?.value.event();
        let before = self.webhooks.get(event).copied().unwrap_or(0);
        if runners.wait_for_webhook(event, before, step.timeout) {
            self.webhooks.insert(event.to_owned(), worker.network.taken_webhooks(event));
            return None;
        }
        if interrupted() {
            return Some(Ending::NotReached);
        }
        Some(Ending::NotCalled {
            event: event.to_owned(),
            limit_us: micros(step.timeout),
            refused: worker.network.refused_webhook(event),
            taken: worker.network.events_taken(),
            printed: self.printed_by_services(runners),
        })
    }

    /// The last lines of what each service of the page has printed by now: a receiver that failed says there why.
    fn printed_by_services(&self, runners: &Runners<'_>) -> String {
        let shown = runners.services_show().unwrap_or_default();
        let texts = shown.iter().filter_map(|(whose, ran)| {
            let name = match whose {
                Whose::Configured(index) => &self.session.config.services.get(*index)?.name,
                Whose::Step(index) => &self.plan.steps().nth(*index)?.name,
            };
            let text = ran.output.text.trim_end();
            let printed = self.session.secrets.redact(&last_lines(text, TOLD));
            (!text.is_empty()).then(|| format!("`{name}` printed: {printed}"))
        });
        texts.collect::<Vec<_>>().join("\n")
    }

    /// Completes the records of all services at the end of the page, which ran to its end where `whole`.
    pub(super) fn end_services(&mut self, runners: &mut Runners<'_>, whole: bool) {
        let last = runners.last_of_services(&|whose, ran| match whose {
            Whose::Step(index) if whole && !interrupted() => {
                self.plan.steps().nth(index).map_or(Shown::Nothing, |step| self.shown(step, ran, true))
            }
            _ => Shown::Nothing,
        });
        match last {
            Ok(last) => last.into_iter().for_each(|(whose, ran)| self.take_note(whose, ran, whole)),
            Err(error) => self.fail_machine(self.cannot(&error)),
        }
    }

    /// Takes what a service shows by now in place of what was known of it, and judges it again.
    fn take_note(&mut self, whose: Whose, mut ran: Ran, whole: bool) {
        // Where the page was stopped, doccheck itself ended what still ran.
        if self.stopped {
            ran.ending = Ending::Running;
        }
        match whose {
            Whose::Configured(index) => {
                let session = self.session;
                let fine = is_up(&ran) || was_stopped(&ran);
                let Some(service) = session.config.services.get(index).filter(|_| !fine) else { return };
                self.service_failed(service, &ran, " ended before the page did: it");
            }
            Whose::Step(index) => self.judge_again(index, ran, whole),
        }
    }

    fn judge_again(&mut self, index: usize, ran: Ran, whole: bool) {
        let plan = std::sync::Arc::clone(self.plan);
        let (Some(step), Some(before)) = (plan.steps().nth(index), self.records.get(index)) else { return };
        // What kept it from being ready is all that there is to know.
        let Some(start) = before.parts.iter().find(|part| part.part == Part::Start).cloned() else { return };
        let now = record(ran);
        let record = StepRecord {
            ending: if before.ending == Ending::Running { now.ending } else { before.ending.clone() },
            output: now.output,
            stdout: now.stdout,
            stderr: now.stderr,
            parts: now.parts.into_iter().chain([start]).collect(),
            ..before.clone()
        };
        let record = record.redacted(&self.session.secrets);
        let outcome = if whole {
            judge_service(&plan, step, &record, &self.captures)
        } else {
            judge_step(&plan, step, &record, &mut self.captures.clone())
        };
        let changed = self.outcomes.get(index).is_some_and(|known| known.verdict != outcome.verdict);
        if changed && outcome.verdict != StepVerdict::NotReached {
            self.observer.see(&Event::StepEnded {
                path: &self.page.path,
                provider: self.provider(),
                outcome: &outcome,
            });
        }
        if let (Some(known), Some(judged)) = (self.records.get_mut(index), self.outcomes.get_mut(index)) {
            *known = record;
            *judged = outcome;
        }
    }
}

/// True for a service that runs, or has ended as it should.
fn is_up(ran: &Ran) -> bool {
    matches!(ran.ending, Ending::Running | Ending::Exited { code: 0 })
}

/// True for a service that the page told to end, as Ctrl-C or `kill` does.
fn was_stopped(ran: &Ran) -> bool {
    matches!(ran.ending, Ending::Signaled { signal: 2 | 15 } | Ending::Exited { code: 130 | 143 })
}

fn at(service: &config::Service, found: Diagnostic) -> Diagnostic {
    found.at(&service.source, service.run.span, "")
}
