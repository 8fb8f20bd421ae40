//! All integration tests in one binary: one link instead of many. One module a feature.
#![expect(clippy::disallowed_methods, reason = "tests look at real files, processes and sockets")]
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod architecture;
mod blessing;
mod ci;
mod command_line;
mod comparing;
mod doctor;
mod foreign_crate;
mod invocation;
mod keeping;
mod network;
mod newcomer;
mod openapi;
mod pages;
mod providers;
mod providers_option;
mod provisioning;
mod reading;
mod reporting;
mod repository;
mod runners;
mod sandbox;
mod services;
mod stand_ins;
mod standing;
mod truth;
mod tutorial_macro;
mod unified;
mod virtual_time;
mod webhooks;
