//! The unified API over HubSpot: each model, by its own names.

use std::collections::BTreeSet;

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

/// Every page of a unified list.
fn walk(client: &mut Client, target: &str) -> Vec<Value> {
    let mut records = Vec::new();
    let mut cursor = String::new();
    loop {
        let reply = unified(client, "GET", &format!("{target}&next_cursor={cursor}"), None);
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        let page = body(&reply);
        records.extend(page["result"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return records,
        }
    }
}

/// A native contact by the unified names.
fn expected(native: &Value) -> Value {
    let had = &native["properties"];
    json!({
        "id": native["id"],
        "first_name": had["firstname"],
        "last_name": had["lastname"],
        "name": format!("{} {}", had["firstname"].as_str().unwrap(), had["lastname"].as_str().unwrap()),
        "title": had["jobtitle"],
        "account": { "id": had["associatedcompanyid"] },
        "owner": { "id": had["hubspot_owner_id"] },
        "email_addresses": [{ "email": had["email"], "type": "work" }],
        "phone_numbers": [{ "number": had["phone"], "type": "work" }, { "number": had["mobilephone"], "type": "mobile" }],
        "addresses": [],
        "urls": [],
        "tags": [],
        "custom_fields": {},
        "last_activity_at": null,
        "created_at": native["createdAt"],
        "updated_at": native["updatedAt"],
        "remote_data": native,
    })
}

#[test]
fn a_thousand_contacts_are_the_same_by_both_names() {
    let mut client = Client::new();
    let properties = "firstname,lastname,email,phone,mobilephone,jobtitle,company,associatedcompanyid,hubspot_owner_id,address,city,state,zip,country";
    let pages = client.walk(&format!("/crm/v3/objects/contacts?limit=100&properties={properties}"));
    let native = pages.iter().flat_map(|page| page["results"].as_array().unwrap());
    let unified = walk(&mut client, "contacts?limit=100");
    assert_eq!(unified.len(), 1000);
    for (unified, native) in unified.iter().zip(native) {
        assert_eq!(*unified, expected(native));
    }
    let first = &unified[0];
    assert_eq!((&first["name"], &first["title"]), (&json!("Elif Mendoza"), &json!("Operations Manager")));
    let email = json!([{ "email": "elif.mendoza.1@nimbus-studios-58.example", "type": "work" }]);
    assert_eq!(first["email_addresses"], email);
    assert_eq!(
        first["phone_numbers"],
        json!([{ "number": "+1 555 0000001", "type": "work" }, { "number": "+1 556 0000001", "type": "mobile" }])
    );
    assert_eq!(first["created_at"], "2025-03-11T09:00:00.000Z");
    assert_eq!(first["updated_at"], "2026-01-05T09:00:00.000Z");
}

#[test]
fn accounts_opportunities_and_notes_come_by_the_unified_names() {
    let mut client = Client::new();
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
fn filters_reach_the_search_and_lead_to_the_same_records() {
    let mut client = Client::new();
    let all = walk(&mut client, "contacts?limit=100");
    let since = "2026-04-01T00:00:00.000Z";
    let changed = all.iter().filter(|record| record["updated_at"].as_str().unwrap() > since);
    let changed = changed.map(|record| record["id"].as_str().unwrap()).collect::<BTreeSet<_>>();
    client.wait(10_000);
    let reply = unified(&mut client, "GET", &format!("contacts?limit=250&updated_at[gt]={since}"), None);
    assert_eq!(reply.headers.get("ratelimit-remaining"), None, "a search tells no limit");
    let found = body(&reply);
    let found = found["result"].as_array().unwrap();
    let ids = found.iter().map(|record| record["id"].as_str().unwrap()).collect::<BTreeSet<_>>();
    assert_eq!(ids, changed);
    let all = all.iter().find(|record| record["id"] == found[0]["id"]).unwrap();
    assert_eq!(*all, found[0]);
}

#[test]
fn what_the_provider_refuses_is_told_as_its_own() {
    let mut client = Client::new();
    let lead =
        json!({ "last_name": "Mendoza", "email_addresses": [{ "email": "elif.mendoza.1@nimbus-studios-58.example" }] });
    let refused = unified(&mut client, "POST", "contacts", Some(&lead));
    assert_eq!(refused.status, 409);
    assert_eq!(refused.headers.get("ratelimit-limit"), Some("110;w=10"));
    let told = body(&refused);
    assert_eq!((&told["statusCode"], &told["truto_is_remote_error"]), (&json!(409), &json!(true)));
    assert_eq!(told["raw_response"]["message"], "Contact already exists. Existing ID: 51");
    assert_eq!(told["raw_response"]["category"], "CONFLICT");
    let gone = unified(&mut client, "GET", "contacts/50", None);
    assert_eq!((gone.status, &body(&gone)["raw_response"]["message"]), (404, &json!("resource not found")));
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
