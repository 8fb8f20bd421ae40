//! Answers that are awaited from the real world: while one is, real time runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many answers are awaited.
#[derive(Debug, Clone, Default)]
pub struct Outside(Arc<AtomicUsize>);

/// An answer that is awaited until this is dropped.
#[derive(Debug)]
pub struct Awaited(Outside);

impl Outside {
    /// One more.
    pub fn awaits(&self) -> Awaited {
        self.0.fetch_add(1, Ordering::SeqCst);
        Awaited(self.clone())
    }

    pub(super) fn is_awaited(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}
