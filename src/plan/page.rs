//! What the configuration, the front matter and the prose say of the whole page.

use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::options::{Options, Scope, Setting};
use crate::source::{Span, Spanned};
use crate::tutorial::{self, Tutorial};

use super::{PagePlan, versions};

/// The options of the page, and those of every step where neither page nor step says otherwise.
pub(super) fn options(
    tutorial: &Tutorial,
    config: &Config,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Options, Vec<Setting>) {
    let mut options = Options::default();
    // The configuration has been checked when it was read; what no page takes is a step's.
    let of_steps =
        config.defaults.iter().filter(|setting| options.set(setting, Scope::Page).is_err()).cloned().collect();
    for setting in &tutorial.settings {
        if let Err(error) = options.set(setting, Scope::Page) {
            diagnostics.push(tutorial::refused(error, &tutorial.source));
        }
    }
    (options, of_steps)
}

/// What holds for the whole page.
pub(super) fn plan(options: Options, tutorial: &Tutorial, config: &Config) -> PagePlan {
    let mut env = config.env.clone();
    for (name, value) in options.env {
        env.retain(|(known, _)| *known != name);
        env.push((name, value));
    }
    PagePlan {
        skip: options
            .skip
            .map(|skip| if skip.value.is_empty() { "the author skips it".to_owned() } else { skip.value }),
        env,
        python: packages(&config.python, options.python),
        node: packages(&config.node, options.node),
        python_version: versions::promised(tutorial, &["python"]),
        node_version: versions::promised(tutorial, &["node.js", "nodejs", "node"]),
        scopes: options.scopes.map(|scopes| scopes.into_iter().map(|scope| scope.value).collect()),
        snapshot: options.snapshot.unwrap_or(false),
        setup: options.setup,
        teardown: options.teardown,
    }
}

/// The configuration's packages, which stand nowhere on the page, and then the page's own.
fn packages(configured: &[String], own: Vec<Spanned<String>>) -> Vec<Spanned<String>> {
    let named = |package: &&String| own.iter().any(|known| known.value == **package);
    let configured = configured.iter().filter(|package| !named(package));
    let mut packages: Vec<_> = configured.map(|package| Spanned::new(package.clone(), Span::default())).collect();
    packages.extend(own);
    packages
}
