//! `cargo test` integration: every page is a test.
