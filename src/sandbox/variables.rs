//! The variables that hand tokens and account ids to whoever uses a world, and the accounts that are connected for that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::accounts::Connected;
use super::call;
use super::data::{Account, Operation, Route};
use super::template;
use super::world::World;
use crate::http::{Headers, Request};

impl World {
    /// Variables that hand tokens and account ids to the page's steps.
    pub fn environment(&self) -> Vec<(String, String)> {
        self.environment_for(None)
    }

    /// The same, for a page about the account of a provider.
    pub fn environment_for(&self, provider: Option<&str>) -> Vec<(String, String)> {
        let mut variables: BTreeMap<String, String> = BTreeMap::new();
        for api in &self.definition.apis {
            let tokens = api.tokens.iter().map(|token| (&token.variable, &token.token));
            for (name, token) in tokens {
                variables.insert(name.get_ref().clone(), token.get_ref().clone());
            }
            if let Some(oauth) = &api.oauth {
                let stem = stem(&api.name);
                variables.insert(format!("{stem}_CLIENT_ID"), oauth.client_id.clone());
                variables.insert(format!("{stem}_CLIENT_SECRET"), oauth.client_secret.clone());
            }
            for account in &api.accounts {
                if let Some(name) = &account.variable {
                    variables.insert(name.get_ref().clone(), self.opens(account));
                }
            }
            variables.extend(api.variables.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        if let Some(record) = provider.and_then(|provider| self.account_of(provider)) {
            for (name, text) in self
                .definition
                .apis
                .iter()
                .filter_map(|api| api.integrated.as_ref())
                .flat_map(|integrated| &integrated.variables)
            {
                variables.insert(name.clone(), template::fill_text(text, &record));
            }
        }
        for Connected { stem, id, tenant } in &self.connected {
            let token = self.token_of(id).unwrap_or_default();
            for (name, value) in [("ACCOUNT_ID", id.clone()), ("TENANT_ID", tenant.clone()), ("TOKEN", token)] {
                variables.insert(format!("{stem}_{name}"), value);
            }
        }
        variables.into_iter().collect()
    }

    /// What opens an account at its provider now: another consent gives it another token.
    fn opens(&self, account: &Account) -> String {
        self.token_of(account.id.get_ref()).unwrap_or_else(|| account.token.get_ref().clone())
    }

    fn token_of(&self, account: &str) -> Option<String> {
        let known = self.states.iter().find_map(|state| state.accounts.token(account, self.start()));
        known.map(|(token, _)| token.to_owned())
    }

    /// The unified record of a provider's account: the first that has records.
    fn account_of(&self, provider: &str) -> Option<Map<String, Value>> {
        let api = self.definition.apis.iter().find(|api| api.name == provider)?;
        let account = api.accounts.iter().find(|account| !account.seeds.is_empty()).or(api.accounts.first())?;
        let integrated = self.definition.apis.iter().find_map(|api| api.integrated.as_ref())?;
        let mut record = call::account_record(integrated, api, account.id.get_ref(), account.tenant.get_ref());
        record.insert("token".to_owned(), Value::String(self.opens(account)));
        record.insert("host".to_owned(), Value::String(api.hosts.first()?.get_ref().clone()));
        Some(record)
    }

    /// Connects one more account of a provider, with so many invented records of its resources. Variables tell what opens
    /// it: the provider's name, a number, and `ACCOUNT_ID`, `TENANT_ID` or `TOKEN`.
    ///
    /// # Errors
    ///
    /// There is no such provider or resource, or nowhere to connect it to.
    pub fn connect(&mut self, provider: &str, records: &[(String, u64)]) -> Result<(), String> {
        let definition = Arc::clone(&self.definition);
        let connects = |route: &&Route| route.all().any(|operation| operation == Operation::Connect);
        let mut apis = definition.apis.iter().filter_map(|api| Some((api, api.routes.iter().find(connects)?)));
        let (api, route) = apis.next().ok_or("the sandbox has no way to connect accounts")?;
        let (_, native) = definition.named(provider)?;
        let known = native.inventable();
        if let Some((resource, _)) = records.iter().find(|(resource, _)| !known.contains(&resource.as_str())) {
            return Err(format!("{provider} has no invented records `{resource}`; there are {}", known.join(", ")));
        }
        let counts: Map<String, Value> = records.iter().map(|(name, count)| (name.clone(), json!(count))).collect();
        let tenant = format!("{provider}-{}", self.serial);
        let body = json!({ "tenant_id": tenant, "integration": provider, "records": counts });
        let mut headers = Headers::new();
        headers.set("Content-Type", "application/json");
        if let (Some(token), Some(way)) = (api.tokens.first(), api.authorization.first()) {
            let scheme = way.scheme.as_ref().map(|scheme| format!("{scheme} ")).unwrap_or_default();
            headers.set(way.header.as_deref().unwrap_or("Authorization"), format!("{scheme}{}", token.token.get_ref()));
        }
        let request = Request {
            method: route.method(Operation::Connect).to_owned(),
            scheme: "https".to_owned(),
            host: api.hosts.first().map(|host| host.get_ref().clone()).unwrap_or_default(),
            path: route.path.get_ref().clone(),
            query: String::new(),
            headers,
            body: body.to_string().into_bytes(),
        };
        let known = |world: &Self| {
            world.states.iter().flat_map(|state| state.accounts.ids()).cloned().collect::<BTreeSet<String>>()
        };
        let before = known(self);
        let reply = self.answer(&request, self.start()).reply;
        if reply.status < 300 {
            for id in known(self).difference(&before) {
                self.name(provider, id, &tenant);
            }
            return Ok(());
        }
        Err(format!("cannot connect an account of `{provider}`: {}", String::from_utf8_lossy(&reply.body)))
    }

    /// Gives an account names of its own for what opens it.
    fn name(&mut self, provider: &str, id: &str, tenant: &str) {
        let name = stem(provider);
        let is_taken = |stem: &String| self.connected.iter().any(|known| known.stem == *stem);
        let mut stems = (1..).map(|number: u32| format!("{name}_{number}"));
        if let Some(stem) = stems.find(|stem| !is_taken(stem)) {
            self.connected.push(Connected { stem, id: id.to_owned(), tenant: tenant.to_owned() });
        }
    }
}

/// What the names of a provider's variables begin with.
fn stem(provider: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' };
    provider.chars().map(plain).collect()
}
