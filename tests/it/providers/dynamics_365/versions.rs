//! Which version of a record a request is about, and records that a change makes.

use std::time::Duration;

use doccheck::http::Request;
use serde_json::{Value, json};

use super::super::world;
use super::{HOST, after, answer, ask, body, send, with};

const FIRST: &str = "/contacts(465b158c-541c-ee11-9967-000000000001)";
const NEW: &str = "/contacts(00000000-1111-2222-3333-abcdefABCDEF)";
const STALE: &str = "W/\"1\"";

fn patch(path: &str) -> Request {
    send("PATCH", path, &json!({ "jobtitle": "CTO" }))
}

#[test]
fn a_change_of_a_record_that_is_not_there_makes_it() {
    let world = &mut world();
    let made = answer(world, &patch(NEW));
    assert_eq!((made.status, made.body.len()), (204, 0));
    assert_eq!(made.headers.get("OData-EntityId"), Some(format!("https://{HOST}/api/data/v9.2{NEW}").as_str()));
    let got = body(&answer(world, &ask("GET", NEW)));
    assert_eq!((&got["jobtitle"], &got["createdon"]), (&json!("CTO"), &json!("2026-04-15T09:00:00Z")));
    assert_eq!(got["contactid"], json!("00000000-1111-2222-3333-abcdefABCDEF"));
    assert_eq!(answer(world, &patch(NEW)).status, 204, "and from then on it is changed");
    let all = body(&answer(world, &ask("GET", "/contacts?$top=1&$count=true")));
    assert_eq!(all["@odata.count"], json!(1001));

    let shown = with(patch("/contacts(00000000-1111-2222-3333-000000000001)"), "Prefer", "return=representation");
    let shown = answer(world, &shown);
    assert_eq!((shown.status, &body(&shown)["jobtitle"]), (201, &json!("CTO")));
    let nameless = send("PATCH", "/accounts(00000000-1111-2222-3333-000000000001)", &json!({ "telephone1": "1" }));
    assert_eq!(answer(world, &nameless).status, 400, "what a new record must have, it must have here too");
    assert_eq!(answer(world, &patch("/contacts(nonsense)")).status, 404);
    let deleted = answer(world, &ask("DELETE", "/contacts(00000000-1111-2222-3333-00000000dead)"));
    assert_eq!(deleted.status, 404, "nothing is made to be deleted");
}

#[test]
fn a_change_may_say_that_the_record_must_be_there_or_must_not() {
    let world = &mut world();
    for tag in ["*", STALE] {
        let missing = answer(world, &with(patch(NEW), "If-Match", tag));
        assert_eq!((missing.status, &body(&missing)["error"]["code"]), (404, &json!("0x80040217")), "{tag}");
    }
    assert_eq!(answer(world, &with(patch(FIRST), "If-Match", "*")).status, 204);
    let there = answer(world, &with(patch(FIRST), "If-None-Match", "*"));
    let message = "A record with matching key values already exists.";
    assert_eq!((there.status, &body(&there)["error"]["message"]), (412, &json!(message)));
    assert_eq!(answer(world, &with(patch(NEW), "If-None-Match", "*")).status, 204);
}

#[test]
fn a_write_to_another_version_is_refused() {
    let world = &mut world();
    let tag = |got: &Value| got["@odata.etag"].as_str().unwrap().to_owned();
    let old = tag(&body(&answer(world, &ask("GET", FIRST))));
    let message = "The version of the existing record doesn't match the RowVersion property provided.";
    for request in [patch(FIRST), ask("DELETE", FIRST)] {
        let refused = answer(world, &with(request, "If-Match", STALE));
        let error = json!({ "error": { "code": "0x80060882", "message": message } });
        assert_eq!((refused.status, body(&refused)), (412, error));
    }
    let minute = Duration::from_secs(60);
    assert_eq!(after(world, minute, &with(patch(FIRST), "If-Match", &old)).status, 204);
    assert_eq!(after(world, minute, &with(patch(FIRST), "If-Match", &old)).status, 412, "it has changed since");
    let new = tag(&body(&after(world, minute, &ask("GET", FIRST))));
    assert_ne!(old, new);
    assert_eq!(after(world, minute, &with(ask("GET", FIRST), "If-None-Match", &old)).status, 200);
    let same = after(world, minute, &with(ask("GET", FIRST), "If-None-Match", &new));
    assert_eq!((same.status, same.body.len()), (304, 0));
    assert_eq!(after(world, minute, &with(ask("DELETE", FIRST), "If-Match", &new)).status, 204);
}
