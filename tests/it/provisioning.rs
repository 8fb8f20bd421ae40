//! Interpreters and packages: with made-up tools on a `PATH` of the test's own, and once each with the real ones.
//! Nothing here needs a network.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use doccheck::diagnostic::Diagnostic;
use doccheck::options::ExpectedExit;
use doccheck::plan::{Action, Language, PagePlan, Plan, Session, Step};
use doccheck::provision::{Provisioner, Tools};
use doccheck::source::{Located, SourceFile, Span, Spanned};
use doccheck::tutorial;

/// A machine of the test's own: a `PATH` with a few programs of the real one, a home, a cache, a page's folder.
struct Machine {
    folder: tempfile::TempDir,
    variables: BTreeMap<String, String>,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["bin", "home", "pages"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let (bin, home) = (folder.path().join("bin"), folder.path().join("home"));
        let variables = BTreeMap::from([
            ("PATH".to_owned(), bin.display().to_string()),
            ("HOME".to_owned(), home.display().to_string()),
        ]);
        let machine = Self { folder, variables };
        for program in ["sh", "bash", "env", "cat", "mkdir", "dirname", "uname", "sed", "rm"] {
            machine.link(program, &real(program));
        }
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn link(&self, name: &str, target: &Path) {
        symlink(target, self.path("bin").join(name)).unwrap();
    }

    /// A program that is a shell script. What it appends to `$LOG` is read by `log`.
    fn script(&self, name: &str, text: &str) {
        let (path, log, sh) = (self.path("bin").join(name), self.path("log"), real("sh"));
        let text = format!("#!{}\nLOG='{}'\n{text}", sh.display(), log.display());
        // Written by another process: a file that this one has open for writing, and with it any child that another
        // test is just starting, cannot be run ("text file busy").
        let write = "printf '%s\\n' \"$2\" > \"$1\"; chmod 755 \"$1\"";
        printed(&sh, &["-c", write, "sh", path.to_str().unwrap(), &text]);
    }

    /// A program that says it is an interpreter, and takes note of every question.
    fn interpreter(&self, name: &str, release: &str) {
        self.script(name, &format!("echo {name} >> $LOG\nprintf '%s\\n' \"$0\" {release} False"));
    }

    /// An installer that takes note of what it is called for; what it does when it installs is `install`.
    fn uv(&self, install: &str) {
        let made = "mkdir -p \"$6/bin\"; : > \"$6/bin/python\"";
        self.script("uv", &format!("echo \"uv $*\" >> $LOG\nif [ \"$1\" = venv ]; then {made}; else {install}; fi"));
    }

    fn log(&self) -> Vec<String> {
        fs::read_to_string(self.path("log")).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    fn provisioner(&self, offline: bool) -> Provisioner {
        Provisioner::new(self.path("cache"), offline, self.variables.clone().into_iter().collect())
    }

    fn environments(&self) -> usize {
        let entries = fs::read_dir(self.path("cache/env")).map(Iterator::collect::<Vec<_>>).unwrap_or_default();
        entries.into_iter().filter(|entry| entry.as_ref().unwrap().path().is_dir()).count()
    }

    /// A page in the page's folder: its front matter names packages, and it has one step a language.
    fn page(&self, python: &[&str], node: &[&str], languages: &[Language]) -> Plan {
        let list =
            |packages: &[&str]| packages.iter().map(|package| format!("'{package}'")).collect::<Vec<_>>().join(", ");
        let mut text = format!("---\ndoccheck:\n  python: [{}]\n  node: [{}]\n---\n", list(python), list(node));
        text.push_str(&"\n```\ncode\n```\n".repeat(languages.len()));
        let source = SourceFile::new(self.path("pages/page.md"), text);
        let located = |packages: &[&str]| -> Vec<Located<String>> {
            let place =
                |package: &str| source.text().find(package).map(|at| Span::new(at, at + package.len())).unwrap();
            let package = |package: &&str| Spanned::new((*package).to_owned(), place(package));
            packages.iter().map(|named| Located::new(package(named), &source)).collect()
        };
        let page = PagePlan { python: located(python), node: located(node), ..PagePlan::default() };
        let (tutorial, found) = tutorial::read(source);
        assert_eq!((tutorial.fences.len(), found.len()), (languages.len(), 0));
        let step = |(fence, language): (usize, &Language)| Action::Step(Box::new(step(fence, *language)));
        let actions = languages.iter().enumerate().map(step).collect();
        Plan { tutorial, page, roles: Vec::new(), actions, ruled: Vec::new() }
    }
}

fn step(fence: usize, language: Language) -> Step {
    Step {
        name: format!("step-{fence}"),
        fence,
        language,
        code: tutorial::Code::default(),
        commands: Vec::new(),
        watches: Vec::new(),
        session: Session::Fresh,
        exit: ExpectedExit::Code(0),
        exit_reason: None,
        timeout: Duration::from_secs(10),
        memory: None,
        stdin: None,
        env: Vec::new(),
        faults: Vec::new(),
        when: None,
        skip: None,
        known_stale: None,
        output: None,
        expectations: Vec::new(),
        service: None,
    }
}

/// Where the test's own machine has a program.
fn real(program: &str) -> PathBuf {
    doccheck::process::find_program(program, &std::env::var("PATH").unwrap())
        .unwrap_or_else(|| panic!("`{program}` is needed for this test"))
}

/// What a real interpreter prints for an expression.
fn printed(program: &Path, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn real_python() -> PathBuf {
    PathBuf::from(printed(&real("python3"), &["-c", "import sys; print(sys.executable)"]))
}

fn provide(provisioner: &Provisioner, plan: &Plan) -> Result<(Tools, Vec<String>), Diagnostic> {
    let told = Mutex::new(Vec::new());
    let tools = provisioner.provide(plan, &|line| told.lock().unwrap().push(line.to_owned()))?;
    Ok((tools, told.into_inner().unwrap()))
}

#[test]
fn a_page_without_python_and_node_needs_nothing() {
    let machine = Machine::new();
    machine.interpreter("python3", "3.11.7");
    let plan = machine.page(&[], &[], &[Language::Shell, Language::Http]);
    assert_eq!(provide(&machine.provisioner(false), &plan).unwrap(), (Tools::default(), Vec::new()));
    assert_eq!(machine.log(), Vec::<String>::new());
    assert!(!machine.path("cache").exists());
}

#[test]
fn behind_a_shim_is_the_interpreter_itself_and_it_is_asked_once() {
    let machine = Machine::new();
    let python = real_python();
    machine.script("python3", &format!("echo shim >> $LOG\nexec '{}' \"$@\"", python.display()));
    let plan = machine.page(&[], &[], &[Language::Python]);
    let provisioner = machine.provisioner(false);
    let (tools, _) = provide(&provisioner, &plan).unwrap();
    assert_eq!(tools.python, Some(python.clone()));
    assert_eq!(provide(&provisioner, &plan).unwrap().0, tools);
    assert_eq!(machine.log(), ["shim"]);

    // The first folder of the steps' PATH leads past the shim, for both names.
    for name in ["python3", "python"] {
        let asked = "import sys; print(sys.prefix)";
        assert_eq!(printed(&tools.path[0].join(name), &["-c", asked]), printed(&python, &["-c", asked]));
    }
    assert_eq!(machine.log(), ["shim"]);
}

#[test]
fn the_python_of_a_venv_is_used_where_it_is() {
    let machine = Machine::new();
    let venv = machine.path("venv");
    printed(&real_python(), &["-m", "venv", "--without-pip", venv.to_str().unwrap()]);
    machine.link("python3", &venv.join("bin/python3"));
    let search = format!("{}:{}", venv.join("bin").display(), machine.variables["PATH"]);
    let mut machine = machine;
    machine.variables.insert("PATH".to_owned(), search);
    let (tools, _) = provide(&machine.provisioner(false), &machine.page(&[], &[], &[Language::Pycon])).unwrap();
    let prefix = printed(&tools.path[0].join("python3"), &["-c", "import sys; print(sys.prefix)"]);
    assert_eq!(prefix, venv.display().to_string());
}

#[test]
fn the_lowest_promised_version_is_used() {
    let machine = Machine::new();
    machine.interpreter("python3", "3.13.0");
    machine.interpreter("python3.11", "3.11.4");
    machine.interpreter("python3.12", "3.12.1");
    let chosen = |promised| {
        let mut plan = machine.page(&[], &[], &[Language::Python]);
        plan.page.python_version = promised;
        let tools = provide(&machine.provisioner(false), &plan)?.0;
        Ok::<_, Diagnostic>(tools.python.unwrap().file_name().unwrap().to_str().unwrap().to_owned())
    };
    // Without a promise it is what the reader's terminal starts.
    assert_eq!(chosen(None).unwrap(), "python3");
    assert_eq!(chosen(Some((3, 11))).unwrap(), "python3.11");
    assert_eq!(chosen(Some((3, 12))).unwrap(), "python3.12");
    assert_eq!(chosen(Some((3, 13))).unwrap(), "python3");
    // doccheck cannot run steps in older ones.
    assert_eq!(chosen(Some((3, 8))).unwrap(), "python3.11");

    let found = chosen(Some((3, 14))).unwrap_err();
    assert_eq!((found.code, found.line()), ("missing-tool", Some(7)));
    assert_eq!(found.message, "this page needs Python 3.14 or later, and on the PATH is only 3.13.0");
    assert_eq!(found.help, ["install Python 3.14 or later, so that `python3` is on the PATH"]);
}

#[test]
fn what_a_page_only_promises_is_used_in_its_shell_but_not_missed() {
    let machine = Machine::new();
    let mut plan = machine.page(&[], &[], &[Language::Shell]);
    plan.page.node_version = Some((20, 0));
    assert_eq!(provide(&machine.provisioner(false), &plan).unwrap().0, Tools::default());

    machine.interpreter("node", "20.20.2");
    let (tools, _) = provide(&machine.provisioner(false), &plan).unwrap();
    assert_eq!(tools.node, Some(machine.path("bin/node")));
}

#[test]
fn a_missing_tool_is_told_at_the_step_that_needs_it() {
    let machine = Machine::new();
    let plan = machine.page(&[], &[], &[Language::Shell, Language::TypeScript, Language::JavaScript]);
    let found = provide(&machine.provisioner(false), &plan).unwrap_err();
    assert_eq!((found.code, found.line()), ("missing-tool", Some(11)));
    assert_eq!(found.message, "this page needs `node`, which is not on the PATH");
    assert_eq!(found.help, ["install Node 20 or later, so that `node` is on the PATH"]);

    // A shim whose version is not there is no interpreter.
    machine.script("python3", "echo 'no such version' >&2; exit 127");
    let found = provide(&machine.provisioner(false), &machine.page(&[], &[], &[Language::Python])).unwrap_err();
    assert_eq!(found.message, "this page needs `python3`, which is not on the PATH");

    // A step that is skipped needs nothing.
    let mut plan = machine.page(&[], &[], &[Language::TypeScript]);
    let Action::Step(step) = &mut plan.actions[0] else { panic!("it is a step") };
    step.skip = Some("not today".to_owned());
    assert_eq!(provide(&machine.provisioner(false), &plan).unwrap().0, Tools::default());
}

#[test]
fn packages_are_installed_once_whatever_their_order() {
    let machine = Machine::new();
    machine.interpreter("python3", "3.11.7");
    machine.uv(":");
    let plan = machine.page(&["requests==2.32.5", "httpx >= 0.28"], &[], &[Language::Python]);
    let (tools, told) = provide(&machine.provisioner(false), &plan).unwrap();
    assert_eq!(told, ["installing requests==2.32.5, httpx >= 0.28 (once)"]);
    let venv = tools.python.clone().unwrap().ancestors().nth(2).unwrap().to_path_buf();
    assert_eq!(tools.path, [venv.join("bin")]);
    assert_eq!(tools.env[0], ("VIRTUAL_ENV".to_owned(), venv.display().to_string()));
    let (python, venv) = (machine.path("bin/python3"), venv.display());
    assert_eq!(
        machine.log(),
        [
            "python3".to_owned(),
            format!("uv venv --seed --no-python-downloads --python {} {venv}", python.display()),
            format!("uv pip install --python {venv}/bin/python requests==2.32.5 httpx >= 0.28"),
        ]
    );

    // Another run, the other order, and nothing to install: also offline.
    let plan = machine.page(&["httpx >= 0.28", "requests==2.32.5"], &[], &[]);
    assert_eq!(provide(&machine.provisioner(true), &plan).unwrap(), (tools, Vec::new()));
    assert_eq!(machine.log().len(), 4);

    // Another interpreter at the same place is another environment.
    machine.interpreter("python3", "3.11.8");
    provide(&machine.provisioner(false), &plan).unwrap();
    assert_eq!(machine.environments(), 2);
}

#[test]
fn offline_says_what_is_missing() {
    let machine = Machine::new();
    machine.interpreter("python3", "3.11.7");
    machine.uv(":");
    let plan = machine.page(&["requests==2.32.5"], &[], &[Language::Python]);
    let found = provide(&machine.provisioner(true), &plan).unwrap_err();
    assert_eq!((found.code, found.line(), found.column()), ("offline", Some(3), Some(13)));
    assert_eq!(found.message, "not installed yet, and `--offline` installs nothing: requests==2.32.5");
    assert_eq!(machine.log(), ["python3"]);
}

#[test]
fn a_failed_install_is_told_and_leaves_nothing() {
    let machine = Machine::new();
    machine.interpreter("python3", "3.11.7");
    machine.uv("echo 'from https://me:s3cret@packages.example'; echo 'no version of nosuch' >&2; exit 1");
    let plan = machine.page(&["requests", "nosuch==9"], &[], &[Language::Python]);
    let provisioner = machine.provisioner(false);
    let found = provide(&provisioner, &plan).unwrap_err();
    assert_eq!((found.code, found.line()), ("cannot-install", Some(3)));
    assert_eq!(found.source.as_ref().unwrap().slice(found.labels[0].span), "nosuch==9");
    assert_eq!(found.message, "cannot install requests, nosuch==9");
    let said = "the installer said:\nfrom https://***@packages.example\nno version of nosuch";
    assert_eq!(found.help, [said, "see whether the network is there, and whether names and versions are right"]);
    assert_eq!(machine.environments(), 0);

    machine.uv(":");
    assert_eq!(provide(&provisioner, &plan).unwrap().1, ["installing requests, nosuch==9 (once)"]);
}

#[test]
fn what_is_half_built_is_built_anew() {
    let machine = Machine::new();
    machine.interpreter("python3", "3.11.7");
    machine.uv(": > \"${4%/bin/python}/whole\"");
    let plan = machine.page(&["requests"], &[], &[Language::Python]);
    let (tools, _) = provide(&machine.provisioner(false), &plan).unwrap();
    let venv = tools.python.unwrap().ancestors().nth(2).unwrap().to_path_buf();
    assert!(venv.join("whole").exists());

    // As a power cut would leave it: some files, and no mark.
    fs::remove_file(venv.join(".doccheck-complete")).unwrap();
    fs::remove_file(venv.join("whole")).unwrap();
    fs::write(venv.join("rubbish"), "").unwrap();
    assert_eq!(provide(&machine.provisioner(true), &plan).unwrap_err().code, "offline");
    assert_eq!(provide(&machine.provisioner(false), &plan).unwrap().1, ["installing requests (once)"]);
    assert!(venv.join("whole").exists() && !venv.join("rubbish").exists());
}

#[test]
fn two_runs_at_once_install_once() {
    let machine = Machine::new();
    machine.interpreter("python3", "3.11.7");
    let (ready, go) = (machine.path("ready"), machine.path("go"));
    // Not for ever: a test that fails must not hang.
    let waits = format!(
        "i=0; until [ -e '{}' ] || [ $((i += 1)) -gt 6000 ]; do '{}' 0.01; done",
        go.display(),
        real("sleep").display()
    );
    machine.uv(&format!(": > '{}'; {waits}", ready.display()));
    let plan = machine.page(&["requests"], &[], &[Language::Python]);
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| provide(&machine.provisioner(false), &plan).unwrap());
        // The first run installs and holds the lock from here on, until the second one says that it waits.
        while !ready.exists() && !first.is_finished() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let told = Mutex::new(Vec::new());
        let tools = machine.provisioner(false).provide(&plan, &|line| {
            told.lock().unwrap().push(line.to_owned());
            fs::write(&go, "").unwrap();
        });
        (first.join().unwrap(), (tools.unwrap(), told.into_inner().unwrap()))
    });
    assert_eq!(first.0, second.0);
    assert_eq!(first.1, ["installing requests (once)"]);
    assert_eq!(second.1, ["waiting for another page or run that installs the same packages"]);
    assert_eq!(machine.log().iter().filter(|line| line.starts_with("uv venv")).count(), 1);
}

/// It may outlive a doccheck that is killed, and nobody else may build in its place meanwhile.
#[test]
fn the_installer_holds_the_lock_too() {
    let machine = Machine::new();
    machine.interpreter("python3", "3.11.7");
    machine.uv("bash -c 'echo held >&210'");
    provide(&machine.provisioner(false), &machine.page(&["requests"], &[], &[Language::Python])).unwrap();
    let entries = fs::read_dir(machine.path("cache/env")).unwrap().map(|entry| entry.unwrap().path());
    let locks: Vec<_> = entries.filter(|path| path.extension().is_some()).collect();
    assert_eq!((locks.len(), fs::read_to_string(&locks[0]).unwrap()), (1, "held\n".to_owned()));
}

#[test]
fn paths_of_packages_are_the_pages_or_the_configurations() {
    let machine = Machine::new();
    machine.interpreter("python3", "3.11.7");
    machine.uv(":");
    for folder in ["pages/sdk", "site/sdk"] {
        fs::create_dir_all(machine.path(folder)).unwrap();
    }
    let mut plan = machine.page(&["-e ./sdk"], &[], &[Language::Python]);
    let named = Spanned::new("./sdk[cli]".to_owned(), Span::default());
    let config = SourceFile::new(machine.path("site/doccheck.toml"), "");
    plan.page.python.push(Located::new(named, &config));
    provide(&machine.provisioner(false).with_root(machine.path("site")), &plan).unwrap();
    let (own, site) = (machine.path("pages/sdk"), machine.path("site/sdk"));
    let told = machine.log().pop().unwrap();
    assert!(told.ends_with(&format!("python -e {} {}[cli]", own.display(), site.display())), "{told}");

    let found = provide(&machine.provisioner(false), &machine.page(&["./nosuch"], &[], &[])).unwrap_err();
    assert_eq!((found.code, found.line()), ("bad-package", Some(3)));
    let missing = machine.path("pages/nosuch");
    assert_eq!(found.message, format!("`./nosuch` cannot be installed: there is no {}", missing.display()));
}

#[test]
fn installers_get_no_secrets() {
    let mut machine = Machine::new();
    machine.interpreter("python3", "3.11.7");
    machine.uv("env >> $LOG");
    for (name, value) in [("GITHUB_TOKEN", "s3cret"), ("UV_INDEX_URL", "https://packages.example")] {
        machine.variables.insert(name.to_owned(), value.to_owned());
    }
    provide(&machine.provisioner(false), &machine.page(&["requests"], &[], &[Language::Python])).unwrap();
    let log = machine.log();
    assert!(log.contains(&"UV_INDEX_URL=https://packages.example".to_owned()), "{log:?}");
    assert!(!log.iter().any(|line| line.contains("s3cret")), "{log:?}");
}

#[test]
fn pip_installs_a_real_package() {
    let mut machine = Machine::new();
    machine.link("python3", &real_python());
    wheel(&machine.path("pages/greeting-1.0-py3-none-any.whl"));
    machine.variables.insert("PIP_NO_INDEX".to_owned(), "1".to_owned());
    machine.variables.insert("PIP_FIND_LINKS".to_owned(), machine.path("pages").display().to_string());
    let plan = machine.page(&["greeting==1.0"], &[], &[Language::Python]);
    let (tools, told) = provide(&machine.provisioner(false), &plan).unwrap();
    assert_eq!(told, ["installing greeting==1.0 (once)"]);
    let greeting = ["-c", "import greeting; print(greeting.TEXT)"];
    assert_eq!(printed(tools.python.as_ref().unwrap(), &greeting), "hello");
    assert_eq!(printed(&tools.path[0].join("python"), &greeting), "hello");
    // A page's own `pip install` finds it there.
    let pip = printed(&tools.path[0].join("pip"), &["install", "--no-index", "greeting"]);
    assert!(pip.contains("Requirement already satisfied: greeting"), "{pip}");
    assert_eq!(tools.env[1], ("PIP_DISABLE_PIP_VERSION_CHECK".to_owned(), "1".to_owned()));
}

#[test]
fn what_a_page_builds_does_not_see_the_packages_of_its_environment() {
    let machine = Machine::new();
    machine.link("python3", &real_python());
    machine.uv("true");
    let mut plan = machine.page(&["greeting"], &[], &[Language::Shell]);
    let Action::Step(step) = &mut plan.actions[0] else { panic!("it is a step") };
    step.code.text = "pip install ./sdk\n".to_owned();
    let (tools, _) = provide(&machine.provisioner(false), &plan).unwrap();
    let version = printed(&real_python(), &["-c", "import sys; print(*sys.version_info[:2], sep='.')"]);
    let packages = tools.path[0].parent().unwrap().join(format!("lib/python{version}/site-packages"));
    let in_place = machine.path("in-place");
    for (path, text) in [
        (packages.join("greeting.py"), "TEXT = 'hello'\n".to_owned()),
        (packages.join("sdk.pth"), format!("{}\n", in_place.display())),
        (in_place.join("other.py"), "TEXT = 'there'\n".to_owned()),
    ] {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::create_dir(machine.path("work")).unwrap();
    let tools = tools.in_workspace(&plan, &machine.path("work"), &machine.path("work")).unwrap();
    let python = tools.python.unwrap();
    let own = "import greeting, other; print(greeting.TEXT, other.TEXT)";
    assert_eq!(printed(&python, &["-c", own]), "hello there");
    // So pip finds out which paths are not for a program that builds a package.
    let isolated = "\
import importlib.util, site, sys, sysconfig
before = sys.path[:]
site.addsitedir(sysconfig.get_path('purelib'), set())
added = set(sys.path[len(before):])
sys.path = [path for path in before if path not in added]
print([importlib.util.find_spec(name) for name in ('greeting', 'other')])";
    assert_eq!(printed(&python, &["-c", isolated]), "[None, None]");
}

#[test]
fn npm_installs_a_real_package() {
    let mut machine = Machine::new();
    let node = PathBuf::from(printed(&real("node"), &["-p", "process.execPath"]));
    machine.link("node", &node);
    if !node.with_file_name("npm").exists() {
        machine.link("npm", &real("npm"));
    }
    machine.variables.insert("npm_config_offline".to_owned(), "true".to_owned());
    let sdk = machine.path("pages/sdk");
    fs::create_dir(&sdk).unwrap();
    fs::write(sdk.join("package.json"), r#"{"name": "sdk", "version": "1.0.0", "type": "module"}"#).unwrap();
    fs::write(sdk.join("index.js"), "export const text = 'hello'\n").unwrap();
    let plan = machine.page(&[], &["file:./sdk"], &[Language::JavaScript]);
    let (tools, told) = provide(&machine.provisioner(false), &plan).unwrap();
    assert_eq!(told, ["installing file:./sdk (once)"]);
    assert_eq!(tools.node, Some(node));
    // A page's own `npm install` finds packages where they were downloaded to.
    let cache = machine.path("cache/npm");
    assert!(cache.is_dir());
    assert_eq!(
        tools.env[..2],
        [
            ("npm_config_cache".to_owned(), cache.display().to_string()),
            ("npm_config_offline".to_owned(), "true".to_owned())
        ]
    );

    // Where the folder is linked above a working directory, an ES module finds the package, and it is a copy.
    symlink(tools.node_modules.as_ref().unwrap(), machine.path("node_modules")).unwrap();
    fs::write(machine.path("home/step.mjs"), "import { text } from 'sdk'; console.log(text)\n").unwrap();
    fs::remove_dir_all(&sdk).unwrap();
    let script = machine.path("home/step.mjs");
    assert_eq!(printed(&tools.path[0].join("node"), &[script.to_str().unwrap()]), "hello");
}

/// Writes the smallest wheel there is: a stored zip of one module and what describes it.
fn wheel(path: &Path) {
    let files = [
        ("greeting.py", "TEXT = 'hello'\n"),
        ("greeting-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n"),
        (
            "greeting-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        ),
        (
            "greeting-1.0.dist-info/RECORD",
            "greeting.py,,\ngreeting-1.0.dist-info/METADATA,,\ngreeting-1.0.dist-info/WHEEL,,\ngreeting-1.0.dist-info/RECORD,,\n",
        ),
    ];
    let script = "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'w') as wheel:\n  for name, text in zip(sys.argv[2::2], sys.argv[3::2]): wheel.writestr(name, text)";
    let output = Command::new(real_python())
        .args(["-c", script])
        .arg(path)
        .args(files.iter().flat_map(|(name, text)| [name, text]))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}
