//! A call of webhooks that somebody asks for, to see whether it arrives.

use serde_json::{Map, json};

use super::{Call, Done, Target};
use crate::sandbox::body;
use crate::sandbox::data::Operation;
use crate::sandbox::situation::{Refusal, Situation};
use crate::sandbox::state::State;
use crate::sandbox::table::Table;

impl<'c> Call<'c> {
    /// Calls webhooks to see whether that arrives: the one that the body names by its `id`, else all.
    pub(super) fn ping(&mut self, state: &State, target: &Target<'c>) -> Result<Done<'c>, Refusal> {
        let name = self.api.webhooks.as_ref().ok_or(Situation::UnknownRoute)?.resource.get_ref();
        self.set("resource", json!(name));
        let is_empty = self.request.body.is_empty();
        let body = if is_empty { Map::new() } else { body::of_route(self.request, self.api, target.route)? };
        self.pinged = match body.contains_key("id") {
            true => {
                let id = body::text(self.api, &body, "id")?;
                self.set("id", json!(id));
                let known = state.store.find(&self.maker, name, "", id).filter(|row| row.deleted.is_none());
                vec![known.ok_or(Situation::UnknownRecord)?.id.clone()]
            }
            false => {
                let positions = 0..state.store.table(name, "").map_or(0, Table::positions);
                let rows = positions.filter_map(|position| state.store.row(&self.maker, name, "", position));
                rows.filter(|row| row.deleted.is_none()).map(|row| row.id.clone()).collect()
            }
        };
        self.set("count", json!(self.pinged.len()));
        Ok(Done::Fresh(self.template(target, Operation::Ping), 200))
    }
}
