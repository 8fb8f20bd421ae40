//! Zendesk Support's tickets and users through the unified API.

use serde_json::{Value, json};

use crate::providers::native::column;

use super::native;

const ACCOUNT: &str = "9d37c5b1-e860-4f2a-b714-0a6e8c2d5f93";

#[test]
fn tickets_and_users_are_listed_to_the_end() {
    let mut native = native();
    let tickets = native.unified_list("ticketing/tickets?limit=100", ACCOUNT);
    assert_eq!(column(&json!(tickets), "/id"), (1..=600).map(|n| n.to_string()).collect::<Vec<_>>());
    let mut first = tickets[0].clone();
    first.as_object_mut().unwrap().remove("remote_data");
    let expected = json!({
        "id": "1", "name": "Webhook comes twice", "number": null,
        "description": "Since Monday each event arrives two times.", "status": { "id": "open", "name": "open" },
        "priority": "urgent", "type": "question", "assignees": [{ "id": "9007000012" }],
        "contact": { "id": "9007000060" }, "tags": [],
        "created_at": "2025-03-11T09:00:00.000Z", "updated_at": "2026-01-05T09:00:00.000Z",
    });
    assert_eq!(first, expected);

    let users = native.unified_list("ticketing/users?limit=50", ACCOUNT);
    assert_eq!(column(&json!(users), "/id"), (1..=120).map(|n| format!("9007{n:06}")).collect::<Vec<_>>());
    let mut first = users[0].clone();
    first.as_object_mut().unwrap().remove("remote_data");
    let expected = json!({
        "id": "9007000001", "name": "Oleksandr Yıldız", "first_name": "Oleksandr", "last_name": "Yıldız",
        "username": null, "emails": [{ "email": "oleksandr.yildiz.1@desk.example", "type": "work" }],
        "phones": [{ "number": "+1 555 0000001", "type": "work" }], "is_active": true, "team_ids": [],
        "avatar": null, "roles": [{ "name": "end-user" }],
        "created_at": "2025-03-11T09:00:00.000Z", "updated_at": "2026-01-05T09:00:00.000Z",
    });
    assert_eq!(first, expected);
    let ids = column(&json!(users), "/id");
    assert!(column(&json!(tickets), "/contact/id").iter().all(|id| ids.contains(id)), "every requester is a user");
}

#[test]
fn a_ticket_is_made_changed_and_deleted() {
    let mut native = native();
    let ticket = json!({
        "name": "The printer is on fire", "description": "Smoke.", "priority": "urgent", "type": "incident",
        "contact": { "id": "9007000002" }, "assignees": [{ "id": "9007000003" }],
    });
    let made = native.unified("POST", "ticketing/tickets", ACCOUNT, &ticket);
    assert_eq!((made.status, &made.body["id"]), (201, &json!("601")));
    for (name, value) in ticket.as_object().unwrap() {
        assert_eq!(&made.body[name], value, "{name}");
    }
    let own = native.get("/api/v2/tickets/601.json").body["ticket"].clone();
    assert_eq!((&own["requester_id"], &own["assignee_id"]), (&json!(9_007_000_002_i64), &json!(9_007_000_003_i64)));
    assert_eq!((&own["subject"], &own["status"]), (&ticket["name"], &json!("new")));
    let solved = json!({ "status": { "id": "solved" } });
    let changed = native.unified("PATCH", "ticketing/tickets/601", ACCOUNT, &solved);
    assert_eq!((changed.status, &changed.body["status"]["name"]), (200, &json!("solved")));
    assert_eq!((&changed.body["name"], &changed.body["description"]), (&ticket["name"], &json!("Smoke.")));
    let gone = native.unified("DELETE", "ticketing/tickets/601", ACCOUNT, &Value::Null);
    assert_eq!((gone.status, gone.body), (200, json!({ "id": "601" })));
    assert_eq!(native.get("/api/v2/tickets/601.json").status, 404);
}

#[test]
fn a_user_is_made_and_changed() {
    let mut native = native();
    let ada = json!({ "name": "Ada Lovelace", "emails": [{ "email": "ada@example.com", "type": "work" }] });
    let made = native.unified("POST", "ticketing/users", ACCOUNT, &ada);
    assert_eq!((made.status, &made.body["first_name"]), (201, &json!("Ada")));
    assert_eq!((&made.body["roles"], &made.body["is_active"]), (&json!([{ "name": "end-user" }]), &json!(true)));
    let path = format!("ticketing/users/{}", made.body["id"].as_str().unwrap());
    let changed = native.unified("PATCH", &path, ACCOUNT, &json!({ "roles": [{ "name": "agent" }] }));
    assert_eq!((changed.status, &changed.body["roles"]), (200, &json!([{ "name": "agent" }])));
    let again = native.unified("POST", "ticketing/users", ACCOUNT, &ada);
    assert_eq!((again.status, &again.body["truto_is_remote_error"]), (422, &json!(true)));
    assert_eq!(again.body["raw_response"]["details"]["email"][0]["error"], json!("DuplicateValue"));
}

#[test]
fn refusals_are_told_with_the_providers_own_words() {
    let mut native = native();
    let got = native.unified("POST", "ticketing/tickets", ACCOUNT, &json!({ "name": "Nothing said" }));
    assert_eq!((got.status, &got.body["truto_is_remote_error"]), (422, &json!(true)));
    assert_eq!(got.body["raw_response"]["error"], json!("RecordInvalid"));
    assert_eq!(got.header("ratelimit-limit"), Some("700;w=60"));
    for _ in 0..699 {
        native.get("/api/v2/tickets/1.json");
    }
    let got = native.unified("GET", "ticketing/tickets/1", ACCOUNT, &Value::Null);
    assert_eq!((got.status, got.header("Retry-After")), (429, Some("60")));
    assert_eq!((got.header("ratelimit-remaining"), got.header("ratelimit-reset")), (Some("0"), Some("60")));
    assert_eq!(got.body["raw_response"], json!("Number of allowed API requests per minute exceeded"));
}

#[test]
fn tickets_come_in_the_order_that_is_asked_for() {
    let mut native = native();
    for (order, field) in [("-updated_at", "/updated_at"), ("-created_at", "/created_at")] {
        let tickets = native.unified_list(&format!("ticketing/tickets?limit=100&sort_by={order}"), ACCOUNT);
        let instants = column(&json!(tickets), field);
        assert_eq!((instants.len(), instants.is_sorted_by(|one, next| one >= next)), (600, true), "{order}");
    }
    let tickets = native.unified_list("ticketing/tickets?limit=250&sort_by=updated_at", ACCOUNT);
    assert!(column(&json!(tickets), "/updated_at").is_sorted());
    let refused = native.unified("PATCH", "ticketing/tickets/1", ACCOUNT, &json!({ "status": { "id": "bogus" } }));
    assert_eq!((refused.status, &refused.body["truto_is_remote_error"]), (422, &json!(true)), "{}", refused.body);
}
