//! How one account's records are mapped: the provider's mapping, changed for all accounts and for this one.

use std::sync::Arc;

use jsonata_core::value::JValue;
use serde_json::{Map, Value, json};

use super::data::{Model, ModelMapping};
use super::jsonata::{self, JsonataError};
use super::situation::{Refusal, Situation};

/// A mapping ready for use.
#[derive(Debug)]
pub(super) struct Mapped {
    /// No other mapping of this world has it.
    pub(super) number: u64,
    pub(super) mapping: ModelMapping,
    /// The account changes it.
    is_own: bool,
    /// The whole record as one expression.
    response: String,
}

/// What changes a mapping, the later over the earlier: objects part by part, everything else as a whole.
pub(super) fn merge(base: &mut Value, change: &Value) {
    match (base, change) {
        (Value::Object(base), Value::Object(change)) => {
            for (name, value) in change {
                match base.get_mut(name) {
                    Some(known) => merge(known, value),
                    None => drop(base.insert(name.clone(), value.clone())),
                }
            }
        }
        (base, change) => *base = change.clone(),
    }
}

impl Mapped {
    /// Reads a mapping that has been put together.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn read(number: u64, value: &Value, is_own: bool) -> Result<Arc<Self>, String> {
        let mapping: ModelMapping = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
        let response = constructor(&mapping.response)?;
        for text in [Some(&response), mapping.is.as_ref()].into_iter().flatten() {
            jsonata::check(text).map_err(|error| format!("a mapping cannot be read: {error}"))?;
        }
        Ok(Arc::new(Self { number, mapping, is_own, response }))
    }

    /// It cannot be used. Who has changed it can do something about that; else it is wrong in itself.
    pub(super) fn failed(&self, problem: &str) -> Refusal {
        match self.is_own {
            true => Refusal::from(Situation::BadMapping)
                .with("problem", format!("The account's own mapping failed: {problem}"))
                .with_status(400),
            false => broken(problem),
        }
    }

    /// The unified record of a native one, in JSON without its closing brace: every field of the model in order.
    ///
    /// # Errors
    ///
    /// What JSONata says.
    pub(super) fn record(&self, model: &Model, native: &str, context: &JValue) -> Result<String, Refusal> {
        let failed = |error: JsonataError| self.failed(error.reason());
        let input = JValue::from_json_str(native).map_err(|error| self.failed(&error.to_string()))?;
        let names = [("context", context.clone())];
        let value = jsonata::evaluate(&self.response, &input, &names).map_err(failed)?;
        let Some(JValue::Object(fields)) = value else { return Err(self.failed("a mapping gives no object")) };
        let mut text = String::from("{");
        for name in &model.fields.names {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(&json!(name).to_string());
            text.push(':');
            let given = fields.get(name).filter(|value| !matches!(value, JValue::Null | JValue::Undefined));
            match given {
                Some(value) => text.push_str(&value.to_json_string().map_err(|error| self.failed(&error.to_string()))?),
                None => {
                    let shape = model.fields.shapes.get(name);
                    let default = shape.and_then(|shape| shape.default.clone());
                    text.push_str(
                        &default.unwrap_or_else(|| shape.map_or(Value::Null, |shape| shape.kind.empty())).to_string(),
                    );
                }
            }
        }
        Ok(text)
    }
}

/// What is wrong with a mapping as it is written.
pub(super) fn problem(value: &Value) -> Option<String> {
    Mapped::read(0, value, false).err()
}

/// The fault is in a mapping, which nobody but the data can help.
pub(super) fn broken(problem: &str) -> Refusal {
    Refusal::from(Situation::BadMapping).with("problem", format!("A mapping failed: {problem}"))
}

/// The expression of an object whose fields have an expression each.
fn constructor(fields: &Map<String, Value>) -> Result<String, String> {
    let field = |(name, value): (&String, &Value)| {
        let expression = match value {
            Value::String(expression) => format!("({expression})"),
            Value::Object(fields) => constructor(fields)?,
            other => other.to_string(),
        };
        Ok(format!("{}: {expression}", json!(name)))
    };
    let fields = fields.iter().map(field).collect::<Result<Vec<_>, String>>()?;
    Ok(format!("{{{}}}", fields.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_merged_part_by_part() {
        let mut base = json!({ "response": { "id": "id", "custom_fields": { "a": "x" } }, "list": { "max": 100 } });
        merge(&mut base, &json!({ "response": { "custom_fields": { "b": "y" } }, "list": { "max": 50 } }));
        merge(&mut base, &json!({ "response": { "id": "$string(id)" } }));
        let expected = json!({
            "response": { "id": "$string(id)", "custom_fields": { "a": "x", "b": "y" } }, "list": { "max": 50 },
        });
        assert_eq!(base, expected);
    }

    #[test]
    fn every_field_of_the_model_is_there_in_its_order() {
        let model: Model = toml::from_str(
            "[fields]\nid = { type = 'string' }\nname = { type = 'string' }\ntags = { type = 'array' }\ncustom_fields = { type = 'object' }",
        )
        .unwrap();
        let value = json!({ "response": { "custom_fields": { "region": "r" }, "name": "n", "id": "$string(i)" } });
        let mapped = Mapped::read(1, &value, false).unwrap();
        let record = mapped.record(&model, r#"{"i":7,"r":"EU"}"#, &JValue::Null).unwrap();
        assert_eq!(record, r#"{"id":"7","name":null,"tags":[],"custom_fields":{"region":"EU"}"#);
    }

    #[test]
    fn a_mapping_that_cannot_be_read_is_told() {
        for value in [json!({ "response": { "id": "a." } }), json!({ "respnse": {} })] {
            assert!(Mapped::read(1, &value, false).is_err(), "{value}");
        }
    }
}
