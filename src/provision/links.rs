//! A folder of links to an interpreter and its companions, to stand first on the steps' `PATH`.
//!
//! Without it a step would start a version manager's shim, which costs each call 100 ms and may choose another version.

use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::family::Family;
use super::interpreters::Interpreter;

/// The folder for `interpreter`, below `folder`. Several runs may make it at once: a link has one name and one target.
///
/// # Errors
///
/// The system's answer.
pub(super) fn folder(folder: &Path, family: Family, interpreter: &Interpreter) -> std::io::Result<PathBuf> {
    let beside = interpreter.path.parent().unwrap_or(Path::new("/"));
    if interpreter.venv {
        // A venv's Python finds its packages from where it stands, and beside it stand only its own programs.
        return Ok(beside.to_path_buf());
    }
    let key = Sha256::digest(interpreter.path.as_os_str().as_encoded_bytes());
    let key: String = key.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let folder = folder.join(key);
    std::fs::create_dir_all(&folder)?;
    let own = family.programs().iter().map(|name| (*name, interpreter.path.clone()));
    let companions = family.companions().iter().map(|name| (*name, beside.join(name)));
    for (name, target) in own.chain(companions.filter(|(_, target)| target.exists())) {
        match symlink(target, folder.join(name)) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    Ok(folder)
}
