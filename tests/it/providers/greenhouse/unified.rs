//! Greenhouse's candidates, jobs and applications through the unified API.

use serde_json::{Value, json};

use crate::providers::native::column;

use super::{CANDIDATES, native};

const ACCOUNT: &str = "e4f81a6d-0c25-4b7e-a913-5d28c6f07b94";

#[test]
fn candidates_jobs_and_applications_are_listed_to_the_end() {
    let mut native = native();
    let candidates = native.unified_list("ats/candidates?limit=150", ACCOUNT);
    assert_eq!(column(&json!(candidates), "/id"), (1..=400).map(|n| format!("5388{n:04}")).collect::<Vec<_>>());
    let mut first = candidates[0].clone();
    first.as_object_mut().unwrap().remove("remote_data");
    let expected = json!({
        "id": "53880001", "first_name": "Mei", "last_name": "Solberg", "name": "Mei Solberg",
        "company": "Onyx Foods 5", "title": "Head of Partnerships",
        "last_interaction_at": "2026-01-05T09:00:00.000Z", "is_private": "false", "can_email": true, "locations": [],
        "phones": [{ "number": "+1 555 0000001", "type": "mobile" }],
        "emails": [{ "email": "mei.solberg.1@mail.example", "type": "personal" }], "urls": [],
        "tags": [{ "id": "Referral", "name": "Referral" }], "attachments": [],
        "created_at": "2025-03-11T09:00:00.000Z", "updated_at": "2026-01-05T09:00:00.000Z",
    });
    assert_eq!(first, expected);

    let jobs = native.unified_list("ats/jobs?limit=25", ACCOUNT);
    assert_eq!(column(&json!(jobs), "/id"), (1..=60).map(|n| format!("1127{n:02}")).collect::<Vec<_>>());
    assert_eq!(jobs[0]["departments"], json!([{ "id": "25906", "name": "Sales" }]));
    assert_eq!(jobs[0]["offices"], json!([{ "id": "47012", "name": "Galway" }]));
    assert_eq!((&jobs[0]["status"], &jobs[0]["requisition_id"]), (&json!("open"), &json!("R-0001")));

    let applications = native.unified_list("ats/applications?limit=500", ACCOUNT);
    assert_eq!(applications.len(), 400);
    assert_eq!(column(&json!(applications), "/candidate/id"), column(&json!(candidates), "/id"));
    assert_eq!(applications[0]["current_stage"], json!({ "id": "767352", "name": "Phone Screen" }));
    assert_eq!(applications[0]["applied_at"], json!("2025-03-11T09:00:00.000Z"));
}

#[test]
fn filters_are_the_providers_own_where_it_has_them() {
    let mut native = native();
    let found = native.unified_list("ats/candidates?updated_at[gt]=2026-04-11T09:00:00.000Z", ACCOUNT);
    assert_eq!(found.len(), 15, "four of the hundred days over which four hundred were changed, but for the bound");
    let found = native.unified_list("ats/jobs?status=closed", ACCOUNT);
    assert_eq!((found.len(), column(&json!(found), "/status")), (12, vec!["closed".to_owned(); 12]));
}

#[test]
fn a_candidate_is_made_changed_and_deleted() {
    let mut native = native();
    let ada = json!({
        "first_name": "Ada", "last_name": "Lovelace", "company": "Analytical Engines",
        "emails": [{ "email": "ada@example.com", "type": "work" }], "tags": [{ "name": "Engines" }],
        "applications": [{ "job": { "id": "112701" } }],
    });
    let made = native.unified("POST", "ats/candidates", ACCOUNT, &ada);
    assert_eq!((made.status, &made.body["id"], &made.body["name"]), (201, &json!("53880401"), &json!("Ada Lovelace")));
    let own = native.get(&format!("{CANDIDATES}/53880401")).body;
    assert_eq!(own["email_addresses"], json!([{ "value": "ada@example.com", "type": "work" }]));
    assert_eq!((&own["tags"], &own["company"]), (&json!(["Engines"]), &ada["company"]));
    let changed = native.unified("PATCH", "ats/candidates/53880401", ACCOUNT, &json!({ "title": "Analyst" }));
    assert_eq!(
        (changed.status, &changed.body["title"], &changed.body["company"]),
        (200, &json!("Analyst"), &ada["company"])
    );
    let job = native.unified("PATCH", "ats/jobs/112701", ACCOUNT, &json!({ "name": "Fact checker" }));
    assert_eq!((job.status, &job.body["name"]), (200, &json!("Fact checker")));
    let gone = native.unified("DELETE", "ats/candidates/53880401", ACCOUNT, &Value::Null);
    assert_eq!((gone.status, gone.body), (200, json!({ "id": "53880401" })));
    assert_eq!(native.get(&format!("{CANDIDATES}/53880401")).status, 404);
}

#[test]
fn refusals_are_told_with_the_providers_own_words() {
    let mut native = native();
    let got =
        native.unified("POST", "ats/candidates", ACCOUNT, &json!({ "first_name": "Ada", "last_name": "Lovelace" }));
    assert_eq!((got.status, &got.body["truto_is_remote_error"]), (422, &json!(true)));
    assert_eq!(got.body["raw_response"]["errors"][0]["field"], json!("applications"));
    assert!(got.body["message"].as_str().unwrap().contains("applications must not be empty"), "{}", got.body);
    assert_eq!(got.header("ratelimit-limit"), Some("50;w=10"));
    assert_eq!((got.header("ratelimit-remaining"), got.header("ratelimit-reset")), (Some("49"), Some("10")));
    for _ in 0..49 {
        native.get(&format!("{CANDIDATES}/53880001"));
    }
    let got = native.unified("GET", "ats/candidates/53880001", ACCOUNT, &Value::Null);
    assert_eq!((got.status, got.header("Retry-After")), (429, Some("10")));
    assert_eq!((got.header("ratelimit-limit"), got.header("ratelimit-remaining")), (Some("50;w=10"), Some("0")));
}
