//! The frozen clock: what waits costs nothing, and everybody agrees on the time.

#[cfg(target_os = "linux")]
mod library;
#[cfg(target_os = "linux")]
mod node;
mod python;
mod shell;

use std::path::Path;

use serde_json::Value;

use crate::invocation::doccheck;

/// A page that was run.
pub(crate) struct Run {
    document: Value,
    printed: String,
}

/// Runs a page that is all there is in its repository.
pub(crate) fn run(page: &str) -> Run {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::create_dir(folder.path().join(".git")).expect("a folder can be made");
    std::fs::write(folder.path().join("page.md"), page).expect("a file can be written");
    run_in(folder.path())
}

/// Runs `page.md` in a folder.
pub(crate) fn run_in(folder: &Path) -> Run {
    let output =
        doccheck().current_dir(folder).args(["run", "--format", "json", "page.md"]).output().expect("doccheck starts");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let document = serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"));
    Run { document, printed }
}

impl Run {
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

    /// The time that the step with this index slept on the world's clock, in seconds.
    pub(crate) fn asleep(&self, step: usize) -> f64 {
        self.steps()[step]["time"]["asleep_s"].as_f64().unwrap_or_else(|| panic!("{}", self.printed))
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
