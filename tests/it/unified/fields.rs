//! What a write says is there afterwards, or is refused by the name of its field.

use super::every::{Client, every};
use super::*;

/// The least that a new record says, for any provider.
fn least(model: &str, client: &mut Client, n: usize) -> Value {
    match model {
        "crm/contacts" => json!({ "last_name": "van Dyk" }),
        "crm/accounts" => json!({ "name": "Acme" }),
        "crm/opportunities" => {
            let first = &client.page("crm/opportunities?limit=1")["result"][0];
            let of = |field: &str| first[field].clone();
            json!({
                "name": "Order", "contact": of("contact"), "account": of("account"), "stage": of("stage"),
                "close_date": "2026-05-01",
            })
        }
        // A note of Close is always a lead's, one of others is about one record.
        "crm/notes" if client.provider == "close" => {
            json!({ "content": "Back", "account": { "id": some(client, "crm/accounts") } })
        }
        "crm/notes" => json!({ "content": "Back", "contact": [{ "id": some(client, "crm/contacts") }] }),
        "ats/candidates" => {
            let job = some(client, "ats/jobs");
            json!({ "first_name": "Ada", "last_name": "van Dyk", "applications": [{ "job": { "id": job } }] })
        }
        "hris/employees" => {
            let mail = format!("{n}@work.example");
            json!({ "first_name": "Ada", "last_name": "van Dyk", "emails": [{ "email": mail, "type": "work" }] })
        }
        "ticketing/tickets" => json!({ "name": "Fair", "description": "Please" }),
        _ => json!({ "name": "Fair" }),
    }
}

fn some(client: &mut Client, model: &str) -> String {
    client.page(&format!("{model}?limit=1"))["result"][0]["id"].as_str().unwrap().to_owned()
}

/// A list with an element for each of the types.
fn listed(types: &[&str], element: impl Fn(usize, &str) -> Value) -> Value {
    types.iter().enumerate().map(|(at, kind)| element(at, kind)).collect()
}

fn place(at: usize, kind: &str) -> Value {
    json!({
        "street_1": format!("{at} Rue A"), "city": "Paris", "state": "IDF", "postal_code": "75001", "country": "France",
        "type": kind,
    })
}

/// Values for the fields of the models, each with what tells it from others of the field.
fn said(model: &str, client: &mut Client, n: usize) -> Vec<(&'static str, &'static str, Value)> {
    let mut said: Vec<(&str, &str, Value)> = Vec::new();
    for (name, types) in [
        (" work", &["work"][..]),
        (" personal", &["personal"]),
        (" work+personal", &["work", "personal"]),
        (" work+other", &["work", "other"]),
        (" work+work", &["work", "work"]),
    ] {
        let mails =
            listed(types, |at, kind| json!({ "email": format!("{n}.{at}.{}@ada.example", types.len()), "type": kind }));
        said.extend([("email_addresses", name, mails.clone()), ("emails", name, mails)]);
    }
    for (name, types) in [
        (" work", &["work"][..]),
        (" mobile", &["mobile"]),
        (" work+mobile", &["work", "mobile"]),
        (" mobile+work", &["mobile", "work"]),
        (" work+work", &["work", "work"]),
        (" work+home", &["work", "home"]),
    ] {
        let phones = listed(types, |at, kind| json!({ "number": format!("+1 555 010{at}"), "type": kind }));
        said.extend([("phone_numbers", name, phones.clone()), ("phones", name, phones)]);
    }
    let extended = json!([{ "number": "+1 555 0109", "extension": "12", "type": "work" }]);
    said.extend([("phone_numbers", " extension", extended.clone()), ("phones", " extension", extended)]);
    for (name, types) in [
        (" mailing", &["mailing"][..]),
        (" billing", &["billing"]),
        (" billing+shipping", &["billing", "shipping"]),
        (" mailing+billing", &["mailing", "billing"]),
    ] {
        said.push(("addresses", name, listed(types, place)));
    }
    let mut second = place(1, "billing");
    second["street_2"] = json!("3rd floor");
    said.push(("addresses", " street_2", json!([second])));
    for (field, value) in [
        ("title", json!("Countess")),
        ("name", json!("Ada King")),
        ("description", json!("Makes things")),
        ("custom_fields", json!({ "region": "EU" })),
        ("last_activity_at", json!("2026-04-01T00:00:00.000Z")),
        ("urls", json!([{ "url": "https://ada.example", "type": "portfolio" }])),
        ("first_name", json!("Grace")),
        ("middle_name", json!("M")),
        ("industry", json!("Things")),
        ("website", json!("https://acme.example")),
        ("number_of_employees", json!(7)),
        ("amount", json!(12.5)),
        ("close_date", json!("2026-05-09")),
        ("visibility", json!("private")),
        ("employee_number", json!("E-1")),
        ("username", json!("ada")),
        ("job_title", json!("Countess")),
        ("employment_status", json!("active")),
        ("start_date", json!("2026-05-09")),
        ("termination_date", json!("2026-06-09")),
        ("termination_type", json!("voluntary")),
        ("last_interaction_at", json!("2026-04-01T00:00:00.000Z")),
        ("is_private", json!("true")),
        ("can_email", json!(true)),
        ("locations", json!(["Paris"])),
        ("attachments", json!([{ "name": "cv" }])),
        ("code", json!("C1")),
        ("requisition_id", json!("R1")),
        ("confidential", json!(true)),
        ("recruiters", json!(["r"])),
        ("number", json!("N1")),
        ("priority", json!("high")),
        ("type", json!("incident")),
        ("is_active", json!(false)),
        ("avatar", json!("https://ada.example/a.png")),
        ("team_ids", json!(["1"])),
        ("teams", json!(["t"])),
    ] {
        said.push((field, "", value));
    }
    said.extend([("tags", " named", json!([{ "name": "vip" }])), ("tags", " text", json!(["vip"]))]);
    said.push(("company", " text", json!("Acme")));
    for (field, value) in [
        ("number_of_employees", json!(0)),
        ("amount", json!(0)),
        ("can_email", json!(false)),
        ("confidential", json!(false)),
        ("is_private", json!("false")),
        ("is_active", json!(true)),
    ] {
        let name = if value == json!(0) { " 0" } else { " otherwise" };
        said.push((field, name, value));
    }
    said.extend([("currency", " USD", json!("USD")), ("currency", " EUR", json!("EUR"))]);
    said.extend([("status", " won", json!("won")), ("status", " open", json!("open"))]);
    said.push(("account", " name", json!({ "name": "Acme" })));
    // What is related has to be there: it is taken from other records.
    let page = client.page(&format!("{model}?limit=50"));
    for field in [
        "account",
        "owner",
        "contact",
        "stage",
        "opportunity",
        "lead",
        "company",
        "groups",
        "manager",
        "status",
        "departments",
        "offices",
        "hiring_managers",
        "assignees",
        "roles",
    ] {
        let mut known = page["result"].as_array().unwrap().iter().map(|record| &record[field]);
        let Some(value) =
            known.find(|value| value.is_object() || value.as_array().is_some_and(|list| !list.is_empty()))
        else {
            continue;
        };
        said.push((field, "", value.clone()));
        if let Some(many) = value.as_array() {
            said.push((field, " twice", json!([many[0], many[0]])));
        }
    }
    said
}

/// Whether a record says what was said: lists in any order, and objects with more members.
fn says(told: &Value, said: &Value) -> bool {
    match (told, said) {
        (Value::Object(told), Value::Object(said)) => {
            said.iter().all(|(name, said)| told.get(name).is_some_and(|told| says(told, said)))
                // A related record is the one of this id, whatever is said of it besides.
                || said.get("id").is_some_and(|id| !id.is_null() && told.get("id") == Some(id))
        }
        (Value::Array(told), Value::Array(said)) => {
            told.len() == said.len() && said.iter().all(|said| told.iter().any(|told| says(told, said)))
        }
        (told, said) => told == said || (told.is_number() && told.as_f64() == said.as_f64()),
    }
}

/// The account that a record is linked to, where the write said its name alone.
fn linked(client: &mut Client, field: &str, told: &Value, said: &Value) -> Value {
    match told["id"].as_str() {
        Some(id) if field == "account" && said["id"].is_null() => {
            client.unified("GET", &format!("crm/accounts/{id}"), None).1
        }
        _ => Value::Null,
    }
}

#[test]
fn what_a_write_says_is_there_or_refused_by_its_name() {
    let mut shown = String::new();
    for (mut client, models) in every() {
        let mut n = 0;
        for (model, methods) in models {
            if !methods.contains(&"create".to_owned()) {
                continue;
            }
            let meta = client.ask("GET", &format!("/unified/{model}/meta/create"), None).1;
            let described: BTreeSet<String> = meta["body"]
                .as_array()
                .unwrap()
                .iter()
                .map(|field| field["name"].as_str().unwrap().to_owned())
                .collect();
            for method in ["create", "update"].into_iter().filter(|method| methods.contains(&(*method).to_owned())) {
                let mut kept: Vec<String> = Vec::new();
                let mut refused: Vec<String> = Vec::new();
                n += 1;
                for (field, more, value) in said(&model, &mut client, n) {
                    if !described.contains(field) {
                        continue;
                    }
                    n += 1;
                    let mut sent = least(&model, &mut client, n);
                    let mut target = model.clone();
                    if method == "update" {
                        let made = client.unified("POST", &model, Some(&sent));
                        assert!(matches!(made.0, 200 | 201), "{} {model}: {}", client.provider, made.1);
                        target = format!("{model}/{}", made.1["id"].as_str().unwrap());
                        sent = json!({});
                    }
                    sent[field] = value.clone();
                    let (status, told) =
                        client.unified(if method == "create" { "POST" } else { "PATCH" }, &target, Some(&sent));
                    let what = format!("{} {method} {model} {sent}: {status} {told}", client.provider);
                    let name = format!("{field}{more}");
                    match status {
                        200 | 201 => {
                            let is_linked = says(&linked(&mut client, field, &told[field], &value), &value);
                            assert!(says(&told[field], &value) || is_linked, "{what}");
                            kept.push(name);
                        }
                        // The provider's own reason.
                        _ if told["truto_is_remote_error"] == true => {
                            refused.push(format!("{name} ({})", told["message"]));
                        }
                        _ => {
                            // Whatever else is said besides, what is refused is what was sent.
                            let failure = &told["details"]["failures"][0];
                            let named = failure["field"].as_str().unwrap();
                            assert!(status == 400 && named.split(['.', '[']).next() == Some(field), "{what}");
                            refused.push(name);
                        }
                    }
                }
                let names: Vec<&String> = kept.iter().chain(&refused).collect();
                let different: BTreeSet<&&String> = names.iter().collect();
                assert_eq!(different.len(), names.len(), "each is told once: {names:?}");
                shown.push_str(&format!("{} {model} {method}\n", client.provider));
                shown.push_str(&format!("  keeps {}\n", kept.join(", ")));
                shown.push_str(&format!("  refuses {}\n", refused.join(", ")));
            }
        }
    }
    insta::assert_snapshot!("unified_fields", shown);
}

#[test]
fn a_refusal_says_who_has_no_place_for_it() {
    let (mut hubspot, _) = every().next().unwrap();
    let sent = json!({
        "last_name": "Doe", "tags": [{ "name": "vip" }],
        "phone_numbers": [{ "number": "1", "type": "work" }, { "number": "2", "type": "mobile" }, { "number": "3", "type": "home" }],
    });
    let told = json!([
        { "field": "tags[0].name", "message": "tags[0].name must be left out, since HubSpot has no place for it here" },
        {
            "field": "phone_numbers[2].number",
            "message": "phone_numbers[2].number must be left out, since HubSpot has no place for it, or for no more of the type home, here",
        },
    ]);
    let (status, body) = hubspot.unified("POST", "crm/contacts", Some(&sent));
    assert_eq!((status, &body["details"]["failures"]), (400, &told));

    // It is named as the body has it.
    let (mut salesforce, _) = every().nth(1).unwrap();
    let contact = some(&mut salesforce, "crm/contacts");
    let asked = json!({ "content": "Back", "contact": [{ "id": contact }], "company_name": "Acme" });
    let told = salesforce.send(&request("POST", "/crm/notes", "cust_salesforce", Some(&asked))).1;
    assert_eq!(told["details"]["failures"][0]["field"], "company_name", "{told}");

    // What a record says already may be said again.
    let deal = hubspot.page("crm/opportunities?limit=1")["result"][0].clone();
    let target = format!("crm/opportunities/{}", deal["id"].as_str().unwrap());
    let again =
        json!({ "contact": deal["contact"], "account": deal["account"], "status": deal["status"], "amount": 5 });
    let (status, body) = hubspot.unified("PATCH", &target, Some(&again));
    assert_eq!((status, &body["amount"], &body["status"]), (200, &json!(5), &deal["status"]));
}
