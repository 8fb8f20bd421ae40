//! What is refused is named as it was asked for: a text has no hole where something is not known.

use doccheck::sandbox::Fault;
use serde_json::{Value, json};

use super::native::{Native, basic};
use super::world;

#[test]
fn a_404_of_what_is_no_record_names_none() {
    let dynamics = "Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.dynamics-365-access-1.signature".to_owned();
    for (host, path, authorization, told) in [
        (
            "api.pipedrive.com",
            "/api/v2/persons",
            "Bearer sandbox-pipedrive-token-5e0c31f7a9b2".to_owned(),
            "Unknown method.",
        ),
        (
            "api.lever.co",
            "/v1/opportunities",
            basic("sandbox-lever-key-d20c4f86", ""),
            "/v1/opportunities was not found",
        ),
        (
            "org4a7b2c91.crm.dynamics.com",
            "/api/data/v9.2/contacts",
            dynamics,
            "Resource not found for the segment '/api/data/v9.2/contacts'.",
        ),
    ] {
        let mut world = world();
        world.arm(&[Fault::parse("404").unwrap()]);
        let got = Native::new(world, host, &authorization).get(path);
        assert!(got.status == 404 && got.body.to_string().contains(told), "{}", got.body);
        assert!(!got.body.to_string().contains("  "), "{}", got.body);
    }
}

#[test]
fn an_account_and_a_method_that_there_are_not_are_named() {
    let mut native = Native::new(world(), "api.truto.one", "Bearer sandbox-token-7d2f9c4e1a6b");
    for (path, told) in [
        ("/integrated-account/nobody/capabilities", "No account with id nobody is connected"),
        ("/unified/crm/contacts/meta/upsert", "Cannot GET /unified/crm/contacts/meta/upsert"),
    ] {
        let got = native.get(path);
        assert_eq!((got.status, got.body["message"].as_str()), (404, Some(told)), "{}", got.body);
    }
}

const DYNAMICS: &str = "Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.dynamics-365-access-1.signature";
const HUBSPOT: &str = "Bearer sandbox-hubspot-access-9f3d1a";

#[test]
fn an_option_of_odata_that_there_is_not_is_refused_and_types_have_their_names() {
    let mut native = Native::new(world(), "org4a7b2c91.crm.dynamics.com", DYNAMICS);
    for (query, told) in [
        ("accounts?$orderby=nope", "Could not find a property named 'nope' on type 'Microsoft.Dynamics.CRM.account'."),
        ("contacts?$orderby=lastname%20up", "Syntax error at position 11 in 'lastname up'."),
        ("contacts?$foo=1", "The query parameter $foo is not supported"),
        (
            "contacts(465b158c-541c-ee11-9967-000000099999)",
            "Entity 'Contact' With Id = 465b158c-541c-ee11-9967-000000099999 Does Not Exist",
        ),
    ] {
        let got = native.get(&format!("/api/data/v9.2/{query}"));
        assert!(got.status >= 400, "{query}: {}", got.status);
        assert_eq!(got.body["error"]["message"], told, "{query}");
    }
    assert_eq!(native.get("/api/data/v9.2/contacts?$format=json&$count=true&$top=1&own=1").status, 200);
}

const SALESFORCE: &str = "Bearer sandbox-salesforce-access-41b7c0";

/// What no answer shows is no field to whoever asks: neither to be selected, nor to be compared, nor to be ordered by.
#[test]
fn a_hidden_field_is_none() {
    let mut salesforce = Native::new(world(), "acme.my.salesforce.com", SALESFORCE);
    let since = "DeletedDate%20%3E%202020-01-01T00:00:00Z";
    for query in [
        "SELECT%20DeletedDate%20FROM%20Contact".to_owned(),
        format!("SELECT%20Id%20FROM%20Contact%20WHERE%20{since}"),
        "SELECT%20Id%20FROM%20Contact%20ORDER%20BY%20DeletedDate".to_owned(),
    ] {
        let got = salesforce.get(&format!("/services/data/v67.0/queryAll?q={query}"));
        assert_eq!((got.status, &got.body[0]["errorCode"]), (400, &json!("INVALID_FIELD")), "{query}: {}", got.body);
    }
    let mut hubspot = Native::new(world(), "api.hubapi.com", HUBSPOT);
    let filter = json!([{ "filters": [{ "propertyName": "associations", "operator": "HAS_PROPERTY" }] }]);
    for search in [json!({ "filterGroups": filter }), json!({ "sorts": ["associations"] })] {
        let got = hubspot.send("POST", "/crm/v3/objects/contacts/search", &search);
        assert_eq!(got.status, 400, "{search}: {}", got.body);
    }
}

#[test]
fn a_search_has_one_order_and_two_directions() {
    let mut native = Native::new(world(), "api.hubapi.com", HUBSPOT);
    let mut search = |sorts: Value| {
        let got = native.send("POST", "/crm/v3/objects/contacts/search", &json!({ "sorts": sorts, "limit": 1 }));
        (got.status, got.body["message"].as_str().unwrap_or_default().to_owned())
    };
    let by = |name: &str, direction: &str| json!({ "propertyName": name, "direction": direction });
    let (status, told) = search(json!([by("lastname", "desc")]));
    assert!(status == 400 && told.contains("ASCENDING or DESCENDING"), "{told}");
    let (status, told) = search(json!([by("lastname", "ASCENDING"), by("firstname", "ASCENDING")]));
    assert!(status == 400 && told.contains("one property at most"), "{told}");
    assert_eq!(search(json!([by("lastname", "DESCENDING")])).0, 200);
    assert_eq!(search(json!(["-lastname"])).0, 200);
}

#[test]
fn a_search_of_one_letter_and_a_field_that_is_none_come_to_nothing() {
    let mut native = Native::new(world(), "api.pipedrive.com", "Bearer sandbox-pipedrive-token-5e0c31f7a9b2");
    let got = native.get("/api/v2/persons/search?term=a");
    assert_eq!(got.status, 400);
    assert!(got.body["error"].as_str().unwrap().contains("term must have 2 characters at least"), "{}", got.body);
    assert_eq!(native.get("/api/v2/persons/search?term=ad").status, 200);
    let made = native.send("POST", "/api/v2/persons", &json!({ "name": "Ada", "wibble": 1 }));
    assert_eq!((made.status, made.body["data"].get("wibble")), (200, None));
}

#[test]
fn an_order_that_is_none_is_refused() {
    let basic = basic("agent@example.com/token", "sandbox-zendesk-support-token-e57a03d9");
    let mut native = Native::new(world(), "example.zendesk.com", &basic);
    for target in [
        "tickets.json?page[size]=1&sort=nope",
        "tickets.json?sort=nope",
        "tickets?sort_by=nope",
        "users.json?sort=nope",
    ] {
        let got = native.get(&format!("/api/v2/{target}"));
        let told = got.body["description"].as_str().unwrap_or_default();
        assert!(got.status == 400 && told.starts_with("sort"), "{target}: {}", got.body);
    }
}

#[test]
fn somebody_acts_for_an_opportunity() {
    let mut native = Native::new(world(), "api.lever.co", &basic("sandbox-lever-key-d20c4f86", ""));
    let mut make = |query: &str| {
        native.send("POST", &format!("/v1/opportunities{query}"), &json!({ "name": "Ada", "emails": [] })).status
    };
    assert_eq!((make(""), make("?perform_as=me")), (400, 400));
    assert_eq!(make("?perform_as=df0c9e41-5b27-4a88-8e16-7c3d02b9f654"), 200);
}

#[test]
fn a_mail_is_found_whatever_its_case() {
    let mail = "ELIF.Mendoza.1@nimbus-studios-58.example";
    let mut sell = Native::new(world(), "api.getbase.com", "Bearer sandbox-sell-access-4b1e7c90d2a8");
    assert_eq!(sell.get(&format!("/v2/contacts?email={mail}")).body["items"].as_array().map(Vec::len), Some(1));
    let mut copper = Native::new(world(), "api.copper.com", "");
    let mut request = copper.request("POST", "/developer_api/v1/people/search");
    for (name, value) in [
        ("X-PW-AccessToken", "8f2c1d7e5b9a4036copper0key"),
        ("X-PW-Application", "developer_api"),
        ("X-PW-UserEmail", "owner@example.com"),
        ("Content-Type", "application/json"),
    ] {
        request.headers.push(name, value);
    }
    request.headers.set("Authorization", "");
    request.body = json!({ "emails": [mail, "nobody@example.com"] }).to_string().into_bytes();
    let got = copper.ask(&request);
    assert_eq!((got.status, got.body.as_array().map(Vec::len)), (200, Some(1)), "{}", got.body);
}
