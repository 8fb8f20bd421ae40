//! What the arbiter hears: commands of doccheck, and messages of the hooks.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::sync::oneshot;

use super::message::{Message, take_lines};
use super::schedule::{Content, Lineage};
use super::{Passage, Rested};
use crate::process::{Census, lineage};

/// What doccheck says.
#[derive(Debug)]
pub(super) enum Command {
    /// A new world, with these processes.
    Open(Census),
    /// Tell when the world is at rest; before that let one event happen where it `goes_on`.
    Rest { goes_on: bool, until: i64, rested: Sender<Rested> },
    /// Answer when the clock was moved for everybody who has slept in real time and woken.
    Settle(Sender<()>),
    /// Hold a request, or an answer.
    Hold(Request),
    /// Something that was let through is over.
    Answered,
    /// doccheck is done.
    End,
}

/// Something on the wires that is held.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) content: Content,
    pub(super) connection: u64,
    /// The client's own port.
    pub(super) port: u16,
    pub(super) delay: Delay,
    pub(super) released: oneshot::Sender<Passage>,
}

/// How long something is held, in microseconds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Delay {
    /// So long from now.
    For(i64),
    /// Until then, since 1970.
    Until(i64),
}

/// What was heard.
#[derive(Debug)]
pub(super) enum Heard {
    Command(Command),
    /// A message of the connection with this number.
    Message(u64, Message),
    /// A connection has come; what it has to say is heard next.
    Came,
    /// A connection is gone.
    Gone(u64),
}

/// How much it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    None,
    /// Nothing but questions what time it is: they change nothing.
    Questions,
    Some,
}

impl News {
    pub(super) fn of(heard: &[Heard]) -> Self {
        let is_question = |heard: &Heard| matches!(heard, Heard::Message(_, Message::Now { .. }));
        match heard {
            [] => Self::None,
            heard if heard.iter().all(is_question) => Self::Questions,
            _ => Self::Some,
        }
    }
}

/// A hook's connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) number: u64,
    stream: UnixStream,
    received: Vec<u8>,
    /// The process that said hello, at the end of those that it comes from; empty before.
    pub(super) lineage: Lineage,
}

impl Connection {
    /// Reads what is there; false where the other end is gone.
    fn read(&mut self) -> bool {
        let mut chunk = [0; 4096];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => return false,
                Ok(count) => self.received.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
    }
}

/// All that can be heard.
#[derive(Debug)]
pub(super) struct Ears {
    listener: UnixListener,
    woken: UnixStream,
    commands: Receiver<Command>,
    pub(super) connections: Vec<Connection>,
    count: u64,
}

impl Ears {
    pub(super) fn new(listener: UnixListener, woken: UnixStream, commands: Receiver<Command>) -> std::io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self { listener, woken, commands, connections: Vec::new(), count: 0 })
    }

    pub(super) fn connection(&mut self, number: u64) -> Option<&mut Connection> {
        self.connections.iter_mut().find(|connection| connection.number == number)
    }

    /// Wakes who waits on a connection under `id`. A process that is gone will be noticed when it is read from.
    pub(super) fn wake(&mut self, number: u64, id: u64) {
        if let Some(connection) = self.connection(number) {
            let _ = connection.stream.write_all(format!("woke {id}\n").as_bytes());
        }
    }

    /// Waits for something to hear, for ever or for `patience`, and takes all that is there.
    pub(super) fn hear(&mut self, patience: Option<Duration>) -> Vec<Heard> {
        let own = [PollFd::new(&self.listener, PollFlags::IN), PollFd::new(&self.woken, PollFlags::IN)];
        let hooks = self.connections.iter().map(|connection| PollFd::new(&connection.stream, PollFlags::IN));
        let mut polled: Vec<_> = own.into_iter().chain(hooks).collect();
        let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
        if !matches!(poll(&mut polled, patience.as_ref()), Ok(1..)) {
            return Vec::new();
        }
        let ready: Vec<bool> = polled.iter().map(|fd| !fd.revents().is_empty()).collect();
        let mut heard = Vec::new();
        for (connection, _) in self.connections.iter_mut().zip(&ready[2..]).filter(|(_, ready)| **ready) {
            let goes_on = connection.read();
            for message in take_lines(&mut connection.received) {
                if let Message::Hello { process } = message {
                    connection.lineage = lineage(process).into();
                }
                heard.push(Heard::Message(connection.number, message));
            }
            if !goes_on {
                heard.push(Heard::Gone(connection.number));
            }
        }
        let gone = |number| heard.iter().any(|heard| matches!(heard, Heard::Gone(gone) if *gone == number));
        self.connections.retain(|connection| !gone(connection.number));
        if ready[0] && self.accept() {
            heard.push(Heard::Came);
        }
        if ready[1] {
            let mut wakes = [0; 256];
            while matches!(self.woken.read(&mut wakes), Ok(1..)) {}
            heard.extend(self.commands.try_iter().map(Heard::Command));
        }
        heard
    }

    /// True where somebody came.
    fn accept(&mut self) -> bool {
        let before = self.connections.len();
        while let Ok((stream, _)) = self.listener.accept() {
            if stream.set_nonblocking(true).is_ok() {
                self.count += 1;
                self.connections.push(Connection {
                    number: self.count,
                    stream,
                    received: Vec::new(),
                    lineage: Lineage::default(),
                });
            }
        }
        self.connections.len() > before
    }
}
