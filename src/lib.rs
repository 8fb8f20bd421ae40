//! Runs tutorials as tests, the way a reader would, against a sandbox of the API that misbehaves on
//! purpose, and tells where a page no longer says the truth.
//!
//! The modules stand in layers; a module imports only from what is declared above it here.
//! `tests/it/architecture.rs` holds that table and fails on any other import.

// Layer 0: ground.
pub mod clock;
pub mod diagnostic;
pub mod edit;
pub mod http;
pub mod options;
pub mod source;
pub mod text;

// Layer 1: models.
pub mod config;
pub mod matching;
pub mod sandbox;
pub mod tutorial;

// Layer 2: intent.
pub mod plan;

// Layer 3: evidence.
pub mod baseline;
pub mod inputs;
pub mod outcome;
pub mod redact;
pub mod snapshot;
pub mod transcript;

// Layer 4: effects.
pub mod exec;
pub mod fs;
pub mod git;
pub mod process;
pub mod provision;
pub mod serve;
pub mod system_clock;
pub mod virtual_time;

// Layer 5: one run.
pub mod run;

// Layer 6: views.
pub mod bless;
pub mod init;
pub mod report;

// Layer 7: doors.
pub mod app;
pub mod harness;
#[cfg(feature = "snapshots")]
pub mod macros;
