//! The table of processes as `ps` tells it, for systems without `/proc`.
#![cfg_attr(target_os = "linux", expect(dead_code, reason = "on Linux only the tests read it"))]

use super::Entry;

/// There is no reaper of orphans here but the first process.
pub(super) fn adopt() {}

/// `ps` tells process groups in place of sessions.
pub(super) fn home_session() -> i32 {
    super::number(rustix::process::getpgrp())
}

/// Not told here.
pub(super) fn carried_marker(_pid: i32) -> Option<Vec<u8>> {
    None
}

/// All processes; none where there is no `ps`.
pub(super) fn read_table(_oldest: i32) -> Vec<Entry> {
    let text = duct::cmd("ps", ["-A", "-o", "pid=,ppid=,pgid=,state="]).stderr_null().unchecked().read();
    text.unwrap_or_default().lines().filter_map(parse).collect()
}

fn parse(line: &str) -> Option<Entry> {
    let mut fields = line.split_whitespace();
    let pid = fields.next()?.parse().ok()?;
    let parent = fields.next()?.parse().ok()?;
    let session = fields.next()?.parse().ok()?;
    Some(Entry { pid, ended: fields.next()?.starts_with('Z'), parent, session })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_four_fields() {
        let entry = Entry { pid: 12, ended: false, parent: 1, session: 10 };
        assert_eq!(parse("   12     1    10 Ss+"), Some(entry));
        assert!(parse("   12     1    10 Z").is_some_and(|entry| entry.ended));
        assert_eq!(parse("PID PPID PGID STAT"), None);
    }
}
