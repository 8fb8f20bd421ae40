//! What OData is asked of lists, and what it refuses.

use serde_json::{Value, json};

use super::super::world;
use super::{answer, ask, body, values};

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
    let message = "Could not find a property named 'Doe' on type 'Microsoft.Dynamics.CRM.contacts'.";
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
