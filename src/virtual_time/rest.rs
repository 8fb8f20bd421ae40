//! Whether the world is at rest: nobody computes, and whoever waits will go on only when the clock moves.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::LIBRARY;
use crate::process::{
    Census, Thread, Waiting, are_same, has_loaded, packets_are_under_way, program_name, used_by_ended_children,
};
use crate::system_clock;

/// The descriptor from which terminals and interpreters read their next step.
const COMMANDS: u64 = 200;

/// What is known of threads that sleep, until they run again.
#[derive(Debug, Default)]
pub(super) struct Asleep(HashMap<Key, Wait>);

/// What a thread waits for.
#[derive(Debug, Clone)]
pub(super) struct Wait {
    pub(super) what: Waiting,
    /// The name of its program, where the wait may be over after a time: asked for at once, since then it may be gone.
    pub(super) program: Arc<str>,
}

impl Wait {
    /// Asks the system; `None` where the thread has a processor, or had one since it was looked at: it may wait for
    /// something else by then.
    fn of(thread: &Thread) -> Option<Self> {
        let what = match thread.waiting()? {
            // The library would have told.
            Waiting::Alarm if has_loaded(thread.process, LIBRARY) => Waiting::Something,
            what => what,
        };
        let program = match what {
            Waiting::Time(_) | Waiting::AtMost(_) | Waiting::Socket(_) | Waiting::Alarm => {
                program_name(thread.process).into()
            }
            Waiting::Bytes(_) | Waiting::Peer | Waiting::Something => Arc::default(),
        };
        has_not_run(thread).then_some(Self { what, program })
    }
}

/// All threads at one moment.
#[derive(Debug)]
pub(super) struct Look {
    /// When it began.
    pub(super) at: Instant,
    pub(super) page: Vec<(Thread, Option<Wait>)>,
    pub(super) wires: Vec<(Thread, Option<Wait>)>,
}

impl Asleep {
    /// Looks at the page's processes and at the threads `wires` of doccheck itself, through which they speak.
    pub(super) fn look(&mut self, census: &mut Census, wires: &[i32]) -> Look {
        let at = system_clock::now();
        let look = Look { at, page: self.with_waits(census.threads(Thread::glance).threads), wires: self.own(wires) };
        let known = look.all().filter_map(|(thread, wait)| Some((Key::of(thread), wait.clone()?)));
        self.0 = known.collect();
        look
    }

    /// These threads of doccheck itself. One that waits for another thread is not at rest: whoever has the lock that it waits
    /// for is not looked at, and may wait for a processor. The lock of doccheck's memory is such a one, which all share.
    fn own(&self, ids: &[i32]) -> Vec<(Thread, Option<Wait>)> {
        let me = rustix::process::getpid().as_raw_nonzero().get();
        let threads = self.with_waits(ids.iter().filter_map(|id| Thread::glance(me, *id)).collect());
        let rests = |wait: &Wait| wait.what != Waiting::Peer;
        threads.into_iter().map(|(thread, wait)| (thread, wait.filter(rests))).collect()
    }

    fn with_waits(&self, threads: Vec<Thread>) -> Vec<(Thread, Option<Wait>)> {
        let wait = |thread: &Thread| self.0.get(&Key::of(thread)).cloned().or_else(|| Wait::of(thread));
        threads.into_iter().map(|thread| (thread, wait(&thread))).collect()
    }
}

impl Look {
    /// True where somebody has a processor.
    pub(super) fn is_busy(&self) -> bool {
        self.all().any(|(_, wait)| wait.is_none())
    }

    /// True where nobody has run since the look, or is about to, or came to be. Everybody is found anew: who was started
    /// after the look had listed the processes is not in it, and whoever started him may be asleep again.
    ///
    /// Each was seen asleep in the look and has had no turn since: so there was a moment at which all of them slept.
    pub(super) fn still_holds(&self, census: &mut Census) -> bool {
        // First: whatever was sent before everybody slept has been delivered then, and whoever got it is seen to have woken.
        if packets_are_under_way() {
            return false;
        }
        let wires = self.wires.iter().filter_map(|(thread, _)| Thread::look(thread.process, thread.id));
        // Who ended while the others were looked at may have woken one of them after its turn.
        let seen = census.threads(Thread::look);
        let now: Vec<Thread> = seen.threads.into_iter().chain(wires).collect();
        let keys = now.iter().map(Key::of).collect::<HashSet<_>>();
        let same = keys == self.all().map(|(thread, _)| Key::of(thread)).collect();
        seen.is_whole && same && !now.iter().any(|thread| thread.is_busy)
    }

    /// The processes that have a processor; none where doccheck itself has one.
    pub(super) fn computing(&self) -> BTreeSet<i32> {
        let busy = |(_, wait): &&(Thread, Option<Wait>)| wait.is_none();
        match self.wires.iter().any(|wire| busy(&wire)) {
            true => BTreeSet::new(),
            false => self.page.iter().filter(busy).map(|(thread, _)| thread.process).collect(),
        }
    }

    /// The processor time that the page's threads have used, and programs that have ended: a loop may start one after the
    /// other.
    pub(super) fn used(&self) -> Duration {
        let own: Duration = self.page.iter().map(|(thread, _)| thread.used).sum();
        own + self.processes().map(used_by_ended_children).sum::<Duration>()
    }

    /// True where `process` waits for its next step, has just been sent it, or is gone.
    pub(super) fn is_idle(&self, process: i32) -> bool {
        let main = self.page.iter().find(|(thread, _)| thread.process == process && thread.id == process);
        main.is_none_or(|(main, wait)| {
            let Some(Waiting::Bytes(from)) = wait.as_ref().map(|wait| wait.what) else { return false };
            // bash reads its script from a descriptor of its own that leads to the same pipe. Which one that is can be asked
            // only after the look: meanwhile doccheck may have sent the step, which then has closed it.
            are_same(process, from, COMMANDS) || !has_not_run(main)
        })
    }

    fn all(&self) -> impl Iterator<Item = &(Thread, Option<Wait>)> {
        self.page.iter().chain(&self.wires)
    }

    /// True where a thread waits for time, or has a processor.
    pub(super) fn may_sleep(&self, key: Key) -> bool {
        let thread = self.page.iter().find(|(thread, _)| (thread.process, thread.id) == (key.process, key.id));
        thread.is_some_and(|(_, wait)| wait.as_ref().is_none_or(|wait| matches!(wait.what, Waiting::Time(_))))
    }

    pub(super) fn has_process(&self, process: i32) -> bool {
        self.page.iter().any(|(thread, _)| thread.process == process)
    }

    /// The page's processes.
    pub(super) fn processes(&self) -> impl Iterator<Item = i32> {
        self.page.iter().filter(|(thread, _)| thread.id == thread.process).map(|(thread, _)| thread.process)
    }

    pub(super) fn has(&self, key: Key) -> bool {
        self.page.iter().any(|(thread, _)| key == Key::of(thread))
    }
}

/// True where a thread that was looked at has had no turn since.
fn has_not_run(thread: &Thread) -> bool {
    Thread::glance(thread.process, thread.id).is_some_and(|now| Key::of(&now) == Key::of(thread))
}

/// A thread between two runs of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) process: i32,
    pub(super) id: i32,
    pub(super) turns: u64,
}

impl Key {
    pub(super) fn of(thread: &Thread) -> Self {
        Self { process: thread.process, id: thread.id, turns: thread.turns }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_of_the_wires_that_waits_for_a_lock_does_not_rest() {
        let wait = |begin: Box<dyn FnOnce() + Send>| {
            let (tell, told) = std::sync::mpsc::channel();
            let thread = std::thread::spawn(move || {
                let _ = tell.send(rustix::thread::gettid().as_raw_nonzero().get());
                begin();
            });
            let id = told.recv().unwrap_or_else(|error| panic!("{error}"));
            let me = rustix::process::getpid().as_raw_nonzero().get();
            while Thread::look(me, id).is_some_and(|thread| thread.is_busy) {
                std::thread::yield_now();
            }
            (Asleep::default().own(&[id]), thread)
        };
        let lock = Arc::new(std::sync::Mutex::new(()));
        let held = lock.lock().unwrap_or_else(|error| panic!("{error}"));
        let wanted = Arc::clone(&lock);
        let (waits_for_lock, first) = wait(Box::new(move || drop(wanted.lock())));
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap_or_else(|error| panic!("{error}"));
        let (waits_for_bytes, second) = wait(Box::new(move || drop(std::io::Read::read(&mut &theirs, &mut [0]))));
        let rests =
            |looked: &[(Thread, Option<Wait>)]| looked.iter().map(|(_, wait)| wait.is_some()).collect::<Vec<_>>();
        assert_eq!((rests(&waits_for_lock), rests(&waits_for_bytes)), (vec![false], vec![true]));
        drop((held, ours));
        for thread in [first, second] {
            thread.join().unwrap_or_else(|_| panic!("it ends"));
        }
    }

    #[test]
    fn who_waits_for_a_step_or_is_gone_is_idle() {
        let me = rustix::process::getpid().as_raw_nonzero().get();
        let main = Thread::look(me, me).unwrap_or_else(|| panic!("it is there"));
        let look = |what: Option<Waiting>| {
            let wait = what.map(|what| Wait { what, program: Arc::default() });
            Look { at: system_clock::now(), page: vec![(main, wait)], wires: Vec::new() }
        };
        assert!(look(Some(Waiting::Bytes(COMMANDS))).is_idle(me));
        assert!(!look(Some(Waiting::Something)).is_idle(me));
        assert!(!look(None).is_idle(me));
        assert!(look(None).is_busy());
        assert!(look(None).is_idle(i32::MAX), "it is gone");
    }
}
