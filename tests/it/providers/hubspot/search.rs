//! What a search of HubSpot filters by, and what it refuses.

use serde_json::{Value, json};

use super::super::body;
use super::{CLIENT, CONTACTS, Client, REFRESH, refusal};

#[test]
fn a_search_filters_by_all_that_it_is_told_or_refuses() {
    let mut client = Client::new();
    let total = |client: &mut Client, asked: Value| {
        client.wait(300);
        let reply = client.send("POST", &format!("{CONTACTS}/search"), &asked);
        assert_eq!(reply.status, 200, "{asked}: {}", String::from_utf8_lossy(&reply.body));
        body(&reply)["total"].as_u64().unwrap()
    };
    let first = body(&client.get(&format!("{CONTACTS}/51")))["properties"].clone();
    let email = first["email"].as_str().unwrap();
    assert_eq!(total(&mut client, json!({ "query": "zzzznothing" })), 0);
    assert_eq!(total(&mut client, json!({ "query": email })), 1);
    let name =
        format!("{} {}", first["lastname"].as_str().unwrap().to_uppercase(), first["firstname"].as_str().unwrap());
    let named = total(&mut client, json!({ "query": name }));
    assert!((1..1000).contains(&named), "{named}");
    let mail = |operator: &str, value: &str| json!([{ "propertyName": "email", "operator": operator, "value": value }]);
    let upper = email.to_uppercase();
    assert_eq!(total(&mut client, json!({ "filterGroups": [{ "filters": mail("EQ", &upper) }] })), 1);
    assert_eq!(total(&mut client, json!({ "filterGroups": [{ "filters": mail("NEQ", &upper) }] })), 999);
    assert_eq!(total(&mut client, json!({ "filters": mail("EQ", email) })), 1, "filters in no group are one");
    assert_eq!(total(&mut client, json!({ "filters": mail("EQ", email), "query": "zzzznothing" })), 0);
    let changed = |value: Value| json!({ "filters": [{ "propertyName": "lastmodifieddate", "operator": "GTE", "value": value }] });
    let as_text = total(&mut client, changed(json!("1776124800000")));
    assert_eq!(total(&mut client, changed(json!(1_776_124_800_000_u64))), as_text);
    assert!((1..1000).contains(&as_text), "{as_text}");
    for (asked, problem) in [
        (json!({ "colour": "mauve" }), "this sandbox's search understands no colour"),
        (json!({ "filterGroups": {} }), "filterGroups must be a list"),
        (json!({ "filters": [{ "propertyName": "email", "operator": "IN" }] }), "the filter on email has no values"),
    ] {
        client.wait(300);
        let reply = client.send("POST", &format!("{CONTACTS}/search"), &asked);
        let told = refusal(&reply)["message"].as_str().unwrap().to_owned();
        assert_eq!((reply.status, told), (400, format!("There was a problem with the request: {problem}")));
    }
}

#[test]
fn a_contact_is_found_by_its_mail_address() {
    let mut client = Client::new();
    let first = body(&client.get(&format!("{CONTACTS}/51")));
    let email = first["properties"]["email"].as_str().unwrap().to_owned();
    assert_eq!(body(&client.get(&format!("{CONTACTS}/{email}?idProperty=email"))), first);
    assert_eq!(body(&client.get(&format!("{CONTACTS}/51?idProperty=hs_object_id"))), first);
    assert_eq!(client.get(&format!("{CONTACTS}/51?idProperty=email")).status, 404);
    let changed = client.send(
        "PATCH",
        &format!("{CONTACTS}/{}?idProperty=email", email.to_uppercase()),
        &json!({ "properties": { "jobtitle": "Countess" } }),
    );
    assert_eq!((changed.status, &body(&changed)["id"]), (200, &json!("51")));
    for target in [format!("{CONTACTS}/51?idProperty=phone"), "/crm/v3/objects/companies/5001?idProperty=domain".into()]
    {
        let refused = client.get(&target);
        assert_eq!(refused.status, 400, "{target}");
        assert_eq!(refusal(&refused)["message"], "idProperty is not understood by this sandbox");
    }
}

#[test]
fn a_token_is_asked_for_in_a_form() {
    let mut client = Client::new();
    let asked = json!({ "grant_type": "refresh_token", "refresh_token": REFRESH, "client_id": "6f2a9c10-58de-4b37-a1c4-09b7e3d5f812", "client_secret": "sandbox-hubspot-secret-71c9e0" });
    let refused = client.send("POST", "/oauth/v1/token", &asked);
    assert_eq!((refused.status, &refusal(&refused)["message"]), (415, &json!("HTTP 415 Unsupported Media Type")));
    assert_eq!(client.form(&format!("grant_type=refresh_token&refresh_token={REFRESH}&{CLIENT}")).status, 200);
}
