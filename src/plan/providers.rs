//! Which providers a page asks for. It runs once for each, in a world of its own with that provider's account.
//!
//! What is asked for is read from the page and the configuration alone; which providers there are only a sandbox can
//! tell.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::reading::Reading;
use super::roles::Decision;
use super::{Plan, Role};
use crate::diagnostic::Diagnostic;
use crate::options::nearest;
use crate::sandbox::{Definition, Provider};
use crate::source::{Located, SourceFile, Spanned};
use crate::tutorial::Tutorial;

/// Stands for every provider of a category: `all`, or `all:` and the category.
const ALL: &str = "all";

/// Providers that a page asks for by a word.
#[derive(Debug, Clone)]
pub struct AskedProvider {
    word: Located<String>,
    /// False after a fence's language, where the word may be another tool's.
    is_ours: bool,
}

/// What an option asks for that stands in `source`.
pub(super) fn asked(words: Vec<Spanned<String>>, source: &Arc<SourceFile>) -> Vec<AskedProvider> {
    words.into_iter().map(|word| AskedProvider { word: Located::new(word, source), is_ours: true }).collect()
}

/// What the steps ask for: on a step it means the page. They must contradict neither each other nor what the page itself
/// asks for, `own`.
pub(super) fn of_steps(
    own: Option<&Spanned<Vec<Spanned<String>>>>,
    readings: &[Reading<'_>],
    decisions: &[Decision],
    tutorial: &Tutorial,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<AskedProvider> {
    let is_step = |decision: &Decision| decision.language.is_some() || decision.role.role == Role::Skipped;
    let steps = readings.iter().zip(decisions).filter(|(_, decision)| is_step(decision));
    let told = steps.filter_map(|(reading, _)| Some((reading, reading.options.provider.as_ref()?)));
    let (ours, others): (Vec<_>, Vec<_>) =
        told.partition(|(reading, _)| reading.said().any(|setting| setting.key.value == "provider"));
    let words = |list: &Spanned<Vec<Spanned<String>>>| -> Vec<String> {
        list.value.iter().map(|word| word.value.clone()).collect()
    };
    let mut all = own.into_iter().chain(ours.iter().map(|(_, list)| *list));
    let Some(first) = all.next() else {
        let words = others.into_iter().flat_map(|(_, list)| list.value.clone());
        let asked = asked(words.collect(), &tutorial.source).into_iter();
        return asked.map(|asked| AskedProvider { is_ours: false, ..asked }).collect();
    };
    if let Some(other) = all.find(|other| words(other) != words(first)) {
        diagnostics.push(
            Diagnostic::error("two-providers", "the page is said to run for other providers elsewhere")
                .at(&tutorial.source, other.span, "said otherwise here")
                .at(&tutorial.source, first.span, "said first here")
                .help("`provider` on a step means the whole page: say it once, with all that it is to run for"),
        );
    }
    asked(first.value.clone(), &tutorial.source)
}

/// What the steps ask for, else what the configuration does; this too, for the case that the steps' words turn out to
/// be another tool's.
pub(super) fn or_configured(of_steps: Vec<AskedProvider>, configured: Vec<AskedProvider>) -> Vec<AskedProvider> {
    let is_said = of_steps.iter().any(|asked| asked.is_ours);
    of_steps.into_iter().chain(configured.into_iter().filter(|_| !is_said)).collect()
}

impl Plan {
    /// The providers of a sandbox for each of which the page runs once; none where it runs once and asks for none.
    ///
    /// # Errors
    ///
    /// Every word that names no provider, at its place.
    pub fn providers(&self, definition: &Definition) -> Result<Vec<Provider>, Vec<Diagnostic>> {
        if self.page.providers.is_empty() || self.steps().next().is_none() {
            return Ok(Vec::new());
        }
        let known = Known { all: definition.providers(), usual: definition.default_provider() };
        let (mut chosen, mut wrong): (Vec<Provider>, Vec<Diagnostic>) = (Vec::new(), Vec::new());
        let (ours, others): (Vec<_>, Vec<_>) = self.page.providers.iter().partition(|asked| asked.is_ours);
        // Where what stands after a language means a provider, nothing else is asked.
        for asked in [others, ours] {
            if !chosen.is_empty() || !wrong.is_empty() {
                break;
            }
            for AskedProvider { word, is_ours } in asked {
                match known.find(&word.value) {
                    Ok(found) => chosen.extend(found),
                    // A slip in our word has a near one; another tool's word has none.
                    Err(Unknown { near: None, .. }) if !is_ours => {}
                    Err(unknown) => {
                        let found = Diagnostic::error("unknown-provider", unknown.message);
                        let help = unknown.near.map_or(unknown.there, |near| format!("did you mean `{near}`?"));
                        wrong.push(found.at(&word.source, word.span, "").help(help));
                    }
                }
            }
        }
        let mut seen = BTreeSet::new();
        chosen.retain(|provider: &Provider| seen.insert(provider.name.clone()));
        if wrong.is_empty() { Ok(chosen) } else { Err(wrong) }
    }
}

/// The providers of a sandbox, and the one that pages are about that ask for none.
struct Known {
    all: Vec<Provider>,
    usual: Option<Provider>,
}

/// A word that names no provider.
struct Unknown {
    message: String,
    near: Option<String>,
    /// What there is instead.
    there: String,
}

impl Known {
    /// What a word asks for. Providers' words are found whatever their case, and `-` is as good as `_`.
    fn find(&self, word: &str) -> Result<Vec<Provider>, Unknown> {
        if self.all.is_empty() {
            let there = "take `provider` away, or name a sandbox that has providers in doccheck.toml".to_owned();
            return Err(Unknown {
                message: "the sandbox has no provider with an account".to_owned(),
                near: None,
                there,
            });
        }
        if word == ALL {
            let usual = self.usual.as_ref().or(self.all.first());
            let category = usual.and_then(|provider| provider.category.as_ref());
            return Ok(self.all.iter().filter(|provider| provider.category.as_ref() == category).cloned().collect());
        }
        if let Some(category) = word.strip_prefix(ALL).and_then(|rest| rest.strip_prefix(':')) {
            return self.of_category(category);
        }
        let found = self.all.iter().find(|provider| plain(&provider.name) == plain(word));
        found.map(|provider| vec![provider.clone()]).ok_or_else(|| {
            let words = self.all.iter().map(|provider| provider.name.as_str());
            let near = nearest(&plain(word), words.clone().chain([ALL])).map(str::to_owned);
            let there = format!("the providers are {}; `{ALL}` stands for all", words.collect::<Vec<_>>().join(", "));
            Unknown { message: format!("the sandbox knows no provider `{word}`"), near, there }
        })
    }

    fn of_category(&self, category: &str) -> Result<Vec<Provider>, Unknown> {
        let of = |provider: &&Provider| provider.category.as_deref() == Some(category);
        let found: Vec<Provider> = self.all.iter().filter(of).cloned().collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let mut categories: Vec<&str> = self.all.iter().filter_map(|provider| provider.category.as_deref()).collect();
        categories.sort_unstable();
        categories.dedup();
        let near = nearest(category, categories.iter().copied()).map(|near| format!("{ALL}:{near}"));
        let there = match categories[..] {
            [] => "name the providers one by one".to_owned(),
            _ => format!("the categories are {}", categories.join(", ")),
        };
        Err(Unknown { message: format!("the sandbox has no provider of the category `{category}`"), near, there })
    }
}

fn plain(word: &str) -> String {
    word.to_lowercase().replace('-', "_")
}
