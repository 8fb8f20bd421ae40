//! What is made, changed and archived, and how writes and too many requests are refused.

use serde_json::{Value, json};

use super::{CONTACTS, Client, body, ids, keys, refusal};

fn jane() -> Value {
    json!({ "properties": { "firstname": "Jane", "lastname": "Doe", "email": "jane.doe@example.com", "phone": "+1 555 0100" } })
}

/// What the API says to a write that it refuses with 400.
fn invalid(target: &str, properties: &Value) -> Value {
    let reply = Client::new().send("POST", target, &json!({ "properties": properties }));
    assert_eq!(reply.status, 400, "{properties}");
    let told = refusal(&reply);
    assert_eq!((&told["status"], &told["category"]), (&json!("error"), &json!("VALIDATION_ERROR")));
    told
}

#[test]
fn a_contact_is_made_read_changed_and_archived() {
    let mut client = Client::new();
    let made = client.send("POST", CONTACTS, &jane());
    assert_eq!(made.status, 201);
    let record = body(&made);
    let id = record["id"].as_str().unwrap();
    let path = format!("{CONTACTS}/{id}");
    assert_eq!(id, "1051");
    assert_eq!(made.headers.get("location"), Some(format!("https://api.hubapi.com{path}").as_str()));
    assert_eq!(record["properties"]["email"], "jane.doe@example.com");
    assert_eq!(record["createdAt"], client.now.rfc3339());
    assert_eq!(record["archived"], false);

    let read = format!("{path}?properties=firstname,lifecyclestage,jobtitle");
    let got = body(&client.get(&read));
    assert_eq!(got["properties"]["lifecyclestage"], "lead");
    assert_eq!(got["properties"]["jobtitle"], Value::Null);

    client.wait(1_500);
    let changed = client.send("PATCH", &path, &json!({ "properties": { "jobtitle": "CTO" } }));
    assert_eq!(changed.status, 200);
    assert_eq!(body(&changed)["updatedAt"], client.now.rfc3339());
    let got = body(&client.get(&read));
    assert_eq!(got["properties"]["jobtitle"], "CTO");
    assert_eq!(got["properties"]["firstname"], "Jane");
    assert_eq!(got["createdAt"], record["createdAt"]);

    let archived = client.send("DELETE", &path, &json!({}));
    assert_eq!((archived.status, archived.body.as_slice()), (204, b"".as_slice()));
    let gone = client.get(&path);
    assert_eq!(gone.status, 404);
    assert_eq!(refusal(&gone), json!({ "status": "error", "message": "resource not found" }));
    let kept = client.get(&format!("{path}?archived=true"));
    assert_eq!((kept.status, &body(&kept)["archived"]), (200, &json!(true)));
    let bin = body(&client.get(&format!("{CONTACTS}?archived=true")));
    assert_eq!(ids(&bin), [id]);
    assert_eq!(bin["results"][0]["archived"], true);
}

#[test]
fn two_contacts_with_one_address_are_a_conflict() {
    let mut client = Client::new();
    let id = body(&client.send("POST", CONTACTS, &jane()))["id"].as_str().unwrap().to_owned();
    let again = client.send("POST", CONTACTS, &jane());
    assert_eq!(again.status, 409);
    let expected = json!({ "status": "error", "message": format!("Contact already exists. Existing ID: {id}"), "category": "CONFLICT" });
    assert_eq!(refusal(&again), expected);
}

#[test]
fn properties_that_are_not_valid_are_told_one_by_one() {
    let told = invalid(CONTACTS, &json!({ "favourite_colour": "mauve" }));
    assert!(told["message"].as_str().unwrap().starts_with("Property values were not valid: [{"));
    assert_eq!(
        told["errors"],
        json!([{ "message": "Property \"favourite_colour\" does not exist", "code": "PROPERTY_DOESNT_EXIST", "context": { "propertyName": ["favourite_colour"] } }])
    );
    let told = invalid(CONTACTS, &json!({ "email": "jane.doe" }));
    assert!(told["message"].as_str().unwrap().starts_with("Property values were not valid: [{"));
    let error = &told["errors"][0];
    assert_eq!((&error["code"], &error["context"]), (&json!("INVALID_EMAIL"), &json!({ "propertyName": ["email"] })));
    for (target, missing) in [("deals", json!(["dealname", "dealstage"])), ("notes", json!(["hs_timestamp"]))] {
        let told = invalid(&format!("/crm/v3/objects/{target}"), &json!({}));
        assert!(told["message"].as_str().unwrap().ends_with("Some required properties were not set."));
        assert_eq!(told["context"]["properties"], missing);
    }
}

#[test]
fn what_cannot_be_read_or_is_not_there_is_refused() {
    let mut client = Client::new();
    let broken = client.raw("POST", "api.hubapi.com", CONTACTS, "application/json", "{\"properties\":");
    assert_eq!(broken.status, 400);
    assert!(refusal(&broken)["message"].as_str().unwrap().starts_with("Invalid input JSON on line 1, column "));
    let form = client.raw("POST", "api.hubapi.com", CONTACTS, "application/x-www-form-urlencoded", "a=b");
    assert_eq!(form.status, 415);
    let nowhere = client.get("/crm/v3/object/contacts");
    assert_eq!((nowhere.status, nowhere.headers.get("content-type")), (404, Some("text/html;charset=utf-8")));
    assert!(nowhere.body.starts_with(b"<html>"));
    assert_eq!(client.send("PUT", &format!("{CONTACTS}/51"), &jane()).status, 405);
    assert_eq!(client.get(&format!("{CONTACTS}/50")).status, 404);
}

#[test]
fn a_deal_and_a_note_are_made_with_their_associations() {
    let mut client = Client::new();
    let link = |id: &str, kind: u32| json!({ "to": { "id": id }, "types": [{ "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind }] });
    let deal = json!({ "properties": { "dealname": "Renewal", "dealstage": "contractsent", "amount": "1500" },
        "associations": [link("5001", 341), link("51", 3)] });
    let made = client.send("POST", "/crm/v3/objects/deals", &deal);
    assert_eq!(made.status, 201);
    let id = body(&made)["id"].as_str().unwrap().to_owned();
    let got = body(&client.get(&format!("/crm/v3/objects/deals/{id}?associations=companies,contacts")));
    assert_eq!(got["properties"]["pipeline"], "default");
    assert_eq!(got["associations"]["companies"]["results"], json!([{ "id": "5001", "type": "deal_to_company" }]));
    assert_eq!(got["associations"]["contacts"]["results"], json!([{ "id": "51", "type": "deal_to_contact" }]));
    let note = json!({ "properties": { "hs_timestamp": "2026-04-15T09:00:00.000Z", "hs_note_body": "Called." },
        "associations": [link(&id, 214)] });
    let made = client.send("POST", "/crm/v3/objects/notes", &note);
    assert_eq!(made.status, 201);
    let note = body(&made)["id"].as_str().unwrap().to_owned();
    let got = body(&client.get(&format!("/crm/v3/objects/notes/{note}?associations=deals")));
    assert_eq!(got["associations"]["deals"]["results"], json!([{ "id": id, "type": "note_to_deal" }]));
    let got = body(&client.get(&format!("/crm/v3/objects/notes/{note}")));
    assert!(!keys(&got).contains("associations"));
}

#[test]
fn a_hundred_and_ten_requests_fit_into_ten_rolling_seconds() {
    let mut client = Client::new();
    for remaining in (0..110).rev() {
        let reply = client.get(&format!("{CONTACTS}?limit=1"));
        assert_eq!(reply.status, 200);
        let field = |name| reply.headers.get(name);
        assert_eq!(field("x-hubspot-ratelimit-max"), Some("110"));
        assert_eq!(field("x-hubspot-ratelimit-remaining"), Some(remaining.to_string().as_str()));
        assert_eq!(field("x-hubspot-ratelimit-interval-milliseconds"), Some("10000"));
        assert_eq!(field("x-hubspot-ratelimit-daily"), None, "there is no daily budget for OAuth");
        client.wait(10);
    }
    let refused = client.get(CONTACTS);
    assert_eq!(refused.status, 429);
    assert_eq!(refused.headers.get("x-hubspot-ratelimit-remaining"), Some("0"));
    let mut told = refusal(&refused);
    assert_eq!(told.as_object_mut().unwrap().remove("requestId").unwrap().as_str().unwrap().len(), 36);
    assert_eq!(
        told,
        json!({ "status": "error", "message": "You have reached your ten_secondly_rolling limit.", "errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING" })
    );
    // The first request of all leaves the window ten seconds after it was made.
    assert_eq!(refused.headers.get("retry-after"), Some("9"));
    client.wait(8_899);
    assert_eq!(client.get(CONTACTS).status, 429);
    client.wait(2);
    assert_eq!(client.get(CONTACTS).status, 200);
}
