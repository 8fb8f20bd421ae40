//! The unified API over HubSpot: each model, by its own names.

use doccheck::http::{Headers, Reply, Request};
use serde_json::{Value, json};

use super::{Client, body, keys};

const ACCOUNT: &str = "3a6f1d84-0b7c-4e29-9d5a-c81f2e7b4a60";

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

fn first(client: &mut Client, target: &str) -> Value {
    let reply = unified(client, "GET", target, None);
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    body(&reply)["result"][0].clone()
}

#[test]
fn records_come_by_the_unified_names() {
    let mut client = Client::new();
    let native = body(&client.get("/crm/v3/objects/contacts/51?properties=firstname,lastname,email,phone,jobtitle,associatedcompanyid,hubspot_owner_id"));
    let had = &native["properties"];
    let contact = first(&mut client, "contacts?limit=1");
    assert_eq!(contact["id"], "51");
    assert_eq!(
        contact["name"],
        format!("{} {}", had["firstname"].as_str().unwrap(), had["lastname"].as_str().unwrap())
    );
    assert_eq!(contact["title"], had["jobtitle"]);
    assert_eq!(contact["account"]["id"], had["associatedcompanyid"]);
    assert_eq!(contact["owner"]["id"], had["hubspot_owner_id"]);
    assert_eq!(contact["email_addresses"], json!([{ "email": had["email"], "type": "work" }]));
    assert_eq!(contact["phone_numbers"], json!([{ "number": had["phone"], "type": "work" }]));
    assert_eq!((&contact["created_at"], &contact["updated_at"]), (&native["createdAt"], &native["updatedAt"]));
    assert_eq!(contact["remote_data"]["id"], "51");

    let account = first(&mut client, "accounts?limit=1");
    assert!(account["number_of_employees"].is_u64() && account["website"].is_string(), "{account}");
    let deal = first(&mut client, "opportunities?limit=1");
    assert!(deal["amount"].is_number() && deal["account"]["id"].is_string() && deal["contact"][0]["id"].is_string());
    assert_eq!(deal["close_date"].as_str().unwrap().len(), 10);
    assert!(["open", "won", "lost"].contains(&deal["status"].as_str().unwrap()));
    let note = first(&mut client, "notes?limit=1");
    assert!(note["content"].is_string() && note["contact"][0]["id"].is_string(), "{note}");
    assert!(note["opportunity"][0]["id"].is_string() && note["account"]["id"].is_string(), "{note}");
}

#[test]
fn a_record_that_is_made_by_unified_names_is_there_natively() {
    let mut client = Client::new();
    let lead = json!({ "first_name": "Jane", "last_name": "Doe", "title": "CTO", "account": { "id": "5001" },
        "email_addresses": [{ "email": "jane.doe@example.com", "type": "work" }] });
    let made = unified(&mut client, "POST", "contacts", Some(&lead));
    assert!(matches!(made.status, 200 | 201), "{}", String::from_utf8_lossy(&made.body));
    let contact = body(&made);
    for name in ["first_name", "last_name", "title", "account", "email_addresses"] {
        assert_eq!(contact[name], lead[name], "{name}");
    }
    let native = body(&client.get("/crm/v3/objects/contacts/1051?properties=jobtitle"));
    assert_eq!(native["properties"]["jobtitle"], "CTO");
    let changed = unified(&mut client, "PATCH", "contacts/1051", Some(&json!({ "title": "CEO" })));
    assert_eq!((changed.status, &body(&changed)["title"]), (200, &json!("CEO")));
    assert_eq!(unified(&mut client, "DELETE", "contacts/1051", None).status, 200);
    assert_eq!(client.get("/crm/v3/objects/contacts/1051").status, 404);
}

#[test]
fn deals_and_notes_keep_what_they_belong_to() {
    let mut client = Client::new();
    let deal = json!({ "name": "Renewal", "amount": 1500, "stage": { "id": "contractsent" }, "close_date": "2026-05-09",
        "account": { "id": "5001" }, "contact": [{ "id": "51" }] });
    let made = unified(&mut client, "POST", "opportunities", Some(&deal));
    let made = body(&made);
    for name in ["name", "close_date", "account", "contact"] {
        assert_eq!(made[name], deal[name], "{name}");
    }
    assert_eq!((made["amount"].as_f64(), &made["status"]), (Some(1500.0), &json!("open")));
    let note = json!({ "content": "Called.", "contact": [{ "id": "51" }], "opportunity": [{ "id": made["id"] }] });
    let made = body(&unified(&mut client, "POST", "notes", Some(&note)));
    for name in keys(&note) {
        assert_eq!(made[name], note[name], "{name}");
    }
}

#[test]
fn limits_are_told_in_the_unified_fields() {
    let mut client = Client::new();
    let reply = unified(&mut client, "GET", "contacts?limit=1", None);
    let field = |name| reply.headers.get(name);
    assert_eq!(field("ratelimit-limit"), Some("110;w=10"));
    assert_eq!(field("ratelimit-remaining"), Some("109"));
    assert_eq!(field("ratelimit-reset"), Some("10"));
    for _ in 0..109 {
        assert_eq!(client.get("/crm/v3/objects/contacts?limit=1").status, 200);
    }
    let refused = unified(&mut client, "GET", "contacts?limit=1", None);
    assert_eq!((refused.status, refused.headers.get("retry-after")), (429, Some("10")));
    let told = body(&refused);
    assert_eq!(told["truto_is_remote_error"], true);
    assert_eq!(told["raw_response"]["policyName"], "TEN_SECONDLY_ROLLING");
}
