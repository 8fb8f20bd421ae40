//! Personio's API, version 1, as its documentation has it.

mod unified;

use std::time::Duration;

use serde_json::{Value, json};

use super::native::{Native, column, members};
use super::world;

const HOST: &str = "api.personio.de";
const TOKEN: &str = "papi-sandbox-6c1f08e2-personio";
const EMPLOYEES: &str = "/v1/company/employees";

fn native() -> Native {
    Native::new(world(), HOST, &format!("Bearer {TOKEN}"))
}

fn refused(code: u16, message: &str) -> Value {
    json!({ "success": false, "error": { "code": code, "message": message } })
}

#[test]
fn a_token_that_is_wrong_is_forbidden_and_none_is_unauthorized() {
    let mut native = native();
    native.authorize(None);
    let got = native.get(EMPLOYEES);
    assert_eq!((got.status, got.body), (401, refused(401, "Authorization is not provided")));
    native.authorize(Some("Bearer papi-nonsense"));
    let got = native.get(EMPLOYEES);
    assert_eq!((got.status, got.body), (403, refused(403, "Provided authorization is not valid")));
}

#[test]
fn offsets_count_records_from_first_to_last_page() {
    let mut native = native();
    let mut ids = Vec::new();
    let mut offset = 0;
    loop {
        let page = native.get(&format!("{EMPLOYEES}?offset={offset}"));
        assert_eq!(page.status, 200);
        assert_eq!(members(&page.body), ["success", "metadata", "offset", "limit", "data"]);
        let metadata = json!({ "total_elements": 300, "current_page": offset / 50, "total_pages": 6 });
        assert_eq!(page.body["metadata"], metadata);
        let told = (&page.body["success"], &page.body["offset"], &page.body["limit"]);
        assert_eq!(told, (&json!(true), &json!(offset), &json!(50)));
        ids.extend(column(&page.body["data"], "/attributes/id/value"));
        offset += page.body["data"].as_array().unwrap().len();
        if offset >= 300 {
            break;
        }
    }
    assert_eq!(ids, (10001..=10300).map(|n| n.to_string()).collect::<Vec<_>>());
    let beyond = native.get(&format!("{EMPLOYEES}?offset=300"));
    assert_eq!((beyond.status, &beyond.body["data"]), (200, &json!([])));
    let page = native.get(&format!("{EMPLOYEES}?limit=200&offset=250")).body;
    assert_eq!((&page["limit"], page["data"].as_array().unwrap().len()), (&json!(100), 50));
}

#[test]
fn every_value_is_wrapped_with_its_label() {
    let page = native().get(&format!("{EMPLOYEES}?limit=100")).body;
    let first = &page["data"][0];
    assert_eq!((members(first), &first["type"]), (vec!["type", "attributes"], &json!("Employee")));
    let attributes = first["attributes"].as_object().unwrap();
    for (name, attribute) in attributes {
        let mut names = members(attribute);
        names.sort_unstable();
        assert_eq!(names, ["label", "type", "universal_id", "value"], "{name}");
    }
    assert_eq!(attributes["id"]["value"], json!(10001));
    assert_eq!(attributes["weekly_working_hours"]["value"], json!("40"));
    assert!(attributes["hire_date"]["value"].as_str().unwrap().ends_with("T00:00:00+01:00"));
    assert_eq!(members(&attributes["department"]["value"]), ["type", "attributes"]);
    assert_eq!(members(&attributes["office"]["value"]["attributes"]), ["id", "name"]);
    let statuses = column(&page["data"], "/attributes/status/value");
    assert!(statuses.iter().all(|status| ["onboarding", "active", "leave", "inactive"].contains(&status.as_str())));
    let supervisors = column(&page["data"], "/attributes/supervisor/value/attributes/id/value");
    assert!(supervisors.iter().any(|id| id.starts_with("10")), "{supervisors:?}");
}

#[test]
fn employees_are_found_by_address_and_by_what_changed() {
    let mut native = native();
    let email = native.get(EMPLOYEES).body["data"][3]["attributes"]["email"]["value"].as_str().unwrap().to_owned();
    let found = native.get(&format!("{EMPLOYEES}?email={email}")).body;
    assert_eq!(column(&found["data"], "/attributes/id/value"), ["10004"]);
    native.wait(Duration::from_secs(90));
    native.send("PATCH", &format!("{EMPLOYEES}/10042"), &json!({ "employee": { "position": "Head of Tests" } }));
    for since in ["2026-04-15T09:01:00", "2026-04-15T09:01:30"] {
        let found = native.get(&format!("{EMPLOYEES}?updated_since={since}")).body;
        assert_eq!(column(&found["data"], "/attributes/id/value"), ["10042"], "{since}");
        assert_eq!(found["metadata"]["total_elements"], json!(1));
    }
    let found = native.get(&format!("{EMPLOYEES}?updated_since=2026-04-16")).body;
    assert_eq!((&found["data"], &found["metadata"]["total_elements"]), (&json!([]), &json!(0)));
}

#[test]
fn a_new_employee_is_answered_with_its_id() {
    let mut native = native();
    let ada =
        json!({ "email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace", "position": "Analyst" });
    let got = native.send("POST", EMPLOYEES, &json!({ "employee": ada }));
    let told = json!({ "success": true, "data": { "id": 10301, "message": "success" } });
    assert_eq!((got.status, got.body), (200, told.clone()));
    let read = native.get(&format!("{EMPLOYEES}/10301"));
    assert_eq!((read.status, &read.body["success"]), (200, &json!(true)));
    let attributes = &read.body["data"]["attributes"];
    for (name, value) in ada.as_object().unwrap() {
        assert_eq!(&attributes[name]["value"], value, "{name}");
    }
    assert_eq!(attributes["status"]["value"], json!("active"));
    assert_eq!(attributes["created_at"]["value"], json!("2026-04-15T09:00:00+00:00"));

    let changed = native.send("PATCH", &format!("{EMPLOYEES}/10301"), &json!({ "employee": { "last_name": "King" } }));
    assert_eq!((changed.status, changed.body), (200, told));
    let read = native.get(&format!("{EMPLOYEES}/10301")).body;
    assert_eq!(read["data"]["attributes"]["last_name"]["value"], json!("King"));
}

#[test]
fn refusals_have_a_code_and_a_message() {
    let mut native = native();
    let got = native.get(&format!("{EMPLOYEES}/9"));
    assert_eq!((got.status, got.body), (404, refused(404, "Die angeforderte Ressource wurde nicht gefunden.")));
    let got = native.send("POST", EMPLOYEES, &json!({ "employee": { "first_name": "Ada" } }));
    assert_eq!((got.status, &got.body["success"], &got.body["error"]["code"]), (422, &json!(false), &json!(422)));
    assert_eq!(column(&got.body["error"]["error_data"], "/field"), ["email", "last_name"]);
    let bad = json!({ "employee": { "first_name": "A", "last_name": "B", "email": "nowhere" } });
    assert_eq!(native.send("POST", EMPLOYEES, &bad).status, 422);
    let taken = native.get(&format!("{EMPLOYEES}/10001")).body["data"]["attributes"]["email"]["value"].clone();
    let again = json!({ "employee": { "first_name": "A", "last_name": "B", "email": taken } });
    assert_eq!(native.send("POST", EMPLOYEES, &again).status, 409);
    assert_eq!(native.get("/v1/company/nothing").status, 404);
}

#[test]
fn fifteen_in_a_second_and_three_hundred_in_a_minute_are_the_most() {
    let mut native = native();
    let one = format!("{EMPLOYEES}/10001");
    for second in 0..20 {
        for _ in 0..15 {
            assert_eq!(native.get(&one).status, 200, "second {second}");
        }
        if second == 0 {
            let got = native.get(&one);
            assert_eq!((got.status, got.body), (429, refused(429, "Too many requests")), "the burst");
        }
        native.wait(Duration::from_secs(1));
    }
    assert_eq!(native.get(&one).status, 429, "the minute");
    native.wait(Duration::from_secs(40));
    assert_eq!(native.get(&one).status, 200);
}

#[test]
fn credentials_are_exchanged_for_a_token_of_a_day() {
    let mut native = native();
    native.authorize(None);
    let client = json!({ "client_id": "sandbox-personio-client", "client_secret": "sandbox-personio-secret-5e20" });
    let got = native.send("POST", "/v1/auth", &client);
    assert_eq!(
        (got.status, &got.body["success"], &got.body["data"]["expires_in"]),
        (200, &json!(true), &json!(86_400))
    );
    let form = native.form("/v1/auth", "client_id=sandbox-personio-client&client_secret=sandbox-personio-secret-5e20");
    assert_eq!(form.status, 200);
    native.authorize(Some(&format!("Bearer {}", got.body["data"]["token"].as_str().unwrap())));
    assert_eq!(native.get(EMPLOYEES).status, 200);
    native.wait(Duration::from_secs(86_400));
    assert_eq!(native.get(EMPLOYEES).status, 403);
    let wrong = json!({ "client_id": "sandbox-personio-client", "client_secret": "guessed" });
    let got = native.send("POST", "/v1/auth", &wrong);
    assert_eq!((got.status, &got.body["success"]), (403, &json!(false)));
}
