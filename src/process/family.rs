//! Who descends from a crew's processes, also through what detached itself.
//!
//! On Linux doccheck is the reaper of its orphans (`PR_SET_CHILD_SUBREAPER`), so that whatever a page starts is
//! always found below a process of the crew or below doccheck itself. Whose an orphan is tells its session, or the
//! marker in its environment. Elsewhere there is no such thing: there an orphan is found as long as it stays in
//! the process group of a process of the crew.

#[cfg(target_os = "linux")]
mod proc_table;
#[cfg(any(test, not(target_os = "linux")))]
mod ps_table;

use std::collections::{BTreeSet, HashMap};

use rustix::process::{Pid, WaitOptions, waitpid};

#[cfg(target_os = "linux")]
use proc_table::{adopt, carried_marker, home_session, read_table};
#[cfg(not(target_os = "linux"))]
use ps_table::{adopt, carried_marker, home_session, read_table};

/// A process in the system's table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    pid: i32,
    /// True where it has ended and nobody took note yet.
    ended: bool,
    parent: i32,
    /// Its session; its process group where the system does not tell sessions.
    session: i32,
}

/// What is known of the crew that asks.
pub(super) struct Kin<'a> {
    /// The processes that it launched. Each is the leader of a session with the same number.
    pub(super) launched: &'a [Pid],
    /// Tells those that any crew launched and that were not waited for: never to be reaped here.
    pub(super) running: &'a dyn Fn(Pid) -> bool,
    /// The value of its marker.
    pub(super) marker: &'a str,
    /// True where no other crew is there that an orphan without a marker could belong to.
    pub(super) alone: bool,
    /// The first process that any crew launched.
    pub(super) oldest: Pid,
}

/// Makes doccheck the reaper of its orphans, where the system can do that.
pub(super) fn adopt_orphans() {
    adopt();
}

/// The crew's living processes besides those that it launched itself. Orphans that have ended are reaped.
pub(super) fn relatives(kin: &Kin<'_>) -> Vec<Pid> {
    let table = read_table(number(kin.oldest));
    let me = number(rustix::process::getpid());
    let home = home_session();
    let launched: BTreeSet<i32> = kin.launched.iter().map(|pid| number(*pid)).collect();

    let mut family = BTreeSet::new();
    for entry in &table {
        // Whatever a crew starts leaves doccheck's session first; a child that is still in it is somebody else's.
        let orphan = entry.parent == me
            && entry.session != home
            && Pid::from_raw(entry.pid).is_some_and(|pid| !(kin.running)(pid));
        if entry.ended {
            if orphan {
                let _ = waitpid(Pid::from_raw(entry.pid), WaitOptions::NOHANG);
            }
        } else if launched.contains(&entry.session) || (orphan && claims(kin, entry.pid)) {
            family.insert(entry.pid);
        }
    }

    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for entry in table.iter().filter(|entry| !entry.ended) {
        children.entry(entry.parent).or_default().push(entry.pid);
    }
    let mut parents: Vec<i32> = family.iter().chain(&launched).copied().collect();
    while let Some(parent) = parents.pop() {
        let below = children.remove(&parent).unwrap_or_default();
        family.extend(&below);
        parents.extend(below);
    }
    family.difference(&launched).filter_map(|pid| Pid::from_raw(*pid)).collect()
}

/// True where the process carries the crew's marker, or none and no other crew is there.
fn claims(kin: &Kin<'_>, pid: i32) -> bool {
    carried_marker(pid).map_or(kin.alone, |marker| marker == kin.marker.as_bytes())
}

fn number(pid: Pid) -> i32 {
    pid.as_raw_nonzero().get()
}
