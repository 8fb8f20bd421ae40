//! Which names a step's code defines, and which it takes from elsewhere: what tells a program of its own from a
//! fragment that continues earlier steps.
//!
//! The languages are read by small lexers and walkers of their own, which know scopes but no grammar: code that does
//! not parse still gets an answer, and no input makes them panic. They are right about code that runs; where code is
//! broken, a guess does no harm, since its step fails either way.

pub mod imports;
pub mod javascript;
pub mod python;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

/// The names of one step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    /// What the code binds at its top level. Types are no bindings.
    pub defines: BTreeSet<String>,
    /// What the code uses and neither binds itself (in Python: before the use) nor finds built in.
    pub reads: BTreeSet<String>,
}

/// How deep brackets and functions are followed. Real code stays far below; generated nests must not exhaust the stack.
const DEEPEST: usize = 100;
