//! What runs on while a page runs: steps that are services, `[[service]]`, and that nothing of them is left.
//!
//! What services print and how their faults are told: `tests/fixtures/*/service*.md`.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use doccheck::config::Config;
use doccheck::outcome::{StepVerdict, judge};
use doccheck::source::SourceFile;
use doccheck::transcript::Transcript;
use doccheck::{plan, tutorial};

use crate::invocation::doccheck;

/// A repository with pages in `docs/`.
struct Repository(tempfile::TempDir);

impl Repository {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        // A repository's root: no configuration above it counts.
        std::fs::create_dir(folder.path().join(".git")).expect("a folder can be made");
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("it has a parent")).expect("a folder can be made");
            std::fs::write(path, text).expect("a file can be written");
        }
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = doccheck();
        command.current_dir(self.path()).env("XDG_CACHE_HOME", self.path().join("cache")).arg("run").args(arguments);
        command
    }

    /// The status and everything that was printed.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let Output { status, stdout, stderr } = self.command(arguments).output().expect("doccheck starts");
        let printed = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        (status.code().expect("it ends by itself"), printed)
    }
}

/// The processes whose environment holds `mark`.
#[cfg(target_os = "linux")]
fn marked(mark: &str) -> usize {
    let processes = std::fs::read_dir("/proc").expect("Linux has it");
    let environments = processes.filter_map(|entry| std::fs::read(entry.ok()?.path().join("environ")).ok());
    environments.filter(|environment| String::from_utf8_lossy(environment).contains(mark)).count()
}

const HTTP_SERVER: &str = "python3 -m http.server 8000";

/// Waits for what never comes, on no clock.
#[cfg(target_os = "linux")]
const HANGS: &str = "mkfifo never-$BASHPID; cat never-$BASHPID";

/// Reads a file from the server on port 8000.
const CLIENT: &str = "```bash\ncurl -s localhost:8000/greeting.txt\n```\n\n```output\nhello\n```\n";

#[cfg(target_os = "linux")]
#[test]
fn pages_that_run_at_once_do_not_share_a_port() {
    let page =
        format!("```bash\necho hello > greeting.txt\n```\n\n```bash ready=port:8000\n{HTTP_SERVER}\n```\n\n{CLIENT}");
    let pages = ["docs/a.md", "docs/b.md", "docs/c.md", "docs/d.md"];
    let repository = Repository::new(&pages.map(|path| (path, page.as_str())));
    let (status, printed) = repository.run(&["-j2", "docs"]);
    assert_eq!(status, 0, "{printed}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_configured_service_runs_beside_each_page_before_its_setup() {
    let config = format!(
        "[pages]\ninclude = [\"docs/*.md\"]\n[[service]]\nrun = \"{HTTP_SERVER}\"\ncwd = \"examples\"\n\
         ready = \"http:http://127.0.0.1:8000/greeting.txt\"\n"
    );
    let page = format!("---\ndoccheck:\n  setup: curl -sf localhost:8000/greeting.txt\n---\n\n{CLIENT}");
    let files = [("doccheck.toml", &*config), ("examples/greeting.txt", "hello\n"), ("docs/a.md", &page)];
    let repository = Repository::new(&[&files[..], &[("docs/b.md", &page)]].concat());
    let (status, printed) = repository.run(&["-j2"]);
    assert_eq!(status, 0, "{printed}");
    assert!(printed.contains("2 pages: 2 ok"), "{printed}");
}

#[test]
fn a_configured_service_works_in_the_workspace() {
    let config = "[[service]]\nrun = \"echo made > made.txt; echo ready; sleep 300\"\nready = \"text:ready\"\n";
    let page = "```bash\ncat made.txt\n```\n\n```output\nmade\n```\n";
    let (status, printed) = Repository::new(&[("doccheck.toml", config), ("page.md", page)]).run(&["page.md"]);
    assert_eq!(status, 0, "{printed}");
}

#[test]
fn a_configured_service_that_is_not_ready_is_an_error_at_its_place() {
    let page = "```bash\necho never reached\n```\n";
    let cases = [
        (
            "run = \"echo starting; echo no disk >&2; exit 4\"\nready = \"port:5432\"",
            "the service `db` did not start: it exited with status 4",
            "it printed: starting\n          no disk\n",
        ),
        (
            "run = \"echo starting; sleep 300\"\nready = \"port:5432\"\ntimeout = \"300ms\"",
            "the service `db` was not ready within 300 ms: nothing on this page listens on port 5432",
            "it printed: starting\n",
        ),
        ("run = \"sleep 300\"\ncwd = \"nowhere\"", "the service `db` is to run in ", "nowhere, which is no folder"),
    ];
    for (service, message, more) in cases {
        let config = format!("[[service]]\nname = \"db\"\n{service}\n");
        let (status, printed) = Repository::new(&[("doccheck.toml", &config), ("page.md", page)]).run(&["page.md"]);
        assert_eq!(status, 2, "{printed}");
        assert!(printed.contains(message) && printed.contains(more), "{printed}");
        assert!(printed.contains("doccheck.toml:3:7") && printed.contains("not reached"), "{printed}");
    }
}

/// Waits until the process whose number stands in the file `pid` is gone, reaped or not.
const UNTIL_GONE: &str = "while grep -q '^State:.[^Z]' /proc/$(cat pid)/status 2>/dev/null; do sleep 0.02; done";

#[cfg(target_os = "linux")]
#[test]
fn a_service_that_dies_later_is_told() {
    let dies = "echo $BASHPID > pid; echo up; until [ -e stop ]; do sleep 0.02; done; echo out of memory; exit 3";
    let client = format!("```bash name=client\ntouch stop; {UNTIL_GONE}\n```\n\n```bash name=last\ntrue\n```\n");
    let page = format!("```bash ready=text:up name=server\n{dies}\n```\n\n{client}");
    let (status, printed) = Repository::new(&[("page.md", &page)]).run(&["page.md"]);
    assert_eq!(status, 1, "{printed}");
    assert!(printed.contains("the service had ended before the page did: it exited with status 3"), "{printed}");
    assert!(printed.contains("+ out of memory"), "{printed}");
    // It was ready when the page went on; the step during which it died comes first, and the page goes on.
    let told: Vec<_> = printed.lines().take(4).map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
    let told: Vec<_> = told.iter().map(|words| (words[1], *words.last().expect("a line has words"))).collect();
    assert_eq!(told, [("ok", "server"), ("ok", "client"), ("stale", "server"), ("ok", "last")]);

    let config = format!("[[service]]\nname = \"db\"\nrun = \"{dies}\"\nready = \"text:up\"\n");
    let (status, printed) = Repository::new(&[("doccheck.toml", &config), ("page.md", &client)]).run(&["page.md"]);
    assert_eq!(status, 2, "{printed}");
    assert_eq!(printed.matches("the service `db` ended before the page did: it exited with status 3").count(), 1);
    assert!(printed.contains("it printed: up\n          out of memory"), "{printed}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_page_may_stop_its_service() {
    let page = format!(
        "```bash ready=text:up\necho $BASHPID > pid; echo up; sleep 300 & wait\n```\n\n\
         ```bash\nkill -TERM $(cat pid); {UNTIL_GONE}\n```\n"
    );
    let (status, printed) = Repository::new(&[("page.md", &page)]).run(&["page.md"]);
    assert_eq!(status, 0, "{printed}");
}

/// The next steps find the same directory and exports, though the page's shell is busy.
#[cfg(target_os = "linux")]
#[test]
fn a_step_that_listens_and_does_not_end_becomes_a_service() {
    let page = format!(
        "```bash\nmkdir app; cd app; export NAME=Ada; echo hello > greeting.txt\n```\n\n\
         ```bash name=unannounced\n{HTTP_SERVER}\n```\n\n{CLIENT}\n\
         ```bash\nbasename $PWD; echo $NAME\n```\n\n```output\napp\nAda\n```\n"
    );
    let (status, printed) = Repository::new(&[("page.md", &page)]).run(&["page.md"]);
    assert_eq!(status, 0, "{printed}");
    assert!(printed.contains("it listens on port 8000 and waits, so it runs on as a service"), "{printed}");
    assert!(printed.contains("`<!-- doccheck: ready=port:8000 -->`"), "{printed}");
}

/// In real time nothing tells a step that waits for ever from one that waits for long.
#[cfg(target_os = "linux")]
#[test]
fn in_real_time_a_step_that_listens_becomes_a_service_at_its_limit() {
    let page = format!(
        "---\ndoccheck:\n  time: real\n---\n\n```bash\necho hello > greeting.txt\n```\n\n\
         ```bash timeout=2s\n{HTTP_SERVER}\n```\n\n{CLIENT}"
    );
    let (status, printed) = Repository::new(&[("page.md", &page)]).run(&["page.md"]);
    assert_eq!(status, 0, "{printed}");
    assert!(printed.contains("it listens on port 8000 and did not end within 2 s"), "{printed}");
}

/// Where nobody says `ready`, what a server prints of its port is not taken for the port.
#[cfg(target_os = "linux")]
#[test]
fn a_server_that_prints_before_it_listens_is_waited_for() {
    let page = format!(
        "```bash\necho hello > greeting.txt\n```\n\n\
         ```bash background=true\necho Listening on 8000; sleep 0.5; {HTTP_SERVER}\n```\n\n\
         ```output\nListening on 8000\n```\n\n{CLIENT}"
    );
    let (status, printed) = Repository::new(&[("page.md", &page)]).run(&["page.md"]);
    assert_eq!(status, 0, "{printed}");
}

/// What an earlier step left in the background listens, and the step that hangs does not.
#[cfg(target_os = "linux")]
#[test]
fn a_step_that_hangs_beside_a_server_is_no_service() {
    let page = format!(
        "```bash\n{HTTP_SERVER} >/dev/null 2>&1 &\nuntil curl -s localhost:8000 >/dev/null; do sleep 0.02; done\n```\n\n\
         ```bash timeout=300ms\n{HANGS}\n```\n"
    );
    let (status, printed) = Repository::new(&[("page.md", &page)]).run(&["page.md"]);
    assert_eq!(status, 1, "{printed}");
    assert!(printed.contains("it passed its time limit of 300 ms"), "{printed}");
}

/// Whatever ends the page, what had happened before is told.
#[cfg(target_os = "linux")]
#[test]
fn a_service_that_had_died_is_told_where_the_page_is_stopped() {
    let page = format!(
        "```bash ready=text:up name=dead\necho $BASHPID > pid; echo up; until [ -e stop ]; do sleep 0.02; done; exit 3\n```\n\n\
         ```bash ready=text:up name=alive\necho up; {HANGS}\n```\n\n\
         ```bash\ntouch stop; {UNTIL_GONE}\n```\n\n```bash timeout=300ms name=hangs\n{HANGS}\n```\n"
    );
    let (status, printed) = Repository::new(&[("page.md", &page)]).run(&["page.md"]);
    assert_eq!(status, 1, "{printed}");
    assert!(printed.contains("4 steps: 2 ok, 2 stale"), "{printed}");
    assert!(printed.contains("it exited with status 3") && printed.contains("its time limit of 300 ms"), "{printed}");
}

#[test]
fn a_service_that_floods_is_stopped() {
    let page = "```bash ready=text:up session=flood\necho up; sleep 0.1; yes\n```\n\n\
                ```bash\ntrue\n```\n\n```output session=flood\n...\nnever\n```\n";
    let (status, printed) = Repository::new(&[("page.md", page)]).run(&["page.md"]);
    assert_eq!(status, 1, "{printed}");
    assert!(printed.contains("it printed more than 64 MiB"), "{printed}");
}

/// A server that forks, detaches what it forked and ignores TERM.
const STUBBORN: &str = "trap '' TERM; (trap '' TERM; setsid sleep 300 & while :; do sleep 300; done) & \
                        setsid bash -c 'trap \"\" TERM HUP INT; while :; do sleep 300; done' & \
                        echo up; while :; do sleep 300; done";

#[cfg(target_os = "linux")]
#[test]
fn nothing_of_a_service_is_left() {
    for where_it_is in ["step", "configured"] {
        let mark = format!("DOCCHECK_TEST_SERVICE={where_it_is}-{}", std::process::id());
        let (name, value) = mark.split_once('=').expect("it has a value");
        let config = match where_it_is {
            "step" => String::new(),
            _ => format!("[env]\n{name} = \"{value}\"\n[[service]]\nrun = '''{STUBBORN}'''\nready = \"text:up\"\n"),
        };
        let service = match where_it_is {
            "step" => format!("```bash ready=text:up env.{name}={value}\n{STUBBORN}\n```\n\n"),
            _ => String::new(),
        };
        let page = format!("{service}```bash\necho done\n```\n\n```output\ndone\n```\n");
        let repository = Repository::new(&[("doccheck.toml", &config), ("page.md", &page)]);
        let (status, printed) = repository.run(&["page.md"]);
        assert_eq!(status, 0, "{printed}");
        assert_eq!(marked(&mark), 0, "{where_it_is}");

        // And where the user presses Ctrl-C.
        let page = format!("{service}```bash name=first\ntrue\n```\n\n```bash timeout=60s\nsleep 60\n```\n");
        let repository = Repository::new(&[("doccheck.toml", &config), ("page.md", &page)]);
        let mut command = repository.command(&["page.md"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        while !line.contains("first") {
            line.clear();
            assert_ne!(out.read_line(&mut line).expect("it is text"), 0, "the page ended early");
        }
        assert!(marked(&mark) > 0, "the service runs");
        let id = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(id, rustix::process::Signal::INT).expect("it still runs");
        let mut rest = String::new();
        out.read_to_string(&mut rest).expect("it is text");
        assert_eq!(child.wait().expect("it ends").code(), Some(130), "{rest}");
        assert_eq!(marked(&mark), 0, "{where_it_is}, interrupted");
    }
}

/// Judging needs no second run: what a service printed to its page's end is in the transcript.
#[test]
fn a_transcript_is_judged_as_the_page_was() {
    let service = "echo up; until [ -e asked ]; do sleep 0.02; done; echo asked; sleep 300";
    let page = format!(
        "```bash ready=text:up session=server name=server\n{service}\n```\n\n```output\nup\n```\n\n\
         ```bash\ntouch asked\n```\n\n```output session=server\nasked\n```\n"
    );
    let repository = Repository::new(&[("page.md", &page)]);
    let (status, printed) = repository.run(&["page.md"]);
    assert_eq!(status, 0, "{printed}");
    let transcript = walkdir::WalkDir::new(repository.path().join("cache"))
        .into_iter()
        .filter_map(Result::ok)
        .find(|entry| entry.file_name() == "page.md.json")
        .expect("the transcript is kept");
    let text = std::fs::read_to_string(transcript.path()).expect("it is text");
    let transcript: Transcript = serde_json::from_str(&text).expect("it is a transcript");

    let verdicts = |page: &str| {
        let (tutorial, _) = tutorial::read(SourceFile::new("page.md", page));
        let (plan, found) = plan::plan(tutorial, &Config::default(), "a.md");
        assert!(found.is_empty(), "{found:?}");
        judge(Arc::new(plan), &transcript).steps.iter().map(|step| step.verdict).collect::<Vec<_>>()
    };
    assert_eq!(verdicts(&page), [StepVerdict::Ok, StepVerdict::Ok]);
    let other = page.replace("\nasked\n```\n", "\nanswered\n```\n");
    assert_eq!(verdicts(&other), [StepVerdict::Stale, StepVerdict::Ok]);
}

/// Takes the machine's network namespaces away, as a container may, and calls `doccheck`.
#[cfg(target_os = "linux")]
#[test]
fn where_pages_share_ports_one_that_is_taken_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("it is bound").port();
    let page = format!("```bash ready=port:{port}\nsleep 300\n```\n");
    let repository = Repository::new(&[("page.md", &page)]);
    let within = |script: &str| {
        let mut command = Command::new("unshare");
        let arguments = ["--user", "--map-root-user", "bash", "-c", script, env!("CARGO_BIN_EXE_doccheck")];
        command.args(arguments).current_dir(repository.path()).env("XDG_CACHE_HOME", repository.path()).output()
    };
    let limit = "echo 0 > /proc/sys/user/max_net_namespaces";
    if !within(limit).is_ok_and(|output| output.status.success()) {
        return; // This machine has no user namespaces: then it has none of its own to take away.
    }
    let output = within(&format!("{limit}; exec \"$0\" run page.md")).expect("it starts");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{printed}");
    assert!(printed.contains(&format!("port {port} is in use by another program of this machine")), "{printed}");
    assert!(printed.contains("page.md:1:1"), "{printed}");
}

/// A service may publish its port on the machine, as a container does: then `ready` asks there.
#[cfg(target_os = "linux")]
#[test]
fn a_port_of_the_machine_is_ready_when_the_machine_answers() {
    let machine = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = machine.local_addr().expect("it is bound").port();
    let config = format!(
        "[network]\nallow = [\"127.0.0.1:{port}\"]\n\
         [[service]]\nrun = \"echo up; sleep 300\"\nready = \"port:{port}\"\ntimeout = \"1s\"\n"
    );
    let repository = Repository::new(&[("doccheck.toml", &config), ("page.md", "```bash\ntrue\n```\n")]);
    let network = tempfile::tempdir().expect("a folder");
    let network = doccheck::serve::Network::start(network.path(), &[]).expect("a network");
    if !network.is_contained() {
        return; // The port would be told as taken.
    }
    let (status, printed) = repository.run(&["page.md"]);
    assert_eq!(status, 0, "{printed}");
    drop(machine);
    let (status, printed) = repository.run(&["page.md"]);
    assert_eq!(status, 2, "{printed}");
    assert!(printed.contains("was not ready within 1 s"), "{printed}");
}
