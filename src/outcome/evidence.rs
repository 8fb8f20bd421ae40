//! A step and what it did, side by side, and the checks that are made of them.

use super::{Check, CheckKind};
use crate::plan::{Part, Plan, Step};
use crate::source::Span;
use crate::transcript::StepRecord;

/// The most bytes of an output that a check carries.
const CARRIED: usize = 64 * 1024;

/// A step and what it did.
#[derive(Clone, Copy)]
pub(super) struct Evidence<'a> {
    pub(super) plan: &'a Plan,
    pub(super) step: &'a Step,
    pub(super) record: &'a StepRecord,
}

impl Evidence<'_> {
    /// The 1-based line of a fence's opening marker.
    pub(super) fn line(&self, fence: usize) -> usize {
        let fence = self.plan.tutorial.fences.get(fence);
        fence.map_or(1, |fence| self.plan.tutorial.source.line(fence.span.start))
    }

    /// True for a service that was ready, so that the page went on.
    pub(super) fn was_ready(&self) -> bool {
        self.record.parts.iter().any(|part| part.part == Part::Start)
    }

    /// The language as it is written on the page.
    pub(super) fn language(&self) -> String {
        let fence = self.plan.tutorial.fences.get(self.step.fence);
        fence.and_then(|fence| fence.language.as_ref()).map_or_else(String::new, |language| language.value.clone())
    }

    /// A check about the step as a whole that found what the page says.
    pub(super) fn passed(&self, kind: CheckKind) -> Check {
        let line = self.line(self.step.fence);
        Check {
            kind,
            line,
            at: None,
            ok: true,
            message: String::new(),
            expected: None,
            actual: None,
            span: self.plan.tutorial.source.line_span(line),
            diff: Vec::new(),
            help: Vec::new(),
        }
    }

    /// A check about the step as a whole that found something else.
    pub(super) fn failed(&self, kind: CheckKind, message: impl Into<String>) -> Check {
        let check = self.passed(kind);
        Check { at: Some(check.line), ok: false, message: message.into(), ..check }
    }

    /// `check`, with `span` as the place that is not true.
    pub(super) fn at(&self, check: Check, span: Span) -> Check {
        Check { at: Some(self.plan.tutorial.source.line(span.start)), span, ..check }
    }
}

/// The start of a text, as much of it as a check carries.
pub(super) fn carried(text: &str) -> &str {
    &text[..text.floor_char_boundary(CARRIED)]
}
