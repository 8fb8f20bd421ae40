#![expect(clippy::disallowed_methods, reason = "tests look at real files")]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use super::*;
use crate::system_clock;

fn sh(script: &str, output: &Path) -> Launch {
    let stdout = File::options().create(true).append(true).open(output).unwrap();
    Launch {
        program: find_program("bash", "/usr/local/bin:/usr/bin:/bin").unwrap(),
        args: vec!["-c".into(), script.into()],
        cwd: output.parent().unwrap().into(),
        env: vec![("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())],
        stdin: None,
        stderr: stdout.try_clone().unwrap(),
        stdout,
        descriptors: Vec::new(),
        memory: None,
    }
}

fn soon() -> Instant {
    system_clock::now() + Duration::from_secs(20)
}

/// Waits, without a limit of its own, until `path` holds a line; the processes of the tests write at once.
fn first_line(path: &Path) -> String {
    let limit = soon();
    loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if let Some((line, _)) = text.split_once('\n') {
            return line.to_owned();
        }
        assert!(system_clock::now() < limit, "nothing was written to {}", path.display());
        std::thread::yield_now();
    }
}

fn alive(pid: &str) -> bool {
    Path::new("/proc").join(pid).exists()
}

#[test]
fn a_status_and_a_signal_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let crew = Crew::new();
    let process = crew.launch(sh("exit 7", &folder.path().join("a"))).unwrap();
    assert_eq!(process.wait_until(soon()).unwrap(), Some(ExitStatus::Code(7)));
    assert_eq!(process.try_wait().unwrap(), Some(ExitStatus::Code(7)));
    let process = crew.launch(sh("kill -9 $$", &folder.path().join("b"))).unwrap();
    assert_eq!(process.wait_until(soon()).unwrap(), Some(ExitStatus::Signal(9)));
}

#[test]
fn a_missing_program_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let launch = Launch { program: "/no/such/program".into(), ..sh("", &folder.path().join("a")) };
    let error = Crew::new().launch(launch).unwrap_err().to_string();
    assert!(error.starts_with("cannot start `/no/such/program`: "), "{error}");
}

#[test]
fn a_process_sees_its_own_environment_an_empty_input_and_no_other_descriptor() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out");
    let crew = Crew::new();
    let script = "read -r line; echo \"read $? ${#line}\"; env | cut -d= -f1 | sort | tr '\\n' ' '; \
                  echo; for fd in /proc/$$/fd/*; do echo -n \"${fd##*/} \"; done; ps -o pgid=,sess= $$ | xargs";
    let process = crew.launch(sh(script, &output)).unwrap();
    assert_eq!(process.wait_until(soon()).unwrap(), Some(ExitStatus::Code(0)));
    let text = std::fs::read_to_string(&output).unwrap();
    let id = process.id();
    // 3 is the folder that bash is listing at that moment.
    assert_eq!(text, format!("read 1 0\nDOCCHECK_PAGE PATH PWD SHLVL _ \n0 1 2 3 {id} {id}\n"));
}

#[test]
fn descriptors_stand_at_their_numbers_whatever_numbers_they_have_here() {
    let folder = tempfile::tempdir().unwrap();
    let (mut ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&theirs);
    let mut launch = sh("", &folder.path().join("out"));
    let twin: OwnedFd = theirs.try_clone().unwrap().into();
    // Crosswise, so that one stands where the other comes from.
    let twin_number = std::os::fd::AsRawFd::as_raw_fd(&twin);
    launch.args[1] = format!("echo one >&{number}; echo two >&{twin_number}; echo three >&200").into();
    let third = theirs.try_clone().unwrap();
    launch.descriptors = vec![(twin_number, theirs.into()), (number, twin), (200, third.into())];
    let crew = Crew::new();
    let process = crew.launch(launch).unwrap();
    assert_eq!(process.wait_for(ours.as_fd(), soon()).unwrap(), Woken::Readable);
    assert_eq!(process.wait_until(soon()).unwrap(), Some(ExitStatus::Code(0)));
    let mut text = String::new();
    ours.read_to_string(&mut text).unwrap();
    assert_eq!(text, "one\ntwo\nthree\n");
}

#[test]
fn a_wait_ends_at_its_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let crew = Crew::new();
    let process = crew.launch(sh("exec sleep 1000", &folder.path().join("out"))).unwrap();
    assert_eq!(process.wait_until(system_clock::now() + Duration::from_millis(20)).unwrap(), None);
    crew.end();
    assert_eq!(process.try_wait().unwrap(), Some(ExitStatus::Signal(15)));
}

#[test]
fn term_comes_first_and_kill_for_those_who_do_not_listen() {
    let folder = tempfile::tempdir().unwrap();
    let crew = Crew::new();
    let polite = folder.path().join("polite");
    crew.launch(sh("trap 'echo bye; exit 3' TERM; echo on; while :; do read -t 1 <> <(:); done", &polite)).unwrap();
    let deaf = folder.path().join("deaf");
    let stubborn = crew.launch(sh("trap '' TERM; echo on; while :; do sleep 1000; done", &deaf)).unwrap();
    assert_eq!((first_line(&polite), first_line(&deaf)), ("on".into(), "on".into()));
    crew.end();
    assert_eq!(std::fs::read_to_string(&polite).unwrap(), "on\nbye\n");
    assert_eq!(stubborn.try_wait().unwrap(), Some(ExitStatus::Signal(9)));
}

/// Each of these leaves something behind that is no longer in the group of the process; it prints its number.
#[cfg(target_os = "linux")]
const DETACHED: [&str; 6] = [
    "setsid sleep 1000 & echo $!",
    "set -m; sleep 1000 & echo $!",
    "(setsid bash -c 'echo $$; exec sleep 1000' &)",
    "(setsid bash -c '(setsid bash -c \"echo \\$\\$; exec sleep 1000\" &)' &)",
    "env -i PATH=$PATH setsid bash -c 'echo $$; trap \"\" TERM HUP; while :; do sleep 1000; done' & disown",
    "setsid bash -c 'trap \"\" TERM; sleep 1000 & echo $!; wait' &",
];

#[cfg(target_os = "linux")]
#[test]
fn what_detached_itself_is_ended_too_whether_its_starter_lives_or_not() {
    for (at, script) in DETACHED.into_iter().enumerate() {
        for after in ["", "\nexec sleep 1000"] {
            let folder = tempfile::tempdir().unwrap();
            let output = folder.path().join("out");
            let crew = Crew::new();
            let process = crew.launch(sh(&format!("{script}{after}"), &output)).unwrap();
            let pid = first_line(&output);
            assert!(alive(&pid), "case {at}: {pid} is gone before its time");
            if after.is_empty() {
                assert_eq!(process.wait_until(soon()).unwrap(), Some(ExitStatus::Code(0)));
            }
            crew.end();
            // Without a marker it is known as ours only when no other crew is there, as other tests' may be.
            if !script.starts_with("env -i") || !after.is_empty() {
                assert!(!alive(&pid), "case {at}{after}: {pid} is left");
            }
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_crew_ends_nobody_elses_orphans() {
    let folder = tempfile::tempdir().unwrap();
    let (mine, theirs) = (folder.path().join("mine"), folder.path().join("theirs"));
    let (ended, other) = (Crew::new(), Crew::new());
    ended.launch(sh(DETACHED[2], &mine)).unwrap().wait_until(soon()).unwrap();
    other.launch(sh(DETACHED[2], &theirs)).unwrap().wait_until(soon()).unwrap();
    let (mine, theirs) = (first_line(&mine), first_line(&theirs));
    drop(ended);
    assert_eq!((alive(&mine), alive(&theirs)), (false, true));
    drop(other);
    assert!(!alive(&theirs));
}

#[test]
fn a_panic_ends_the_crew() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out");
    let path = output.clone();
    let panicked = std::thread::spawn(move || {
        let crew = Crew::new();
        let _process = crew.launch(sh("echo $$; exec sleep 1000", &path)).unwrap();
        first_line(&path);
        std::panic::resume_unwind(Box::new("on purpose"));
    });
    assert!(panicked.join().is_err());
    assert!(!alive(&first_line(&output)));
}

#[test]
fn input_is_read_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in");
    File::create(&input).unwrap().write_all(b"one\ntwo").unwrap();
    let output = folder.path().join("out");
    let launch = Launch { stdin: Some(File::open(&input).unwrap().into()), ..sh("cat; cat", &output) };
    let crew = Crew::new();
    crew.launch(launch).unwrap().wait_until(soon()).unwrap();
    assert_eq!(std::fs::read_to_string(&output).unwrap(), "one\ntwo");
}

#[test]
fn a_program_is_looked_for_in_order_and_must_be_executable() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    for path in [&first, &second] {
        std::fs::create_dir(path).unwrap();
        std::fs::write(path.join("tool"), "").unwrap();
    }
    let path = format!("relative::{}:{}", first.display(), second.display());
    assert_eq!(find_program("tool", &path), None);
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(second.join("tool"), executable).unwrap();
    assert_eq!(find_program("tool", &path), Some(second.join("tool")));
    assert_eq!(find_program("../second/tool", &path), None);
    assert_eq!(find_program("", &path), None);
}

#[cfg(target_os = "linux")]
#[test]
fn a_namespace_may_have_the_number_at_which_a_descriptor_is_wanted() {
    let Ok((namespace, _)) = namespace::Namespace::create(&[]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out");
    let doors = namespace.doors().unwrap();
    let doors: Vec<OwnedFd> =
        doors.into_iter().map(|door| rustix::io::fcntl_dupfd_cloexec(&door, 200).unwrap()).collect();
    let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
    rustix::io::write(&write, b"said\n").unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(doors.last().unwrap());
    let launch = Launch {
        descriptors: vec![(number, read)],
        ..sh(&format!("read -r line <&{number}; echo $line; readlink /proc/$$/ns/net"), &output)
    };
    let crew = Crew::inside(doors);
    let process = crew.launch(launch).unwrap();
    assert_eq!(process.wait_until(soon()).unwrap(), Some(ExitStatus::Code(0)));
    let text = std::fs::read_to_string(&output).unwrap();
    let outside = std::fs::read_link("/proc/self/ns/net").unwrap();
    let inside = text.strip_prefix("said\n").unwrap();
    assert!(inside.starts_with("net:[") && inside.trim_end() != outside.to_str().unwrap(), "{text}");
}

/// Whoever waited for one that is gone may have been looked at before: who saw that has not seen a moment.
#[cfg(target_os = "linux")]
#[test]
fn a_look_that_finds_somebody_gone_is_not_whole() {
    let folder = tempfile::tempdir().unwrap();
    let crew = Crew::new();
    crew.launch(sh("echo up; exec sleep 60", &folder.path().join("a"))).unwrap();
    first_line(&folder.path().join("a"));
    let mut census = crew.census();
    let seen = census.threads(Thread::look);
    assert_eq!((seen.threads.len(), seen.is_whole), (1, true));
    let seen = census.threads(|_, _| None);
    assert_eq!((seen.threads.len(), seen.is_whole), (0, false));
}
