//! The unified API over Salesforce: each model, by its own names.

use doccheck::http::{Headers, Reply, Request};
use serde_json::{Value, json};

use super::{Client, DATA, body, keys};

const ACCOUNT: &str = "d2b95c17-4e3f-4a81-8c60-7f1e9a35b0d4";
const OTHER_ACCOUNT: &str = "c47a9d10-3b52-4f68-8e1d-70b6a5f2c983";

fn unified(client: &mut Client, method: &str, target: &str, sent: Option<&Value>) -> Reply {
    ask(client, ACCOUNT, method, target, sent)
}

fn ask(client: &mut Client, account: &str, method: &str, target: &str, sent: Option<&Value>) -> Reply {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = Headers::new();
    headers.push("Authorization", "Bearer sandbox-token-7d2f9c4e1a6b");
    headers.push("Content-Type", "application/json");
    let request = Request {
        method: method.to_owned(),
        scheme: "https".to_owned(),
        host: "api.truto.one".to_owned(),
        path: format!("/unified/crm/{path}"),
        query: format!("integrated_account_id={account}&{query}"),
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

/// Every page of a unified list.
fn walk(client: &mut Client, target: &str) -> Vec<Value> {
    let mut records = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = list(client, &format!("{target}&next_cursor={cursor}"));
        records.extend(page["result"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return records,
        }
    }
}

/// A native contact by the unified names, without what it came from.
fn expected(native: &Value) -> Value {
    let instant = |name: &str| native[name].as_str().unwrap().replace("+0000", "Z");
    json!({
        "id": native["Id"],
        "first_name": native["FirstName"],
        "last_name": native["LastName"],
        "name": native["Name"],
        "title": native["Title"],
        "account": { "id": native["AccountId"] },
        "owner": { "id": native["OwnerId"] },
        "email_addresses": [{ "email": native["Email"], "type": "work" }],
        "phone_numbers": [
            { "number": native["Phone"], "type": "work" },
            { "number": native["MobilePhone"], "type": "mobile" },
        ],
        "addresses": [],
        "urls": [],
        "tags": [],
        "custom_fields": {},
        "last_activity_at": null,
        "created_at": instant("CreatedDate"),
        "updated_at": instant("LastModifiedDate"),
        "remote_data": native,
    })
}

#[test]
fn a_thousand_contacts_are_the_same_by_both_names() {
    let mut client = Client::new();
    let native = client.records(
        "SELECT Id, FirstName, LastName, Name, Title, AccountId, OwnerId, Email, Phone, MobilePhone, MailingStreet, MailingCity, MailingState, MailingPostalCode, MailingCountry, CreatedDate, LastModifiedDate FROM Contact",
    );
    let unified = walk(&mut client, "contacts?limit=100");
    assert_eq!((unified.len(), native.len()), (1000, 1000));
    for (unified, native) in unified.iter().zip(&native) {
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
    let account = list(&mut client, "accounts?limit=1")["result"][0].clone();
    assert!(account["number_of_employees"].is_u64() && account["website"].is_string(), "{account}");
    let deal = list(&mut client, "opportunities?limit=1")["result"][0].clone();
    assert!(deal["amount"].is_number() && deal["account"]["id"].is_string() && deal["contact"][0]["id"].is_string());
    let notes = walk(&mut client, "notes?limit=250");
    let of = |path: &str| notes.iter().filter(|note| note.pointer(path).is_some_and(Value::is_string)).count();
    assert_eq!([of("/contact/0/id"), of("/account/id"), of("/opportunity/0/id"), of("/title")], [200, 100, 100, 400]);
}

#[test]
fn filters_and_orders_reach_the_query() {
    let mut client = Client::new();
    let since = "2026-04-01T00:00:00.000Z";
    let native = client.records("SELECT Id FROM Contact WHERE LastModifiedDate > 2026-04-01T00:00:00Z");
    let page = list(&mut client, &format!("contacts?limit=250&updated_at[gt]={since}&sort_by[updated_at]=desc"));
    let changed = page["result"].as_array().unwrap();
    assert_eq!(changed.len(), native.len());
    assert!(changed.iter().all(|record| record["updated_at"].as_str().unwrap() > since));
    assert!(changed.is_sorted_by(|a, b| a["updated_at"].as_str().unwrap() >= b["updated_at"].as_str().unwrap()));
}

#[test]
fn what_the_provider_refuses_is_told_as_its_own() {
    let mut client = Client::new();
    let refused = unified(&mut client, "POST", "opportunities", Some(&json!({ "name": "Renewal" })));
    assert_eq!(refused.status, 400);
    assert_eq!(refused.headers.get("ratelimit-limit"), Some("15000;w=86400"));
    let told = body(&refused);
    assert_eq!((&told["statusCode"], &told["truto_is_remote_error"]), (&json!(400), &json!(true)));
    assert_eq!(told["raw_response"][0]["errorCode"], "REQUIRED_FIELD_MISSING");
    let gone = unified(&mut client, "GET", "contacts/003Dn9999999999IAA", None);
    assert_eq!((gone.status, &body(&gone)["raw_response"][0]["errorCode"]), (404, &json!("NOT_FOUND")));
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

    // Another customer has five requests a minute.
    let mut of_another = || ask(&mut client, OTHER_ACCOUNT, "GET", "contacts?limit=1", None);
    for remaining in (0..5).rev() {
        let reply = of_another();
        let field = |name| reply.headers.get(name);
        assert_eq!((reply.status, field("ratelimit-limit")), (200, Some("5;w=60")));
        assert_eq!(field("ratelimit-remaining"), Some(format!("{remaining};w=60").as_str()));
        assert_eq!(field("ratelimit-reset"), Some("60"));
    }
    let refused = of_another();
    assert_eq!((refused.status, refused.headers.get("retry-after")), (429, Some("60")));
    let told = body(&refused);
    assert_eq!(told["truto_is_remote_error"], true);
    assert_eq!(told["raw_response"][0]["errorCode"], "REQUEST_LIMIT_EXCEEDED");
}
