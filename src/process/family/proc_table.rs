//! The table of processes as Linux tells it, under `/proc` (see proc(5)).
#![expect(clippy::disallowed_methods, reason = "the kernel's table of processes is read from /proc")]

use std::fs;
use std::io::Read;

use super::super::MARKER;
use super::Entry;

/// Makes doccheck the reaper of its orphans.
pub(super) fn adopt() {
    // Where the kernel refuses, orphans go to init, and only those that stay in their session are found.
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// doccheck's own session: 0 where its leader is outside of the container (PID namespace) that doccheck runs in,
/// which is why the table is asked: `rustix::process::getsid` does not expect that answer.
pub(super) fn home_session() -> i32 {
    own_line().map_or(0, |entry| entry.session)
}

fn own_line() -> Option<Entry> {
    read_line("self")
}

/// The line of a process. It is read at once: the kernel tells no length, and to find the end in small steps costs
/// several calls for each process.
fn read_line(process: &str) -> Option<Entry> {
    let mut line = [0; 1024];
    let length = fs::File::open(format!("/proc/{process}/stat")).ok()?.read(&mut line).ok()?;
    parse(&line[..length])
}

/// The value of the marker in the environment of the process, as it was when its program started.
pub(super) fn carried_marker(pid: i32) -> Option<Vec<u8>> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    environment
        .split(|byte| *byte == 0)
        .find_map(|variable| variable.strip_prefix(MARKER.as_bytes())?.strip_prefix(b"="))
        .map(<[u8]>::to_vec)
}

/// The processes that may have been started after `oldest`: numbers are given in rising order, and from the bottom
/// again past the highest. Reading only these makes the table cheap on a busy machine. Empty where `/proc` shows
/// another container's processes: their numbers are not ours to send signals to.
pub(super) fn read_table(oldest: i32) -> Vec<Entry> {
    if own_line().is_none_or(|entry| entry.pid != super::number(rustix::process::getpid())) {
        return Vec::new();
    }
    let newest = fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|text| text.split_whitespace().next_back()?.parse::<i32>().ok())
        .unwrap_or(i32::MAX);
    let since = |pid: i32| if newest >= oldest { pid >= oldest } else { pid >= oldest || pid <= newest };
    let Ok(folders) = fs::read_dir("/proc") else { return Vec::new() };
    folders
        .filter_map(|folder| folder.ok()?.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| since(*pid))
        .filter_map(|pid| read_line(&pid.to_string()))
        .collect()
}

/// Reads a line of `/proc/<pid>/stat`. The second field is the program's name in parentheses, which may hold
/// anything, also parentheses and blanks.
fn parse(line: &[u8]) -> Option<Entry> {
    let line = String::from_utf8_lossy(line);
    let (pid, rest) = line.split_once(" (")?;
    let mut fields = rest.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let session = fields.nth(1)?.parse().ok()?;
    // The state is that of the first thread. Where it has ended, the process lives on with its others, and its parent is
    // told of its end after the last.
    let threads = fields.nth(13).map_or(1, |number| number.parse().unwrap_or(1));
    let ended = matches!(state, "Z" | "X") && threads <= 1;
    Some(Entry { pid: pid.parse().ok()?, ended, parent, session })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_programs_name_may_look_like_the_rest_of_the_line() {
        let line = b"4711 (a) Z 1 (b) S 17 4711 4700 0 -1 4194560 1";
        assert_eq!(parse(line), Some(Entry { pid: 4711, ended: false, parent: 17, session: 4700 }));
        let line = b"9 (\xff) Z 1 9 9 0";
        assert_eq!(parse(line), Some(Entry { pid: 9, ended: true, parent: 1, session: 9 }));
        let line = b"9 (node) Z 1 9 9 0 -1 4228364 7163 0 0 0 4 1 0 0 20 0 3 0 171017 0 0";
        assert_eq!(parse(line), Some(Entry { pid: 9, ended: false, parent: 1, session: 9 }));
        let line = b"9 (node) Z 1 9 9 0 -1 4228364 7163 0 0 0 4 1 0 0 20 0 1 0 171017 0 0";
        assert_eq!(parse(line), Some(Entry { pid: 9, ended: true, parent: 1, session: 9 }));
        assert_eq!(parse(b"9 (sh"), None);
        assert_eq!(parse(b""), None);
    }

    #[test]
    fn the_table_holds_this_process() {
        let me = i32::try_from(std::process::id()).unwrap();
        let table = read_table(me);
        let entry = table.iter().find(|entry| entry.pid == me).unwrap();
        assert_eq!(entry.session, home_session());
        assert!(!entry.ended);
    }
}
