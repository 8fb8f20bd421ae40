//! Which names a step's program defines and reads: enough to tell whether it continues an earlier step.
//!
//! Small lexers, no parsers: they never fail, and where they err they err on names that no step defines.

use std::collections::BTreeSet;

pub mod javascript;
pub mod python;

/// The names of a program's outermost scope.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    /// Those that it defines.
    pub defines: BTreeSet<String>,
    /// Those that it reads without having defined them.
    pub reads: BTreeSet<String>,
}
