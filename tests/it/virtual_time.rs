//! The frozen clock: what waits costs nothing, everybody agrees on the time, and every run tells the same.
//!
//! `DOCCHECK_RUNS=50 cargo test --test it virtual_time` runs every page of these tests fifty times, every second time
//! beside two busy loops, and wants the same document of all runs.

#[cfg(target_os = "linux")]
mod alarms;
#[cfg(target_os = "linux")]
mod library;
#[cfg(target_os = "linux")]
mod node;
mod python;
mod services;
mod shell;

use std::path::Path;
use std::process::{Child, Command};

use serde_json::Value;

use crate::invocation::doccheck;

/// A page that was run.
pub(crate) struct Run {
    document: Value,
    printed: String,
}

/// Runs a page that is all there is in its repository.
pub(crate) fn run(page: &str) -> Run {
    run_in(folder_with(page).path())
}

/// A repository with this page alone.
fn folder_with(page: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::create_dir(folder.path().join(".git")).expect("a folder can be made");
    std::fs::write(folder.path().join("page.md"), page).expect("a file can be written");
    folder
}

/// Runs `page.md` in a folder, as often as `DOCCHECK_RUNS` says.
pub(crate) fn run_in(folder: &Path) -> Run {
    run_often(folder, std::env::var("DOCCHECK_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(1))
}

/// Runs `page.md` so often, every second time on a busy machine; fails where one run tells anything else than the first.
fn run_often(folder: &Path, runs: usize) -> Run {
    let first = run_once(folder);
    for count in 1..runs {
        let busy = (count % 2 == 1).then(|| [Loop::start(), Loop::start()]);
        let again = run_once(folder);
        drop(busy);
        let (told, before) = (again.told(), first.told());
        let differing = told.lines().zip(before.lines()).filter(|(line, other)| line != other);
        let shown: Vec<_> = differing.take(40).collect();
        assert!(told == before, "run {count} of {runs} differs: {shown:#?}");
    }
    first
}

/// A program that keeps a processor busy until this is dropped: in a session of its own, since a kernel may divide the
/// processors by sessions.
struct Loop(Child);

impl Loop {
    fn start() -> Self {
        Self(Command::new("setsid").args(["sh", "-c", "while :; do :; done"]).spawn().expect("a shell starts"))
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it ends");
    }
}

fn run_once(folder: &Path) -> Run {
    let output =
        doccheck().current_dir(folder).args(["run", "--format", "json", "page.md"]).output().expect("doccheck starts");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let document = serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"));
    Run { document, printed }
}

impl Run {
    /// Everything that the document tells, but for real time.
    fn told(&self) -> String {
        let lines = self.printed.lines().filter(|line| !line.contains("\"duration_ms\": "));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn steps(&self) -> &[Value] {
        self.document["pages"][0]["steps"].as_array().expect("a page has steps")
    }

    /// Fails where the page is not true.
    pub(crate) fn is_true(&self) -> &Self {
        assert_eq!(self.document["exit"], 0, "{}", self.printed);
        let all = self.steps().iter().all(|step| step["verdict"] == "ok");
        assert!(all, "every output is compared: {}", self.printed);
        self
    }

    /// The same, where services and files of a page show nothing.
    pub(crate) fn is_true_but_unchecked(&self) -> &Self {
        assert_eq!(self.document["exit"], 0, "{}", self.printed);
        self
    }

    /// The time that the step with this index slept on the world's clock, in seconds.
    pub(crate) fn asleep(&self, step: usize) -> f64 {
        self.steps()[step]["time"]["asleep_s"].as_f64().unwrap_or_else(|| panic!("{}", self.printed))
    }

    /// The time for which requests of the step with this index were under way, in seconds.
    fn under_way(&self, step: usize) -> f64 {
        self.steps()[step]["time"]["exchanges_s"].as_f64().unwrap_or_else(|| panic!("{}", self.printed))
    }

    /// The programs that slept in real time in a step, each with its seconds.
    pub(crate) fn real(&self, step: usize) -> Vec<(String, f64)> {
        let waits = self.steps()[step]["time"]["real"].as_array().expect("a list");
        let wait = |wait: &Value| Some((wait["program"].as_str()?.to_owned(), wait["waited_s"].as_f64()?));
        waits.iter().filter_map(wait).collect()
    }

    pub(crate) fn virtual_seconds(&self) -> f64 {
        self.document["pages"][0]["virtual_s"].as_f64().unwrap_or_else(|| panic!("{}", self.printed))
    }

    pub(crate) fn is_reproducible(&self) -> bool {
        self.steps().iter().all(|step| step["time"]["reproducible"] == true)
    }

    /// Fails where the page is not stale, or its checks do not tell `message`. What it told.
    pub(crate) fn is_stale(&self, message: &str) -> &str {
        assert_eq!(self.document["exit"], 1, "{}", self.printed);
        let checks = self.steps().iter().filter_map(|step| step["checks"].as_array()).flatten();
        let mut messages = checks.filter_map(|check| check["message"].as_str());
        assert!(messages.any(|told| told.contains(message)), "{}", self.printed);
        &self.printed
    }

    /// The notes of all steps.
    pub(crate) fn notes_of_all(&self) -> String {
        (0..self.steps().len()).map(|step| self.notes(step)).collect()
    }

    fn notes(&self, step: usize) -> String {
        self.steps()[step]["notes"].to_string()
    }
}

/// A request to the sandbox that prints the date of its answer.
const DATE: &str = "curl -si https://api.truto.one/unified/crm/contacts -H \"Authorization: Bearer $TRUTO_API_TOKEN\" \
                    | grep -i ^date";

#[test]
fn the_sandbox_starts_at_its_instant_and_an_exchange_takes_its_time() {
    let requests = format!("for at in $(seq 1 50); do {DATE} > date; done; cat date");
    let page = format!("```bash\n{requests}\n```\n\n```output\ndate: Wed, 15 Apr 2026 09:00:01 GMT\n```\n");
    let run = run(&page);
    assert_eq!(run.is_true().virtual_seconds(), 1.0);
}

#[test]
fn what_no_hook_reaches_sleeps_in_real_time_and_the_clock_moves_by_as_much() {
    let page = format!(
        "```bash\nperl -e 'sleep 2'\n{DATE}\nperl -e 'select(undef, undef, undef, 0.98)'\n{DATE}\n```\n\n\
         ```output\ndate: Wed, 15 Apr 2026 09:00:02 GMT\ndate: Wed, 15 Apr 2026 09:00:03 GMT\n```\n"
    );
    let run = run(&page);
    assert_eq!(run.is_true().virtual_seconds(), 3.02);
    assert_eq!(run.real(0), [("perl".to_owned(), 2.98)]);
    assert!(run.notes(0).contains("waited 2.98 s in real time"), "{}", run.notes(0));
    assert!(run.is_reproducible());
}

#[test]
fn a_step_that_its_limit_ends_is_reproducible_where_the_clock_stood_still() {
    let ended = |code: &str| run_often(folder_with(&format!("```bash timeout=1s\n{code}\n```\n")).path(), 1);
    let sleeps = ended("while :; do sleep 1; done");
    sleeps.is_stale("passed its time limit of 1 s");
    assert!(!sleeps.is_reproducible());
    assert!(sleeps.notes(0).contains("not reproducible: its time limit"), "{}", sleeps.notes(0));
    let waits = ended(&format!("{DATE}; cat < <(kill -STOP $BASHPID)"));
    waits.is_stale("passed its time limit of 1 s");
    assert!(waits.is_reproducible(), "{}", waits.notes(0));
}

#[test]
fn a_page_may_ask_for_real_time() {
    let page =
        "---\ndoccheck:\n  time: real\n---\n\n```bash\necho \"${DOCCHECK_CLOCK:-none}\"\n```\n\n```output\nnone\n```\n";
    let run = run(page);
    run.is_true();
    assert_eq!(run.document["pages"][0]["virtual_s"], Value::Null);
}

#[test]
fn an_http_step_and_a_step_in_the_background_agree_on_the_time() {
    let page = format!(
        "```http\nGET https://api.truto.one/unified/crm/contacts\n```\n\n\
         ```http\nHTTP/1.1 401 Unauthorized\nDate: Wed, 15 Apr 2026 09:00:00 GMT\n```\n\n\
         ```bash\n{DATE}\n```\n\n```output\ndate: Wed, 15 Apr 2026 09:00:00 GMT\n```\n"
    );
    assert_eq!(run(&page).is_true().virtual_seconds(), 0.04);
}

/// curl and Node look now and then how long they have waited, and Python does not. Who gives up has waited for its limit.
#[test]
fn what_passes_while_somebody_waits_for_an_answer_is_the_requests_whoever_sleeps_beside() {
    let url = "https://api.truto.one/unified/crm/contacts";
    let page = format!(
        "```bash fault=\"latency:90s\"\ncurl -s -o x {url}\n```\n\n\
         ```python fault=\"latency:90s\"\nimport urllib.request, urllib.error\ntry:\n    urllib.request.urlopen('{url}')\n\
         except urllib.error.HTTPError:\n    pass\n```\n\n\
         ```js fault=\"latency:90s\"\nawait fetch('{url}')\n```\n\n\
         ```bash fault=\"latency:9s\"\nsleep 30 & curl -s -o x {url}; wait\n```\n\n\
         ```bash fault=\"latency:90s\"\ncurl -s -m 5 -o x {url} || true\n```\n"
    );
    let run = run(&page);
    run.is_true_but_unchecked();
    let spent = |step| [run.asleep(step), run.under_way(step)].map(|seconds| (seconds * 10.0).round() / 10.0);
    assert_eq!([0, 1, 2].map(spent), [[0.0, 90.0]; 3]);
    assert_eq!([3, 4].map(spent), [[21.0, 9.0], [5.0, 0.0]]);
}

/// Programs of all languages that wait for the sandbox and for one another.
const TOGETHER: &str = r##"
```python name=server ready=port:8009
import http.server, time

class Slow(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(3)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(time.strftime("%H:%M:%S").encode())

    def log_message(self, *args):
        pass

http.server.ThreadingHTTPServer(("", 8009), Slow).serve_forever()
```

```bash
for at in 1 2 3; do (sleep $at; echo "job $at at $SECONDS") & done
wait
curl -s localhost:8009
```

```output
job 1 at 1
job 2 at 2
job 3 at 3
09:00:06
```

<!-- doccheck: fault="429:reset=60x2" -->

```python
import os, threading, time, urllib.error, urllib.request

def ask(page):
    request = urllib.request.Request("https://api.truto.one/unified/crm/contacts?page=%d" % page)
    while True:
        try:
            urllib.request.urlopen(request)
        except urllib.error.HTTPError as error:
            if error.code != 429:
                return print(page, error.code, round(time.time() % 3600))
            time.sleep(float(error.headers["Retry-After"]))

threads = [threading.Thread(target=ask, args=(page,)) for page in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
```

```output
2 401 6
0 401 66
1 401 66
```

```javascript
const start = Date.now()
const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))
await Promise.all([1, 2, 3].map(async (at) => {
  await wait(at * 20)
  const answer = await fetch('http://localhost:8009')
  console.log(at, await answer.text(), Math.floor((Date.now() - start) / 1000))
}))
```

```output
1 09:01:29 23
2 09:01:49 43
3 09:02:09 63
```
"##;

#[test]
fn every_run_tells_the_same_on_a_busy_machine_too() {
    let folder = folder_with(TOGETHER);
    let run = run_often(folder.path(), 6);
    assert_eq!(run.steps().len(), 4);
    assert!(run.steps()[1..].iter().all(|step| step["verdict"] == "ok"), "{}", run.printed);
    assert!(run.is_reproducible());
}

/// Packages are installed once, as for the tutorials.
#[test]
fn frameworks_wait_on_the_pages_clock() {
    let run = run(include_str!("virtual_time/frameworks.md"));
    let asleep: f64 = (0..5).map(|step| run.is_true_but_unchecked().asleep(step)).sum();
    assert!((asleep - 195.0).abs() < 0.1, "{asleep}");
}

#[test]
fn who_sleeps_in_real_time_does_not_hold_up_a_wait_that_ends_before_and_ends_before_one_that_ends_after() {
    let page = "```bash\nperl -e 'sleep 2; print \"perl\\n\"' &\n\
                python3 -c 'import time; time.sleep(1); print(\"one second\"); time.sleep(59); print(\"a minute\")'\n\
                wait; echo $SECONDS\n```\n\n```output\none second\nperl\na minute\n60\n```\n";
    let run = run(page);
    assert_eq!(run.is_true().real(0), [("perl".to_owned(), 2.0)]);
    assert!((run.virtual_seconds() - 60.0).abs() < 0.01, "{}", run.printed);
    assert!(run.notes(0).contains("waited 2 s in real time: no hook makes the sleep of `perl` virtual"));
}

/// Code takes no time, however long the machine needs for it.
#[test]
fn what_comes_before_a_sleep_in_real_time_ends_does_so_on_a_busy_machine_too() {
    let page = "```bash\nperl -e 'sleep 1; print \"perl\\n\"' &\n\
                python3 -c 'import time\nwhile time.process_time() < 0.5: pass\ntime.sleep(0.9); print(\"python\")'\n\
                wait; date +%S.%2N\n```\n\n```output\npython\nperl\n01.00\n```\n";
    let _busy: [Loop; 8] = std::array::from_fn(|_| Loop::start());
    assert_eq!(run(page).is_true().real(0), [("perl".to_owned(), 1.0)]);
}

/// A program that starts or ends is not asleep for a moment, though the kernel may say so.
#[test]
fn programs_that_come_and_go_beside_a_sleeper_do_not_let_time_pass() {
    let page = "```bash\nsleep 600 &\nfor at in 1 2 3 4 5; do node -p 1; python3 -c pass; done\ndate +%T\nkill %1\n```\n\n\
                ```output\n1\n1\n1\n1\n1\n09:00:00\n```\n\n\
                ```python\nimport time\nprint(time.strftime('%T'))\n```\n\n```output\n09:00:00\n```\n";
    let run = run(page);
    assert_eq!((run.is_true().asleep(0), run.is_reproducible()), (0.0, true));
}

#[test]
fn a_sleep_in_real_time_is_over_on_the_clock_before_what_follows_it() {
    let page = "```bash\nfor at in 1 2 3; do perl -e 'select(undef, undef, undef, 0.3)'; done; date +%S.%1N\nsleep 1; date +%S.%1N\n\
                ```\n\n```output\n00.9\n01.9\n```\n";
    assert_eq!(run(page).is_true().real(0), [("perl".to_owned(), 0.9)]);
}

/// Also where nobody tells when such a sleep begins and ends.
#[test]
fn who_reads_the_clock_after_a_sleep_in_real_time_sees_it_moved() {
    let page = r#"
```bash
export NAP='env -u LD_PRELOAD perl -e select(undef,undef,undef,0.6)'
$NAP; date +%S.%1N
$NAP; python3 -c 'import time; print(round(time.time() % 60, 1))'
node -e '
const { Worker } = require("node:worker_threads")
const measure = () => {
  const [program, ...given] = process.env.NAP.split(" ")
  const begin = Date.now()
  require("node:child_process").execFileSync(program, given)
  console.log(Math.floor((Date.now() - begin) / 100))
}
new Worker(`(${measure})()`, { eval: true }).on("exit", () => console.log("over"))'
$NAP
```

```output
00.6
1.2
6
over
```
"#;
    assert_eq!(run(page).is_true().real(0), [("perl".to_owned(), 2.4)]);
}

#[test]
fn who_sleeps_in_real_time_side_by_side_does_so_in_the_same_time() {
    let page = "```bash\nperl -e 'if (fork) { sleep 1; wait } else { sleep 2 }'; date +%S.%1N\n\
                perl -e 'sleep 1' & perl -e 'select(undef, undef, undef, 1.5)' & wait; date +%S.%1N\n```\n\n\
                ```output\n02.0\n03.5\n```\n";
    assert_eq!(run(page).is_true().real(0), [("perl".to_owned(), 3.5)]);
}

/// Neither a program that computes meanwhile, nor one whose every sleep is short, lets time pass beyond what is due before.
#[test]
fn what_is_due_before_a_sleep_in_real_time_ends_comes_before_it() {
    let page = "```bash\nperl -e 'sleep 1; print \"slept\\n\"' &\n(sleep 0.5; echo \"job at $(date +%S.%1N)\") &\n\
                perl -e '1 for 1..160_000_000'; echo computed; wait; date +%S.%1N\n\
                perl -e 'select undef, undef, undef, 0.02 for 1..50; print \"short\\n\"' &\n\
                sleep 0.7; echo long; wait; date +%S.%1N\n```\n\n\
                ```output\ncomputed\njob at 00.5\nslept\n01.0\nlong\nshort\n02.0\n```\n";
    assert_eq!(run(page).is_true().real(0), [("perl".to_owned(), 2.0)]);
}

#[test]
fn a_traced_shell_shows_the_pages_lines_alone() {
    let page = "```bash\nbash -xvc 'echo $RANDOM'\nprintf '# One.\\necho $RANDOM\\n' > one.sh\nbash -v one.sh\n```\n\n\
                ```output\necho $RANDOM\n+ echo 16807\n16807\n# One.\necho $RANDOM\n16807\n```\n";
    run(page).is_true();
}

#[test]
fn a_loop_on_the_clock_is_told_as_such_and_where_it_stood() {
    let page = "```python\nimport time\nend = time.monotonic() + 20\nwhile time.monotonic() < end:\n    pass\nprint('done')\n```\n\n\
                ```output\ndone\n```\n\n```python\nimport time\ntime.sleep(5)\nprint('slept')\n```\n\n```output\nslept\n```\n";
    let run = run(page);
    assert_eq!((run.is_true().asleep(0), run.asleep(1).round()), (0.0, 5.0));
    assert!(run.notes(0).contains("20 s passed on the page's clock: 20 s reading it"), "{}", run.notes(0));
}
