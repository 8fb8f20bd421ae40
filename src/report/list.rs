//! The decisions on a page's fences as a table for people.

use super::json::fences;
use super::paint::{DOUBT, GOOD, Paint, QUIET, STRONG};
use super::schema::{Fence, Role};
use super::terminal::Look;
use crate::plan::Plan;

/// A page's table: line, language, role, what it belongs to, why; above it the `providers` that the page runs for.
pub fn page(path: &str, providers: &[String], plan: &Plan, look: Look) -> String {
    let fences = fences(plan);
    let mut paint = Paint::new(look.colour);
    paint.add_in(STRONG, path);
    if fences.is_empty() {
        paint.add("  ").add_in(QUIET, "no code block").end_line();
        return paint.finish();
    }
    if !providers.is_empty() {
        paint.add("  ").add_in(QUIET, &format!("runs for {}", providers.join(", ")));
    }
    paint.end_line();
    let digits = fences.last().map_or(1, |fence| fence.line.to_string().len());
    let widest = |text: fn(&Fence) -> String| fences.iter().map(|fence| text(fence).chars().count()).max().unwrap_or(0);
    let (language_width, role_width) = (widest(language), widest(role));
    for fence in &fences {
        paint.add(&format!("  {:>digits$}  {:language_width$}  ", fence.line, language(fence)));
        let style = match fence.role {
            Role::Step | Role::Request => GOOD,
            Role::Output | Role::File => STRONG,
            Role::Shown | Role::Skipped => QUIET,
            Role::Unsure => DOUBT,
        };
        paint.add_in(style, &format!("{:role_width$}", role(fence))).add("  ").add_in(QUIET, &fence.reason).end_line();
    }
    paint.finish()
}

fn language(fence: &Fence) -> String {
    fence.language.clone().unwrap_or_else(|| "-".to_owned())
}

/// The role, with the step or the path that it is about.
fn role(fence: &Fence) -> String {
    match (fence.role, fence.of, &fence.path) {
        (Role::Step, ..) if fence.continues => "step (continues)".to_owned(),
        (Role::Step, ..) => "step".to_owned(),
        (Role::Output, Some(line), _) => format!("output of {line}"),
        (Role::Output, None, _) => "output".to_owned(),
        (Role::File, _, Some(path)) => format!("file {path}"),
        (Role::File, _, None) => "file".to_owned(),
        (Role::Request, ..) => "request".to_owned(),
        (Role::Shown, ..) => "shown".to_owned(),
        (Role::Skipped, ..) => "skipped".to_owned(),
        (Role::Unsure, ..) => "unsure".to_owned(),
    }
}
