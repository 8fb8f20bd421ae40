//! Zendesk Support's API as its documentation has it.

mod unified;

use std::time::Duration;

use serde_json::{Value, json};

use super::native::{Got, Native, basic, column, members};
use super::world;

const HOST: &str = "example.zendesk.com";
const TOKEN: &str = "sandbox-zendesk-support-token-e57a03d9";
const TICKETS: &str = "/api/v2/tickets.json";
const USERS: &str = "/api/v2/users.json";
/// 2026-04-15T09:00:00Z
const START: i64 = 1_776_243_600;

fn native() -> Native {
    Native::new(world(), HOST, &basic("agent@example.com/token", TOKEN))
}

fn invalid(place: &str, description: &str, error: &str) -> Value {
    json!({
        "error": "RecordInvalid",
        "description": "Record validation errors",
        "details": { place: [{ "description": description, "error": error }] },
    })
}

#[test]
fn a_token_is_the_password_of_an_agent() {
    let mut native = native();
    assert_eq!(native.get(TICKETS).status, 200);
    for wrong in [None, Some(basic("agent@example.com/token", "nothing")), Some(basic(TOKEN, ""))] {
        native.authorize(wrong.as_deref());
        let got = native.get(TICKETS);
        assert_eq!((got.status, got.body), (401, json!({ "error": "Couldn't authenticate you" })), "{wrong:?}");
    }
}

#[test]
fn cursors_lead_from_the_first_page_to_the_last_and_back() {
    let mut native = native();
    for (target, count, name) in [(TICKETS, 600, "tickets"), (USERS, 120, "users")] {
        let mut next = Some(format!("{target}?page[size]=100"));
        let mut found = 0;
        while let Some(this) = next {
            let page = native.get(&this);
            assert_eq!((page.status, members(&page.body)), (200, vec![name, "meta", "links"]));
            assert_eq!(members(&page.body["meta"]), ["has_more", "after_cursor", "before_cursor"]);
            found += page.body[name].as_array().unwrap().len();
            next = page.body["links"]["next"].as_str().map(str::to_owned);
            assert_eq!(page.body["meta"]["has_more"], json!(next.is_some()));
        }
        assert_eq!(found, count, "{name}");
    }
    let first = native.get(&format!("{TICKETS}?page[size]=2")).body;
    assert_eq!(column(&first["tickets"], "/id"), ["1", "2"]);
    let after = first["meta"]["after_cursor"].as_str().unwrap();
    let second = native.get(&format!("{TICKETS}?page%5Bsize%5D=2&page%5Bafter%5D={after}")).body;
    assert_eq!(column(&second["tickets"], "/id"), ["3", "4"]);
    let got = native.get(&format!("{TICKETS}?page[size]=101"));
    assert_eq!((got.status, &got.body["error"]), (400, &json!("InvalidPaginationParameter")));
}

#[test]
fn without_a_page_size_pages_have_numbers() {
    let mut native = native();
    let page = native.get(TICKETS).body;
    assert_eq!(members(&page), ["tickets", "count", "next_page", "previous_page"]);
    assert_eq!((page["tickets"].as_array().unwrap().len(), &page["count"]), (100, &json!(600)));
    assert_eq!(page["previous_page"], Value::Null);
    let second = native.get(page["next_page"].as_str().unwrap()).body;
    assert_eq!(column(&second["tickets"], "/id"), (101..=200).map(|n| n.to_string()).collect::<Vec<_>>());
    let last = native.get(&format!("{TICKETS}?page=100&per_page=6")).body;
    assert_eq!((column(&last["tickets"], "/id").len(), &last["next_page"]), (6, &Value::Null));
    assert_eq!(native.get(&format!("{TICKETS}?page=100")).body["tickets"], json!([]));
    let beyond = native.get(&format!("{TICKETS}?page=101"));
    assert_eq!(beyond.status, 400, "ten thousand records are the most");
}

#[test]
fn a_ticket_stands_in_an_envelope() {
    let mut native = native();
    let got = native.get("/api/v2/tickets/1.json");
    assert_eq!((got.status, members(&got.body)), (200, vec!["ticket"]));
    let ticket = &got.body["ticket"];
    assert_eq!(
        (&ticket["id"], &ticket["url"]),
        (&json!(1), &json!("https://example.zendesk.com/api/v2/tickets/1.json"))
    );
    assert!(["new", "open", "pending", "hold", "solved", "closed"].contains(&ticket["status"].as_str().unwrap()));
    assert!(["urgent", "high", "normal", "low"].contains(&ticket["priority"].as_str().unwrap()));
    assert!(["problem", "incident", "question", "task"].contains(&ticket["type"].as_str().unwrap()));
    assert_eq!(ticket.get("comment"), None);
    assert_eq!(native.get("/api/v2/tickets/1").body, got.body, "with and without .json");
    let requester = native.get(&format!("/api/v2/users/{}.json", ticket["requester_id"]));
    assert_eq!((requester.status, &requester.body["user"]["id"]), (200, &ticket["requester_id"]));
    let got = native.get("/api/v2/tickets/9999.json");
    assert_eq!((got.status, got.body), (404, json!({ "error": "RecordNotFound", "description": "Not found" })));
}

#[test]
fn a_ticket_is_made_changed_and_deleted() {
    let mut native = native();
    let ticket = json!({ "ticket": { "subject": "The printer is on fire", "comment": { "body": "Smoke." }, "priority": "urgent" } });
    let made = native.send("POST", TICKETS, &ticket);
    assert_eq!((made.status, members(&made.body)), (201, vec!["ticket", "audit"]));
    assert_eq!(made.header("Location"), Some("https://example.zendesk.com/api/v2/tickets/601.json"));
    let record = &made.body["ticket"];
    assert_eq!((&record["id"], &record["status"]), (&json!(601), &json!("new")));
    assert_eq!((&record["subject"], &record["description"]), (&json!("The printer is on fire"), &json!("Smoke.")));
    assert_eq!(record["created_at"], json!("2026-04-15T09:00:00Z"));
    assert_eq!(&native.get("/api/v2/tickets/601.json").body["ticket"], record);

    native.wait(Duration::from_secs(7));
    let reply = json!({ "ticket": { "status": "solved", "comment": { "body": "It is out." } } });
    let changed = native.send("PUT", "/api/v2/tickets/601.json", &reply);
    assert_eq!((changed.status, &changed.body["ticket"]["status"]), (200, &json!("solved")));
    assert_eq!(changed.body["ticket"]["description"], json!("Smoke."), "the first comment is the description");
    assert_eq!(changed.body["ticket"]["updated_at"], json!("2026-04-15T09:00:07Z"));
    let gone = native.delete("/api/v2/tickets/601.json");
    assert_eq!((gone.status, gone.body), (204, Value::Null));
    assert_eq!(native.get("/api/v2/tickets/601.json").status, 404);
}

#[test]
fn a_user_needs_a_name_and_an_address_of_his_own() {
    let mut native = native();
    let ada = json!({ "user": { "name": "Ada Lovelace", "email": "ada@example.com" } });
    let made = native.send("POST", USERS, &ada);
    assert_eq!((made.status, &made.body["user"]["id"]), (201, &json!(9_007_000_121_i64)));
    assert_eq!((&made.body["user"]["role"], &made.body["user"]["active"]), (&json!("end-user"), &json!(true)));
    let again = native.send("POST", USERS, &ada);
    let problem = invalid("email", "Email: ada@example.com is already being used by another user", "DuplicateValue");
    assert_eq!((again.status, again.body), (422, problem));
    let missing = native.send("POST", USERS, &json!({ "user": { "email": "b@example.com" } }));
    assert_eq!((missing.status, missing.body), (422, invalid("name", "Name: cannot be blank", "BlankValue")));
    let got = native.send("PUT", "/api/v2/users/9007000121.json", &json!({ "user": { "role": "agent" } }));
    assert_eq!((got.status, &got.body["user"]["role"]), (200, &json!("agent")));
    let gone = native.delete("/api/v2/users/9007000121.json");
    assert_eq!((gone.status, &gone.body["user"]["id"]), (200, &json!(9_007_000_121_i64)));
    let roles = native.get(&format!("{USERS}?page[size]=100&role=agent")).body;
    let found = column(&roles["users"], "/role");
    assert!(!found.is_empty() && found.iter().all(|role| role == "agent"), "{found:?}");
}

#[test]
fn refusals_are_record_errors() {
    let mut native = native();
    let got = native.send("POST", TICKETS, &json!({ "ticket": { "subject": "Nothing said" } }));
    assert_eq!((got.status, got.body), (422, invalid("base", "Description: cannot be blank", "BlankValue")));
    assert_eq!(native.get("/api/v2/ticket.json").status, 404);
    let got = native.raw("POST", TICKETS, "application/json", "{");
    assert_eq!(got.status, 400);
}

#[test]
fn exports_tell_what_changed_and_what_was_deleted() {
    let mut native = native();
    native.wait(Duration::from_secs(60));
    native.send("PUT", "/api/v2/tickets/5.json", &json!({ "ticket": { "priority": "low" } }));
    native.wait(Duration::from_secs(1));
    native.delete("/api/v2/tickets/3.json");
    native.wait(Duration::from_secs(120));
    let export = native.get(&format!("/api/v2/incremental/tickets/cursor.json?start_time={}", START + 1));
    assert_eq!(export.status, 200);
    assert_eq!(
        members(&export.body),
        ["tickets", "after_url", "after_cursor", "before_url", "before_cursor", "end_of_stream"]
    );
    assert_eq!(column(&export.body["tickets"], "/id"), ["5", "3"]);
    assert_eq!(export.body["tickets"][1]["status"], json!("deleted"));
    assert_eq!(export.body["end_of_stream"], json!(true));
    let users = native.get("/api/v2/incremental/users/cursor.json?start_time=0").body;
    assert_eq!((users["users"].as_array().unwrap().len(), &users["end_of_stream"]), (120, &json!(true)));

    let deleted = native.get("/api/v2/deleted_tickets.json").body;
    assert_eq!(members(&deleted), ["deleted_tickets", "count", "next_page", "previous_page"]);
    assert_eq!((column(&deleted["deleted_tickets"], "/id"), &deleted["count"]), (vec!["3".to_owned()], &json!(1)));
    assert_eq!(deleted["deleted_tickets"][0]["deleted_at"], json!("2026-04-15T09:01:01Z"));
}

#[test]
fn seven_hundred_a_minute_are_the_most_and_the_refusal_is_plain_text() {
    let mut native = native();
    let told =
        |got: &Got, names: &[&str]| names.iter().map(|name| got.header(name).map(str::to_owned)).collect::<Vec<_>>();
    let text = |text: &str| Some(text.to_owned());
    let account = ["X-Rate-Limit", "X-Rate-Limit-Remaining", "Retry-After"];
    let list = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];
    let got = native.get(TICKETS);
    assert_eq!(told(&got, &account), [text("700"), text("699"), None]);
    assert_eq!(told(&got, &list), [text("700"), text("699"), text("60")]);
    native.wait(Duration::from_secs(19));
    assert_eq!(told(&native.get(TICKETS), &list), [text("700"), text("698"), text("41")]);
    for left in (0..698).rev() {
        let got = native.get("/api/v2/tickets/1.json");
        assert_eq!((got.status, told(&got, &account)), (200, vec![text("700"), Some(left.to_string()), None]));
        assert_eq!(told(&got, &list), [None, None, None]);
    }
    let got = native.get("/api/v2/tickets/1.json");
    assert_eq!((got.status, told(&got, &account)), (429, vec![text("700"), text("0"), text("41")]));
    assert_eq!(got.body, json!("Number of allowed API requests per minute exceeded"));
    assert!(got.header("Content-Type").unwrap().starts_with("text/plain"));
    native.wait(Duration::from_secs(41));
    assert_eq!(native.get("/api/v2/tickets/1.json").status, 200);
}

#[test]
fn exports_and_deleted_tickets_are_asked_ten_times_a_minute() {
    let mut native = native();
    for target in ["/api/v2/incremental/tickets/cursor.json?start_time=1776243000", "/api/v2/deleted_tickets.json"] {
        for n in 0..10 {
            assert_eq!(native.get(target).status, 200, "{target} {n}");
        }
        let got = native.get(target);
        assert_eq!((got.status, got.header("Retry-After")), (429, Some("60")), "{target}");
        assert_eq!(native.get(TICKETS).status, 200, "{target}");
    }
}

#[test]
fn a_grant_has_scopes() {
    let mut native = native();
    native.authorize(None);
    let consent = "/oauth/authorizations/new?response_type=code&client_id=sandbox-zendesk-support-client&scope=read&state=s1&\
                   redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback";
    let got = native.get(consent);
    assert_eq!(got.status, 302);
    let query = got.header("Location").unwrap().split_once('?').unwrap().1.to_owned();
    let code = query.split('&').find_map(|pair| pair.strip_prefix("code=")).unwrap();
    let client = "client_id=sandbox-zendesk-support-client&client_secret=sandbox-zendesk-support-secret-40fd";
    let redirect = "redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback";
    let got = native.form("/oauth/tokens", &format!("grant_type=authorization_code&code={code}&{client}&{redirect}"));
    assert_eq!((got.status, &got.body["scope"]), (200, &json!("read")));
    native.authorize(Some(&format!("Bearer {}", got.body["access_token"].as_str().unwrap())));
    assert_eq!(native.get(TICKETS).status, 200);
    let refused = native.send("POST", TICKETS, &json!({ "ticket": { "comment": { "body": "x" } } }));
    assert_eq!((refused.status, &refused.body["error"]), (403, &json!("Forbidden")));
}

#[test]
fn tickets_are_sorted_as_the_way_of_paging_says() {
    let mut native = native();
    let changed = |page: &Value| column(&page["tickets"], "/updated_at");
    let mut all = changed(&native.get("/api/v2/incremental/tickets/cursor.json?start_time=0").body);
    all.sort_by(|one, next| next.cmp(one));
    assert_eq!(all.len(), 600);

    let first = native.get(&format!("{TICKETS}?page[size]=100&sort=-updated_at")).body;
    assert_eq!(changed(&first), all[..100]);
    let second = native.get(first["links"]["next"].as_str().unwrap()).body;
    assert_eq!(changed(&second), all[100..200], "the link keeps the order");
    let by_number = native.get("/api/v2/tickets?sort_by=updated_at&sort_order=desc&page=2").body;
    assert_eq!(changed(&by_number), all[100..200]);
    let oldest = native.get("/api/v2/tickets?page[size]=1&sort=id").body;
    assert_eq!(column(&oldest["tickets"], "/id"), ["1"]);
    let wrong = native.get(&format!("{TICKETS}?page[size]=1&sort=colour"));
    assert_eq!((wrong.status, &wrong.body["error"]), (400, &json!("InvalidValue")));
}

#[test]
fn a_value_that_is_not_in_the_list_is_refused() {
    let mut native = native();
    let ticket = |field: &str, value: &str| json!({ "ticket": { "comment": { "body": "x" }, field: value } });
    for (field, label) in [("status", "Status"), ("priority", "Priority"), ("type", "Type")] {
        let told = (422, invalid(field, &format!("{label}: is not included in the list"), "InvalidValue"));
        let made = native.send("POST", TICKETS, &ticket(field, "bogus"));
        assert_eq!((made.status, made.body), told, "{field}");
        let changed = native.send("PUT", "/api/v2/tickets/1.json", &json!({ "ticket": { field: "bogus" } }));
        assert_eq!((changed.status, changed.body), told, "{field}");
    }
    for (field, value) in [("status", "hold"), ("priority", "low"), ("type", "task")] {
        let made = native.send("POST", TICKETS, &ticket(field, value));
        assert_eq!((made.status, &made.body["ticket"][field]), (201, &json!(value)));
    }
    let user = native.send("POST", USERS, &json!({ "user": { "name": "Ada", "role": "queen" } }));
    let told = invalid("role", "Role: is not included in the list", "InvalidValue");
    assert_eq!((user.status, user.body), (422, told));
}
