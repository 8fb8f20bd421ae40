//! What Copper's searches filter by, and what they refuse.

use serde_json::{Value, json};

use super::super::{answer, body};
use super::{ask, search, send, world};

#[test]
fn a_search_filters_by_all_that_it_is_told() {
    let world = &mut world();
    let known = search(world, "/people", &json!({ "page_size": 2 }));
    let places = [("Porto", "Norte", "4050-262"), ("Lisboa", "Centro", "1100-148")];
    let mut settled = known.iter().zip(places).map(|(person, (city, state, code))| {
        let address =
            json!({ "street": "Rua A 1", "city": city, "state": state, "postal_code": code, "country": "Portugal" });
        let reply = answer(world, &send("PUT", &format!("/people/{}", person["id"]), &json!({ "address": address })));
        assert_eq!((reply.status, &body(&reply)["address"]), (200, &address));
        body(&reply)
    });
    let (first, second) = (settled.next().unwrap(), settled.next().unwrap());
    let address = &first["address"];
    assert_eq!(search(world, "/people", &json!({ "country": "Portugal" })), [first.clone(), second]);
    for asked in [
        json!({ "city": address["city"], "page_size": 200 }),
        json!({ "state": address["state"], "country": address["country"], "page_size": 200 }),
        json!({ "postal_code": address["postal_code"], "page_size": 200 }),
        json!({ "contact_type_ids": [451_490], "city": address["city"], "page_size": 200 }),
    ] {
        assert_eq!(search(world, "/people", &asked), std::slice::from_ref(&first), "{asked}");
    }
    let number = &first["phone_numbers"][0]["number"];
    assert_eq!(search(world, "/people", &json!({ "phone_number": number })), std::slice::from_ref(&first));
    for nothing in [json!({ "city": "Atlantis" }), json!({ "tags": ["vip"] }), json!({ "contact_type_ids": [1] })] {
        assert_eq!(search(world, "/people", &nothing), [] as [Value; 0], "{nothing}");
    }
    let tagged = answer(world, &send("PUT", &format!("/people/{}", first["id"]), &json!({ "tags": ["vip", "new"] })));
    let found = search(world, "/people", &json!({ "tags": ["old", "new"] }));
    assert_eq!(found, [body(&tagged)]);
}

#[test]
fn what_a_search_does_not_read_it_refuses() {
    let world = &mut world();
    let message = |reply: &doccheck::http::Reply| body(reply)["message"].as_str().unwrap().to_owned();
    for (asked, member, problem) in [
        (json!({ "opportunity_ids": [1] }), "opportunity_ids", "is not understood by this sandbox, which reads "),
        (json!({ "emails": [{ "email": "x" }] }), "emails", "is not understood by this sandbox in this form"),
        (
            json!({ "tags": { "option": "ALL", "value": ["a"] } }),
            "tags",
            "is not understood by this sandbox in this form",
        ),
        (json!({ "parent": { "colour": "mauve" } }), "parent", "is not understood by this sandbox, which reads "),
    ] {
        let reply = answer(world, &send("POST", "/people/search", &asked));
        assert_eq!(reply.status, 422, "{asked}");
        let told = message(&reply);
        assert!(told.starts_with(&format!("Invalid input: {member} {problem}")), "{told}");
    }
    let reply = answer(world, &send("POST", "/activities/search", &json!({ "parent": { "colour": "mauve" } })));
    assert!(message(&reply).starts_with("Invalid input: parent.colour is not understood"), "{}", message(&reply));
    let nulls = json!({ "opportunity_ids": null, "page_size": 1 });
    assert_eq!(search(world, "/people", &nulls).len(), 1, "null asks for nothing");
    for text in ["{bad", "[]", "7"] {
        let mut request = ask("POST", "/people/search");
        request.body = text.as_bytes().to_vec();
        let reply = answer(world, &request);
        let told = "Invalid input: the body is not a JSON object";
        assert_eq!((reply.status, message(&reply).as_str()), (400, told), "{text}");
    }
}

#[test]
fn a_person_is_fetched_by_a_mail_address() {
    let world = &mut world();
    let first = search(world, "/people", &json!({ "page_size": 1 })).remove(0);
    let email = first["emails"][0]["email"].as_str().unwrap();
    let fetch = |email: &str| send("POST", "/people/fetch_by_email", &json!({ "email": email }));
    let reply = answer(world, &fetch(&email.to_uppercase()));
    assert_eq!((reply.status, body(&reply)), (200, first.clone()));
    assert_eq!(answer(world, &fetch("nobody@example.com")).status, 404);
    assert_eq!(answer(world, &send("POST", "/people/fetch_by_email", &json!({}))).status, 404);
}
