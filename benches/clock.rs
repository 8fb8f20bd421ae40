//! What virtual time costs, against the same page in real time, in one run.
//!
//! `cargo bench --bench clock` prints a table: for each kind of wait the real time that one takes beyond what is waited
//! for. Nothing is asserted about time; what is asserted is that the pages are true.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::unwrap_used,
    reason = "a measuring program starts what it measures, prints, and ends where it cannot measure"
)]

mod bench;

use std::fs;
use std::path::Path;

/// How often a step waits.
const WAITS: u32 = 200;
/// How often a page is run; the fastest run is told.
const RUNS: usize = 5;

/// A kind of wait: a step that waits `N` times, and what each wait takes in real time by itself, in milliseconds.
struct Kind {
    what: &'static str,
    language: &'static str,
    code: &'static str,
    asleep: f64,
    /// What one may cost more in virtual time than in real time, in milliseconds.
    budget: f64,
}

const KINDS: [Kind; 5] = [
    Kind {
        what: "a sleep in Python",
        language: "python",
        code: "import time\nfor _ in range(N): time.sleep(0.01)",
        asleep: 10.0,
        budget: 1.0,
    },
    Kind {
        what: "a sleep in Node",
        language: "javascript",
        code: "for (let at = 0; at < N; at++) await new Promise((done) => setTimeout(done, 10))",
        asleep: 10.0,
        budget: 1.0,
    },
    Kind {
        what: "a sleep in bash",
        language: "bash",
        code: "for at in $(seq N); do sleep 0.01; done",
        asleep: 10.0,
        budget: 1.0,
    },
    Kind {
        what: "an exchange in Python",
        language: "python",
        code: "import http.client\napi = http.client.HTTPSConnection('api.truto.one')\n\
               for _ in range(N): api.request('GET', '/unified/crm/contacts'); api.getresponse().read()",
        asleep: 0.0,
        budget: 2.0,
    },
    Kind {
        what: "an exchange in Node",
        language: "javascript",
        code: "for (let at = 0; at < N; at++) await (await fetch('https://api.truto.one/unified/crm/contacts')).text()",
        asleep: 0.0,
        budget: 2.0,
    },
];

fn main() {
    bench::run(measure);
}

fn measure(folder: &Path) {
    println!("{:<24} {:>12} {:>12} {:>12} {:>10}", "real time of one", "virtual", "real", "more", "budget");
    for kind in KINDS {
        let each = |time: &str| {
            let whole = |waits: u32| step(folder, &kind, time, waits);
            (whole(WAITS + 1) - whole(1)) / f64::from(WAITS)
        };
        let (in_virtual, in_real) = (each("virtual"), each("real") - kind.asleep);
        let more = in_virtual - in_real;
        let within = if more <= kind.budget { "within" } else { "OVER" };
        println!(
            "{:<24} {in_virtual:>9.2} ms {in_real:>9.2} ms {more:>9.2} ms {:>7.2} ms {within}",
            kind.what, kind.budget
        );
    }
}

/// The real time of a page's one step, in milliseconds: the shortest of several runs.
fn step(folder: &Path, kind: &Kind, time: &str, waits: u32) -> f64 {
    let code = kind.code.replace('N', &waits.to_string());
    let page = format!("---\ndoccheck:\n  time: {time}\n  timeout: 60s\n---\n\n```{}\n{code}\n```\n", kind.language);
    fs::write(folder.join("page.md"), page).unwrap();
    let runs = (0..RUNS).map(|_| {
        let mut command = bench::command(env!("CARGO_BIN_EXE_doccheck"), folder);
        let output = command.args(["run", "--format", "json", "page.md"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        document["pages"][0]["steps"][0]["duration_ms"].as_f64().unwrap()
    });
    runs.fold(f64::INFINITY, f64::min)
}
