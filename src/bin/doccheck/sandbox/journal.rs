//! The journal of a sandbox that runs, as lines.

use std::time::Duration;

use clap::ValueEnum;
use doccheck::process::interrupted;
use doccheck::serve::{Entry, Event, Remote, RemoteError};

use crate::printer::Printer;

/// How entries are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}

/// How long one request waits for the next entry.
const WAIT: Duration = Duration::from_secs(20);

/// Prints the entries that are there, and with `follow` those to come, until Ctrl-C or the sandbox's end.
pub(super) fn tell(remote: &Remote, follow: bool, format: Format, printer: &Printer) -> Result<(), RemoteError> {
    let wait = if follow { WAIT } else { Duration::ZERO };
    let mut after = 0;
    let mut is_first = true;
    loop {
        let told = match remote.journal(after, wait) {
            // Who follows sees it end, by either side.
            Err(RemoteError::NotThere { .. } | RemoteError::Interrupted) if follow && !is_first => return Ok(()),
            told => told?,
        };
        if told.forgotten > 0 && format == Format::Text {
            printer.aside(&format!("{} earlier entries are kept no longer\n", told.forgotten));
        }
        let lines: String = told.entries.iter().map(|entry| line(entry, format)).collect();
        printer.result(&lines);
        // A reader who closed the pipe has seen enough.
        if printer.has_failed() || interrupted() || (!follow && told.entries.is_empty()) {
            return Ok(());
        }
        after = told.last;
        is_first = false;
    }
}

fn line(entry: &Entry, format: Format) -> String {
    match format {
        Format::Json => serde_json::to_string(entry).map(|line| line + "\n").unwrap_or_default(),
        Format::Text => format!("{}  {}\n", entry.at, words(&entry.event)),
    }
}

fn words(event: &Event) -> String {
    match event {
        Event::Exchange { method, url, status, account, fault, first_call, .. } => {
            let mut text = format!("{status}  {method} {url}");
            if let Some(account) = account {
                text.push_str(&format!("  account {account}"));
            }
            if let Some(fault) = fault {
                text.push_str(&format!("  fault `{fault}`"));
            }
            if let Some(first) = first_call {
                text.push_str(&format!(
                    "  first call of {}, {} s after the sign-up ({} s of real time)",
                    first.email, first.after_s, first.after_real_s
                ));
            }
            text
        }
        Event::Webhook { event, url, status, attempt, account, reason } => {
            let mut text = match reason {
                None => format!("{status}  POST {url}  webhook {event}"),
                Some(reason) => format!("---  POST {url}  webhook {event}  {reason}"),
            };
            if *attempt > 1 {
                text.push_str(&format!("  try {attempt}"));
            }
            if let Some(account) = account {
                text.push_str(&format!("  account {account}"));
            }
            text
        }
        Event::Revoke { account } => format!("the grant of account {account} was taken back"),
        Event::Reconnect { account } => format!("account {account} was connected again"),
        Event::Rename { provider, resource, field, to } => {
            format!("{provider} calls the field {field} of {resource} {to} from now on")
        }
        Event::Refusal { host } => format!("no sandbox serves {host}"),
        Event::SignUp { email } => format!("{email} signed up"),
        Event::Advance { by_s } => format!("the clock was put forward by {by_s} s"),
        Event::Arm { faults } => format!("armed {}", super::quoted(faults)),
        Event::Disarm { unmet } if unmet.is_empty() => "all faults disarmed".to_owned(),
        Event::Disarm { unmet } => format!("all faults disarmed; no request had met {}", super::quoted(unmet)),
        Event::Reset => "reset".to_owned(),
    }
}
