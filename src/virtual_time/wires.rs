//! What of doccheck itself a page's clients wait for: while it works, time stands still; while the real world owes it an
//! answer, real time runs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The wires between a page's clients and everything that answers them.
#[derive(Debug, Default)]
pub struct Wires {
    threads: Mutex<Vec<i32>>,
    work: AtomicUsize,
    awaited: AtomicUsize,
}

/// Work for which time stands still until this is dropped.
#[derive(Debug)]
pub struct Work(Arc<Wires>);

/// An answer of the real world that is awaited until this is dropped.
#[derive(Debug)]
pub struct Awaited(Arc<Wires>);

impl Wires {
    /// The thread that this is called on belongs to the wires: while it runs, time stands still.
    pub fn run_on_this_thread(&self) {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.push(rustix::thread::gettid().as_raw_nonzero().get());
    }

    /// Begins work that no thread of the wires does itself, such as what a child process is asked for.
    pub fn work(self: &Arc<Self>) -> Work {
        self.work.fetch_add(1, Ordering::SeqCst);
        Work(Arc::clone(self))
    }

    /// From now on the real world owes an answer.
    pub fn await_outside(self: &Arc<Self>) -> Awaited {
        self.awaited.fetch_add(1, Ordering::SeqCst);
        Awaited(Arc::clone(self))
    }

    pub(super) fn threads(&self) -> Vec<i32> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn is_working(&self) -> bool {
        self.work.load(Ordering::SeqCst) > 0
    }

    pub(super) fn awaits_outside(&self) -> bool {
        self.awaited.load(Ordering::SeqCst) > 0
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.work.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        self.0.awaited.fetch_sub(1, Ordering::SeqCst);
    }
}
