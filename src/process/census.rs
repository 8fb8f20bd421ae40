//! Looking at everything that a crew has running, from wherever one stands.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::crew::{Crew, Roll};
use super::inspection;
use super::threads::Thread;

/// A way to look at the processes of a crew. It outlives the crew, and then finds nobody.
#[derive(Debug)]
pub struct Census {
    roll: Arc<Roll>,
    listed: Option<Listed>,
}

/// What a look at everybody has shown.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    /// The threads.
    pub threads: Vec<Thread>,
    /// False where somebody was gone when its turn came: whoever waited for it may have been looked at before it ended.
    pub is_whole: bool,
}

/// Who was there when the machine had given this number last. As long as it gives no other, nobody can be new.
#[derive(Debug)]
struct Listed {
    newest: i32,
    threads: Vec<(i32, i32)>,
    /// False where somebody may just have been given a number and not been in the table yet.
    is_sure: bool,
}

impl Crew {
    /// A way to look at the crew's processes, also from another thread.
    pub fn census(&self) -> Census {
        Census { roll: Arc::clone(&self.roll), listed: None }
    }
}

impl Census {
    /// Every thread of every process of the crew, as `look` sees it.
    pub fn threads(&mut self, look: impl Fn(i32, i32) -> Option<Thread>) -> Seen {
        let newest = inspection::newest();
        if let Some(listed) = self.listed.as_ref().filter(|listed| listed.is_sure && newest == Some(listed.newest)) {
            let found: Option<Vec<Thread>> = listed.threads.iter().map(|(process, id)| look(*process, *id)).collect();
            // Where somebody is gone, orphans may have come.
            if let Some(threads) = found {
                return Seen { threads, is_whole: true };
            }
        }
        let processes = self.roll.processes().into_iter().map(|pid| pid.as_raw_nonzero().get());
        let ids: Vec<_> = processes.map(|process| (process, Thread::ids(process))).collect();
        let listed: Vec<_> = ids.iter().flat_map(|(process, ids)| ids.iter().map(|id| (*process, *id))).collect();
        let threads: Vec<_> = listed.iter().filter_map(|(process, id)| look(*process, *id)).collect();
        let is_whole = threads.len() == listed.len() && ids.iter().all(|(_, ids)| !ids.is_empty());
        self.listed = newest.map(|newest| Listed { newest, threads: listed, is_sure: false });
        Seen { threads, is_whole }
    }

    /// Tells whether nobody of the crew ran while the threads were listed last, so that nobody was starting somebody, and
    /// nobody was ending.
    pub fn trust(&mut self, is_sure: bool) {
        if let Some(listed) = &mut self.listed {
            listed.is_sure = is_sure;
        }
    }

    /// True where a process of the crew listens on a port; false where the system does not tell.
    pub fn listens(&self) -> bool {
        inspection::ports(&self.roll.processes()).is_some_and(|ports| !ports.is_empty())
    }

    /// True where `process` has a TCP connection whose own end is one of `own`, or that leads to a port on which a process
    /// of the crew listens.
    pub fn is_connected(&self, process: i32, own: &BTreeSet<u16>) -> bool {
        let connections = inspection::connections(process);
        if connections.iter().any(|(local, _)| own.contains(local)) {
            return true;
        }
        let listening = inspection::ports(&self.roll.processes()).unwrap_or_default();
        connections.iter().any(|(_, remote)| listening.contains(remote))
    }
}
