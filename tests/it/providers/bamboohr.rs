//! BambooHR's API as its documentation has it.

mod unified;

use std::time::Duration;

use serde_json::{Value, json};

use super::native::{Got, Native, basic, column, members};
use super::world;

const HOST: &str = "example.bamboohr.com";
const KEY: &str = "sandbox-bamboohr-key-4be1907f";
const NEW_KEY: &str = "sandbox-bamboohr-key-new-18d6c3a2";
const DIRECTORY: &str = "/api/v1/employees/directory";
const CHANGED: &str = "/api/v1/employees/changed";
const EMPLOYEES: &str = "/api/v1/employees";

fn native() -> Native {
    Native::new(world(), HOST, &basic(KEY, "x"))
}

/// A refusal says what it has to say in its header, and has no body.
fn refusal(got: &Got) -> (u16, Option<&str>, &Value) {
    (got.status, got.header("X-BambooHR-Error-Message"), &got.body)
}

#[test]
fn a_key_is_the_user_and_any_password_will_do() {
    let mut native = native();
    assert_eq!(native.get(DIRECTORY).status, 200);
    native.authorize(Some(&basic(KEY, "whatever")));
    assert_eq!(native.get(DIRECTORY).status, 200);
    for wrong in [None, Some(basic("nobody", "x")), Some(basic("x", KEY)), Some(format!("Bearer {KEY}0"))] {
        native.authorize(wrong.as_deref());
        assert_eq!(refusal(&native.get(DIRECTORY)), (401, Some("Invalid API key"), &Value::Null), "{wrong:?}");
    }
}

#[test]
fn the_directory_is_the_whole_company_on_one_page() {
    let got = native().get(DIRECTORY);
    assert_eq!((got.status, got.header("Content-Type")), (200, Some("application/json")));
    assert_eq!(members(&got.body), ["employees", "fields"]);
    let everyone = native().get(&format!("{DIRECTORY}?onlyCurrent=false")).body;
    assert_eq!(column(&everyone["employees"], "/id"), (1..=300).map(|n| n.to_string()).collect::<Vec<_>>());
    let gone = native().get(&format!("{EMPLOYEES}?filter[status]=Inactive&page[limit]=100")).body;
    let gone = column(&gone["data"], "/employeeId");
    assert_eq!(gone.len(), 30);
    let current = (1..=300).map(|n| n.to_string()).filter(|id| !gone.contains(id)).collect::<Vec<_>>();
    assert_eq!(column(&got.body["employees"], "/id"), current);
    assert_eq!(native().get(&format!("{DIRECTORY}?onlyCurrent=true")).body, got.body);
    let names = [
        "displayName",
        "firstName",
        "lastName",
        "preferredName",
        "jobTitle",
        "workPhone",
        "workPhoneExtension",
        "mobilePhone",
        "workEmail",
        "department",
        "location",
        "division",
        "pronouns",
        "photoUploaded",
        "photoUrl",
    ];
    assert_eq!(column(&got.body["fields"], "/id"), names);
    assert_eq!(members(&got.body["employees"][0])[1..], names);
    for parameter in ["limit=10", "page=2", "per_page=1", "offset=100"] {
        assert_eq!(native().get(&format!("{DIRECTORY}?{parameter}")).body, got.body, "{parameter} is not known");
    }
    assert!(got.headers.iter().all(|(name, _)| !name.to_lowercase().contains("ratelimit") && name != "Link"));
}

#[test]
fn older_clients_ask_the_gateway() {
    let at_home = native().get(DIRECTORY).body;
    let mut native = native();
    native.at("api.bamboohr.com");
    assert_eq!(native.get("/api/gateway.php/example/v1/employees/directory").body, at_home);
    let one = native.get("/api/gateway.php/example/v1/employees/7?fields=jobTitle");
    assert_eq!((one.status, members(&one.body)), (200, vec!["id", "jobTitle"]));
    assert_eq!(native.get("/api/gateway.php/example/v1/employees/changed").status, 200);
}

#[test]
fn an_empty_directory_is_not_found() {
    let mut native = Native::new(world(), HOST, &basic(NEW_KEY, "x"));
    assert_eq!(refusal(&native.get(DIRECTORY)), (404, Some("No employees found"), &Value::Null));
    native.send("POST", EMPLOYEES, &json!({ "firstName": "Ada", "lastName": "Lovelace" }));
    let got = native.get(DIRECTORY);
    assert_eq!((got.status, column(&got.body["employees"], "/displayName")), (200, vec!["Ada Lovelace".to_owned()]));
}

#[test]
fn one_employee_has_the_fields_that_were_asked_for() {
    let mut native = native();
    let directory = native.get(DIRECTORY).body;
    let first = &directory["employees"][0];
    let (first_name, last_name) = (&first["firstName"], &first["lastName"]);
    let got = native.get("/api/v1/employees/1");
    assert_eq!((got.status, &got.body), (200, &json!({ "id": "1", "firstName": first_name, "lastName": last_name })));
    let got = native.get("/api/v1/employees/1?fields=workEmail,hireDate,nonsense,status");
    assert_eq!(members(&got.body), ["id", "workEmail", "hireDate", "status"], "what is not there is left out silently");
    assert_eq!(got.body["workEmail"], first["workEmail"]);
    let missing = native.get("/api/v1/employees/9999");
    assert_eq!(refusal(&missing), (404, Some("Employee not found"), &Value::Null));
}

#[test]
fn the_newer_list_pages_by_cursor() {
    let mut native = native();
    let mut target = EMPLOYEES.to_owned();
    let mut pages = Vec::new();
    loop {
        let page = native.get(&target);
        assert_eq!((page.status, members(&page.body)), (200, vec!["data", "meta", "links"]));
        assert_eq!((&page.body["meta"]["total"], &page.body["meta"]["page"]["limit"]), (&json!(300), &json!(50)));
        pages.push(column(&page.body["data"], "/employeeId"));
        let Some(cursor) = page.body["meta"]["page"]["nextCursor"].as_str() else {
            assert_eq!(page.body["links"]["next"], Value::Null);
            break;
        };
        target = format!("{EMPLOYEES}?page[after]={cursor}");
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [50; 6]);
    assert_eq!(pages.concat(), (1..=300).map(|n| n.to_string()).collect::<Vec<_>>());

    let page = native.get(&format!("{EMPLOYEES}?page%5Blimit%5D=100&sort=-lastName")).body;
    let names = column(&page["data"], "/lastName");
    assert_eq!((names.len(), names.is_sorted_by(|one, next| one >= next)), (100, true));
    let row = ["employeeId", "firstName", "lastName", "preferredName", "photoUrl", "jobTitleName", "status"];
    assert_eq!(members(&page["data"][0])[..7], row);
    assert_eq!(page["data"][0]["_restrictedFields"], json!([]));
    let too_many = native.get(&format!("{EMPLOYEES}?page[limit]=101"));
    let problem = json!({ "code": "BadPage", "message": "page[limit] must be at most 100" });
    assert_eq!((too_many.status, too_many.body), (400, problem));
}

#[test]
fn the_newer_list_can_be_filtered() {
    let mut native = native();
    let all = native.get(&format!("{DIRECTORY}?onlyCurrent=false")).body;
    let name = all["employees"][0]["lastName"].as_str().unwrap();
    let expected = column(&all["employees"], "/lastName").iter().filter(|other| other.contains(name)).count();
    let found = native.get(&format!("{EMPLOYEES}?page[limit]=100&filter[lastName]={name}")).body;
    assert_eq!(found["data"].as_array().unwrap().len(), expected);
    let found = native.get(&format!("{EMPLOYEES}?filter[ids]=3,5,9999")).body;
    assert_eq!(column(&found["data"], "/employeeId"), ["3", "5"]);
    for status in ["Active", "Inactive"] {
        let found = native.get(&format!("{EMPLOYEES}?page[limit]=100&filter[status]={status}")).body;
        let statuses = column(&found["data"], "/status");
        assert!(!statuses.is_empty() && statuses.iter().all(|found| found == status), "{status}: {statuses:?}");
    }
}

#[test]
fn the_changed_feed_is_a_map_of_ids() {
    let mut native = native();
    let got = native.get(&format!("{CHANGED}?since=2000-01-01T00:00:00Z"));
    assert_eq!((got.status, members(&got.body)), (200, vec!["latest", "employees"]));
    let employees = got.body["employees"].as_object().unwrap();
    assert_eq!(employees.len(), 300);
    let row = &employees["17"];
    assert_eq!((members(row), &row["id"]), (vec!["id", "action", "lastChanged"], &json!("17")));

    native.wait(Duration::from_secs(60));
    assert_eq!(native.get(&format!("{CHANGED}?since=2026-04-15T09:00:30Z")).body["employees"], json!({}));
    native.send("POST", "/api/v1/employees/17", &json!({ "jobTitle": "Comptroller" }));
    let since = native.get(&format!("{CHANGED}?since=2026-04-15T09:00:30%2B00:00"));
    let row = json!({ "id": "17", "action": "Updated", "lastChanged": "2026-04-15T09:01:00+00:00" });
    assert_eq!(since.body["employees"], json!({ "17": row }));
    native.send("POST", EMPLOYEES, &json!({ "firstName": "Ada", "lastName": "Lovelace" }));
    let inserted = native.get(&format!("{CHANGED}?since=2026-04-15T09:00:30Z&type=inserted"));
    let row = json!({ "id": "301", "action": "Inserted", "lastChanged": "2026-04-15T09:01:00+00:00" });
    assert_eq!(inserted.body["employees"], json!({ "301": row }));
    let deleted = native.get(&format!("{CHANGED}?since=2000-01-01T00:00:00Z&type=deleted"));
    assert_eq!((deleted.status, &deleted.body["employees"]), (200, &json!({})));
}

#[test]
fn a_new_employee_is_told_by_its_location() {
    let mut native = native();
    let ada =
        json!({ "firstName": "Ada", "lastName": "Lovelace", "workEmail": "ada@example.com", "jobTitle": "Analyst" });
    let got = native.send("POST", EMPLOYEES, &ada);
    assert_eq!((got.status, &got.body), (201, &Value::Null));
    let location = got.header("Location").unwrap();
    assert_eq!(location, "https://example.bamboohr.com/api/v1/employees/301");
    let fields = "firstName,lastName,displayName,workEmail,jobTitle,status,lastChanged";
    let mut expected = ada.clone();
    expected["id"] = json!("301");
    expected["displayName"] = json!("Ada Lovelace");
    expected["status"] = json!("Active");
    expected["lastChanged"] = json!("2026-04-15T09:00:00+00:00");
    assert_eq!(native.get(&format!("{location}?fields={fields}")).body, expected);

    native.wait(Duration::from_secs(5));
    let changed = native.send("POST", "/api/v1/employees/301", &json!({ "lastName": "King" }));
    assert_eq!((changed.status, changed.body), (200, Value::Null));
    let read = native.get("/api/v1/employees/301?fields=displayName,lastChanged").body;
    assert_eq!(read, json!({ "id": "301", "displayName": "Ada King", "lastChanged": "2026-04-15T09:00:05+00:00" }));
}

#[test]
fn every_refusal_stands_in_a_header() {
    let mut native = native();
    let ada = json!({ "firstName": "Ada", "lastName": "Lovelace", "workEmail": "ada@example.com" });
    native.send("POST", EMPLOYEES, &ada);
    let cases = [
        (json!({ "firstName": "Ada" }), 400, "Missing required fields: lastName"),
        (ada, 409, "Duplicate workEmail: ada@example.com"),
        (json!({ "firstName": "A", "lastName": "B", "jobTitl": "x" }), 406, "Invalid field: \"jobTitl\""),
    ];
    for (body, status, message) in cases {
        let got = native.send("POST", EMPLOYEES, &body);
        assert_eq!(refusal(&got), (status, Some(message), &Value::Null));
    }
    let bad = native.send("POST", EMPLOYEES, &json!({ "firstName": "A", "lastName": "B", "workEmail": "nowhere" }));
    assert_eq!((bad.status, bad.header("X-BambooHR-Error-Message").is_some()), (409, true));
    assert_eq!(native.get("/api/v1/employee").status, 404);
    assert_eq!(native.delete("/api/v1/employees/1").status, 405);
    assert_eq!(native.raw("POST", EMPLOYEES, "application/json", "{").status, 400);
}

#[test]
fn too_many_requests_are_told_by_retry_after_alone() {
    let mut native = native();
    for n in 0..100 {
        assert_eq!(native.get("/api/v1/employees/1").status, 200, "request {n}");
    }
    native.wait(Duration::from_millis(20_500));
    let got = native.get("/api/v1/employees/1");
    assert_eq!(refusal(&got), (429, Some("Rate limit exceeded"), &Value::Null));
    assert_eq!(got.header("Retry-After"), Some("40"));
    native.authorize(Some(&basic(NEW_KEY, "x")));
    assert_eq!(native.get("/api/v1/employees/1").status, 404, "another company has a budget of its own");
    native.authorize(Some(&basic(KEY, "x")));
    native.wait(Duration::from_secs(40));
    let again = native.get("/api/v1/employees/1");
    assert_eq!((again.status, again.header("Retry-After")), (200, None));
}

#[test]
fn a_grant_gives_tokens_of_an_hour() {
    let mut native = native();
    native.authorize(None);
    let consent = "/authorize.php?request=authorize&response_type=code&client_id=sandbox-bamboohr-client&state=s1&\
                   redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback";
    let got = native.get(consent);
    assert_eq!(got.status, 302);
    let back = got.header("Location").unwrap().to_owned();
    let query = back.strip_prefix("https://app.example.com/callback?").unwrap();
    let code = query.split('&').find_map(|pair| pair.strip_prefix("code=")).unwrap();
    assert!(query.split('&').any(|pair| pair == "state=s1"));
    let client = "client_id=sandbox-bamboohr-client&client_secret=sandbox-bamboohr-secret-77c1";
    let redirect = "redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback";
    let token = "/token.php?request=token";
    let got = native.form(token, &format!("grant_type=authorization_code&code={code}&{client}&{redirect}"));
    assert_eq!((got.status, &got.body["expires_in"]), (200, &json!(3600)));
    native.authorize(Some(&format!("Bearer {}", got.body["access_token"].as_str().unwrap())));
    assert_eq!(native.get(EMPLOYEES).status, 200);

    native.wait(Duration::from_secs(3601));
    assert_eq!(native.get(EMPLOYEES).status, 401);
    let refresh = got.body["refresh_token"].as_str().unwrap();
    let again = native.form(token, &format!("grant_type=refresh_token&refresh_token={refresh}&{client}"));
    assert_eq!(again.status, 200);
    native.authorize(Some(&format!("Bearer {}", again.body["access_token"].as_str().unwrap())));
    assert_eq!(native.get(EMPLOYEES).status, 200);
    let refused = native.form(token, &format!("grant_type=refresh_token&refresh_token=nothing&{client}"));
    assert_eq!((refused.status, &refused.body["error"]), (400, &json!("invalid_grant")));
}
