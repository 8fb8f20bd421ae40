//! Where a program is.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

/// The absolute path of the program `name` on `path` (a `PATH` value). Relative folders on `path` are passed over:
/// what they mean depends on the working directory.
pub fn find_program(name: &str, path: &str) -> Option<PathBuf> {
    if name.is_empty() || name.contains('/') {
        return None;
    }
    path.split(':')
        .map(Path::new)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|program| program.is_file() && access(program, Access::EXEC_OK).is_ok())
}
