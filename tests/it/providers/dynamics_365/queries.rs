//! What OData is asked of lists, and what it refuses.

use serde_json::{Value, json};

use super::super::world;
use super::{answer, ask, body, values, with};

/// `text` as a value in a query string.
fn encoded(text: &str) -> String {
    text.replace(' ', "%20")
}

/// The answer to a list with this filter.
fn filtered(from: &str, filter: &str) -> (u16, Value) {
    let reply = answer(&mut world(), &ask("GET", &format!("/{from}?$filter={}", encoded(filter))));
    (reply.status, body(&reply))
}

#[test]
fn a_value_of_another_kind_than_the_property_is_incompatible() {
    for (from, filter, own, given, kind) in [
        ("contacts", "modifiedon gt '2026-04-01T00:00:00Z'", "Edm.DateTimeOffset", "Edm.String", "GreaterThan"),
        ("opportunities", "estimatedclosedate le '2026-04-01'", "Edm.Date", "Edm.String", "LessThanOrEqual"),
        ("opportunities", "estimatedvalue ge '5'", "Edm.Decimal", "Edm.String", "GreaterThanOrEqual"),
        ("opportunities", "statecode eq '0'", "Edm.Int32", "Edm.String", "Equal"),
        ("contacts", "lastname ne 5", "Edm.String", "Edm.Int32", "NotEqual"),
    ] {
        let message = format!(
            "A binary operator with incompatible types was detected. Found operand types '{own}' and '{given}' for \
             operator kind '{kind}'."
        );
        let error = json!({ "error": { "code": "0x80060888", "message": message } });
        assert_eq!(filtered(from, filter), (400, error), "{filter}");
    }
    let (status, told) = filtered("contacts", "lastname eq Doe");
    let message = "Could not find a property named 'Doe' on type 'Microsoft.Dynamics.CRM.contact'.";
    assert_eq!((status, &told["error"]["message"]), (400, &json!(message)), "a bare word is another property");
}

#[test]
fn days_ids_and_texts_of_any_case_are_compared() {
    let id = "465b158c-541c-ee11-9967-000000000007";
    let (_, one) = filtered("contacts", &format!("contactid eq {id}"));
    assert_eq!(values(&one).len(), 1);
    let mail = values(&one)[0]["emailaddress1"].as_str().unwrap().to_uppercase();
    let (_, same) = filtered("contacts", &format!("emailaddress1 eq '{mail}'"));
    assert_eq!(values(&same), values(&one));
    let (_, by_day) = filtered("contacts", "modifiedon ge 2026-04-01");
    let (_, by_instant) = filtered("contacts", "modifiedon ge 2026-04-01T00:00:00Z");
    assert!(!values(&by_day).is_empty());
    assert_eq!(values(&by_day), values(&by_instant));
}

#[test]
fn functions_look_at_the_start_the_end_or_the_whole() {
    let world = &mut world();
    let all = body(&answer(world, &ask("GET", "/contacts?$select=lastname")));
    let names: Vec<String> =
        values(&all).iter().map(|record| record["lastname"].as_str().unwrap().to_lowercase()).collect();
    for (filter, expected) in [
        ("startswith(lastname,'W')", names.iter().filter(|name| name.starts_with('w')).count()),
        ("endswith(lastname,'n')", names.iter().filter(|name| name.ends_with('n')).count()),
        ("contains(lastname,'an')", names.iter().filter(|name| name.contains("an")).count()),
    ] {
        let found = body(&answer(world, &ask("GET", &format!("/contacts?$filter={filter}"))));
        assert!(expected > 0, "{filter}");
        assert_eq!(values(&found).len(), expected, "{filter}");
    }
}

#[test]
fn there_is_no_skip_and_what_is_not_read_is_refused() {
    let refused = |path: &str| {
        let reply = answer(&mut world(), &ask("GET", path));
        (reply.status, body(&reply))
    };
    let error = |message: &str| (400, json!({ "error": { "code": "0x80060888", "message": message } }));
    assert_eq!(refused("/contacts?$skip=10"), error("Skip Clause is not supported in CRM"));
    assert_eq!(refused("/contacts?$top=5&$skip=0"), error("Skip Clause is not supported in CRM"));
    assert_eq!(refused("/contacts?$apply=aggregate($count%20as%20n)"), error("this sandbox reads no $apply"));
    let one = "/contacts(465b158c-541c-ee11-9967-000000000001)";
    for path in ["/contacts?$expand=parentcustomerid_account", &format!("{one}?$expand=parentcustomerid_account")] {
        assert_eq!(refused(path), error("this sandbox reads no $expand"), "{path}");
    }
}

#[test]
fn a_count_is_told_to_whoever_asks() {
    let world = &mut world();
    let get = |world: &mut _, query: &str| body(&answer(world, &ask("GET", query)));
    for query in ["/contacts?$top=1", "/contacts?$top=1&$count=false"] {
        assert_eq!(get(world, query).get("@odata.count"), None, "{query}");
    }
    let counted = get(world, "/contacts?$top=1&$count=true");
    assert_eq!((&counted["@odata.count"], values(&counted).len()), (&json!(1000), 1), "whatever $top says");
    let filter = encoded("$filter=modifiedon gt 2026-04-01T00:00:00Z");
    let changed = get(world, &format!("/contacts?{filter}"));
    let counted = get(world, &format!("/contacts?{filter}&$count=true"));
    assert_eq!(counted["@odata.count"], json!(values(&changed).len()));
    let paged = answer(world, &with(ask("GET", "/contacts?$count=true"), "Prefer", "odata.maxpagesize=10"));
    assert_eq!((&body(&paged)["@odata.count"], values(&body(&paged)).len()), (&json!(1000), 10));
    let alone = answer(world, &ask("GET", &format!("/contacts/$count?{filter}")));
    assert_eq!((alone.status, alone.headers.get("Content-Type")), (200, Some("text/plain")));
    assert_eq!(String::from_utf8(alone.body).unwrap(), values(&changed).len().to_string());
}
