//! Limits that a page asks for and not every machine has.

use crate::diagnostic::Diagnostic;
use crate::plan::Plan;

/// Refuses a page with a step whose memory is to be limited where nothing limits it: the page would tell of what never
/// happens.
pub(super) fn check(plan: &Plan, can_limit_memory: Result<(), &'static str>) -> Result<(), Diagnostic> {
    let (Some(step), Err(reason)) = (plan.first_limited(), can_limit_memory) else { return Ok(()) };
    let source = &plan.tutorial.source;
    let fence = plan.tutorial.fences.get(step.fence).map_or(0, |fence| fence.span.start);
    let found = Diagnostic::error("no-memory-limit", format!("`memory=` cannot be had on this machine: {reason}"));
    let found = found.at(source, source.line_span(source.line(fence)), "this step has it");
    Err(found.help("run the page on Linux, or in a container"))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::plan::specimen::planned;

    #[test]
    fn a_step_that_cannot_be_limited_keeps_its_page_from_running() {
        let page = |options: &str| planned(&format!("# A\n\n```bash {options}\nls\n```\n")).0;
        let found = check(&page("memory=64MiB"), Err("no")).unwrap_err();
        assert_eq!((found.code, found.line()), ("no-memory-limit", Some(3)));
        assert_eq!(found.message, "`memory=` cannot be had on this machine: no");
        assert!(check(&page("memory=64MiB"), Ok(())).is_ok());
        for fine in ["memory=64MiB skip", "exit=1"] {
            assert!(check(&page(fine), Err("no")).is_ok(), "{fine}");
        }
    }
}
