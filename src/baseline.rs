//! The list of known-stale steps, `--baseline FILE`: old faults are shown and do not fail, new ones do.
//!
//! One line a step, sorted, so that two branches can both change it: the page's path, ` :: `, and what names the step
//! whatever else changes on the page. A page alone stands for all of it, also where it cannot be read. Of a page that
//! runs for several providers each run has lines of its own, by its title; a line with the path alone stands for all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::outcome::{PageOutcome, PageVerdict, StepVerdict, split_title};
use crate::plan::{Action, KnownBy, KnownStale, Plan, Step};
use crate::source::SourceFile;

/// What stands between a page and its step.
const BETWEEN: &str = " :: ";

/// What a new list begins with.
pub const HEADER: &str = "\
# What doccheck knows to be stale: it is shown, and does not fail. One line a step, by its name or by the heading above
# it, its language and its number there; a page alone stands for all of it. What is true again must leave the list:
# take its line out, or run with --update-baseline.
";

/// A list as it was read.
#[derive(Debug)]
pub struct Baseline {
    source: Arc<SourceFile>,
    entries: Vec<Entry>,
    update: bool,
    /// The titles of the runs that there are.
    runs: Vec<String>,
}

#[derive(Debug)]
struct Entry {
    /// The title of a run, or a path that stands for all runs.
    page: String,
    step: Option<String>,
    line: usize,
    /// True where there is no such page, or no such run of it, any more.
    gone: bool,
}

/// How the names of pages end: what ends so was one, though no file is there.
const ENDINGS: [&str; 3] = [".md", ".markdown", ".mdx"];

impl Baseline {
    /// Reads a list; `exists` tells whether there is a page, or a run of it, by its title. Where the list is to be updated, everything that
    /// is stale is about to be on it.
    ///
    /// # Errors
    ///
    /// The lines that name no page, each at its place.
    pub fn read(
        source: &Arc<SourceFile>,
        update: bool,
        exists: impl Fn(&str) -> bool,
    ) -> Result<Self, Vec<Diagnostic>> {
        let lines = source.text().lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        let (mut entries, mut wrong) = (Vec::new(), Vec::new());
        for (line, text) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let (page, step) = match text.split_once(BETWEEN) {
                Some((page, step)) => (page.trim(), Some(step.trim().to_owned())),
                None => (text, None),
            };
            let gone = !exists(page);
            let path = split_title(page).0;
            if gone && !ENDINGS.iter().any(|ending| path.len() > ending.len() && path.ends_with(ending)) {
                wrong.push(
                    Diagnostic::error("bad-baseline", "this line names no page")
                        .at(source, source.line_span(line), "")
                        .help(format!("write `docs/page.md` or `docs/page.md{BETWEEN}step`, or take the line out")),
                );
            }
            entries.push(Entry { page: page.to_owned(), step, line, gone });
        }
        if wrong.is_empty() {
            Ok(Self { source: Arc::clone(source), entries, update, runs: Vec::new() })
        } else {
            Err(wrong)
        }
    }

    /// The same, knowing all runs that pages make, by their titles.
    #[must_use]
    pub fn with_runs(self, runs: impl IntoIterator<Item = String>) -> Self {
        Self { runs: runs.into_iter().collect(), ..self }
    }

    /// The line that lists the whole `page`.
    fn lists(&self, page: &str) -> Option<usize> {
        self.of(page).find(|entry| entry.step.is_none()).map(|entry| entry.line)
    }

    fn of<'a>(&'a self, page: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| entry.page == page || entry.page == split_title(page).0)
    }

    /// What is known of the whole `page`.
    pub fn known(&self, page: &str) -> Option<KnownStale> {
        let line = self.lists(page);
        let by = if self.update { KnownBy::NewList } else { KnownBy::List(line?) };
        Some(KnownStale { reason: self.reason(line), by })
    }

    /// Tells the plan of `page` what is known. What the page or the configuration says of itself stays.
    ///
    /// The findings are entries for steps that the page does not have.
    pub fn apply(&self, page: &str, plan: &mut Plan) -> Vec<Diagnostic> {
        let keys = keys(plan);
        let known = self.known(page);
        plan.page.known_stale = plan.page.known_stale.take().or(known);
        let steps = plan.actions.iter_mut().filter_map(|action| match action {
            Action::Step(step) => Some(step.as_mut()),
            Action::File(_) => None,
        });
        for (step, key) in steps.zip(&keys) {
            let line = self.of(page).find(|entry| entry.step.as_ref() == Some(key)).map(|entry| entry.line);
            if let Some(line) = line.filter(|_| !self.update && step.known_stale.is_none()) {
                step.known_stale = Some(KnownStale { reason: self.reason(Some(line)), by: KnownBy::List(line) });
            }
        }
        let missing = |entry: &&Entry| entry.step.as_ref().is_some_and(|step| !keys.contains(step));
        let missing = self.of(page).filter(missing).filter(|_| !self.update);
        missing.map(|entry| self.missing(entry)).collect()
    }

    fn reason(&self, line: Option<usize>) -> String {
        let list = self.source.path().display();
        line.map_or_else(|| format!("on {list} from now on"), |line| format!("on {list}, line {line}"))
    }

    fn missing(&self, entry: &Entry) -> Diagnostic {
        let step = entry.step.as_deref().unwrap_or_default();
        self.outdated(entry, format!("{} has no step `{step}`", entry.page))
    }

    fn outdated(&self, entry: &Entry, message: String) -> Diagnostic {
        Diagnostic::error("expected-stale", message)
            .at(&self.source, self.source.line_span(entry.line), "")
            .help("take the line out of the list, or run with `--update-baseline`")
    }

    /// The listed pages that are gone, each with what to tell of its entries. Where the list is to be updated they leave
    /// it without a word.
    pub fn gone(&self) -> BTreeMap<&str, Vec<Diagnostic>> {
        let mut gone: BTreeMap<&str, Vec<Diagnostic>> = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| entry.gone && !self.update) {
            let message = match split_title(&entry.page) {
                (path, Some(provider)) => format!("there is no run of {path} for `{provider}`"),
                (path, None) => format!("there is no page {path}"),
            };
            let told = self.outdated(entry, message);
            gone.entry(&entry.page).or_default().push(told);
        }
        gone
    }

    /// The list as it has to be after a run of these pages, each by its path in the list. What is listed of other pages
    /// that are there, and of steps that the run did not come to, stays.
    pub fn updated<'o>(&self, pages: impl IntoIterator<Item = (&'o str, &'o PageOutcome)>) -> String {
        let mut lines: BTreeSet<String> = self
            .entries
            .iter()
            .filter(|entry| !entry.gone)
            .map(|entry| line(&entry.page, entry.step.as_deref()))
            .collect();
        apart(&mut lines, self.runs.iter().map(String::as_str));
        for (page, outcome) in pages {
            let whole = line(page, None);
            let read = outcome.plan.as_deref().filter(|_| !outcome.steps.is_empty());
            match (outcome.verdict, read) {
                // The machine is at fault, and nothing is known of the page.
                (PageVerdict::MachineError, _) => {}
                (PageVerdict::KnownStale, None) => {
                    lines.insert(whole);
                }
                (PageVerdict::KnownStale, Some(_))
                    if outcome.steps.iter().all(|step| step.expected_stale.is_none()) =>
                {
                    lines.insert(whole);
                }
                // Who lists a page as a whole does not mean its steps.
                (PageVerdict::KnownStale, _) if lines.contains(&whole) => {}
                (_, plan) => {
                    lines.remove(&whole);
                    let Some(plan) = plan else { continue };
                    let keys = keys(plan);
                    let gone = |entry: &&Entry| entry.step.as_ref().is_some_and(|step| !keys.contains(step));
                    for entry in self.of(page).filter(gone) {
                        lines.remove(&line(page, entry.step.as_deref()));
                    }
                    for ((step, key), done) in plan.steps().zip(&keys).zip(&outcome.steps) {
                        let line = line(page, Some(key));
                        let listed = step.known_stale.is_none() && !says_itself(plan);
                        match done.verdict {
                            StepVerdict::KnownStale if listed => lines.insert(line),
                            StepVerdict::NotReached => false,
                            _ => lines.remove(&line),
                        };
                    }
                }
            }
        }
        let mut text = self.comments();
        lines.iter().for_each(|line| text.extend([line, "\n"]));
        text
    }

    /// How many lines `text`, a list, has that this one has not, and how many it lacks.
    pub fn changes(&self, text: &str) -> (usize, usize) {
        let entries = |text: &str| -> BTreeSet<String> {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            lines.map(str::to_owned).collect()
        };
        let (old, new) = (entries(self.source.text()), entries(text));
        (new.difference(&old).count(), old.difference(&new).count())
    }

    /// The comments that the list begins with.
    fn comments(&self) -> String {
        let above = |line: &&str| line.trim().is_empty() || line.starts_with('#');
        let lines: Vec<_> = self.source.text().lines().take_while(above).collect();
        if lines.iter().all(|line| line.trim().is_empty()) {
            return HEADER.to_owned();
        }
        lines.iter().flat_map(|line| [line, "\n"]).collect()
    }
}

/// Takes lines that stand for all runs of a page apart, into one for each of its runs.
fn apart<'t>(lines: &mut BTreeSet<String>, titles: impl Iterator<Item = &'t str> + Clone) {
    let runs = titles.filter_map(|title| Some((title, split_title(title).0)).filter(|(title, path)| title != path));
    let of = |line: &String, path: &str| {
        let rest = line.strip_prefix(path)?;
        (rest.is_empty() || rest.starts_with(BETWEEN)).then(|| rest.to_owned())
    };
    let whole = |path: &str| lines.iter().filter_map(|line| of(line, path)).collect::<Vec<_>>();
    let mut parted = Vec::new();
    for (title, path) in runs.clone() {
        parted.extend(whole(path).into_iter().map(|rest| format!("{title}{rest}")));
    }
    for (_, path) in runs {
        lines.retain(|line| of(line, path).is_none());
    }
    lines.extend(parted);
}

fn line(page: &str, step: Option<&str>) -> String {
    step.map_or_else(|| page.to_owned(), |step| format!("{page}{BETWEEN}{step}"))
}

/// True where the page or the configuration says that the page is stale.
fn says_itself(plan: &Plan) -> bool {
    matches!(&plan.page.known_stale, Some(KnownStale { by: KnownBy::Page(_) | KnownBy::Config, .. }))
}

/// What names each step of a plan in a list: its author's name for it, else the heading above it with its language and
/// its number among the steps of that language below such headings. Neither moves when a line is added elsewhere.
fn keys(plan: &Plan) -> Vec<String> {
    let steps: Vec<&Step> = plan.steps().collect();
    let heading = |step: &Step| plan.tutorial.fences.get(step.fence).and_then(|fence| fence.heading.as_deref());
    let key = |(at, step): (usize, &&Step)| {
        if !step.is_named_by_place(plan) {
            return step.name.clone();
        }
        let alike = |other: &&&Step| other.language == step.language && heading(other) == heading(step);
        let number = steps[..at].iter().filter(alike).count() + 1;
        let place = format!("{} {number}", step.language.word());
        heading(step).map_or_else(|| place.clone(), |heading| format!("{} / {place}", one_line(heading)))
    };
    steps.iter().enumerate().map(key).collect()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
