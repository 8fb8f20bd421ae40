//! Webhooks: what the sandbox tells of its own accord, to whom, how it is signed and when it is tried again; steps that
//! wait for one; and the host by which a page asks about its own sandbox.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

#[cfg(target_os = "linux")]
mod pages;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use doccheck::clock::Timestamp;
use doccheck::http::{Headers, Request};
use doccheck::sandbox::{Definition, Delivery, Fault, World};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

const HOST: &str = "api.truto.one";
const TOKEN: &str = "sandbox-token-7d2f9c4e1a6b";
const RECEIVER: &str = "http://localhost:3000/hooks";

/// An account of HubSpot, whose tokens live for half an hour.
const ACCOUNT: &str = "3a6f1d84-0b7c-4e29-9d5a-c81f2e7b4a60";
const ACCOUNT_TOKEN: &str = "sandbox-hubspot-access-9f3d1a";

static DEFINITION: LazyLock<Arc<Definition>> = LazyLock::new(|| Arc::new(Definition::embedded().unwrap()));

fn world() -> World {
    World::new(Arc::clone(&DEFINITION), None)
}

/// A request to `host`, answered; the status and the body.
fn ask(world: &mut World, at: Timestamp, host: &str, token: &str, line: &str, body: &Value) -> (u16, Value) {
    let (method, target) = line.split_once(' ').unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = Headers::new();
    headers.push("Authorization", format!("Bearer {token}"));
    headers.push("Content-Type", "application/json");
    let request = Request {
        method: method.to_owned(),
        scheme: "https".to_owned(),
        host: host.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
    };
    let reply = world.answer(&request, at).reply;
    (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())
}

/// The same of the unified API at the world's start.
fn unified(world: &mut World, line: &str, body: &Value) -> (u16, Value) {
    let start = world.start();
    ask(world, start, HOST, TOKEN, line, body)
}

/// Subscribes to events; the answer.
fn subscribe(world: &mut World, events: &[&str]) -> Value {
    let (status, made) = unified(world, "POST /webhook", &json!({ "target_url": RECEIVER, "event_types": events }));
    assert_eq!(status, 201, "{made}");
    made
}

/// What is due at the world's start.
fn due(world: &mut World) -> Vec<Delivery> {
    let start = world.start();
    world.take_due(start)
}

fn told(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries.iter().map(|delivery| delivery.event.as_str()).collect()
}

fn body(delivery: &Delivery) -> Value {
    serde_json::from_slice(&delivery.body).unwrap()
}

fn contact(last_name: &str) -> Value {
    json!({ "first_name": "Ada", "last_name": last_name, "email_addresses": [{ "email": "ada@example.com" }] })
}

fn of_contacts(id: &str) -> String {
    format!("/unified/crm/contacts{id}?integrated_account_id={ACCOUNT}")
}

/// The signature of a body.
fn signed(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    let digits: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("format=sha256,v={digits}")
}

// ----------------------------------------------------------------------------------------------- the engine

#[test]
fn the_secret_is_told_once() {
    let mut world = world();
    let made = subscribe(&mut world, &["record:created"]);
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"), "{made}");
    let id = made["id"].as_str().unwrap().to_owned();
    for (line, change) in [
        (format!("GET /webhook/{id}"), Value::Null),
        ("GET /webhook".to_owned(), Value::Null),
        (format!("PATCH /webhook/{id}"), json!({ "event_types": ["record:*"], "secret": "mine" })),
    ] {
        let (status, shown) = unified(&mut world, &line, &change);
        assert_eq!((status, shown.to_string().contains("whsec_")), (200, false), "{line}: {shown}");
        assert!(shown.to_string().contains(RECEIVER), "{shown}");
    }
    assert_eq!(unified(&mut world, &format!("DELETE /webhook/{id}"), &Value::Null).0, 200);
    assert_eq!(unified(&mut world, &format!("GET /webhook/{id}"), &Value::Null).0, 404);
    let (status, refused) = unified(&mut world, "POST /webhook", &json!({ "target_url": RECEIVER }));
    assert_eq!((status, refused["statusCode"].as_u64()), (400, Some(400)));
}

/// Whoever may compare it finds it out letter by letter.
#[test]
fn a_list_is_neither_filtered_nor_ordered_by_the_secret() {
    let mut world = world();
    let given = json!({ "target_url": RECEIVER, "event_types": ["webhook:test"], "secret": "mine-8a61f0" });
    assert_eq!(unified(&mut world, "POST /webhook", &given).0, 201);
    for parameter in ["secret[gt]=mine", "secret[in]=mine-8a61f0", "secret=mine-8a61f0", "secret[x]=mine", "nonsense=x"]
    {
        let (status, told) = unified(&mut world, &format!("GET /webhook?{parameter}"), &Value::Null);
        let name = parameter.split('=').next().unwrap();
        assert_eq!(status, 400, "{parameter}: {told}");
        assert!(told["message"].as_str().unwrap().ends_with(&format!("or a field, not {name}")), "{told}");
    }
    for (order, told) in [
        ("sort_by=secret", "sort_by must name a field to sort by, not secret"),
        ("sort_by=-secret", "sort_by must name a field to sort by, not -secret"),
        ("sort_by[secret]=asc", "sort_by[secret] must name a field, not asc"),
        ("sort_by=nonsense", "sort_by must name a field to sort by, not nonsense"),
    ] {
        let (status, answer) = unified(&mut world, &format!("GET /webhook?{order}"), &Value::Null);
        assert_eq!((status, &answer["message"]), (400, &json!(told)), "{order}");
    }
    for known in ["target_url=https://nobody.example.com/", "is_active=true&sort_by=target_url"] {
        assert_eq!(unified(&mut world, &format!("GET /webhook?{known}"), &Value::Null).0, 200, "{known}");
    }
}

#[test]
fn an_id_that_is_asked_for_and_empty_is_missing() {
    let mut world = world();
    subscribe(&mut world, &["webhook:test"]);
    for (path, body, told) in [
        ("/webhook/test", json!({ "id": null }), "id is required"),
        ("/webhook/test", json!({ "id": "" }), "id is required"),
        (
            "/integrated-account/token",
            json!({ "integrated_account_id": "" }),
            "integrated_account_id must not be empty",
        ),
        ("/integrated-account", json!({ "tenant_id": "", "integration": "hubspot" }), "tenant_id must not be empty"),
        ("/integrated-account", json!({ "tenant_id": "x", "integration": "" }), "integration must not be empty"),
    ] {
        let (status, answer) = unified(&mut world, &format!("POST {path}"), &body);
        assert_eq!(
            (status, &answer["details"]["failures"][0]["message"]),
            (400, &json!(told)),
            "{path} {body}: {answer}"
        );
    }
    assert!(due(&mut world).is_empty());
    assert_eq!(unified(&mut world, "POST /webhook/test", &json!({})).1["sent"], 1);
}

#[test]
fn a_secret_that_is_given_signs_and_is_not_shown_again() {
    let mut world = world();
    let given = json!({ "target_url": RECEIVER, "event_types": ["webhook:test"], "secret": "mine-8a61f0" });
    let (status, made) = unified(&mut world, "POST /webhook", &given);
    assert_eq!((status, &made["secret"]), (201, &json!("mine-8a61f0")), "{made}");
    let id = made["id"].as_str().unwrap();
    for line in ["GET /webhook".to_owned(), format!("GET /webhook/{id}")] {
        let (_, shown) = unified(&mut world, &line, &Value::Null);
        assert!(!shown.to_string().contains("mine-8a61f0"), "{line}: {shown}");
    }
    for secret in ["mine-8a61f0", "mine-next"] {
        assert_eq!(unified(&mut world, &format!("PATCH /webhook/{id}"), &json!({ "secret": secret })).0, 200);
        assert_eq!(unified(&mut world, "POST /webhook/test", &json!({})).0, 200);
        let Delivery { headers, body, .. } = due(&mut world).remove(0);
        assert_eq!(headers.get("x-truto-signature").unwrap(), signed(secret, &body));
    }
}

#[test]
fn what_cannot_be_called_is_no_target() {
    let mut world = world();
    for target in ["hooks", "ftp://example.com/hooks", "http://", ""] {
        let body = json!({ "target_url": target, "event_types": ["*"] });
        let (status, refused) = unified(&mut world, "POST /webhook", &body);
        assert_eq!((status, &refused["details"]["failures"][0]["field"]), (400, &json!("target_url")), "{refused}");
    }
    let id = subscribe(&mut world, &["*"])["id"].as_str().unwrap().to_owned();
    let change = json!({ "target_url": "nowhere" });
    let (status, refused) = unified(&mut world, &format!("PATCH /webhook/{id}"), &change);
    let told = &refused["details"]["failures"][0]["message"];
    assert_eq!((status, told), (400, &json!("target_url must be an http or https URL")), "{refused}");
}

#[test]
fn what_is_written_through_the_api_is_told_with_its_signature() {
    let mut world = world();
    let made = subscribe(&mut world, &["record:created", "record:deleted"]);
    let (status, created) = unified(&mut world, &format!("POST {}", of_contacts("")), &contact("Lovelace"));
    assert_eq!(status, 201, "{created}");
    let id = created["id"].as_str().unwrap().to_owned();
    let deliveries = due(&mut world);
    assert_eq!(told(&deliveries), ["record:created"]);
    let Delivery { url, headers, account, attempt, due: at, .. } = &deliveries[0];
    assert_eq!((url.as_str(), account.as_deref(), *attempt, *at), (RECEIVER, Some(ACCOUNT), 1, world.start()));

    let shown = body(&deliveries[0]);
    let fields: Vec<&str> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["id", "event", "payload", "environment_id", "webhook_id", "created_at"]);
    assert_eq!((&shown["webhook_id"], &shown["event"]), (&made["id"], &json!("record:created")));
    assert_eq!(shown["created_at"], "2026-04-15T09:00:00.000Z");
    let payload = &shown["payload"];
    assert_eq!((&payload["resource"], &payload["integrated_account_id"]), (&json!("crm/contacts"), &json!(ACCOUNT)));
    let record = &payload["records"][0];
    assert_eq!((&record["id"], &record["last_name"]), (&created["id"], &json!("Lovelace")));
    assert_eq!(record["remote_data"]["properties"]["lastname"], "Lovelace");

    let signed = signed(made["secret"].as_str().unwrap(), &deliveries[0].body);
    assert_eq!(headers.get("x-truto-signature").unwrap(), signed);

    let changed = json!({ "title": "Countess" });
    assert_eq!(unified(&mut world, &format!("PATCH {}", of_contacts(&format!("/{id}"))), &changed).0, 200);
    assert_eq!(told(&due(&mut world)), [""; 0], "nobody asked for changes");
    assert_eq!(unified(&mut world, &format!("DELETE {}", of_contacts(&format!("/{id}"))), &Value::Null).0, 200);
    let deliveries = due(&mut world);
    assert_eq!(told(&deliveries), ["record:deleted"]);
    assert_eq!(body(&deliveries[0])["payload"]["records"][0]["title"], "Countess", "what it was is told");
}

#[test]
fn what_is_written_at_the_provider_itself_is_told_in_the_unified_form() {
    let mut world = world();
    subscribe(&mut world, &["record:*"]);
    let start = world.start();
    let mut native = |line: &str, sent: &Value| ask(&mut world, start, "api.hubapi.com", ACCOUNT_TOKEN, line, sent);
    let sent = json!({ "properties": { "firstname": "Grace", "lastname": "Hopper", "email": "grace@example.com" } });
    let (status, made) = native("POST /crm/v3/objects/contacts", &sent);
    assert_eq!(status, 201, "{made}");
    let id = made["id"].as_str().unwrap();
    let sent = json!({ "properties": { "jobtitle": "Rear admiral" } });
    assert_eq!(native(&format!("PATCH /crm/v3/objects/contacts/{id}"), &sent).0, 200);
    assert_eq!(native("POST /crm/v3/objects/companies", &json!({ "properties": { "name": "Acme" } })).0, 201);
    let deliveries = due(&mut world);
    assert_eq!(told(&deliveries), ["record:created", "record:updated", "record:created"]);
    let resources: Vec<Value> = deliveries.iter().map(|told| body(told)["payload"]["resource"].clone()).collect();
    assert_eq!(resources, ["crm/contacts", "crm/contacts", "crm/accounts"]);
    let record = &body(&deliveries[1])["payload"]["records"][0];
    assert_eq!((&record["name"], &record["title"]), (&json!("Grace Hopper"), &json!("Rear admiral")));
}

#[test]
fn of_every_provider_what_its_lists_lead_to_is_told() {
    let (_, accounts) = unified(&mut world(), "GET /integrated-account?limit=100", &Value::Null);
    let accounts = accounts["result"].as_array().unwrap();
    let crms = accounts.iter().filter(|account| account["unified_model"] == "crm");
    let usable = crms.filter(|account| account["status"] == "active" && account["is_read_only"] == false);
    let mut providers = 0;
    for account in usable {
        let mut world = world();
        subscribe(&mut world, &["record:created"]);
        let line = format!("POST /unified/crm/contacts?integrated_account_id={}", account["id"].as_str().unwrap());
        let (status, made) = unified(&mut world, &line, &contact("Lovelace"));
        if status != 201 {
            // A customer may have made fields required that the unified API does not know.
            continue;
        }
        let deliveries = due(&mut world);
        let resources: Vec<Value> = deliveries.iter().map(|told| body(told)["payload"]["resource"].clone()).collect();
        // A contact of this one is never without a lead: one is made for it, and told of before it.
        let makes = account["integration"]["name"] == "close";
        let expected: &[&str] = if makes { &["crm/accounts", "crm/contacts"] } else { &["crm/contacts"] };
        assert_eq!(
            (resources.as_slice(), told(&deliveries).len()),
            (&json!(expected).as_array().unwrap()[..], expected.len()),
            "{account}"
        );
        let record = &body(&deliveries[expected.len() - 1])["payload"]["records"][0];
        assert_eq!((&record["id"], &record["last_name"]), (&made["id"], &json!("Lovelace")), "{account}");
        providers += 1;
    }
    assert!(providers >= 8, "{providers}");
}

#[test]
fn who_has_stopped_being_subscribed_is_told_nothing() {
    let mut world = world();
    let paused = subscribe(&mut world, &["*"]);
    let gone = subscribe(&mut world, &["*"]);
    assert_eq!(unified(&mut world, &format!("POST {}", of_contacts("")), &contact("Lovelace")).0, 201);
    let id = |made: &Value| made["id"].as_str().unwrap().to_owned();
    assert_eq!(unified(&mut world, &format!("PATCH /webhook/{}", id(&paused)), &json!({ "is_active": false })).0, 200);
    assert_eq!(unified(&mut world, &format!("DELETE /webhook/{}", id(&gone)), &Value::Null).0, 200);
    assert_eq!(told(&due(&mut world)), [""; 0], "also not of what was to be told already");
}

#[test]
fn a_webhook_can_be_tried() {
    let mut world = world();
    let first = subscribe(&mut world, &["record:created"]);
    let second = subscribe(&mut world, &["record:created"]);
    assert_eq!(unified(&mut world, "POST /webhook/test", &Value::Null), (200, json!({ "sent": 2 })));
    assert_eq!(due(&mut world).len(), 2);
    assert_eq!(unified(&mut world, "POST /webhook/test", &json!({ "id": second["id"] })).0, 200);
    let deliveries = due(&mut world);
    assert_eq!(told(&deliveries), ["webhook:test"]);
    assert_eq!((&body(&deliveries[0])["webhook_id"], first["id"] == second["id"]), (&second["id"], false));
    let (status, refused) = unified(&mut world, "POST /webhook/test", &json!({ "id": "webhook-99" }));
    assert_eq!((status, &refused["message"]), (404, &json!("There is no record webhook-99 among the webhooks")));
    let (status, refused) = unified(&mut world, "POST /webhook/test", &json!({ "id": 99 }));
    assert_eq!((status, &refused["details"]["failures"][0]["message"]), (400, &json!("id must be a string")));
}

#[test]
fn a_call_that_nobody_takes_is_tried_three_times_more() {
    let mut world = world();
    subscribe(&mut world, &["record:created"]);
    assert_eq!(unified(&mut world, &format!("POST {}", of_contacts("")), &contact("Lovelace")).0, 201);
    let (mut delivery, start) = (due(&mut world).remove(0), world.start());
    let first = delivery.body.clone();
    let mut now = start;
    for (attempt, wait) in [(2, 1), (3, 10), (4, 60)] {
        let next = world.put_off(delivery, now).unwrap();
        assert_eq!((next.since(now), world.next_due()), (Duration::from_secs(wait), Some(next)));
        assert_eq!(world.take_due(now), [], "not before its time");
        now = next;
        delivery = world.take_due(now).remove(0);
        assert_eq!((delivery.attempt, &delivery.body), (attempt, &first), "the same event, signed alike");
    }
    assert_eq!((world.put_off(delivery, now), world.next_due()), (None, None));
}

#[test]
fn an_account_whose_grant_is_taken_back_is_told_when_its_token_is_to_be_refreshed() {
    let mut world = world();
    assert_eq!(world.next_due(), None, "where nobody listens nothing wakes the world");
    subscribe(&mut world, &["integrated_account:authentication_error", "integrated_account:reactivated"]);
    world.revoke(ACCOUNT).unwrap();
    let (mut deliveries, start) = (Vec::new(), world.start());
    while deliveries.is_empty() {
        let next = world.next_due().unwrap();
        deliveries = world.take_due(next);
        deliveries.retain(|delivery| delivery.account.as_deref() == Some(ACCOUNT));
    }
    assert_eq!(told(&deliveries), ["integrated_account:authentication_error"]);
    // Half an hour, less a minute to three.
    let after = deliveries[0].due.since(start).as_secs();
    assert!((27 * 60..=29 * 60).contains(&after), "{after} s");
    let payload = body(&deliveries[0])["payload"].clone();
    assert_eq!((&payload["id"], &payload["status"]), (&json!(ACCOUNT), &json!("needs_reauth")));
    let now = deliveries[0].due;
    assert_eq!(ask(&mut world, now, HOST, TOKEN, &format!("GET {}", of_contacts("")), &Value::Null).0, 401);

    world.reconnect(ACCOUNT, now).unwrap();
    let deliveries = world.take_due(now);
    assert_eq!(told(&deliveries), ["integrated_account:reactivated"]);
    assert_eq!(body(&deliveries[0])["payload"]["status"], "active");
    assert_eq!(ask(&mut world, now, HOST, TOKEN, &format!("GET {}", of_contacts("")), &Value::Null).0, 200);
    assert_eq!(world.revoke("nobody").unwrap_err().split(';').next(), Some("there is no account `nobody`"));
}

#[test]
fn a_refused_call_and_the_fault_tell_of_the_account_once() {
    let mut world = world();
    subscribe(&mut world, &["integrated_account:*"]);
    world.revoke(ACCOUNT).unwrap();
    for _ in 0..2 {
        assert_eq!(unified(&mut world, &format!("GET {}", of_contacts("")), &Value::Null).0, 401);
    }
    assert_eq!(told(&due(&mut world)), ["integrated_account:authentication_error"]);
    world.reconnect(ACCOUNT, world.start()).unwrap();
    assert_eq!(told(&due(&mut world)), ["integrated_account:reactivated"]);
    world.arm(&[Fault::parse("revoked").unwrap()]);
    assert_eq!(unified(&mut world, &format!("GET {}", of_contacts("")), &Value::Null).0, 401);
    assert_eq!(told(&due(&mut world)), ["integrated_account:authentication_error"]);
}

#[test]
fn accounts_that_come_and_change_are_told() {
    let mut world = world();
    subscribe(&mut world, &["integrated_account:*"]);
    let new = json!({ "tenant_id": "cust_new", "integration": "hubspot" });
    let (status, made) = unified(&mut world, "POST /integrated-account", &new);
    assert_eq!(status, 201, "{made}");
    assert_eq!(told(&due(&mut world)), ["integrated_account:created", "integrated_account:active"]);
    let line = format!("/integrated-account/{}", made["id"].as_str().unwrap());
    assert_eq!(unified(&mut world, &format!("PATCH {line}"), &json!({ "is_blocked": true })).0, 200);
    let deliveries = due(&mut world);
    assert_eq!(told(&deliveries), ["integrated_account:updated"]);
    assert_eq!(body(&deliveries[0])["payload"]["is_blocked"], true);
    assert_eq!(unified(&mut world, &format!("DELETE {line}"), &Value::Null).0, 200);
    assert_eq!(told(&due(&mut world)), ["integrated_account:deleted"]);
}

#[test]
fn a_renamed_field_is_there_by_its_new_name_alone() {
    let mut world = world();
    world.rename("hubspot", "contacts", "firstname", "first_name").unwrap();
    world.rename("hubspot", "contacts", "first_name", "given_name").unwrap();
    let start = world.start();
    let mut native = |line: &str, sent: &Value| ask(&mut world, start, "api.hubapi.com", ACCOUNT_TOKEN, line, sent);
    let sent = json!({ "properties": { "given_name": "Grace", "lastname": "Hopper" } });
    let (status, made) = native("POST /crm/v3/objects/contacts", &sent);
    assert_eq!(status, 201, "{made}");
    assert_eq!((&made["properties"]["given_name"], &made["properties"]["firstname"]), (&json!("Grace"), &Value::Null));
    let line = format!("GET /crm/v3/objects/contacts/{}?properties=given_name,lastname", made["id"].as_str().unwrap());
    assert_eq!(native(&line, &Value::Null).1["properties"]["given_name"], "Grace");
    let (_, listed) = unified(&mut world, &format!("GET {}&limit=1", of_contacts("")), &Value::Null);
    assert_eq!(listed["result"][0]["first_name"], Value::Null, "the mapping names the old field");
    for (provider, resource, field, to, told) in [
        ("hubspt", "contacts", "a", "b", "there is no provider `hubspt`"),
        ("hubspot", "contact", "a", "b", "hubspot has no resource `contact`"),
        ("hubspot", "contacts", "firstname", "b", "the records of contacts have no field `firstname`"),
        ("hubspot", "contacts", "lastname", "email", "the records of contacts have a field `email` already"),
    ] {
        let error = world.rename(provider, resource, field, to).unwrap_err();
        assert_eq!(error.split(';').next(), Some(told));
    }
}
