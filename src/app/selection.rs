//! Which of the pages a run looks at: those of a shard, those that a change touches.
//!
//! A page is touched by a change of itself, of what it depends on (`inputs`), of a `doccheck.toml` above it and of what
//! it keeps in snapshots.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::fs;
use crate::git;
use crate::inputs::{self, Input};
use crate::outcome::title;
use crate::plan::plan;
use crate::run::Page;
use crate::tutorial;

use super::{RunRequest, Surroundings};

/// The pages that are left, and a note where none is.
pub(super) fn select(
    pages: Vec<Page>,
    request: &RunRequest,
    config: &Config,
    root: &Path,
    surroundings: &Surroundings,
) -> Result<(Vec<Page>, Option<String>), Diagnostic> {
    let all = pages.len();
    let mut note = None;
    let mut pages = pages;
    if let Some(revision) = &request.changed_since {
        let changed = git::changed(&surroundings.directory, revision, &surroundings.variables)?;
        let change = Change { changed, root: fs::canonical(root), config };
        // The runs of a page are touched together, by what touches the page.
        let mut touched: BTreeMap<String, bool> = BTreeMap::new();
        pages.retain(|page| {
            let touches = || change.touches(page, &surroundings.directory);
            *touched.entry(page.path.clone()).or_insert_with(touches)
        });
        if pages.is_empty() && all > 0 {
            note = Some(format!("nothing that changed since {revision} touches one of the {all} selected pages"));
        }
    }
    if let Some(shard) = request.shard {
        let left = pages.len();
        let below = |page: &Page| below(&surroundings.directory.join(&page.path), root);
        pages.retain(|page| shard.holds(&title(&below(page), page.provider.as_deref())));
        if pages.is_empty() && left > 0 {
            note = Some(format!("shard {shard} holds none of the {left} selected pages"));
        }
    }
    Ok((pages, note))
}

/// The path from the root on, the same in every clone.
fn below(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

/// What has changed.
struct Change<'a> {
    changed: Vec<PathBuf>,
    root: PathBuf,
    config: &'a Config,
}

impl Change<'_> {
    fn touches(&self, page: &Page, directory: &Path) -> bool {
        let path = directory.join(&page.path);
        let Some(folder) = path.parent().map(fs::canonical) else { return true };
        let named = folder.join(path.file_name().unwrap_or_default());
        // Behind a link lies another file of the repository.
        self.has(named) || self.has(fs::canonical(&path)) || self.has_config(&folder) || self.has_input(page, &folder)
    }

    fn has(&self, path: PathBuf) -> bool {
        let file = Input::File { path };
        self.changed.iter().any(|changed| file.holds(changed))
    }

    fn has_input(&self, page: &Page, folder: &Path) -> bool {
        let Ok(source) = &page.source else { return false };
        let (tutorial, _) = tutorial::read(source.clone());
        let (plan, _) = plan(tutorial, self.config, &page.relative);
        let mut inputs = inputs::of_page(&plan, self.config, folder, &self.root);
        // What a page keeps lies beside it. The run does not depend on it, but what is said of the run does.
        inputs.extend(plan.page.snapshot.then(|| Input::Folder { path: folder.join("snapshots") }));
        self.changed.iter().any(|changed| inputs.iter().any(|input| input.holds(changed)))
    }

    /// A configuration counts where it is, and where it was.
    fn has_config(&self, folder: &Path) -> bool {
        let names = self.changed.iter().filter(|path| path.file_name().is_some_and(|name| name == fs::CONFIG));
        names.filter_map(|path| path.parent()).any(|above| folder.starts_with(above))
    }
}
