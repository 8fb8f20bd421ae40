//! Dynamics 365 through the unified API.

use serde_json::{Value, json};

use super::super::unified_api as unified;
use super::super::world;
use super::{answer, ask, body, names, pages, values, with};

const ACCOUNT: &str = "4e0a6f1c-58d7-4b39-9f62-a1d3c7e5b084";

/// The instant of a native column in the unified form.
fn instant(record: &Value, column: &str) -> String {
    record[column].as_str().unwrap().replace('Z', ".000Z")
}

#[test]
fn a_thousand_contacts_are_the_invented_persons() {
    let world = &mut world();
    let contacts = unified::all(world, ACCOUNT, "contacts", "");
    assert_eq!(contacts.len(), 1000);
    assert_eq!(unified::person(&contacts[0]), unified::first_person());
    let native = pages(world, "/contacts", 5000);
    for (contact, record) in contacts.iter().zip(values(&native[0])) {
        let names = ["firstname", "lastname", "fullname"].map(|name| &record[name]);
        let times = [instant(record, "createdon"), instant(record, "modifiedon")];
        let times = [times[0].as_str(), times[1].as_str()];
        let phones = ["telephone1", "mobilephone"].map(|column| &record[column]);
        let person = unified::expected(names, &record["jobtitle"], &record["emailaddress1"], phones, times);
        assert_eq!(unified::person(contact), person);
        assert_eq!(contact["id"], record["contactid"]);
        assert_eq!(contact["account"], json!({ "id": record["_parentcustomerid_value"] }));
        assert_eq!(contact["owner"], json!({ "id": record["_ownerid_value"] }));
    }
}

#[test]
fn filters_and_order_are_the_providers_own() {
    let world = &mut world();
    let since = "updated_at[gt]=2026-04-01T00:00:00Z&sort_by[updated_at]=desc";
    let changed = unified::all(world, ACCOUNT, "contacts", since);
    let native =
        pages(world, "/contacts?$filter=modifiedon%20gt%202026-04-01T00:00:00Z&$orderby=modifiedon%20desc", 5000);
    let ids: Vec<&Value> = changed.iter().map(|contact| &contact["id"]).collect();
    let expected: Vec<&Value> = values(&native[0]).iter().map(|record| &record["contactid"]).collect();
    assert!(!ids.is_empty() && ids.len() < 1000, "{}", ids.len());
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
        "account": { "id": "7f3c90aa-541c-ee11-9967-000000000058" },
    });
    let made = unified::answer(world, &unified::send("POST", ACCOUNT, "contacts", "", &lead));
    assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
    let contact = body(&made);
    for name in ["first_name", "last_name", "title", "email_addresses", "phone_numbers", "account"] {
        assert_eq!(contact[name], lead[name], "{name}");
    }
    let id = contact["id"].as_str().unwrap();
    let native = body(&answer(world, &ask("GET", &format!("/contacts({id})"))));
    let columns = ["fullname", "jobtitle", "emailaddress1", "telephone1", "mobilephone", "_parentcustomerid_value"];
    let expected =
        ["Jane Doe", "CTO", "jane.doe@example.com", "+1 555 01", "+1 555 02", "7f3c90aa-541c-ee11-9967-000000000058"];
    assert_eq!(columns.map(|column| native[column].as_str().unwrap()), expected);

    let path = format!("/{id}");
    let change = json!({ "last_name": "Roe", "title": null });
    let changed = unified::answer(world, &unified::send("PATCH", ACCOUNT, "contacts", &path, &change));
    assert_eq!((changed.status, &body(&changed)["name"]), (200, &json!("Jane Roe")));
    let native = body(&answer(world, &ask("GET", &format!("/contacts({id})?$select=fullname,jobtitle,emailaddress1"))));
    assert_eq!((&native["fullname"], &native["jobtitle"]), (&json!("Jane Roe"), &Value::Null));
    assert_eq!(native["emailaddress1"], "jane.doe@example.com", "what was not sent is left alone");

    let gone = unified::answer(world, &unified::ask("DELETE", ACCOUNT, "contacts", &path));
    assert_eq!((gone.status, body(&gone)), (200, json!({ "id": id })));
    assert_eq!(answer(world, &ask("GET", &format!("/contacts({id})"))).status, 404);
}

#[test]
fn what_the_provider_refuses_is_told_with_its_own_words() {
    let world = &mut world();
    let unknown = "/465b158c-541c-ee11-9967-999999999999";
    let reply = unified::answer(world, &unified::ask("GET", ACCOUNT, "contacts", unknown));
    let error = body(&reply);
    assert_eq!((reply.status, &error["statusCode"], &error["truto_is_remote_error"]), (404, &json!(404), &json!(true)));
    assert_eq!(error["raw_response"]["error"]["code"], "0x80040217");
    assert_eq!(error["message"], error["raw_response"]["error"]["message"]);
    assert_eq!(reply.headers.get("ratelimit-remaining"), Some("5999"), "as many as the provider says are left");
    assert_eq!(
        (reply.headers.get("ratelimit-limit"), reply.headers.get("ratelimit-reset")),
        (None, None),
        "it says no more"
    );

    let note =
        json!({ "title": "Call", "content": "Called.", "contact": [{ "id": "465b158c-541c-ee11-9967-000000000001" }] });
    let reply = unified::answer(world, &unified::send("POST", ACCOUNT, "notes", "", &note));
    assert_eq!(reply.status, 405, "notes are not made here");
    assert_eq!(body(&reply).get("truto_is_remote_error"), None, "the provider was not asked");
}

#[test]
fn accounts_opportunities_and_notes_are_mapped() {
    let world = &mut world();
    let account = unified::all(world, ACCOUNT, "accounts", "").remove(0);
    assert_eq!(names(&account["phone_numbers"][0]), ["number", "type"]);
    assert_eq!((&account["name"], &account["number_of_employees"]), (&json!("Cedar Energy 1"), &json!(1210)));
    assert_eq!(account["website"], "https://cedar-energy-1.example");

    let deals = unified::all(world, ACCOUNT, "opportunities", "");
    assert_eq!(deals.len(), 300);
    let deal = &deals[0];
    assert_eq!((&deal["name"], &deal["status"]), (&json!("Meadow Health 106 pilot"), &json!("lost")));
    assert_eq!(
        (&deal["amount"], &deal["currency"], &deal["close_date"]),
        (&json!(29027), &json!("USD"), &json!("2026-06-15"))
    );
    assert_eq!(deal["account"], json!({ "id": "7f3c90aa-541c-ee11-9967-000000000106" }));
    assert_eq!(deal["contact"], json!([{ "id": "465b158c-541c-ee11-9967-000000000412" }]));

    let notes = unified::all(world, ACCOUNT, "notes", "");
    assert_eq!(notes.len(), 400);
    assert_eq!(
        (&notes[0]["title"], &notes[0]["content"]),
        (&json!("Note 1"), &json!("Wants a call about pricing next week."))
    );
    assert_eq!(notes[0]["contact"], json!([{ "id": "465b158c-541c-ee11-9967-000000000513" }]));
}

#[test]
fn a_change_through_the_unified_api_makes_nothing() {
    let world = &mut world();
    let target = |id: &str| format!("/unified/crm/contacts/{id}?integrated_account_id={ACCOUNT}");
    let mut request = with(ask("PATCH", ""), "Authorization", "Bearer sandbox-token-7d2f9c4e1a6b");
    request.host = "api.truto.one".to_owned();
    request.headers.set("Content-Type", "application/json");
    let path = target("00000000-1111-2222-3333-000000000001");
    let (path, query) = path.split_once('?').unwrap();
    (request.path, request.query) = (path.to_owned(), query.to_owned());
    request.body = json!({ "title": "CTO" }).to_string().into_bytes();
    let refused = answer(world, &request);
    assert_eq!((refused.status, &body(&refused)["truto_is_remote_error"]), (404, &json!(true)));
    let all = body(&answer(world, &ask("GET", "/contacts?$top=1&$count=true")));
    assert_eq!(all["@odata.count"], json!(1000));
}
