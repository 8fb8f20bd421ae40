//! A set of packages in the cache, installed once.
//!
//! It is built where it stays, since a venv cannot be moved; under a lock, since two runs may want it at once; and it
//! counts only once a mark says that it is whole. What a crash leaves is removed and built anew.

#![expect(
    clippy::disallowed_methods,
    reason = "the cache is files, and a lock of the file system cannot be waited for"
)]

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::family::Family;
use super::interpreters::Interpreter;
use super::requirement::Requirement;
use crate::process::interrupted;

/// The way in which environments are built; a change makes all of them anew.
const FORMAT: &str = "1";

/// How long between two looks at a lock that somebody else holds.
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// An environment's place in the cache.
#[derive(Debug)]
pub(super) struct Environment {
    folder: PathBuf,
    lock: PathBuf,
}

/// Why an environment is not there.
#[derive(Debug, thiserror::Error)]
pub(super) enum EnvironmentError {
    /// The cache's folder cannot be used.
    #[error("cannot use the cache at {path}: {source}")]
    Cache {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The user pressed Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// The installer failed.
    #[error("the installer failed: {0}")]
    Installer(String),
}

impl Environment {
    /// The place below `cache` for these packages with this interpreter.
    pub(super) fn new(cache: &Path, family: Family, interpreter: &Interpreter, requirements: &[Requirement]) -> Self {
        let mut hash = Sha256::new();
        let path = interpreter.path.as_os_str().as_encoded_bytes();
        let platform = [std::env::consts::OS, std::env::consts::ARCH];
        let parts = [FORMAT, platform[0], platform[1], family.name(), &interpreter.release].map(str::as_bytes);
        for part in parts.into_iter().chain([path]) {
            hash.update(part);
            hash.update([0]);
        }
        let mut sorted: Vec<&Requirement> = requirements.iter().collect();
        sorted.sort_by(|one, other| one.args.cmp(&other.args));
        for requirement in sorted {
            requirement.digest(family, &mut hash);
        }
        let key: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self { folder: cache.join(&key), lock: cache.join(format!("{key}.lock")) }
    }

    /// Where it is, or will be.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// True where it is whole.
    pub(super) fn is_complete(&self) -> bool {
        self.mark().exists()
    }

    fn mark(&self) -> PathBuf {
        self.folder.join(".doccheck-complete")
    }

    /// Builds it, unless somebody else does meanwhile. `progress` is told what is waited for or `building`.
    ///
    /// `build` gets the lock, for its processes to hold: they may outlive a doccheck that is killed.
    ///
    /// # Errors
    ///
    /// Every `EnvironmentError`; nothing half-built is left then.
    pub(super) fn build(
        &self,
        building: &str,
        progress: &dyn Fn(&str),
        build: impl FnOnce(&File) -> Result<(), String>,
    ) -> Result<(), EnvironmentError> {
        let cache = |path: &Path| {
            let path = path.to_path_buf();
            move |source| EnvironmentError::Cache { path, source }
        };
        let parent = self.folder.parent().unwrap_or(Path::new("/"));
        std::fs::create_dir_all(parent).map_err(cache(parent))?;
        let lock = self.lock(progress)?;
        if self.is_complete() {
            return Ok(());
        }
        self.remove().map_err(cache(&self.folder))?;
        progress(building);
        let built = build(&lock).map_err(|output| {
            if interrupted() { EnvironmentError::Interrupted } else { EnvironmentError::Installer(output) }
        });
        let marked = built.and_then(|()| File::create(self.mark()).map(drop).map_err(cache(&self.folder)));
        if marked.is_err() {
            // What cannot be removed now is removed before the next try: it has no mark.
            let _ = self.remove();
        }
        marked
    }

    fn lock(&self, progress: &dyn Fn(&str)) -> Result<File, EnvironmentError> {
        let cache = |source| EnvironmentError::Cache { path: self.lock.clone(), source };
        let lock = OpenOptions::new().create(true).append(true).open(&self.lock).map_err(cache)?;
        let mut told = false;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::WouldBlock) if interrupted() => return Err(EnvironmentError::Interrupted),
                Err(TryLockError::WouldBlock) => {
                    if !told {
                        progress("waiting for another page or run that installs the same packages");
                        told = true;
                    }
                    std::thread::sleep(LOCK_PAUSE);
                }
                Err(TryLockError::Error(error)) => return Err(cache(error)),
            }
        }
    }

    fn remove(&self) -> std::io::Result<()> {
        match std::fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
