//! Pipedrive as its documentation says: cursors in v2, offsets in v1, whole seconds, a reset in seconds that are left.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::time::Duration;

use doccheck::clock::Timestamp;
use doccheck::http::{Headers, Reply, Request};
use doccheck::sandbox::{Fault, World};
use serde_json::{Value, json};

use super::{body, documented, keys, with};

const TOKEN: &str = "sandbox-pipedrive-token-5e0c31f7a9b2";
const READ_ONLY: &str = "sandbox-pipedrive-token-read-8a41c05d7e36";
const INFO: &str = "Please check developers.pipedrive.com";

/// A client that stays below twenty requests in two seconds, as it must.
struct Client {
    world: World,
    now: Timestamp,
}

impl Client {
    fn new() -> Self {
        let world = super::world();
        Self { now: world.start(), world }
    }

    fn send(&mut self, request: &Request) -> Reply {
        self.now = self.now.after(Duration::from_millis(250));
        self.world.answer(request, self.now).reply
    }

    fn get(&mut self, target: &str) -> Value {
        let reply = self.send(&ask("GET", target));
        assert_eq!(reply.status, 200, "{target}: {}", String::from_utf8_lossy(&reply.body));
        let told: Value = body(&reply);
        assert_eq!(told["success"], true);
        told
    }
}

fn ask(method: &str, target: &str) -> Request {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: method.to_owned(),
        scheme: "https".to_owned(),
        host: "api.pipedrive.com".to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: Headers::new(),
        body: Vec::new(),
    };
    request.headers.push("x-api-token", TOKEN);
    request
}

fn write(method: &str, target: &str, fields: &Value) -> Request {
    raw(method, target, &fields.to_string())
}

fn raw(method: &str, target: &str, text: &str) -> Request {
    let mut request = ask(method, target);
    request.headers.push("Content-Type", "application/json");
    request.body = text.as_bytes().to_vec();
    request
}

fn ids(page: &Value) -> Vec<u64> {
    page["data"].as_array().unwrap().iter().map(|record| record["id"].as_u64().unwrap()).collect()
}

/// The shape of an answer to who may not ask.
fn refusal(error: &str, code: u16) -> Value {
    json!({ "success": false, "error": error, "errorCode": code, "error_info": INFO })
}

/// The shape of an answer to what cannot be read or written.
fn failure(error: &str) -> Value {
    json!({ "success": false, "error": error, "error_info": INFO, "data": null, "additional_data": null })
}

#[test]
fn a_token_is_a_header_of_its_own_or_a_bearer() {
    let mut client = Client::new();
    let list = || ask("GET", "/api/v2/persons?limit=1");
    let unauthorized = refusal("unauthorized access", 401);
    let mut silent = list();
    silent.headers.remove("x-api-token");
    for request in
        [silent.clone(), with(list(), "x-api-token", "nonsense"), with(silent.clone(), "Authorization", "Bearer x")]
    {
        let reply = client.send(&request);
        assert_eq!((reply.status, body(&reply)), (401, unauthorized.clone()));
        assert_eq!(reply.headers.get("Content-Type"), Some("application/json; charset=utf-8"));
    }
    let bearer = with(silent, "Authorization", &format!("Bearer {TOKEN}"));
    assert_eq!(client.send(&bearer).status, 200);
    let mut company = list();
    company.host = "example.pipedrive.com".to_owned();
    assert_eq!(client.send(&company).status, 200, "each company has a host of its own");
    assert_eq!(client.get("/v1/users/me")["data"]["company_domain"], "example");
}

#[test]
fn a_thousand_persons_come_by_cursors() {
    let mut client = Client::new();
    let (mut seen, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let page = client.get(&format!("/api/v2/persons?limit=300{cursor}"));
        pages += 1;
        assert_eq!(keys(&page), documented("success data additional_data"));
        assert_eq!(keys(&page["additional_data"]), documented("next_cursor"));
        seen.extend(ids(&page));
        match &page["additional_data"]["next_cursor"] {
            Value::Null => break,
            next => cursor = format!("&cursor={}", next.as_str().unwrap()),
        }
    }
    assert_eq!((pages, seen), (4, (1..=1000).collect::<Vec<u64>>()));
    assert_eq!(ids(&client.get("/api/v2/persons")).len(), 100, "the usual page");
    assert_eq!(ids(&client.get("/api/v2/persons?limit=900")).len(), 500, "the longest page");
    assert_eq!(ids(&client.get("/api/v2/organizations?limit=500")).len(), 200);
    assert_eq!(ids(&client.get("/api/v2/deals?limit=500")).len(), 300);
}

#[test]
fn notes_come_by_offsets() {
    let mut client = Client::new();
    let first = client.get("/v1/notes?limit=150");
    assert_eq!(
        first["additional_data"],
        json!({ "pagination": { "start": 0, "limit": 150, "more_items_in_collection": true, "next_start": 150 } })
    );
    let last = client.get("/v1/notes?limit=150&start=300");
    assert_eq!(
        last["additional_data"],
        json!({ "pagination": { "start": 300, "limit": 150, "more_items_in_collection": false } })
    );
    assert_eq!((ids(&first).len(), ids(&last).len()), (150, 100));
    let note = &first["data"][0];
    let instant = note["add_time"].as_str().unwrap();
    assert_eq!((instant.len(), instant.as_bytes()[10]), (19, b' '), "{instant} is v1's form");
    let person = note["person_id"].as_u64().unwrap();
    let about = client.get(&format!("/v1/notes?person_id={person}"));
    assert!(!ids(&about).is_empty());
    assert!(about["data"].as_array().unwrap().iter().all(|note| note["person_id"] == person));
}

#[test]
fn records_have_the_documented_fields() {
    let mut client = Client::new();
    let person = client.get("/api/v2/persons/1")["data"].clone();
    let names = "id name first_name last_name owner_id org_id add_time update_time emails phones is_deleted visible_to label_ids \
                 picture_id custom_fields";
    assert_eq!(keys(&person), documented(names));
    assert_eq!(keys(&person["emails"][0]), documented("value primary label"));
    assert_eq!((&person["emails"][0]["primary"], &person["emails"][0]["label"]), (&json!(true), &json!("work")));
    assert_eq!(person["is_deleted"], false);
    let instant = person["update_time"].as_str().unwrap();
    assert!(instant.len() == 20 && Timestamp::parse(instant).is_some(), "{instant} has whole seconds");
    let company = client.get(&format!("/api/v2/organizations/{}", person["org_id"]));
    assert_eq!(
        keys(&company["data"]),
        documented("id name owner_id add_time update_time is_deleted visible_to address label_ids custom_fields")
    );
    let deal = client.get("/api/v2/deals/1")["data"].clone();
    assert!(deal["value"].is_u64() && deal["title"].is_string(), "{deal}");
    assert!(["open", "won", "lost"].contains(&deal["status"].as_str().unwrap()));
    let stages = client.get("/api/v2/stages");
    assert!(ids(&stages).contains(&deal["stage_id"].as_u64().unwrap()));
}

#[test]
fn lists_are_filtered_and_sorted() {
    let mut client = Client::new();
    assert_eq!(ids(&client.get("/api/v2/persons?ids=3,1,77777")), [1, 3]);
    let backwards = client.get("/api/v2/persons?limit=2&sort_by=id&sort_direction=desc");
    assert_eq!(ids(&backwards), [1000, 999]);
    let newest = client.get("/api/v2/persons?limit=500&sort_by=update_time&sort_direction=desc");
    let times: Vec<_> =
        newest["data"].as_array().unwrap().iter().map(|record| record["update_time"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b) && times[0] > times[499]);

    let bound = times[20];
    let since = client.get(&format!("/api/v2/persons?limit=500&updated_since={bound}"));
    let expected = times.iter().filter(|time| **time >= bound).count();
    assert_eq!(ids(&since).len(), expected, "the bound itself is in");
    let until = client.get(&format!("/api/v2/persons?limit=500&updated_until={bound}&updated_since={bound}"));
    assert_eq!(ids(&until).len(), times.iter().filter(|time| **time == bound).count(), "at both ends");

    let company = client.get("/api/v2/persons/1")["data"]["org_id"].as_u64().unwrap();
    let colleagues = client.get(&format!("/api/v2/persons?org_id={company}&limit=500"));
    assert!(ids(&colleagues).contains(&1));
    assert!(colleagues["data"].as_array().unwrap().iter().all(|person| person["org_id"] == company));
    let won = client.get("/api/v2/deals?status=won&limit=500");
    assert!(won["data"].as_array().unwrap().iter().all(|deal| deal["status"] == "won") && !ids(&won).is_empty());
}

#[test]
fn a_person_is_made_read_changed_and_deleted() {
    let mut client = Client::new();
    let fields =
        json!({ "name": "Ada Lovelace", "emails": [{ "value": "ada@example.com", "primary": true, "label": "work" }] });
    let reply = client.send(&write("POST", "/api/v2/persons", &fields));
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    let made = body(&reply);
    assert_eq!(keys(&made), documented("success data"));
    let person = &made["data"];
    assert_eq!((&person["id"], &person["name"], &person["emails"]), (&json!(1001), &fields["name"], &fields["emails"]));
    assert_eq!((&person["first_name"], &person["last_name"]), (&json!("Ada"), &json!("Lovelace")));
    assert_eq!(client.get("/api/v2/persons/1001"), made);

    client.now = client.now.after(Duration::from_secs(60));
    let reply = client.send(&write("PATCH", "/api/v2/persons/1001", &json!({ "name": "Ada King" })));
    let changed = body(&reply);
    assert_eq!((reply.status, &changed["data"]["name"]), (200, &json!("Ada King")));
    assert_eq!((&changed["data"]["last_name"], &changed["data"]["emails"]), (&json!("King"), &fields["emails"]));
    assert_ne!(changed["data"]["update_time"], person["update_time"]);

    let gone = client.send(&ask("DELETE", "/api/v2/persons/1001"));
    assert_eq!((gone.status, body(&gone)), (200, json!({ "success": true, "data": { "id": 1001 } })));
    let absent = client.send(&ask("GET", "/api/v2/persons/1001"));
    assert_eq!((absent.status, body(&absent)), (404, failure("persons 1001 not found")));
}

#[test]
fn notes_are_changed_by_put_and_deleted_for_good() {
    let mut client = Client::new();
    let made = client.send(&write("POST", "/v1/notes", &json!({ "content": "<p>Hello</p>", "person_id": 1 })));
    assert_eq!((made.status, &body(&made)["data"]["id"]), (200, &json!(401)));
    let changed = client.send(&write("PUT", "/api/v1/notes/401", &json!({ "content": "Bye" })));
    assert_eq!((changed.status, &body(&changed)["data"]["content"]), (200, &json!("Bye")));
    let gone = client.send(&ask("DELETE", "/v1/notes/401"));
    assert_eq!((gone.status, body(&gone)), (200, json!({ "success": true, "data": true })));
    assert_eq!(client.send(&ask("GET", "/v1/notes/401")).status, 404);
}

#[test]
fn deleted_deals_are_listed_for_who_asks() {
    let mut client = Client::new();
    assert!(ids(&client.get("/api/v2/deals?status=deleted")).is_empty());
    assert_eq!(client.send(&ask("DELETE", "/api/v2/deals/7")).status, 200);
    let deleted = client.get("/api/v2/deals?status=deleted");
    assert_eq!((ids(&deleted), &deleted["data"][0]["is_deleted"]), (vec![7], &json!(true)));
    assert!(!ids(&client.get("/api/v2/deals?limit=500")).contains(&7));
}

#[test]
fn what_is_wrong_has_null_data() {
    let mut client = Client::new();
    let nameless = client.send(&write("POST", "/api/v2/persons", &json!({ "emails": [] })));
    assert_eq!((nameless.status, body(&nameless)), (400, failure("Validation failed: name: Required")));
    let untitled = client.send(&write("POST", "/api/v2/deals", &json!({ "value": 10 })));
    assert_eq!((untitled.status, body(&untitled)), (400, failure("Validation failed: title: Required")));
    let broken = client.send(&raw("POST", "/api/v2/persons", "{\"name\":"));
    assert_eq!((broken.status, body(&broken)), (400, failure("The request body is not valid JSON.")));
    let typed = client.send(&write("PATCH", "/api/v2/persons/1", &json!({ "name": 7 })));
    assert_eq!((typed.status, &body(&typed)["data"]), (400, &Value::Null));
    let many = client.send(&ask("GET", "/api/v2/persons?limit=many"));
    assert_eq!(many.status, 400);
    assert_eq!(keys(&body(&many)), documented("success error error_info data additional_data"));
    let nowhere = client.send(&ask("GET", "/api/v2/people"));
    assert_eq!((nowhere.status, body(&nowhere)), (404, refusal("Unknown method.", 404)));
    let absent = client.send(&ask("GET", "/api/v2/organizations/4711"));
    assert_eq!((absent.status, body(&absent)), (404, failure("organizations 4711 not found")));
    let forbidden = with(write("POST", "/api/v2/persons", &json!({ "name": "Ada" })), "x-api-token", READ_ONLY);
    let forbidden = client.send(&forbidden);
    assert_eq!((forbidden.status, body(&forbidden)), (403, refusal("Scope and URL mismatch", 403)));
}

fn limit(reply: &Reply) -> [Option<&str>; 3] {
    ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"].map(|name| reply.headers.get(name))
}

#[test]
fn twenty_requests_in_two_seconds_are_the_limit_and_the_day_has_tokens() {
    let mut world = super::world();
    let start = world.start();
    let request = ask("GET", "/api/v2/persons?limit=1");
    let first = world.answer(&request, start).reply;
    assert_eq!(limit(&first), [Some("20"), Some("19"), Some("2")]);
    assert_eq!(first.headers.get("x-daily-ratelimit-token-limit"), Some("30000"));
    assert_eq!(first.headers.get("x-daily-ratelimit-token-remaining"), Some("29990"), "a list costs ten");
    let second = world.answer(&ask("GET", "/api/v2/persons/1"), start).reply;
    assert_eq!(second.headers.get("x-daily-ratelimit-token-remaining"), Some("29989"), "a record costs one");
    for _ in 2..20 {
        assert_eq!(world.answer(&request, start.after(Duration::from_secs(1))).reply.status, 200);
    }
    let refused = world.answer(&request, start.after(Duration::from_millis(1500))).reply;
    assert_eq!((refused.status, body(&refused)), (429, refusal("request over limit", 429)));
    assert_eq!(limit(&refused), [Some("20"), Some("0"), Some("1")]);
    assert_eq!(refused.headers.get("Retry-After"), None);
    let later = world.answer(&request, start.after(Duration::from_secs(2))).reply;
    assert_eq!((later.status, limit(&later)[1]), (200, Some("1")), "the window rolls: the first two are out of it");
}

#[test]
fn oauth_answers_with_the_domain_of_the_company() {
    let mut client = Client::new();
    let mut refresh = ask("POST", "/oauth/token");
    refresh.host = "oauth.pipedrive.com".to_owned();
    refresh.headers = Headers::new();
    refresh.headers.push("Content-Type", "application/x-www-form-urlencoded");
    refresh
        .headers
        .push("Authorization", "Basic c2FuZGJveC1waXBlZHJpdmUtY2xpZW50OnNhbmRib3gtcGlwZWRyaXZlLXNlY3JldC00MGFiN2U=");
    let form = "grant_type=refresh_token&refresh_token=";
    refresh.body = format!("{form}sandbox-pipedrive-refresh-27b8d4e6f013").into_bytes();
    let reply = client.send(&refresh);
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    let told = body(&reply);
    assert_eq!((&told["api_domain"], &told["expires_in"]), (&json!("https://example.pipedrive.com"), &json!(3600)));
    let mut list = ask("GET", "/api/v2/persons?limit=1");
    list.headers = Headers::new();
    list.headers.push("Authorization", format!("Bearer {}", told["access_token"].as_str().unwrap()));
    assert_eq!(client.send(&list).status, 200);

    refresh.body = format!("{form}nonsense").into_bytes();
    let refused = client.send(&refresh);
    let expected =
        json!({ "success": false, "message": "Invalid grant: refresh_token is invalid", "error": "invalid_grant" });
    assert_eq!((refused.status, body(&refused)), (400, expected));
}

#[test]
fn what_goes_wrong_on_purpose_has_the_providers_shape() {
    for (kind, status, expected) in [
        ("400", 400, failure("Bad request")),
        ("401", 401, refusal("unauthorized access", 401)),
        ("403", 403, refusal("Scope and URL mismatch", 403)),
        ("429", 429, refusal("request over limit", 429)),
        ("500", 500, refusal("Internal Server Error", 500)),
        ("503", 503, refusal("Service Unavailable", 503)),
        ("revoked", 401, refusal("unauthorized access", 401)),
        ("200-error-body", 200, refusal("Internal Server Error", 500)),
    ] {
        let mut client = Client::new();
        client.world.arm(&[Fault::parse(kind).unwrap()]);
        let reply = client.send(&ask("GET", "/api/v2/persons"));
        assert_eq!((reply.status, body(&reply)), (status, expected), "{kind}");
    }
}

#[test]
fn the_customer_who_lets_us_read_has_three_persons() {
    let mut client = Client::new();
    let reply = client.send(&with(ask("GET", "/api/v2/persons"), "x-api-token", READ_ONLY));
    let page = body(&reply);
    assert_eq!((reply.status, ids(&page)), (200, vec![1201, 1202, 1203]));
    assert_eq!((&page["data"][1]["first_name"], &page["data"][1]["last_name"]), (&json!("Pieter"), &json!("de Vries")));
    assert_eq!(page["data"][1]["update_time"], "2026-04-04T08:11:30Z", "v2 writes whole seconds");
    assert_eq!(page["additional_data"], json!({ "next_cursor": null }));
}

#[test]
fn what_the_sandbox_cannot_filter_by_is_refused() {
    let mut client = Client::new();
    for (target, parameter) in [
        ("/api/v2/persons?filter_id=1", "filter_id"),
        ("/api/v2/persons?deal_id=1", "deal_id"),
        ("/api/v2/persons/1?include_fields=notes_count", "include_fields"),
        ("/api/v2/deals?filter_id=1", "filter_id"),
        ("/api/v2/organizations?filter_id=1", "filter_id"),
        ("/v1/notes?start_date=2026-04-01", "start_date"),
    ] {
        let reply = client.send(&ask("GET", target));
        let told = format!("Parameter validation errors: {parameter} is not understood by this sandbox");
        assert_eq!((reply.status, body(&reply)), (400, failure(&told)), "{target}");
    }
    let reply = client.send(&ask("GET", "/api/v2/persons?sort_by=name"));
    let told = "Parameter validation errors: sort_by must be one of id, update_time, add_time";
    assert_eq!((reply.status, body(&reply)), (400, failure(told)));
    let newest = client.get("/v1/notes?limit=500&sort=add_time%20DESC");
    assert_eq!(ids(&newest), (1..=400).rev().collect::<Vec<_>>());
}

#[test]
fn persons_are_searched_by_a_term() {
    let mut client = Client::new();
    let person = client.get("/api/v2/persons/7")["data"].clone();
    let (name, email) = (person["name"].as_str().unwrap(), person["emails"][0]["value"].as_str().unwrap());
    let found = |client: &mut Client, query: &str| {
        let page = client.get(&format!("/api/v2/persons/search?limit=500&{query}"));
        assert_eq!(page["additional_data"], json!({ "next_cursor": null }));
        let items = page["data"]["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["item"]["id"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let whole = client.get(&format!("/api/v2/persons/search?term={email}&fields=email&exact_match=true"));
    let item = json!({
        "id": 7, "type": "person", "name": name, "phones": [person["phones"][0]["value"], person["phones"][1]["value"]],
        "emails": [email], "visible_to": 7, "owner": { "id": person["owner_id"] },
        "organization": { "id": person["org_id"] }, "custom_fields": [], "notes": [],
    });
    assert_eq!(whole["data"], json!({ "items": [{ "result_score": 1, "item": item }] }));
    assert_eq!(found(&mut client, &format!("term={email}&fields=name")), [] as [u64; 0]);
    let part = name[..4].to_uppercase().replace(' ', "%20");
    assert!(found(&mut client, &format!("term={part}&fields=name,phone")).contains(&7));
    assert_eq!(found(&mut client, &format!("term={part}&exact_match=true")), [] as [u64; 0]);
    let theirs = found(&mut client, &format!("term={part}&organization_id={}", person["org_id"]));
    assert!(theirs.contains(&7) && theirs.len() < 20, "{theirs:?}");
    let other = client.send(&ask("GET", "/api/v2/persons/search?term=ada&fields=notes"));
    let told = "Parameter validation errors: fields names a field that this sandbox does not search";
    assert_eq!((other.status, body(&other)), (400, failure(told)));
    let none = client.send(&ask("GET", "/api/v2/persons/search"));
    assert_eq!((none.status, body(&none)), (400, failure("Parameter validation errors: term is required")));
}

#[test]
fn a_note_needs_something_that_it_is_about() {
    let mut client = Client::new();
    let reply = client.send(&write("POST", "/v1/notes", &json!({ "content": "Called back" })));
    let told = "Validation failed: deal_id or person_id or org_id or lead_id or project_id: Required";
    assert_eq!((reply.status, body(&reply)), (400, failure(told)));
    for parent in ["deal_id", "person_id", "org_id", "project_id"] {
        let reply = client.send(&write("POST", "/v1/notes", &json!({ "content": "Called back", parent: 1 })));
        assert_eq!(reply.status, 200, "{parent}");
    }
}
