//! Files: finding pages, reading them, writing without halves.

use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::source::SourceFile;

/// Reads a file that must be UTF-8.
///
/// # Errors
///
/// A finding that names the file: it does not exist, cannot be read, or is not UTF-8 (with the place).
pub fn read_source(_path: &Path) -> Result<Arc<SourceFile>, Diagnostic> {
    todo!()
}
