//! The interpreters of this machine: the programs themselves, never the shims of a version manager.

#![expect(clippy::disallowed_methods, reason = "links are files")]

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{Family, Provisioner};
use crate::diagnostic::Diagnostic;
use crate::process::find_program;

/// An interpreter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interpreter {
    pub(super) path: PathBuf,
    /// Major and minor.
    pub(super) version: (u32, u32),
}

/// Every interpreter of the family on `PATH`, the one that the plain name means first.
pub(super) fn find(family: Family, variables: &[(String, String)]) -> Vec<Interpreter> {
    let path = variables.iter().find(|(name, _)| name == "PATH").map_or("", |(_, value)| value.as_str());
    let names: Vec<String> = match family {
        Family::Python => {
            let versions = (11..=15).map(|minor| format!("python3.{minor}"));
            ["python3".to_owned()].into_iter().chain(versions).chain(["python".to_owned()]).collect()
        }
        Family::Node => {
            ["node"].into_iter().chain(["node20", "node22", "node24", "node26"]).map(str::to_owned).collect()
        }
    };
    let mut found: Vec<Interpreter> = Vec::new();
    for name in names {
        // The plain name and its twin need no second question.
        if name == "python" && !found.is_empty() {
            continue;
        }
        let Some(program) = find_program(&name, path) else { continue };
        let Some(interpreter) = ask(family, &program, variables) else { continue };
        if !found.iter().any(|known| known.path == interpreter.path) {
            found.push(interpreter);
        }
    }
    found
}

/// Asks a program, which may be a shim, where the interpreter itself is, and its version.
fn ask(family: Family, program: &Path, variables: &[(String, String)]) -> Option<Interpreter> {
    let args: &[&str] = match family {
        Family::Python => &["-I", "-c", "import sys; print(sys.executable, *sys.version_info[:2], sep='\\n')"],
        Family::Node => &["-p", "[process.execPath, ...process.versions.node.split('.')].join('\\n')"],
    };
    let answer = super::install::run(program, args, Path::new("/"), variables).ok()?;
    let mut lines = answer.lines();
    let (path, major, minor) = (lines.next()?, lines.next()?, lines.next()?);
    let version = (major.trim().parse().ok()?, minor.trim().parse().ok()?);
    Some(Interpreter { path: PathBuf::from(path), version })
}

impl Provisioner {
    /// A folder of links to the interpreter and its companions, to stand first on the steps' `PATH`: a shim there would
    /// cost each call 100 ms, and might choose another version.
    pub(super) fn links(&self, name: &str, interpreter: &Interpreter) -> Result<PathBuf, Diagnostic> {
        let hash = Sha256::digest(interpreter.path.as_os_str().as_encoded_bytes());
        let key: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let folder = self.cache.join("bin").join(key);
        let failed = |error: std::io::Error| {
            Diagnostic::error("no-cache", format!("cannot use the cache at {}: {error}", folder.display()))
        };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let beside = interpreter.path.parent().unwrap_or(Path::new("/"));
        let companions: &[&str] = if name == "node" { &["npm", "npx"] } else { &["pip", "pip3"] };
        let own: &[&str] = if name == "node" { &["node"] } else { &["python3", "python"] };
        let targets = own.iter().map(|name| (*name, interpreter.path.clone()));
        let more = companions.iter().map(|name| (*name, beside.join(name))).filter(|(_, path)| path.exists());
        for (name, target) in targets.chain(more) {
            match std::os::unix::fs::symlink(target, folder.join(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(failed(error)),
                _ => {}
            }
        }
        Ok(folder)
    }
}
