//! What the configuration, the front matter and the prose say of the whole page.

use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::options::{Options, Scope, Setting};
use crate::source::{Located, Spanned};
use crate::tutorial::{self, Tutorial};

use super::{AskedProvider, KnownBy, KnownStale, PagePlan, providers, versions};

/// What is said of the page and of all its steps.
pub(super) struct Said {
    /// By the page itself.
    pub(super) own: Options,
    /// By the configuration; it holds where the page says nothing.
    pub(super) configured: Options,
    /// What the configuration says of every step.
    pub(super) of_steps: Vec<Setting>,
}

/// Reads the options of the page at `path`.
pub(super) fn options(tutorial: &Tutorial, config: &Config, path: &str, diagnostics: &mut Vec<Diagnostic>) -> Said {
    let (mut own, mut configured) = (Options::default(), Options::default());
    let rules = config.rules.iter().filter(|rule| rule.holds_for(path)).flat_map(|rule| &rule.settings);
    // The configuration has been checked when it was read; what no page takes is a step's.
    let of_steps = config
        .defaults
        .iter()
        .chain(rules)
        .filter(|setting| configured.set(setting, Scope::Page).is_err())
        .cloned()
        .collect();
    for setting in &tutorial.settings {
        if let Err(error) = own.set(setting, Scope::Page) {
            diagnostics.push(tutorial::refused(error, &tutorial.source));
        }
    }
    Said { own, configured, of_steps }
}

/// What holds for the whole page; `of_steps`: the providers that its steps ask for.
pub(super) fn plan(said: Said, of_steps: Vec<AskedProvider>, tutorial: &Tutorial, config: &Config) -> PagePlan {
    let Said { own, configured, .. } = said;
    let mut env = config.env.clone();
    for (name, value) in configured.env.into_iter().chain(own.env) {
        env.retain(|(known, _)| *known != name);
        env.push((name, value));
    }
    let located = |own: Option<Spanned<String>>, configured: Option<Spanned<String>>| {
        let configured = || configured.map(|text| Located::new(text, &config.source));
        own.map(|text| Located::new(text, &tutorial.source)).or_else(configured)
    };
    // What `[python]` and `[node]` name is there for every page; what an option names, where the page names nothing.
    let packages = |always: &[Spanned<String>], configured: Vec<Spanned<String>>, own: Vec<Spanned<String>>| {
        let (source, more) = if own.is_empty() { (&config.source, configured) } else { (&tutorial.source, own) };
        let again = |package: &&Spanned<String>| more.iter().any(|known| known.value == package.value);
        let always = always.iter().filter(|package| !again(package)).cloned();
        let always: Vec<_> = always.map(|package| Located::new(package, &config.source)).collect();
        always.into_iter().chain(more.into_iter().map(|package| Located::new(package, source))).collect()
    };
    PagePlan {
        skip: own
            .skip
            .or(configured.skip)
            .map(|skip| if skip.value.is_empty() { "the author skips it".to_owned() } else { skip.value }),
        env,
        python: packages(&config.python, configured.python, own.python),
        node: packages(&config.node, configured.node, own.node),
        python_version: versions::promised(tutorial, &["python"]),
        node_version: versions::promised(tutorial, &["node.js", "nodejs", "node"]),
        scopes: own.scopes.or(configured.scopes).map(|scopes| scopes.into_iter().map(|scope| scope.value).collect()),
        snapshot: own.snapshot.or(configured.snapshot).unwrap_or(false),
        time: own.time.or(configured.time).unwrap_or_default(),
        setup: located(own.setup, configured.setup),
        teardown: located(own.teardown, configured.teardown),
        workspace: located(own.workspace, configured.workspace),
        providers: match (own.provider, configured.provider) {
            (Some(own), _) => providers::asked(own.value, &tutorial.source),
            (None, configured) => {
                let configured = configured.map_or_else(Vec::new, |all| all.value);
                providers::or_configured(of_steps, providers::asked(configured, &config.source))
            }
        },
        known_stale: match (own.expect_stale, configured.expect_stale) {
            (Some(why), _) => Some(KnownStale { reason: why.value, by: KnownBy::Page(why.span) }),
            (None, why) => why.map(|why| KnownStale { reason: why.value, by: KnownBy::Config }),
        },
    }
}
