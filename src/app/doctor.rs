//! What this machine offers, and what the selected pages need of it.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Site, Surroundings, listed};
use crate::diagnostic::Diagnostic;
use crate::exec::Temporary;
use crate::plan::Plan;
use crate::process::can_limit_memory;
use crate::provision::{Offer, offers};
use crate::run::ExitCode;
use crate::serve::Network;

/// What `doctor` tells.
#[derive(Debug, Default)]
pub struct DoctorReport {
    /// What was looked for, in the order in which it is told.
    pub offers: Vec<Offer>,
    /// How many pages were looked at for what they need.
    pub pages: usize,
    /// What is wrong with the configuration or the paths.
    pub diagnostics: Vec<Diagnostic>,
}

impl DoctorReport {
    /// The exit status that tells this report.
    pub fn exit_code(&self) -> ExitCode {
        if self.offers.iter().any(Offer::is_missed) {
            ExitCode::Machine
        } else if self.diagnostics.is_empty() {
            ExitCode::True
        } else {
            ExitCode::Usage
        }
    }
}

/// Looks at the machine, and at the pages for what they need of it. Runs no page and installs nothing.
pub fn doctor(paths: &[PathBuf], surroundings: &Surroundings) -> DoctorReport {
    let (pages, diagnostics) = match Site::find(paths, surroundings) {
        Err(diagnostics) => (Vec::new(), diagnostics),
        Ok(site) => {
            let pages = site.pages.iter().map(|page| listed(page, &site.config));
            (pages.filter_map(|page| Some((page.path, page.plan?))).collect(), site.diagnostics)
        }
    };
    let mut offers = offers(&pages, &surroundings.cache(), &surroundings.variables);
    offers.extend([containment(), clock(&pages)]);
    offers.extend(memory(&pages, can_limit_memory()));
    DoctorReport { offers, pages: pages.len(), diagnostics }
}

fn containment() -> Offer {
    let tried = Network::try_containment();
    Offer {
        name: "namespaces",
        there: tried.is_ok(),
        found: match &tried {
            Ok(()) => "steps reach the sandbox and nothing else".to_owned(),
            Err(error) => format!("the system refuses network namespaces: {error}"),
        },
        needed_by: Vec::new(),
        advice: "not needed: proxies and hooks keep the usual clients in; in a container, `--security-opt \
                 seccomp=unconfined` or `--cap-add SYS_ADMIN` usually allows them"
            .to_owned(),
    }
}

/// How far virtual time reaches, tried where a run would have its clock. Pages are true without it, only later; where
/// the run's network itself cannot be started, none can be run.
fn clock(pages: &[(String, Arc<Plan>)]) -> Offer {
    let folder = Temporary::create("net-", false).map_err(|(_, error)| format!("no temporary folder: {error}"));
    let started = folder.and_then(|folder| match Network::start(folder.path(), &[]) {
        Ok(network) => Ok((network, folder)),
        Err(error) => Err(error.to_string()),
    });
    let (found, gap) = match &started {
        Err(reason) => (reason.as_str(), Some("set TMPDIR to a folder that can be written")),
        Ok((network, _)) => match (network.virtual_time(), network.clock_library()) {
            (Ok(()), Ok(())) => ("waits of pages are virtual", None),
            (Ok(()), Err(reason)) => ("in shells only `sleep` and `date` are virtual", Some(reason)),
            (Err(reason), _) => ("waits of pages are real", Some(reason)),
        },
    };
    let run = pages.iter().filter(|(_, plan)| plan.page.skip.is_none() && plan.steps().next().is_some());
    Offer {
        name: "clock",
        there: gap.is_none(),
        found: found.to_owned(),
        needed_by: run.filter(|_| started.is_err()).map(|(path, _)| path.clone()).collect(),
        advice: gap.unwrap_or_default().to_owned(),
    }
}

/// Whether steps can be held to `memory=`; told only where a page says it.
fn memory(pages: &[(String, Arc<Plan>)], can: Result<(), &'static str>) -> Option<Offer> {
    let limited = pages.iter().filter(|(_, plan)| plan.page.skip.is_none() && plan.first_limited().is_some());
    let needed_by: Vec<String> = limited.map(|(path, _)| path.clone()).collect();
    (!needed_by.is_empty()).then(|| Offer {
        name: "memory",
        there: can.is_ok(),
        found: can.err().map_or("limits what a step may hold", |why| why).to_owned(),
        needed_by,
        advice: "run these pages on Linux, or in a container; nothing else holds steps to `memory=`".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::memory;
    use crate::plan::specimen::planned;
    use std::sync::Arc;

    #[test]
    fn a_machine_that_limits_no_memory_lacks_what_a_page_needs() {
        let pages = [("a.md", "memory=64MiB"), ("b.md", "memory=64MiB skip"), ("c.md", "exit=0")]
            .map(|(path, options)| (path.to_owned(), Arc::new(planned(&format!("```bash {options}\nls\n```\n")).0)));
        let lacking = memory(&pages, Err("no")).unwrap();
        assert!(lacking.is_missed());
        assert_eq!((lacking.needed_by, lacking.found.as_str()), (vec!["a.md".to_owned()], "no"));
        assert!(memory(&pages, Ok(())).unwrap().there);
        assert_eq!(memory(&pages[1..], Err("no")), None);
    }
}
