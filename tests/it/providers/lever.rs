//! Lever's API as its documentation and its clients have it.

mod unified;

use std::time::Duration;

use serde_json::{Value, json};

use super::native::{Native, basic, column, members};
use super::world;

const HOST: &str = "api.lever.co";
const KEY: &str = "sandbox-lever-key-d20c4f86";
const OPPORTUNITIES: &str = "/v1/opportunities";
const POSTINGS: &str = "/v1/postings";
const USER: &str = "perform_as=df0c9e41-5b27-4a88-8e16-7c3d02b9f654";
/// 2026-04-15T09:00:00Z
const START: i64 = 1_776_243_600_000;

fn native() -> Native {
    Native::new(world(), HOST, &basic(KEY, ""))
}

fn opportunity(n: u32) -> String {
    format!("3e9b2c74-5a16-4d8f-9c02-{n:012}")
}

fn refused(code: &str, message: &str) -> Value {
    json!({ "code": code, "message": message })
}

#[test]
fn a_key_is_the_user_and_the_password_is_empty() {
    let mut native = native();
    assert_eq!(native.get(OPPORTUNITIES).status, 200);
    native.authorize(None);
    let got = native.get(OPPORTUNITIES);
    assert_eq!((got.status, got.body), (401, refused("Unauthorized", "API key or access token is required")));
    native.authorize(Some(&basic("nobody", "")));
    let got = native.get(OPPORTUNITIES);
    assert_eq!((got.status, got.body), (401, refused("Unauthorized", "Invalid API key or access token")));
}

#[test]
fn an_offset_is_a_cursor_and_has_next_says_when_to_stop() {
    let mut native = native();
    let mut target = OPPORTUNITIES.to_owned();
    let mut pages = Vec::new();
    loop {
        let page = native.get(&target);
        assert_eq!(page.status, 200);
        pages.push(column(&page.body["data"], "/id"));
        if page.body["hasNext"] == json!(false) {
            assert_eq!(members(&page.body), ["data", "hasNext"]);
            break;
        }
        assert_eq!(members(&page.body), ["data", "hasNext", "next"]);
        target = format!("{OPPORTUNITIES}?offset={}", page.body["next"].as_str().unwrap());
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [100; 4]);
    assert_eq!(pages.concat(), (1..=400).map(opportunity).collect::<Vec<_>>());
    let got = native.get(&format!("{OPPORTUNITIES}?limit=101"));
    assert_eq!((got.status, got.body), (400, refused("BadRequest", "limit must be at most 100")));
    let got = native.get(&format!("{OPPORTUNITIES}?offset=nonsense"));
    assert_eq!((got.status, &got.body["code"]), (400, &json!("BadRequest")));
}

#[test]
fn an_opportunity_has_ids_and_milliseconds() {
    let mut native = native();
    let got = native.get(&format!("{OPPORTUNITIES}/{}", opportunity(1)));
    assert_eq!((got.status, members(&got.body)), (200, vec!["data"]));
    let data = &got.body["data"];
    assert_eq!(data["id"], json!(opportunity(1)));
    for name in ["createdAt", "updatedAt", "lastInteractionAt", "lastAdvancedAt"] {
        assert!(data[name].as_i64().unwrap() > 1_500_000_000_000, "{name}: {}", data[name]);
    }
    assert_eq!(data["contact"], json!("8d41f6a9-20b7-4c35-a1e8-000000000001"));
    assert_eq!(data["applications"], json!(["c7052e1b-9f4a-4b60-8d3c-000000000001"]));
    assert_eq!(data["urls"]["show"], json!(format!("https://hire.lever.co/candidates/{}", opportunity(1))));
    assert_eq!((&data["archived"], &data["isAnonymized"]), (&Value::Null, &json!(false)));
    for hidden in ["posting", "postings", "deletedAt"] {
        assert_eq!(data.get(hidden), None, "{hidden}");
    }
    let applications = native.get(&format!("{OPPORTUNITIES}/{}/applications", opportunity(1)));
    let application = &applications.body["data"][0];
    assert_eq!((&application["id"], &application["opportunityId"]), (&data["applications"][0], &data["id"]));
    let posting = native.get(&format!("{POSTINGS}/{}", application["posting"].as_str().unwrap()));
    assert_eq!((posting.status, posting.body["data"]["text"].is_string()), (200, true));
    let got = native.get(&format!("{OPPORTUNITIES}/nobody"));
    assert_eq!((got.status, got.body), (404, refused("ResourceNotFound", "nobody was not found")));
}

#[test]
fn expand_puts_objects_in_the_place_of_ids() {
    let mut native = native();
    let one = format!("{OPPORTUNITIES}/{}", opportunity(1));
    let plain = native.get(&one).body["data"].clone();
    let contact = native.get(&format!("{one}?expand=contact")).body["data"].clone();
    assert_eq!((&contact["contact"]["id"], &contact["contact"]["name"]), (&plain["contact"], &plain["name"]));
    assert_eq!(contact["applications"], plain["applications"]);
    let listed = native.get(&format!("{OPPORTUNITIES}?limit=1&expand=applications")).body["data"][0].clone();
    let application = native.get(&format!("{one}/applications")).body["data"][0].clone();
    for name in ["id", "opportunityId", "createdAt", "type", "posting", "name", "email", "phone", "company"] {
        assert_eq!(listed["applications"][0][name], application[name], "{name}");
    }
    assert_eq!((&listed["id"], &listed["createdAt"]), (&plain["id"], &plain["createdAt"]));
}

#[test]
fn lists_can_be_filtered() {
    let mut native = native();
    let first = native.get(&format!("{OPPORTUNITIES}/{}", opportunity(1))).body["data"].clone();
    let email = first["emails"][0].as_str().unwrap();
    let found = native.get(&format!("{OPPORTUNITIES}?email={email}")).body;
    assert_eq!(column(&found["data"], "/id"), [opportunity(1)]);
    let application = native.get(&format!("{OPPORTUNITIES}/{}/applications", opportunity(1))).body["data"][0].clone();
    let posting = application["posting"].as_str().unwrap();
    let found = native.get(&format!("{OPPORTUNITIES}?posting_id={posting}")).body;
    let ids = column(&found["data"], "/id");
    assert!(ids.contains(&opportunity(1)) && ids.len() < 100, "{ids:?}");
    let stage = first["stage"].as_str().unwrap();
    let found = native.get(&format!("{OPPORTUNITIES}?stage_id={stage}")).body;
    assert!(column(&found["data"], "/stage").iter().all(|other| other == stage));

    native.wait(Duration::from_secs(30));
    native.send("PUT", &format!("{OPPORTUNITIES}/{}/stage", opportunity(9)), &json!({ "stage": "offer" }));
    for start in [START + 1, START + 30_000] {
        let found = native.get(&format!("{OPPORTUNITIES}?updated_at_start={start}")).body;
        assert_eq!(column(&found["data"], "/id"), [opportunity(9)], "{start}");
        assert_eq!(found["data"][0]["updatedAt"], json!(START + 30_000));
    }
    let found = native.get(&format!("{OPPORTUNITIES}?updated_at_start={}", START + 30_001)).body;
    assert_eq!(found, json!({ "data": [], "hasNext": false }));
}

#[test]
fn an_opportunity_is_made_by_somebody() {
    let mut native = native();
    let ada =
        json!({ "name": "Ada Lovelace", "emails": ["ada@example.com"], "origin": "sourced", "headline": "Engines" });
    let got = native.send("POST", OPPORTUNITIES, &ada);
    let told = "perform_as is required and must be the id of a user";
    assert_eq!((got.status, got.body), (400, refused("BadRequest", told)));
    let made = native.send("POST", &format!("{OPPORTUNITIES}?{USER}"), &ada);
    assert_eq!((made.status, &made.body["deduped"]), (200, &json!(false)));
    let data = &made.body["data"];
    assert_eq!(data["id"], json!(opportunity(401)));
    for (name, value) in ada.as_object().unwrap() {
        assert_eq!(&data[name], value, "{name}");
    }
    assert_eq!((&data["createdAt"], &data["applications"]), (&json!(START), &json!([])));
    assert_eq!(data["contact"], json!("8d41f6a9-20b7-4c35-a1e8-000000000401"));
    assert_eq!(&native.get(&format!("{OPPORTUNITIES}/{}", opportunity(401))).body["data"], data);

    let posting = "61f8a0d3-4be2-4719-b5c6-000000000002";
    let applied = json!({ "name": "Bo", "postings": [posting] });
    let made = native.send("POST", &format!("{OPPORTUNITIES}?{USER}"), &applied);
    assert_eq!((made.status, made.body["data"].get("postings")), (200, None));
    let found = native.get(&format!("{OPPORTUNITIES}?posting_id={posting}")).body;
    assert_eq!(column(&found["data"], "/id").last(), Some(&opportunity(402)));
}

#[test]
fn postings_are_listed_and_made() {
    let mut native = native();
    let page = native.get(POSTINGS).body;
    assert_eq!((page["data"].as_array().unwrap().len(), &page["hasNext"]), (60, &json!(false)));
    let states = column(&page["data"], "/state");
    assert!(states.iter().all(|state| ["published", "closed"].contains(&state.as_str())), "{states:?}");
    for (state, expected) in [("published", 48), ("closed", 12), ("draft", 0)] {
        let found = native.get(&format!("{POSTINGS}?state={state}")).body;
        assert_eq!(found["data"].as_array().unwrap().len(), expected, "{state}");
    }
    let categories = &page["data"][0]["categories"];
    assert_eq!(members(categories), ["team", "department", "location", "allLocations", "commitment"]);
    let made = native.send("POST", &format!("{POSTINGS}?{USER}"), &json!({ "text": "Fact checker" }));
    assert_eq!((made.status, &made.body["data"]["state"]), (200, &json!("draft")));
    let missing = native.send("POST", &format!("{POSTINGS}?{USER}"), &json!({ "state": "draft" }));
    assert_eq!((missing.status, missing.body), (400, refused("BadRequest", "text is required")));
}

#[test]
fn what_was_deleted_has_a_list_of_its_own() {
    let mut native = native();
    let got = native.get(&format!("{OPPORTUNITIES}/deleted?deleted_at_start={START}"));
    assert_eq!((got.status, got.body), (200, json!({ "data": [], "hasNext": false })));
    assert_eq!(native.delete(&format!("{OPPORTUNITIES}/{}", opportunity(1))).status, 405, "nothing can be deleted");
}

#[test]
fn ten_a_second_with_bursts_of_twenty_are_the_most() {
    let mut native = native();
    let one = format!("{OPPORTUNITIES}/{}", opportunity(1));
    for n in 0..20 {
        assert_eq!(native.get(&one).status, 200, "request {n}");
    }
    let got = native.get(&one);
    assert_eq!((got.status, got.body), (429, refused("TooManyRequests", "Too many requests")));
    native.wait(Duration::from_secs(2));
    for second in 0..5 {
        for n in 0..10 {
            assert_eq!(native.get(&one).status, 200, "request {n} of second {second}");
        }
        native.wait(Duration::from_secs(1));
    }
}

#[test]
fn a_grant_has_scopes_and_its_refresh_token_rotates() {
    let mut native = native();
    native.authorize(None);
    native.at("auth.lever.co");
    let consent = "/authorize?response_type=code&client_id=sandbox-lever-client&state=s1&scope=opportunities%3Aread%3Aadmin%20offline_access&\
                   redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback";
    let got = native.get(consent);
    assert_eq!(got.status, 302);
    let query = got.header("Location").unwrap().split_once('?').unwrap().1.to_owned();
    let code = query.split('&').find_map(|pair| pair.strip_prefix("code=")).unwrap().to_owned();
    let client = "client_id=sandbox-lever-client&client_secret=sandbox-lever-secret-b18e";
    let redirect = "redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback";
    let got = native.form("/oauth/token", &format!("grant_type=authorization_code&code={code}&{client}&{redirect}"));
    assert_eq!((got.status, &got.body["expires_in"]), (200, &json!(3600)));
    let first = got.body["refresh_token"].as_str().unwrap().to_owned();
    native.at(HOST);
    native.authorize(Some(&format!("Bearer {}", got.body["access_token"].as_str().unwrap())));
    assert_eq!(native.get(OPPORTUNITIES).status, 200);
    let got = native.get(POSTINGS);
    assert_eq!((got.status, got.body), (403, refused("Forbidden", "The scope postings:read:admin is missing")));
    native.at("auth.lever.co");
    let refresh = |token: &str| format!("grant_type=refresh_token&refresh_token={token}&{client}");
    let second = native.form("/oauth/token", &refresh(&first));
    assert_eq!(second.status, 200);
    assert_ne!(second.body["refresh_token"], json!(first));
    let again = native.form("/oauth/token", &refresh(&first));
    assert_eq!((again.status, &again.body["error"]), (400, &json!("invalid_grant")), "a used token that comes again");
    let revoked = native.form("/oauth/token", &refresh(second.body["refresh_token"].as_str().unwrap()));
    assert_eq!((revoked.status, &revoked.body["error"]), (400, &json!("invalid_grant")), "has revoked them all");
    native.at(HOST);
    native.authorize(Some(&format!("Bearer {}", second.body["access_token"].as_str().unwrap())));
    assert_eq!(native.get(OPPORTUNITIES).status, 401);
    native.authorize(Some(&basic(KEY, "")));
    assert_eq!(native.get(OPPORTUNITIES).status, 200, "a key that somebody made is no token of that grant");
}
