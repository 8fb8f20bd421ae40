//! The library that gives shells and small programs the clock, without a page around: what it says to the arbiter and
//! what it makes of the answers.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;

use doccheck::serve::Network;

/// 2026-04-01T00:00:00Z, in microseconds.
const START: i64 = 1_775_001_600_000_000;

/// Runs a program that waits for one thing at a time; every wait is over at once. Gives what it printed, and what it
/// said to the arbiter but for the numbers of processes.
fn run(program: &str, arguments: &[&str]) -> (String, Vec<String>) {
    run_beside(0, program, arguments)
}

/// The same beside so many that sleep in real time.
fn run_beside(sleepers: i64, program: &str, arguments: &[&str]) -> (String, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    let network = Network::start(folder.path(), &[]).expect("a network");
    assert_eq!(network.clock_library(), Ok(()));
    let clock = folder.path().join("own-clock");
    std::fs::create_dir(&clock).expect("a folder for the clock");
    let words = [START, 0, START, sleepers].map(i64::to_ne_bytes).concat();
    std::fs::write(clock.join("now"), words).expect("the clock's file");
    let listener = UnixListener::bind(clock.join("arbiter")).expect("a socket");
    let own = listener.try_clone().expect("a socket");
    let arbiter = {
        let clock = clock.clone();
        std::thread::spawn(move || {
            let talks = listener.incoming().map_while(Result::ok).map(|stream| {
                let clock = clock.clone();
                std::thread::spawn(move || answer(&stream, &clock))
            });
            talks.collect::<Vec<_>>().into_iter().flat_map(|talk| talk.join().expect("no thread has failed")).collect()
        })
    };
    let mut command = Command::new(program);
    command
        .current_dir(folder.path())
        .args(arguments)
        .env_clear()
        .env("TZ", "UTC")
        .env("LC_ALL", "C")
        .env("PATH", "/usr/bin:/bin");
    let output = command.envs(network.clock_environment(&clock)).output().expect("the program runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    // The arbiter ends when it has taken all that have come.
    own.set_nonblocking(true).expect("a socket");
    drop(UnixStream::connect(clock.join("arbiter")).expect("the arbiter is there"));
    let said = arbiter.join().expect("no thread has failed");
    (String::from_utf8_lossy(&output.stdout).into_owned(), said)
}

/// Moves the clock to what each wait is for, and to noon where somebody asks for the time; then nobody sleeps any more.
/// What was said on this connection.
fn answer(stream: &UnixStream, clock: &Path) -> Vec<String> {
    let mut said = Vec::new();
    let file = File::options().write(true).open(clock.join("now")).expect("the clock's file");
    let mut answers = stream;
    for line in BufReader::new(stream).lines() {
        let Ok(line) = line else { break };
        let words: Vec<&str> = line.split(' ').collect();
        let shown = match words[..] {
            ["hello", kind, _] => format!("hello {kind}"),
            ["now", id] => {
                file.write_all_at(&(START + 43_200_000_000).to_ne_bytes(), 0).expect("the clock can be set");
                file.write_all_at(&[0; 8], 24).expect("the clock can be set");
                said.push("now".to_owned());
                let _ = answers.write_all(format!("woke {id}\n").as_bytes());
                continue;
            }
            ["sleep", length, process, thread] => {
                assert_eq!(process, thread, "its only one");
                format!("sleep {length}")
            }
            ["alarm", _, kind, _, _, length, interval, "perl"] => format!("alarm {kind} {length} {interval}"),
            ["slept", length] => {
                let length: i64 = length.parse().expect("a number");
                assert!((200_000..60_000_000).contains(&length), "{length}");
                said.push("slept".to_owned());
                let _ = answers.write_all(b"woke 0\n");
                continue;
            }
            ["wait", id, due, thread] => {
                let due: i64 = due.parse().expect("a number");
                file.write_all_at(&due.to_ne_bytes(), 0).expect("the clock can be set");
                said.push(format!("wait {id} {} {thread}", due - START));
                let _ = answers.write_all(format!("woke {id}\n").as_bytes());
                continue;
            }
            _ => line.clone(),
        };
        said.push(shown);
    }
    said
}

fn bash(script: &str) -> (String, Vec<String>) {
    run("/bin/bash", &["-c", script])
}

#[test]
fn a_sleep_is_a_wait_and_the_clock_moves_by_it() {
    assert_eq!(
        run("/bin/sleep", &["60"]),
        (String::new(), ["hello libc", "wait 1 60000000 0"].map(str::to_owned).to_vec())
    );
    let (printed, _) =
        bash("s=$SECONDS; date +%T; sleep 1m; date +%T; echo $((SECONDS - s)) $EPOCHSECONDS; printf '%(%T)T\\n' -1");
    assert_eq!(printed, "00:00:00\n00:01:00\n60 1775001660\n00:01:00\n");
}

#[test]
fn date_has_the_clock_whatever_it_is_asked_for() {
    let (printed, said) = run("/bin/date", &["-u", "-d", "+1 hour", "+%FT%TZ"]);
    assert_eq!(printed, "2026-04-01T01:00:00Z\n");
    assert!(said.is_empty(), "{said:?}");
}

#[test]
fn a_time_limit_beside_descriptors_is_a_wait_that_they_end() {
    let (printed, said) = bash("mkfifo pipe; read -t 5 x <>pipe; echo $? $SECONDS");
    assert_eq!(printed, "142 5\n", "{said:?}");
    let (printed, said) = bash("mkfifo pipe; exec 3<>pipe; echo word >&3; read -t 5 x <&3; echo $x $SECONDS");
    assert_eq!(printed, "word 0\n", "{said:?}");
}

#[test]
fn timeout_ends_its_command_by_a_signal() {
    let (printed, said) = bash("mkfifo pipe; timeout 5 cat <>pipe; echo $? $SECONDS");
    assert_eq!(printed, "124 5\n");
    assert_eq!(said, ["hello libc", "wait 1 5000000 0"]);
}

#[test]
fn a_loop_that_waits_for_the_time_to_pass_comes_to_its_end() {
    let (printed, said) = bash(
        "end=$(($(date +%s) + 10)); while [ $(date +%s) -lt $end ]; do :; done; date +%T
         end=$((SECONDS + 10)); while ((SECONDS < end)); do :; done; date +%T
         end=$((SECONDS + 10)); while [ $(printf '%(%s)T' -1) -lt $((1775001600 + 30)) ]; do :; done; date +%T",
    );
    assert_eq!(printed, "00:00:10\n00:00:20\n00:00:30\n");
    let waits: Vec<_> = said.iter().filter(|line| line.starts_with("wait")).collect();
    assert_eq!(waits[..2], ["wait 1 1000 0", "wait 1 2000 0"]);
    assert_eq!(waits[149..151], ["wait 1 150000 0", "wait 1 250000 0"]);
}

#[test]
fn readings_by_the_dozen_take_no_time() {
    let (printed, _) = bash("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do date +%N; done | tail -n 1");
    assert_eq!(&printed[..3], "000");
}

#[test]
fn a_program_may_close_the_connection_and_put_something_in_its_place() {
    let (printed, said) = bash(
        "mkfifo pipe; read -t 1 x <>pipe; exec 700>&-; exec 700>own
         read -t 1 x <>pipe; echo $SECONDS; echo word >&700; cat own",
    );
    assert_eq!(printed, "2\nword\n", "{said:?}");
}

#[test]
fn a_program_that_is_not_on_the_list_has_the_real_clock() {
    let (printed, said) = bash("cp /bin/date when; cp /bin/sleep nap; ./when +%s; ./nap 0.009");
    assert_ne!(printed.trim(), (START / 1_000_000).to_string());
    assert_eq!(said.len(), 0, "{said:?}");
}

#[test]
fn a_program_that_is_not_on_the_list_tells_that_it_sleeps() {
    let (_, said) = bash("cp /bin/sleep nap; ./nap 0.2; ./nap 0.2");
    assert_eq!(said, ["sleep 200000", "slept", "sleep 200000", "slept"]);
}

#[test]
fn a_program_that_is_not_on_the_list_tells_of_its_alarms_but_for_its_pulse() {
    let script = "$SIG{ALRM} = sub {}; alarm 9; alarm 0; setitimer(ITIMER_REAL, 9, 0.1); setitimer(ITIMER_REAL, 0); \
                  setitimer(ITIMER_REAL, 0.05, 0.05); setitimer(ITIMER_VIRTUAL, 9)";
    let (_, said) = run("/usr/bin/perl", &["-MTime::HiRes=setitimer,ITIMER_REAL,ITIMER_VIRTUAL", "-e", script]);
    let told = ["alarm process 9000000 0", "alarm process 0 0", "alarm process 9000000 100000", "alarm process 0 0"];
    assert_eq!(said, told);
}

#[test]
fn beside_who_sleeps_in_real_time_the_arbiter_is_asked_before_the_clock_is_read() {
    let (printed, said) = run_beside(1, "/bin/date", &["+%T"]);
    assert_eq!((printed.as_str(), said), ("12:00:00\n", ["hello libc", "now"].map(str::to_owned).to_vec()));
    let (_, said) = run_beside(1, "/bin/sleep", &["60"]);
    assert_eq!(said, ["hello libc", "now", "wait 2 43260000000 0"], "it counts from then on");
}
