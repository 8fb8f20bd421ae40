//! What the configuration says of single steps: `[[page.step]]`, found by name, line or heading.

use std::collections::BTreeMap;

use crate::config::{Config, StepRule};
use crate::diagnostic::Diagnostic;
use crate::options::{Options, Scope, Setting, nearest};
use crate::sandbox::Fault;
use crate::source::Span;
use crate::tutorial::Tutorial;

use super::reading::Reading;
use super::roles::Decision;
use super::steps::automatic_name;
use super::{Plan, Role};

/// A fence's index and the rule that is about it.
pub(super) type Found<'c> = (usize, &'c StepRule);

/// The fences that the rules for the page at `path` are about.
pub(super) fn find<'c>(
    config: &'c Config,
    path: &str,
    readings: &[Reading<'_>],
    decisions: &[Decision],
    tutorial: &Tutorial,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Found<'c>> {
    let finder = Finder { readings, decisions, tutorial };
    let mut found = Vec::new();
    for page in config.rules.iter().filter(|page| page.holds_for(path)) {
        for rule in &page.steps {
            let wanted = rule.matches.value.trim();
            let at = |finding: Diagnostic| finding.at(&config.source, rule.matches.span, "");
            match finder.find(wanted)[..] {
                [fence] => found.push((fence, rule)),
                // A rule for many pages is about those that have the step.
                [] if is_glob(&page.path.value) => {}
                [] => {
                    let message = format!("no step of {path} has the name, line or heading `{wanted}`");
                    diagnostics.push(at(Diagnostic::error("no-match", message)).help(finder.advice(wanted, path)));
                }
                ref several => {
                    let lines: Vec<_> = several.iter().map(|fence| finder.line(*fence).to_string()).collect();
                    let message = format!("`{wanted}` is above several steps of {path}, on lines {}", lines.join(", "));
                    let help = "write the name or the line of the one that is meant";
                    diagnostics.push(at(Diagnostic::error("several-matches", message)).help(help));
                }
            }
        }
    }
    found
}

/// The settings for each fence; a later rule's count over an earlier one's.
pub(super) fn settings(found: &[Found<'_>]) -> BTreeMap<usize, Vec<Setting>> {
    let mut settings: BTreeMap<usize, Vec<Setting>> = BTreeMap::new();
    for (fence, rule) in found {
        settings.entry(*fence).or_default().extend(rule.settings.iter().cloned());
    }
    settings
}

/// A rule promises that its fence is a step.
pub(super) fn check(
    found: &[Found<'_>],
    config: &Config,
    readings: &[Reading<'_>],
    decisions: &[Decision],
    diagnostics: &mut Vec<Diagnostic>,
) {
    for (fence, rule) in found {
        let decision = &decisions[*fence];
        let output = decision.role.role == Role::Output
            && readings[*fence].ruled.iter().all(|setting| setting.key.value == "stream");
        if decision.language.is_none() && !output && !matches!(decision.role.role, Role::File | Role::Skipped) {
            let message = format!("`{}` is no step: {}", rule.matches.value.trim(), decision.role.reason);
            diagnostics.push(
                Diagnostic::error("no-match", message)
                    .at(&config.source, rule.matches.span, "")
                    .help("`doccheck list` shows the lines of the page's steps"),
            );
        }
    }
}

struct Finder<'a> {
    readings: &'a [Reading<'a>],
    decisions: &'a [Decision],
    tutorial: &'a Tutorial,
}

impl Finder<'_> {
    /// The fences that `wanted` may mean: by name, else by line, else by the heading above.
    fn find(&self, wanted: &str) -> Vec<usize> {
        let fences = || 0..self.readings.len();
        if let Some(fence) = fences().find(|fence| self.names(*fence).iter().flatten().any(|name| name == wanted)) {
            return vec![fence];
        }
        if let Ok(line) = wanted.parse::<usize>() {
            let source = &self.tutorial.source;
            let place = source.line_span(line);
            let holds = |span: Span| span.start <= place.start && place.start < span.end.max(span.start + 1);
            let starts = |fence: &usize| self.line(*fence) == line || holds(self.readings[*fence].fence.span);
            return fences().find(starts).into_iter().collect();
        }
        let heading = plain(wanted);
        let below = |fence: &usize| self.heading(*fence).is_some_and(|above| plain(above) == heading);
        let steps: Vec<_> = fences().filter(|fence| self.decisions[*fence].language.is_some()).filter(below).collect();
        if steps.is_empty() {
            let open = |fence: &usize| self.decisions[*fence].role.role == Role::Unsure;
            return fences().filter(open).filter(below).collect();
        }
        steps
    }

    fn heading(&self, fence: usize) -> Option<&str> {
        self.readings[fence].fence.heading.as_deref()
    }

    fn line(&self, fence: usize) -> usize {
        self.tutorial.source.line(self.readings[fence].fence.span.start)
    }

    /// The names of a step: its own, and the one that it has without it.
    fn names(&self, fence: usize) -> [Option<String>; 2] {
        let own = self.readings[fence].options.name.as_ref().map(|name| name.value.clone());
        let automatic = self.decisions[fence].language.map(|language| automatic_name(language, self.line(fence)));
        [own, automatic]
    }

    fn advice(&self, wanted: &str, path: &str) -> String {
        let headings = (0..self.readings.len()).filter_map(|fence| self.heading(fence));
        let names = self.readings.iter().filter_map(|reading| reading.options.name.as_ref());
        match nearest(wanted, headings.chain(names.map(|name| name.value.as_str()))) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("`doccheck list {path}` shows the lines of its steps"),
        }
    }
}

/// A heading without its marks, so that it may be copied from the page or from what a reader sees.
fn plain(heading: &str) -> String {
    let words = heading.trim_start_matches('#').replace(['`', '*'], "");
    words.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '[', '{'])
}

/// What only planning can tell of the configuration, whatever the page: faults that cannot be read.
pub fn check_config(config: &Config) -> Vec<Diagnostic> {
    let rules = config.rules.iter();
    let of_rules = rules.flat_map(|rule| rule.settings.iter().chain(rule.steps.iter().flat_map(|step| &step.settings)));
    let mut diagnostics = Vec::new();
    for setting in config.defaults.iter().chain(of_rules) {
        let mut options = Options::default();
        let Some(faults) = options.set(setting, Scope::Fence).ok().and(options.fault) else { continue };
        for error in faults.iter().filter_map(|fault| Fault::parse(&fault.value).err()) {
            let finding = Diagnostic::error("bad-fault", error.message).at(&config.source, setting.value.span, "");
            diagnostics.push(match error.help {
                Some(help) => finding.help(help),
                None => finding,
            });
        }
    }
    diagnostics
}

/// What the configuration says of pages and steps that are not there, once all pages of the repository are planned:
/// `pages` are their paths, with their plans where they could be read.
pub fn unmet<'p>(config: &Config, pages: impl Iterator<Item = (&'p str, Option<&'p Plan>)>) -> Vec<Diagnostic> {
    let pages: Vec<_> = pages.collect();
    let mut diagnostics = Vec::new();
    for rule in &config.rules {
        let held: Vec<_> = pages.iter().filter(|(path, _)| rule.holds_for(path)).collect();
        if held.is_empty() {
            let message = format!("no page matches `{}`", rule.path.value);
            diagnostics.push(
                Diagnostic::warning("no-match", message)
                    .at(&config.source, rule.path.span, "")
                    .help("write a glob relative to this file's folder, or take this `[[page]]` away"),
            );
            continue;
        }
        // A page without a plan may have any step.
        if held.iter().any(|(_, plan)| plan.is_none()) || !is_glob(&rule.path.value) {
            continue;
        }
        let met = |step: &StepRule| {
            held.iter().filter_map(|(_, plan)| *plan).any(|plan| plan.ruled.contains(&step.matches.span))
        };
        for step in rule.steps.iter().filter(|step| !met(step)) {
            let message = format!("no step of these pages has the name, line or heading `{}`", step.matches.value);
            diagnostics.push(
                Diagnostic::warning("no-match", message)
                    .at(&config.source, step.matches.span, "")
                    .help("`doccheck list` shows the lines of their steps; or take this `[[page.step]]` away"),
            );
        }
    }
    diagnostics
}
