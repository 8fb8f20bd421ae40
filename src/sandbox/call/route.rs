//! Which route a request means.

use serde_json::Value;

use super::{Call, Target};
use crate::sandbox::data::{Operation, Route};
use crate::sandbox::situation::{Refusal, Situation};
use crate::sandbox::url;

/// Why a request leads nowhere.
pub(super) enum Missed {
    /// Nothing is at its path.
    Path,
    /// Something is there, by these methods.
    Method(String),
    /// It asks for the methods.
    Options(String),
}

impl Missed {
    pub(super) fn refusal(self) -> Refusal {
        match self {
            Self::Path => Situation::UnknownRoute.into(),
            Self::Method(methods) | Self::Options(methods) => {
                Refusal::from(Situation::WrongMethod).with("allow", methods)
            }
        }
    }
}

/// The values of the names in a path.
type Named = Vec<(String, String)>;

impl<'c> Call<'c> {
    /// Where the request leads.
    pub(super) fn target(&self) -> Result<Target<'c>, Missed> {
        let method = if self.request.method == "HEAD" { "GET" } else { self.request.method.as_str() };
        let mut methods: Vec<&str> = Vec::new();
        for route in self.api.routes.iter().filter(|route| self.is_meant(route)) {
            for (operations, named) in self.matches(route) {
                for operation in operations {
                    let known = route.method(operation);
                    if known == method {
                        return Ok(self.lead(route, operation, named));
                    }
                    methods.push(known);
                }
            }
        }
        if methods.is_empty() {
            return Err(Missed::Path);
        }
        methods.dedup();
        if let Some(at) = methods.iter().position(|method| *method == "GET") {
            methods.insert(at + 1, "HEAD");
        }
        methods.push("OPTIONS");
        let methods = methods.join(", ");
        Err(if method == "OPTIONS" { Missed::Options(methods) } else { Missed::Method(methods) })
    }

    /// True where the request says what the route serves.
    fn is_meant(&self, route: &Route) -> bool {
        let Some(when) = &route.when else { return true };
        let given = match (&when.query, &when.header) {
            (Some(query), _) => self.input.parameter(query),
            (None, Some(header)) => self.request.headers.get(header),
            (None, None) => None,
        };
        given.is_some_and(|given| {
            when.value.as_ref().is_none_or(|value| value == given)
                && when.contains.as_ref().is_none_or(|part| given.contains(part.as_str()))
        })
    }

    /// What is done at the request's path by a route.
    fn matches(&self, route: &'c Route) -> Vec<(Vec<Operation>, Named)> {
        let path = &self.request.path;
        let pattern = route.path.get_ref();
        let mut found = Vec::new();
        if let Some(named) = url::matched(pattern, path) {
            let is_one = pattern.contains("{id}");
            let of_all = route.operations.iter().copied().filter(|operation| operation.of_one() == is_one);
            found.push((of_all.chain(route.operation).collect::<Vec<_>>(), named));
        }
        let of_one: Vec<Operation> = route.operations.iter().copied().filter(|operation| operation.of_one()).collect();
        if !of_one.is_empty() && !pattern.contains("{id}") {
            let one = match pattern.strip_suffix('/') {
                Some(stem) => format!("{stem}/{{id}}/"),
                None => format!("{pattern}/{{id}}"),
            };
            if let Some(named) = url::matched(&one, path) {
                found.push((of_one, named));
            }
        }
        found.retain(|(operations, _)| !operations.is_empty());
        found
    }

    fn lead(&self, route: &'c Route, operation: Operation, named: Named) -> Target<'c> {
        let resource = route.resource.as_ref().and_then(|name| self.api.resources.get_key_value(name.get_ref()));
        let resource = resource.map(|(name, resource)| (name.as_str(), resource));
        Target { route, operation, named, resource }
    }

    /// The name of the resource that the request leads to.
    pub(in crate::sandbox) fn resource_name(&self) -> Option<&'c str> {
        self.target().ok()?.resource.map(|(name, _)| name)
    }

    /// The unified model that a target is about, by its own name.
    pub(in crate::sandbox) fn model_name(&self, target: &Target<'c>) -> Option<String> {
        let category = target.named("model").or(target.route.model.as_ref().map(|model| model.get_ref().as_str()))?;
        let asked = target.named("resource")?;
        let models = self.api.models.get(category)?;
        let known = models.iter().find(|(name, model)| *name == asked || model.names.iter().any(|name| name == asked));
        known.map(|(name, _)| name.clone())
    }

    /// A text value of the call.
    pub(super) fn text(&self, name: &str) -> &str {
        self.values.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}
