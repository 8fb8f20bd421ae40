//! How a step ends, as every runner tells it.

use std::time::{Duration, Instant};

use super::Stage;
use super::capture::Streams;
use super::runner::{OUTPUT_LIMIT, Ran};
use super::status::Wake;
use crate::process::{ExitStatus, interrupted};
use crate::transcript::{Ending, PartRecord};

impl From<ExitStatus> for Ending {
    fn from(status: ExitStatus) -> Self {
        match status {
            ExitStatus::Code(code) => Self::Exited { code },
            ExitStatus::Signal(signal) => Self::Signaled { signal },
        }
    }
}

/// Ends everything of the page, and tells why.
pub(super) fn stopped(stage: &Stage<'_>, wake: &Wake, limit: Duration) -> Ending {
    // Killing only what runs in the foreground would let the shell run the rest of the block.
    stage.crew.end();
    match wake {
        Wake::OutputLimit => Ending::OutputLimit { limit: OUTPUT_LIMIT },
        // What Ctrl-C cut off says nothing about the page, whatever was noticed of it first.
        _ if interrupted() => Ending::NotReached,
        Wake::Interrupted | Wake::Line(_) | Wake::Closed | Wake::Serves | Wake::TimedOut => {
            Ending::TimedOut { limit_us: u64::try_from(limit.as_micros()).unwrap_or(u64::MAX) }
        }
    }
}

/// What running a step showed.
pub(super) fn ran(
    ending: Ending,
    started: Instant,
    streams: Streams,
    parts: Vec<PartRecord>,
    notes: Vec<String>,
) -> Ran {
    let Streams { output, stdout, stderr } = streams;
    Ran { ending, duration: started.elapsed(), output, stdout, stderr, parts, notes }
}
