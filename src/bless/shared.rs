//! A page that runs for several providers: what it is to show must be true of every run.
//!
//! Each run says what it alone would need. What one of them needs is taken where all of them are true with it, as they
//! are where all printed the same or differ only where the page has a wildcard; the rest is for a person to decide.

use super::again::State;
use super::{Blessing, Change, Hunk, Refusal, Rules, Target, page, propose, refused};
use crate::diagnostic::Diagnostic;
use crate::plan::{Plan, Step};
use crate::transcript::{Ending, StepRecord};

/// One run of a page.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// The provider that it is about.
    pub provider: &'a str,
    /// What its steps did.
    pub records: &'a [StepRecord],
}

/// A run, what it alone would need, and how the page stands by it with the changes so far.
struct Voice<'a> {
    run: Run<'a>,
    needs: Blessing,
    state: State,
}

/// What `plan`'s page needs so that it is true of what all `runs` tell. `add`: outputs for steps that show none, too.
pub fn propose_for_all(plan: &Plan, runs: &[Run<'_>], rules: Rules<'_>, add: bool) -> Blessing {
    let voice =
        |run: &Run<'_>| -> (Blessing, State) { (propose(plan, run.records, rules, add), State::of(plan, run.records)) };
    let voices = runs.iter().map(|run| (*run, voice(run)));
    let mut voices: Vec<Voice<'_>> = voices.map(|(run, (needs, state))| Voice { run, needs, state }).collect();
    let mut blessing = Blessing { rerun: voices.iter().any(|voice| voice.needs.rerun), ..Blessing::default() };
    for (index, step) in plan.steps().enumerate() {
        let wanted: Vec<Vec<Hunk>> = voices.iter().map(|voice| voice.hunks(index)).collect();
        let mut sets: Vec<Vec<Hunk>> = Vec::new();
        let singles = wanted.iter().flatten().map(|hunk| vec![hunk.clone()]);
        for set in wanted.iter().filter(|set| !set.is_empty()).cloned().chain(singles) {
            if !sets.contains(&set) {
                sets.push(set);
            }
        }
        let mut taken = Change { step: index, hunks: Vec::new() };
        for set in sets {
            if set.iter().any(|hunk| taken.hunks.iter().any(|known| known.target == hunk.target)) {
                continue;
            }
            let with = Change { step: index, hunks: taken.hunks.iter().chain(&set).cloned().collect() };
            let changes: Vec<&Change> = blessing.changes.iter().chain([&with]).collect();
            let text = page(plan, &changes);
            let states: Option<Vec<State>> =
                voices.iter().map(|voice| voice.agreed(plan, &text, rules, index, &set)).collect();
            if let Some(states) = states {
                voices.iter_mut().zip(states).for_each(|(voice, state)| voice.state = state);
                taken = with;
            }
        }
        taken.hunks.sort_by_key(|hunk| hunk.span.start);
        let mut told: Vec<Target> = Vec::new();
        for hunk in wanted.iter().flatten() {
            let is_taken = taken.hunks.iter().any(|known| known.target == hunk.target);
            if !is_taken && !told.contains(&hunk.target) {
                told.push(hunk.target);
                blessing.refused.push(refused(plan, differing(step, index, hunk, &voices)));
            }
        }
        if !taken.hunks.is_empty() {
            blessing.changes.push(taken);
        }
    }
    blessing.refused.extend(left(&voices));
    blessing
}

impl Voice<'_> {
    /// The outputs of the step at `index` that the run would change.
    fn hunks(&self, index: usize) -> Vec<Hunk> {
        let change = self.needs.changes.iter().find(|change| change.step == index);
        change.map_or_else(Vec::new, |change| change.hunks.clone())
    }

    /// How the page with `text`, in which the step at `index` has `set`, stands by this run; `None` where the run does
    /// not bear it out.
    fn agreed(&self, plan: &Plan, text: &str, rules: Rules<'_>, index: usize, set: &[Hunk]) -> Option<State> {
        if self.says_nothing(index) {
            return None;
        }
        let own = self.hunks(index);
        let mended = |hunk: &&Hunk| !hunk.is_added() && set.iter().any(|other| other.target == hunk.target);
        let left = self.state.failing(index).saturating_sub(own.iter().filter(mended).count());
        let found = State::read(plan, text, self.run.records, rules)?;
        found.is_better(&self.state, index, left).then_some(found)
    }

    /// True where the run did not come to the step at `index`, or something about it cannot be mended: then nobody
    /// knows what it would have printed.
    fn says_nothing(&self, index: usize) -> bool {
        let reached = self.run.records.get(index).is_some_and(|record| record.ending != Ending::NotReached);
        !reached || self.state.failing(index) > self.hunks(index).len()
    }
}

/// That the runs do not agree on the output that `hunk` is about, and who says what.
fn differing(step: &Step, index: usize, hunk: &Hunk, voices: &[Voice<'_>]) -> Refusal {
    let mut groups: Vec<(Option<String>, Vec<&str>)> = Vec::new();
    for voice in voices {
        let own = voice.hunks(index).into_iter().find(|own| own.target == hunk.target);
        let says = match own {
            Some(own) => Some(own.new),
            None if voice.says_nothing(index) => None,
            None => Some(hunk.old.clone()),
        };
        match groups.iter_mut().find(|(known, _)| *known == says) {
            Some((_, providers)) => providers.push(voice.run.provider),
            None => groups.push((says, vec![voice.run.provider])),
        }
    }
    let groups = groups.into_iter().map(|(says, providers)| {
        let providers = providers.join(", ");
        match says {
            Some(says) if says == hunk.old && hunk.is_added() => format!("nothing for {providers}"),
            Some(says) if says == hunk.old => format!("what the page shows for {providers}"),
            Some(_) => format!("one thing for {providers}"),
            None => format!("nothing that counts for {providers}"),
        }
    });
    let groups: Vec<String> = groups.collect();
    let reason = format!("`{}` does not print the same in every run: {}", step.name, groups.join("; "));
    let help = "show what the runs share, with `[..]` and `...` for the rest, or let the page run for fewer providers";
    Refusal { span: hunk.span, reason, help: vec![help.to_owned()] }
}

/// What the runs refuse by themselves, each once, with the runs that do where not all of them do.
fn left(voices: &[Voice<'_>]) -> Vec<Diagnostic> {
    let mut found: Vec<(&Diagnostic, Vec<&str>)> = Vec::new();
    for voice in voices {
        for refusal in &voice.needs.refused {
            let same = |(known, _): &&mut (&Diagnostic, Vec<&str>)| {
                known.message == refusal.message && known.line() == refusal.line()
            };
            match found.iter_mut().find(same) {
                Some((_, providers)) => providers.push(voice.run.provider),
                None => found.push((refusal, vec![voice.run.provider])),
            }
        }
    }
    let named = |(refusal, providers): (&Diagnostic, Vec<&str>)| {
        let refusal = refusal.clone();
        if providers.len() == voices.len() {
            return refusal;
        }
        let message = format!("{} (in the runs for {})", refusal.message, providers.join(", "));
        Diagnostic { message, ..refusal }
    };
    found.into_iter().map(named).collect()
}
