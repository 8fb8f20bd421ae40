//! Zoho CRM through the unified API.

use serde_json::{Value, json};

use super::super::unified_api as unified;
use super::super::world;
use super::{answer, ask, body, data, list};

pub(super) const ACCOUNT: &str = "2c8b6d40-91fe-4a57-8d23-7f0e5a1c94b6";
/// The account whose grant was taken back.
const REVOKED: &str = "f05b2e93-7a1c-4c86-b3d9-9e24d8a0617c";

/// The instant of a native field in the unified form.
fn instant(record: &Value, field: &str) -> String {
    record[field].as_str().unwrap().replace("+00:00", ".000Z")
}

#[test]
fn a_thousand_contacts_are_the_invented_persons() {
    let world = &mut world();
    let contacts = unified::all(world, ACCOUNT, "contacts", "");
    assert_eq!(contacts.len(), 1000);
    assert_eq!(unified::person(&contacts[0]), unified::first_person());
    let fields = "First_Name,Last_Name,Full_Name,Title,Email,Phone,Mobile,Mailing_Street,Mailing_City,Mailing_State,Mailing_Zip,Mailing_Country,Account_Name,Owner,Created_Time,Modified_Time";
    let mut native = Vec::new();
    for number in 1..=5 {
        let page = list(world, &format!("/Contacts?fields={fields}&sort_by=id&sort_order=asc&page={number}"));
        native.extend(data(&page).iter().cloned());
    }
    for (contact, record) in contacts.iter().zip(&native) {
        let names = ["First_Name", "Last_Name", "Full_Name"].map(|name| &record[name]);
        let times = [instant(record, "Created_Time"), instant(record, "Modified_Time")];
        let phones = ["Phone", "Mobile"].map(|field| &record[field]);
        let times = [times[0].as_str(), times[1].as_str()];
        let expected = unified::expected(names, &record["Title"], &record["Email"], phones, times);
        assert_eq!(unified::person(contact), expected);
        assert_eq!(contact["id"], record["id"]);
        assert_eq!(contact["account"], json!({ "id": record["Account_Name"]["id"] }));
        assert_eq!(contact["owner"], json!({ "id": record["Owner"]["id"] }));
    }
}

#[test]
fn filters_and_order_are_the_providers_own() {
    let world = &mut world();
    let since = "updated_at[gt]=2026-04-01T00:00:00Z&sort_by[updated_at]=desc";
    let changed = unified::all(world, ACCOUNT, "contacts", since);
    let target = "/Contacts?fields=Modified_Time&sort_by=Modified_Time&sort_order=desc";
    let native = list(world, target);
    let recent = |record: &&Value| record["Modified_Time"].as_str().unwrap() > "2026-04-01T00:00:00+00:00";
    let expected: Vec<&Value> = data(&native).iter().filter(recent).map(|record| &record["id"]).collect();
    let ids: Vec<&Value> = changed.iter().map(|contact| &contact["id"]).collect();
    assert!(!ids.is_empty() && ids.len() < 200, "{}", ids.len());
    assert_eq!(ids, expected);
    let none = unified::all(world, ACCOUNT, "contacts", "updated_at[gt]=2026-04-15T09:00:00Z");
    assert_eq!(none, Vec::<Value>::new(), "the provider's 304 is an empty list");
    let found = unified::all(world, ACCOUNT, "contacts", "email=elif.mendoza.1@nimbus-studios-58.example");
    assert_eq!((found.len(), unified::person(&found[0])), (1, unified::first_person()));
    let nobody = unified::all(world, ACCOUNT, "contacts", "email=nobody@example.com");
    assert_eq!(nobody, Vec::<Value>::new(), "the provider's 204 is one too");
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
        "account": { "id": "5540230000120000058" },
    });
    let made = unified::answer(world, &unified::send("POST", ACCOUNT, "contacts", "", &lead));
    assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
    let contact = body(&made);
    for name in ["first_name", "last_name", "title", "email_addresses", "phone_numbers", "account"] {
        assert_eq!(contact[name], lead[name], "{name}");
    }
    let path = format!("/{}", contact["id"].as_str().unwrap());
    let native = list(world, &format!("/Contacts{path}"))["data"][0].clone();
    let fields =
        ["Full_Name", "Title", "Email", "Phone", "Mobile"].map(|name| native[name].as_str().unwrap().to_owned());
    assert_eq!(fields, ["Jane Doe", "CTO", "jane.doe@example.com", "+1 555 01", "+1 555 02"]);

    let change = json!({ "last_name": "Roe", "title": null });
    let changed = unified::answer(world, &unified::send("PATCH", ACCOUNT, "contacts", &path, &change));
    assert_eq!((changed.status, &body(&changed)["name"]), (200, &json!("Jane Roe")));
    let native = list(world, &format!("/Contacts{path}"))["data"][0].clone();
    assert_eq!((&native["Full_Name"], &native["Title"]), (&json!("Jane Roe"), &Value::Null));
    assert_eq!(native["Email"], "jane.doe@example.com", "what was not sent is left alone");

    let gone = unified::answer(world, &unified::ask("DELETE", ACCOUNT, "contacts", &path));
    assert_eq!((gone.status, body(&gone)), (200, json!({ "id": &path[1..] })));
    assert_eq!(answer(world, &ask("GET", &format!("/Contacts{path}"))).status, 400);
    let again = unified::answer(world, &unified::ask("GET", ACCOUNT, "contacts", &path));
    assert_eq!(again.status, 404, "what Zoho calls invalid data is no record that is there");
}

#[test]
fn what_the_provider_refuses_is_told_with_its_own_words() {
    let world = &mut world();
    let reply =
        unified::answer(world, &unified::send("POST", ACCOUNT, "opportunities", "", &json!({ "name": "Renewal" })));
    let error = body(&reply);
    assert_eq!((reply.status, &error["truto_is_remote_error"]), (400, &json!(true)));
    let refused = json!({
        "code": "MANDATORY_NOT_FOUND",
        "details": { "api_name": "Stage" },
        "message": "required field not found",
        "status": "error",
    });
    assert_eq!(error["raw_response"], json!({ "data": [refused] }));
    assert_eq!((&error["statusCode"], &error["message"]), (&json!(400), &json!("required field not found")));
}

#[test]
fn an_account_whose_grant_is_gone_is_refused_before_the_provider_is_asked() {
    let reply = unified::answer(&mut world(), &unified::ask("GET", REVOKED, "contacts", ""));
    let error = body(&reply);
    assert_eq!((reply.status, &error["statusCode"], &error["truto_is_remote_error"]), (401, &json!(401), &json!(true)));
}

#[test]
fn accounts_deals_and_notes_are_mapped() {
    let world = &mut world();
    let account = unified::all(world, ACCOUNT, "accounts", "").remove(0);
    assert_eq!((&account["name"], &account["number_of_employees"]), (&json!("Cedar Energy 1"), &json!(1210)));
    assert_eq!(
        (&account["website"], &account["industry"]),
        (&json!("https://cedar-energy-1.example"), &json!("Energy"))
    );

    let deals = unified::all(world, ACCOUNT, "opportunities", "");
    assert_eq!(deals.len(), 300);
    let deal = &deals[0];
    assert_eq!((&deal["name"], &deal["status"]), (&json!("Meadow Health 106 pilot"), &json!("lost")));
    assert_eq!(
        (&deal["amount"], &deal["currency"], &deal["close_date"]),
        (&json!(29027), &json!("USD"), &json!("2026-06-15"))
    );
    assert_eq!(deal["stage"], json!({ "id": "Closed Lost", "name": "Closed Lost" }));
    assert_eq!(
        (&deal["account"]["id"], &deal["contact"][0]["id"]),
        (&json!("5540230000120000106"), &json!("5540230000110000412"))
    );

    let note = json!({ "title": "Call", "content": "Called.", "opportunity": [{ "id": deal["id"] }] });
    let made = unified::answer(world, &unified::send("POST", ACCOUNT, "notes", "", &note));
    assert_eq!((made.status, &body(&made)["opportunity"]), (201, &note["opportunity"]));
    let notes = unified::all(world, ACCOUNT, "notes", "");
    assert_eq!(notes.len(), 401);
    assert_eq!(
        (&notes[0]["title"], &notes[0]["contact"]),
        (&json!("Note 1"), &json!([{ "id": "5540230000110000513" }]))
    );
}
