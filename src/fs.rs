//! Files: finding pages, reading them, writing without halves.

#![expect(clippy::disallowed_methods, reason = "this is where files are touched")]

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use globset::{Glob, GlobSet, GlobSetBuilder};
use walkdir::{DirEntry, WalkDir};

use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::source::{SourceFile, Span};

/// The configuration's file name.
pub const CONFIG: &str = "doccheck.toml";

/// Reads a file that must be UTF-8.
///
/// # Errors
///
/// A finding that names the file: it does not exist, cannot be read, or is not UTF-8 (with the place).
pub fn read_source(path: &Path) -> Result<Arc<SourceFile>, Diagnostic> {
    read_shown(path, path)
}

/// Reads the file at `path`, which people know as `shown`.
///
/// # Errors
///
/// As `read_source`.
pub fn read_shown(path: &Path, shown: &Path) -> Result<Arc<SourceFile>, Diagnostic> {
    let bytes = std::fs::read(path).map_err(|error| {
        Diagnostic::error("cannot-read", format!("cannot read {}: {}", shown.display(), reason(&error))).at(
            &SourceFile::new(shown, ""),
            Span::new(0, 0),
            "",
        )
    })?;
    String::from_utf8(bytes).map(|text| SourceFile::new(shown, text)).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let end = good + text[good..].chars().next().map_or(0, char::len_utf8);
        Diagnostic::error("not-utf8", format!("{} is not UTF-8", shown.display()))
            .at(&SourceFile::new(shown, text), Span::new(good, end), "this byte")
            .help("save the page as UTF-8")
    })
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string(),
    }
}

/// The nearest `doccheck.toml` at or above `start`, up to the repository's root.
pub fn find_config(start: &Path) -> Option<PathBuf> {
    let start = if start.is_dir() { start } else { start.parent()? };
    let start = start.canonicalize().ok()?;
    for folder in start.ancestors() {
        let file = folder.join(CONFIG);
        if file.is_file() {
            return Some(file);
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}

/// The pages that were found.
#[derive(Debug, Default)]
pub struct Found {
    /// The pages, in order, each once.
    pub pages: Vec<FoundPage>,
    /// Paths that do not exist, links that lead nowhere, globs that cannot be read.
    pub diagnostics: Vec<Diagnostic>,
}

/// A page that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPage {
    /// Where it is.
    pub path: PathBuf,
    /// How it is told to people: as named, else relative to the current directory where it lies below it.
    pub shown: String,
    /// Relative to the configuration's folder, where it lies below it; else as `shown`.
    pub relative: String,
    /// True where it was named itself.
    pub named: bool,
}

/// Finds the pages that `paths` (relative to `directory`) select: files as they are, folders by walking them. Without
/// paths, what `config` includes below `root`.
pub fn discover(paths: &[PathBuf], config: &Config, root: &Path, directory: &Path) -> Found {
    let mut found = Found::default();
    let (include, exclude) = match (globs(&config.include), globs(&config.exclude)) {
        (Ok(include), Ok(exclude)) => (include, exclude),
        (Err(diagnostic), _) | (_, Err(diagnostic)) => {
            found.diagnostics.push(diagnostic);
            return found;
        }
    };
    if paths.is_empty() {
        let wanted =
            |path: &Path| path.strip_prefix(root).is_ok_and(|path| include.is_match(path) && !exclude.is_match(path));
        found.walk(root, root, directory, &wanted);
    }
    for path in paths {
        let full = directory.join(path);
        if full.is_dir() {
            let full = clean(&full);
            let wanted = |page: &Path| !page.strip_prefix(root).is_ok_and(|page| exclude.is_match(page));
            found.walk(&full, root, directory, &wanted);
        } else if full.exists() {
            let shown = shown(&clean(path));
            found.add(FoundPage { relative: relative(&full, root, &shown), path: full, shown, named: true });
        } else {
            let message = format!("there is no page or folder {}", path.display());
            found.diagnostics.push(Diagnostic::error("no-such-path", message));
        }
    }
    found
}

impl Found {
    fn walk(&mut self, folder: &Path, root: &Path, directory: &Path, wanted: &dyn Fn(&Path) -> bool) {
        let entries = WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(visible);
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            let page = path.extension().is_some_and(|extension| extension == "md" || extension == "markdown");
            if page && entry.path_is_symlink() && wanted(path) && !path.exists() {
                let link = shown(path.strip_prefix(directory).unwrap_or(path));
                let message = format!("{link} is a link that leads nowhere, and is passed over");
                let found = Diagnostic::warning("broken-link", message);
                self.diagnostics.push(found.help("let it lead to a page, or take it away"));
            }
            if page && entry.file_type().is_file() && wanted(path) {
                let shown = shown(path.strip_prefix(directory).unwrap_or(path));
                let relative = relative(path, root, &shown);
                self.add(FoundPage { path: path.to_path_buf(), shown, relative, named: false });
            }
        }
    }

    fn add(&mut self, page: FoundPage) {
        match self.pages.iter_mut().find(|known| known.path == page.path) {
            Some(known) => known.named |= page.named,
            None => self.pages.push(page),
        }
    }
}

/// Folders of tools and hidden ones hold nobody's pages.
fn visible(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let hidden = name.as_encoded_bytes().starts_with(b".");
    let tools = entry.file_type().is_dir() && [OsStr::new("node_modules"), OsStr::new("target")].contains(&name);
    entry.depth() == 0 || !(hidden || tools)
}

/// The path without `.` parts.
fn clean(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}

/// The path of a page relative to `root`. A page that is a link has the place where it lies, not where it leads.
fn relative(path: &Path, root: &Path, shown: &str) -> String {
    let within = |path: &Path, root: &Path| path.strip_prefix(root).ok().map(|path| path.display().to_string());
    let really = || {
        let folder = path.parent()?.canonicalize().ok()?;
        within(&folder.join(path.file_name()?), &root.canonicalize().ok()?)
    };
    really().unwrap_or_else(|| shown.to_owned())
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn globs(patterns: &[String]) -> Result<GlobSet, Diagnostic> {
    let cannot = |error: &globset::Error| Diagnostic::error("bad-glob", format!("cannot read a glob: {error}"));
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(|error| cannot(&error))?);
    }
    set.build().map_err(|error| cannot(&error))
}

/// The paths of all files below `folder`, relative to it, in order. Version control's own folder and those of tools are
/// left out; other hidden files are there.
pub fn files_below(folder: &Path) -> Vec<String> {
    let kept = |entry: &DirEntry| {
        let tools = [".git", "node_modules", "target", ".venv"].map(OsStr::new);
        !(entry.file_type().is_dir() && tools.contains(&entry.file_name()))
    };
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(kept).filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_file());
    files.map(|entry| shown(entry.path().strip_prefix(folder).unwrap_or(entry.path()))).collect()
}

/// Writes a file that is not there yet; folders are made. False where something of that name is there already.
///
/// # Errors
///
/// The system's answer.
pub fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<bool> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    match std::fs::OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(bytes).map(|()| true),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Every file below `folder`, by its path relative to it, without what is hidden and what interpreters leave there.
///
/// # Errors
///
/// A finding that names the folder or file.
pub fn read_folder(folder: &Path) -> Result<Vec<(String, Arc<SourceFile>)>, Diagnostic> {
    if !folder.is_dir() {
        return Err(Diagnostic::error("cannot-read", format!("there is no folder {}", folder.display())));
    }
    let mut files = Vec::new();
    let kept = |entry: &DirEntry| visible(entry) && entry.file_name() != "__pycache__";
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(kept);
    for entry in entries.filter_map(Result::ok) {
        if entry.file_type().is_file() {
            let relative = entry.path().strip_prefix(folder).unwrap_or(entry.path());
            files.push((shown(relative), read_source(entry.path())?));
        }
    }
    Ok(files)
}

/// The text of the file at `path`, where there is one; what is not UTF-8 is replaced.
///
/// # Errors
///
/// The system's answer.
pub fn read_if_there(path: &Path) -> std::io::Result<Option<String>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes the file at `path`, if there is one.
///
/// # Errors
///
/// The system's answer.
pub fn remove_if_there(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The names of what lies in `folder`, in order; none where there is no such folder.
pub fn names_in(folder: &Path) -> Vec<String> {
    let entries = WalkDir::new(folder).min_depth(1).max_depth(1).sort_by_file_name();
    entries
        .into_iter()
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().to_str().map(str::to_owned))
        .collect()
}

/// The path without links, as far as it exists.
pub fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

/// Writes `text` to `path` for others to read, so that nobody ever sees half of it; folders are made. What is there and
/// is no file, such as a pipe, is written to as it is.
///
/// # Errors
///
/// The system's answer.
pub fn write_report(path: &Path, text: &str) -> std::io::Result<()> {
    if path.exists() && !path.is_file() {
        return std::fs::OpenOptions::new().write(true).open(path)?.write_all(text.as_bytes());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    // A temporary file is its owner's alone; a report is read by other users too, as far as the umask lets them.
    let readable = std::fs::Permissions::from_mode(0o666);
    let mut file = tempfile::Builder::new().permissions(readable).tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Adds `text` to the end of the file at `path`, which may be new.
///
/// # Errors
///
/// The system's answer.
pub fn append(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::OpenOptions::new().create(true).append(true).open(path)?.write_all(text.as_bytes())
}

/// Writes `bytes` to `path` so that nobody ever sees half of it; folders are made.
///
/// # Errors
///
/// The system's answer.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Why a file was not rewritten.
#[derive(Debug, thiserror::Error)]
pub enum RewriteError {
    /// Someone changed it since it was read.
    #[error("it was changed meanwhile")]
    Changed,
    /// Its owner forbids it.
    #[error("it is write-protected")]
    Protected,
    /// The system's answer.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// Writes `new` to the file at `path`, which holds `old`, so that nobody ever sees half of it. Its permissions stay, and
/// of a symbolic link the file behind it is written.
///
/// # Errors
///
/// As `RewriteError` tells; then the file is as it was.
pub fn rewrite(path: &Path, old: &str, new: &str) -> Result<(), RewriteError> {
    let path = path.canonicalize()?;
    let permissions = std::fs::metadata(&path)?.permissions();
    if permissions.readonly() {
        return Err(RewriteError::Protected);
    }
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(new.as_bytes())?;
    file.as_file().set_permissions(permissions)?;
    file.as_file().sync_all()?;
    if std::fs::read(&path)? != old.as_bytes() {
        return Err(RewriteError::Changed);
    }
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

/// Removes a file.
///
/// # Errors
///
/// The system's answer.
pub fn remove(path: &Path) -> std::io::Result<()> {
    std::fs::remove_file(path)
}
