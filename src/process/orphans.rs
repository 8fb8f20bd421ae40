//! Descendants that left their group or lost their parent: found by the mark in their environment.

use std::collections::BTreeSet;
use std::sync::MutexGuard;
use std::time::Duration;

/// Ends every orphan whose environment holds `mark`, and takes note of the end of those that are dead.
///
/// On Linux doccheck is the reaper of its descendants: whoever loses its parent becomes its child, so nobody is
/// out of sight. Elsewhere the groups are all that can be ended.
#[cfg(target_os = "linux")]
pub(super) fn end(mark: &str, launched: &dyn Fn() -> MutexGuard<'static, BTreeSet<i32>>) {
    use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
    // Each round ends a generation: the children of those who died become ours in the next.
    for _ in 0..1000 {
        let known = launched();
        let strays: Vec<i32> = children().into_iter().filter(|pid| !known.contains(pid)).collect();
        let mut waiting = false;
        for pid in strays {
            let Some(process) = Pid::from_raw(pid) else { continue };
            if !matches!(waitpid(Some(process), WaitOptions::NOHANG), Ok(None)) {
                continue;
            }
            if bears(pid, mark) {
                let _ = kill_process(process, Signal::KILL);
                waiting = true;
            }
        }
        drop(known);
        if !waiting {
            return;
        }
        let pause = rustix::event::Timespec::try_from(Duration::from_millis(2)).ok();
        let _ = rustix::event::poll(&mut [], pause.as_ref());
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn end(_mark: &str, _launched: &dyn Fn() -> MutexGuard<'static, BTreeSet<i32>>) {
    let _ = Duration::ZERO;
}

/// The process ids of doccheck's children, of all its threads.
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "the kernel's tables are files")]
fn children() -> Vec<i32> {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().filter_map(Result::ok);
    tasks
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "the kernel's tables are files")]
fn bears(pid: i32, mark: &str) -> bool {
    std::fs::read(format!("/proc/{pid}/environ"))
        .is_ok_and(|environment| environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes()))
}
