//! Close as its documentation says: paths that end in a slash, `_skip` until nothing more is there, cents, a limit for each group of
//! endpoints in one header.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::collections::BTreeSet;
use std::time::Duration;

use doccheck::clock::Timestamp;
use doccheck::http::{Headers, Reply, Request};
use doccheck::sandbox::{Fault, World};
use serde_json::{Value, json};

use super::{body, documented, keys, with};

mod search;

/// `api_sandbox_close_9f27c4e80b13:` as Basic has it.
const BASIC: &str = "Basic YXBpX3NhbmRib3hfY2xvc2VfOWYyN2M0ZTgwYjEzOg==";

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
        body(&reply)
    }
}

fn ask(method: &str, target: &str) -> Request {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: method.to_owned(),
        scheme: "https".to_owned(),
        host: "api.close.com".to_owned(),
        path: format!("/api/v1{path}"),
        query: query.to_owned(),
        headers: Headers::new(),
        body: Vec::new(),
    };
    request.headers.push("Authorization", BASIC);
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

fn ids(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

fn field_error(field: &str, message: &str) -> Value {
    json!({ "errors": [], "field-errors": { field: message } })
}

#[test]
fn a_key_is_the_user_of_basic() {
    let mut client = Client::new();
    let mut silent = ask("GET", "/contact/");
    silent.headers.remove("Authorization");
    for request in [
        silent.clone(),
        with(silent.clone(), "Authorization", "Basic eDo="),
        with(silent.clone(), "Authorization", "x"),
    ] {
        let reply = client.send(&request);
        assert_eq!((reply.status, body(&reply)), (401, json!({ "error": "Unauthorized" })));
        assert_eq!(reply.headers.get("Content-Type"), Some("application/json"));
    }
    let bearer = with(silent, "Authorization", "Bearer api_sandbox_close_9f27c4e80b13");
    assert_eq!(client.send(&bearer).status, 200);
    let me = client.get("/me/");
    assert_eq!(me["organizations"].as_array().unwrap().len(), 1);
}

#[test]
fn a_thousand_contacts_are_skipped_through() {
    let mut client = Client::new();
    let (mut seen, mut pages) = (Vec::new(), 0);
    loop {
        let page = client.get(&format!("/contact/?_limit=200&_skip={}", seen.len()));
        pages += 1;
        assert_eq!(keys(&page), documented("has_more data"));
        seen.extend(ids(&page));
        if page["has_more"] == false {
            break;
        }
    }
    let distinct: BTreeSet<_> = seen.iter().collect();
    assert_eq!((pages, seen.len(), distinct.len()), (5, 1000, 1000));
    assert!(seen.iter().all(|id| id.starts_with("cont_")));
    let usual = client.get("/contact/");
    assert_eq!((ids(&usual).len(), &usual["has_more"]), (100, &json!(true)));
    assert_eq!(ids(&client.get("/lead/?_limit=200")).len(), 200);
    assert_eq!(client.get("/lead/?_limit=200")["has_more"], false);
    assert!(ids(&client.get("/contact/?_skip=1000")).is_empty());
    assert_eq!(client.get("/opportunity/?_skip=200")["has_more"], false);
    assert_eq!(client.get("/activity/note/?_skip=299&_limit=100")["has_more"], true);
}

#[test]
fn records_have_the_documented_fields() {
    let mut client = Client::new();
    let contact = client.get("/contact/?_limit=1")["data"][0].clone();
    let names = "id organization_id lead_id name display_name title emails phones urls created_by updated_by date_created date_updated";
    assert_eq!(keys(&contact), documented(names));
    assert_eq!(keys(&contact["emails"][0]), documented("email type is_unsubscribed"));
    assert_eq!(keys(&contact["phones"][0]), documented("phone phone_formatted country type"));
    assert_eq!((&contact["emails"][0]["type"], &contact["display_name"]), (&json!("office"), &contact["name"]));
    let instant = contact["date_created"].as_str().unwrap();
    assert!(instant.ends_with(".000000+00:00") && Timestamp::parse(instant).is_some(), "{instant}");
    let lead = client.get(&format!("/lead/{}/", contact["lead_id"].as_str().unwrap()));
    assert!(lead["id"].as_str().unwrap().starts_with("lead_"));
    let page = format!("https://app.close.com/lead/{}/", lead["id"].as_str().unwrap());
    assert_eq!(lead["html_url"], json!(page));
    let deal = client.get("/opportunity/?_limit=1")["data"][0].clone();
    assert_eq!(deal["value"], 2_902_700, "29,027 dollars in cents");
    assert_eq!(deal["value_period"], "one_time");
    let known = client.get("/status/opportunity/");
    let known = known["data"].as_array().unwrap().iter().find(|status| status["id"] == deal["status_id"]).unwrap();
    assert_eq!((&known["label"], &known["type"]), (&deal["status_label"], &deal["status_type"]));
    let note = client.get("/activity/note/?_limit=1")["data"][0].clone();
    assert_eq!(note["_type"], "Note");
    assert_eq!(keys(&client.get("/contact/?_limit=1&_fields=id,name")["data"][0]), documented("id name"));
}

#[test]
fn opportunities_are_filtered_and_sorted_by_change() {
    let mut client = Client::new();
    let newest = client.get("/opportunity/?_limit=200&_order_by=-date_updated");
    let times: Vec<_> =
        newest["data"].as_array().unwrap().iter().map(|deal| deal["date_updated"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b) && times[0] > times[199]);
    let bound = times[30].replace('+', "%2B");
    let after = times.iter().filter(|time| **time > times[30]).count();
    let same = times.iter().filter(|time| **time == times[30]).count();
    for (operator, expected) in [("gt", after), ("gte", after + same)] {
        let page = client.get(&format!("/opportunity/?_limit=200&date_updated__{operator}={bound}"));
        assert_eq!(ids(&page).len(), expected, "{operator}");
    }
    let lead = newest["data"][0]["lead_id"].as_str().unwrap();
    let theirs = client.get(&format!("/opportunity/?lead_id={lead}"));
    assert!(theirs["data"].as_array().unwrap().iter().all(|deal| deal["lead_id"] == lead) && !ids(&theirs).is_empty());
    let two = client.get("/opportunity/?_limit=200&lead_id=lead_000000000001&lead_id=lead_000000000002");
    let both = client.get("/opportunity/?_limit=200&lead_id=lead_000000000001,lead_000000000002");
    assert_eq!(ids(&two), ids(&both), "a list may come in several parameters of one name");
    let won = client.get("/opportunity/?status_type=won&_limit=200");
    assert!(won["data"].as_array().unwrap().iter().all(|deal| deal["status_label"] == "won") && !ids(&won).is_empty());
}

#[test]
fn leads_are_asked_for_in_the_query_language() {
    let mut client = Client::new();
    let newest = client.get("/lead/?_limit=200&_order_by=-date_updated");
    let times: Vec<_> =
        newest["data"].as_array().unwrap().iter().map(|lead| lead["date_updated"].as_str().unwrap()).collect();
    let bound = times[30];
    let asked = bound.replace('+', "%2B");
    for (sign, expected) in [
        ("%3E", times.iter().filter(|time| **time > bound).count()),
        ("%3E%3D", times.iter().filter(|time| **time >= bound).count()),
        ("%3C", times.iter().filter(|time| **time < bound).count()),
    ] {
        let page = client.get(&format!("/lead/?_limit=200&query=date_updated%20{sign}%20%22{asked}%22"));
        assert_eq!(ids(&page).len(), expected, "{sign}");
    }
}

#[test]
fn a_contact_is_made_read_changed_and_deleted() {
    let mut client = Client::new();
    let fields = json!({
        "lead_id": "lead_000000000007", "name": "Ada Lovelace", "title": "Countess",
        "emails": [{ "email": "ada@example.com", "type": "office", "is_unsubscribed": false }],
    });
    let reply = client.send(&write("POST", "/contact/", &fields));
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    let made = body(&reply);
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(&made[name], value);
    }
    assert_eq!(made["display_name"], "Ada Lovelace");
    let path = format!("/contact/{}/", made["id"].as_str().unwrap());
    assert_eq!(client.get(&path), made);
    assert!(
        ids(&client.get("/contact/?lead_id=lead_000000000007&_limit=200"))
            .contains(&made["id"].as_str().unwrap().to_owned())
    );

    client.now = client.now.after(Duration::from_secs(60));
    let reply = client.send(&write("PUT", &path, &json!({ "name": "Ada King" })));
    let changed = body(&reply);
    assert_eq!((reply.status, &changed["display_name"]), (200, &json!("Ada King")));
    assert_eq!(changed["emails"], fields["emails"]);
    assert_ne!(changed["date_updated"], made["date_updated"]);
    let gone = client.send(&ask("DELETE", &path));
    assert_eq!((gone.status, body(&gone)), (200, json!({})));
    let absent = client.send(&ask("GET", &path));
    assert_eq!((absent.status, body(&absent)), (404, json!({ "error": "Not Found" })));
}

#[test]
fn the_event_log_tells_which_leads_are_deleted() {
    let mut client = Client::new();
    let log = "/event/?object_type=lead&action=deleted";
    assert_eq!(client.get(log), json!({ "data": [], "cursor_next": null, "cursor_previous": null }));
    let was = client.get("/lead/lead_000000000005/");
    assert_eq!(client.send(&ask("DELETE", "/lead/lead_000000000005/")).status, 200);
    let event = client.get(log)["data"][0].clone();
    assert_eq!((&event["object_id"], &event["action"]), (&json!("lead_000000000005"), &json!("deleted")));
    assert_eq!(event["previous_data"]["name"], was["name"]);
    assert_eq!(event["date_created"], "2026-04-15T09:00:00.750000+00:00");
    assert_eq!(client.send(&ask("GET", "/lead/lead_000000000005/")).status, 404);
    assert!(!ids(&client.get("/lead/?_limit=200")).contains(&"lead_000000000005".to_owned()));
}

#[test]
fn a_cursor_of_the_search_dies_after_half_a_minute() {
    let mut client = Client::new();
    let search = |cursor: &Value| {
        let query = json!({ "type": "object_type", "object_type": "contact" });
        write("POST", "/data/search/", &json!({ "query": query, "_limit": 150, "cursor": cursor }))
    };
    let first = client.send(&search(&Value::Null));
    assert_eq!(first.status, 200, "{}", String::from_utf8_lossy(&first.body));
    let first = body(&first);
    assert_eq!((keys(&first), ids(&first).len()), (documented("data cursor"), 150));
    let (mut seen, mut cursor) = (ids(&first), first["cursor"].clone());
    while cursor.is_string() {
        let page = body(&client.send(&search(&cursor)));
        seen.extend(ids(&page));
        cursor = page["cursor"].clone();
    }
    assert_eq!((seen.len(), cursor), (1000, Value::Null));
    client.now = client.now.after(Duration::from_secs(31));
    let late = client.send(&search(&first["cursor"]));
    assert_eq!((late.status, body(&late)), (400, field_error("cursor", "Expired cursor")));
}

#[test]
fn the_search_finds_contacts_by_the_instant_of_their_change() {
    let mut client = Client::new();
    let newest = client.get("/contact/?_limit=200&_order_by=-date_updated");
    let times: Vec<_> =
        newest["data"].as_array().unwrap().iter().map(|contact| contact["date_updated"].as_str().unwrap()).collect();
    let (from, to) = (times[40], times[10]);
    let moment = |value: &str| json!({ "type": "fixed_utc_moment", "value": value });
    let field = json!({ "type": "regular_field", "object_type": "contact", "field_name": "date_updated" });
    let condition = json!({ "type": "moment_range", "on_or_after": moment(from), "before": moment(to) });
    let branches = json!([
        { "type": "object_type", "object_type": "contact" },
        { "type": "field_condition", "field": field, "condition": condition },
    ]);
    let query = json!({ "query": { "type": "and", "queries": branches }, "_limit": 100 });
    let found = client.send(&write("POST", "/data/search/", &query));
    assert_eq!(found.status, 200, "{}", String::from_utf8_lossy(&found.body));
    let expected = times.iter().filter(|time| (from..to).contains(*time)).count();
    assert_eq!((ids(&body(&found)).len(), &body(&found)["cursor"]), (expected, &Value::Null));
}

#[test]
fn what_is_wrong_stands_under_the_name_of_its_field() {
    let mut client = Client::new();
    let long = client.send(&ask("GET", "/lead/?_limit=500"));
    assert_eq!((long.status, body(&long)), (400, field_error("_limit", "Input should be less than or equal to 200")));
    let deep = client.send(&ask("GET", "/lead/?_skip=35001"));
    assert_eq!((deep.status, body(&deep)), (400, field_error("_skip", "Input should be less than or equal to 35000")));
    let homeless = client.send(&write("POST", "/activity/note/", &json!({ "note": "Hello" })));
    assert_eq!((homeless.status, body(&homeless)), (400, field_error("lead_id", "This field is required.")));
    let strange = client.send(&write("POST", "/opportunity/", &json!({ "colour": "mauve" })));
    assert_eq!((strange.status, body(&strange)), (400, field_error("colour", "unknown field")));
    let free = client.send(&write("POST", "/opportunity/", &json!({})));
    assert_eq!(free.status, 200, "an opportunity needs nothing");
    let broken = client.send(&raw("POST", "/contact/", "{"));
    assert_eq!((broken.status, body(&broken)), (400, json!({ "error": "Invalid JSON payload." })));
    for target in ["/contact", "/people/"] {
        let nowhere = client.send(&ask("GET", target));
        assert_eq!((nowhere.status, body(&nowhere)), (404, json!({ "error": "Not Found" })), "{target}");
    }
    let method = client.send(&ask("PATCH", "/contact/cont_000000000001/"));
    assert_eq!((method.status, body(&method)), (405, json!({ "error": "Method Not Allowed" })));
    let form = with(write("POST", "/contact/", &json!({})), "Content-Type", "text/plain");
    assert_eq!(client.send(&form).status, 415);
}

#[test]
fn each_group_of_endpoints_has_a_hundred_requests_in_five_seconds() {
    let mut world = super::world();
    let start = world.start();
    let request = ask("GET", "/contact/?_limit=1");
    let limit = |reply: &Reply| reply.headers.get("RateLimit").map(str::to_owned);
    let first = world.answer(&request, start).reply;
    assert_eq!(limit(&first).as_deref(), Some("limit=100, remaining=99, reset=5.000"));
    let later = start.after(Duration::from_millis(700));
    for _ in 1..100 {
        assert_eq!(world.answer(&request, later).reply.status, 200);
    }
    let refused = world.answer(&request, later).reply;
    assert_eq!(refused.status, 429);
    assert_eq!(limit(&refused).as_deref(), Some("limit=100, remaining=0, reset=4.300"));
    assert_eq!(refused.headers.get("retry-after"), Some("5"), "rounded up");
    let told = body(&refused);
    assert_eq!(told["error"]["message"], "API call count exceeded for this 5 second window");
    assert_eq!((&told["error"]["rate_limit"], &told["error"]["rate_limit_type"]), (&json!(100), &json!("key")));
    assert_eq!(world.answer(&ask("GET", "/lead/?_limit=1"), later).reply.status, 200, "another group has its own");
    assert_eq!(world.answer(&request, start.after(Duration::from_secs(5))).reply.status, 200);
}

#[test]
fn what_goes_wrong_on_purpose_is_one_text() {
    for (kind, status, text) in [
        ("400", 400, "Bad Request"),
        ("401", 401, "Unauthorized"),
        ("403", 403, "Forbidden"),
        ("404", 404, "Not Found"),
        ("409", 409, "Conflict"),
        ("500", 500, "Internal Server Error"),
        ("503", 503, "Service Unavailable"),
        ("revoked", 401, "Unauthorized"),
        ("200-error-body", 200, "Internal Server Error"),
    ] {
        let mut client = Client::new();
        client.world.arm(&[Fault::parse(kind).unwrap()]);
        let reply = client.send(&ask("GET", "/contact/"));
        assert_eq!((reply.status, body(&reply)), (status, json!({ "error": text })), "{kind}");
    }
    let mut client = Client::new();
    client.world.arm(&[Fault::parse("429:reset=60").unwrap()]);
    let reply = client.send(&ask("GET", "/contact/"));
    assert_eq!((reply.status, reply.headers.get("retry-after")), (429, Some("60")));
    assert_eq!(reply.headers.get("RateLimit"), Some("limit=100, remaining=0, reset=60.000"));
}

#[test]
fn consent_gives_a_code_and_the_code_tokens() {
    let mut client = Client::new();
    let mut consent = ask("GET", "/");
    consent.host = "app.close.com".to_owned();
    consent.path = "/oauth2/authorize".to_owned();
    consent.headers = Headers::new();
    let query = "response_type=code&client_id=sandbox-close-client&state=xyz&scope=all.full_access%20offline_access";
    consent.query = format!("{query}&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback");
    let reply = client.send(&consent);
    let to = reply.headers.get("Location").unwrap();
    let code = to.strip_prefix("https://app.example.com/callback?code=").unwrap().strip_suffix("&state=xyz").unwrap();
    let mut exchange = consent.clone();
    (exchange.method, exchange.host) = ("POST".to_owned(), "api.close.com".to_owned());
    (exchange.path, exchange.query) = ("/oauth2/token/".to_owned(), String::new());
    exchange.headers.push("Content-Type", "application/x-www-form-urlencoded");
    let form = "grant_type=authorization_code&client_id=sandbox-close-client&client_secret=sandbox-close-secret-e19d53";
    exchange.body = format!("{form}&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback&code={code}").into_bytes();
    // In JSON it is not taken, and the code is still good.
    let mut json = with(exchange.clone(), "Content-Type", "application/json");
    json.body = json!({ "grant_type": "authorization_code", "code": code, "client_id": "sandbox-close-client", "client_secret": "sandbox-close-secret-e19d53" }).to_string().into_bytes();
    let refused = client.send(&json);
    assert_eq!((refused.status, &body(&refused)["error"]), (400, &json!("invalid_request")));
    let reply = client.send(&exchange);
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    let told = body(&reply);
    assert_eq!((&told["expires_in"], &told["organization_id"]), (&json!(3600), &json!("orga_sandbox7Qm2XvT9")));
    assert!(told["refresh_token"].is_string(), "{told}");
    let bearer = format!("Bearer {}", told["access_token"].as_str().unwrap());
    assert_eq!(client.send(&with(ask("GET", "/contact/"), "Authorization", &bearer)).status, 200);
    let again = client.send(&exchange);
    assert_eq!(
        (again.status, &body(&again)["error"]),
        (400, &json!("invalid_grant")),
        "a code is good for one exchange"
    );
}
