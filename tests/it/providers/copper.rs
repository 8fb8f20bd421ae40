//! Copper, driven as the documentation of its developer API says.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod search;
mod unified;

use std::collections::BTreeSet;
use std::time::Duration;

use doccheck::http::{Headers, Request};
use doccheck::sandbox::World;
use serde_json::{Value, json};

use super::{after, answer, body, with};

use super::world;

const HOST: &str = "api.copper.com";
const API: &str = "/developer_api/v1";
const KEY: &str = "8f2c1d7e5b9a4036copper0key";
const FIRST: u64 = 27_140_359;

/// A request with the three fields that every call needs.
fn ask(method: &str, path: &str) -> Request {
    let mut request = Request {
        method: method.to_owned(),
        scheme: "https".to_owned(),
        host: HOST.to_owned(),
        path: format!("{API}{path}"),
        query: String::new(),
        headers: Headers::new(),
        body: Vec::new(),
    };
    request.headers.push("X-PW-AccessToken", KEY);
    request.headers.push("X-PW-Application", "developer_api");
    request.headers.push("X-PW-UserEmail", "ada@example.com");
    request.headers.push("Content-Type", "application/json");
    request
}

fn send(method: &str, path: &str, body: &Value) -> Request {
    let mut request = ask(method, path);
    request.body = body.to_string().into_bytes();
    request
}

fn search(world: &mut World, path: &str, asked: &Value) -> Vec<Value> {
    let reply = answer(world, &send("POST", &format!("{path}/search"), asked));
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    body(&reply).as_array().unwrap().clone()
}

fn names(record: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = record.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn all_three_fields_are_needed() {
    let list = send("POST", "/people/search", &json!({}));
    let mut refused: Vec<Request> = ["X-PW-AccessToken", "X-PW-Application", "X-PW-UserEmail"]
        .map(|name| {
            let mut request = list.clone();
            request.headers.remove(name);
            request
        })
        .into();
    refused.push(with(list.clone(), "X-PW-AccessToken", "nonsense"));
    refused.push(with(list.clone(), "X-PW-Application", "my_app"));
    for request in refused {
        let reply = answer(&mut world(), &request);
        assert_eq!(reply.status, 401, "{:?}", request.headers);
        assert_eq!(body(&reply), json!({ "success": false, "status": 401, "message": "Invalid Authentication" }));
    }
    let mut world = world();
    assert_eq!(after(&mut world, Duration::from_secs(40_000_000), &list).status, 200, "a key never ends");
}

#[test]
fn a_thousand_people_come_in_bare_arrays_until_a_short_page() {
    let world = &mut world();
    let mut ids = BTreeSet::new();
    let mut sizes = Vec::new();
    for number in 1.. {
        let reply = answer(world, &send("POST", "/people/search", &json!({ "page_number": number, "page_size": 150 })));
        assert_eq!((reply.status, reply.headers.get("X-PW-TOTAL")), (200, Some("1000")));
        let page = body(&reply);
        let page = page.as_array().unwrap();
        sizes.push(page.len());
        ids.extend(page.iter().map(|person| person["id"].as_u64().unwrap()));
        if page.len() < 150 {
            break;
        }
    }
    assert_eq!(sizes, [150, 150, 150, 150, 150, 150, 100]);
    assert_eq!((ids.len(), ids.first(), ids.last()), (1000, Some(&FIRST), Some(&(FIRST + 999))));

    assert_eq!(search(world, "/people", &json!({})).len(), 20, "20 where nothing is said");
    assert_eq!(search(world, "/people", &json!({ "page_size": 500 })).len(), 200, "no more than 200");
    let beyond = answer(world, &send("POST", "/people/search", &json!({ "page_number": 8, "page_size": 150 })));
    assert_eq!((beyond.status, body(&beyond), beyond.headers.get("X-PW-TOTAL")), (200, json!([]), Some("1000")));
    let bare = answer(world, &ask("POST", "/people/search"));
    assert_eq!((bare.status, body(&bare).as_array().unwrap().len()), (200, 20), "a search needs no body");
}

#[test]
fn a_person_has_the_fields_of_the_documentation() {
    let person = search(&mut world(), "/people", &json!({ "page_size": 1 })).remove(0);
    let expected = [
        "address",
        "assignee_id",
        "company_id",
        "company_name",
        "contact_type_id",
        "custom_fields",
        "date_created",
        "date_last_contacted",
        "date_modified",
        "details",
        "emails",
        "first_name",
        "id",
        "interaction_count",
        "last_name",
        "middle_name",
        "name",
        "phone_numbers",
        "prefix",
        "socials",
        "suffix",
        "tags",
        "title",
        "websites",
    ];
    assert_eq!(names(&person), expected);
    assert_eq!(person["id"], FIRST);
    assert!(person["company_id"].as_u64().unwrap() >= 13_349_319, "{}", person["company_id"]);
    assert_eq!(names(&person["emails"][0]), ["category", "email"]);
    assert_eq!(names(&person["phone_numbers"][0]), ["category", "number"]);
    assert_eq!(person["address"], Value::Null);
    assert!(person["date_created"].as_u64().unwrap() < 1_776_243_600, "seconds since 1970, before the start");
    let got = answer(&mut world(), &ask("GET", &format!("/people/{FIRST}")));
    assert_eq!((got.status, body(&got)), (200, person));
}

#[test]
fn a_search_is_filtered_and_ordered_by_its_body() {
    let world = &mut world();
    let since = 1_775_001_600; // 2026-04-01
    let mut all = Vec::new();
    for number in 1..=5 {
        all.extend(search(world, "/people", &json!({ "page_number": number, "page_size": 200 })));
    }
    let changed = |person: &&Value| person["date_modified"].as_u64().unwrap() >= since;
    let expected = all.iter().filter(changed).count();
    assert!(expected > 0 && expected < 1000, "{expected}");
    let asked = json!({ "minimum_modified_date": since, "sort_by": "date_modified", "sort_direction": "desc", "page_size": 200 });
    let reply = answer(world, &send("POST", "/people/search", &asked));
    assert_eq!(reply.headers.get("X-PW-TOTAL"), Some(expected.to_string().as_str()));
    let found = body(&reply);
    let dates: Vec<u64> = found.as_array().unwrap().iter().map(|one| one["date_modified"].as_u64().unwrap()).collect();
    assert_eq!(dates.len(), expected.min(200));
    assert!(dates.is_sorted_by(|one, two| one >= two), "{dates:?}");

    let mail = all[41]["emails"][0]["email"].as_str().unwrap();
    assert_eq!(search(world, "/people", &json!({ "emails": [mail] })), [all[41].clone()]);
    assert_eq!(search(world, "/people", &json!({ "ids": [FIRST + 3, FIRST + 4] })), all[3..5]);
    assert_eq!(search(world, "/people", &json!({ "maximum_created_date": 1 })), Vec::<Value>::new());
    let company = &all[0]["company_id"];
    let colleagues = search(world, "/people", &json!({ "company_ids": [company], "page_size": 200 }));
    assert!(!colleagues.is_empty() && colleagues.iter().all(|person| &person["company_id"] == company));
}

#[test]
fn a_person_is_made_changed_and_deleted() {
    let world = &mut world();
    let lead = json!({ "name": "Jane Doe", "emails": [{ "email": "jane.doe@example.com", "category": "work" }] });
    let made = answer(world, &send("POST", "/people", &lead));
    assert_eq!(made.status, 200, "not 201");
    let person = body(&made);
    let id = FIRST + 1000;
    assert_eq!((person["id"].clone(), person["name"].clone()), (json!(id), json!("Jane Doe")));
    assert_eq!((&person["first_name"], &person["last_name"]), (&json!("Jane"), &json!("Doe")), "made of the name");
    assert_eq!((person["tags"].clone(), person["date_created"].clone()), (json!([]), json!(1_776_243_600)));

    let change = json!({ "title": "CTO", "emails": null });
    let changed = after(world, Duration::from_secs(5), &send("PUT", &format!("/people/{id}"), &change));
    assert_eq!(changed.status, 200);
    let person = body(&changed);
    assert_eq!(
        (person["title"].clone(), person["name"].clone()),
        (json!("CTO"), json!("Jane Doe")),
        "absent is unchanged"
    );
    assert_eq!(person["emails"], Value::Null, "null clears");
    assert_eq!(person["date_modified"], 1_776_243_605);

    let gone = answer(world, &ask("DELETE", &format!("/people/{id}")));
    assert_eq!((gone.status, body(&gone)), (200, json!({ "id": id, "is_deleted": true })));
    let none = answer(world, &ask("GET", &format!("/people/{id}")));
    assert_eq!(
        (none.status, body(&none)),
        (404, json!({ "success": false, "status": 404, "message": "Resource not found" }))
    );
}

#[test]
fn refusals_say_their_status_in_the_body_too() {
    let mut broken = ask("POST", "/people");
    broken.body = b"{\"name\":".to_vec();
    let person = format!("/people/{FIRST}");
    let cases = [
        (send("POST", "/people", &json!({ "title": "CTO" })), 422, "Invalid input: name can't be blank"),
        (send("POST", "/companies", &json!({ "name": "" })), 422, "Invalid input: name can't be blank"),
        (
            send("POST", "/opportunities", &json!({ "name": "Renewal" })),
            422,
            "Invalid input: primary_contact_id can't be blank",
        ),
        (broken, 400, "Invalid input: the body is not a JSON object"),
        (ask("GET", "/people/1"), 404, "Resource not found"),
        (ask("GET", "/persons"), 404, "Not Found"),
        (
            send("POST", "/people/search", &json!({ "page_number": 501, "page_size": 200 })),
            422,
            "Invalid input: only the first 100000 records of a search can be reached",
        ),
    ];
    for (request, status, message) in cases {
        let reply = answer(&mut world(), &request);
        assert_eq!(body(&reply), json!({ "success": false, "status": status, "message": message }), "{}", request.path);
        assert_eq!(reply.status, status, "{}", request.path);
    }
    let wrong = answer(&mut world(), &send("PATCH", &person, &json!({ "title": "CTO" })));
    assert_eq!((wrong.status, body(&wrong)["status"].clone()), (405, json!(405)), "people are changed by PUT");
}

#[test]
fn the_181st_request_of_a_rolling_minute_is_refused_without_a_word_on_when() {
    let world = &mut world();
    let one = ask("GET", &format!("/people/{FIRST}"));
    for second in 0..180 {
        let reply = after(world, Duration::from_millis(second * 100), &one);
        assert_eq!(reply.status, 200);
        assert!(reply.headers.iter().all(|(name, _)| !name.to_lowercase().contains("rate")), "{:?}", reply.headers);
    }
    let spent = after(world, Duration::from_secs(30), &one);
    assert_eq!((spent.status, spent.headers.get("Retry-After")), (429, None));
    assert_eq!(body(&spent), json!({ "success": false, "status": 429, "message": "Rate limit exceeded" }));
    assert_eq!(after(world, Duration::from_millis(59_999), &one).status, 429);
    assert_eq!(after(world, Duration::from_secs(60), &one).status, 200, "the first one of the minute is over");
    assert_eq!(after(world, Duration::from_secs(60), &one).status, 429, "and it was one");
}

#[test]
fn companies_opportunities_and_notes_hang_together() {
    let world = &mut world();
    let total = |world: &mut World, path: &str| {
        let reply = answer(world, &send("POST", &format!("{path}/search"), &json!({ "page_size": 1 })));
        reply.headers.get("X-PW-TOTAL").unwrap().to_owned()
    };
    assert_eq!(["/companies", "/opportunities", "/activities"].map(|path| total(world, path)), ["200", "300", "400"]);

    let deal = search(world, "/opportunities", &json!({ "page_size": 1 })).remove(0);
    let company = answer(world, &ask("GET", &format!("/companies/{}", deal["company_id"])));
    assert_eq!((company.status, &body(&company)["name"]), (200, &deal["company_name"]));
    assert_eq!(answer(world, &ask("GET", &format!("/people/{}", deal["primary_contact_id"]))).status, 200);
    let date = deal["close_date"].as_str().unwrap();
    assert!(date.len() == 10 && date.ends_with("/2026") && date.as_bytes()[2] == b'/', "month, day, year: {date}");
    assert!(["Open", "Won", "Lost"].contains(&deal["status"].as_str().unwrap()), "{deal}");
    assert!(deal["pipeline_stage_id"].is_number(), "{deal}");
    assert!(deal["monetary_value"].is_number() && deal["monetary_unit"] == "USD", "{deal}");

    let note = search(world, "/activities", &json!({ "page_size": 1 })).remove(0);
    assert_eq!(
        (note["type"].clone(), note["parent"]["type"].clone()),
        (json!({ "category": "user", "id": 0 }), json!("person"))
    );
    assert_eq!(note["activity_date"], note["date_created"]);
    assert_eq!(answer(world, &ask("GET", &format!("/people/{}", note["parent"]["id"]))).status, 200);
    let same = search(world, "/activities", &json!({ "parent": { "type": "person", "id": note["parent"]["id"] } }));
    assert!(same.contains(&note) && same.iter().all(|other| other["parent"] == note["parent"]));

    let call = json!({ "parent": { "type": "person", "id": FIRST }, "type": { "category": "user", "id": 0 }, "details": "Called." });
    let made = answer(world, &send("POST", "/activities", &call));
    assert_eq!((made.status, body(&made)["activity_date"].clone()), (200, json!(1_776_243_600)));
    let bare = answer(world, &send("POST", "/activities", &json!({ "details": "Called." })));
    assert_eq!(bare.status, 422, "a note belongs to something");
}

#[test]
fn an_application_asks_for_a_token_that_does_not_end() {
    let world = &mut world();
    let mut consent = ask("GET", "");
    consent.host = "app.copper.com".to_owned();
    consent.path = "/oauth/authorize".to_owned();
    consent.query = "response_type=code&client_id=copper-sandbox-client&scope=developer%2Fv1%2Fall&state=s1\
                     &redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback"
        .to_owned();
    let sent = answer(world, &consent);
    assert_eq!(sent.status, 302, "{}", String::from_utf8_lossy(&sent.body));
    let location = sent.headers.get("Location").unwrap();
    let (_, code) = location.split_once("code=").unwrap();
    let code = code.split('&').next().unwrap();
    let mut exchange = consent.clone();
    exchange.method = "POST".to_owned();
    exchange.path = "/oauth/token".to_owned();
    exchange.query = String::new();
    exchange.headers.set("Content-Type", "application/x-www-form-urlencoded");
    exchange.body = format!(
        "grant_type=authorization_code&code={code}&client_id=copper-sandbox-client&client_secret=copper-sandbox-secret\
         &redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback"
    )
    .into_bytes();
    let issued = answer(world, &exchange);
    assert_eq!(issued.status, 200, "{}", String::from_utf8_lossy(&issued.body));
    let token = body(&issued);
    assert_eq!(token.get("expires_in"), None);
    let mut list = send("POST", "/people/search", &json!({}));
    for name in ["X-PW-AccessToken", "X-PW-Application", "X-PW-UserEmail"] {
        list.headers.remove(name);
    }
    let list = with(list, "Authorization", &format!("Bearer {}", token["access_token"].as_str().unwrap()));
    assert_eq!(after(world, Duration::from_secs(40_000_000), &list).status, 200);
}
