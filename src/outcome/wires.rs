//! What went over the wires: hosts that nothing serves, faults that no request met.

use super::evidence::Evidence;
use super::{Check, CheckKind};
use crate::options::ExpectedExit;
use crate::source::Span;

/// One check for each host that was refused. Whatever a step makes of it, its page is not true here.
pub(super) fn refusals(evidence: Evidence<'_>) -> Vec<Check> {
    let mut hosts: Vec<&str> = Vec::new();
    for refusal in &evidence.record.refusals {
        if !hosts.contains(&refusal.host.as_str()) {
            hosts.push(&refusal.host);
        }
    }
    let check = |host: &str| {
        let mut check = evidence.failed(CheckKind::Network, format!("no sandbox serves host `{host}`"));
        check.actual = Some(host.to_owned());
        check.help.push("name a host that the sandbox serves".to_owned());
        check.help.push(format!(
            "or let steps reach it for real, in doccheck.toml: under `[network]`, `allow = [\"{host}\"]`"
        ));
        match mentioned(evidence, host) {
            Some(span) => evidence.at(check, span),
            None => check,
        }
    };
    hosts.into_iter().map(check).collect()
}

/// Where the step's code names `host`, with its port where it does so.
fn mentioned(evidence: Evidence<'_>, host: &str) -> Option<Span> {
    let code = &evidence.step.code;
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let found = [host, name].into_iter().find_map(|text| Some((code.text.find(text)?, text.len())));
    found.map(|(start, len)| code.place(start, start + len))
}

/// One check for each fault of the step.
pub(super) fn faults(evidence: Evidence<'_>) -> Vec<Check> {
    let mut unmet = evidence.record.unmet_faults.clone();
    let faults = evidence.step.faults.iter();
    faults
        .map(|fault| {
            let text = &fault.value.text;
            let Some(at) = unmet.iter().position(|unmet| unmet == text) else {
                return evidence.passed(CheckKind::Fault);
            };
            unmet.remove(at);
            let message = format!("this page documents a {} that never happened", kind(text));
            let mut check = evidence.failed(CheckKind::Fault, message);
            check.help.push(format!("no request of the step met `fault={text}`: mend its method or path, or drop it"));
            evidence.at(check, fault.span)
        })
        .collect()
}

/// The most answers that are told one by one.
const TOLD: usize = 3;

/// Answers of 400 and more that nothing on the page accounts for, of a step of which no output was compared: nothing
/// else would tell them. A fault accounts for its own, an announced exit status for all, and so does a step whose code
/// names the status.
pub(super) fn unexpected_answers(evidence: Evidence<'_>, checks: &[Check]) -> Vec<String> {
    let told = |check: &Check| !check.ok || matches!(check.kind, CheckKind::Output | CheckKind::Http);
    if checks.iter().any(told) || evidence.step.exit != ExpectedExit::Code(0) {
        return Vec::new();
    }
    let code = &evidence.step.code.text;
    let names =
        |status: u16| code.split(|char: char| !char.is_ascii_alphanumeric()).any(|word| word == status.to_string());
    let mut notes: Vec<String> = Vec::new();
    for exchange in evidence.record.exchanges.iter().filter(|exchange| exchange.is_of_page()) {
        let accounted = exchange.status < 400 || exchange.is_of_fault() || exchange.drafted;
        if accounted || names(exchange.status) {
            continue;
        }
        let note = format!("{} {} → {}", exchange.method, exchange.url, exchange.status);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    let more = notes.len().saturating_sub(TOLD);
    notes.truncate(TOLD);
    notes.extend((more > 0).then(|| format!("{more} more answers of 400 and above")));
    notes
}

/// Webhooks that were called and that nobody answered, each receiver once.
pub(super) fn unanswered_webhooks(evidence: Evidence<'_>) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    for exchange in evidence.record.exchanges.iter().filter(|exchange| exchange.status == 0) {
        let Some(call) = &exchange.webhook else { continue };
        let note = format!("nobody took the webhook `{}` at {}: {}", call.event, exchange.url, exchange.reply_body);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes
}

/// The fault's kind, the first word of it.
fn kind(fault: &str) -> &str {
    let word = fault.split([':', '@', ' ']).next().unwrap_or(fault);
    // `429x2` happens twice.
    match word.rsplit_once('x') {
        Some((kind, times)) if !kind.is_empty() && times.bytes().all(|byte| byte.is_ascii_digit()) => kind,
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_has_a_kind() {
        for (fault, word) in [
            ("429", "429"),
            ("429x2", "429"),
            ("429:reset=60x2@3 GET /crm/*", "429"),
            ("503@3", "503"),
            ("expired-token", "expired-token"),
            ("200-error-body POST", "200-error-body"),
        ] {
            assert_eq!(kind(fault), word);
        }
    }
}
