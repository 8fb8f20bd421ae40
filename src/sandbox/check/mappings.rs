//! What is wrong with mappings: every expression must be readable.

use serde_json::{Map, Value};

use super::Check;
use crate::sandbox::{jsonata, mapped};

impl Check<'_> {
    pub(super) fn mappings(&mut self) {
        let of_resources = self.api.resources.values().filter_map(|resource| resource.reads.as_ref());
        let of_models = self.api.models.values().flatten().filter_map(|(_, model)| model.reads.as_ref());
        for reads in of_resources.chain(of_models) {
            if let Some(problem) = unreadable(reads.get_ref()) {
                self.tell(reads, "sandbox-mapping", problem, String::new());
            }
        }
        self.model_links();
        let Some(mapping) = &self.api.unified else { return };
        let fixed = [&mapping.rate_limit, &mapping.status, &mapping.message];
        let mut wrong: Vec<String> = fixed.into_iter().flatten().filter_map(|text| unreadable(text)).collect();
        for (category, models) in &mapping.models {
            for (name, value) in models {
                wrong.extend(mapped::problem(value).map(|problem| format!("unified.{category}.{name}: {problem}")));
                expressions(value, &mut wrong, &format!("unified.{category}.{name}"));
            }
        }
        for problem in wrong {
            self.tell_file("sandbox-mapping", problem);
        }
    }
}

impl Check<'_> {
    /// What models link to is there.
    fn model_links(&mut self) {
        for models in self.api.models.values() {
            for link in models.values().flat_map(|model| model.links.values()) {
                match models.get(link.model.get_ref()) {
                    Some(other) => self.field(&link.by, &other.fields.shapes),
                    None => {
                        let known: Vec<&str> = models.keys().map(String::as_str).collect();
                        self.no_such(&link.model, "model", link.model.get_ref(), &known);
                    }
                }
            }
        }
    }
}

fn unreadable(text: &str) -> Option<String> {
    let error = jsonata::check(text).err()?;
    Some(format!("`{}` cannot be read: {error}", text.trim()))
}

/// What is wrong with the expressions of a mapping's requests.
fn expressions(value: &Value, wrong: &mut Vec<String>, at: &str) {
    let Value::Object(fields) = value else { return };
    let each = |fields: &Map<String, Value>, wrong: &mut Vec<String>, at: &str| {
        for name in ["query", "headers", "body", "next", "id"] {
            let text = fields.get(name).and_then(Value::as_str);
            wrong.extend(text.and_then(unreadable).map(|problem| format!("{at}.{name}: {problem}")));
        }
    };
    for (method, inner) in fields.iter().filter(|(name, _)| *name != "response") {
        let Value::Object(inner) = inner else { continue };
        each(inner, wrong, &format!("{at}.{method}"));
        if let Some(Value::Object(second)) = inner.get("also") {
            each(second, wrong, &format!("{at}.{method}.also"));
        }
        for variant in inner.get("variants").and_then(Value::as_array).into_iter().flatten() {
            if let Value::Object(variant) = variant {
                each(variant, wrong, &format!("{at}.{method}.variants"));
            }
        }
    }
}
