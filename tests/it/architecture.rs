//! The walls of the house: which module may import which, and what may not stand anywhere.
//!
//! A module imports only from layers below its own and, inside its layer, from what stands to its left here.

mod rust;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rust::{Token, named_paths, taken_from_children, tokens};
use walkdir::WalkDir;

/// The layers from the ground up. What is not built yet has its place all the same.
const LAYERS: [&[&str]; 8] = [
    &["source", "diagnostic", "edit", "text", "clock", "http", "options"],
    &["config", "tutorial", "matching", "sandbox"],
    &["plan", "lint"],
    &["redact", "inputs", "transcript", "outcome", "snapshot", "baseline"],
    &["fs", "system_clock", "process", "virtual_time", "git", "provision", "serve", "exec"],
    &["run"],
    &["report", "bless", "init"],
    &["app", "harness", "macros"],
];

/// The layers whose modules may lift clippy's bans on the world: effects, the threads of a run, the doors.
const WORLDLY: [usize; 3] = [4, 5, 7];

/// Names that say nothing about what stands in a module.
const EMPTY_NAMES: [&str; 8] = ["util", "utils", "common", "types", "helper", "helpers", "imp", "misc"];

/// Names that are data of the sandbox, never code: the imitated APIs and the unified one.
/// (One of the imitated APIs is called by a verb that code needs, and is not among them.)
const DATA_NAMES: [&str; 16] = [
    "truto",
    "hubspot",
    "salesforce",
    "pipedrive",
    "zoho",
    "zendesk",
    "attio",
    "freshsales",
    "dynamics",
    "copper",
    "bamboohr",
    "personio",
    "hibob",
    "greenhouse",
    "lever",
    "ashby",
];

/// The lines of a file, without its tests, at which one has to think of reshaping it.
const LINES: usize = 400;

/// Files that were thought about and stay longer, each with its own limit and the reason.
const LONGER: [(&str, usize, &str); 0] = [];

/// Crates that must not come into the build, and why.
const BANNED_CRATES: [(&str, &str); 5] = [
    ("aws-lc-rs", "44 CPU seconds of every build, and a second TLS provider beside `ring`"),
    ("aws-lc-sys", "44 CPU seconds of every build, and a second TLS provider beside `ring`"),
    ("openssl", "a system library; TLS is rustls with `ring`"),
    ("openssl-sys", "a system library; TLS is rustls with `ring`"),
    ("native-tls", "a system library; TLS is rustls with `ring`"),
];

/// A file of the crate.
#[derive(Debug, Clone)]
struct File {
    /// Relative to the repository, with `/`.
    path: String,
    text: String,
}

impl File {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The module that the file holds, from the crate's root `root` (`src` or the binary's folder).
    fn module(&self, root: &str) -> Vec<String> {
        let inside = self.path.trim_start_matches(root).trim_start_matches('/').trim_end_matches(".rs");
        let mut module: Vec<String> = inside.split('/').map(str::to_owned).collect();
        if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            module.pop();
        }
        module
    }

    /// The text up to the tests at its end. A module that is only declared has its tests elsewhere and is no end.
    fn without_tests(&self) -> &str {
        let has_body = |opening: &(usize, &str)| {
            let name = &self.text[opening.0 + opening.1.len()..];
            name.find(['{', ';']).is_some_and(|end| name[end..].starts_with('{'))
        };
        let tests = self.text.match_indices("\n#[cfg(test)]\nmod ").find(has_body);
        tests.map_or(&self.text, |(at, _)| &self.text[..=at])
    }
}

/// The place of a module in the table: its layer and its column.
fn place(module: &str) -> Option<(usize, usize)> {
    LAYERS.iter().enumerate().find_map(|(layer, modules)| {
        let column = modules.iter().position(|known| *known == module)?;
        Some((layer, column))
    })
}

/// Imports that go up, or to the right inside a layer.
fn imports_upwards(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        let module = file.module("src");
        let Some(own) = module.first() else { continue };
        let Some(own_place) = place(own) else {
            found.push(format!("{}: `{own}` has no place in the table of layers", file.path));
            continue;
        };
        for named in named_paths(&file.text, &module) {
            let Some(other) = named.path.first() else { continue };
            match place(other) {
                _ if other == own => {}
                Some(other_place) if other_place < own_place => {}
                Some(_) => found.push(format!("{}:{}: `{own}` must not know `{other}`", file.path, named.line)),
                None => found.push(format!("{}:{}: `{other}` has no place in the table", file.path, named.line)),
            }
        }
    }
    found
}

/// Rings of imports among the files and folders of one folder, at any depth.
///
/// The folder's face (`mod.rs`, or the crate's root) is no part of a ring: it declares its children, and holds what they
/// share. A name that the face takes from a child counts as that child's.
fn rings(files: &[File], root: &str) -> Vec<String> {
    let modules: Vec<Vec<String>> = files.iter().map(|file| file.module(root)).collect();
    let named: Vec<_> = files.iter().zip(&modules).map(|(file, module)| named_paths(&file.text, module)).collect();
    let folders: BTreeSet<&[String]> =
        modules.iter().flat_map(|module| (0..module.len()).map(|depth| &module[..depth])).collect();
    let mut found = Vec::new();
    for folder in folders {
        let children: Vec<String> = modules
            .iter()
            .filter(|module| module.len() > folder.len() && module.starts_with(folder))
            .map(|module| module[folder.len()].clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let face = modules.iter().position(|module| module == folder);
        let taken = face.map(|at| taken_from_children(&files[at].text, &children)).unwrap_or_default();
        let mut knows: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (named, module) in named.iter().zip(&modules) {
            let Some(own) = module.get(folder.len()).filter(|_| module.starts_with(folder)) else { continue };
            for named in named {
                let Some(name) = named.path.get(folder.len()).filter(|_| named.path.starts_with(folder)) else {
                    continue;
                };
                let child = children.iter().find(|child| *child == name).or_else(|| taken.get(name));
                if let Some(child) = child.filter(|child| *child != own) {
                    knows.entry(own).or_default().insert(child);
                }
            }
        }
        if let Some(ring) = ring(&knows) {
            found.push(format!("{root}/{}: a ring of imports: {}", folder.join("/"), ring.join(" → ")));
        }
    }
    found
}

/// A ring in a graph, its first node again at its end.
fn ring<'a>(knows: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Option<Vec<&'a str>> {
    fn walk<'a>(
        knows: &BTreeMap<&'a str, BTreeSet<&'a str>>,
        way: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
    ) -> Option<Vec<&'a str>> {
        let node = *way.last()?;
        for next in knows.get(node).into_iter().flatten() {
            if let Some(start) = way.iter().position(|passed| passed == next) {
                return Some(way[start..].iter().chain([next]).copied().collect());
            }
            if !done.contains(next) {
                way.push(next);
                if let Some(ring) = walk(knows, way, done) {
                    return Some(ring);
                }
                way.pop();
            }
        }
        done.insert(node);
        None
    }
    let mut done = BTreeSet::new();
    knows.keys().find_map(|start| walk(knows, &mut vec![start], &mut done))
}

/// `unsafe` outside `process`.
fn unsafe_elsewhere(files: &[File]) -> Vec<String> {
    words(files, |path| !path.starts_with("src/process/"), &["unsafe"])
}

/// Bans on touching the world that are lifted where the world must not be touched.
fn worldly_elsewhere(files: &[File]) -> Vec<String> {
    let pure = |path: &str| {
        let module = path.trim_start_matches("src/").split(['/', '.']).next().unwrap_or_default();
        module != "bin" && place(module).is_some_and(|(layer, _)| !WORLDLY.contains(&layer))
    };
    words(files, pure, &["disallowed_methods", "disallowed_types"])
}

fn words(files: &[File], concerned: impl Fn(&str) -> bool, banned: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| concerned(&file.path)) {
        for (token, line) in tokens(file.without_tests()) {
            if let Token::Word(word) = token
                && banned.contains(&word.as_str())
            {
                found.push(format!("{}:{line}: `{word}` does not belong here", file.path));
            }
        }
    }
    found
}

/// What a page about the code gets wrong: dependencies that it does not explain, tests that it names and that are not
/// there. It explains them in rows: crates in the first cell, tests in the last.
fn unexplained(page: &str, manifest: &toml::Table, tests: &[File]) -> Vec<String> {
    let quoted = |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let rows: Vec<Vec<&str>> = page.lines().map(|line| line.trim_matches('|').split('|').collect()).collect();
    let explained: BTreeSet<String> = rows.iter().filter_map(|row| row.first()).flat_map(|cell| quoted(cell)).collect();
    let mut found = Vec::new();
    for kind in ["dependencies", "dev-dependencies"] {
        let crates = manifest.get(kind).and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys);
        for name in crates.filter(|name| !explained.contains(*name)) {
            found.push(format!("`{name}` is not explained"));
        }
    }
    for name in rows.iter().filter(|row| row.len() == 4).filter_map(|row| row.last()).flat_map(|cell| quoted(cell)) {
        let head = format!("fn {name}(");
        if !tests.iter().any(|file| file.text.contains(&head)) {
            found.push(format!("there is no test `{name}`"));
        }
    }
    found
}

/// Files and folders whose names say nothing.
fn empty_names(paths: &[String]) -> Vec<String> {
    let says_nothing = |path: &&String| path.split(['/', '.']).any(|part| EMPTY_NAMES.contains(&part));
    paths.iter().filter(says_nothing).map(|path| format!("{path}: a name that says nothing")).collect()
}

/// Names of APIs, in code, comments and texts.
fn api_names(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        for (at, line) in file.text.lines().enumerate() {
            let line = line.to_lowercase();
            let words: Vec<&str> = line.split(|letter: char| !letter.is_alphanumeric()).collect();
            for name in DATA_NAMES.iter().filter(|name| words.contains(*name)) {
                found.push(format!("{}:{}: `{name}` is data, and belongs to the sandbox's folder", file.path, at + 1));
            }
        }
    }
    found
}

/// Files that have grown too long.
fn too_long(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !file.path.ends_with("/tests.rs")) {
        let limit = LONGER.iter().find(|(path, ..)| *path == file.path).map_or(LINES, |(_, limit, _)| *limit);
        let lines = file.without_tests().lines().count();
        if lines > limit {
            found.push(format!("{}: {lines} lines; reshape it, or say in `LONGER` why not", file.path));
        }
    }
    found
}

/// Banned crates among the packages of a `Cargo.lock`.
fn banned_crates(lock: &toml::Table) -> Vec<String> {
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    let names: BTreeSet<&str> = packages.filter_map(|package| package.get("name")?.as_str()).collect();
    let banned = BANNED_CRATES.iter().filter(|(name, _)| names.contains(name));
    banned.map(|(name, reason)| format!("Cargo.lock: `{name}`: {reason}")).collect()
}

/// Every readable file below `folder` of the repository.
fn read(folder: &str) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let walk = WalkDir::new(root.join(folder)).sort_by_file_name().into_iter().filter_map(Result::ok);
    let files = walk.filter(|entry| entry.file_type().is_file()).filter_map(|entry| {
        let path = entry.path().strip_prefix(root).ok()?.to_str()?.replace('\\', "/");
        Some(File { path, text: std::fs::read_to_string(entry.path()).ok()? })
    });
    files.collect()
}

/// The library's Rust files.
fn library() -> Vec<File> {
    let rust = |file: &File| file.path.ends_with(".rs") && !file.path.starts_with("src/bin/");
    read("src").into_iter().filter(rust).collect()
}

#[track_caller]
fn none(found: &[String]) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn no_module_imports_from_above() {
    none(&imports_upwards(&library()));
}

#[test]
fn no_folder_has_a_ring_of_imports() {
    none(&rings(&library(), "src"));
    none(&rings(&read("src/bin/doccheck"), "src/bin/doccheck"));
}

#[test]
fn the_root_declares_modules_layer_by_layer() {
    let root = read("src").into_iter().find(|file| file.path == "src/lib.rs").expect("the crate has a root");
    let declared: Vec<String> =
        tokens(&root.text).windows(2).filter_map(|pair| declaration(&pair[0].0, &pair[1].0)).collect();
    assert!(declared.len() > 10, "{declared:?}");
    let layers: Vec<_> = declared.iter().map(|module| place(module).map(|(layer, _)| layer)).collect();
    assert!(layers.is_sorted() && !layers.contains(&None), "{declared:?} stand in {layers:?}");
}

fn declaration(first: &Token, second: &Token) -> Option<String> {
    match (first, second) {
        (Token::Word(keyword), Token::Word(name)) if keyword == "mod" => Some(name.clone()),
        _ => None,
    }
}

#[test]
fn unsafe_lives_in_process_alone() {
    none(&unsafe_elsewhere(&read("src")));
}

/// Under a user's `cargo test` the running program is the test: what started itself as a helper would run the test.
#[test]
fn doccheck_never_starts_itself() {
    none(&words(&read("src"), |_| true, &["current_exe"]));
}

#[test]
fn every_dependency_is_explained_with_what_guards_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("CONTRIBUTING.md")).expect("CONTRIBUTING.md is there");
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).expect("Cargo.toml is there");
    let manifest: toml::Table = manifest.parse().expect("Cargo.toml is TOML");
    assert!(manifest.contains_key("dependencies") && manifest.contains_key("dev-dependencies"));
    none(&unexplained(&page, &manifest, &[read("src"), read("tests")].concat()));
}

#[test]
fn only_effects_and_doors_touch_the_world() {
    none(&worldly_elsewhere(&library()));
}

#[test]
fn names_of_modules_say_something() {
    let paths: Vec<String> = read("src").into_iter().map(|file| file.path).collect();
    none(&empty_names(&paths));
}

#[test]
fn no_api_is_named_in_code() {
    none(&api_names(&read("src")));
}

#[test]
fn no_file_is_too_long() {
    let rust: Vec<File> = read("src").into_iter().filter(|file| file.path.ends_with(".rs")).collect();
    none(&too_long(&rust));
}

#[test]
fn no_banned_crate_is_in_the_build() {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    let text = std::fs::read_to_string(lock).expect("Cargo.lock is committed");
    let lock: toml::Table = text.parse().expect("Cargo.lock is TOML");
    assert!(lock.contains_key("package"));
    none(&banned_crates(&lock));
}

#[test]
fn each_rule_sees_a_breach() {
    let up = [
        File::new("src/text.rs", "use crate::clock::Timestamp;"),
        File::new("src/plan/mod.rs", "use crate::tutorial::Code;\nfn f() { crate::run::go() }"),
        File::new("src/exec/shell.rs", "use super::Stage; use crate::{process::Crew, report};"),
        File::new("src/attic.rs", ""),
        File::new("src/run/mod.rs", "use crate::cellar::Wine;"),
    ];
    assert_eq!(
        imports_upwards(&up),
        [
            "src/text.rs:1: `text` must not know `clock`",
            "src/plan/mod.rs:2: `plan` must not know `run`",
            "src/exec/shell.rs:1: `exec` must not know `report`",
            "src/attic.rs: `attic` has no place in the table of layers",
            "src/run/mod.rs:1: `cellar` has no place in the table",
        ]
    );

    let turning = [
        File::new("src/serve/mod.rs", "mod tls; mod proxy; mod wires; pub use tls::Front; pub struct Network;"),
        File::new("src/serve/tls.rs", "use super::{Network, wires::Wire};"),
        File::new("src/serve/proxy.rs", "use super::Front;"),
        File::new("src/serve/wires/mod.rs", "mod deep;"),
        File::new("src/serve/wires/deep.rs", "use crate::serve::proxy::Proxy;"),
    ];
    assert_eq!(rings(&turning, "src"), ["src/serve: a ring of imports: proxy → tls → wires → proxy"]);
    assert_eq!(rings(&turning[..4], "src"), Vec::<String>::new());

    let wild = [
        File::new("src/http.rs", "// unsafe\nfn f() { unsafe {} }"),
        File::new("src/process/unix.rs", "unsafe fn f() {}"),
        File::new("src/text.rs", "#![expect(clippy::disallowed_methods)]"),
        File::new("src/fs.rs", "#![expect(clippy::disallowed_methods)]"),
        File::new("src/clock.rs", "\n#[cfg(test)]\nmod tests { #![expect(clippy::disallowed_methods)] }"),
    ];
    assert_eq!(unsafe_elsewhere(&wild), ["src/http.rs:2: `unsafe` does not belong here"]);
    assert_eq!(worldly_elsewhere(&wild), ["src/text.rs:1: `disallowed_methods` does not belong here"]);

    let paths = ["src/plan/util.rs", "src/types/mod.rs", "src/plan/typed.rs"].map(str::to_owned);
    assert_eq!(
        empty_names(&paths),
        ["src/plan/util.rs: a name that says nothing", "src/types/mod.rs: a name that says nothing"]
    );

    let named = [File::new("src/serve/hosts.rs", "// hosts\n// such as api.Truto.one\n")];
    assert_eq!(api_names(&named), ["src/serve/hosts.rs:2: `truto` is data, and belongs to the sandbox's folder"]);

    let long = [
        File::new("src/a.rs", &"x\n".repeat(401)),
        File::new("src/b.rs", &format!("{}\n#[cfg(test)]\nmod tests {{\n{}}}\n", "x\n".repeat(300), "y\n".repeat(300))),
        File::new("src/c/tests.rs", &"x\n".repeat(900)),
        File::new("src/c/mod.rs", &format!("//! C.\n#[cfg(test)]\nmod tests;\n{}", "x\n".repeat(398))),
    ];
    assert_eq!(
        too_long(&long),
        [
            "src/a.rs: 401 lines; reshape it, or say in `LONGER` why not",
            "src/c/mod.rs: 401 lines; reshape it, or say in `LONGER` why not",
        ]
    );

    let page = "| crates | job | trap | held by |\n| `duct` | launches | waits | `nothing_is_left` `nothing_waits` |\n";
    let manifest = "[dependencies]\nduct = \"1\"\nanyhow = \"1\"\n[dev-dependencies]\ninsta = \"1\"\n".parse();
    let tests = [File::new("tests/it/runners.rs", "#[test]\nfn nothing_is_left() {}")];
    assert_eq!(
        unexplained(page, &manifest.expect("this is TOML"), &tests),
        ["`anyhow` is not explained", "`insta` is not explained", "there is no test `nothing_waits`",]
    );

    let lock = "[[package]]\nname = \"openssl-probe\"\n[[package]]\nname = \"openssl\"\n";
    let lock = lock.parse().expect("this is TOML");
    assert_eq!(banned_crates(&lock), ["Cargo.lock: `openssl`: a system library; TLS is rustls with `ring`"]);
}
