//! The runner of `http` steps: the request as a page shows it is sent natively, and the answer is printed as it
//! would stand in a fence.

mod message;

use std::sync::Arc;
use std::time::Duration;

use crate::http::{Reply, reason};
use crate::process::interrupted;
use crate::serve::{Network, Protocol, ServeError};
use crate::system_clock;
use crate::transcript::{Captured, Ending};

use super::runner::{ExecError, Job, KEPT, Place, Ran, Runner};

/// Sends the requests of one page.
#[derive(Debug)]
pub(super) struct HttpRunner {
    network: Arc<Network>,
}

impl HttpRunner {
    /// Sends through `network`.
    pub(super) fn new(network: Arc<Network>) -> Self {
        Self { network }
    }
}

impl Runner for HttpRunner {
    /// A request that cannot be read, a refused host and a missing answer end the step with status 1; any answer is
    /// a success, whatever its status, as it is for `curl`.
    fn run(&mut self, job: &Job<'_>, _place: &Place) -> Result<Ran, ExecError> {
        let started = system_clock::now();
        let limit = job.step.timeout;
        let mut stdout = Vec::new();
        let mut stderr = String::new();
        let mut ending = Ending::Exited { code: 0 };
        match message::read(job.code) {
            Err(error) => {
                stderr = format!("{}:{}: {}\n", job.page, job.line + error.line, error.message);
                ending = Ending::Exited { code: 1 };
            }
            Ok(messages) => {
                for message in messages {
                    let left = limit.saturating_sub(system_clock::now().duration_since(started));
                    match self.network.send(message.request, message.protocol, left) {
                        Ok(reply) => print(&mut stdout, message.protocol, &reply),
                        Err(ServeError::TimedOut(_)) => {
                            ending =
                                Ending::TimedOut { limit_us: u64::try_from(limit.as_micros()).unwrap_or(u64::MAX) };
                            break;
                        }
                        Err(_) if interrupted() => {
                            ending = Ending::NotReached;
                            break;
                        }
                        Err(error) => {
                            stderr = format!("{error}\n");
                            ending = Ending::Exited { code: 1 };
                            break;
                        }
                    }
                }
            }
        }
        let (out, err) = (captured(&stdout), captured(stderr.as_bytes()));
        stdout.extend_from_slice(stderr.as_bytes());
        let split = job.step.splits_streams();
        Ok(Ran {
            ending,
            duration: system_clock::now().duration_since(started),
            output: captured(&stdout),
            stdout: split.then_some(out),
            stderr: split.then_some(err),
            parts: Vec::new(),
            notes: Vec::new(),
        })
    }
}

/// True where a GET of `url` is answered with a status below 400.
pub(super) fn answers(network: &Network, url: &str, timeout: Duration) -> bool {
    let messages = message::read(&format!("GET {url}")).unwrap_or_default();
    let mut answers = messages.into_iter().map(|message| network.send(message.request, message.protocol, timeout));
    answers.next().is_some_and(|answer| answer.is_ok_and(|reply| reply.status < 400))
}

/// Status line, fields, a blank line, body; answers in turn are a blank line apart. HTTP/2 has neither a minor
/// version nor a reason phrase (RFC 9113, section 8.3.2).
fn print(out: &mut Vec<u8>, protocol: Protocol, reply: &Reply) {
    if !out.is_empty() {
        out.push(b'\n');
    }
    let mut head = match protocol {
        Protocol::Http1 => format!("HTTP/1.1 {} {}", reply.status, reason(reply.status)).trim_end().to_owned(),
        Protocol::Http2 => format!("HTTP/2 {}", reply.status),
    };
    head.push('\n');
    for (name, value) in reply.headers.iter() {
        head.push_str(&format!("{name}: {value}\n"));
    }
    out.extend_from_slice(head.as_bytes());
    if !reply.body.is_empty() {
        out.push(b'\n');
        out.extend_from_slice(&reply.body);
        if !reply.body.ends_with(b"\n") {
            out.push(b'\n');
        }
    }
}

fn captured(bytes: &[u8]) -> Captured {
    let kept = usize::try_from(KEPT).map_or(bytes, |kept| bytes.get(..kept).unwrap_or(bytes));
    Captured { text: String::from_utf8_lossy(kept).into_owned(), size: u64::try_from(bytes.len()).unwrap_or(u64::MAX) }
}
