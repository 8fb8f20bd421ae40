//! BambooHR's employees through the unified API.

use std::time::Duration;

use serde_json::{Value, json};

use crate::providers::native::{column, members};

use super::{CHANGED, EMPLOYEES, native};

const ACCOUNT: &str = "5c0b7e1f-93d4-4a26-8f15-6b2e9d047a3c";
const NEW_ACCOUNT: &str = "0d9a64b8-2f71-4c3e-b5a0-81c7e6f3d294";

#[test]
fn everybody_comes_on_one_page_with_what_the_directory_and_the_feed_know() {
    let mut native = native();
    let page = native.unified("GET", "hris/employees?limit=100", ACCOUNT, &Value::Null);
    assert_eq!((page.status, &page.body["next_cursor"]), (200, &Value::Null));
    let records = page.body["result"].as_array().unwrap();
    assert_eq!(column(&page.body["result"], "/id"), (1..=300).map(|n| n.to_string()).collect::<Vec<_>>());
    let first = json!({
        "id": "1", "employee_number": null, "company": null, "first_name": "Camille", "middle_name": null,
        "last_name": "Weiß", "name": "Camille Weiß", "username": null, "job_title": "Operations Manager",
        "groups": [
            { "name": "Sales", "type": "department" },
            { "name": "North America", "type": "division" },
            { "name": "Kassel", "type": "location" },
        ],
        "emails": [{ "email": "camille.weiss.1@work.example", "type": "work" }],
        "phones": [{ "number": "+1 555 0000001", "type": "work" }],
        "employment_status": null, "manager": null, "start_date": null, "termination_date": null,
        "termination_type": null, "created_at": null, "updated_at": "2026-01-05T09:00:00.000Z",
    });
    let mut record = records[0].clone();
    let remote = record.as_object_mut().unwrap().remove("remote_data");
    assert_eq!(record, first);
    assert_eq!(remote.unwrap()["displayName"], json!("Camille Weiß"));
}

#[test]
fn who_was_changed_since_is_asked_of_the_feed_of_changes() {
    let mut native = native();
    let since = "2026-04-14T00:00:00Z";
    let feed = native.get(&format!("{CHANGED}?since={since}")).body;
    let mut changed: Vec<String> = members(&feed["employees"]).into_iter().map(str::to_owned).collect();
    changed.sort_by_key(|id| id.parse::<u32>().unwrap());
    assert_eq!(changed[..3], ["9", "78", "155"]);
    let found = native.unified("GET", &format!("hris/employees?updated_after={since}"), ACCOUNT, &Value::Null);
    assert_eq!(column(&found.body["result"], "/id"), changed);
    let ninth = &found.body["result"][0];
    assert_eq!((&ninth["updated_at"], &ninth["last_name"]), (&json!("2026-04-14T01:00:00.000Z"), &json!("Rossi")));
    let one = native.unified("GET", "hris/employees/9", ACCOUNT, &Value::Null);
    assert_eq!(one.body["updated_at"], ninth["updated_at"]);

    // Whoever comes again with the last instant that it has seen meets what has changed meanwhile.
    native.wait(Duration::from_secs(60));
    native.send("POST", "/api/v1/employees/17", &json!({ "jobTitle": "Comptroller" }));
    let again = native.unified("GET", "hris/employees?updated_at[gt]=2026-04-15T09:00:00Z", ACCOUNT, &Value::Null);
    assert_eq!(column(&again.body["result"], "/id"), ["17"]);
    assert_eq!(again.body["result"][0]["job_title"], json!("Comptroller"));
    let none = native.unified("GET", "hris/employees?updated_after=2026-04-16T00:00:00Z", ACCOUNT, &Value::Null);
    assert_eq!((none.status, &none.body["result"]), (200, &json!([])));
}

#[test]
fn one_employee_has_what_only_the_single_answer_tells() {
    let got = native().unified("GET", "hris/employees/3", ACCOUNT, &Value::Null);
    assert_eq!((got.status, &got.body["employee_number"]), (200, &json!("E00003")));
    assert_eq!(got.body["employment_status"], json!("active"));
    assert_eq!(got.body["manager"], json!({ "id": "29", "name": "Dilan Iyer" }));
    assert_eq!(got.body["start_date"], json!("2023-01-04"));
    assert_eq!(got.body["updated_at"], json!("2026-01-30T01:00:00.000Z"));
}

#[test]
fn an_employee_is_made_and_changed() {
    let mut native = native();
    let ada = json!({
        "first_name": "Ada", "last_name": "Lovelace", "job_title": "Analyst", "employee_number": "E9",
        "emails": [{ "email": "ada@example.com", "type": "work" }],
        "phones": [{ "number": "1", "type": "mobile" }, { "number": "2", "type": "work" }],
        "groups": [{ "name": "Engineering", "type": "department" }, { "name": "Porto", "type": "location" }],
        "start_date": "2026-04-20", "manager": { "id": "3" },
    });
    let made = native.unified("POST", "hris/employees", ACCOUNT, &ada);
    assert_eq!((made.status, &made.body["id"], &made.body["name"]), (201, &json!("301"), &json!("Ada Lovelace")));
    let fields = "firstName,lastName,jobTitle,employeeNumber,workEmail,workPhone,mobilePhone,department,location,\
                  hireDate,supervisorId,status";
    let own = json!({
        "id": "301", "firstName": "Ada", "lastName": "Lovelace", "jobTitle": "Analyst", "employeeNumber": "E9",
        "workEmail": "ada@example.com", "workPhone": "2", "mobilePhone": "1", "department": "Engineering",
        "location": "Porto", "hireDate": "2026-04-20", "supervisorId": "3", "status": "Active",
    });
    assert_eq!(native.get(&format!("{EMPLOYEES}/301?fields={fields}")).body, own);

    native.wait(Duration::from_secs(1));
    let changed = native.unified("PATCH", "hris/employees/301", ACCOUNT, &json!({ "last_name": "King" }));
    assert_eq!((changed.status, &changed.body["name"]), (200, &json!("Ada King")));
    assert_eq!(changed.body["updated_at"], json!("2026-04-15T09:00:01.000Z"));
    let read = native.get(&format!("{EMPLOYEES}/301?fields=lastName,jobTitle")).body;
    assert_eq!(read, json!({ "id": "301", "lastName": "King", "jobTitle": "Analyst" }));
    assert_eq!(native.unified("DELETE", "hris/employees/301", ACCOUNT, &Value::Null).status, 405);
}

#[test]
fn refusals_are_told_with_the_providers_own_words() {
    let mut native = native();
    let got = native.unified("GET", "hris/employees/9999", ACCOUNT, &Value::Null);
    assert_eq!((got.status, &got.body["truto_is_remote_error"]), (404, &json!(true)));
    assert!(got.body["message"].as_str().unwrap().contains("Employee not found"), "{}", got.body);
    assert_eq!(got.header("X-BambooHR-Error-Message"), Some("Employee not found"));

    for _ in 0..98 {
        native.get("/api/v1/employees/1");
    }
    let last = native.unified("GET", "hris/employees/1", ACCOUNT, &Value::Null);
    assert_eq!((last.status, last.header("ratelimit-remaining")), (200, None), "nothing is known before");
    let got = native.unified("GET", "hris/employees/1", ACCOUNT, &Value::Null);
    assert_eq!((got.status, got.header("Retry-After")), (429, Some("60")));
    assert_eq!((got.header("ratelimit-remaining"), got.header("ratelimit-reset")), (Some("0"), Some("60")));
}

#[test]
fn a_list_of_nobody_is_empty() {
    let mut native = native();
    for (account, query) in
        [(NEW_ACCOUNT, ""), (ACCOUNT, "?first_name=Nobody"), (ACCOUNT, "?updated_at[gt]=2027-01-01T00:00:00Z")]
    {
        let page = native.unified("GET", &format!("hris/employees{query}"), account, &Value::Null);
        assert_eq!((page.status, &page.body["result"]), (200, &json!([])), "{query}: {}", page.body);
        assert_eq!(page.body["next_cursor"], Value::Null);
    }
    let missing = native.unified("GET", "hris/employees/9999", ACCOUNT, &Value::Null);
    assert_eq!((missing.status, &missing.body["message"]), (404, &json!("Employee not found")));
}
