//! Outputs that a page does not show, kept in files beside it, in the format, by the names and under the rules of
//! insta, so that `cargo insta review` shows how they drift.
//!
//! Pure: what a file holds, what it is called, what may stand in it, what is to be done with a difference.

mod file;
mod names;
mod rule;
mod volatile;

pub use file::{Kept, SUFFIX, pending};
pub use names::{ending, file_name, folder, prefix, steps};
pub use rule::{Rule, Way};
pub use volatile::without_volatile;

use crate::outcome::{CheckKind, StepOutcome, StepVerdict};
use crate::plan::Step;
use crate::text::normalize;
use crate::transcript::{Ending, StepRecord};

/// What of a step's output a snapshot holds. `None` where none has a say: the step did not end by itself, something else
/// about it is not true, or the page tells what it prints.
pub fn output(step: &Step, record: &StepRecord, outcome: &StepOutcome) -> Option<String> {
    let ended = matches!(record.ending, Ending::Exited { .. } | Ending::Signaled { .. });
    let sound = matches!(outcome.verdict, StepVerdict::Ok | StepVerdict::Unchecked);
    let shown = outcome.checks.iter().any(|check| matches!(check.kind, CheckKind::Output | CheckKind::Http));
    let open = ended && sound && !shown && step.output.is_none();
    open.then(|| without_volatile(&normalize(&record.output.text)))
}
