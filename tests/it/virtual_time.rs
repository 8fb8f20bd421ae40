//! The frozen clock of a page, and the hooks that keep programs to it.

#[cfg(target_os = "linux")]
mod library;
