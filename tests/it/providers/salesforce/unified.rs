//! The unified API over Salesforce: each model, by its own names.

use std::collections::BTreeSet;

use doccheck::http::{Headers, Reply, Request};
use serde_json::{Value, json};

use super::{Client, DATA, body, keys};

const ACCOUNT: &str = "d2b95c17-4e3f-4a81-8c60-7f1e9a35b0d4";

fn unified(client: &mut Client, method: &str, target: &str, sent: Option<&Value>) -> Reply {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = Headers::new();
    headers.push("Authorization", "Bearer sandbox-token-7d2f9c4e1a6b");
    headers.push("Content-Type", "application/json");
    let request = Request {
        method: method.to_owned(),
        scheme: "https".to_owned(),
        host: "api.truto.one".to_owned(),
        path: format!("/unified/crm/{path}"),
        query: format!("integrated_account_id={ACCOUNT}&{query}"),
        headers,
        body: sent.map(Value::to_string).unwrap_or_default().into_bytes(),
    };
    client.world.answer(&request, client.now).reply
}

fn list(client: &mut Client, target: &str) -> Value {
    let reply = unified(client, "GET", target, None);
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    body(&reply)
}

#[test]
fn records_come_by_the_unified_names() {
    let mut client = Client::new();
    let contact = list(&mut client, "contacts?limit=1")["result"][0].clone();
    let had = body(&client.get(&format!("{DATA}/sobjects/Contact/{}", contact["id"].as_str().unwrap())));
    for (name, native) in [("first_name", "FirstName"), ("last_name", "LastName"), ("name", "Name"), ("title", "Title")]
    {
        assert_eq!(contact[name], had[native], "{name}");
    }
    assert_eq!(contact["account"]["id"], had["AccountId"]);
    assert_eq!(contact["owner"]["id"], had["OwnerId"]);
    assert_eq!(contact["email_addresses"], json!([{ "email": had["Email"], "type": "work" }]));
    assert_eq!(contact["phone_numbers"], json!([{ "number": had["Phone"], "type": "work" }]));
    let instant = had["LastModifiedDate"].as_str().unwrap().replace("+0000", "Z");
    assert_eq!(contact["updated_at"], instant);

    let account = list(&mut client, "accounts?limit=1")["result"][0].clone();
    assert!(account["number_of_employees"].is_u64() && account["website"].is_string(), "{account}");
    let deal = list(&mut client, "opportunities?limit=1")["result"][0].clone();
    assert!(deal["amount"].is_number() && deal["account"]["id"].is_string() && deal["contact"][0]["id"].is_string());
    let notes = list(&mut client, "notes?limit=400")["result"].as_array().unwrap().clone();
    let of = |path: &str| notes.iter().filter(|note| note.pointer(path).is_some_and(Value::is_string)).count();
    assert_eq!([of("/contact/0/id"), of("/account/id"), of("/opportunity/0/id"), of("/title")], [200, 100, 100, 400]);
}

#[test]
fn pages_follow_the_relative_url_and_filters_reach_the_query() {
    let mut client = Client::new();
    let mut ids = BTreeSet::new();
    let mut cursor = String::new();
    for _ in 0..4 {
        let page = list(&mut client, &format!("contacts?limit=250&next_cursor={cursor}"));
        ids.extend(page["result"].as_array().unwrap().iter().map(|record| record["id"].to_string()));
        cursor = page["next_cursor"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!((ids.len(), cursor.as_str()), (1000, ""));
    let page = list(&mut client, "contacts?limit=250&updated_at[gt]=2026-04-01T00:00:00Z");
    let changed = page["result"].as_array().unwrap();
    assert!(!changed.is_empty());
    assert!(changed.iter().all(|record| record["updated_at"].as_str().unwrap() > "2026-04-01T00:00:00.000Z"));
}

#[test]
fn a_record_that_is_made_by_unified_names_is_there_natively() {
    let mut client = Client::new();
    let lead = json!({ "first_name": "Jane", "last_name": "Doe", "title": "CTO",
        "account": { "id": "001Dn0000000001IAA" },
        "email_addresses": [{ "email": "jane.doe@example.com", "type": "work" }] });
    let made = unified(&mut client, "POST", "contacts", Some(&lead));
    assert!(matches!(made.status, 200 | 201), "{}", String::from_utf8_lossy(&made.body));
    let contact = body(&made);
    for name in keys(&lead) {
        assert_eq!(contact[name], lead[name], "{name}");
    }
    let id = contact["id"].as_str().unwrap();
    let native = body(&client.get(&format!("{DATA}/sobjects/Contact/{id}")));
    assert_eq!(native["Title"], "CTO");
    let changed = unified(&mut client, "PATCH", &format!("contacts/{id}"), Some(&json!({ "title": "CEO" })));
    assert_eq!((changed.status, &body(&changed)["title"]), (200, &json!("CEO")));
    assert_eq!(unified(&mut client, "DELETE", &format!("contacts/{id}"), None).status, 200);
    assert_eq!(client.get(&format!("{DATA}/sobjects/Contact/{id}")).status, 404);

    let note = json!({ "title": "Call", "content": "Called.", "contact": [{ "id": "003Dn0000000001IAA" }] });
    let made = body(&unified(&mut client, "POST", "notes", Some(&note)));
    for name in keys(&note) {
        assert_eq!(made[name], note[name], "{name}");
    }
}

#[test]
fn a_budget_that_is_spent_is_a_429_here() {
    let mut client = Client::new();
    let reply = unified(&mut client, "GET", "contacts?limit=1", None);
    let field = |name| reply.headers.get(name);
    assert_eq!(field("ratelimit-limit"), Some("15000;w=86400"));
    assert_eq!(field("ratelimit-remaining"), Some("14999"));
    assert_eq!(field("ratelimit-reset"), None, "nothing tells when it comes back");
    for _ in 0..14_999 {
        assert_eq!(client.get(&format!("{DATA}/limits")).status, 200);
    }
    let refused = unified(&mut client, "GET", "contacts?limit=1", None);
    assert_eq!(refused.status, 429);
    let told = body(&refused);
    assert_eq!(told["truto_is_remote_error"], true);
    assert_eq!(told["raw_response"][0]["errorCode"], "REQUEST_LIMIT_EXCEEDED");
}
