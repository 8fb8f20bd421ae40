//! The sandbox's own client packages, put where a page's programs look last: whatever the page, its configuration or
//! one of its steps installs under the same name comes first.

#![expect(clippy::disallowed_methods, reason = "packages are files")]

use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::{DirEntry, WalkDir};

use crate::plan::names::imports::{imports, imports_of_file, may_import};
use crate::plan::{Action, Plan};
use crate::sandbox::{Client, Ecosystem};
use crate::source::Span;

/// The variable that tells Python where its packages are; the hook `sitecustomize.py` reads it.
pub(super) const VARIABLE: &str = "DOCCHECK_STAND_INS";

/// The folder of the packages in a workspace, beside where its steps work.
const FOLDER: &str = "stand-ins";

/// The most that is read of a file of the workspace to find what it imports.
const READ: u64 = 1024 * 1024;

/// A client package that stands in for the one that a page imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandIn {
    /// The package.
    pub client: Arc<Client>,
    /// Where the page first imports it; absent where a file of its workspace does.
    pub place: Option<Span>,
}

/// The packages of the page's own environments, where it has some: `node_modules`, `site-packages`.
#[derive(Debug, Default)]
pub(super) struct Installed {
    pub(super) node: Option<PathBuf>,
    pub(super) python: Option<PathBuf>,
}

/// Those of `clients` that nobody has installed for the page.
pub(super) fn missing(clients: &[Arc<Client>], installed: &Installed) -> Vec<Arc<Client>> {
    let there = |client: &Client| match client.ecosystem {
        Ecosystem::Node => installed.node.as_ref().is_some_and(|folder| folder.join(&client.name).exists()),
        Ecosystem::Python => installed.python.as_ref().is_some_and(|folder| has_distribution(folder, client)),
    };
    clients.iter().filter(|client| !there(client)).cloned().collect()
}

/// Those of `clients` that the page imports, or a program in its workspace at `work`, and that neither holds itself.
pub(super) fn wanted(plan: &Plan, clients: &[Arc<Client>], work: &Path) -> Vec<StandIn> {
    if clients.is_empty() {
        return Vec::new();
    }
    let (imports, files) = (imports(plan), files(clients, work));
    let mut found = Vec::new();
    for client in clients {
        let own = own_paths(client).any(|own| work.join(own).exists()) || saves_its_own(plan, client);
        let is_it = |ecosystem, module: &String| ecosystem == client.ecosystem && client.modules.contains(module);
        let import = imports.iter().find(|import| is_it(import.ecosystem, &import.module));
        let in_file = || files.iter().any(|(ecosystem, module)| is_it(*ecosystem, module));
        if !own && (import.is_some() || in_file()) {
            found.push(StandIn { client: Arc::clone(client), place: import.map(|import| import.place) });
        }
    }
    found.sort_by_key(|stand_in| stand_in.place.map(|place| place.start));
    found
}

/// What the programs in a workspace import that speak of one of `clients` at all.
fn files(clients: &[Arc<Client>], work: &Path) -> Vec<(Ecosystem, String)> {
    let speaks = |text: &str| clients.iter().flat_map(|client| &client.modules).any(|module| text.contains(module));
    let kept = |entry: &DirEntry| entry.file_name() != "node_modules" && entry.file_name() != ".git";
    let entries = WalkDir::new(work).into_iter().filter_entry(kept).filter_map(Result::ok);
    let mut found = Vec::new();
    for entry in entries.filter(|entry| entry.file_type().is_file()) {
        let path = entry.path().to_string_lossy();
        if may_import(&path) && entry.metadata().is_ok_and(|data| data.len() <= READ) {
            let bytes = std::fs::read(entry.path()).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            found.extend(speaks(&text).then(|| imports_of_file(&path, &text)).into_iter().flatten());
        }
    }
    found
}

/// True where the page saves a module of that name in its workspace, where Python looks first.
fn saves_its_own(plan: &Plan, client: &Client) -> bool {
    plan.actions.iter().any(|action| match action {
        Action::File(file) => own_paths(client).any(|own| Path::new(&file.path.value).starts_with(own)),
        Action::Step(_) => false,
    })
}

/// Where a workspace would hold a package of that name itself.
fn own_paths(client: &Client) -> impl Iterator<Item = PathBuf> {
    let node = client.ecosystem == Ecosystem::Node;
    client.modules.iter().flat_map(move |module| match node {
        true => vec![Path::new("node_modules").join(module)],
        false => vec![PathBuf::from(module), PathBuf::from(format!("{module}.py"))],
    })
}

/// True where `site-packages` holds one of the client's modules, or a distribution of its name: one that is installed in
/// place has its modules elsewhere.
fn has_distribution(folder: &Path, client: &Client) -> bool {
    let module = |module: &String| folder.join(module).exists() || folder.join(format!("{module}.py")).exists();
    let names =
        || std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.file_name());
    let distribution = |name: std::ffi::OsString| {
        let name = name.to_string_lossy().into_owned();
        let own = name.strip_suffix(".dist-info").and_then(|rest| rest.split('-').next());
        own.is_some_and(|own| normal(own) == normal(&client.name))
    };
    client.modules.iter().any(module) || names().any(distribution)
}

/// A name as all its spellings are compared.
fn normal(name: &str) -> String {
    name.to_lowercase().replace(['-', '.'], "_")
}

/// Makes `node_modules` in `root` with the packages for Node, beside links to those in `installed`; false where there are
/// none, and nothing is made.
///
/// # Errors
///
/// The system's answer.
pub(super) fn make_node_modules(stand_ins: &[StandIn], root: &Path, installed: Option<&Path>) -> io::Result<bool> {
    let clients: Vec<&Client> = of(stand_ins, Ecosystem::Node).collect();
    if clients.is_empty() {
        return Ok(false);
    }
    let folder = root.join("node_modules");
    std::fs::create_dir_all(&folder)?;
    let scopes: Vec<&str> = clients.iter().filter_map(|client| Some(client.name.split_once('/')?.0)).collect();
    for entry in installed.map(std::fs::read_dir).transpose()?.into_iter().flatten() {
        let entry = entry?;
        let (name, target) = (entry.file_name(), entry.path());
        if !scopes.iter().any(|scope| name == **scope) {
            symlink(target, folder.join(name))?;
            continue;
        }
        // A scope that a stand-in has too is a folder of its own.
        std::fs::create_dir_all(folder.join(&name))?;
        for entry in std::fs::read_dir(target)? {
            let entry = entry?;
            symlink(entry.path(), folder.join(&name).join(entry.file_name()))?;
        }
    }
    for client in clients {
        let package = root.join(FOLDER).join("node").join(&client.name);
        for file in &client.files {
            write(&package.join(&file.path), &file.text)?;
        }
        let link = folder.join(&client.name);
        std::fs::create_dir_all(link.parent().unwrap_or(&folder))?;
        symlink(package, link)?;
    }
    Ok(true)
}

/// Makes a folder in `root` with an `npm` that installs the stand-ins where a step tells the real one, at `npm`, to
/// install what they stand in for: the folder, to stand first on the steps' `PATH`.
///
/// # Errors
///
/// The system's answer.
pub(super) fn make_npm(stand_ins: &[StandIn], root: &Path, npm: &Path) -> io::Result<PathBuf> {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let top = root.join(FOLDER);
    let cases: String = of(stand_ins, Ecosystem::Node)
        .map(|client| {
            let (name, package) = (quoted(&client.name), top.join("node").join(&client.name).display().to_string());
            format!("        {name} | {name}@*) word={} ;;\n", quoted(&package))
        })
        .collect();
    let script = format!(
        "#!/bin/sh\ncase \"$1\" in\ninstall | i | add)\n    for word do\n        shift\n        case \"$word\" in\n{cases}        \
         esac\n        set -- \"$@\" \"$word\"\n    done\n    ;;\nesac\nexec {} \"$@\"\n",
        quoted(&npm.display().to_string())
    );
    let bin = top.join("bin");
    write(&bin.join("npm"), &script)?;
    std::fs::set_permissions(bin.join("npm"), std::fs::Permissions::from_mode(0o755))?;
    Ok(bin)
}

/// Makes a folder in `root` with the packages for Python, as an installer would leave them; `None` where there are none.
///
/// # Errors
///
/// The system's answer.
pub(super) fn make_site(stand_ins: &[StandIn], root: &Path) -> io::Result<Option<PathBuf>> {
    let folder = root.join(FOLDER).join("python");
    for client in of(stand_ins, Ecosystem::Python) {
        let is_module = |path: &str| {
            let top = path.split('/').next().unwrap_or(path);
            client.modules.iter().any(|module| module == top.strip_suffix(".py").unwrap_or(top))
        };
        let Client { name, version, .. } = client;
        let described = format!("{}-{version}.dist-info", normal(name));
        let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
        let mut files: Vec<(String, String)> = client
            .files
            .iter()
            .filter(|file| is_module(&file.path))
            .map(|file| (file.path.clone(), file.text.clone()))
            .collect();
        files.push((format!("{described}/METADATA"), metadata));
        files.push((format!("{described}/INSTALLER"), "doccheck\n".to_owned()));
        let record: String = files.iter().map(|(path, _)| format!("{path},,\n")).collect();
        files.push((format!("{described}/RECORD"), format!("{record}{described}/RECORD,,\n")));
        for (path, text) in files {
            write(&folder.join(path), &text)?;
        }
    }
    Ok(folder.exists().then_some(folder))
}

fn of(stand_ins: &[StandIn], ecosystem: Ecosystem) -> impl Iterator<Item = &Client> {
    stand_ins.iter().map(|stand_in| &*stand_in.client).filter(move |client| client.ecosystem == ecosystem)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::specimen::planned;
    use crate::sandbox::ClientFile;

    fn client(ecosystem: Ecosystem, name: &str, module: &str, paths: &[&str]) -> Arc<Client> {
        let files = paths.iter().map(|path| ClientFile { path: (*path).to_owned(), text: format!("{path}\n") });
        let (name, version) = (name.to_owned(), "1.2.0".to_owned());
        Arc::new(Client { ecosystem, name, version, modules: vec![module.to_owned()], files: files.collect() })
    }

    fn clients() -> [Arc<Client>; 2] {
        [
            client(Ecosystem::Python, "acme-sdk", "acme", &["README.md", "acme/__init__.py", "acme/py.typed"]),
            client(Ecosystem::Node, "@acme/sdk", "@acme/sdk", &["package.json", "lib/index.js"]),
        ]
    }

    /// The stand-ins of a page in the workspace `work`: the page's line, or 0, and the name.
    fn names(page: &str, work: &Path) -> Vec<String> {
        let (plan, _) = planned(page);
        let line = |place: Span| plan.tutorial.source.line(place.start);
        let told = |stand_in: StandIn| format!("{} {}", stand_in.place.map_or(0, line), stand_in.client.name);
        wanted(&plan, &clients(), work).into_iter().map(told).collect()
    }

    fn both(work: &Path) -> Vec<StandIn> {
        wanted(&planned(BOTH).0, &clients(), work)
    }

    const BOTH: &str = "```python\nfrom acme import x\nimport acme\n```\n\n```ts\nimport { y } from '@acme/sdk'\n```\n";

    #[test]
    fn what_is_imported_is_wanted_once() {
        let work = tempfile::tempdir().unwrap();
        let names = |page| names(page, work.path());
        assert_eq!(names(BOTH), ["2 acme-sdk", "7 @acme/sdk"]);
        assert_eq!(names("```python\nimport acmeology\n```\n"), [""; 0]);
        // Of another ecosystem.
        assert_eq!(names("```ts\nimport { y } from 'acme'\n```\n"), [""; 0]);
        let own = "```python file=acme.py\nx = 1\n```\n\n```python\nfrom acme import x\n```\n";
        assert_eq!(names(own), [""; 0]);
    }

    #[test]
    fn a_program_in_the_workspace_imports_too_and_its_own_package_is_used() {
        let work = tempfile::tempdir().unwrap();
        let page = "```bash\nnode scripts/list.mjs\n```\n";
        let write = |path: &str, text: &str| write(&work.path().join(path), text).unwrap();
        write("scripts/notes.txt", "import '@acme/sdk'");
        write("node_modules/other/index.js", "import '@acme/sdk'");
        assert_eq!(names(page, work.path()), [""; 0]);
        write("scripts/list.mjs", "import { y } from '@acme/sdk'");
        assert_eq!(names(page, work.path()), ["0 @acme/sdk"]);
        write("node_modules/@acme/sdk/package.json", "{}");
        assert_eq!(names(BOTH, work.path()), ["2 acme-sdk"]);
        write("acme/__init__.py", "");
        assert_eq!(names(BOTH, work.path()), [""; 0]);
    }

    #[test]
    fn what_the_page_has_installed_is_not_missing() {
        let folder = tempfile::tempdir().unwrap();
        let left = |path: &str| {
            let top = folder.path().join(path.replace('/', "-"));
            std::fs::create_dir_all(top.join(path)).unwrap();
            let left = missing(&clients(), &Installed { node: Some(top.clone()), python: Some(top) });
            left.iter().map(|client| client.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(left("acme"), ["@acme/sdk"]);
        assert_eq!(left("Acme_SDK-0.9.dist-info"), ["@acme/sdk"]);
        assert_eq!(left("@acme/sdk"), ["acme-sdk"]);
        assert_eq!(left("@acme/other"), ["acme-sdk", "@acme/sdk"]);
        assert_eq!(missing(&clients(), &Installed::default()), clients());
    }

    #[test]
    fn node_finds_them_beside_what_is_installed() {
        let root = tempfile::tempdir().unwrap();
        let path = |path: &str| root.path().join(path);
        for package in ["env/p-limit", "env/@acme/other", "empty"] {
            std::fs::create_dir_all(path(package)).unwrap();
        }
        assert!(make_node_modules(&both(root.path()), root.path(), Some(&path("env"))).unwrap());
        assert_eq!(std::fs::read_link(path("node_modules/p-limit")).unwrap(), path("env/p-limit"));
        assert_eq!(std::fs::read_link(path("node_modules/@acme/other")).unwrap(), path("env/@acme/other"));
        assert_eq!(std::fs::read_to_string(path("node_modules/@acme/sdk/lib/index.js")).unwrap(), "lib/index.js\n");

        assert!(!make_node_modules(&[], &path("empty"), Some(&path("env"))).unwrap());
        assert_eq!(make_site(&[], &path("empty")).unwrap(), None);
        assert_eq!(std::fs::read_dir(path("empty")).unwrap().count(), 0);
    }

    #[test]
    fn npm_is_told_to_install_the_stand_in() {
        let root = tempfile::tempdir().unwrap();
        let said = |args: &[&str]| {
            let bin = make_npm(&both(root.path()), root.path(), Path::new("/bin/echo")).unwrap();
            let output = std::process::Command::new("sh").arg(bin.join("npm")).args(args).output().unwrap();
            String::from_utf8(output.stdout).unwrap().replace(&root.path().display().to_string(), "ROOT")
        };
        let package = "ROOT/stand-ins/node/@acme/sdk";
        assert_eq!(said(&["install", "@acme/sdk"]), format!("install {package}\n"));
        assert_eq!(said(&["i", "-D", "@acme/sdk@^1", "a b", "zod"]), format!("i -D {package} a b zod\n"));
        assert_eq!(said(&["add", "@acme/sdk-extra"]), "add @acme/sdk-extra\n");
        assert_eq!(said(&["view", "@acme/sdk"]), "view @acme/sdk\n");
        assert_eq!(said(&[]), "\n");
    }

    #[test]
    fn python_finds_modules_and_what_pip_reads() {
        let root = tempfile::tempdir().unwrap();
        let folder = make_site(&both(root.path()), root.path()).unwrap().unwrap();
        let read = |path: &str| std::fs::read_to_string(folder.join(path)).unwrap();
        assert_eq!(
            read("acme_sdk-1.2.0.dist-info/METADATA"),
            "Metadata-Version: 2.1\nName: acme-sdk\nVersion: 1.2.0\n"
        );
        assert_eq!(read("acme/py.typed"), "acme/py.typed\n");
        assert!(read("acme_sdk-1.2.0.dist-info/RECORD").starts_with("acme/__init__.py,,\nacme/py.typed,,\n"));
        assert!(!folder.join("README.md").exists());
    }
}
