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

/// The ports on which one of `pids` listens, in the network namespace that it is in; `None` where nothing is told of
/// any of them.
pub(super) fn ports(pids: &[Pid]) -> Option<BTreeSet<u16>> {
    if !is_ours() {
        return None;
    }
    let mut ports = BTreeSet::new();
    let mut told = pids.is_empty();
    for pid in pids {
        let process = format!("/proc/{}", pid.as_raw_nonzero());
        let Ok(descriptors) = fs::read_dir(format!("{process}/fd")) else { continue };
        told = true;
        let target = |entry: std::io::Result<fs::DirEntry>| fs::read_link(entry.ok()?.path()).ok();
        let sockets: BTreeSet<String> = descriptors
            .filter_map(target)
            .filter_map(|target| Some(target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
            .collect();
        if sockets.is_empty() {
            continue;
        }
        for table in ["tcp", "tcp6"] {
            let text = fs::read_to_string(format!("{process}/net/{table}")).unwrap_or_default();
            ports.extend(
                text.lines().filter_map(listener).filter(|(_, inode)| sockets.contains(*inode)).map(|found| found.0),
            );
        }
    }
    told.then_some(ports)
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

/// False where there is no `/proc`, or where it shows another container's processes under other numbers.
fn is_ours() -> bool {
    let me = rustix::process::getpid().as_raw_nonzero().to_string();
    fs::read_link("/proc/self").is_ok_and(|link| link.as_os_str() == me.as_str())
}

/// The port and the number of a socket that listens; `None` for every other line of the table.
fn listener(line: &str) -> Option<(u16, &str)> {
    let mut fields = line.split_whitespace();
    let (_, port) = fields.nth(1)?.rsplit_once(':')?;
    let is_listener = fields.nth(1)? == LISTEN;
    let inode = fields.nth(5)?;
    is_listener.then_some((u16::from_str_radix(port, 16).ok()?, inode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_table_is_read() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 41297 1 0000 100 0 0 10 0
   1: 0100007F:A2F0 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 41300 1 0000 20 4 30 10 -1";
        assert_eq!(table.lines().filter_map(listener).collect::<Vec<_>>(), [(8080, "41297")]);
        let six = "   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7 1 0";
        assert_eq!(listener(six), Some((80, "7")));
        assert_eq!(listener("0: x"), None);
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
