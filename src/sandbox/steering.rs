//! What is done to a world from outside, as nobody can by a provider's API: a field gets another name, a customer takes a
//! grant back or connects an account again.

use std::sync::Arc;

use serde_json::Value;

use super::auth::Grant;
use super::call::{Natives, account_record};
use super::world::{World, tell};
use crate::clock::Timestamp;

impl World {
    /// Gives a field of a provider's records another name, the only one from now on.
    ///
    /// # Errors
    ///
    /// What is not there, a fragment such as "there is no provider `x`; there are …".
    pub fn rename(&mut self, provider: &str, resource: &str, field: &str, to: &str) -> Result<(), String> {
        let (index, api) = self.definition.named(provider)?;
        let known = api.resources.get(resource).ok_or_else(|| {
            let known: Vec<&str> = api.resources.keys().map(String::as_str).collect();
            format!("{provider} has no resource `{resource}`; there are {}", known.join(", "))
        })?;
        let state = self.states.get_mut(index).ok_or_else(|| format!("{provider} is not served"))?;
        let names = state.names.entry(resource.to_owned()).or_default();
        let has = |name: &String| known.fields.contains_key(name);
        let missing = || format!("the records of {resource} have no field `{field}`");
        let declared = names.declared(field).map(str::to_owned).filter(has).ok_or_else(missing)?;
        if to.is_empty() {
            return Err(format!("the new name of `{field}` is empty"));
        }
        if names.declared(to).map(str::to_owned).is_some_and(|name| has(&name)) {
            return Err(format!("the records of {resource} have a field `{to}` already"));
        }
        names.rename(&declared, to);
        state.store.forget_items();
        for state in &mut self.states {
            state.accounts.forget_mappings();
        }
        Ok(())
    }

    /// Takes back at its provider what was granted for an account: its tokens are refused from now on.
    ///
    /// # Errors
    ///
    /// That there is no such account, a fragment.
    pub fn revoke(&mut self, account: &str) -> Result<(), String> {
        let provider = self.provider_of(account)?;
        if let Some(state) = self.states.get_mut(provider) {
            state.issued.revoke(account);
            state.tokens.revoke(account);
        }
        Ok(())
    }

    /// Connects an account again, as its owner's new consent does: with new tokens, and usable as at its start.
    ///
    /// # Errors
    ///
    /// That there is no such account, a fragment.
    pub fn reconnect(&mut self, account: &str, now: Timestamp) -> Result<(), String> {
        let provider = self.provider_of(account)?;
        self.revoke(account)?;
        let definition = Arc::clone(&self.definition);
        let mut natives = Natives::new(&definition, self.seed, &mut self.states, &mut self.serial);
        let at = definition.apis.iter().position(|api| api.integrated.is_some());
        let (Some(index), Some(native)) = (at, natives.api(provider)) else { return Ok(()) };
        let (Some(maker), Some(place)) = (natives.maker(index), natives.states.get_mut(index)) else { return Ok(()) };
        let mut state = std::mem::take(place);
        let access = state.accounts.secret("access");
        let refresh = native.oauth.as_ref().map(|_| state.accounts.secret("refresh"));
        let life = refresh.as_ref().and(native.oauth.as_ref()).and_then(super::data::OAuth::life);
        let expires = life.map(|life| now.after(life));
        state.accounts.add(account, provider, &access, refresh.clone(), expires, now);
        if let Some(integrated) = &maker.api.integrated {
            let name = integrated.resource.get_ref();
            // What a refusal has changed is as it was when the account was new.
            let usual = account_record(integrated, native, account, "");
            let changed = integrated.refused.keys().map(|field| (field.clone(), usual.get(field).cloned()));
            let change = changed.map(|(field, value)| (field, value.unwrap_or(Value::Null))).collect();
            if let Some(row) = state.store.find(&maker, name, "", account) {
                state.store.change(&maker, name, "", &row, change, now);
            }
        }
        if let Some(place) = natives.states.get_mut(index) {
            *place = state;
        }
        if let Some(state) = natives.states.get_mut(provider) {
            let scopes = None;
            state.tokens.issue(access, Grant { scopes, expires, account: Some(account.to_owned()) });
            if let Some(refresh) = refresh {
                state.issued.connect(refresh, account);
            }
        }
        tell(&definition, &mut natives, &mut self.post, &[], now);
        Ok(())
    }

    /// The number of the provider of an account that is integrated.
    fn provider_of(&self, account: &str) -> Result<usize, String> {
        let known = self.states.iter().find_map(|state| state.accounts.provider(account));
        known.ok_or_else(|| format!("there is no account `{account}`; the unified API lists those that there are"))
    }
}
