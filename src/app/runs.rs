//! Which runs pages make: one each, or one for each provider that the page asks for.

use std::sync::Arc;

use crate::config::Config;
use crate::diagnostic::Severity;
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
