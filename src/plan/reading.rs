//! A fence with what its options and its language say.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::options::{Options, Scope, Setting};
use crate::source::SourceFile;
use crate::tutorial::{self, Fence};

use super::language::{self, Kind};

/// A fence, its options typed.
pub(super) struct Reading<'a> {
    pub(super) fence: &'a Fence,
    pub(super) options: Options,
    /// What the configuration says of this very fence.
    pub(super) ruled: Vec<Setting>,
    pub(super) kind: Kind,
}

impl Reading<'_> {
    /// What is said of this very fence by someone who means doccheck.
    pub(super) fn said(&self) -> impl Iterator<Item = &Setting> {
        self.ruled.iter().chain(&self.fence.settings)
    }

    /// True where the page itself, not the configuration, gives the option its value.
    pub(super) fn is_own(&self, key: &str) -> bool {
        self.fence.attributes.iter().chain(&self.fence.settings).any(|setting| setting.key.value == key)
    }
}

/// Reads a fence's options; `defaults`, and over them `ruled`, hold where it says nothing.
pub(super) fn read<'a>(
    fence: &'a Fence,
    defaults: &[Setting],
    ruled: Vec<Setting>,
    source: &Arc<SourceFile>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Reading<'a> {
    let mut options = Options::default();
    let line = source.line_span(source.line(fence.span.start));
    for setting in defaults.iter().chain(&ruled) {
        // What the configuration says stands nowhere on the page: there the fence that it is about is named.
        let mut setting = setting.clone();
        setting.move_spans(|span| *span = line);
        let _ = options.set(&setting, Scope::Fence);
    }
    // Words after the language may be another tool's: what means nothing to doccheck is left alone.
    for setting in &fence.attributes {
        let _ = options.set(setting, Scope::Fence);
    }
    for setting in &fence.settings {
        if let Err(error) = options.set(setting, Scope::Fence) {
            diagnostics.push(tutorial::refused(error, source));
        }
    }
    Reading { fence, options, ruled, kind: language::kind(fence) }
}
