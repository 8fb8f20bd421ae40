//! What Linux tells of processes that run, under `/proc` (see proc(5)): the TCP ports on which they listen, and where a
//! shell stands. Looking leaves no trace: a program that serves one client would take a connection for it. Where there is
//! no `/proc`, nothing is told.
#![expect(clippy::disallowed_methods, reason = "what the kernel tells of processes is read from /proc")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use rustix::process::Pid;

/// The state of a socket that listens, as the tables name it (`TCP_LISTEN`).
const LISTEN: &str = "0A";

/// The state of a socket that has both ends (`TCP_ESTABLISHED`).
const CONNECTED: &str = "01";

/// The ports on which one of `pids` listens, in the network namespace that it is in; `None` where nothing is told of
/// any of them.
pub(super) fn ports(pids: &[Pid]) -> Option<BTreeSet<u16>> {
    if !is_ours() {
        return None;
    }
    let mut ports = BTreeSet::new();
    let mut told = pids.is_empty();
    for pid in pids {
        let Some(sockets) = sockets(pid.as_raw_nonzero().get()) else { continue };
        told = true;
        ports.extend(sockets.iter().filter(|socket| socket.state == LISTEN).map(|socket| socket.local));
    }
    told.then_some(ports)
}

/// The ports of the two ends of every TCP connection of a process, its own end first.
pub(super) fn connections(process: i32) -> Vec<(u16, u16)> {
    let connected = |socket: &Socket| socket.state == CONNECTED;
    sockets(process).into_iter().flatten().filter(connected).map(|socket| (socket.local, socket.remote)).collect()
}

/// The TCP sockets of a process; `None` where the system does not tell.
fn sockets(process: i32) -> Option<Vec<Socket>> {
    let folder = format!("/proc/{process}");
    let descriptors = fs::read_dir(format!("{folder}/fd")).ok()?;
    let target = |entry: std::io::Result<fs::DirEntry>| fs::read_link(entry.ok()?.path()).ok();
    let own: BTreeSet<String> = descriptors
        .filter_map(target)
        .filter_map(|target| Some(target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    if own.is_empty() {
        return Some(Vec::new());
    }
    let tables = ["tcp", "tcp6"].map(|table| fs::read_to_string(format!("{folder}/net/{table}")).unwrap_or_default());
    let lines = tables.iter().flat_map(|table| table.lines()).filter_map(Socket::parse);
    Some(lines.filter(|(_, inode)| own.contains(*inode)).map(|(socket, _)| socket).collect())
}

/// The number that was given to a process last.
pub(super) fn newest() -> Option<i32> {
    if !is_ours() {
        return None;
    }
    fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next_back()?.parse().ok()
}

/// True where `pid` was given after `then`: numbers rise, and start again from the bottom past the highest.
pub(super) fn is_newer(pid: Pid, then: i32) -> bool {
    let pid = pid.as_raw_nonzero().get();
    match newest() {
        Some(newest) if newest < then => pid > then || pid <= newest,
        _ => pid > then,
    }
}

/// The directory in which the process `pid` stands, and what it hands on to the programs that it starts: the environment
/// of one that runs now, where there is one, else its own.
pub(super) fn standing(pid: Pid) -> Option<(PathBuf, Vec<(String, String)>)> {
    let number = pid.as_raw_nonzero();
    if !is_ours() {
        return None;
    }
    let cwd = fs::read_link(format!("/proc/{number}/cwd")).ok()?;
    // Not every kernel tells children; and a shell that was replaced by a program has none, and has that one's.
    let children = fs::read_to_string(format!("/proc/{number}/task/{number}/children")).unwrap_or_default();
    let of = children.split_whitespace().next().map_or_else(|| number.to_string(), str::to_owned);
    let environment = fs::read(format!("/proc/{of}/environ")).ok()?;
    let environment = String::from_utf8_lossy(&environment).into_owned();
    let variables = environment.split('\0').filter_map(|variable| variable.split_once('='));
    Some((cwd, variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
}

/// How many bytes of data the process `pid` may let itself be allowed, the inner `None` for as many as it likes; `None`
/// where the system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn hard_data_limit(pid: Pid) -> Option<Option<u64>> {
    let limits = fs::read_to_string(format!("/proc/{}/limits", pid.as_raw_nonzero())).ok()?;
    let data = limits.lines().find_map(|line| line.strip_prefix("Max data size"))?;
    match data.split_whitespace().nth(1)? {
        "unlimited" => Some(None),
        bytes => bytes.parse().ok().map(Some),
    }
}

/// False where there is no `/proc`, or where it shows another container's processes under other numbers.
fn is_ours() -> bool {
    let me = rustix::process::getpid().as_raw_nonzero().to_string();
    fs::read_link("/proc/self").is_ok_and(|link| link.as_os_str() == me.as_str())
}

/// A line of the tables of sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Socket {
    local: u16,
    remote: u16,
    state: String,
}

impl Socket {
    /// Reads a line, with the socket's number; `None` for the heading.
    fn parse(line: &str) -> Option<(Self, &str)> {
        let mut fields = line.split_whitespace().skip(1);
        let mut port = || u16::from_str_radix(fields.next()?.rsplit_once(':')?.1, 16).ok();
        let (local, remote) = (port()?, port()?);
        let state = fields.next()?.to_owned();
        Some((Self { local, remote, state }, fields.nth(5)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_table_is_read() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 41297 1 0000 100 0 0 10 0
   1: 0100007F:A2F0 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 41300 1 0000 20 4 30 10 -1";
        let read = |local, remote, state: &str| Socket { local, remote, state: state.to_owned() };
        assert_eq!(
            table.lines().filter_map(Socket::parse).collect::<Vec<_>>(),
            [(read(8080, 0, LISTEN), "41297"), (read(41712, 8080, CONNECTED), "41300")]
        );
        let six = "   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7 1 0";
        assert_eq!(Socket::parse(six), Some((read(80, 0, LISTEN), "7")));
        assert_eq!(Socket::parse("0: x"), None);
    }

    #[test]
    fn this_process_is_told_of() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let me = rustix::process::getpid();
        assert!(ports(&[me]).unwrap().contains(&port));
        drop(listener);
        assert!(!ports(&[me]).unwrap().contains(&port));
    }
}
