//! Whether a step waited as long as an answer had told it to.
//!
//! Only a step that asks for a 429 is judged: it promises a reader that its code knows what to do about one. A page
//! that spends a budget to show what happens then promises nothing.

use std::time::Duration;

use super::evidence::Evidence;
use super::{Check, CheckKind};
use crate::transcript::Exchange;

/// By how much a wait may be shorter than it should: the timers of some runtimes end a few milliseconds early.
const SLACK: Duration = Duration::from_millis(50);

/// A request that was made again after an answer that said when.
struct Return {
    /// What the answer asked for, in seconds.
    asked: u64,
    waited: Duration,
}

impl Return {
    fn is_early(&self) -> bool {
        self.waited + SLACK < Duration::from_secs(self.asked)
    }
}

/// One check, about the first return that came too early, else about all; none where no request was made again.
pub(super) fn check(evidence: Evidence<'_>) -> Option<Check> {
    let fault = evidence.step.faults.iter().find(|fault| fault.value.is_quota())?;
    let asked: Vec<_> = evidence.record.exchanges.iter().filter(|exchange| exchange.is_of_page()).cloned().collect();
    let returns = returns(&asked);
    let Some(early) = returns.iter().find(|back| back.is_early()) else {
        return returns.first().map(|_| evidence.passed(CheckKind::Wait));
    };
    let waited = match early.waited.as_secs() {
        0 => "at once".to_owned(),
        seconds => format!("{seconds} s"),
    };
    let message = format!("the page came back {waited} after a 429 that asked for {} s", early.asked);
    let mut check = evidence.failed(CheckKind::Wait, message);
    check.help.push("let the step wait as long as `Retry-After` says before it asks again".to_owned());
    check.help.push(format!("or let the fault ask for less: `429:reset={}`", early.waited.as_secs()));
    Some(evidence.at(check, fault.span))
}

fn returns(exchanges: &[Exchange]) -> Vec<Return> {
    let returned = exchanges.iter().enumerate().filter_map(|(at, refused)| {
        let asked = retry_after(refused)?;
        // What was on its way already when the answer came could not know of it.
        let mut later = exchanges.iter().skip(at + 1).filter(|later| later.asked_us >= refused.at_us);
        let again = later.find(|later| is_again(refused, later))?;
        Some(Return { asked, waited: Duration::from_micros(again.asked_us - refused.at_us) })
    });
    returned.collect()
}

/// The seconds that a 429 asks for, where it does.
fn retry_after(exchange: &Exchange) -> Option<u64> {
    header(&exchange.reply_headers, "retry-after").filter(|_| exchange.status == 429)?.trim().parse().ok()
}

/// True where `later` asks for what `refused` asked for: one account's budget says nothing about another's.
fn is_again(refused: &Exchange, later: &Exchange) -> bool {
    let who = |exchange: &Exchange| header(&exchange.request_headers, "authorization").map(str::to_owned);
    refused.method == later.method
        && refused.url == later.url
        && refused.account == later.account
        && who(refused) == who(later)
}

fn header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(asked_ms: u64, at_ms: u64, status: u16) -> Exchange {
        let named = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        Exchange {
            method: "GET".to_owned(),
            url: "https://api.example.com/contacts".to_owned(),
            request_headers: named("Authorization", "Bearer one"),
            request_body: String::new(),
            status,
            reply_headers: if status == 429 { named("Retry-After", "60") } else { Vec::new() },
            reply_body: String::new(),
            fault: None,
            account: Some("a".to_owned()),
            unknown_route: false,
            drafted: false,
            upstream: Vec::new(),
            webhook: None,
            asked_us: asked_ms * 1000,
            at_us: at_ms * 1000,
        }
    }

    /// The milliseconds that were waited, and whether that was too little.
    fn waited(exchanges: &[Exchange]) -> Vec<(u128, bool)> {
        returns(exchanges).iter().map(|back| (back.waited.as_millis(), back.is_early())).collect()
    }

    #[test]
    fn a_return_is_early_where_less_was_waited_than_the_answer_asked_for() {
        let after = |ms: u64| waited(&[exchange(0, 20, 429), exchange(20 + ms, 40 + ms, 200)]);
        assert_eq!(after(60_000), [(60_000, false)]);
        assert_eq!(after(59_998), [(59_998, false)], "a timer of Node may end a little early");
        assert_eq!(after(59_000), [(59_000, true)]);
        assert_eq!(after(0), [(0, true)]);
        assert_eq!(waited(&[exchange(0, 20, 429)]), [], "nobody came back");
        assert_eq!(waited(&[exchange(0, 20, 503), exchange(21, 40, 200)]), []);
        let twice = [exchange(0, 20, 429), exchange(60_020, 60_040, 429), exchange(60_041, 60_060, 200)];
        assert_eq!(waited(&twice), [(60_000, false), (1, true)]);
    }

    #[test]
    fn what_was_on_its_way_when_the_answer_came_is_no_return() {
        let burst = [exchange(0, 20, 429), exchange(0, 20, 200), exchange(19, 39, 200), exchange(60_020, 60_040, 200)];
        assert_eq!(waited(&burst), [(60_000, false)]);
    }

    #[test]
    fn another_request_is_no_return() {
        let but = |change: fn(&mut Exchange)| {
            let mut other = exchange(30, 50, 200);
            change(&mut other);
            waited(&[exchange(0, 20, 429), other])
        };
        assert_eq!(but(|_| ()), [(10, true)]);
        assert_eq!(but(|other| other.method = "POST".to_owned()), []);
        assert_eq!(but(|other| other.url.push_str("?page=2")), []);
        assert_eq!(but(|other| other.account = Some("b".to_owned())), []);
        assert_eq!(but(|other| other.request_headers[0].1 = "Bearer two".to_owned()), []);
    }
}
