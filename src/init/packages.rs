//! Packages that the pages tell their readers to install.

use crate::plan::shell::scan;
use crate::plan::{Language, Plan, Step};

/// Python packages, as written on the pages, each once, without those that the sandbox has `clients` for; one that lies
/// in the repository (of these `files`) is installed from there.
pub(super) fn python(plans: &[&Plan], files: &[String], clients: &[String]) -> Vec<String> {
    let local = |folder: &str| {
        let is_package = has(files, folder, "pyproject.toml") || has(files, folder, "setup.py");
        is_package.then(|| format!("-e ./{folder}"))
    };
    installed(plans, clients, local, |words| match words {
        ["pip" | "pip3", "install", rest @ ..]
        | ["python" | "python3", "-m", "pip", "install", rest @ ..]
        | ["uv", "pip", "install", rest @ ..]
        | ["uv", "add", rest @ ..] => rest.to_vec(),
        _ => Vec::new(),
    })
}

/// Node packages, in the same way.
pub(super) fn node(plans: &[&Plan], files: &[String], clients: &[String]) -> Vec<String> {
    let local = |folder: &str| has(files, folder, "package.json").then(|| format!("file:./{folder}"));
    installed(plans, clients, local, |words| match words {
        ["npm", "install" | "i" | "add", rest @ ..] | ["yarn" | "pnpm" | "bun", "add", rest @ ..] => rest.to_vec(),
        _ => Vec::new(),
    })
}

fn has(files: &[String], folder: &str, name: &str) -> bool {
    files.iter().any(|file| file.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')) == Some(name))
}

/// What the pages install. `of` tells the arguments of an installer's command, `local` how a folder of the repository
/// is installed.
fn installed(
    plans: &[&Plan],
    clients: &[String],
    local: impl Fn(&str) -> Option<String>,
    of: impl for<'a> Fn(&[&'a str]) -> Vec<&'a str>,
) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for command in plans.iter().flat_map(|plan| plan.steps()).flat_map(commands) {
        let words: Vec<&str> = command.iter().map(|word| word.trim_matches(['"', '\''])).collect();
        for word in of(&words) {
            let folder = word.trim_start_matches("file:").strip_prefix("./").map(|folder| folder.trim_end_matches('/'));
            let package = folder.map_or_else(|| is_package(word).then(|| word.to_owned()), &local);
            let known = |package: &String| found.iter().chain(clients).any(|known| name(known) == name(package));
            if let Some(package) = package.filter(|package| !known(package)) {
                found.push(package);
            }
        }
    }
    found
}

/// The words of a step's shell commands.
fn commands(step: &Step) -> Vec<Vec<String>> {
    match step.language {
        Language::Shell => scan(&step.code.text).commands,
        Language::Console => step.commands.iter().flat_map(|command| scan(&command.text).commands).collect(),
        _ => Vec::new(),
    }
}

/// False for what else stands there: options, files, addresses, the folder itself.
fn is_package(word: &str) -> bool {
    let file = [".txt", ".py", ".toml", ".whl", ".tgz"].iter().any(|ending| word.ends_with(ending));
    !file && !word.contains("://") && word.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '@')
}

/// A package's name without version and extras: two versions of one package cannot both be installed.
fn name(package: &str) -> &str {
    let end = package[1..].find(['=', '<', '>', '~', '!', '[', '@']).map_or(package.len(), |at| at + 1);
    &package[..end]
}
