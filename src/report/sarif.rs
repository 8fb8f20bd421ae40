//! SARIF 2.1.0 (OASIS), for code scanning: each finding a result at its place.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::findings::{Finding, KINDS, of_run, sentence, shortened, word};
use super::schema::{CheckKind, Run, Severity};
use crate::outcome::title;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// How many lines and bytes of what happened are told of a finding.
const TEXT: (usize, usize) = (60, 4_000);

/// The run as a SARIF log. Findings that have no place are notifications of the tool: a result needs one.
pub fn log(run: &Run) -> String {
    let findings = of_run(run);
    let (placed, lost): (Vec<_>, Vec<_>) = findings.iter().partition(|finding| finding.path.is_some());
    let codes: BTreeSet<&str> = placed.iter().map(|finding| finding.code.as_str()).collect();
    let rules: Vec<Value> = codes.iter().map(|code| rule(code)).collect();
    let mut seen = BTreeMap::new();
    let results: Vec<Value> = placed
        .iter()
        .map(|finding| {
            let index = codes.iter().position(|code| *code == finding.code);
            result(finding, index, &fingerprint(finding, &mut seen))
        })
        .collect();
    let notifications: Vec<Value> = lost
        .iter()
        .map(|finding| json!({ "level": level(finding.severity), "message": { "text": told(finding) } }))
        .collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "doccheck",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": run.exit < 2,
                "exitCode": run.exit,
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    });
    super::json::text(&log)
}

fn rule(code: &str) -> Value {
    let kind = KINDS.into_iter().find(|kind| code.strip_prefix("stale-") == Some(word(*kind)));
    let (short, help) = match kind {
        Some(kind) => (sentence(kind, "a step").replace('`', ""), advice(kind)),
        None => (
            format!("the page, its options or the configuration: {}", code.replace('-', " ")),
            "the finding's own text says what to do; the options are told in docs/pages.md",
        ),
    };
    json!({
        "id": code,
        "shortDescription": { "text": short },
        "fullDescription": { "text": short },
        "help": { "text": help },
        "defaultConfiguration": { "level": "error" },
    })
}

fn advice(kind: CheckKind) -> &'static str {
    match kind {
        CheckKind::Output | CheckKind::Http => {
            "where the step is right, change what the page shows; `...` and `[..]` stand for what may differ"
        }
        CheckKind::Exit => "mend the step, or say how it ends: `<!-- doccheck: exit=1 -->` before it",
        CheckKind::Fault => "call what the fault is about in the same step, or take the fault away",
        CheckKind::Wait => "let the step wait as long as `Retry-After` says before it asks again",
        CheckKind::Network => "serve the host by the sandbox's data, or allow it under `[network]` in doccheck.toml",
        CheckKind::Containment => "a step that needs longer says so: `<!-- doccheck: timeout=60s -->`",
        CheckKind::Snapshot => "where the step is right, accept its snapshot: `INSTA_UPDATE=always doccheck run PAGE`",
        CheckKind::ExpectedStale => "say no more that it is stale: take `expect-stale` or the line of the list away",
    }
}

fn result(finding: &Finding<'_>, rule: Option<usize>, fingerprint: &str) -> Value {
    let mut place = json!({ "artifactLocation": { "uri": uri(finding.path.unwrap_or_default()) } });
    if let Some(line) = finding.line {
        place["region"] = json!({ "startLine": line.max(1) });
        if let Some(column) = finding.column {
            place["region"]["startColumn"] = json!(column.max(1));
        }
    }
    json!({
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": level(finding.severity),
        "message": { "text": told(finding) },
        "locations": [{ "physicalLocation": place }],
        "partialFingerprints": { "doccheck/v1": fingerprint },
    })
}

fn told(finding: &Finding<'_>) -> String {
    // A place of SARIF cannot tell of which provider the run was.
    let mut text = finding.provider.map_or_else(|| finding.message(), |run| format!("{run}: {}", finding.message()));
    if let Some(shown) = finding.shown() {
        text = format!("{text}\n\n{}", shortened(shown, TEXT.0, TEXT.1).trim_end());
    }
    if let Some(help) = finding.help {
        text = format!("{text}\n\nhelp: {help}");
    }
    text
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// Two runs tell the same finding by the same word, also where lines above it came or went.
fn fingerprint(finding: &Finding<'_>, seen: &mut BTreeMap<String, usize>) -> String {
    let missing = |text: &str| text.lines().filter(|line| line.starts_with('-')).collect::<Vec<_>>().join("\n");
    let about = finding.diff.map_or_else(|| without_numbers(&finding.message()), missing);
    let place = title(finding.path.unwrap_or_default(), finding.provider);
    let key = [finding.code.as_str(), &place, &about].join("\0");
    let again = seen.entry(key.clone()).or_default();
    let hash = Sha256::digest(format!("{key}\0{again}"));
    *again += 1;
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Names of steps hold their lines where the author gave none.
fn without_numbers(text: &str) -> String {
    text.chars().filter(|character| !character.is_ascii_digit()).collect()
}

/// A path as a reference of RFC 3986: relative where the path is.
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.strip_prefix("./").unwrap_or(path).bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
