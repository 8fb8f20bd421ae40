//! The packages by which programs call an API: `clients/` of a sandbox. Each stands in for a published one.
//!
//! `clients/node/<folder>/package.json` and `clients/python/<folder>/pyproject.toml` say what a package is called; the
//! folder's own name says nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;

use crate::diagnostic::Diagnostic;
use crate::source::{SourceFile, Span};

/// Where the packages are, in a sandbox's folder.
const FOLDER: &str = "clients/";

/// Python files beside a package's modules that are none.
const NO_MODULES: [&str; 2] = ["setup", "conftest"];

/// A family of programs with packages of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ecosystem {
    /// Python, packages as pip installs them.
    Python,
    /// Node, packages as npm installs them.
    Node,
}

/// A package that stands in for a published one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Whose programs it is for.
    pub ecosystem: Ecosystem,
    /// The name under which the published one is installed.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// The names by which programs import it: in Node its own, in Python those of its modules.
    pub modules: Vec<String>,
    /// Its files.
    pub files: Vec<ClientFile>,
}

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFile {
    /// Its path in the package's folder, with `/`.
    pub path: String,
    /// What it holds.
    pub text: String,
}

impl Ecosystem {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Python, Self::Node];

    /// The folder of its packages, which is also the option by which a page names packages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Node => "node",
        }
    }

    fn manifest(self) -> &'static str {
        match self {
            Self::Python => "pyproject.toml",
            Self::Node => "package.json",
        }
    }
}

/// True for the path of a file that belongs to the packages, not to the sandbox's data.
pub(super) fn is_part(path: &str) -> bool {
    path.starts_with(FOLDER)
}

/// The packages among a sandbox's files, and what is wrong with them.
pub(super) fn read(files: &BTreeMap<String, Arc<SourceFile>>) -> (Vec<Arc<Client>>, Vec<Diagnostic>) {
    let mut packages: BTreeMap<(Ecosystem, &str), Vec<File<'_>>> = BTreeMap::new();
    let mut found = Vec::new();
    for (path, source) in files.iter().filter(|(path, _)| is_part(path)) {
        let mut parts = path[FOLDER.len()..].splitn(3, '/');
        let ecosystem = parts.next().and_then(|word| Ecosystem::ALL.into_iter().find(|known| known.word() == word));
        match (ecosystem, parts.next(), parts.next()) {
            (Some(ecosystem), Some(folder), Some(inside)) => {
                packages.entry((ecosystem, folder)).or_default().push((inside, source));
            }
            // A page that explains the folder.
            _ if path.ends_with(".md") => {}
            _ => found.push(
                Diagnostic::error("sandbox-client", format!("{path} belongs to no package"))
                    .at(source, Span::default(), "")
                    .help("a package has a folder of its own in `clients/node` or `clients/python`"),
            ),
        }
    }
    let mut clients: Vec<Arc<Client>> = Vec::new();
    for ((ecosystem, folder), files) in packages {
        match package(ecosystem, folder, &files) {
            Ok(client) => match clients.iter().find(|known| known.is_same(&client)) {
                None => clients.push(Arc::new(client)),
                Some(_) => {
                    let message = format!("there are two packages `{}` for {}", client.name, ecosystem.word());
                    found.push(Diagnostic::error("sandbox-client", message).help("keep one of them"));
                }
            },
            Err(diagnostic) => found.push(*diagnostic),
        }
    }
    (clients, found)
}

/// A file of a package, with its path in the package's folder.
type File<'f> = (&'f str, &'f Arc<SourceFile>);

/// What both kinds of manifests say.
#[derive(Deserialize)]
struct Named {
    name: String,
    version: String,
}

#[derive(Deserialize)]
struct Project {
    project: Named,
}

fn package(ecosystem: Ecosystem, folder: &str, files: &[File<'_>]) -> Result<Client, Box<Diagnostic>> {
    let manifest = ecosystem.manifest();
    let wrong = |message: String| Diagnostic::error("sandbox-client", message);
    let Some((_, source)) = files.iter().find(|(path, _)| *path == manifest) else {
        let place = format!("{FOLDER}{}/{folder}", ecosystem.word());
        let found = wrong(format!("{place} has no {manifest}"));
        return Err(Box::new(found.help("it says the package's name and version")));
    };
    let Named { name, version } = match ecosystem {
        Ecosystem::Node => serde_json::from_str(source.text()).map_err(|error| {
            let line = source.line_span(error.line().max(1));
            wrong(format!("the package's {manifest} cannot be read: {error}")).at(source, line, "")
        }),
        Ecosystem::Python => toml::from_str::<Project>(source.text()).map(|read| read.project).map_err(|error| {
            let at = error.span().unwrap_or(0..0);
            let message = error.message().replace('\n', ", ");
            wrong(format!("the package's {manifest} cannot be read: {message}")).at(
                source,
                Span::new(at.start, at.end),
                "",
            )
        }),
    }?;
    if !is_name(&name, ecosystem) || !is_part_of_name(&version) {
        let found = wrong(format!("`{name}` {version} is not the name and version of a package"));
        return Err(Box::new(found.at(source, Span::default(), "")));
    }
    let modules = match ecosystem {
        Ecosystem::Node => vec![name.clone()],
        Ecosystem::Python => modules(files),
    };
    if modules.is_empty() {
        let found = wrong(format!("the package `{name}` holds no module")).at(source, Span::default(), "");
        return Err(Box::new(found.help("put a folder with an `__init__.py` beside its pyproject.toml")));
    }
    let files =
        files.iter().map(|(path, source)| ClientFile { path: (*path).to_owned(), text: source.text().to_owned() });
    Ok(Client { ecosystem, name, version, modules, files: files.collect() })
}

/// The modules that lie beside a `pyproject.toml`: folders with an `__init__.py`, and files.
fn modules(files: &[File<'_>]) -> Vec<String> {
    let named = files.iter().filter_map(|(path, _)| match path.split_once('/') {
        Some((folder, "__init__.py")) => Some(folder),
        Some(_) => None,
        None => path.strip_suffix(".py").filter(|name| !NO_MODULES.contains(name)),
    });
    named.collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect()
}

/// True for what can be a folder in `node_modules` or the name of a distribution.
fn is_name(name: &str, ecosystem: Ecosystem) -> bool {
    match name.strip_prefix('@').and_then(|rest| rest.split_once('/')) {
        Some((scope, name)) => ecosystem == Ecosystem::Node && is_part_of_name(scope) && is_part_of_name(name),
        None => is_part_of_name(name),
    }
}

fn is_part_of_name(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_alphanumeric())
        && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+'))
}

impl Client {
    /// True where only one of the two can be installed.
    fn is_same(&self, other: &Self) -> bool {
        self.ecosystem == other.ecosystem && self.modules.iter().any(|module| other.modules.contains(module))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), SourceFile::new(*path, *text)));
        let (clients, found) = read(&files.collect());
        let clients = clients.iter().map(|client| format!("{} {} {:?}", client.name, client.version, client.modules));
        (clients.collect(), found.into_iter().map(|found| found.message).collect())
    }

    const NODE: &str = r#"{"name": "@acme/sdk", "version": "1.2.0", "type": "module"}"#;
    const PYTHON: &str = "[project]\nname = \"acme-sdk\"\nversion = \"1.2.0\"\ndependencies = []\n";

    #[test]
    fn the_manifest_decides_not_the_folder() {
        let files = [
            ("clients/README.md", "About these."),
            ("clients/node/any/package.json", NODE),
            ("clients/node/any/lib/index.js", ""),
            ("clients/python/any/pyproject.toml", PYTHON),
            ("clients/python/any/acme/__init__.py", ""),
            ("clients/python/any/acme/deep/__init__.py", ""),
            ("clients/python/any/acme_types.py", ""),
            ("clients/python/any/setup.py", ""),
            ("records/accounts.json", "[]"),
        ];
        let told = told(&files);
        assert_eq!(told.0, [r#"acme-sdk 1.2.0 ["acme", "acme_types"]"#, r#"@acme/sdk 1.2.0 ["@acme/sdk"]"#]);
        assert_eq!(told.1, [""; 0]);
    }

    #[test]
    fn what_is_no_package_is_told() {
        let named = |name: &str| NODE.replace("@acme/sdk", name);
        let up = named("../../etc");
        for (files, message) in [
            (vec![("clients/node/package.json", NODE)], "clients/node/package.json belongs to no package"),
            (vec![("clients/ruby/a/a.rb", "")], "clients/ruby/a/a.rb belongs to no package"),
            (vec![("clients/node/a/index.js", "")], "clients/node/a has no package.json"),
            (
                vec![("clients/node/a/package.json", "{}")],
                "the package's package.json cannot be read: missing field `name` at line 1 column 2",
            ),
            (
                vec![("clients/python/a/pyproject.toml", "[tool]")],
                "the package's pyproject.toml cannot be read: missing field `project`",
            ),
            (vec![("clients/python/a/pyproject.toml", PYTHON)], "the package `acme-sdk` holds no module"),
            (vec![("clients/node/a/package.json", &up)], "`../../etc` 1.2.0 is not the name and version of a package"),
            (
                vec![("clients/node/a/package.json", NODE), ("clients/node/b/package.json", NODE)],
                "there are two packages `@acme/sdk` for node",
            ),
        ] {
            assert_eq!(told(&files).1, [message], "{files:?}");
        }
    }
}
