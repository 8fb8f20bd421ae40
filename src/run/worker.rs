//! What is dear to make and is lent to one page after the other.

use std::sync::Arc;

use super::{Session, lock};
use crate::exec::Temporary;
use crate::serve::{Network, ServeError};

/// A network with its folder of certificates, client configuration and hooks.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) network: Arc<Network>,
    // Dropped after the network that uses it.
    _folder: Temporary,
}

impl Worker {
    fn start(session: &Session) -> Result<Self, ServeError> {
        let folder = Temporary::create("net-", false)
            .map_err(|(_, error)| ServeError::Start(format!("cannot make a temporary folder: {error}")))?;
        let network = Arc::new(Network::start(folder.path(), &session.config.allow)?);
        Ok(Self { network, _folder: folder })
    }

    /// One that is idle, or a new one.
    pub(super) fn borrow(session: &Session) -> Result<Self, ServeError> {
        let idle = lock(&session.idle).pop();
        idle.map_or_else(|| Self::start(session), Ok)
    }

    /// Gives it back for the next page.
    pub(super) fn give_back(self, session: &Session) {
        lock(&session.idle).push(self);
    }
}
