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
    pub(super) kind: Kind,
}

/// Reads a fence's options; `defaults` hold where it says nothing.
pub(super) fn read<'a>(
    fence: &'a Fence,
    defaults: &[Setting],
    source: &Arc<SourceFile>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Reading<'a> {
    let mut options = Options::default();
    // Words after the language may be another tool's: what means nothing to doccheck is left alone.
    for setting in defaults.iter().chain(&fence.attributes) {
        let _ = options.set(setting, Scope::Fence);
    }
    for setting in &fence.settings {
        if let Err(error) = options.set(setting, Scope::Fence) {
            diagnostics.push(tutorial::refused(error, source));
        }
    }
    Reading { fence, options, kind: language::kind(fence) }
}
