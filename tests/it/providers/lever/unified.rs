//! Lever's opportunities and postings through the unified API.

use std::time::Duration;

use serde_json::{Value, json};

use crate::providers::native::{column, only};

use super::{OPPORTUNITIES, native, opportunity};

const ACCOUNT: &str = "2b96d0f8-71ce-4a54-83e7-c05a9f1d6b42";
const GREENHOUSE: &str = "e4f81a6d-0c25-4b7e-a913-5d28c6f07b94";

#[test]
fn candidates_and_jobs_are_those_of_the_other_provider() {
    let mut native = native();
    let candidates = native.unified_list("ats/candidates?limit=100", ACCOUNT);
    assert_eq!(column(&json!(candidates), "/id"), (1..=400).map(opportunity).collect::<Vec<_>>());
    let others = native.unified_list("ats/candidates?limit=200", GREENHOUSE);
    let same = ["first_name", "last_name", "name", "emails", "phones", "created_at", "updated_at"];
    assert_eq!(only(&candidates, &same), only(&others, &same));

    let jobs = native.unified_list("ats/jobs?limit=50", ACCOUNT);
    let others = native.unified_list("ats/jobs", GREENHOUSE);
    let same = ["name", "status", "requisition_id", "created_at", "updated_at"];
    assert_eq!((jobs.len(), only(&jobs, &same)), (60, only(&others, &same)));
    assert_eq!(column(&json!(jobs), "/departments/0/name"), column(&json!(others), "/departments/0/name"));
    assert_eq!(column(&json!(jobs), "/offices/0/name"), column(&json!(others), "/offices/0/name"));
}

#[test]
fn applications_are_seen_through_expanded_opportunities() {
    let mut native = native();
    let applications = native.unified_list("ats/applications?limit=100", ACCOUNT);
    assert_eq!(applications.len(), 400);
    let mut first = applications[0].clone();
    first.as_object_mut().unwrap().remove("remote_data");
    let expected = json!({
        "id": opportunity(1), "candidate": { "id": opportunity(1) },
        "job": { "id": "61f8a0d3-4be2-4719-b5c6-000000000026" },
        "applied_at": "2025-03-11T09:00:00.000Z", "rejected_at": null, "source": null, "credited_to": null,
        "current_stage": { "id": "Phone Screen", "name": "Phone Screen" },
        "created_at": "2025-03-11T09:00:00.000Z", "updated_at": "2026-01-05T09:00:00.000Z",
    });
    assert_eq!(first, expected);
    let others = native.unified_list("ats/applications?limit=500", GREENHOUSE);
    let tail = |ids: Vec<String>| ids.iter().map(|id| id[id.len() - 2..].to_owned()).collect::<Vec<_>>();
    assert_eq!(
        tail(column(&json!(applications), "/job/id")),
        tail(column(&json!(others), "/job/id")),
        "each applied for the same job"
    );
    let one = native.unified("GET", &format!("ats/applications/{}", opportunity(1)), ACCOUNT, &Value::Null);
    assert_eq!((one.status, &one.body["job"]), (200, &expected["job"]));
}

#[test]
fn a_candidate_and_a_job_are_made() {
    let mut native = native();
    let ada = json!({
        "first_name": "Ada", "last_name": "Lovelace", "emails": [{ "email": "ada@example.com" }],
        "phones": [{ "number": "1", "type": "mobile" }], "tags": [{ "name": "Engines" }],
    });
    let made = native.unified("POST", "ats/candidates", ACCOUNT, &ada);
    assert_eq!(
        (made.status, &made.body["id"], &made.body["name"]),
        (201, &json!(opportunity(401)), &json!("Ada Lovelace"))
    );
    let own = native.get(&format!("{OPPORTUNITIES}/{}", opportunity(401))).body["data"].clone();
    assert_eq!((&own["emails"], &own["tags"]), (&json!(["ada@example.com"]), &json!(["Engines"])));
    assert_eq!(own["phones"], json!([{ "value": "1", "type": "mobile" }]));
    let job = json!({ "name": "Fact checker", "status": "open", "departments": [{ "name": "Support" }] });
    let made = native.unified("POST", "ats/jobs", ACCOUNT, &job);
    assert_eq!((made.status, &made.body["status"]), (201, &json!("open")));
    let own = native.get(&format!("/v1/postings/{}", made.body["id"].as_str().unwrap())).body["data"].clone();
    assert_eq!((&own["state"], &own["categories"]["department"]), (&json!("published"), &json!("Support")));
    let changed =
        native.unified("PATCH", &format!("ats/candidates/{}", opportunity(1)), ACCOUNT, &json!({ "title": "x" }));
    assert_eq!(changed.status, 405, "an opportunity's person cannot be changed there");
}

#[test]
fn filters_and_refusals_are_the_providers_own() {
    let mut native = native();
    let found = native.unified_list("ats/candidates?updated_at[gt]=2026-04-11T09:00:00.000Z", ACCOUNT);
    assert_eq!(found.len(), 15);
    native.wait(Duration::from_secs(10));
    let got = native.unified("GET", "ats/candidates/nobody", ACCOUNT, &Value::Null);
    assert_eq!((got.status, &got.body["truto_is_remote_error"]), (404, &json!(true)));
    assert_eq!(got.body["raw_response"], json!({ "code": "ResourceNotFound", "message": "nobody was not found" }));
    for _ in 0..19 {
        native.get(OPPORTUNITIES);
    }
    let got = native.unified("GET", &format!("ats/candidates/{}", opportunity(1)), ACCOUNT, &Value::Null);
    assert_eq!(
        (got.status, got.header("ratelimit-remaining"), got.header("ratelimit-reset")),
        (429, Some("0"), Some("1"))
    );
}
