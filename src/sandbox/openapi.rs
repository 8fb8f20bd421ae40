//! An API of the sandbox as OpenAPI 3.1 describes it: which requests it takes, and which answers it may give.
//!
//! Everything follows from the data, so the description cannot say something else than the engine does.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::data::{AccountPlace, Api, Operation, PageBy, Resource, Route, Size};
use super::fault::Kind;
use super::parameters::Parameters;
use super::shape::{Shape, Type};
use super::situation::Situation;
use super::template::{self, Template};

/// The description of one API.
pub(super) fn document(api: &Api) -> Value {
    let host = api.hosts.first().map(|host| host.get_ref().as_str()).unwrap_or_default();
    let servers: Vec<Value> =
        api.hosts.iter().map(|host| json!({ "url": format!("https://{}", host.get_ref()) })).collect();
    let title = if api.label.is_empty() { host } else { &api.label };
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for route in &api.routes {
        for place in places(api, route) {
            let methods = paths.entry(place.path.clone()).or_default();
            let method = route.method(place.operation).to_lowercase();
            let described = place.describe(api, route);
            match methods.get_mut(&method) {
                None => drop(methods.insert(method, described)),
                Some(known) => join(known, &described),
            }
        }
    }
    let version = api.version.clone().unwrap_or_else(|| "1".to_owned());
    json!({
        "openapi": "3.1.0",
        "info": { "title": format!("{title}, as the sandbox serves it"), "version": version },
        "servers": servers,
        "paths": paths,
        "components": { "securitySchemes": schemes(api) },
        "security": schemes(api).keys().map(|name| json!({ name: [] })).collect::<Vec<_>>(),
    })
}

/// Adds what another route at the same place takes and answers: a parameter or a header field decides between them.
fn join(known: &mut Value, more: &Value) {
    if let (Some(known), Some(more)) = (known["parameters"].as_array_mut(), more["parameters"].as_array()) {
        let of = |given: &Value| (given["in"].clone(), given["name"].clone());
        let new: Vec<Value> = more.iter().filter(|new| known.iter().all(|old| of(old) != of(new))).cloned().collect();
        known.extend(new);
    }
    let (Some(known), Some(more)) = (known["responses"].as_object_mut(), more["responses"].as_object()) else { return };
    for (status, response) in more {
        let schema = |response: &Value| response.pointer("/content/application~1json/schema").cloned();
        let Some(old) = known.get_mut(status) else {
            known.insert(status.clone(), response.clone());
            continue;
        };
        if let (Some(one), Some(other)) = (schema(old), schema(response)) {
            if one != other {
                old["content"]["application/json"]["schema"] = json!({ "anyOf": [one, other] });
            }
        } else if let Some(old) = old.as_object_mut() {
            // An answer of which nothing is known may be anything.
            old.shift_remove("content");
        }
    }
}

fn schemes(api: &Api) -> Map<String, Value> {
    let scheme = |(at, way): (usize, &super::data::Authorization)| {
        let value = match (&way.scheme, &way.header, &way.query) {
            (Some(scheme), _, _) if scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("basic") => {
                json!({ "type": "http", "scheme": scheme.to_lowercase() })
            }
            (_, Some(header), _) => json!({ "type": "apiKey", "in": "header", "name": header }),
            (_, None, query) => json!({ "type": "apiKey", "in": "query", "name": query }),
        };
        (format!("way{}", at + 1), value)
    };
    api.authorization.iter().enumerate().map(scheme).collect()
}

/// One operation at one path.
struct Described<'a> {
    path: String,
    operation: Operation,
    /// The fields of the records that it is about, and how one looks in an answer.
    fields: BTreeMap<String, &'a Shape>,
    item: Value,
    resource: Option<&'a Resource>,
}

/// Every operation of a route, with the names of models in place.
fn places<'a>(api: &'a Api, route: &'a Route) -> Vec<Described<'a>> {
    let mut found = Vec::new();
    for operation in route.all() {
        let pattern = route.path.get_ref();
        let path = if operation.of_one() && !pattern.contains("{id}") {
            match pattern.strip_suffix('/') {
                Some(stem) => format!("{stem}/{{id}}/"),
                None => format!("{pattern}/{{id}}"),
            }
        } else {
            pattern.clone()
        };
        if route.unified {
            for (category, models) in &api.models {
                if route.model.as_ref().is_some_and(|model| model.get_ref() != category) {
                    continue;
                }
                for (name, model) in models {
                    let fields: BTreeMap<String, &Shape> =
                        model.fields.shapes.iter().map(|(name, shape)| (name.clone(), shape)).collect();
                    let mut item = object(&fields);
                    if let Some(properties) = item.get_mut("properties").and_then(Value::as_object_mut) {
                        properties.insert("remote_data".to_owned(), json!({}));
                    }
                    for name in [name].into_iter().chain(&model.names) {
                        let path = path.replace("{model}", category).replace("{resource}", name);
                        let (fields, item) = (fields.clone(), item.clone());
                        found.push(Described { path, operation, fields, item, resource: None });
                    }
                }
            }
            continue;
        }
        let resource = route.resource.as_ref().and_then(|name| api.resources.get(name.get_ref()));
        let fields: BTreeMap<String, &Shape> = resource
            .map(|resource| resource.fields.iter().map(|(name, shape)| (name.clone(), shape)).collect())
            .unwrap_or_default();
        let plain = object(&fields);
        let template = route.item.as_ref().or(resource.and_then(|resource| resource.item.as_ref()));
        let item = template.map_or(plain.clone(), |item| loose(of_template(item.get_ref(), &json!({}), &plain)));
        found.push(Described { path, operation, fields, item, resource });
    }
    found
}

impl Described<'_> {
    fn describe(&self, api: &Api, route: &Route) -> Value {
        let mut described = Map::new();
        let summary = format!("{} {}", self.operation.word(), self.path);
        described.insert("summary".to_owned(), json!(summary));
        described.insert("parameters".to_owned(), Value::Array(self.parameters(api, route)));
        if matches!(
            self.operation,
            Operation::Create
                | Operation::Update
                | Operation::Custom
                | Operation::Connect
                | Operation::AccountToken
                | Operation::Ping
        ) {
            described.insert("requestBody".to_owned(), self.body(route));
        }
        described.insert("responses".to_owned(), self.responses(api, route));
        Value::Object(described)
    }

    fn parameters(&self, api: &Api, route: &Route) -> Vec<Value> {
        let text = |place: &str, name: &str, required: bool| json!({ "name": name, "in": place, "required": required, "schema": { "type": "string" } });
        let names = self.path.split('{').skip(1).filter_map(|piece| piece.split_once('}')).map(|(name, _)| name);
        let mut parameters: Vec<Value> = names.map(|name| text("path", name, true)).collect();
        if let Some(key) = &route.account {
            let place = if key.place == AccountPlace::Header { "header" } else { "query" };
            parameters.push(text(place, &key.name, true));
        }
        if matches!(self.operation, Operation::List | Operation::Get) {
            let hiding = api.exclude.iter().chain(api.drop.keys());
            parameters.extend(hiding.map(|name| text("query", name, false)));
        }
        if self.operation != Operation::List {
            return parameters;
        }
        let has = |field: &str| self.fields.contains_key(field);
        let of_list = Parameters::of_list(api, route, self.resource, has);
        let paging = of_list.paging;
        let sizes: Vec<String> = paging.size.iter().flat_map(Size::places).filter_map(|place| place.query).collect();
        for name in of_list.names() {
            let mut parameter = json!({ "name": name, "in": "query", "required": false });
            let counts =
                |name| paging.by != PageBy::Cursor && paging.at.iter().any(|place| place.query.as_ref() == Some(name));
            parameter["schema"] = if sizes.contains(&name) {
                let mut schema = json!({ "type": "integer", "minimum": 1 });
                // What is more than the largest page is refused, or gets that page.
                match paging.size.as_ref().map(|size| (size.max, &size.over)) {
                    Some((max, Some(_))) => schema["maximum"] = json!(max),
                    Some((max, None)) => {
                        parameter["description"] = json!(format!("A page has at most {max} records"));
                    }
                    None => {}
                }
                schema
            } else if counts(&name) {
                json!({ "type": "integer" })
            } else {
                json!({ "type": "string" })
            };
            parameters.push(parameter);
        }
        parameters
    }

    fn body(&self, route: &Route) -> Value {
        let owned = |shape: &Shape| shape.is_owned() || (shape.fixed && self.operation == Operation::Update);
        let own = self.fields.iter().filter(|(_, shape)| !owned(shape)).map(|(name, shape)| (name.clone(), *shape));
        let of_route = route.fields.iter().map(|(name, shape)| (name.clone(), shape));
        let given: BTreeMap<String, &Shape> = own.chain(of_route).collect();
        // What answers do not show may be sent nevertheless.
        let mut schema = of_fields(given.iter());
        let required: Vec<&String> = given.iter().filter(|(_, shape)| shape.required).map(|(name, _)| name).collect();
        let is_whole = matches!(self.operation, Operation::Create | Operation::Connect | Operation::AccountToken);
        if is_whole
            && !required.is_empty()
            && let Some(schema) = schema.as_object_mut()
        {
            schema.insert("required".to_owned(), json!(required));
        }
        let place = self.resource.map(|resource| resource.body.as_str()).unwrap_or_default();
        let batch = self.resource.is_some_and(|resource| resource.batch);
        let mut whole = if batch { json!({ "type": "array", "items": schema }) } else { schema };
        for step in place.split('.').rev().filter(|step| !step.is_empty()) {
            let name = step.split('[').next().unwrap_or_default();
            let inner = if step.contains('[') { json!({ "type": "array", "items": whole }) } else { whole };
            whole = json!({ "type": "object", "properties": { name: inner }, "required": [name] });
        }
        let is_needed = self.operation != Operation::Ping;
        json!({ "required": is_needed, "content": { "application/json": { "schema": whole } } })
    }

    fn responses(&self, api: &Api, route: &Route) -> Value {
        let mut by_status: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let mut add = |status: u16, template: Option<&Template>, item: &Value| {
            let schema = template.and_then(|template| template.body.as_ref()).map(|body| of_template(body, item, item));
            by_status.entry(status.to_string()).or_default().extend(schema);
        };
        let usual = if self.operation == Operation::Create || self.operation == Operation::Connect { 201 } else { 200 };
        let own = route.answer.as_ref().or(route.list.as_ref().filter(|_| self.operation == Operation::List));
        let own = own.or_else(|| self.resource.and_then(|resource| resource.answers.get(&self.operation)));
        let own = own.or_else(|| api.answers.get(&self.operation)).map(toml::Spanned::get_ref);
        let mut answers: Vec<&Template> = own.into_iter().collect();
        answers.extend(own.and_then(|answer| answer.empty.as_deref()));
        answers.extend(own.iter().flat_map(|answer| &answer.variants).map(|variant| &variant.answer));
        if answers.is_empty() {
            add(usual, None, &self.item);
        }
        for answer in answers {
            let loose = loosened(answer);
            add(answer.status.unwrap_or(usual), Some(&loose), &self.item);
            if let Some(partly) = answer.partly {
                add(partly, Some(&loose), &self.item);
            }
        }
        if matches!(self.operation, Operation::Proxy | Operation::Authorize | Operation::Token) {
            return json!({ "default": { "description": "What the provider answers" } });
        }
        for (name, error) in &api.errors {
            let error = error.get_ref();
            let situation = Situation::ALL.into_iter().find(|situation| situation.name() == name);
            let status = error.status.or(situation.map(Situation::status));
            add(status.unwrap_or(400), Some(error), &json!({}));
        }
        let default = api.errors.get("default").map(toml::Spanned::get_ref);
        for situation in Situation::ALL.into_iter().filter(|situation| !api.errors.contains_key(situation.name())) {
            add(default.and_then(|error| error.status).unwrap_or(situation.status()), default, &json!({}));
        }
        for kind in Kind::ALL.into_iter().filter(|kind| !api.faults.contains_key(&kind.word())) {
            add(kind.status().unwrap_or(200), default, &json!({}));
        }
        if route.unified {
            let remote = api.errors.get("remote").map(toml::Spanned::get_ref);
            for range in ["4XX", "5XX"] {
                let schema =
                    remote.and_then(|error| error.body.as_ref()).map(|body| of_template(body, &json!({}), &json!({})));
                by_status.entry(range.to_owned()).or_default().extend(schema);
            }
            for status in [400_u16, 401, 403, 404, 405, 409, 415, 422, 429, 502, 503] {
                let schema =
                    remote.and_then(|error| error.body.as_ref()).map(|body| of_template(body, &json!({}), &json!({})));
                by_status.entry(status.to_string()).or_default().extend(schema);
            }
        }
        let response = |(status, mut schemas): (String, Vec<Value>)| {
            schemas.dedup();
            let described = status.parse().map_or("An error", crate::http::reason);
            let described = if described.is_empty() { "An answer" } else { described };
            let mut response = json!({ "description": described });
            let schema = match schemas.len() {
                0 => None,
                1 => schemas.pop(),
                _ => Some(json!({ "anyOf": schemas })),
            };
            if let (Some(schema), Some(response)) = (schema, response.as_object_mut()) {
                response.insert("content".to_owned(), json!({ "application/json": { "schema": schema } }));
            }
            (status, response)
        };
        Value::Object(by_status.into_iter().map(response).collect())
    }
}

/// An answer of which parts may be missing: on the last page, on the first one.
fn loosened(answer: &Template) -> Template {
    let mut answer = answer.clone();
    let left: Vec<String> = answer.at_end.iter().chain(&answer.only_at_end).chain(&answer.at_start).cloned().collect();
    let left: Vec<&String> = left.iter().collect();
    answer.body = answer.body_without(&left).map(std::borrow::Cow::into_owned);
    answer
}

/// An object of an answer with these fields, each of which may be null or missing.
fn object(fields: &BTreeMap<String, &Shape>) -> Value {
    of_fields(fields.iter().filter(|(_, shape)| !shape.hidden))
}

/// An object with these fields.
fn of_fields<'f>(fields: impl Iterator<Item = (&'f String, &'f &'f Shape)>) -> Value {
    let properties: Map<String, Value> = fields.map(|(name, shape)| (name.clone(), of_shape(shape))).collect();
    json!({ "type": "object", "properties": properties })
}

fn of_shape(shape: &Shape) -> Value {
    let is_number = shape.time.as_ref().is_some_and(super::instants::TimeFormat::is_number);
    match shape.kind {
        Type::Any => json!({}),
        Type::Array => match &shape.items {
            Some(items) => json!({ "type": ["array", "null"], "items": of_shape(items) }),
            None => json!({ "type": ["array", "null"] }),
        },
        Type::Object => {
            let fields: Map<String, Value> =
                shape.fields.iter().map(|(name, shape)| (name.clone(), of_shape(shape))).collect();
            json!({ "type": ["object", "null"], "properties": fields })
        }
        Type::Timestamp if is_number => json!({ "type": ["integer", "string", "null"] }),
        Type::Timestamp => json!({ "type": ["string", "integer", "null"] }),
        Type::Integer | Type::Number | Type::Boolean | Type::String => json!({ "type": [shape.kind.word(), "null"] }),
    }
}

/// The same for records whose members may be missing: a request may leave some out.
fn loose(mut schema: Value) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.shift_remove("required");
    }
    schema
}

/// What an answer looks like that a template writes: `item` is one record, `record` its fields.
fn of_template(value: &Value, item: &Value, record: &Value) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).map(str::trim) {
            Some("records") => json!({ "type": "array", "items": item }),
            Some("record") if item == &json!({}) => record.clone(),
            Some("record" | "item") => item.clone(),
            Some(name) if !name.contains("{{") => json!({}),
            _ if template::names(text).is_empty() => json!({ "const": text }),
            _ => json!({ "type": "string" }),
        },
        Value::Array(items) => {
            let items: Vec<Value> = items.iter().map(|value| of_template(value, item, record)).collect();
            if items.is_empty() {
                json!({ "type": "array" })
            } else {
                json!({ "type": "array", "items": { "anyOf": items } })
            }
        }
        Value::Object(fields) => {
            let is_fixed = |name: &&String| !name.contains("{{") && *name != "...";
            let names: Vec<&String> = fields.keys().filter(is_fixed).collect();
            let properties: Map<String, Value> = fields
                .iter()
                .filter(|(name, _)| is_fixed(name))
                .map(|(name, value)| (name.clone(), of_template(value, item, record)))
                .collect();
            json!({ "type": "object", "properties": properties, "required": names })
        }
        Value::Bool(_) => json!({ "type": "boolean" }),
        Value::Number(_) => json!({ "type": "number" }),
        Value::Null => json!({}),
    }
}
