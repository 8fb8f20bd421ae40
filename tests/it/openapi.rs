//! What the sandbox says of itself as OpenAPI, and whether it keeps to that.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doccheck::http::{Headers, Request};
use doccheck::sandbox::{Definition, World};
use jsonschema::Validator;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value, json};

static DEFINITION: LazyLock<Arc<Definition>> = LazyLock::new(|| Arc::new(Definition::embedded().unwrap()));

/// One operation of a description, ready to be asked and judged.
struct Described {
    host: String,
    method: String,
    path: String,
    parameters: Vec<Value>,
    body: Option<Value>,
    /// How a request says who asks.
    schemes: Vec<Value>,
    /// By status or range.
    responses: Vec<(String, Option<Validator>)>,
}

static OPERATIONS: LazyLock<Vec<Described>> = LazyLock::new(|| {
    let hosts = DEFINITION.hosts();
    let mut seen = Vec::new();
    let mut operations = Vec::new();
    for host in hosts {
        let document = DEFINITION.openapi(Some(&host)).unwrap();
        if seen.contains(&document) {
            continue;
        }
        let first = document["servers"][0]["url"].as_str().unwrap().trim_start_matches("https://").to_owned();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let responses = operation["responses"].as_object().unwrap().iter().map(|(status, response)| {
                    let schema = response.pointer("/content/application~1json/schema");
                    (status.clone(), schema.map(|schema| jsonschema::validator_for(schema).unwrap()))
                });
                operations.push(Described {
                    host: first.clone(),
                    method: method.to_uppercase(),
                    path: path.clone(),
                    parameters: operation["parameters"].as_array().unwrap().clone(),
                    body: operation.pointer("/requestBody/content/application~1json/schema").cloned(),
                    schemes: document["components"]["securitySchemes"].as_object().unwrap().values().cloned().collect(),
                    responses: responses.collect(),
                });
            }
        }
        seen.push(document);
    }
    operations
});

/// What a value may be, whatever its schema says.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(json!("2026-04-01T00:00:00Z")),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,8}", inner, 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A value that a schema describes, or nearly: `wild` takes the place of some parts.
fn like(schema: &Value, seed: &mut impl FnMut() -> usize, wild: &[Value]) -> Value {
    if seed().is_multiple_of(9) {
        return wild.get(seed() % wild.len().max(1)).cloned().unwrap_or_default();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.first().and_then(Value::as_str).unwrap_or("string").to_owned(),
        Value::String(kind) => kind.clone(),
        _ => "string".to_owned(),
    };
    match kind.as_str() {
        "object" => {
            let mut fields = Map::new();
            for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
                let required = schema["required"].as_array().is_some_and(|names| names.contains(&json!(name)));
                if required || seed().is_multiple_of(3) {
                    fields.insert(name.clone(), like(inner, seed, wild));
                }
            }
            Value::Object(fields)
        }
        "array" => (0..seed() % 3).map(|_| like(&schema["items"], seed, wild)).collect(),
        "integer" => json!(seed() % 500),
        "number" => json!(seed() % 5000),
        "boolean" => json!(seed().is_multiple_of(2)),
        _ => json!(["Jane", "jane@example.com", "2026-04-01T00:00:00Z", "1", ""][seed() % 5]),
    }
}

/// An account that a request may be about.
struct Connected {
    category: String,
    id: String,
    tenant: String,
    token: String,
    hosts: Vec<String>,
}

static ACCOUNTS: LazyLock<Vec<Connected>> = LazyLock::new(|| {
    let world = World::new(Arc::clone(&DEFINITION), None);
    let connected = |provider: doccheck::sandbox::Provider| {
        let named = world.environment_for(Some(&provider.name));
        let mut variables: std::collections::BTreeMap<_, _> = named.into_iter().collect();
        let mut variable = |name: &str| variables.remove(name).unwrap();
        let host = variable("PROVIDER_URL").trim_start_matches("https://").to_owned();
        let document = DEFINITION.openapi(Some(&host)).unwrap();
        let servers = document["servers"].as_array().unwrap().iter();
        Connected {
            category: provider.category.unwrap(),
            id: variable("ACCOUNT_ID"),
            tenant: variable("TENANT_ID"),
            token: variable("PROVIDER_TOKEN"),
            hosts: servers.map(|url| url["url"].as_str().unwrap().trim_start_matches("https://").to_owned()).collect(),
        }
    };
    DEFINITION.providers().into_iter().map(connected).collect()
});

impl Described {
    fn is_unified(&self) -> bool {
        let of_account =
            |given: &Value| ["integrated_account_id", "X-Tenant-ID"].contains(&given["name"].as_str().unwrap());
        self.parameters.iter().any(of_account) || self.path.starts_with("/integrated-account")
    }

    /// The header fields that carry a token in each of the ways that the API knows.
    fn credentials(&self, token: &str) -> Vec<(String, String)> {
        let field = |scheme: &Value| match (scheme["scheme"].as_str(), scheme["name"].as_str()) {
            (Some("basic"), _) => {
                Some(("Authorization".to_owned(), format!("Basic {}", STANDARD.encode(format!("{token}:")))))
            }
            (Some(_), _) => Some(("Authorization".to_owned(), format!("Bearer {token}"))),
            (None, name) => name.filter(|_| scheme["in"] == "header").map(|name| (name.to_owned(), token.to_owned())),
        };
        let mut fields: Vec<_> = self.schemes.iter().filter_map(field).take(1).collect();
        for (name, value) in [("X-PW-Application", "developer_api"), ("X-PW-UserEmail", "a@example.com")] {
            fields.push((name.to_owned(), value.to_owned()));
        }
        fields
    }

    /// A write of a record, which goes through the mappings.
    fn is_mapped_write(&self) -> bool {
        self.path.starts_with("/unified/") && self.body.is_some()
    }

    /// The accounts about which it makes sense to ask.
    fn accounts(&self) -> Vec<&'static Connected> {
        let mut segments = self.path.split('/').skip(1);
        let category = match segments.next() {
            Some("unified") => segments.next(),
            Some("crm") => Some("crm"),
            _ => None,
        };
        let fits = |account: &&Connected| {
            category.is_none_or(|category| account.category == category)
                && (self.is_unified() || account.hosts.contains(&self.host))
        };
        let fitting: Vec<_> = ACCOUNTS.iter().filter(fits).collect();
        if fitting.is_empty() { ACCOUNTS.iter().collect() } else { fitting }
    }
}

/// A plain request to the unified API.
fn unified(path: String, query: String) -> Request {
    let mut headers = Headers::new();
    headers.push("Authorization", "Bearer sandbox-token-7d2f9c4e1a6b");
    let (method, scheme, host) = ("GET".to_owned(), "https".to_owned(), "api.truto.one".to_owned());
    Request { method, scheme, host, path, query, headers, body: Vec::new() }
}

/// The id of a record that the account has, for paths about one.
fn known_id(world: &mut World, path: &str, account: &Connected) -> Option<String> {
    let start = world.start();
    let list = path.split("/{id}").next().unwrap().to_owned();
    let reply = world.answer(&unified(list, format!("integrated_account_id={}&limit=1", account.id)), start).reply;
    let page: Value = serde_json::from_slice(&reply.body).ok()?;
    Some(page.pointer("/result/0/id")?.as_str()?.to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Whatever is asked in the way of the description, or nearly, the answer is one that it has; nothing is a 500. What was
    /// written at a provider is read through its mappings afterwards.
    #[test]
    fn every_answer_is_described(
        which in any::<Index>(),
        is_mapped in any::<bool>(),
        account in any::<Index>(),
        picks in prop::collection::vec(any::<u16>(), 40),
        wild in prop::collection::vec(any_value(), 1..4),
    ) {
        let chosen: Vec<&Described> = OPERATIONS.iter().filter(|known| known.is_mapped_write() || !is_mapped).collect();
        let described = *which.get(&chosen);
        let account = *account.get(&described.accounts());
        let mut at = 0;
        let mut seed = || { at += 1; usize::from(picks[at % picks.len()]) };
        let (mut path, mut query, mut headers) = (described.path.clone(), Vec::new(), Headers::new());
        let token = if described.is_unified() { "sandbox-token-7d2f9c4e1a6b" } else { &account.token };
        let mut world = World::new(Arc::clone(&DEFINITION), None);
        if seed() % 8 != 0 {
            for (name, value) in described.credentials(token) {
                headers.push(name, value);
            }
            headers.push("User-Agent", "a test");
        }
        for parameter in &described.parameters {
            let name = parameter["name"].as_str().unwrap();
            let value = match name {
                "integrated_account_id" => account.id.clone(),
                "X-Tenant-ID" => account.tenant.clone(),
                "id" if described.is_mapped_write() && seed() % 8 != 0 => {
                    known_id(&mut world, &described.path, account).unwrap_or_default()
                }
                _ => match like(&parameter["schema"], &mut seed, &wild) {
                    Value::String(text) => text,
                    other => other.to_string(),
                },
            };
            let value: String = value.chars().filter(|letter| !letter.is_control()).collect();
            match parameter["in"].as_str().unwrap() {
                "path" => path = path.replace(&format!("{{{name}}}"), if value.is_empty() { "1" } else { value.trim_matches('/') }),
                "header" => headers.push(name, value),
                _ if parameter["required"] == json!(true) || seed() % 3 == 0 => query.push(format!("{name}={}", value.replace(['&', '#', '%', '+'], ""))),
                _ => {}
            }
        }
        let body = described.body.as_ref().map(|schema| like(schema, &mut seed, &wild).to_string().into_bytes());
        if body.is_some() {
            headers.push("Content-Type", "application/json");
        }
        let request = Request {
            method: described.method.clone(),
            scheme: "https".to_owned(),
            host: described.host.clone(),
            path,
            query: query.join("&"),
            headers,
            body: body.unwrap_or_default(),
        };
        let now = world.start().after(Duration::from_secs(1));
        let reply = world.answer(&request, now).reply;
        let shown = || format!("{} {} {} -> {} {}", request.method, request.url(), String::from_utf8_lossy(&request.body), reply.status, String::from_utf8_lossy(&reply.body));
        prop_assert!(!matches!(reply.status, 500 | 502), "{}", shown());
        let exact = reply.status.to_string();
        let range = format!("{}XX", reply.status / 100);
        let known = described.responses.iter().find(|(status, _)| *status == exact)
            .or_else(|| described.responses.iter().find(|(status, _)| *status == range || status == "default"));
        // What another method or path at the same place answers is not this operation's.
        let is_elsewhere = reply.status == 404 || reply.status == 405;
        prop_assert!(known.is_some() || is_elsewhere, "not described: {}", shown());
        if let Some((_, Some(validator))) = known
            && !reply.body.is_empty()
            && reply.headers.get("content-type").is_some_and(|kind| kind.contains("json"))
        {
            let value: Value = serde_json::from_slice(&reply.body).unwrap();
            prop_assert!(validator.is_valid(&value), "not as described: {}", shown());
        }
        if request.method != "GET" && reply.status < 300 && !described.is_unified() {
            for list in OPERATIONS.iter().filter(|known| known.path.starts_with(&format!("/unified/{}/", account.category))) {
                if list.method != "GET" || list.path.contains('{') || list.path.contains("/meta/") {
                    continue;
                }
                let query = format!("integrated_account_id={}&updated_after=2026-04-15T09:00:00Z&limit=250", account.id);
                let page = world.answer(&unified(list.path.clone(), query), now.after(Duration::from_secs(20))).reply;
                prop_assert!(page.status < 500, "{} and then {} {}", shown(), list.path, String::from_utf8_lossy(&page.body));
            }
        }
    }
}

#[test]
fn the_unified_api_is_described_first() {
    let document = DEFINITION.openapi(None).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    for path in [
        "/unified/crm/contacts",
        "/unified/crm/contacts/{id}",
        "/crm/contacts",
        "/unified/hris/employees",
        "/integrated-account",
    ] {
        assert!(document["paths"].get(path).is_some(), "{path}");
    }
    assert_eq!(DEFINITION.openapi(Some("nowhere.example.com")), None);
}

// ------------------------------------------------------------------------------------------- what it must tell

#[test]
fn every_name_of_a_model_is_described_and_how_large_a_page_is() {
    let document = DEFINITION.openapi(None).unwrap();
    for (alias, name) in [("companies", "accounts"), ("deals", "opportunities")] {
        for stem in ["/unified/crm/", "/crm/"] {
            let described = |name: &str| document["paths"][format!("{stem}{name}")]["get"]["responses"].clone();
            assert!(described(alias).is_object() && described(alias) == described(name), "{stem}{alias}");
        }
    }
    let parameters = |path: &str, method: &str| document["paths"][path][method]["parameters"].clone();
    let named = |path: &str, method: &str, name: &str| {
        parameters(path, method).as_array().unwrap().iter().find(|known| known["name"] == name).cloned().unwrap()
    };
    let limit = named("/unified/crm/contacts", "get", "limit");
    assert_eq!(limit["schema"], json!({ "type": "integer", "minimum": 1 }), "more than that is no error");
    assert_eq!(limit["description"], "A page has at most 250 records");
    assert_eq!(named("/unified/crm/contacts/{method}", "post", "integrated_account_id")["required"], true);
    // Where more is an error, it is the largest number that is taken.
    let strict = DEFINITION.openapi(Some("harvest.greenhouse.io")).unwrap();
    let sizes = strict["paths"]["/v1/candidates"]["get"]["parameters"].as_array().unwrap();
    assert!(sizes.iter().any(|known| known["name"] == "per_page" && known["schema"]["maximum"] == 500), "{sizes:?}");
}

#[test]
fn bodies_that_are_about_no_record_are_described_and_checked() {
    let document = DEFINITION.openapi(None).unwrap();
    let body = |path: &str| document["paths"][path]["post"]["requestBody"].clone();
    let schema = |path: &str| body(path)["content"]["application/json"]["schema"].clone();
    assert_eq!(schema("/integrated-account")["required"], json!(["integration", "tenant_id"]));
    assert_eq!(schema("/integrated-account/token")["required"], json!(["integrated_account_id"]));
    assert_eq!(body("/webhook/test")["required"], false);
    assert_eq!(schema("/webhook")["properties"]["secret"]["type"], json!(["string", "null"]));
    let mut world = World::new(Arc::clone(&DEFINITION), None);
    let mut refused = |path: &str, body: Value| {
        let mut headers = Headers::new();
        headers.push("Authorization", "Bearer sandbox-token-7d2f9c4e1a6b");
        headers.push("Content-Type", "application/json");
        let request = Request {
            method: "POST".to_owned(),
            scheme: "https".to_owned(),
            host: "api.truto.one".to_owned(),
            path: path.to_owned(),
            query: String::new(),
            headers,
            body: body.to_string().into_bytes(),
        };
        let now = world.start();
        let reply = world.answer(&request, now).reply;
        let told: Value = serde_json::from_slice(&reply.body).unwrap();
        (reply.status, told["details"]["failures"][0]["message"].as_str().unwrap_or_default().to_owned(), told)
    };
    let (status, told, _) = refused("/integrated-account", json!({ "tenant_id": 5, "integration": "hubspot" }));
    assert_eq!((status, told.as_str()), (400, "tenant_id must be a string"));
    let (status, told, whole) = refused("/integrated-account", json!({ "integration": "hubspot" }));
    assert_eq!((status, told.as_str()), (400, "tenant_id is required"));
    let insight = &whole["truto_error_insight"]["missing_required_body_fields"]["value"];
    assert_eq!(insight, &json!(["tenant_id"]));
    let (status, told, _) = refused("/integrated-account/token", json!({ "integrated_account_id": 5 }));
    assert_eq!((status, told.as_str()), (400, "integrated_account_id must be a string"));
    let (status, _, whole) = refused("/integrated-account", json!({ "tenant_id": "a", "integration": "hubspt" }));
    let told = whole["message"].as_str().unwrap();
    assert!(status == 400 && told.starts_with("integration must be one of hubspot, "), "{told}");
}
