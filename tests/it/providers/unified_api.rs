//! The unified API over one account, as the providers' tests ask it.

use doccheck::http::{Headers, Reply, Request};
use doccheck::sandbox::World;
use serde_json::{Value, json};

use super::body;

/// The fields of a unified contact that differ from provider to provider.
const OWN: [&str; 4] = ["id", "account", "owner", "remote_data"];

/// A request about `resource` of the account; `target` is what follows after the resource: an id, parameters.
pub(super) fn ask(method: &str, account: &str, resource: &str, target: &str) -> Request {
    let (id, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: method.to_owned(),
        scheme: "https".to_owned(),
        host: "api.truto.one".to_owned(),
        path: format!("/unified/crm/{resource}{id}"),
        query: format!("integrated_account_id={account}&{query}"),
        headers: Headers::new(),
        body: Vec::new(),
    };
    request.headers.push("Authorization", "Bearer sandbox-token-7d2f9c4e1a6b");
    request
}

/// The same with a body.
pub(super) fn send(method: &str, account: &str, resource: &str, id: &str, body: &Value) -> Request {
    let mut request = ask(method, account, resource, id);
    request.headers.push("Content-Type", "application/json");
    request.body = body.to_string().into_bytes();
    request
}

pub(super) fn answer(world: &mut World, request: &Request) -> Reply {
    let now = world.start();
    world.answer(request, now).reply
}

/// Every record of a list, along `next_cursor`, a hundred a page; `asked` are further parameters.
pub(super) fn all(world: &mut World, account: &str, resource: &str, asked: &str) -> Vec<Value> {
    let mut records = Vec::new();
    let mut cursor = String::new();
    loop {
        let target = format!("?limit=100&next_cursor={cursor}&{asked}");
        let reply = answer(world, &ask("GET", account, resource, &target));
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        let page = body(&reply);
        records.extend(page["result"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return records,
        }
    }
}

/// What is the same for the person whichever provider knows them.
pub(super) fn person(contact: &Value) -> Value {
    let mut contact = contact.clone();
    let fields = contact.as_object_mut().unwrap();
    for name in OWN {
        assert!(fields.remove(name).is_some_and(|value| !value.is_null()), "{name}");
    }
    contact
}

/// A unified contact as it is expected, but for what is each provider's own.
pub(super) fn expected(
    names: [&Value; 3],
    title: &Value,
    mail: &Value,
    phones: [&Value; 2],
    times: [&str; 2],
) -> Value {
    json!({
        "first_name": names[0],
        "last_name": names[1],
        "name": names[2],
        "title": title,
        "email_addresses": [{ "email": mail, "type": "work" }],
        "phone_numbers": [{ "number": phones[0], "type": "work" }, { "number": phones[1], "type": "mobile" }],
        "addresses": [],
        "urls": [],
        "tags": [],
        "custom_fields": {},
        "last_activity_at": null,
        "created_at": times[0],
        "updated_at": times[1],
    })
}

/// The first invented person, with the right values written out.
pub(super) fn first_person() -> Value {
    expected(
        [&json!("Elif"), &json!("Mendoza"), &json!("Elif Mendoza")],
        &json!("Operations Manager"),
        &json!("elif.mendoza.1@nimbus-studios-58.example"),
        [&json!("+1 555 0000001"), &json!("+1 556 0000001")],
        ["2025-03-11T09:00:00.000Z", "2026-01-05T09:00:00.000Z"],
    )
}
