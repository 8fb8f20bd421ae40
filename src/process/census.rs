//! Looking at everything that a crew has running, from wherever one stands.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::crew::{Crew, Roll};
use super::inspection;
use super::threads::Thread;

/// A look at the processes of a crew. It outlives the crew, and then finds nobody.
#[derive(Debug, Clone)]
pub struct Census(Arc<Roll>);

impl Crew {
    /// A way to look at the crew's processes, also from another thread.
    pub fn census(&self) -> Census {
        Census(Arc::clone(&self.roll))
    }
}

impl Census {
    /// Every thread of every process of the crew.
    pub fn threads(&self) -> Vec<Thread> {
        self.0.processes().into_iter().flat_map(|pid| Thread::of_process(pid.as_raw_nonzero().get())).collect()
    }

    /// True where `process` has a TCP connection whose own end is one of `own`, or that leads to a port on which a process
    /// of the crew listens.
    pub fn is_connected(&self, process: i32, own: &BTreeSet<u16>) -> bool {
        let connections = inspection::connections(process);
        if connections.iter().any(|(local, _)| own.contains(local)) {
            return true;
        }
        let listening = inspection::ports(&self.0.processes()).unwrap_or_default();
        connections.iter().any(|(_, remote)| listening.contains(remote))
    }
}
