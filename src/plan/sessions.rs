//! Which steps share an interpreter or a terminal.
//!
//! Shell steps share the page's terminal. A Python or JavaScript step is a program of its own, unless it reads names
//! that only earlier steps define: then these steps share one.

use std::collections::BTreeSet;

use super::names::{self, Names};
use super::{Language, Session, Step};

/// Sets the session of each step; `told` is what `session=` says, step by step. Returns, step by step, whether it
/// continues an earlier one.
pub(super) fn assign(steps: &mut [Step], told: &[Option<String>]) -> Vec<bool> {
    let mut continues = vec![false; steps.len()];
    for family in [Family::Terminal, Family::Python, Family::JavaScript] {
        let members: Vec<usize> = (0..steps.len()).filter(|at| family.holds(steps[*at].language)).collect();
        match family {
            Family::Terminal => {
                for at in members {
                    // A service would keep the page's terminal for itself: without a name it has one of its own.
                    if told[at].is_some() || steps[at].service.is_none() {
                        steps[at].session = Session::Shared(told[at].clone().unwrap_or_default());
                    }
                }
            }
            Family::Python | Family::JavaScript => share(steps, told, &members, &mut continues),
        }
    }
    continues
}

#[derive(Clone, Copy)]
enum Family {
    Terminal,
    Python,
    JavaScript,
}

impl Family {
    fn holds(self, language: Language) -> bool {
        match language {
            Language::Shell | Language::Console => matches!(self, Self::Terminal),
            Language::Python | Language::Pycon => matches!(self, Self::Python),
            Language::JavaScript | Language::TypeScript => matches!(self, Self::JavaScript),
            Language::Http => false,
        }
    }
}

/// A step and what it defines and reads.
struct Member {
    at: usize,
    names: Names,
    /// The number of the group of steps that share an interpreter.
    group: usize,
}

fn share(steps: &mut [Step], told: &[Option<String>], members: &[usize], continues: &mut [bool]) {
    let name = |at: usize| told[at].as_deref().filter(|name| *name != "new");
    let mut seen: Vec<Member> = Vec::new();
    for at in members.iter().copied() {
        let names = step_names(&steps[at]);
        let group = seen.len();
        let mut joined: BTreeSet<usize> = match told[at].as_deref() {
            Some("new") => BTreeSet::new(),
            Some(told) => {
                seen.iter().filter(|member| name(member.at) == Some(told)).map(|member| member.group).collect()
            }
            None => definers(&seen, &names),
        };
        continues[at] = !joined.is_empty();
        // A transcript goes on in the interpreter of the one before, whether it reads its names or not.
        if told[at].is_none() && steps[at].language == Language::Pycon {
            let before = seen.iter().rev().find(|member| steps[member.at].language == Language::Pycon);
            joined.extend(before.map(|member| member.group));
        }
        seen.iter_mut().filter(|member| joined.contains(&member.group)).for_each(|member| member.group = group);
        seen.push(Member { at, names, group });
    }
    for member in &seen {
        let group: Vec<usize> = seen.iter().filter(|other| other.group == member.group).map(|other| other.at).collect();
        let named = group.iter().find_map(|at| name(*at)).map(str::to_owned);
        let shared = group.len() > 1 || steps[member.at].language == Language::Pycon;
        let first = group.first().copied().unwrap_or(member.at);
        let own = || shared.then(|| format!("{}-{}", family_word(steps[first].language), first + 1));
        steps[member.at].session = named.or_else(own).map_or(Session::Fresh, Session::Shared);
    }
}

/// The groups of the steps that define, last before this one, the names that it reads.
fn definers(seen: &[Member], names: &Names) -> BTreeSet<usize> {
    let definer = |name: &String| seen.iter().rev().find(|member| member.names.defines.contains(name));
    names.reads.iter().filter_map(definer).map(|member| member.group).collect()
}

fn family_word(language: Language) -> &'static str {
    if matches!(language, Language::Python | Language::Pycon) { "python" } else { "javascript" }
}

fn step_names(step: &Step) -> Names {
    match step.language {
        Language::Pycon => {
            let code: Vec<&str> = step.commands.iter().map(|command| command.text.as_str()).collect();
            names::python::names(&code.join("\n"))
        }
        Language::Python => names::python::names(&step.code.text),
        _ => names::javascript::names(&step.code.text),
    }
}
