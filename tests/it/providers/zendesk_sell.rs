//! Zendesk Sell as its documentation says: envelopes, numbered pages over persons and organisations, the User-Agent that has to be
//! there, a limit that no header tells.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::collections::BTreeSet;
use std::time::Duration;

use doccheck::clock::Timestamp;
use doccheck::http::{Headers, Reply, Request};
use doccheck::sandbox::{Fault, World};
use serde_json::{Value, json};

use super::{body, with};

const TOKEN: &str = "sandbox-sell-access-4b1e7c90d2a8";
const MORE: &str = "https://developers.getbase.com/docs/rest/articles/errors";

/// A client that asks less than ten times a second, as it must.
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
    let target = target.strip_prefix("https://api.getbase.com").unwrap_or(target);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: method.to_owned(),
        scheme: "https".to_owned(),
        host: "api.getbase.com".to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: Headers::new(),
        body: Vec::new(),
    };
    request.headers.push("Authorization", format!("Bearer {TOKEN}"));
    request.headers.push("User-Agent", "conformance/1.0");
    request
}

fn write(method: &str, target: &str, fields: &Value) -> Request {
    raw(method, target, &json!({ "data": fields }).to_string())
}

fn raw(method: &str, target: &str, text: &str) -> Request {
    let mut request = ask(method, target);
    request.headers.push("Content-Type", "application/json");
    request.body = text.as_bytes().to_vec();
    request
}

fn without(mut request: Request, name: &str) -> Request {
    request.headers.remove(name);
    request
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The envelope of every refusal, its reference taken out after a look at it.
fn refusal(reply: &Reply) -> Value {
    let mut told = body(reply);
    let reference = told["meta"]["logref"].take();
    assert_eq!(reference.as_str().unwrap().len(), 36);
    assert_eq!(reply.headers.get("X-Request-Id"), reference.as_str(), "both name the same request");
    assert_eq!(reply.headers.get("Content-Type"), Some("application/json; charset=utf-8"));
    told
}

fn error(status: &str, code: &str, message: &str, details: &str) -> Value {
    json!({
        "errors": [{ "error": { "code": code, "message": message, "details": details } }],
        "meta": { "http_status": status, "logref": null, "links": { "more_info": MORE } },
    })
}

#[test]
fn who_asks_has_to_say_so() {
    let mut client = Client::new();
    let nameless = client.send(&without(ask("GET", "/v2/contacts"), "User-Agent"));
    assert_eq!(nameless.status, 400);
    let details = "The User-Agent header is missing or empty.";
    assert_eq!(refusal(&nameless), error("400 Bad Request", "invalid_user_agent", "Bad Request", details));

    let details = "Required access token is missing, malformed, expired, or invalid.";
    let unauthorized = error("401 Unauthorized", "unauthorized", "Unauthorized", details);
    for request in [
        without(ask("GET", "/v2/contacts"), "Authorization"),
        with(ask("GET", "/v2/contacts"), "Authorization", "Bearer nonsense"),
        with(ask("GET", "/v2/contacts"), "Authorization", TOKEN),
    ] {
        let reply = client.send(&request);
        assert_eq!((reply.status, refusal(&reply)), (401, unauthorized.clone()));
    }
    let me = client.get("/v2/users/self");
    assert_eq!((keys(&me), &me["meta"]), (vec!["data", "meta"], &json!({ "type": "user" })));
}

#[test]
fn a_token_lives_one_hour_and_a_refresh_gives_another() {
    let mut client = Client::new();
    client.now = client.now.after(Duration::from_secs(3600));
    let reply = client.send(&ask("GET", "/v2/contacts"));
    assert_eq!((reply.status, refusal(&reply)["errors"][0]["error"]["code"].as_str()), (401, Some("unauthorized")));

    let mut refresh = without(ask("POST", "/oauth2/token"), "Authorization");
    refresh.headers.push("Content-Type", "application/x-www-form-urlencoded");
    refresh.headers.push("Authorization", "Basic c2FuZGJveC1zZWxsLWNsaWVudDpzYW5kYm94LXNlbGwtc2VjcmV0LWMyZDk0ZQ==");
    let form = "grant_type=refresh_token&refresh_token=";
    refresh.body = format!("{form}sandbox-sell-refresh-91f3a6d05c7e").into_bytes();
    let reply = client.send(&refresh);
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    let told = body(&reply);
    assert_eq!((&told["token_type"], &told["expires_in"]), (&json!("Bearer"), &json!(3600)));
    let fresh = format!("Bearer {}", told["access_token"].as_str().unwrap());
    let list = with(ask("GET", "/v2/contacts"), "Authorization", &fresh);
    assert_eq!(client.send(&list).status, 200);

    refresh.body = format!("{form}nonsense").into_bytes();
    let refused = client.send(&refresh);
    assert_eq!((refused.status, &body(&refused)["error"]), (400, &json!("invalid_grant")));
}

#[test]
fn a_thousand_persons_and_then_the_organisations_come_in_numbered_pages() {
    let mut client = Client::new();
    let mut target = "/v2/contacts?per_page=100".to_owned();
    let (mut seen, mut organisations, mut pages) = (BTreeSet::new(), Vec::new(), 0);
    loop {
        let page = client.get(&target);
        pages += 1;
        assert_eq!(keys(&page), ["items", "meta"]);
        let meta = &page["meta"];
        assert_eq!((&meta["type"], &meta["count"]), (&json!("collection"), &json!(100)));
        for item in page["items"].as_array().unwrap() {
            assert_eq!(item["meta"], json!({ "version": 2, "type": "contact" }));
            assert!(seen.insert(item["data"]["id"].as_u64().unwrap()), "no record comes twice");
            organisations.push(item["data"]["is_organization"].as_bool().unwrap());
        }
        assert_eq!(meta["links"].get("prev_page").is_none(), pages == 1);
        assert!(meta["links"]["self"].as_str().unwrap().starts_with("https://api.getbase.com/v2/contacts?"));
        let Some(next) = meta["links"].get("next_page") else { break };
        let next = next.as_str().unwrap();
        assert!(next.contains(&format!("page={}", pages + 1)) && next.contains("per_page=100"), "{next}");
        target = next.to_owned();
    }
    assert_eq!((pages, seen.len()), (12, 1200));
    assert_eq!(organisations, [vec![false; 1000], vec![true; 200]].concat());
    assert_eq!(client.get("/v2/contacts")["items"].as_array().unwrap().len(), 25, "the usual page");
    assert_eq!(client.get("/v2/contacts?per_page=250")["meta"]["count"], 100, "the longest page");
}

#[test]
fn records_have_the_documented_fields() {
    let mut client = Client::new();
    let person = client.get("/v2/contacts/318001");
    assert_eq!((keys(&person), &person["meta"]), (vec!["data", "meta"], &json!({ "type": "contact" })));
    let person = &person["data"];
    let names: BTreeSet<_> = keys(person).into_iter().collect();
    let documented = "id creator_id owner_id is_organization contact_id name first_name last_name customer_status prospect_status \
                      title description industry website email phone mobile fax twitter facebook linkedin skype address tags \
                      custom_fields created_at updated_at";
    assert_eq!(names, documented.split_whitespace().collect());
    assert_eq!(
        person["name"],
        format!("{} {}", person["first_name"].as_str().unwrap(), person["last_name"].as_str().unwrap())
    );
    let instant = person["created_at"].as_str().unwrap();
    assert!(instant.len() == 20 && Timestamp::parse(instant).is_some(), "{instant} has whole seconds");
    let company = client.get(&format!("/v2/contacts/{}", person["contact_id"]));
    assert_eq!(company["data"]["is_organization"], true);

    let deal = client.get("/v2/deals?per_page=1");
    let deal = &deal["items"][0];
    assert_eq!(deal["meta"], json!({ "version": 2, "type": "deal" }));
    let value = deal["data"]["value"].as_str().unwrap();
    assert!(value.ends_with(".00") && value.parse::<f64>().is_ok(), "{value} is decimal text");
    let buyer = client.get(&format!("/v2/contacts/{}", deal["data"]["contact_id"]));
    assert_eq!(buyer["data"]["is_organization"], false);
    let note = client.get("/v2/notes?per_page=1");
    assert_eq!(note["items"][0]["data"]["resource_type"], "contact");
    let stages = client.get("/v2/stages");
    let stage = deal["data"]["stage_id"].as_u64().unwrap();
    assert!(stages["items"].as_array().unwrap().iter().any(|known| known["data"]["id"] == stage));
}

#[test]
fn lists_are_filtered_and_sorted() {
    let mut client = Client::new();
    let persons = client.get("/v2/contacts?is_organization=false&per_page=100&page=10");
    assert!(persons["meta"]["links"].get("next_page").is_none(), "a thousand persons end on the tenth page");
    assert_eq!(client.get("/v2/contacts?is_organization=true&per_page=100&page=2")["meta"]["count"], 100);

    let some = client.get("/v2/contacts?ids=318003,318001,1");
    let ids: Vec<_> =
        some["items"].as_array().unwrap().iter().map(|item| item["data"]["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [318_001, 318_003]);
    let mail = client.get("/v2/contacts/318002")["data"]["email"].as_str().unwrap().to_owned();
    let found = client.get(&format!("/v2/contacts?email={mail}"));
    assert_eq!((&found["meta"]["count"], &found["items"][0]["data"]["id"]), (&json!(1), &json!(318_002)));

    for (query, newest_first) in [("updated_at:desc", true), ("updated_at", false)] {
        let sorted = client.get(&format!("/v2/contacts?per_page=100&sort_by={query}"));
        let times: Vec<_> = sorted["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["data"]["updated_at"].as_str().unwrap())
            .collect();
        let ordered = times.windows(2).all(|pair| if newest_first { pair[0] >= pair[1] } else { pair[0] <= pair[1] });
        assert!(ordered && times.first() != times.last(), "{query}");
    }
}

#[test]
fn a_contact_is_made_read_changed_and_deleted() {
    let mut client = Client::new();
    let fields = json!({ "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com", "tags": ["poet"] });
    let reply = client.send(&write("POST", "/v2/contacts", &fields));
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    let made = body(&reply);
    assert_eq!((keys(&made), &made["meta"]), (vec!["data", "meta"], &json!({ "type": "contact" })));
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(&made["data"][name], value);
    }
    assert_eq!(made["data"]["is_organization"], false);
    assert_eq!(made["data"]["name"], "Ada Lovelace");
    let path = format!("/v2/contacts/{}", made["data"]["id"]);
    assert_eq!(client.get(&path), made);

    client.now = client.now.after(Duration::from_secs(60));
    let reply = client.send(&write("PUT", &path, &json!({ "last_name": "King" })));
    let changed = body(&reply);
    assert_eq!((reply.status, &changed["data"]["last_name"]), (200, &json!("King")));
    assert_eq!(changed["data"]["name"], "Ada King");
    assert_eq!((&changed["data"]["email"], &changed["data"]["tags"]), (&fields["email"], &fields["tags"]));
    assert_ne!(changed["data"]["updated_at"], made["data"]["updated_at"]);

    let gone = client.send(&ask("DELETE", &path));
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    let absent = client.send(&ask("GET", &path));
    assert_eq!(absent.status, 404);
    let details = "Requested resource was not found.";
    assert_eq!(refusal(&absent), error("404 Not Found", "not_found", "Not Found", details));

    let acme = client.send(&write("POST", "/v2/contacts", &json!({ "is_organization": true, "name": "Acme" })));
    assert_eq!((acme.status, &body(&acme)["data"]["name"]), (200, &json!("Acme")));
}

#[test]
fn what_is_wrong_is_told_in_one_envelope() {
    let mut client = Client::new();
    let path = client.send(&ask("GET", "/v2/people"));
    let details = "Requested path was not found.";
    assert_eq!((path.status, refusal(&path)), (404, error("404 Not Found", "not_found", "Not Found", details)));

    let broken = client.send(&raw("POST", "/v2/contacts", "{\"data\":"));
    let details = "The payload could not be parsed.";
    assert_eq!(
        (broken.status, refusal(&broken)),
        (400, error("400 Bad Request", "invalid_payload", "Bad Request", details))
    );

    let many = client.send(&ask("GET", "/v2/contacts?per_page=many"));
    let told = refusal(&many);
    assert_eq!((many.status, &told["errors"][0]["error"]["code"]), (400, &json!("invalid_param")));

    let nameless = client.send(&write("POST", "/v2/deals", &json!({ "value": "10.00" })));
    let told = refusal(&nameless);
    assert_eq!((nameless.status, &told["meta"]["http_status"]), (422, &json!("422 Unprocessable Entity")));
    let found: Vec<_> = told["errors"].as_array().unwrap().iter().map(|element| &element["error"]).collect();
    let pointers: Vec<_> = found.iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/contact_id", "/name"]);
    assert!(found.iter().all(|error| error["code"] == "incorrect_payload"));

    let typed = client.send(&write("PUT", "/v2/contacts/318001", &json!({ "first_name": 7 })));
    assert_eq!((typed.status, &refusal(&typed)["errors"][0]["error"]["field"]), (422, &json!("/first_name")));
    let mail = client.send(&write("PUT", "/v2/contacts/318001", &json!({ "email": "nobody" })));
    assert_eq!((mail.status, &refusal(&mail)["errors"][0]["error"]["field"]), (422, &json!("/email")));
    let nobody = client.send(&write("POST", "/v2/contacts", &json!({ "first_name": "Ada" })));
    assert_eq!((nobody.status, &refusal(&nobody)["errors"][0]["error"]["field"]), (422, &json!("/last_name")));
}

#[test]
fn the_eleventh_request_of_a_second_is_one_too_many() {
    let mut world = super::world();
    let start = world.start();
    let request = ask("GET", "/v2/contacts?per_page=1");
    for _ in 0..10 {
        let reply = world.answer(&request, start).reply;
        assert_eq!(reply.status, 200);
        let told = reply.headers.iter().any(|(name, _)| name.to_ascii_lowercase().contains("limit"));
        assert!(!told, "nothing tells what is left");
    }
    let refused = world.answer(&request, start).reply;
    assert_eq!((refused.status, refused.headers.get("Retry-After")), (429, None));
    let details = "The rate limit of this access token is exceeded.";
    assert_eq!(refusal(&refused), error("429 Too Many Requests", "rate_limit_exceeded", "Too Many Requests", details));
    assert_eq!(world.answer(&request, start.after(Duration::from_secs(1))).reply.status, 200);
}

#[test]
fn what_goes_wrong_on_purpose_has_the_same_envelope() {
    for (kind, status, code) in [
        ("400", 400, "invalid_param"),
        ("401", 401, "unauthorized"),
        ("403", 403, "insufficient_scope"),
        ("404", 404, "not_found"),
        ("429", 429, "rate_limit_exceeded"),
        ("500", 500, "server_error"),
        ("502", 502, "server_error"),
        ("503", 503, "temporarily_unavailable"),
        ("expired-token", 401, "unauthorized"),
        ("200-error-body", 200, "server_error"),
    ] {
        let mut client = Client::new();
        client.world.arm(&[Fault::parse(kind).unwrap()]);
        let reply = client.send(&ask("GET", "/v2/contacts"));
        let told = refusal(&reply);
        assert_eq!((reply.status, &told["errors"][0]["error"]["code"]), (status, &json!(code)), "{kind}: {told}");
        assert!(client.world.disarm().is_empty(), "{kind} was met");
    }
}
