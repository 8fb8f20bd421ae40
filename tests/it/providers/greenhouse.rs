//! Greenhouse's Harvest API, version 1, as its documentation has it.

mod unified;

use std::time::Duration;

use serde_json::{Value, json};

use super::native::{Got, Native, basic, column, members};
use super::world;

const HOST: &str = "harvest.greenhouse.io";
const KEY: &str = "sandbox-greenhouse-key-9a3de571";
const CANDIDATES: &str = "/v1/candidates";
const JOBS: &str = "/v1/jobs";
const APPLICATIONS: &str = "/v1/applications";

/// The fields of a candidate.
const CANDIDATE: &str = "addresses application_ids applications attachments can_email company coordinator created_at \
                         custom_fields educations email_addresses employments first_name id is_private \
                         keyed_custom_fields last_activity last_name linked_user_ids phone_numbers photo_url recruiter \
                         social_media_addresses tags title updated_at website_addresses";

fn native() -> Native {
    Native::new(world(), HOST, &basic(KEY, ""))
}

/// A write names the user who is responsible for it.
fn write(native: &mut Native, method: &str, target: &str, body: &Value) -> Got {
    let mut request = native.request(method, target);
    request.headers.push("On-Behalf-Of", "214");
    if !body.is_null() {
        request.headers.push("Content-Type", "application/json");
        request.body = body.to_string().into_bytes();
    }
    native.ask(&request)
}

/// The URL of the next page (RFC 8288).
fn next(got: &Got) -> Option<String> {
    let links = got.header("Link")?;
    let link = links.split(',').find(|link| link.contains("rel=\"next\""))?;
    Some(link.trim().strip_prefix('<')?.split('>').next()?.to_owned())
}

/// The ids on every page from `target` on.
fn walk(native: &mut Native, target: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut target = Some(target.to_owned());
    while let Some(this) = target {
        let page = native.get(&this);
        assert_eq!(page.status, 200, "{this}");
        pages.push(column(&page.body, "/id"));
        target = next(&page);
    }
    pages
}

#[test]
fn a_key_is_the_user_and_the_password_is_empty() {
    let mut native = native();
    assert_eq!(native.get(CANDIDATES).status, 200);
    for wrong in [None, Some(basic("nobody", "")), Some(basic("", KEY))] {
        native.authorize(wrong.as_deref());
        let got = native.get(CANDIDATES);
        let problem = json!({ "message": "Invalid Basic Auth credentials" });
        assert_eq!((got.status, got.body), (401, problem), "{wrong:?}");
    }
}

#[test]
fn the_next_page_stands_in_a_link() {
    let mut native = native();
    let page = native.get(&format!("{CANDIDATES}?per_page=2"));
    let link = page.header("Link").unwrap();
    let url = |page: u32| format!("https://harvest.greenhouse.io/v1/candidates?per_page=2&page={page}");
    assert_eq!(link, format!("<{}>; rel=\"next\",<{}>; rel=\"last\"", url(2), url(200)));
    let uncounted = native.get(&format!("{CANDIDATES}?per_page=2&skip_count=true"));
    let link = uncounted.header("Link").unwrap();
    assert!(link.contains("rel=\"next\"") && !link.contains("last"), "{link}");
    let ids = |range: std::ops::RangeInclusive<u32>| range.map(|n| format!("5388{n:04}")).collect::<Vec<_>>();
    let pages = walk(&mut native, CANDIDATES);
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [100; 4]);
    assert_eq!(pages.concat(), ids(1..=400));
    let pages = walk(&mut native, &format!("{CANDIDATES}?per_page=150"));
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [150, 150, 100]);
    let jobs = native.get(JOBS);
    assert_eq!((jobs.body.as_array().unwrap().len(), jobs.header("Link")), (60, None), "a single page has no Link");
    assert_eq!(native.get(&format!("{CANDIDATES}?page=9")).body, json!([]));
    let got = native.get(&format!("{CANDIDATES}?per_page=501"));
    let error = json!({ "message": "Must be between 1 and 500", "field": "per_page" });
    assert_eq!((got.status, got.body), (422, json!({ "message": "Validation error", "errors": [error] })));
}

#[test]
fn candidates_applications_and_jobs_belong_together() {
    let mut native = native();
    let candidate = native.get(&format!("{CANDIDATES}/53880001"));
    assert_eq!(candidate.status, 200);
    let mut names = members(&candidate.body);
    names.sort_unstable();
    assert_eq!(names.join(" "), CANDIDATE);
    assert_eq!(candidate.body["id"], json!(53_880_001));
    assert_eq!(candidate.body["application_ids"], json!([69_300_001]));
    let application = native.get(&format!("{APPLICATIONS}/69300001")).body;
    assert_eq!(application["candidate_id"], candidate.body["id"]);
    assert_eq!((&application["status"], &application["prospect"]), (&json!("active"), &json!(false)));
    assert_eq!(members(&application["current_stage"]), ["id", "name"]);
    let job = native.get(&format!("{JOBS}/{}", application["jobs"][0]["id"])).body;
    assert_eq!(application["jobs"], json!([{ "id": job["id"], "name": job["name"] }]));
    assert_eq!(candidate.body["applications"][0]["jobs"], application["jobs"]);
    let instant = candidate.body["created_at"].as_str().unwrap();
    assert!(instant.len() == "2017-08-15T03:31:46.591Z".len() && instant.ends_with('Z'), "{instant}");
    assert_eq!(members(&job["departments"][0])[..2], ["id", "name"]);
    assert_eq!(members(&job["offices"][0])[..2], ["id", "name"]);
    assert_eq!(walk(&mut native, APPLICATIONS).concat().len(), 400);
}

#[test]
fn lists_can_be_filtered() {
    let mut native = native();
    let found = native.get(&format!("{CANDIDATES}?candidate_ids=53880003,53880005,1"));
    assert_eq!(column(&found.body, "/id"), ["53880003", "53880005"]);
    let all = native.get(&format!("{CANDIDATES}?per_page=500")).body;
    let email = all[7]["email_addresses"][0]["value"].as_str().unwrap();
    assert_eq!(column(&native.get(&format!("{CANDIDATES}?email={email}")).body, "/id"), ["53880008"]);
    let job = all[0]["applications"][0]["jobs"][0]["id"].to_string();
    let on_job = |list: &Value, at: &str| column(list, at).iter().filter(|id| **id == job).count();
    let found = native.get(&format!("{CANDIDATES}?per_page=500&job_id={job}")).body;
    assert_eq!(found.as_array().unwrap().len(), on_job(&all, "/applications/0/jobs/0/id"));
    let applications = native.get(&format!("{APPLICATIONS}?per_page=500")).body;
    let found = native.get(&format!("{APPLICATIONS}?per_page=500&job_id={job}")).body;
    assert_eq!(found.as_array().unwrap().len(), on_job(&applications, "/jobs/0/id"));

    for (status, expected) in [("open", 48), ("closed", 12), ("draft", 0)] {
        let found = native.get(&format!("{JOBS}?status={status}")).body;
        assert_eq!(found.as_array().unwrap().len(), expected, "{status}");
    }
    assert_eq!(
        native.get(&format!("{APPLICATIONS}?status=nonsense")).body,
        json!([]),
        "an unknown status finds nothing"
    );

    let mut instants = column(&all, "/updated_at");
    instants.sort();
    let middle = instants[200].clone();
    let later = instants.iter().filter(|instant| **instant >= middle).count();
    let found = native.get(&format!("{CANDIDATES}?per_page=500&updated_after={middle}")).body;
    assert_eq!(found.as_array().unwrap().len(), later, "updated_after includes its instant");
    let found = native.get(&format!("{CANDIDATES}?per_page=500&updated_before={middle}")).body;
    assert_eq!(found.as_array().unwrap().len(), 400 - later, "updated_before does not");
    let found = native.get(&format!("{APPLICATIONS}?per_page=500&last_activity_after={middle}")).body;
    assert_eq!(found.as_array().unwrap().len(), later);
}

#[test]
fn a_candidate_is_made_changed_and_deleted() {
    let mut native = native();
    let ada = json!({
        "first_name": "Ada",
        "last_name": "Lovelace",
        "company": "Analytical Engines",
        "email_addresses": [{ "value": "ada@example.com", "type": "work" }],
        "applications": [{ "job_id": 112_701 }],
    });
    let made = write(&mut native, "POST", CANDIDATES, &ada);
    assert_eq!((made.status, &made.body["id"]), (201, &json!(53_880_401)));
    for name in ["first_name", "last_name", "company", "email_addresses"] {
        assert_eq!(made.body[name], ada[name], "{name}");
    }
    assert_eq!(made.body["created_at"], json!("2026-04-15T09:00:00.000Z"));
    let target = format!("{CANDIDATES}/53880401");
    assert_eq!(native.get(&target).body, made.body);
    assert_eq!(column(&native.get(&format!("{CANDIDATES}?email=ada@example.com")).body, "/id"), ["53880401"]);

    let on_job = native.get(&format!("{CANDIDATES}?job_id=112701&per_page=500")).body;
    assert!(column(&on_job, "/id").contains(&"53880401".to_owned()));

    native.wait(Duration::from_secs(3));
    let changed = write(&mut native, "PATCH", &target, &json!({ "title": "Analyst", "tags": ["Engines"] }));
    assert_eq!(
        (changed.status, &changed.body["title"], &changed.body["tags"]),
        (200, &json!("Analyst"), &json!(["Engines"]))
    );
    assert_eq!(changed.body["updated_at"], json!("2026-04-15T09:00:03.000Z"));
    let gone = write(&mut native, "DELETE", &target, &Value::Null);
    assert_eq!((gone.status, gone.body), (200, json!({ "message": "Person 53880401 has been deleted." })));
    let got = native.get(&target);
    assert_eq!((got.status, got.body), (404, json!({ "message": "Resource not found" })));
}

#[test]
fn a_job_is_made_from_a_template() {
    let mut native = native();
    let job = json!({ "template_job_id": 112_701, "number_of_openings": 1, "job_name": "Fact checker", "requisition_id": "R-9" });
    let made = write(&mut native, "POST", JOBS, &job);
    assert_eq!((made.status, &made.body["name"], &made.body["status"]), (201, &json!("Fact checker"), &json!("open")));
    assert_eq!(made.body["copied_from_id"], json!(112_701));
    assert_eq!(made.body.get("template_job_id"), None);
    let target = format!("{JOBS}/{}", made.body["id"]);
    let changed = write(&mut native, "PATCH", &target, &json!({ "name": "Chief fact checker" }));
    assert_eq!((changed.status, &changed.body["name"]), (200, &json!("Chief fact checker")));
    assert_eq!(native.get(&target).body["name"], json!("Chief fact checker"));
    let missing = write(&mut native, "POST", JOBS, &json!({ "template_job_id": 112_701 }));
    let error = json!({ "message": "is required", "field": "number_of_openings" });
    assert_eq!((missing.status, missing.body), (422, json!({ "message": "Validation error", "errors": [error] })));
}

#[test]
fn refusals_name_the_fields() {
    let mut native = native();
    let nobody = native.send("POST", CANDIDATES, &json!({ "first_name": "Ada" }));
    assert_eq!((nobody.status, &nobody.body["errors"][0]["field"]), (422, &json!("On-Behalf-Of")));
    let got = write(&mut native, "POST", CANDIDATES, &json!({ "first_name": "Ada" }));
    assert_eq!((got.status, &got.body["message"]), (422, &json!("Validation error")));
    assert_eq!(column(&got.body["errors"], "/field"), ["applications", "last_name"]);
    assert_eq!(members(&got.body["errors"][0]), ["message", "field"]);
    let none = json!({ "first_name": "A", "last_name": "B", "applications": [] });
    let got = write(&mut native, "POST", CANDIDATES, &none);
    assert_eq!((got.status, column(&got.body["errors"], "/field")), (422, vec!["applications".to_owned()]));
    for id in [112_799, 5] {
        let error = |field: &str| json!([{ "message": format!("There is no job {id}"), "field": field }]);
        let on_no_job = json!({ "first_name": "A", "last_name": "B", "applications": [{ "job_id": id }] });
        let got = write(&mut native, "POST", CANDIDATES, &on_no_job);
        assert_eq!((got.status, &got.body["errors"]), (422, &error("job_id")));
        let got = write(&mut native, "POST", JOBS, &json!({ "template_job_id": id, "number_of_openings": 1 }));
        assert_eq!((got.status, &got.body["errors"]), (422, &error("template_job_id")));
    }
    let got = native.get(&format!("{CANDIDATES}?updated_after=yesterday"));
    assert_eq!((got.status, &got.body["errors"][0]["field"]), (422, &json!("updated_after")));
    let got = native.get("/v1/candidate");
    assert_eq!((got.status, got.body), (404, json!({ "message": "Resource not found" })));
}

#[test]
fn fifty_requests_in_ten_seconds_are_the_most() {
    let mut native = native();
    let told = |got: &Got| {
        let header = |name| got.header(name).map(str::to_owned);
        (
            got.status,
            header("X-RateLimit-Limit"),
            header("X-RateLimit-Remaining"),
            header("X-RateLimit-Reset"),
            header("Retry-After"),
        )
    };
    let text = |text: &str| Some(text.to_owned());
    for left in (0..50).rev() {
        let got = native.get(&format!("{CANDIDATES}/53880001"));
        assert_eq!(told(&got), (200, text("50"), Some(left.to_string()), None, None));
    }
    native.wait(Duration::from_secs(4));
    let got = native.get(&format!("{CANDIDATES}/53880001"));
    // 2026-04-15T09:00:10Z
    assert_eq!(told(&got), (429, text("50"), text("0"), text("1776243610"), text("6")));
    assert_eq!(members(&got.body), ["message"]);
    native.wait(Duration::from_secs(6));
    assert_eq!(told(&native.get(&format!("{CANDIDATES}/53880001"))), (200, text("50"), text("49"), None, None));
}
