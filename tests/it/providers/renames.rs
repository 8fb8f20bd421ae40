//! A field that its provider has renamed: whatever asks for it, sorts by it or sends it knows the new name alone.

use serde_json::{Value, json};

use super::native::{Got, Native, basic};
use super::world;

const SALESFORCE: &str = "/services/data/v67.0";
const DYNAMICS: &str = "/api/data/v9.2/contacts";
const HUBSPOT: &str = "/crm/v3/objects/contacts";

/// A client of a provider whose field has another name.
fn renamed(host: &str, authorization: &str, [provider, resource, field, to]: [&str; 4]) -> Native {
    let mut world = world();
    world.rename(provider, resource, field, to).unwrap();
    Native::new(world, host, authorization)
}

fn salesforce() -> Native {
    let rename = ["salesforce", "Contact", "Email", "Mail"];
    renamed("acme.my.salesforce.com", "Bearer sandbox-salesforce-access-41b7c0", rename)
}

fn dynamics() -> Native {
    let token = "Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.dynamics-365-access-1.signature";
    renamed("org4a7b2c91.crm.dynamics.com", token, ["dynamics_365", "contacts", "emailaddress1", "mail"])
}

fn hubspot() -> Native {
    renamed("api.hubapi.com", "Bearer sandbox-hubspot-access-9f3d1a", ["hubspot", "contacts", "email", "mail"])
}

fn told(got: &Got, status: u16, pointer: &str, text: &str) {
    assert_eq!((got.status, got.body.pointer(pointer)), (status, Some(&json!(text))), "{}", got.body);
}

#[test]
fn soql_and_bodies_know_the_new_name_alone() {
    let mut native = salesforce();
    let unknown = "No such column 'Email' on sobject of type Contact";
    for query in ["SELECT+Email+FROM+Contact", "SELECT+Id+FROM+Contact+WHERE+Email+!=+null"] {
        told(&native.get(&format!("{SALESFORCE}/query?q={query}")), 400, "/0/message", unknown);
    }
    let query = "SELECT+Id+FROM+Contact+ORDER+BY+Email";
    told(&native.get(&format!("{SALESFORCE}/query?q={query}")), 400, "/0/message", unknown);
    let query = "SELECT+mail+FROM+Contact+WHERE+Mail+LIKE+'ada.h%25'+ORDER+BY+MAIL+DESC+LIMIT+1";
    let found = native.get(&format!("{SALESFORCE}/query?q={query}"));
    told(&found, 200, "/records/0/Mail", "ada.horvath.502@ember-travel-164.example");
    let make = |native: &mut Native, name: &str, mail: &str| {
        native.send("POST", &format!("{SALESFORCE}/sobjects/Contact"), &json!({ "LastName": "Hopper", name: mail }))
    };
    told(&make(&mut native, "Email", "grace@example.com"), 400, "/0/message", unknown);
    told(&make(&mut native, "Mail", "grace"), 400, "/0/fields/0", "Mail");
    assert_eq!(make(&mut native, "Mail", "grace@example.com").status, 201);
}

#[test]
fn odata_knows_the_new_name_alone() {
    let mut native = dynamics();
    for query in ["$select=emailaddress1", "$orderby=emailaddress1", "$filter=emailaddress1%20ne%20null"] {
        let got = native.get(&format!("{DYNAMICS}?$top=1&{query}"));
        assert_eq!(got.status, 400, "{query}");
        let text = got.body["error"]["message"].as_str().unwrap_or_default();
        assert!(text.starts_with("Could not find a property named 'emailaddress1'"), "{text}");
    }
    let query = "$top=1&$select=mail&$orderby=mail%20desc&$filter=startswith(mail,'ada.h')";
    let got = native.get(&format!("{DYNAMICS}?{query}"));
    told(&got, 200, "/value/0/mail", "ada.horvath.502@ember-travel-164.example");
    let made = native.send("POST", DYNAMICS, &json!({ "lastname": "Hopper", "emailaddress1": "grace@example.com" }));
    assert_eq!(made.status, 400);
    assert_eq!(native.send("POST", DYNAMICS, &json!({ "lastname": "H", "mail": "grace@example.com" })).status, 204);
}

#[test]
fn a_search_in_groups_knows_the_new_name_alone() {
    let mut native = hubspot();
    let mut search = |body: Value| native.send("POST", &format!("{HUBSPOT}/search"), &body);
    let filter = |name: &str| json!({ "filters": [{ "propertyName": name, "operator": "HAS_PROPERTY" }], "limit": 1 });
    let sort = |name: &str| json!({ "sorts": [{ "propertyName": name, "direction": "DESCENDING" }], "limit": 1 });
    for body in [filter("email"), sort("email")] {
        told(&search(body), 400, "/errors/0/context/propertyName/0", "email");
    }
    assert_eq!(search(filter("mail")).body["total"], 1000);
    let got = search(sort("mail"));
    assert!(got.body["results"][0]["properties"]["mail"].is_string(), "shown of its own accord: {}", got.body);
    told(
        &native.send("PATCH", &format!("{HUBSPOT}/51"), &json!({ "properties": { "email": "a@example.com" } })),
        400,
        "/errors/0/code",
        "PROPERTY_DOESNT_EXIST",
    );
    let shown = native.get(&format!("{HUBSPOT}/51?properties=email,mail"));
    assert_eq!(shown.body["properties"].get("email"), None);
}

#[test]
fn what_a_form_shows_by_name_is_shown_by_the_new_one() {
    let rename = ["bamboohr", "employees", "workEmail", "mail"];
    let mut native = renamed("example.bamboohr.com", &basic("sandbox-bamboohr-key-4be1907f", "x"), rename);
    let got = native.get("/api/v1/employees/directory");
    let first = &got.body["employees"][0];
    assert!(first["mail"].is_string() && first.get("workEmail").is_none(), "{first}");
}

#[test]
fn a_field_gets_its_first_name_back() {
    let mut world = world();
    let mut rename = |field: &str, to: &str| world.rename("salesforce", "Contact", field, to);
    assert_eq!(rename("Email", "Mail"), Ok(()));
    assert_eq!(rename("Mail", "Post"), Ok(()));
    assert_eq!(rename("Phone", "Post"), Err("the records of Contact have a field `Post` already".to_owned()));
    assert_eq!(rename("Email", "Post"), Err("the records of Contact have no field `Email`".to_owned()));
    assert_eq!(rename("Post", ""), Err("the new name of `Post` is empty".to_owned()));
    assert_eq!(rename("Post", "Email"), Ok(()));
    let mut native = Native::new(world, "acme.my.salesforce.com", "Bearer sandbox-salesforce-access-41b7c0");
    let got = native.get(&format!("{SALESFORCE}/query?q=SELECT+Email+FROM+Contact+LIMIT+1"));
    told(&got, 200, "/records/0/Email", "elif.mendoza.1@nimbus-studios-58.example");
}
