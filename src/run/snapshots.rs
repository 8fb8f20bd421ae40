//! A page's snapshots while it is performed: read, compared, written, counted.

use std::path::PathBuf;

use super::{Page, Session};
use crate::diagnostic::Diagnostic;
use crate::fs::{names_in, read_if_there, remove_if_there, write_atomic};
use crate::matching::compare_exact;
use crate::outcome::{Check, CheckKind, StepOutcome, StepVerdict};
use crate::plan::{Plan, Step};
use crate::snapshot::{self, Kept, Rule, SUFFIX, Way, pending};
use crate::transcript::StepRecord;

/// The snapshots of one run of a page.
pub(super) struct Snapshots<'a> {
    page: &'a Page,
    plan: &'a Plan,
    rule: Rule,
    folder: PathBuf,
    /// The file name of each step's snapshot.
    names: Vec<String>,
    /// How the names of snapshots end that other runs of the page look after.
    of_others: Vec<String>,
}

impl<'a> Snapshots<'a> {
    /// Those of a run of `page`; none where it keeps none.
    pub(super) fn of(session: &Session, page: &'a Page, plan: &'a Plan) -> Result<Option<Self>, Diagnostic> {
        if !plan.page.snapshot {
            return Ok(None);
        }
        let rule = Rule::of(&session.variables).map_err(|message| Diagnostic::error("bad-variable", message))?;
        let (file, provider) = (plan.tutorial.source.path(), page.provider.as_deref());
        let names = snapshot::steps(plan).iter().map(|name| snapshot::file_name(file, name, provider)).collect();
        let others = plan.providers(&session.definition).unwrap_or_default().into_iter();
        let others = others.filter(|other| Some(other.name.as_str()) != provider);
        let of_others = others.map(|other| snapshot::ending(Some(&other.name))).collect();
        Ok(Some(Self { page, plan, rule, folder: snapshot::folder(file), names, of_others }))
    }

    /// Compares what the step at `index` printed with its snapshot, where the page does not show it, and does what the
    /// rule says with what differs.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written.
    pub(super) fn check(
        &self,
        index: usize,
        step: &Step,
        record: &StepRecord,
        outcome: &mut StepOutcome,
    ) -> Result<(), Diagnostic> {
        let (Some(output), Some(name)) = (snapshot::output(step, record, outcome), self.names.get(index)) else {
            return Ok(());
        };
        let file = self.folder.join(name);
        let cannot = |error: std::io::Error| {
            Diagnostic::error("no-snapshot", format!("cannot use the snapshot {}: {error}", file.display()))
        };
        let old = read_if_there(&file).map_err(cannot)?.map(|text| Kept::read(&text).output);
        if old.is_none() && output.is_empty() {
            return Ok(());
        }
        let differs = compare_exact(old.as_deref().unwrap_or_default(), &output).err();
        let mut check = self.passed(outcome);
        check.expected.clone_from(&old);
        check.actual = Some(output.clone());
        let Some(mismatch) = differs else {
            remove_if_there(&pending(&file)).map_err(cannot)?;
            outcome.add(check);
            return Ok(());
        };
        let kept = Kept { source: self.page.path.clone(), expression: expression(step), output };
        let way = if old.is_some() { self.rule.seen } else { self.rule.unseen };
        match way {
            Way::InPlace => {
                write_atomic(&file, kept.write().as_bytes()).map_err(cannot)?;
                remove_if_there(&pending(&file)).map_err(cannot)?;
                outcome.notes.push(format!("{} was written", file.display()));
                check.expected.clone_from(&check.actual);
                outcome.add(check);
                return Ok(());
            }
            Way::Pending => write_atomic(&pending(&file), kept.write().as_bytes()).map_err(cannot)?,
            Way::Never => {}
        }
        check.ok = false;
        check.at = Some(check.line);
        check.message = match &old {
            Some(_) => mismatch.message,
            None => "there is no snapshot of it yet".to_owned(),
        };
        check.diff = mismatch.diff;
        check.help = self.advice(way, &file.display().to_string());
        outcome.add(check);
        Ok(())
    }

    /// A note on each snapshot of the page that no step was compared with.
    pub(super) fn unreferenced(&self, outcomes: &[StepOutcome]) -> Vec<Diagnostic> {
        let page = self.plan.tutorial.source.path();
        let prefix = snapshot::prefix(page);
        // What was not reached or skipped this time may need its snapshot the next time.
        let needed = |outcome: &StepOutcome| {
            outcome.verdict != StepVerdict::Ok || outcome.checks.iter().any(|check| check.kind == CheckKind::Snapshot)
        };
        let names = self.names.iter().zip(outcomes);
        let used: Vec<&String> = names.filter(|(_, outcome)| needed(outcome)).map(|(name, _)| name).collect();
        // What belongs to no run at all any more the first run tells.
        let own = snapshot::ending(self.page.provider.as_deref());
        let mine = |name: &str| {
            !self.of_others.iter().any(|ending| name.ends_with(ending)) && (!self.page.repeats || name.ends_with(&own))
        };
        let lonely = names_in(&self.folder).into_iter().filter(|name| {
            name.starts_with(&prefix)
                && name.ends_with(SUFFIX)
                && mine(name)
                && !used.contains(&name)
                && self.is_ours(name)
        });
        let note = |name: String| {
            let file = self.folder.join(name).display().to_string();
            Diagnostic::note("unreferenced-snapshot", format!("no step of {} is compared with {file}", self.page.path))
                .help("delete it, or give its step the name that it had")
        };
        lonely.map(note).collect()
    }

    /// False for a snapshot of a page whose name goes on where ours ends, as `x__y.md` beside `x.md`.
    fn is_ours(&self, name: &str) -> bool {
        let text = read_if_there(&self.folder.join(name)).ok().flatten().unwrap_or_default();
        let source = Kept::read(&text).source;
        std::path::Path::new(&source).file_name() == self.plan.tutorial.source.path().file_name()
    }

    fn passed(&self, outcome: &StepOutcome) -> Check {
        Check {
            kind: CheckKind::Snapshot,
            line: outcome.line,
            at: None,
            ok: true,
            message: String::new(),
            expected: None,
            actual: None,
            span: self.plan.tutorial.source.line_span(outcome.line),
            diff: Vec::new(),
            help: Vec::new(),
        }
    }

    fn advice(&self, way: Way, file: &str) -> Vec<String> {
        let at_once = format!("`INSTA_UPDATE=always doccheck run {}`", self.page.path);
        match way {
            Way::Never => {
                vec![format!("nothing was written, as INSTA_UPDATE or CI says; {at_once} accepts it as {file}")]
            }
            _ => vec![format!(
                "it waits in {file}.new: `cargo insta review`, in a Cargo project, shows and accepts it; {at_once} does so at once"
            )],
        }
    }
}

/// What was run, in one line.
fn expression(step: &Step) -> String {
    let mut lines = step.code.text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    if lines.next().is_some() { format!("{first} …") } else { first.to_owned() }
}
