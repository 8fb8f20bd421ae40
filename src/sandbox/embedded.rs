//! The files of `sandbox/`, so that any crate, folder or binary has them.

use crate::source::SourceFile;

use super::read::Files;

/// Every data file of the folder, by its path in it. `tests/it/sandbox.rs` looks that none is missing.
const FILES: &[(&str, &str)] = &[
    ("sandbox.toml", include_str!("../../sandbox/sandbox.toml")),
    ("apis/unified.toml", include_str!("../../sandbox/apis/unified.toml")),
    ("records/accounts.json", include_str!("../../sandbox/records/accounts.json")),
    ("records/contacts-cust_12345.json", include_str!("../../sandbox/records/contacts-cust_12345.json")),
    ("records/contacts-cust_24680.json", include_str!("../../sandbox/records/contacts-cust_24680.json")),
    ("records/contacts-cust_67890.json", include_str!("../../sandbox/records/contacts-cust_67890.json")),
];

pub(super) fn files() -> Files {
    FILES.iter().map(|(path, text)| ((*path).to_owned(), SourceFile::new(format!("sandbox/{path}"), *text))).collect()
}
