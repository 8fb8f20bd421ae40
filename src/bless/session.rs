//! A review of one page: what was decided on each change so far.

use super::Change;

/// What a person decided on a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The page takes it over.
    Accepted,
    /// The page is right as it is.
    Rejected,
    /// To be decided another time.
    Skipped,
}

/// The changes of a page and the decisions on them, in order.
#[derive(Debug)]
pub struct Session {
    changes: Vec<Change>,
    /// What each change was before its parts were turned into wildcards.
    plain: Vec<Option<Change>>,
    decisions: Vec<Decision>,
    /// How many decisions there were before each key that decided.
    history: Vec<usize>,
}

impl Session {
    /// A review in which nothing is decided.
    pub fn new(changes: Vec<Change>) -> Self {
        Self { plain: changes.iter().map(|_| None).collect(), changes, decisions: Vec::new(), history: Vec::new() }
    }

    /// How many changes there are.
    pub fn count(&self) -> usize {
        self.changes.len()
    }

    /// How many are decided: the index of the current one.
    pub fn decided(&self) -> usize {
        self.decisions.len()
    }

    /// The change that is to be decided next.
    pub fn current(&self) -> Option<&Change> {
        self.changes.get(self.decisions.len())
    }

    /// Decides on the current change.
    pub fn decide(&mut self, decision: Decision) {
        if self.current().is_some() {
            self.history.push(self.decisions.len());
            self.decisions.push(decision);
        }
    }

    /// Decides on the current change and on all after it.
    pub fn decide_rest(&mut self, decision: Decision) {
        if self.current().is_some() {
            self.history.push(self.decisions.len());
            self.decisions.resize(self.changes.len(), decision);
        }
    }

    /// Takes back the last decision, also one on all the rest; false where there is none.
    pub fn undo(&mut self) -> bool {
        let Some(before) = self.history.pop() else { return false };
        self.decisions.truncate(before);
        true
    }

    /// True where the current change has wildcards that `loosen` put in.
    pub fn is_loosened(&self) -> bool {
        self.plain.get(self.decisions.len()).is_some_and(Option::is_some)
    }

    /// Puts `loosened` in the place of the current change.
    pub fn loosen(&mut self, loosened: Change) {
        let at = self.decisions.len();
        if let (Some(change), Some(plain)) = (self.changes.get_mut(at), self.plain.get_mut(at)) {
            let before = std::mem::replace(change, loosened);
            plain.get_or_insert(before);
        }
    }

    /// Takes the wildcards back that `loosen` put in.
    pub fn tighten(&mut self) {
        let at = self.decisions.len();
        if let (Some(change), Some(plain)) = (self.changes.get_mut(at), self.plain.get_mut(at))
            && let Some(before) = plain.take()
        {
            *change = before;
        }
    }

    /// The changes that were accepted.
    pub fn accepted(&self) -> Vec<&Change> {
        let decided = self.changes.iter().zip(&self.decisions);
        decided.filter(|(_, decision)| **decision == Decision::Accepted).map(|(change, _)| change).collect()
    }

    /// How many changes were decided like this.
    pub fn counted(&self, decision: Decision) -> usize {
        self.decisions.iter().filter(|known| **known == decision).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(count: usize) -> Session {
        Session::new((0..count).map(|step| Change { step, hunks: Vec::new() }).collect())
    }

    fn accepted(session: &Session) -> Vec<usize> {
        session.accepted().iter().map(|change| change.step).collect()
    }

    #[test]
    fn the_last_decision_is_taken_back_whole() {
        let mut session = session(4);
        assert!(!session.undo());
        session.decide(Decision::Accepted);
        session.decide(Decision::Rejected);
        session.decide_rest(Decision::Accepted);
        assert_eq!((accepted(&session), session.current().is_none()), (vec![0, 2, 3], true));
        assert!(session.undo());
        assert_eq!((accepted(&session), session.decided()), (vec![0], 2));
        assert!(session.undo() && session.undo() && !session.undo());
        assert_eq!(session.decided(), 0);
    }

    #[test]
    fn wildcards_come_and_go() {
        let mut session = session(1);
        session.loosen(Change { step: 9, hunks: Vec::new() });
        assert!(session.is_loosened() && session.current().is_some_and(|change| change.step == 9));
        session.tighten();
        assert!(!session.is_loosened() && session.current().is_some_and(|change| change.step == 0));
    }
}
