//! Personio's employees through the unified API.

use std::time::Duration;

use serde_json::{Value, json};

use crate::providers::native::{column, only};

use super::{EMPLOYEES, native};

const ACCOUNT: &str = "a72e4d10-6b3c-4f95-9e08-14c5d7b2f6e3";
const BAMBOOHR: &str = "5c0b7e1f-93d4-4a26-8f15-6b2e9d047a3c";

#[test]
fn the_employees_are_those_of_the_other_provider() {
    let mut native = native();
    let records = native.unified_list("hris/employees?limit=100", ACCOUNT);
    assert_eq!(column(&json!(records), "/id"), (10001..=10300).map(|n| n.to_string()).collect::<Vec<_>>());
    let others = native.unified_list("hris/employees", BAMBOOHR);
    let same = ["first_name", "last_name", "name", "job_title", "emails"];
    assert_eq!(only(&records, &same), only(&others, &same));
    let mut first = records[0].clone();
    first.as_object_mut().unwrap().remove("remote_data");
    let expected = json!({
        "id": "10001", "employee_number": "E00001", "company": null, "first_name": "Camille", "middle_name": null,
        "last_name": "Weiß", "name": "Camille Weiß", "username": null, "job_title": "Operations Manager",
        "groups": [{ "name": "Sales", "type": "department" }, { "name": "Kassel", "type": "location" }],
        "emails": [{ "email": "camille.weiss.1@work.example", "type": "work" }], "phones": [],
        "employment_status": "active", "manager": { "id": "10207", "name": "Bengt Chen" },
        "start_date": "2020-12-23", "termination_date": null, "termination_type": null,
        "created_at": "2025-03-11T09:00:00.000Z", "updated_at": "2026-01-05T09:00:00.000Z",
    });
    assert_eq!(first, expected);
}

#[test]
fn filters_are_the_providers_own_where_it_has_them() {
    let mut native = native();
    let all = native.unified_list("hris/employees?limit=100", ACCOUNT);
    let bound = "2026-04-01T00:00:00.000Z";
    let later = all.iter().filter(|record| record["updated_at"].as_str() > Some(bound)).count();
    let found = native.unified_list(&format!("hris/employees?limit=100&updated_at[gt]={bound}"), ACCOUNT);
    assert_eq!((found.len(), later), (43, 43));
    let found = native.unified_list("hris/employees?limit=100&employment_status=inactive", ACCOUNT);
    assert_eq!(found.len(), 30);
    native.wait(Duration::from_secs(1));
    let found = native.unified_list("hris/employees?email=camille.weiss.1@work.example", ACCOUNT);
    assert_eq!(column(&json!(found), "/id"), ["10001"]);
}

#[test]
fn an_employee_is_made_and_changed() {
    let mut native = native();
    let ada = json!({
        "first_name": "Ada", "last_name": "Lovelace", "job_title": "Analyst", "employee_number": "E9",
        "emails": [{ "email": "ada@example.com", "type": "work" }], "start_date": "2026-04-20",
        "groups": [{ "name": "Engineering", "type": "department" }],
    });
    let made = native.unified("POST", "hris/employees", ACCOUNT, &ada);
    assert_eq!((made.status, &made.body["id"], &made.body["start_date"]), (201, &json!("10301"), &json!("2026-04-20")));
    let own = native.get(&format!("{EMPLOYEES}/10301")).body["data"]["attributes"].clone();
    let values = ["email", "position", "dynamic_1001", "hire_date"].map(|name| own[name]["value"].clone());
    assert_eq!(json!(values), json!(["ada@example.com", "Analyst", "E9", "2026-04-20T00:00:00+01:00"]));
    assert_eq!(own["department"]["value"]["attributes"], json!({ "id": 4101, "name": "Engineering" }));
    let changed = native.unified("PATCH", "hris/employees/10301", ACCOUNT, &json!({ "last_name": "King" }));
    assert_eq!((changed.status, &changed.body["name"]), (200, &json!("Ada King")));
}

#[test]
fn refusals_are_told_with_the_providers_own_words() {
    let mut native = native();
    let got = native.unified("GET", "hris/employees/9", ACCOUNT, &Value::Null);
    assert_eq!((got.status, &got.body["truto_is_remote_error"]), (404, &json!(true)));
    assert_eq!(got.body["raw_response"]["error"]["code"], json!(404));
    let ada = json!({ "first_name": "Ada", "last_name": "Lovelace" });
    let got = native.unified("POST", "hris/employees", ACCOUNT, &ada);
    assert_eq!((got.status, &got.body["truto_is_remote_error"]), (422, &json!(true)), "the provider wants an address");
    for _ in 0..13 {
        native.get(&format!("{EMPLOYEES}/10001"));
    }
    let got = native.unified("GET", "hris/employees/10001", ACCOUNT, &Value::Null);
    assert_eq!(got.status, 429, "the burst of fifteen");
    assert_eq!((got.header("ratelimit-remaining"), got.header("ratelimit-reset")), (Some("0"), Some("1")));
}
