//! Close's search by a tree of conditions, what it refuses, and leads that are made by themselves.

use doccheck::http::Reply;
use serde_json::{Value, json};

use super::super::body;
use super::{Client, ask, field_error, ids, raw, write};

/// The answer to a search for objects of a type with this condition.
fn found(client: &mut Client, kind: &str, condition: &Value) -> Reply {
    let queries = json!([{ "type": "object_type", "object_type": kind }, condition]);
    let asked = json!({ "query": { "type": "and", "queries": queries }, "_fields": { kind: ["id", "name", "title", "emails"] } });
    client.send(&write("POST", "/data/search/", &asked))
}

fn field(kind: &str, name: &str, condition: &Value) -> Value {
    let field = json!({ "type": "regular_field", "object_type": kind, "field_name": name });
    json!({ "type": "field_condition", "field": field, "condition": condition })
}

#[test]
fn the_search_finds_what_its_tree_says() {
    let mut client = Client::new();
    let all = client.get("/contact/?_limit=200&_skip=0");
    let first = all["data"][0].clone();
    let (name, email) = (first["name"].as_str().unwrap(), first["emails"][0]["email"].as_str().unwrap());
    let text = |mode: &str, value: &str| json!({ "type": "text", "mode": mode, "value": value });
    let related = |condition: &Value| json!({ "type": "has_related", "this_object_type": "contact", "related_object_type": "contact_email", "related_query": condition });
    let mail = field("contact_email", "email", &text("exact_value", &email.to_uppercase()));
    let one = found(&mut client, "contact", &related(&mail));
    let expected = json!([{ "__object_type": "contact", "id": first["id"], "name": name, "title": first["title"], "emails": first["emails"] }]);
    assert_eq!((one.status, &body(&one)["data"]), (200, &expected));

    let count = |client: &mut Client, condition: &Value| {
        let reply = found(client, "contact", condition);
        assert_eq!(reply.status, 200, "{condition}: {}", String::from_utf8_lossy(&reply.body));
        ids(&body(&reply)).len()
    };
    let (given, family) = name.split_once(' ').unwrap();
    assert!(count(&mut client, &field("contact", "name", &text("full_words", &format!("{family} {given}")))) >= 1);
    assert_eq!(count(&mut client, &field("contact", "name", &text("phrase", &format!("{family} {given}")))), 0);
    assert!(count(&mut client, &field("contact", "name", &text("beginning_of_words", &given[..2]))) > 1);
    assert_eq!(count(&mut client, &json!({ "type": "id", "value": first["id"] })), 1);
    assert_eq!(count(&mut client, &text("full_words", "zzzznothing")), 0);
    assert_eq!(count(&mut client, &field("contact", "title", &json!({ "type": "exists" }))), 200);
    let lead = json!({ "type": "reference", "reference_type": "lead", "object_ids": [first["lead_id"]] });
    let theirs = count(&mut client, &field("contact", "lead_id", &lead));
    assert_eq!(theirs, ids(&client.get(&format!("/contact/?lead_id={}", first["lead_id"].as_str().unwrap()))).len());
    let id = |at: usize| json!({ "type": "id", "value": all["data"][at]["id"] });
    assert_eq!(count(&mut client, &json!({ "type": "or", "queries": [id(0), id(1)] })), 2);
    assert_eq!(count(&mut client, &json!({ "type": "and", "queries": [id(0), id(1)] })), 0);
    let mut neither = json!({ "type": "or", "negate": true, "queries": [id(0), id(1)] });
    assert_eq!(count(&mut client, &neither), 200, "the first page of 998");
    neither["negate"] = json!(false);
    neither["queries"][1]["negate"] = json!(true);
    assert_eq!(count(&mut client, &neither), 200);
}

#[test]
fn the_search_shows_ids_unless_told_and_finds_leads_too() {
    let mut client = Client::new();
    let asked = json!({ "query": { "type": "object_type", "object_type": "lead" }, "_limit": 1 });
    let leads = body(&client.send(&write("POST", "/data/search/", &asked)));
    assert_eq!(leads["data"], json!([{ "__object_type": "lead", "id": "lead_000000000001" }]));
    let lead = client.get("/lead/lead_000000000007/");
    let city =
        field("address", "city", &json!({ "type": "text", "mode": "phrase", "value": lead["addresses"][0]["city"] }));
    let related = json!({ "type": "has_related", "this_object_type": "lead", "related_object_type": "address", "related_query": city });
    assert!(ids(&body(&found(&mut client, "lead", &related))).contains(&"lead_000000000007".to_owned()));
    let sort = json!([{ "direction": "desc", "field": { "type": "regular_field", "object_type": "lead", "field_name": "date_created" } }]);
    let asked = json!({ "query": { "type": "object_type", "object_type": "lead" }, "_limit": 200, "results_limit": 3, "sort": sort });
    let leads = body(&client.send(&write("POST", "/data/search/", &asked)));
    assert_eq!(ids(&leads), ["lead_000000000200", "lead_000000000199", "lead_000000000198"]);
    assert_eq!(leads["cursor"], Value::Null);
}

#[test]
fn a_search_that_is_not_understood_is_refused() {
    let mut client = Client::new();
    let contact = json!({ "type": "object_type", "object_type": "contact" });
    for (asked, problem) in [
        (json!({}), "the query must say an object_type: contact or lead"),
        (json!({ "query": { "type": "bogus" } }), "the query must say an object_type: contact or lead"),
        (
            json!({ "query": { "type": "object_type", "object_type": "planet" } }),
            "the query must say an object_type: contact or lead",
        ),
        (
            json!({ "query": { "type": "and", "queries": [contact, { "type": "bogus" }] } }),
            "this sandbox's search understands no query `bogus`: there are and, or, object_type, id, text, field_condition and has_related",
        ),
        (json!({ "query": contact, "include_counts": true }), "this sandbox's search understands no include_counts"),
        (json!({ "query": contact, "colour": "mauve" }), "this sandbox's search understands no colour"),
        (
            json!({ "query": { "type": "and", "queries": [contact, { "type": "text", "value": "x", "mode": "loose" }] } }),
            "this sandbox's search understands no mode `loose`: there are full_words, beginning_of_words, phrase and exact_value",
        ),
    ] {
        let reply = client.send(&write("POST", "/data/search/", &asked));
        assert_eq!((reply.status, body(&reply)), (400, field_error("query", problem)), "{asked}");
    }
    for text in ["[]", "{bad"] {
        let reply = client.send(&raw("POST", "/data/search/", text));
        assert_eq!((reply.status, body(&reply)), (400, json!({ "error": "Invalid JSON payload." })), "{text}");
    }
    let colour = field("contact", "colour", &json!({ "type": "exists" }));
    let reply = found(&mut client, "contact", &colour);
    assert_eq!((reply.status, body(&reply)), (400, field_error("colour", "unknown field")));
    let forms = "is not understood by this sandbox, which reads name:\"…\" or id:… or ";
    for query in ["zzzqqq", "email:x%40example.com", "sort:name", "x%20name:%22a%22"] {
        let reply = client.send(&ask("GET", &format!("/lead/?query={query}")));
        let told = body(&reply);
        assert_eq!(reply.status, 400, "{query}");
        assert!(told["field-errors"]["query"].as_str().unwrap().starts_with(forms), "{told}");
    }
    let reply = client.send(&ask("GET", "/contact/?query=ada"));
    assert_eq!((reply.status, body(&reply)), (400, field_error("query", "is not understood by this sandbox")));
    let named = client.get("/lead/lead_000000000007/");
    let name = named["name"].as_str().unwrap().replace(' ', "%20").replace('&', "%26");
    assert!(ids(&client.get(&format!("/lead/?query=name:%22{name}%22"))).contains(&"lead_000000000007".to_owned()));
    assert_eq!(ids(&client.get("/lead/?query=id:lead_000000000007")), ["lead_000000000007"]);
}

#[test]
fn who_names_no_lead_gets_one_and_who_names_a_wrong_one_is_refused() {
    let mut client = Client::new();
    let made = body(&client.send(&write("POST", "/contact/", &json!({ "name": "Ada Lovelace" }))));
    let lead = client.get(&format!("/lead/{}/", made["lead_id"].as_str().unwrap()));
    assert_eq!((&lead["name"], &lead["display_name"]), (&json!("Ada Lovelace"), &json!("Ada Lovelace")));
    let deal = body(&client.send(&write("POST", "/opportunity/", &json!({ "value": 100 }))));
    assert_eq!(client.get(&format!("/lead/{}/", deal["lead_id"].as_str().unwrap()))["name"], "");
    assert_ne!(deal["lead_id"], made["lead_id"]);
    let bogus = json!({ "name": "Ada", "note": "x", "lead_id": "lead_bogus" });
    for target in ["/contact/", "/activity/note/"] {
        let reply = client.send(&write("POST", target, &bogus));
        let problem = field_error("lead_id", "must be the id of a record that is there");
        assert_eq!((reply.status, body(&reply)), (400, problem), "{target}");
    }
    let path = format!("/contact/{}/", made["id"].as_str().unwrap());
    assert_eq!(client.send(&write("PUT", &path, &json!({ "lead_id": "lead_bogus" }))).status, 400);
}
