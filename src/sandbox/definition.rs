//! A sandbox as its data describes it, before any page runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::client::Client;
use super::data::Api;
use super::draft::{self, Draft};
use super::invention::Inventions;
use super::{embedded, openapi, read};
use crate::clock::Timestamp;
use crate::diagnostic::Diagnostic;
use crate::source::SourceFile;

/// A sandbox as its data describes it. Cheap to share between the worlds of many pages.
#[derive(Debug)]
pub struct Definition {
    start: Timestamp,
    pub(super) apis: Vec<Api>,
    pub(super) inventions: Inventions,
    pub(super) drafts: Vec<Draft>,
    clients: Vec<Arc<Client>>,
}

/// A provider of whose account a page can be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its word, by which pages and accounts name it.
    pub name: String,
    /// Its name as people write it.
    pub label: String,
    /// What its records are, such as a customer's contacts; absent where no unified API is mapped onto it.
    pub category: Option<String>,
}

impl Definition {
    /// The sandbox that is built in.
    ///
    /// # Errors
    ///
    /// What is wrong with its data; nothing, in a version that passed its tests.
    pub fn embedded() -> Result<Self, Vec<Diagnostic>> {
        Self::read(&embedded::files())
    }

    /// Reads a sandbox from the files of a folder, each with its path relative to that folder.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the files, each at its place.
    pub fn read(files: &BTreeMap<String, Arc<SourceFile>>) -> Result<Self, Vec<Diagnostic>> {
        let read::Data { start, apis, inventions, clients } = read::read(files)?;
        Ok(Self { start, apis, inventions, drafts: Vec::new(), clients })
    }

    /// A sandbox that serves no host.
    pub fn nothing() -> Self {
        Self {
            start: Timestamp::from_micros(0),
            apis: Vec::new(),
            inventions: Inventions::default(),
            drafts: Vec::new(),
            clients: Vec::new(),
        }
    }

    /// The same, with drafts for hosts that no API describes; each of `files` is about one host.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the files, each at its place.
    pub fn with_drafts(mut self, files: &BTreeMap<String, Arc<SourceFile>>) -> Result<Self, Vec<Diagnostic>> {
        if self.apis.is_empty() {
            self.start = draft::start();
        }
        self.drafts = draft::read(files)?;
        Ok(self)
    }

    /// The hosts that are served.
    pub fn hosts(&self) -> Vec<String> {
        let described = self.apis.iter().flat_map(|api| &api.hosts).map(|host| host.get_ref().clone());
        described.chain(self.drafts.iter().map(|draft| draft.host.clone())).collect()
    }

    /// The packages that stand in for published ones.
    pub fn clients(&self) -> &[Arc<Client>] {
        &self.clients
    }

    /// The API on `host` as OpenAPI describes it; that of the accounts of all providers where `None`, else the first.
    pub fn openapi(&self, host: Option<&str>) -> Option<serde_json::Value> {
        let serves = |api: &&Api| match host {
            Some(host) => api.hosts.iter().any(|known| known.get_ref().eq_ignore_ascii_case(host)) || api.name == host,
            None => api.integrated.is_some(),
        };
        let first = || self.apis.first().filter(|_| host.is_none());
        self.apis.iter().find(serves).or_else(first).map(openapi::document)
    }

    /// The number and the API of a provider.
    ///
    /// # Errors
    ///
    /// There is none of this name: a fragment that names those that there are.
    pub(super) fn named(&self, provider: &str) -> Result<(usize, &Api), String> {
        let found = self.apis.iter().enumerate().find(|(_, api)| api.name == provider && !provider.is_empty());
        found.ok_or_else(|| format!("there is no provider `{provider}`; there are {}", self.names()))
    }

    /// The names of all providers, with commas between.
    pub(super) fn names(&self) -> String {
        let names = self.apis.iter().map(|api| api.name.as_str()).filter(|name| !name.is_empty());
        names.collect::<Vec<_>>().join(", ")
    }

    /// The providers that have an account, in the order in which the sandbox's data names them.
    pub fn providers(&self) -> Vec<Provider> {
        self.accounted().map(Self::provider).collect()
    }

    /// The provider whose account a page is about that names none: a variable hands the account's id to its steps.
    pub fn default_provider(&self) -> Option<Provider> {
        let named = |id: &str| self.apis.iter().flat_map(|api| api.variables.values()).any(|value| value == id);
        let is_default = |api: &&Api| api.accounts.iter().any(|account| named(account.id.get_ref()));
        self.accounted().find(is_default).map(Self::provider)
    }

    fn accounted(&self) -> impl Iterator<Item = &Api> {
        self.apis.iter().filter(|api| !api.name.is_empty() && !api.accounts.is_empty())
    }

    fn provider(api: &Api) -> Provider {
        Provider {
            name: api.name.clone(),
            label: api.label.clone(),
            category: api.unified.as_ref().and_then(|mapping| mapping.models.keys().next().cloned()),
        }
    }

    /// The instant at which every world starts.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// The names of the scopes that a token may have.
    pub fn scopes(&self) -> Vec<String> {
        self.apis.iter().filter(|api| api.name.is_empty()).flat_map(Api::scopes).collect()
    }
}
