//! What doccheck itself asks of a page's network: whether something listens, what an `http` step sends, which webhooks came.

use std::time::Duration;

use super::gateway::refusal;
use super::hosts::{Target, Way};
use super::relay::Relay;
use super::{Network, Protocol, ServeError, send};
use crate::http::{Reply, Request};
use crate::virtual_time::Foreground;

impl Network {
    /// How many calls of webhooks for the event of this name the page has taken, with a status from 200 to 299.
    pub fn taken_webhooks(&self, event: &str) -> u64 {
        self.front.gateway.courier.taken(event)
    }

    /// The events of which a call of a webhook has been taken since the page began.
    pub fn events_taken(&self) -> Vec<String> {
        self.front.gateway.courier.events_taken()
    }

    /// What became of the last call of a webhook for that event that nobody took, such as
    /// "http://localhost:3000/hooks answered 500".
    pub fn refused_webhook(&self, event: &str) -> Option<String> {
        self.front.gateway.courier.refused(event)
    }

    /// True where `port` of the page's loopback is that of the machine, because the configuration allows it.
    pub fn leads_outside(&self, port: u16) -> bool {
        self.hosts.allowed().iter().any(|target| target.is_loopback() && target.port == port)
    }

    /// True where something takes connections to `port` of the loopback that the page sees. It is connected to.
    pub fn accepts(&self, port: u16) -> bool {
        let target = Target { host: "localhost".to_owned(), port };
        let relay = &self.front.gateway.relay;
        self.handle
            .block_on(async {
                // The way there takes every connection, whether somebody is at its end or not.
                let outside = self.leads_outside(port);
                if outside { Relay::dial_outside(&target).await } else { relay.dial(&target).await }
            })
            .is_ok()
    }

    /// Sends a request natively, by reqwest. Redirects are not followed.
    ///
    /// # Errors
    ///
    /// `ServeError::NoAnswer`, `ServeError::TimedOut`.
    pub fn send(&self, request: Request, protocol: Protocol, timeout: Duration) -> Result<Reply, ServeError> {
        let default_port = if request.scheme == "https" { 443 } else { 80 };
        let target = Target::parse(&request.host, default_port)
            .ok_or_else(|| ServeError::NoAnswer(format!("`{}` is not a host", request.host)))?;
        if self.hosts.way(&target) == Way::Refused {
            self.journal.refuse(&target);
            return Err(ServeError::NoAnswer(refusal(&target)));
        }
        let proxy = format!("http://127.0.0.1:{}", self.own_proxy);
        let (clock, bundle) = (self.virtual_clock(), self.bundle.clone());
        let wait_for = move |foreground| {
            if let Some(clock) = &clock {
                clock.wait_for(foreground);
            }
        };
        // It is sent by the wires' own thread, which tells the clock of its begin and end too: no other thread's work is seen
        // by who decides whether time may pass, and this one may get no processor for long after the answer has come.
        let sent = self.handle.spawn(async move {
            wait_for(Foreground::Request);
            let answer = send::send(request, protocol, timeout, proxy, bundle).await;
            wait_for(Foreground::Nobody);
            answer
        });
        let answer = self.handle.block_on(sent);
        let answer = answer.unwrap_or_else(|error| Err(ServeError::NoAnswer(error.to_string())));
        answer.map_err(|error| match error {
            ServeError::NoAnswer(reason) => ServeError::NoAnswer(format!("cannot reach {}: {reason}", target.name())),
            other => other,
        })
    }
}
