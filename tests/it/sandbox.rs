//! The sandbox: its data, and what the engine answers with it.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use doccheck::clock::Timestamp;
use doccheck::http::{Headers, Reply, Request, reason};
use doccheck::sandbox::{Answer, Definition, Fault, World};
use doccheck::source::SourceFile;
use proptest::prelude::*;
use serde_json::{Value, json};

const TOKEN: &str = "sandbox-token-7d2f9c4e1a6b";
const ACCOUNT: &str = "8b1f3c52-6d0e-4a7b-9c54-2f1e0d9a7b31";
const READ_ONLY_ACCOUNT: &str = "1e6d80b7-92c4-4d3f-a5b8-6c0f7e41d2a9";
const SHORT: &str = "/crm/contacts";
const LONG: &str = "/unified/crm/contacts";

static DEFINITION: LazyLock<Arc<Definition>> = LazyLock::new(|| Arc::new(Definition::embedded().unwrap()));

fn world() -> World {
    World::new(Arc::clone(&DEFINITION), None)
}

/// A request as the pages make it: with the page's token, for the tenant of the examples.
fn ask(method: &str, target: &str) -> Request {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: method.to_owned(),
        scheme: "https".to_owned(),
        host: "api.truto.one".to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: Headers::new(),
        body: Vec::new(),
    };
    request.headers.push("Authorization", format!("Bearer {TOKEN}"));
    request.headers.push("X-Tenant-ID", "cust_12345");
    request
}

fn with(mut request: Request, name: &str, value: &str) -> Request {
    request.headers.set(name, value);
    request
}

fn without(mut request: Request, name: &str) -> Request {
    request.headers.remove(name);
    request
}

fn send(method: &str, target: &str, body: &Value) -> Request {
    raw(method, target, &body.to_string())
}

fn raw(method: &str, target: &str, body: &str) -> Request {
    let mut request = with(ask(method, target), "Content-Type", "application/json");
    request.body = body.as_bytes().to_vec();
    request
}

fn answer(world: &mut World, request: &Request) -> Reply {
    let now = world.start();
    world.answer(request, now).reply
}

fn body(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

/// An answer as `curl -i` shows it, the body spread out.
fn shown(reply: &Reply) -> String {
    let mut text = format!("HTTP {} {}\n", reply.status, reason(reply.status));
    for (name, value) in reply.headers.iter() {
        writeln!(text, "{name}: {value}").unwrap();
    }
    if !reply.body.is_empty() {
        writeln!(text, "\n{}", serde_json::to_string_pretty(&body(reply)).unwrap()).unwrap();
    }
    text
}

/// The answers of a fresh world to each request, under its name.
fn shown_all(requests: Vec<(&str, Request)>) -> String {
    let each = requests.into_iter().map(|(name, request)| {
        let reply = answer(&mut world(), &request);
        format!("### {name}\n{} {}\n\n{}", request.method, request.url(), shown(&reply))
    });
    each.collect::<Vec<_>>().join("\n")
}

fn lead() -> Value {
    json!({ "first_name": "Jane", "last_name": "Doe", "email": "jane.doe@example.com", "company_name": "Acme Corp" })
}

// ------------------------------------------------------------------------------------------------ answers

#[test]
fn contacts_are_made_listed_read_changed_and_deleted() {
    let requests = vec![
        ("list, short form", ask("GET", "/crm/contacts?limit=1")),
        ("list", ask("GET", &format!("{LONG}?integrated_account_id={ACCOUNT}&limit=1"))),
        ("get", ask("GET", "/crm/contacts/1004")),
        ("create, short form", send("POST", SHORT, &lead())),
        (
            "create",
            send(
                "POST",
                &format!("{LONG}?integrated_account_id={ACCOUNT}"),
                &json!({
                    "first_name": "Ada",
                    "last_name": "Lovelace",
                    "email_addresses": [{ "email": "ada@example.com", "type": "work" }],
                }),
            ),
        ),
        (
            "create, with a member that nobody reads",
            send("POST", SHORT, &json!({ "last_name": "Lovelace", "favourite_colour": "mauve" })),
        ),
        ("update", send("PATCH", "/crm/contacts/1001", &json!({ "last_name": "Okafor-Reyes", "title": null }))),
        ("delete", ask("DELETE", "/crm/contacts/1001")),
        ("accounts", ask("GET", "/integrated-account?status=needs_reauth")),
        ("head", ask("HEAD", SHORT)),
        ("options", ask("OPTIONS", "/crm/contacts/1001")),
    ];
    insta::assert_snapshot!("sandbox_answers", shown_all(requests));
}

#[test]
fn every_refusal_has_the_apis_own_shape() {
    let bad_types =
        json!({ "first_name": 5, "email_addresses": [{ "type": "work" }, "x"], "last_activity_at": "today" });
    let requests = vec![
        ("400 not JSON", raw("POST", SHORT, "{\"last_name\":")),
        ("400 not an object", raw("POST", SHORT, "[]")),
        ("400 content type", with(send("POST", SHORT, &lead()), "Content-Type", "application/x-www-form-urlencoded")),
        ("400 missing field", send("POST", SHORT, &json!({ "first_name": "Jane" }))),
        ("400 missing field and wrong types", send("POST", SHORT, &bad_types)),
        ("400 wrong type", send("PATCH", "/crm/contacts/1001", &json!({ "last_name": 7, "email": false }))),
        ("400 no account", ask("GET", LONG)),
        ("400 no tenant", without(ask("GET", SHORT), "x-tenant-id")),
        ("400 parameter", ask("GET", "/crm/contacts?limit=many")),
        ("400 instant", ask("GET", "/crm/contacts?updated_at[gt]=yesterday")),
        ("400 cursor", ask("GET", "/crm/contacts?next_cursor=7b7d")),
        ("400 order", ask("GET", "/crm/contacts?sort_by[updated_at]=up")),
        ("401 no token", without(ask("GET", SHORT), "Authorization")),
        ("401 wrong token", with(ask("GET", SHORT), "Authorization", "Bearer nonsense")),
        ("401 expired token", with(ask("GET", SHORT), "Authorization", "Bearer sandbox-token-expired-51c0")),
        ("401 account", with(ask("GET", SHORT), "X-Tenant-ID", "cust_13579")),
        ("403", with(send("POST", SHORT, &lead()), "Authorization", "Bearer sandbox-token-read-only-3e8a")),
        ("404 record", ask("GET", "/crm/contacts/1")),
        ("404 account", ask("GET", &format!("{LONG}?integrated_account_id=nobody"))),
        ("404 tenant", with(ask("GET", SHORT), "X-Tenant-ID", "cust_1")),
        ("404 route", ask("GET", "/crm/contact")),
        ("405", send("PUT", "/crm/contacts/1001", &lead())),
        ("405 read-only account", with(send("POST", SHORT, &lead()), "X-Tenant-ID", "cust_24680")),
        ("409", send("POST", SHORT, &json!({ "last_name": "O", "email": "Amelia.Okafor@northwind.example.com" }))),
        ("422", send("POST", SHORT, &json!({ "last_name": "Doe", "email": "jane.doe" }))),
    ];
    insta::assert_snapshot!("sandbox_refusals", shown_all(requests));
}

#[test]
fn every_fault_has_the_apis_own_shape() {
    let kinds = [
        "400",
        "401",
        "403",
        "404",
        "409",
        "429",
        "429:reset=60",
        "500",
        "502",
        "503",
        "expired-token",
        "revoked",
        "200-error-body",
    ];
    let each = kinds.map(|kind| {
        let mut world = world();
        world.arm(&[Fault::parse(kind).unwrap()]);
        let start = world.start();
        let Answer { reply, fault, unknown_route, drafted, .. } = world.answer(&ask("GET", SHORT), start);
        assert_eq!((fault.as_deref(), unknown_route, drafted), (Some(kind), false, false));
        assert!(world.disarm().is_empty());
        format!("### {kind}\n{}", shown(&reply))
    });
    insta::assert_snapshot!("sandbox_faults", each.join("\n"));
}

#[test]
fn what_an_answer_promises_holds_afterwards() {
    let mut world = world();
    let created = body(&answer(&mut world, &send("POST", SHORT, &lead())));
    let path = format!("{SHORT}/{}", created["id"].as_str().unwrap());
    assert_eq!(body(&answer(&mut world, &ask("GET", &path))), created);

    let later = world.start().after(Duration::from_millis(1500));
    let changed =
        body(&world.answer(&send("PATCH", &path, &json!({ "first_name": "June", "id": "mine" })), later).reply);
    assert_eq!((&changed["name"], &changed["id"]), (&json!("June Doe"), &created["id"]));
    assert_eq!(changed["created_at"], json!("2026-04-15T09:00:00.000Z"));
    assert_eq!(changed["updated_at"], json!("2026-04-15T09:00:01.500Z"));
    assert_eq!(body(&answer(&mut world, &ask("GET", &path))), changed);

    assert_eq!(body(&answer(&mut world, &ask("DELETE", &path))), json!({ "id": created["id"] }));
    assert_eq!(answer(&mut world, &ask("GET", &path)).status, 404);
    let next = body(&answer(&mut world, &send("POST", SHORT, &lead())));
    assert_ne!(next["id"], created["id"], "an id is never given twice");
}

#[test]
fn both_forms_reach_the_same_records() {
    let mut world = world();
    let long = format!("{LONG}?integrated_account_id={ACCOUNT}");
    let created = body(&answer(&mut world, &send("POST", &long, &json!({ "last_name": "Hopper" }))));
    let found = ask("GET", &format!("{SHORT}/{}", created["id"].as_str().unwrap()));
    assert_eq!(body(&answer(&mut world, &found)), created);
    let elsewhere = with(found, "X-Tenant-ID", "cust_67890");
    assert_eq!(answer(&mut world, &elsewhere).status, 404, "another tenant does not see it");
}

#[test]
fn flat_fields_do_not_take_the_place_of_what_is_said() {
    let mut world = world();
    let both =
        |mail: &str| json!({ "last_name": "Doe", "email": mail, "email_addresses": [{ "email": "b@example.com" }] });
    let refused = answer(&mut world, &send("POST", SHORT, &both("a@example.com")));
    let failures =
        json!([{ "field": "email", "message": "email must be left out, since email_addresses says something else" }]);
    assert_eq!((refused.status, &body(&refused)["details"]["failures"]), (400, &failures));
    let created = body(&answer(&mut world, &send("POST", SHORT, &both("b@example.com"))));
    assert_eq!(created["email_addresses"], json!([{ "email": "b@example.com", "type": "work" }]));
}

#[test]
fn names_of_fields_and_escapes_are_read_as_http_has_them() {
    let mut world = world();
    let mut request = without(without(ask("GET", "/crm/contacts/%31001"), "authorization"), "X-Tenant-ID");
    request.headers.push("aUTHORIZATION", format!("bearer  {TOKEN}"));
    request.headers.push("x-tenant-id", " cust_12345 ");
    request.host = "API.truto.one:8443".to_owned();
    assert_eq!(answer(&mut world, &request).status, 200);
    let json = with(send("POST", SHORT, &lead()), "content-type", "Application/JSON; charset=UTF-8");
    assert_eq!(answer(&mut world, &json).status, 201);
}

#[test]
fn a_host_that_nothing_serves_is_misdirected() {
    let mut request = ask("GET", SHORT);
    request.host = "example.com".to_owned();
    let start = world().start();
    let got = world().answer(&request, start);
    assert_eq!((got.reply.status, got.unknown_route), (421, true));
    assert!(Definition::nothing().hosts().is_empty());
}

#[test]
fn only_a_path_without_route_is_told_as_such() {
    let start = world().start();
    assert!(world().answer(&ask("GET", "/crm/contact"), start).unknown_route);
    assert!(world().answer(&ask("GET", "/crm/contacts/"), start).unknown_route);
    assert!(world().answer(&ask("GET", "/crm/contacts/1/notes"), start).unknown_route);
    assert!(!world().answer(&ask("PUT", SHORT), start).unknown_route);
    assert!(!world().answer(&ask("GET", "/crm/contacts/nobody"), start).unknown_route);
}

// ------------------------------------------------------------------------------------------------ lists

/// The ids on every page from `target` on, page by page, following `field`.
fn walk(world: &mut World, target: &str, field: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let mark = if target.contains('?') { '&' } else { '?' };
        let page = body(&answer(world, &ask("GET", &format!("{target}{mark}next_cursor={cursor}"))));
        pages.push(ids(&page));
        match page[field].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return pages,
        }
    }
}

fn ids(page: &Value) -> Vec<String> {
    page["result"].as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_cursor_leads_through_every_record_once_and_back() {
    let all = (1001..1026).map(|n| n.to_string()).collect::<Vec<_>>();
    for (target, sizes) in [
        (SHORT, vec![10, 10, 5]),
        ("/crm/contacts?limit=7", vec![7, 7, 7, 4]),
        ("/crm/contacts?pageSize=25", vec![25]),
        ("/crm/contacts?limit=9999", vec![25]),
    ] {
        let pages = walk(&mut world(), target, "next_cursor");
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), sizes, "{target}");
        assert_eq!(pages.concat(), all, "{target}");
    }
    let mut world = world();
    let second = body(&answer(&mut world, &ask("GET", SHORT)))["next_cursor"].as_str().unwrap().to_owned();
    let page = body(&answer(&mut world, &ask("GET", &format!("{SHORT}?next_cursor={second}"))));
    let back = page["prev_cursor"].as_str().unwrap();
    let first = body(&answer(&mut world, &ask("GET", &format!("{SHORT}?next_cursor={back}"))));
    assert_eq!(ids(&first), all[..10]);
    assert_eq!(first["prev_cursor"], Value::Null);
}

#[test]
fn an_order_holds_across_pages() {
    for (target, is_descending) in [
        ("/crm/contacts?limit=10&sort_by=updated_at", false),
        ("/crm/contacts?limit=10&sort_by[updated_at]=desc", true),
    ] {
        let mut world = world();
        let walked = walk(&mut world, target, "next_cursor").concat();
        let page = body(&answer(&mut world, &ask("GET", "/crm/contacts?limit=250")));
        let mut sorted = page["result"].as_array().unwrap().clone();
        sorted.sort_by_key(|record| record["updated_at"].as_str().unwrap().to_owned());
        if is_descending {
            sorted.reverse();
        }
        let sorted = sorted.iter().map(|record| record["id"].as_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(walked, sorted, "{target}");
    }
}

#[test]
fn records_made_and_deleted_meanwhile_do_not_shift_the_pages() {
    let mut world = world();
    let first = body(&answer(&mut world, &ask("GET", "/crm/contacts?limit=10")));
    let cursor = first["next_cursor"].as_str().unwrap();
    for gone in ["1003", "1010"] {
        answer(&mut world, &ask("DELETE", &format!("{SHORT}/{gone}")));
    }
    answer(&mut world, &send("POST", SHORT, &lead()));
    let rest = body(&answer(&mut world, &ask("GET", &format!("{SHORT}?limit=250&next_cursor={cursor}"))));
    let expected = (1011..1026).map(|n| n.to_string()).chain(["76".to_owned()]).collect::<Vec<_>>();
    assert_eq!(ids(&rest), expected);
}

#[test]
fn filters_keep_what_compares() {
    let count = |query: &str| {
        let page = body(&answer(&mut world(), &ask("GET", &format!("{SHORT}?limit=250&{query}"))));
        page["result_count"].as_u64().unwrap()
    };
    assert_eq!(count(""), 25);
    assert_eq!(count("updated_after=2026-04-01T00:00:00Z"), 10);
    assert_eq!(count("updated_at[gt]=2026-04-01T00%3A00%3A00Z"), 10);
    assert_eq!(count("updated_at%5Blte%5D=2026-04-01"), 15);
    assert_eq!(count("updated_after=2026-04-01T02:00:00%2B02:00"), 10);
    assert_eq!(count("updated_after=2026-04-14T18:13:30.000Z"), 0, "the bound itself is not after it");
    assert_eq!(count("updated_at[gte]=2026-04-14T18:13:30.000Z"), 1);
    assert_eq!(count("created_at[lt]=2025-12-01"), 13);
    assert_eq!(count("first_name=Jos%C3%A9"), 1);
    assert_eq!(count("first_name[in]=Mei,Noah,Nobody"), 2);
    assert_eq!(count("first_name[ne]=Mei"), 24);
    assert_eq!(count("email=mei.chen@jadeharbor.example.com"), 1);
}

#[test]
fn fields_are_left_out_on_request() {
    let query = "truto_ignore_remote_data=true&truto_exclude_fields[]=tags&truto_exclude_fields[]=owner";
    for target in [format!("{SHORT}?limit=1&{query}"), format!("{SHORT}/1001?{query}")] {
        let got = body(&answer(&mut world(), &ask("GET", &target)));
        let record = if got["result"].is_array() { &got["result"][0] } else { &got };
        assert_eq!(record["id"], "1001");
        for gone in ["remote_data", "tags", "owner"] {
            assert!(record.get(gone).is_none(), "{target} shows {gone}");
        }
    }
}

// ---------------------------------------------------------------------------- tokens, quotas, faults, keys

#[test]
fn a_pages_token_may_do_what_the_page_says() {
    let scopes = ["contacts.write".to_owned()];
    let mut world = World::new(Arc::clone(&DEFINITION), Some(&scopes));
    assert_eq!(answer(&mut world, &send("POST", SHORT, &lead())).status, 201);
    let refused = answer(&mut world, &ask("GET", SHORT));
    assert_eq!(refused.status, 403);
    assert_eq!(
        body(&refused)["truto_error_insight"]["forbidden_error"]["value"]["missing_scopes"],
        json!(["contacts.read"])
    );
    let known = DEFINITION.scopes();
    for scope in ["accounts.read", "contacts.read", "contacts.write", "employees.read", "tickets.write", "proxy"] {
        assert!(known.iter().any(|known| known == scope), "{scope} is not among {known:?}");
    }
}

#[test]
fn the_environment_hands_over_what_the_requests_need() {
    let mut world = world();
    let environment: BTreeMap<_, _> = world.environment().into_iter().collect();
    assert_eq!(environment["TRUTO_API_KEY"], TOKEN);
    let readme = fs::read_to_string(root().join("sandbox/README.md")).unwrap();
    for name in environment.keys() {
        assert!(readme.contains(&format!("| `{name}` |")), "sandbox/README.md does not tell of {name}");
    }
    let list =
        without(ask("GET", &format!("{LONG}?integrated_account_id={}", environment["ACCOUNT_ID"])), "X-Tenant-ID");
    let list = with(list, "Authorization", &format!("Bearer {}", environment["TRUTO_API_KEY"]));
    assert_eq!(answer(&mut world, &list).status, 200);
    let list = with(ask("GET", SHORT), "X-Tenant-ID", &environment["TENANT_ID"]);
    assert_eq!(answer(&mut world, &list).status, 200);
    for (name, status) in [("TRUTO_READ_ONLY_API_KEY", 200), ("TRUTO_EXPIRED_API_KEY", 401)] {
        let list = with(ask("GET", SHORT), "Authorization", &format!("Bearer {}", environment[name]));
        assert_eq!(answer(&mut world, &list).status, status, "{name}");
    }
}

fn rate(reply: &Reply) -> (u16, Option<&str>, Option<&str>, Option<&str>, Option<&str>) {
    let header = |name| reply.headers.get(name);
    (
        reply.status,
        header("ratelimit-limit"),
        header("ratelimit-remaining"),
        header("ratelimit-reset"),
        header("retry-after"),
    )
}

#[test]
fn a_spent_quota_is_refilled_at_the_instant_that_the_answer_names() {
    let mut world = world();
    let start = world.start();
    let list = ask("GET", "/crm/contacts?limit=1");
    for n in 1..=110_u32 {
        let reply = world.answer(&list, start).reply;
        assert_eq!(
            (reply.status, reply.headers.get("ratelimit-remaining")),
            (200, Some((110 - n).to_string().as_str()))
        );
    }
    let limit = Some("110;w=10");
    let at = |world: &mut World, millis| world.answer(&list, start.after(Duration::from_millis(millis))).reply;
    assert_eq!(rate(&at(&mut world, 0)), (429, limit, Some("0"), Some("10"), Some("10")));
    assert_eq!(rate(&at(&mut world, 8_001)), (429, limit, Some("0"), Some("2"), Some("2")));
    let other = with(list.clone(), "Authorization", "Bearer sandbox-token-read-only-3e8a");
    assert_eq!(rate(&world.answer(&other, start).reply).0, 429, "the budget is the account's, whoever asks");
    assert_eq!(rate(&at(&mut world, 9_999)), (429, limit, Some("0"), Some("1"), Some("1")));
    assert_eq!(rate(&at(&mut world, 10_000)), (200, limit, Some("109"), Some("10"), None));
}

#[test]
fn each_account_has_a_budget_of_its_own() {
    let mut world = world();
    let list = ask("GET", "/crm/contacts?limit=1");
    let mut of = |tenant: &str| answer(&mut world, &with(list.clone(), "X-Tenant-ID", tenant));
    let told: Vec<_> = (0..6).map(|_| of("cust_67890")).collect();
    let told: Vec<_> = told.iter().map(rate).collect();
    let limit = Some("5;w=60");
    for (n, remaining) in ["4;w=60", "3;w=60", "2;w=60", "1;w=60", "0;w=60"].into_iter().enumerate() {
        assert_eq!(told[n], (200, limit, Some(remaining), Some("60"), None));
    }
    assert_eq!(told[5], (429, limit, Some("0;w=60"), Some("60"), Some("60")));
    assert_eq!(rate(&of("cust_12345")), (200, Some("110;w=10"), Some("109"), Some("10"), None));
    assert_eq!(rate(&of("cust_24680")), (200, Some("20;w=2"), Some("19"), Some("2"), None));
    assert_eq!(rate(&of("cust_13579")), (401, None, None, None, None), "nobody was asked");
}

#[test]
fn a_token_has_a_budget_over_all_its_accounts_and_who_has_none_spends_no_accounts() {
    let mut world = world();
    let accounts = ask("GET", "/integrated-account?limit=1");
    for _ in 0..499 {
        assert_eq!(answer(&mut world, &accounts).status, 200);
    }
    let list = ask("GET", "/crm/contacts?limit=1");
    assert_eq!(answer(&mut world, &with(list.clone(), "Authorization", "Bearer nonsense")).status, 401);
    assert_eq!(rate(&answer(&mut world, &list)).2, Some("109"));
    let spent = answer(&mut world, &list);
    assert_eq!(rate(&spent), (429, Some("500;w=10"), Some("0"), Some("10"), Some("10")));
    let other = with(list, "Authorization", "Bearer sandbox-token-read-only-3e8a");
    assert_eq!(
        rate(&answer(&mut world, &other)).2,
        Some("108"),
        "what the token's budget refused cost the account nothing"
    );
}

#[test]
fn a_latency_delays_the_answer_that_would_have_come_anyway() {
    let mut world = world();
    let start = world.start();
    world.arm(&["latency:300msx2", "429x1"].map(|text| Fault::parse(text).unwrap()));
    let mut ask = |request: &Request| {
        let got = world.answer(request, start);
        (got.reply.status, got.delay, got.round_trips, got.fault)
    };
    let (late, list, nowhere) = (Duration::from_millis(300), self::ask("GET", SHORT), self::ask("GET", "/nowhere"));
    let none = Duration::ZERO;
    assert_eq!(ask(&list), (429, late, none, Some("429x1".to_owned())));
    assert_eq!(ask(&nowhere), (404, late, none, Some("latency:300msx2".to_owned())));
    let round_trip = Duration::from_millis(180);
    assert_eq!(ask(&list), (200, none, round_trip, None), "what asking the provider takes");
    assert!(world.disarm().is_empty());
}

#[test]
fn an_api_may_state_a_round_trip() {
    assert_eq!(world().round_trip("api.truto.one"), Duration::ZERO);
    let mut files = data();
    files.get_mut("apis/unified.toml").unwrap().insert_str(0, "round_trip = \"80ms\"\n");
    let world = World::new(Arc::new(read(&files).unwrap()), None);
    assert_eq!(world.round_trip("API.truto.one:443"), Duration::from_millis(80));
    assert_eq!(world.round_trip("other.example.com"), Duration::ZERO);
}

#[test]
fn faults_come_go_and_are_told_where_nothing_met_them() {
    let mut world = world();
    let start = world.start();
    world.arm(&["429x2 GET", "500 DELETE /crm/*"].map(|text| Fault::parse(text).unwrap()));
    let mut statuses = Vec::new();
    for request in [ask("GET", SHORT), send("POST", SHORT, &lead()), ask("GET", SHORT), ask("GET", SHORT)] {
        let got = world.answer(&request, start);
        statuses.push((got.reply.status, got.fault));
    }
    let fault = Some("429x2 GET".to_owned());
    assert_eq!(statuses, [(429, fault.clone()), (201, None), (429, fault), (200, None)]);
    assert_eq!(world.disarm(), ["500 DELETE /crm/*"]);
    assert_eq!(answer(&mut world, &ask("DELETE", "/crm/contacts/1001")).status, 200);
    assert!(world.disarm().is_empty());
}

#[test]
fn a_fault_meets_no_request_without_a_route() {
    let mut world = world();
    world.arm(&[Fault::parse("500").unwrap()]);
    assert_eq!(answer(&mut world, &ask("GET", "/nowhere")).status, 404);
    assert_eq!(world.disarm(), ["500"]);
}

#[test]
fn a_revoked_account_stays_so_and_lists_of_accounts_show_it() {
    let mut world = world();
    world.arm(&[Fault::parse("revokedx1").unwrap()]);
    let active = ask("GET", "/integrated-account?status=active&limit=100");
    let reply = answer(&mut world, &active);
    let count = body(&reply)["result"].as_array().unwrap().len();
    assert_eq!(reply.status, 200, "a list of accounts goes to no provider");
    let refused = answer(&mut world, &ask("GET", SHORT));
    assert_eq!((refused.status, &body(&refused)["truto_is_remote_error"]), (401, &json!(true)));
    assert!(world.disarm().is_empty());
    assert_eq!(answer(&mut world, &ask("GET", SHORT)).status, 401, "only connecting it again helps");
    assert_eq!(ids(&body(&answer(&mut world, &active))).len(), count - 1);
    let account = body(&answer(&mut world, &ask("GET", &format!("/integrated-account/{ACCOUNT}"))));
    assert_eq!(account["status"], "needs_reauth");
}

#[test]
fn a_read_only_account_can_be_read() {
    let list = ask("GET", &format!("{LONG}?integrated_account_id={READ_ONLY_ACCOUNT}"));
    assert_eq!(ids(&body(&answer(&mut world(), &list))).len(), 3);
}

#[test]
fn the_same_key_writes_once() {
    let mut world = world();
    let create = with(send("POST", SHORT, &lead()), "Idempotency-Key", "k1");
    let first = answer(&mut world, &create);
    let again = answer(&mut world, &create);
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.body, again.body);
    let other = with(send("POST", SHORT, &lead()), "Idempotency-Key", "k2");
    assert_eq!(answer(&mut world, &other).status, 409, "another key is another write");
}

#[test]
fn a_refused_write_is_not_remembered() {
    let mut world = world();
    let bad = with(send("POST", SHORT, &json!({})), "Idempotency-Key", "k1");
    assert_eq!(answer(&mut world, &bad).status, 400);
    let good = with(send("POST", SHORT, &lead()), "Idempotency-Key", "k1");
    assert_eq!(answer(&mut world, &good).status, 201);
}

// ------------------------------------------------------------------------------------------ any request

fn any_request() -> impl Strategy<Value = Request> {
    let method = prop_oneof![
        4 => prop::sample::select(vec!["GET", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "PUT"]).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ];
    let path = prop_oneof![
        4 => prop::sample::select(vec![SHORT, LONG, "/crm/contacts/1001", "/integrated-account", "/"]).prop_map(str::to_owned),
        1 => "\\PC{0,20}",
    ];
    let parameter = (
        prop::sample::select(vec![
            "limit",
            "next_cursor",
            "sort_by",
            "sort_by[id]",
            "updated_at[gt]",
            "created_after",
            "email",
            "first_name[in]",
            "tags[gt]",
            "custom_fields",
            "truto_exclude_fields[]",
            "integrated_account_id",
        ]),
        prop_oneof![
            "\\PC{0,12}",
            Just(ACCOUNT.to_owned()),
            "[0-9]{1,25}",
            "([0-9a-f]{2}){0,9}",
            Just("5b747275652c6e756c6c2c315d".to_owned())
        ],
    );
    let query = prop_oneof![
        prop::collection::vec(parameter, 0..4).prop_map(|pairs| {
            pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
        }),
        "\\PC{0,20}",
    ];
    let header = prop_oneof![
        Just(("Content-Type".to_owned(), "application/json".to_owned())),
        Just(("Idempotency-Key".to_owned(), "k".to_owned())),
        ("\\PC{0,8}", "\\PC{0,8}"),
        ("\\PC{0,4}").prop_map(|value| ("Authorization".to_owned(), value)),
    ];
    let body = prop_oneof![
        Just(lead().to_string().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..30),
        "\\{\"last_name\": ?(\"x\"|1|null), \"(email|tags|account|email_addresses|é)\": ?(\\[\\]|\\[1\\]|\\{\\}|\"a@b.c\"|3)\\}"
            .prop_map(String::into_bytes),
    ];
    (method, path, query, prop::collection::vec(header, 0..4), body).prop_map(|(method, path, query, headers, body)| {
        let mut request = ask("GET", SHORT);
        (request.method, request.path, request.query, request.body) = (method, path, query, body);
        for (name, value) in headers {
            request.headers.set(&name, value);
        }
        request
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Whatever comes, the answer is JSON in the API's shape, and two worlds answer alike.
    #[test]
    fn any_requests_are_answered_and_always_alike(
        requests in prop::collection::vec((any_request(), 0_u64..20_000), 1..12),
        fault in prop::sample::select(vec!["500@3", "429x1", "revokedx1", "401 POST"]),
    ) {
        let (mut one, mut two) = (world(), world());
        let fault = [Fault::parse(fault).unwrap()];
        one.arm(&fault);
        two.arm(&fault);
        for (request, millis) in &requests {
            let now = one.start().after(Duration::from_millis(*millis));
            let got = one.answer(request, now);
            prop_assert_eq!(&got, &two.answer(request, now));
            if got.reply.status >= 400 && request.method != "HEAD" {
                prop_assert_eq!(&body(&got.reply)["statusCode"], &json!(got.reply.status));
            }
        }
        prop_assert_eq!(one.disarm(), two.disarm());
    }
}

// ------------------------------------------------------------------------------------------------- data

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    entries.map(Result::unwrap).filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
}

/// The data files of the folder, by their path in it.
fn data() -> BTreeMap<String, String> {
    let folder = root().join("sandbox");
    let data = files_below(&folder).into_iter().filter(|path| !path.starts_with(folder.join("clients")));
    let named = data.map(|path| {
        let name = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    });
    named
        .filter(|(name, _)| name.ends_with(".toml") || (name.ends_with(".json") && !name.ends_with(".schema.json")))
        .collect()
}

fn read(files: &BTreeMap<String, String>) -> Result<Definition, Vec<doccheck::diagnostic::Diagnostic>> {
    Definition::read(&files.iter().map(|(name, text)| (name.clone(), SourceFile::new(name, text.clone()))).collect())
}

#[test]
fn some_contacts_are_old_and_some_are_new_and_all_have_a_mail_address() {
    for tenant in ["cust_12345", "cust_67890", "cust_24680"] {
        let all = with(ask("GET", "/crm/contacts?limit=250"), "X-Tenant-ID", tenant);
        let all = body(&answer(&mut world(), &all));
        let records = all["result"].as_array().unwrap();
        assert!(
            records
                .iter()
                .all(|record| record["email_addresses"][0]["email"].as_str().unwrap().ends_with(".example.com"))
        );
        let new = records.iter().filter(|record| record["updated_at"].as_str().unwrap() > "2026-04-01").count();
        assert!(new > 0 && new < records.len(), "{tenant}: {new} of {}", records.len());
        assert!(
            records
                .iter()
                .all(|record| Timestamp::parse(record["updated_at"].as_str().unwrap()) < Some(world().start()))
        );
    }
}

/// The finding's code, place and message.
fn first_finding(files: &BTreeMap<String, String>) -> (&'static str, String, String) {
    let findings = read(files).unwrap_err();
    let finding = findings.first().unwrap();
    let place = match &finding.source {
        Some(source) => format!("{}:{}", source.path().display(), finding.line().unwrap()),
        None => "nowhere".to_owned(),
    };
    (finding.code, place, finding.message.clone())
}

#[test]
fn a_wrong_file_is_told_at_its_place() {
    const API: &str = "apis/unified.toml";
    const PROVIDER: &str = "providers/pipedrive.toml";
    const PERSONS: &str = "records/pipedrive-persons-cust_24680.json";
    const CLOSE: &str = "providers/close.toml";
    for (file, from, to, code, message) in [
        ("sandbox.toml", "start =", "begin =", "sandbox-shape", "unknown field `begin`"),
        ("sandbox.toml", "2026-04-15T09", "2026-04-15 at 9", "sandbox-value", "the start is no instant"),
        (
            "sandbox.toml",
            "\"apis/unified.toml\"",
            "\"apis/unifed.toml\"",
            "sandbox-reference",
            "there is no file apis/unifed.toml",
        ),
        (API, "requests = 500", "requests = \"many\"", "sandbox-shape", "invalid type: string \"many\""),
        (API, "hosts = [", "hosts = ", "sandbox-shape", "the sandbox's data cannot be read"),
        (
            API,
            "resource = \"accounts\"",
            "resource = \"acounts\"",
            "sandbox-reference",
            "there is no resource `acounts`",
        ),
        (API, "error = \"revoked\"", "error = \"revked\"", "sandbox-reference", "there is no error `revked`"),
        (
            API,
            "{ model = \"accounts\", by",
            "{ model = \"acounts\", by",
            "sandbox-reference",
            "there is no model `acounts`",
        ),
        (API, "by = \"name\"", "by = \"nam\"", "sandbox-reference", "there is no field `nam`"),
        (API, "500 = {", "501 = {", "sandbox-reference", "there is no kind of fault `501`"),
        (API, "status = 409", "status = 4090", "sandbox-value", "4090 is no status of HTTP"),
        (API, "Cannot {{method}}", "Cannot {{verb}}", "sandbox-reference", "there is no value `verb`"),
        (API, "\"contacts.read\"]", "\"contact.read\"]", "sandbox-reference", "there is no scope `contact.read`"),
        (
            API,
            "path = \"/crm/{resource}\"",
            "path = \"crm/{resource}\"",
            "sandbox-value",
            "`crm/{resource}` cannot be a path here",
        ),
        (API, "hosts = [", "round_trip = \"80\"\nhosts = [", "sandbox-value", "`80` is no duration"),
        (API, "default = 10, max", "default = 0, max", "sandbox-value", "a page holds at least one record"),
        (
            PROVIDER,
            "account = \"1e6d80b7",
            "account = \"2e6d80b7",
            "sandbox-reference",
            "there is no account `2e6d80b7",
        ),
        (
            PROVIDER,
            "kind = \"person\"",
            "kind = \"persn\"",
            "sandbox-reference",
            "there is no kind of invented record `persn`",
        ),
        (PROVIDER, "id = \"{{n}}\"", "id = \"{{m}}\"", "sandbox-shape", "`{{m}}` makes no ids"),
        (
            PROVIDER,
            "org_id = \"{{company.id}}\"",
            "og_id = \"{{company.id}}\"",
            "sandbox-reference",
            "there is no field `og_id`",
        ),
        (PROVIDER, "[[\"deal_id\"", "[[\"del_id\"", "sandbox-reference", "there is no field `del_id`"),
        (CLOSE, "email = \"emails\"", "email = \"mails\"", "sandbox-reference", "there is no field `mails`"),
        (CLOSE, "refers = \"lead\"", "refers = \"led\"", "sandbox-reference", "there is no resource `led`"),
        (CLOSE, "]\nresource = \"lead\"", "]\nresource = \"led\"", "sandbox-reference", "there is no resource `led`"),
        (CLOSE, "{ name = \"{{name}}\" }", "{ nam = \"\" }", "sandbox-reference", "there is no field `nam`"),
        ("providers/hubspot.toml", "by = \"email\"", "by = \"mail\"", "sandbox-reference", "there is no field `mail`"),
        (
            "providers/zoho-crm.toml",
            "error = \"too_many_fields\"",
            "error = \"to_many_fields\"",
            "sandbox-reference",
            "there is no error `to_many_fields`",
        ),
        (PERSONS, "\"id\": 1202", "\"id\": 1201", "sandbox-record", "there are two records with the id `1201`"),
        (PERSONS, "\"id\": 1202, ", "", "sandbox-record", "the record has no id"),
        (PERSONS, "\"id\": 1202,", "\"id\": 1202", "sandbox-shape", "the records cannot be read"),
    ] {
        let mut files = data();
        let text = files.get_mut(file).unwrap();
        let at = text.find(from).unwrap_or_else(|| panic!("{from} is not in {file}"));
        let line = text[..at].lines().count().max(1);
        text.replace_range(at..at + from.len(), to);
        let (found, place, told) = first_finding(&files);
        assert_eq!(found, code, "{from} -> {to}: {told}");
        assert!(told.starts_with(message) || told.contains(message), "{from} -> {to}: {told}");
        let is_whole_api = told.contains("kind of fault") || told.contains("page holds") || told.contains("no field `");
        if !is_whole_api && !to.is_empty() {
            let (path, told_line) = place.rsplit_once(':').unwrap();
            let distance = told_line.parse::<usize>().unwrap().abs_diff(line);
            assert!(path == file && distance <= 1, "{from} -> {to} is told at {place}, not near {file}:{line}");
        }
    }
}

#[test]
fn a_file_too_many_or_too_few_is_told() {
    let mut files = data();
    files.insert("records/leads.json".to_owned(), "[]".to_owned());
    files.insert("notes.md".to_owned(), String::new());
    assert_eq!(first_finding(&files).2, "nothing in the sandbox names the file records/leads.json");
    assert_eq!(first_finding(&BTreeMap::new()).2, "the sandbox has no file sandbox.toml");
    let mut files = data();
    let twice = files["sandbox.toml"].replace("\"apis/", "\"apis/unified.toml\", \"apis/");
    files.insert("sandbox.toml".to_owned(), twice);
    assert_eq!(first_finding(&files).2, "`api.truto.one` is already taken");
}

// ---------------------------------------------------------------------------------------------- schemas

fn schema(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(root().join("sandbox").join(name)).unwrap()).unwrap()
}

#[test]
fn the_data_fits_its_schemas() {
    for (name, text) in data() {
        let (schema, value): (_, Value) = match name.as_str() {
            "sandbox.toml" => (schema("sandbox.schema.json"), toml::from_str(&text).unwrap()),
            name if name.starts_with("records/") => {
                (schema("records.schema.json"), serde_json::from_str(&text).unwrap())
            }
            _ => continue,
        };
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors = validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path()));
        assert_eq!(errors.collect::<Vec<_>>(), Vec::<String>::new(), "{name}");
    }
}

/// The keys of the data are the fields of the types that read it.
#[test]
fn every_key_of_the_data_is_documented() {
    let readme = fs::read_to_string(root().join("sandbox/README.md")).unwrap();
    let mut found = 0;
    for path in files_below(&root().join("src/sandbox/data")) {
        let text = fs::read_to_string(path).unwrap();
        for line in text.lines().filter(|line| line.starts_with("    pub")) {
            let Some((name, _)) = line.rsplit_once(") ").map_or(line, |(_, rest)| rest).split_once(": ") else {
                continue;
            };
            let name = name.trim_start_matches("pub ").trim();
            // These are filled in by reading, or have another name in the data.
            let own = ["rows", "source", "comparison", "place", "shapes"];
            if name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') && !own.contains(&name) {
                found += 1;
                assert!(readme.contains(name), "`{name}` does not occur in sandbox/README.md");
            }
        }
    }
    assert!(found > 100, "{found}");
}

#[test]
fn the_readmes_record_can_be_added_as_it_stands() {
    let readme = fs::read_to_string(root().join("sandbox/README.md")).unwrap();
    let section = readme.split("## Add a record").nth(1).unwrap();
    let example = section.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let mut files = data();
    let records = files.get_mut("records/hubspot-contacts-cust_12345.json").unwrap();
    *records = records.replacen('[', &format!("[{},", example.trim()), 1);
    let mut world = World::new(Arc::new(read(&files).unwrap()), None);
    let all = body(&answer(&mut world, &ask("GET", "/crm/contacts?limit=100")));
    assert_eq!(all["result_count"], 26);
    assert_eq!(body(&answer(&mut world, &ask("GET", "/crm/contacts/1026")))["name"], "Ada Lovelace");
}
