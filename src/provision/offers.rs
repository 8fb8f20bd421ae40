//! What a machine offers of what pages need: programs with their versions, places to write.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::family::Family;
use super::interpreters::{Interpreter, Interpreters};
use super::tool::{Tool, on_path};
use crate::plan::{Language, Plan, Step};

/// How long a program may take to tell its version.
const PATIENCE: Duration = Duration::from_secs(30);

/// Something that a machine may offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What it is called.
    pub name: &'static str,
    /// True where it is there, and good enough for every page.
    pub there: bool,
    /// What there is, such as `3.12.1, /usr/bin/python3`.
    pub found: String,
    /// The pages that cannot be run without it, in order.
    pub needed_by: Vec<String>,
    /// What to do where it is not there.
    pub advice: String,
}

impl Offer {
    /// True where it is not there and a page needs it.
    pub fn is_missed(&self) -> bool {
        !self.there && !self.needed_by.is_empty()
    }
}

/// What the machine with these variables offers of what pages need, each with its path; `cache` is doccheck's folder.
pub fn offers(pages: &[(String, Arc<Plan>)], cache: &Path, variables: &[(String, String)]) -> Vec<Offer> {
    let machine = Machine { pages, variables, interpreters: Interpreters::default() };
    let uv = machine.program("uv", &[], "not needed: venv and pip install Python packages in its place, more slowly");
    let python = machine.interpreter(Family::Python);
    let node = machine.interpreter(Family::Node);
    let installs = |family: Family| {
        move |plan: &Plan| plan.steps().any(|step| step.skip.is_none()) && !family.packages(&plan.page).is_empty()
    };
    let mut offers = vec![
        machine.program("bash", &machine.needing(runs_a_shell), "install bash, so that it is on the PATH"),
        machine.program("curl", &machine.starting("curl"), "install curl, so that it is on the PATH"),
        python.0,
    ];
    let venv = python.1.filter(|_| !uv.there);
    offers.push(uv);
    offers.extend(venv.map(|python| machine.venv(&python, machine.needing(installs(Family::Python)))));
    let beside = node.1.as_ref().and_then(|node| node.path.parent()).map(|folder| folder.join("npm"));
    let npm = beside.filter(|npm| npm.exists()).or_else(|| on_path("npm", variables));
    let needing_npm = [machine.needing(installs(Family::Node)), machine.starting("npm")].concat();
    offers.extend([
        node.0,
        machine.told("npm", npm.as_deref(), &once(needing_npm), "install npm, so that it is on the PATH"),
        machine.program("git", &machine.starting("git"), "install git, so that it is on the PATH"),
        cache_folder(cache, pages),
    ]);
    offers
}

fn runs_a_shell(plan: &Plan) -> bool {
    let shell = |language| matches!(language, Language::Shell | Language::Console);
    let scripts = plan.page.setup.is_some() || plan.page.teardown.is_some();
    plan.steps().any(|step| step.skip.is_none() && (scripts || shell(step.language)))
}

/// The machine that is asked, and the pages to be run on it.
struct Machine<'a> {
    pages: &'a [(String, Arc<Plan>)],
    variables: &'a [(String, String)],
    interpreters: Interpreters,
}

impl Machine<'_> {
    /// The pages that `needs` is true of; none of a page that is skipped.
    fn needing(&self, needs: impl Fn(&Plan) -> bool) -> Vec<String> {
        let pages = self.pages.iter().filter(|(_, plan)| plan.page.skip.is_none() && needs(plan));
        pages.map(|(path, _)| path.clone()).collect()
    }

    /// The pages whose shells start the program `name`.
    fn starting(&self, name: &str) -> Vec<String> {
        self.needing(|plan| {
            plan.steps().any(|step| step.skip.is_none() && step.programs().iter().any(|program| program == name))
        })
    }

    /// A program on the `PATH`.
    fn program(&self, name: &'static str, needed_by: &[String], advice: &str) -> Offer {
        self.told(name, on_path(name, self.variables).as_deref(), needed_by, advice)
    }

    /// A program with the version that it tells.
    fn told(&self, name: &'static str, program: Option<&Path>, needed_by: &[String], advice: &str) -> Offer {
        let found = program.map(|program| match self.version(program) {
            Some(version) => format!("{version}, {}", program.display()),
            None => format!("{}, which does not tell its version", program.display()),
        });
        Offer {
            name,
            there: found.is_some(),
            found: found.unwrap_or_else(|| "not on the PATH".to_owned()),
            needed_by: needed_by.to_vec(),
            advice: advice.to_owned(),
        }
    }

    /// The first word of what `program --version` prints that starts with a digit.
    fn version(&self, program: &Path) -> Option<String> {
        let told = self.ask(program, &["--version"])?;
        let mut words = told.split_whitespace().map(|word| word.trim_end_matches(',').trim_start_matches('v'));
        words.find(|word| word.starts_with(|first: char| first.is_ascii_digit())).map(str::to_owned)
    }

    fn ask(&self, program: &Path, args: &[&str]) -> Option<String> {
        let tool = Tool {
            program,
            args: args.iter().map(Into::into).collect(),
            cwd: Path::new("."),
            variables: self.variables,
            // npm is a script that needs the Node beside it.
            first_on_path: program.parent(),
            holds: None,
            patience: PATIENCE,
        };
        tool.run().ok()
    }

    /// The interpreter that a reader's terminal would start, and whether every page finds one that is new enough.
    fn interpreter(&self, family: Family) -> (Offer, Option<Interpreter>) {
        let steps = |plan: &Plan| plan.steps().filter(|step| step.skip.is_none()).cloned().collect::<Vec<_>>();
        let runs = |plan: &Plan| {
            let steps = steps(plan);
            steps.iter().any(|step| Family::of(step.language) == Some(family))
                || (!steps.is_empty() && !family.packages(&plan.page).is_empty())
        };
        let starts = |plan: &Plan, missing: bool| {
            let programs = steps(plan).iter().flat_map(Step::programs).collect::<Vec<_>>();
            let meant = family.programs().iter().filter(|name| programs.iter().any(|program| program == *name));
            meant.into_iter().any(|name| !missing || on_path(name, self.variables).is_none())
        };
        let mut lowest = family.minimum();
        let mut lacking = Vec::new();
        for (path, plan) in self.pages.iter().filter(|(_, plan)| plan.page.skip.is_none()) {
            let promised = family.promised(&plan.page);
            let lacks = runs(plan) && self.interpreters.choose(family, promised, self.variables).is_err();
            if lacks {
                lowest = lowest.max(promised.unwrap_or_default());
            }
            // What a page's shell starts, whatever its version, needs only be there.
            if lacks || starts(plan, true) {
                lacking.push(path.clone());
            }
        }
        let needing = self.needing(|plan| runs(plan) || starts(plan, false));
        let usual = self.interpreters.choose(family, None, self.variables);
        let told = |found: &Interpreter| format!("{}, {}", found.release, found.path.display());
        let found = match &usual {
            Ok(interpreter) => told(interpreter),
            Err(old) if old.is_empty() => "not on the PATH".to_owned(),
            Err(old) => old.iter().map(|old| format!("{}, which is too old", told(old))).collect::<Vec<_>>().join("; "),
        };
        let lowest = if lowest.1 == 0 { lowest.0.to_string() } else { format!("{}.{}", lowest.0, lowest.1) };
        let offer = Offer {
            name: family.name(),
            there: usual.is_ok() && lacking.is_empty(),
            found,
            needed_by: if lacking.is_empty() { needing } else { lacking },
            advice: format!(
                "install {} {lowest} or later, so that `{}` is on the PATH",
                family.name(),
                family.programs()[0]
            ),
        };
        (offer, usual.ok())
    }

    /// Whether Python can make environments: some systems leave that to a package of its own.
    fn venv(&self, python: &Interpreter, needed_by: Vec<String>) -> Offer {
        let there = self.ask(&python.path, &["-I", "-c", "import venv, ensurepip"]).is_some();
        Offer {
            name: "venv",
            there,
            found: if there { "part of this Python".to_owned() } else { "not part of this Python".to_owned() },
            needed_by,
            advice: "install uv, or what your system calls `python3-venv`".to_owned(),
        }
    }
}

/// The same paths, each once.
fn once(paths: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    paths.into_iter().filter(|path| seen.insert(path.clone())).collect()
}

/// Whether the cache can be written; interpreters' links and packages lie there.
fn cache_folder(cache: &Path, pages: &[(String, Arc<Plan>)]) -> Offer {
    let written = std::fs::create_dir_all(cache).and_then(|()| tempfile::NamedTempFile::new_in(cache));
    let interpreted = |plan: &Plan| {
        plan.page.skip.is_none() && plan.steps().any(|step| step.skip.is_none() && Family::of(step.language).is_some())
    };
    Offer {
        name: "cache",
        there: written.is_ok(),
        found: match &written {
            Ok(_) => cache.display().to_string(),
            Err(error) => format!("{}, which cannot be written: {error}", cache.display()),
        },
        needed_by: pages.iter().filter(|(_, plan)| interpreted(plan)).map(|(path, _)| path.clone()).collect(),
        advice: "set XDG_CACHE_HOME to a folder that can be written".to_owned(),
    }
}
