//! What a run takes from its repository besides pages: files, folders of programs, the list of what is known.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{RunRequest, Surroundings};
use crate::baseline::Baseline;
use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::exec::Tree;
use crate::fs;
use crate::outcome::{PageOutcome, PageVerdict, split_title, title};
use crate::run::{Page, Session};
use crate::source::SourceFile;

/// Writes the list of what is known to be stale, and says what has changed in it.
pub(super) fn update(
    session: &Session,
    pages: &[Page],
    outcomes: &[PageOutcome],
    request: &RunRequest,
    surroundings: &Surroundings,
) -> Result<Option<String>, Diagnostic> {
    let (Some(list), Some(baseline)) = (&request.baseline, &session.options.baseline) else { return Ok(None) };
    let listed = |outcome: &PageOutcome| {
        let page = pages.iter().find(|page| page.path == outcome.path)?;
        Some(title(&page.relative, outcome.provider.as_deref()))
    };
    let ran: Vec<_> = outcomes.iter().filter_map(|outcome| Some((listed(outcome)?, outcome))).collect();
    let text = baseline.updated(ran.iter().map(|(title, outcome)| (title.as_str(), *outcome)));
    fs::write_atomic(&surroundings.directory.join(list), text.as_bytes())
        .map_err(|error| Diagnostic::error("cannot-write", format!("cannot write {}: {error}", list.display())))?;
    let (added, gone) = baseline.changes(&text);
    Ok(Some(format!("{} is written: {added} new, {gone} gone", list.display())))
}

/// The list of what is known to be stale. One that is yet to be written is empty. `titles` are those of all runs of the
/// selected pages.
pub(super) fn read_baseline(
    request: &RunRequest,
    titles: &BTreeSet<String>,
    root: &Path,
    surroundings: &Surroundings,
) -> Result<Option<Arc<Baseline>>, Vec<Diagnostic>> {
    let Some(list) = &request.baseline else { return Ok(None) };
    let file = surroundings.directory.join(list);
    let source = match fs::read_shown(&file, list) {
        Err(_) if request.update_baseline && !file.exists() => SourceFile::new(list, ""),
        Err(found) if !file.exists() => {
            let list = list.display();
            return Err(vec![found.help(format!("write it with `doccheck run --baseline {list} --update-baseline`"))]);
        }
        read => read.map_err(|found| vec![found])?,
    };
    let selected: BTreeSet<&str> = titles.iter().map(|title| split_title(title).0).collect();
    let exists = |listed: &str| {
        let (path, provider) = split_title(listed);
        let is_run = provider.is_none() || titles.contains(listed) || !selected.contains(path);
        is_run && [root, &surroundings.directory].iter().any(|folder| folder.join(path).is_file())
    };
    let baseline = Baseline::read(&source, request.update_baseline, exists)?;
    Ok(Some(Arc::new(baseline.with_runs(titles.iter().cloned()))))
}

/// An outcome for each page that is known to be stale and is gone: it fails as one that is true again. Of several parts
/// of a run the one tells it that would have held the page.
pub(super) fn gone(
    baseline: Option<&Baseline>,
    root: &Path,
    request: &RunRequest,
    surroundings: &Surroundings,
) -> Vec<PageOutcome> {
    let gone = baseline.into_iter().flat_map(Baseline::gone);
    let here = gone.filter(|(page, _)| request.shard.is_none_or(|shard| shard.holds(page)));
    let outcome = |(listed, found): (&str, Vec<Diagnostic>)| {
        let (path, provider) = split_title(listed);
        let path = root.join(path);
        let shown = path.strip_prefix(&surroundings.directory).unwrap_or(&path).display().to_string();
        let gone = PageOutcome::failed(&shown, None, found);
        PageOutcome { verdict: PageVerdict::Stale, provider: provider.map(str::to_owned), ..gone }
    };
    here.map(outcome).collect()
}

/// What `[workspace] files` names.
pub(super) fn files(config: &Config, root: &Path) -> Result<Tree, Vec<Diagnostic>> {
    let mut files = Tree::default();
    for glob in &config.files {
        let told =
            |message: String| vec![Diagnostic::error("bad-workspace", message).at(&config.source, glob.span, "")];
        let tree = Tree::matching(root, &glob.value).map_err(|error| told(error.to_string()))?;
        if tree.is_empty() {
            return Err(told(format!("no file matches `{}`", glob.value)));
        }
        files = files.with(tree);
    }
    Ok(files)
}

/// The folders that `[workspace] path` names. One that is not there may yet be built.
pub(super) fn path(config: &Config, root: &Path, diagnostics: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for path in &config.path {
        let folder = root.join(&path.value);
        if !folder.is_dir() {
            let message = format!("there is no folder `{}` to put on the steps' PATH", path.value);
            diagnostics.push(
                Diagnostic::warning("bad-workspace", message)
                    .at(&config.source, path.span, "")
                    .help("build what belongs there first, or take it out of `path`"),
            );
        }
        folders.push(folder);
    }
    folders
}
