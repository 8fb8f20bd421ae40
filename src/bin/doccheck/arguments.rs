//! What can be typed. The doc comments here are the texts of `--help`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use doccheck::app::Shard;

use crate::output::Output;
use crate::report::ReportArguments;
use crate::sandbox::SandboxArguments;

/// Runs tutorials as tests, the way a reader would, against a sandbox of the API
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// When to colour the output
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto, display_order = 100)]
    pub(crate) color: Color,
}

const EXIT: &str = "\
Exit status:
  0    everything that the pages say is true
  1    something is not
  2    the command, the configuration or a page is wrong
  3    doccheck could not do its work, because a tool, a port or a package is missing
  4    nothing was selected, or nothing of it has a step
  130  interrupted";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run pages and compare what happens with what they say
    #[command(after_help = "Example: doccheck run tutorials/first-call.md")]
    Run(RunArguments),
    /// Tell what each code block is taken for, and why, without running anything
    #[command(after_help = "Example: doccheck list docs/")]
    List(ListArguments),
    /// Look at this repository and write a first doccheck.toml, a CI job, and drafts of the APIs that its pages call
    #[command(after_help = "Nothing that is there already is changed.")]
    Init,
    /// Tell what this machine offers, what the pages need of it, and what to do about each gap
    #[command(after_help = "Example: doccheck doctor docs/")]
    Doctor(crate::doctor::DoctorArguments),
    /// Change pages to what their steps print, keeping what still matches
    #[command(after_help = "Example: doccheck bless --dry-run docs/")]
    Bless(BlessArguments),
    /// Decide step by step which of the changes that `bless` would make a page takes over
    #[command(after_help = "Example: doccheck run docs/; doccheck review docs/")]
    Review(ReviewArguments),
    /// Report a run that has been, for other tools and other places
    #[command(after_help = "Example: doccheck report --output junit=junit.xml")]
    Report(ReportArguments),
    /// Serve the sandbox on this machine until Ctrl-C, for a person at a terminal or a client under development
    #[command(after_help = crate::sandbox::EXAMPLES)]
    Sandbox(SandboxArguments),
}

// Which pages are told of, and how. A doc comment here would become that of the commands.
#[derive(Debug, Args)]
pub(crate) struct Told {
    /// Pages and folders; without any, the pages that doccheck.toml includes
    pub(crate) paths: Vec<PathBuf>,
    /// Text for people, or a document for programs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) told: Told,
    /// How many pages run at once [default: the number of processors]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
    /// Fail when it is not clear whether a code block is to be run
    #[arg(long)]
    pub(crate) strict: bool,
    /// Stop at the first difference
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Keep the folders that the steps worked in, and tell where they are
    #[arg(long)]
    pub(crate) keep: bool,
    /// Install nothing; say what is missing
    #[arg(long)]
    pub(crate) offline: bool,
    /// Show the known-stale steps that FILE lists, and do not fail because of them
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write what is stale to the baseline, and what is true again out of it
    #[arg(long, requires = "baseline")]
    pub(crate) update_baseline: bool,
    /// Print failures and the summary only
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Save a report: junit, sarif, markdown or json; may be given several times
    #[arg(long, value_name = "KIND=FILE")]
    pub(crate) output: Vec<Output>,
    /// Run one part of the pages out of several, such as 2/5
    #[arg(long, value_name = "N/M")]
    pub(crate) shard: Option<Shard>,
    /// Run the pages that a change since this git revision touches
    #[arg(long, value_name = "REV")]
    pub(crate) changed_since: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    pub(crate) told: Told,
}

#[derive(Debug, Args)]
pub(crate) struct BlessArguments {
    /// Pages and folders; without any, the pages that doccheck.toml includes
    pub(crate) paths: Vec<PathBuf>,
    /// Write nothing; exit with 1 where something would change
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) check: bool,
    /// Write nothing; print a patch that `git apply` takes
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Show what steps printed that the page shows nothing of, too
    #[arg(long)]
    pub(crate) add: bool,
    /// Install nothing; say what is missing
    #[arg(long)]
    pub(crate) offline: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReviewArguments {
    /// Pages and folders; without any, the pages that doccheck.toml includes
    pub(crate) paths: Vec<PathBuf>,
    /// Offer what steps printed that the page shows nothing of, too
    #[arg(long)]
    pub(crate) add: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_hold_together() {
        Arguments::command().debug_assert();
    }
}
