//! Which runs pages make: one each, or one for each provider that the page asks for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::Config;
use crate::diagnostic::{Diagnostic, Severity};
use crate::fs;
use crate::options::nearest;
use crate::outcome::split_title;
use crate::plan::plan;
use crate::run::Page;
use crate::sandbox::Definition;
use crate::tutorial;

/// The option by which a page asks for providers.
const OPTION: &str = "provider";

/// The runs of `pages`, in order. A page that cannot be planned is one run, which tells why.
pub(super) fn of(pages: Vec<Page>, config: &Config, definition: &Definition) -> Vec<Page> {
    let rules = config.rules.iter();
    let settings = rules.flat_map(|rule| rule.settings.iter().chain(rule.steps.iter().flat_map(|step| &step.settings)));
    let configured = config.defaults.iter().chain(settings).any(|setting| setting.key.value == OPTION);
    pages.into_iter().flat_map(|page| of_page(page, configured, config, definition)).collect()
}

fn of_page(page: Page, configured: bool, config: &Config, definition: &Definition) -> Vec<Page> {
    // Reading a page twice costs: one that nobody says the option of is not read here.
    let read = page.source.as_ref().ok().filter(|source| configured || source.text().contains(OPTION));
    let Some(source) = read else { return vec![page] };
    let (tutorial, found) = tutorial::read(Arc::clone(source));
    let (plan, more) = plan(tutorial, config, &page.relative);
    if found.iter().chain(&more).any(|found| found.severity == Severity::Error) {
        return vec![page];
    }
    match plan.providers(definition) {
        Ok(providers) if !providers.is_empty() => {
            let run = |(at, name)| Page { provider: Some(name), repeats: at > 0, ..page.clone() };
            providers.into_iter().map(|provider| provider.name).enumerate().map(run).collect()
        }
        _ => vec![page],
    }
}

/// Single runs that are wanted of pages, where a path is a run's title (`docs/a.md (shop)`), as reports write it.
#[derive(Debug, Default)]
pub(super) struct Wanted(Vec<(PathBuf, String)>);

impl Wanted {
    /// Reads `paths`, relative to `directory`, and turns those that are titles into the paths of their pages.
    pub(super) fn read(paths: &[PathBuf], directory: &Path) -> (Vec<PathBuf>, Self) {
        let mut wanted = Self::default();
        let path = |path: &PathBuf| {
            let title = path.to_string_lossy();
            match split_title(&title) {
                (page, Some(provider)) if !directory.join(path).exists() => {
                    wanted.0.push((fs::canonical(&directory.join(page)), provider.to_owned()));
                    PathBuf::from(page)
                }
                _ => path.clone(),
            }
        };
        (paths.iter().map(path).collect(), wanted)
    }

    /// Leaves of the pages of which single runs are wanted only those.
    ///
    /// # Errors
    ///
    /// What is wanted and is no run.
    pub(super) fn retain(&self, runs: &mut Vec<Page>, directory: &Path) -> Result<(), Vec<Diagnostic>> {
        if self.0.is_empty() {
            return Ok(());
        }
        let place = |run: &Page| fs::canonical(&directory.join(&run.path));
        let mut wrong = Vec::new();
        for (page, provider) in &self.0 {
            let of_page: Vec<&Page> = runs.iter().filter(|run| place(run) == *page).collect();
            let there: Vec<&str> = of_page.iter().filter_map(|run| run.provider.as_deref()).collect();
            let Some(first) = of_page.first().filter(|_| !there.contains(&provider.as_str())) else { continue };
            let found = Diagnostic::error("no-such-run", format!("{} does not run for `{provider}`", first.path));
            wrong.push(found.help(match nearest(provider, there.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if there.is_empty() => {
                    "name the page alone: it asks for no provider, or cannot be read".to_owned()
                }
                None => format!("it runs for {}", there.join(", ")),
            }));
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let mut seen = BTreeSet::new();
        runs.retain_mut(|run| {
            let place = place(run);
            let mut of_page = self.0.iter().filter(|(page, _)| *page == place).peekable();
            let is_free = of_page.peek().is_none();
            let stays = is_free || of_page.any(|(_, provider)| run.provider.as_ref() == Some(provider));
            if stays {
                run.repeats = !seen.insert(place);
            }
            stays
        });
        Ok(())
    }
}
