//! A second list of a provider's, whose records tell what those of the first do not: each record of the first gets it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::super::Call;
use super::super::natives::Natives;
use super::Subject;
use super::blame;
use super::remote::{self, Answered, Asked};
use crate::sandbox::body;
use crate::sandbox::data::AlsoMapping;
use crate::sandbox::situation::Refusal;
use crate::sandbox::state::State;
use crate::sandbox::store::Item;

/// The records of an answer: those of the list that the provider wrote, or what lies there in an answer that is none.
pub(super) fn records(answered: &mut Answered, path: &str) -> Vec<Arc<Item>> {
    answered.outcome.listing.take().unwrap_or_else(|| {
        let found = body::at(&answered.body, path).and_then(Value::as_array);
        found.into_iter().flatten().map(|value| Arc::new(Item::new(value.to_string()))).collect()
    })
}

/// `items` with what the second list has of them besides; `input` is what expressions see.
pub(super) fn merged(
    call: &mut Call<'_>,
    state: &mut State,
    natives: &mut Natives<'_>,
    subject: &Subject<'_>,
    mapping: &AlsoMapping,
    input: &Value,
    items: Vec<Arc<Item>>,
) -> Result<Vec<Arc<Item>>, Refusal> {
    let texts = [mapping.query.as_ref(), None, None];
    let names = remote::names(subject, call);
    let made = remote::make(subject, texts, (input, &["limit"]), &names, |found| blame::parameter(call, found))?;
    let asked = Asked {
        method: "GET".to_owned(),
        path: mapping.path.clone(),
        query: made.query,
        headers: Map::new(),
        body: None,
    };
    let mut answered = remote::ask(call, state, natives, subject.provider, &subject.account.id, asked)?;
    let found = records(&mut answered, &mapping.records);
    let mut by_id: BTreeMap<String, Map<String, Value>> =
        found.iter().filter_map(|item| fields(item)).filter_map(|more| Some((id(&more, mapping)?, more))).collect();
    let with = |item: Arc<Item>| {
        let Some(mut own) = fields(&item) else { return item };
        let Some(more) = id(&own, mapping).and_then(|id| by_id.remove(&id)) else { return item };
        for (name, value) in more {
            own.entry(name).or_insert(value);
        }
        Arc::new(Item::new(Value::Object(own).to_string()))
    };
    Ok(items.into_iter().map(with).collect())
}

fn fields(item: &Item) -> Option<Map<String, Value>> {
    serde_json::from_str(&item.text).ok()
}

/// The record's id, as text.
fn id(record: &Map<String, Value>, mapping: &AlsoMapping) -> Option<String> {
    record.get(&mapping.id).map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned))
}
