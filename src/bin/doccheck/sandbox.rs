//! `doccheck sandbox`: serves it, and steers it from another terminal.

mod journal;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};
use doccheck::app::{self, SandboxRequest, Surroundings};
use doccheck::diagnostic::Diagnostic;
use doccheck::process::{install_handlers, wait_for_interruption};
use doccheck::report::terminal;
use doccheck::run::ExitCode;
use doccheck::serve::{Description, Pace, Remote, RemoteError};

use crate::printer::Printer;

use journal::Format;

/// What stands below the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  doccheck sandbox --time virtual               serves it; Ctrl-C ends it
  doccheck sandbox advance 46m                  and while it runs, from another terminal
  doccheck sandbox fault 429x2 /crm/contacts
  doccheck sandbox journal --follow";

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct SandboxArguments {
    #[command(subcommand)]
    steer: Option<Steer>,
    /// The port on 127.0.0.1 that takes everything; 0 for any free one
    #[arg(long, value_name = "PORT", default_value_t = 4010)]
    port: u16,
    /// A port of its own for a host; may be given several times
    #[arg(long, value_name = "HOST=PORT")]
    host_map: Vec<HostPort>,
    /// What is invented, records and keys, is the same for the same number
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// One more account of a provider, with so many invented records, such as PROVIDER:contacts=5000000,deals=100; a name
    /// that there is not is answered with those that there are
    #[arg(long, value_name = "PROVIDER[:RESOURCE=N,…]")]
    accounts: Vec<AccountOf>,
    /// Print the OpenAPI description of the API on HOST, or of the unified one, and serve nothing
    #[arg(long, value_name = "HOST", num_args = 0..=1)]
    openapi: Option<Option<String>>,
    /// The machine's time, or time that moves by exchanges and `advance` alone
    #[arg(long, value_enum, default_value_t = Time::Real)]
    time: Time,
    /// The configuration with the sandbox's data [default: the nearest doccheck.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Time {
    Real,
    Virtual,
}

#[derive(Debug, Subcommand)]
enum Steer {
    /// Put the clock of the sandbox that runs forward
    #[command(after_help = "Example: doccheck sandbox advance 46m")]
    Advance {
        /// By how much, such as 46m, 1h 30m or 2d
        #[arg(required = true, value_name = "TIME")]
        by: Vec<String>,
        #[command(flatten)]
        which: Which,
    },
    /// Arm a fault, or tell which ones are armed
    #[command(
        after_help = "Examples: doccheck sandbox fault 429x2 /crm/contacts\n          doccheck sandbox fault latency:300ms GET"
    )]
    Fault {
        /// As in `fault=` on a page: kind[:argument][xN][@N] [METHOD] [/path*], several with commas between
        #[arg(value_name = "FAULT")]
        fault: Vec<String>,
        /// Disarm all faults
        #[arg(long, conflicts_with = "fault")]
        clear: bool,
        #[command(flatten)]
        which: Which,
    },
    /// Tell what was asked and what was answered
    #[command(after_help = "Example: doccheck sandbox journal --follow --format json")]
    Journal {
        /// Go on until Ctrl-C or the sandbox's end
        #[arg(short, long)]
        follow: bool,
        /// Lines for people, or a JSON object a line for programs
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        #[command(flatten)]
        which: Which,
    },
    /// Put data, tokens, limits, faults, keys and clock back to the start, and empty the journal
    Reset {
        #[command(flatten)]
        which: Which,
    },
}

// Which sandbox is meant. A doc comment here would become that of the commands.
#[derive(Debug, Args)]
struct Which {
    /// The sandbox's address, where several run or none is found
    #[arg(long, value_name = "URL")]
    at: Option<String>,
}

/// A host and its port.
#[derive(Debug, Clone)]
struct HostPort(String, u16);

impl FromStr for HostPort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let pair = text.split_once('=').and_then(|(host, port)| Some((host, port.parse().ok()?)));
        let (host, port) = pair.filter(|(host, _)| !host.is_empty()).ok_or("write it as HOST=4011")?;
        Ok(Self(host.to_owned(), port))
    }
}

/// A provider and how many records of what its account has.
#[derive(Debug, Clone)]
struct AccountOf(String, Vec<(String, u64)>);

impl FromStr for AccountOf {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (provider, counts) = text.split_once(':').unwrap_or((text, ""));
        let count = |pair: &str| {
            let (resource, count) = pair.split_once('=')?;
            Some((resource.trim().to_owned(), count.trim().parse().ok()?))
        };
        let counts = counts.split(',').filter(|pair| !pair.is_empty()).map(count).collect::<Option<Vec<_>>>();
        let counts = counts.ok_or("write it as PROVIDER:RESOURCE=1000,RESOURCE=50")?;
        Ok(Self(provider.to_owned(), counts))
    }
}

pub(crate) fn sandbox(arguments: &SandboxArguments, surroundings: &Surroundings, printer: &Printer) -> ExitCode {
    let tell = |found: &Diagnostic| printer.aside(&terminal::diagnostic(found, printer.aside_look()));
    if let Err(error) = install_handlers() {
        tell(&Diagnostic::error("no-handlers", format!("cannot listen to Ctrl-C: {error}")));
        return ExitCode::Machine;
    }
    if let Some(host) = &arguments.openapi {
        return match app::describe_sandbox(arguments.config.as_deref(), host.as_deref(), surroundings) {
            Ok(text) => {
                printer.result(&text);
                ExitCode::True
            }
            Err(found) => {
                found.iter().for_each(tell);
                ExitCode::Usage
            }
        };
    }
    let Some(steer) = &arguments.steer else { return serve(arguments, surroundings, printer) };
    let (Steer::Advance { which, .. }
    | Steer::Fault { which, .. }
    | Steer::Journal { which, .. }
    | Steer::Reset { which }) = steer;
    let remote = match app::find_sandbox(which.at.as_deref(), surroundings) {
        Ok(remote) => remote,
        Err(found) => {
            tell(&found);
            return ExitCode::Machine;
        }
    };
    match steered(steer, &remote, printer) {
        Ok(text) => {
            printer.result(&text);
            ExitCode::True
        }
        Err(RemoteError::Interrupted) => ExitCode::Interrupted,
        Err(error) => {
            let is_refused = matches!(error, RemoteError::Refused(_));
            tell(&Diagnostic::error(if is_refused { "refused" } else { "no-sandbox" }, error.to_string()));
            if is_refused { ExitCode::Usage } else { ExitCode::Machine }
        }
    }
}

fn steered(steer: &Steer, remote: &Remote, printer: &Printer) -> Result<String, RemoteError> {
    match steer {
        Steer::Advance { by, .. } => Ok(format!("the sandbox's clock shows {}\n", remote.advance(&by.join(" "))?)),
        Steer::Fault { clear: true, .. } => {
            let unmet = remote.disarm()?;
            Ok(if unmet.is_empty() {
                "no fault is armed\n".to_owned()
            } else {
                format!("no fault is armed; no request had met {}\n", quoted(&unmet))
            })
        }
        Steer::Fault { fault, .. } => {
            let armed = if fault.is_empty() { remote.describe()?.faults } else { remote.arm(&fault.join(" "))? };
            Ok(if armed.is_empty() { "no fault is armed\n".to_owned() } else { format!("armed: {}\n", quoted(&armed)) })
        }
        Steer::Journal { follow, format, .. } => {
            journal::tell(remote, *follow, *format, printer).map(|()| String::new())
        }
        Steer::Reset { .. } => Ok(format!("the sandbox is as at its start; its clock shows {}\n", remote.reset()?)),
    }
}

fn quoted(texts: &[String]) -> String {
    texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ")
}

fn serve(arguments: &SandboxArguments, surroundings: &Surroundings, printer: &Printer) -> ExitCode {
    let request = SandboxRequest {
        port: arguments.port,
        ports: arguments.host_map.iter().map(|HostPort(host, port)| (host.clone(), *port)).collect(),
        seed: arguments.seed,
        accounts: arguments.accounts.iter().map(|AccountOf(name, counts)| (name.clone(), counts.clone())).collect(),
        pace: match arguments.time {
            Time::Real => Pace::Real,
            Time::Virtual => Pace::Virtual,
        },
        config: arguments.config.clone(),
    };
    let open = match app::open_sandbox(&request, surroundings) {
        Ok(open) => open,
        Err(found) => {
            found.iter().for_each(|found| printer.aside(&terminal::diagnostic(found, printer.aside_look())));
            let is_machine =
                found.iter().all(|found| ["port-taken", "no-sandbox", "cannot-write"].contains(&found.code));
            return if is_machine { ExitCode::Machine } else { ExitCode::Usage };
        }
    };
    printer.result(&greeting(&open.describe(), open.certificate()));
    match wait_for_interruption() {
        Ok(()) => ExitCode::True,
        Err(error) => {
            let found = Diagnostic::error("no-handlers", format!("cannot wait for Ctrl-C: {error}"));
            printer.aside(&terminal::diagnostic(&found, printer.aside_look()));
            ExitCode::Machine
        }
    }
}

/// What a person needs to make the first request.
fn greeting(told: &Description, certificate: &Path) -> String {
    let mut text = format!("The sandbox runs at {}; Ctrl-C ends it. Its clock shows {}", told.proxy, told.now);
    text.push_str(if told.time == "virtual" { " and moves by exchanges and `advance` alone.\n\n" } else { ".\n\n" });
    let width = told.hosts.iter().map(|host| host.host.len()).max().unwrap_or_default();
    for host in &told.hosts {
        text.push_str(&format!("  https://{:width$}  is  {}\n", host.host, host.url));
    }
    let (proxy, ca) = (&told.proxy, word(&certificate.display().to_string()));
    text.push_str("\nTokens and ids:\n\n");
    for (name, value) in &told.environment {
        text.push_str(&format!("  export {name}={}\n", word(value.as_str().unwrap_or_default())));
    }
    text.push_str("\nBy the hosts' own names over HTTPS, in a terminal from which nothing else is to be reached:\n\n");
    text.push_str(&format!("  export HTTPS_PROXY={proxy} HTTP_PROXY={proxy} https_proxy={proxy} http_proxy={proxy}\n"));
    text.push_str("  export NO_PROXY=localhost,127.0.0.1 no_proxy=localhost,127.0.0.1\n");
    text.push_str(&format!("  export SSL_CERT_FILE={ca} CURL_CA_BUNDLE={ca} REQUESTS_CA_BUNDLE={ca}\n"));
    text.push_str(&format!("  export NODE_EXTRA_CA_CERTS={ca} NODE_USE_ENV_PROXY=1\n"));
    text
}

/// A value as a word of the shell.
fn word(value: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:@%+,=".contains(letter);
    if !value.is_empty() && value.chars().all(is_plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_words_of_the_shell() {
        assert_eq!(word("sandbox-token-7d2f"), "sandbox-token-7d2f");
        assert_eq!(word("/home/a b/ca.pem"), "'/home/a b/ca.pem'");
        assert_eq!(word("it's"), r"'it'\''s'");
        assert_eq!(word(""), "''");
    }

    #[test]
    fn a_host_with_its_port_is_read() {
        let read = |text: &str| text.parse::<HostPort>().map(|HostPort(host, port)| (host, port));
        assert_eq!(read("api.example.com=4011"), Ok(("api.example.com".to_owned(), 4011)));
        for wrong in ["api.example.com", "=4011", "api.example.com=", "api.example.com=70000"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
