//! How much memory a process may hold.
//!
//! What is limited is the memory that a process has for its data, `RLIMIT_DATA`: whatever it can write to and shares with
//! nobody. Address space that is only reserved does not count, and Node reserves gigabytes of it. Only the soft limit is
//! set, so that it can be set back without a privilege. Each process has the limit for itself; what it starts inherits it.

#[cfg(target_os = "linux")]
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};

/// A soft limit, in bytes; none where `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryLimit(pub Option<u64>);

/// Whether the memory of processes can be limited here.
///
/// # Errors
///
/// Why not, for people.
pub fn can_limit_memory() -> Result<(), &'static str> {
    // macOS knows the limit and does not heed it.
    if cfg!(target_os = "linux") { Ok(()) } else { Err("only Linux limits what a program can write to") }
}

/// Gives the process `pid` the limit, and tells the one that it had. A process that is gone needs none.
#[cfg(target_os = "linux")]
pub(super) fn limit(pid: Pid, limit: MemoryLimit) -> std::io::Result<MemoryLimit> {
    let hard = super::inspection::hard_data_limit(pid).unwrap_or_else(|| getrlimit(Resource::Data).maximum);
    match prlimit(Some(pid), Resource::Data, below(limit, hard)) {
        Ok(former) => Ok(MemoryLimit(former.current)),
        Err(rustix::io::Errno::SRCH) => Ok(limit),
        Err(error) => Err(error.into()),
    }
}

/// Limits this process: between fork and exec, so that the program never was without.
#[cfg(target_os = "linux")]
pub(super) fn limit_this(bytes: u64) -> std::io::Result<()> {
    let hard = getrlimit(Resource::Data).maximum;
    Ok(setrlimit(Resource::Data, below(MemoryLimit(Some(bytes)), hard))?)
}

/// Nobody may have more than its hard limit.
#[cfg(target_os = "linux")]
fn below(limit: MemoryLimit, hard: Option<u64>) -> Rlimit {
    let current = match (limit.0, hard) {
        (Some(soft), Some(hard)) => Some(soft.min(hard)),
        (soft, hard) => soft.or(hard),
    };
    Rlimit { current, maximum: hard }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn limit(_pid: rustix::process::Pid, limit: MemoryLimit) -> std::io::Result<MemoryLimit> {
    Ok(limit)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn limit_this(_bytes: u64) -> std::io::Result<()> {
    Ok(())
}
