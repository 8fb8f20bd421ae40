//! Copper through the unified API.

use doccheck::clock::Timestamp;
use serde_json::{Value, json};

use super::super::unified_api as unified;
use super::super::world;
use super::{FIRST, answer, ask, body, search};

const ACCOUNT: &str = "b93d7e15-20c6-4f8a-8b71-5e4c9a0d3f62";

/// The instant of a native field in the unified form.
fn instant(record: &Value, field: &str) -> String {
    Timestamp::from_micros(record[field].as_i64().unwrap() * 1_000_000).rfc3339()
}

/// An id of Copper's as the unified API writes it.
fn id(value: &Value) -> Value {
    json!({ "id": value.as_u64().unwrap().to_string() })
}

#[test]
fn a_thousand_contacts_are_the_invented_persons() {
    let world = &mut world();
    let contacts = unified::all(world, ACCOUNT, "contacts", "");
    assert_eq!(contacts.len(), 1000);
    assert_eq!(unified::person(&contacts[0]), unified::first_person());
    let mut native = Vec::new();
    for number in 1..=5 {
        native.extend(search(world, "/people", &json!({ "page_number": number, "page_size": 200 })));
    }
    for (contact, person) in contacts.iter().zip(&native) {
        let names = ["first_name", "last_name", "name"].map(|name| &person[name]);
        let mail = &person["emails"][0]["email"];
        let phones = [0, 1].map(|at| &person["phone_numbers"][at]["number"]);
        let times = [instant(person, "date_created"), instant(person, "date_modified")];
        let expected = unified::expected(names, &person["title"], mail, phones, [&times[0], &times[1]]);
        assert_eq!(unified::person(contact), expected);
        assert_eq!(contact["id"], person["id"].as_u64().unwrap().to_string());
        assert_eq!((&contact["account"], &contact["owner"]), (&id(&person["company_id"]), &id(&person["assignee_id"])));
    }
}

#[test]
fn filters_and_order_are_the_providers_own() {
    let world = &mut world();
    let since = "updated_at[gt]=2026-04-01T00:00:00Z&sort_by[updated_at]=desc";
    let changed = unified::all(world, ACCOUNT, "contacts", since);
    let asked = json!({ "minimum_modified_date": 1_775_001_600, "sort_by": "date_modified", "sort_direction": "desc", "page_size": 200 });
    let native = search(world, "/people", &asked);
    let ids: Vec<String> = changed.iter().map(|contact| contact["id"].as_str().unwrap().to_owned()).collect();
    let expected: Vec<String> = native.iter().map(|person| person["id"].to_string()).collect();
    assert!(!ids.is_empty() && ids.len() < 200, "{}", ids.len());
    assert_eq!(ids, expected);
    let found = unified::all(world, ACCOUNT, "contacts", "email=elif.mendoza.1@nimbus-studios-58.example");
    assert_eq!((found.len(), unified::person(&found[0])), (1, unified::first_person()));
}

#[test]
fn a_contact_that_is_written_is_read_natively() {
    let world = &mut world();
    let lead = json!({
        "first_name": "Jane",
        "last_name": "Doe",
        "title": "CTO",
        "email_addresses": [{ "email": "jane.doe@example.com", "type": "work" }],
        "phone_numbers": [{ "number": "+1 555 01", "type": "work" }, { "number": "+1 555 02", "type": "mobile" }],
        "account": { "id": "13349376" },
    });
    let made = unified::answer(world, &unified::send("POST", ACCOUNT, "contacts", "", &lead));
    assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
    let contact = body(&made);
    for name in ["first_name", "last_name", "title", "email_addresses", "phone_numbers", "account"] {
        assert_eq!(contact[name], lead[name], "{name}");
    }
    let path = format!("/{}", contact["id"].as_str().unwrap());
    let person = body(&answer(world, &ask("GET", &format!("/people{path}"))));
    assert_eq!((&person["name"], &person["company_id"]), (&json!("Jane Doe"), &json!(13_349_376)));
    assert_eq!(person["emails"], json!([{ "email": "jane.doe@example.com", "category": "work" }]));

    let change = json!({ "last_name": "Roe", "title": null });
    let changed = unified::answer(world, &unified::send("PATCH", ACCOUNT, "contacts", &path, &change));
    assert_eq!((changed.status, &body(&changed)["name"]), (200, &json!("Jane Roe")));
    let person = body(&answer(world, &ask("GET", &format!("/people{path}"))));
    assert_eq!((&person["name"], &person["title"]), (&json!("Jane Roe"), &Value::Null), "a name is sent as a whole");
    assert_eq!(person["emails"][0]["email"], "jane.doe@example.com", "what was not sent is left alone");

    let gone = unified::answer(world, &unified::ask("DELETE", ACCOUNT, "contacts", &path));
    assert_eq!((gone.status, body(&gone)), (200, json!({ "id": &path[1..] })));
    assert_eq!(answer(world, &ask("GET", &format!("/people{path}"))).status, 404);
}

#[test]
fn what_the_provider_refuses_is_told_with_its_own_words() {
    let world = &mut world();
    let reply =
        unified::answer(world, &unified::send("POST", ACCOUNT, "opportunities", "", &json!({ "name": "Renewal" })));
    let error = body(&reply);
    assert_eq!((reply.status, &error["truto_is_remote_error"]), (422, &json!(true)));
    let words = "Invalid input: primary_contact_id can't be blank";
    assert_eq!(error["raw_response"], json!({ "success": false, "status": 422, "message": words }));
    assert_eq!((&error["statusCode"], &error["message"]), (&json!(422), &json!(words)));
    let note = json!({ "content": "Called.", "contact": [{ "id": FIRST.to_string() }] });
    let reply = unified::answer(world, &unified::send("POST", ACCOUNT, "notes", "", &note));
    assert_eq!(reply.status, 405, "notes are not made here");

    let list = unified::ask("GET", ACCOUNT, "contacts", "?limit=1");
    let reply = unified::answer(world, &list);
    let rates = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];
    assert_eq!(rates.map(|name| reply.headers.get(name)), [None; 3], "the provider says nothing about its limits");
    let one = ask("GET", &format!("/people/{FIRST}"));
    while answer(world, &one).status == 200 {}
    let reply = unified::answer(world, &list);
    let error = body(&reply);
    assert_eq!((reply.status, &error["truto_is_remote_error"]), (429, &json!(true)));
    assert_eq!(error["raw_response"]["message"], "Rate limit exceeded");
    assert_eq!(
        rates.map(|name| reply.headers.get(name)),
        [None, Some("0"), None],
        "nothing is left, and no word on when"
    );
}

#[test]
fn companies_opportunities_and_notes_are_mapped() {
    let world = &mut world();
    let account = unified::all(world, ACCOUNT, "accounts", "").remove(0);
    assert_eq!(
        (&account["name"], &account["website"]),
        (&json!("Cedar Energy 1"), &json!("https://cedar-energy-1.example"))
    );
    assert_eq!(account["phone_numbers"], json!([{ "number": "+1 555 0000001", "type": "work" }]));

    let deals = unified::all(world, ACCOUNT, "opportunities", "");
    assert_eq!(deals.len(), 300);
    let deal = &deals[0];
    assert_eq!((&deal["name"], &deal["status"]), (&json!("Meadow Health 106 pilot"), &json!("lost")));
    assert_eq!(
        (&deal["amount"], &deal["currency"], &deal["close_date"]),
        (&json!(29027), &json!("USD"), &json!("2026-06-15"))
    );
    assert_eq!((&deal["account"], &deal["contact"]), (&json!({ "id": "13349424" }), &json!([{ "id": "27140770" }])));
    let new = json!({ "name": "Renewal", "contact": [{ "id": FIRST.to_string() }], "close_date": "2026-05-09", "status": "won" });
    let made = unified::answer(world, &unified::send("POST", ACCOUNT, "opportunities", "", &new));
    assert_eq!((made.status, &body(&made)["close_date"]), (201, &json!("2026-05-09")));
    let native = body(&answer(world, &ask("GET", &format!("/opportunities/{}", body(&made)["id"].as_str().unwrap()))));
    assert_eq!((&native["close_date"], &native["status"]), (&json!("05/09/2026"), &json!("Won")));

    let notes = unified::all(world, ACCOUNT, "notes", "");
    assert_eq!(notes.len(), 400);
    assert_eq!(
        (&notes[0]["content"], &notes[0]["contact"]),
        (&json!("Wants a call about pricing next week."), &json!([{ "id": "27140871" }]))
    );
}
