//! What a write says is there afterwards or refused: whatever it is, however much it is, and with nothing left of what is
//! refused.

use super::every::{Client, every};
use super::*;

/// A client for each CRM.
fn crms() -> impl Iterator<Item = Client> {
    every().map(|(client, _)| client).filter(|client| CRMS.contains(&client.provider))
}

/// The names of the fields that an answer refuses.
fn refused((status, told): &(u16, Value)) -> Vec<String> {
    assert_eq!(*status, 400, "{told}");
    let failures = told["details"]["failures"].as_array().unwrap();
    failures.iter().map(|failure| failure["field"].as_str().unwrap().to_owned()).collect()
}

fn count(client: &mut Client, model: &str) -> usize {
    client.page(&format!("{model}?limit=250&created_at[gte]=2026-04-15T09:00:00Z"))["result"].as_array().unwrap().len()
}

#[test]
fn a_deal_that_was_read_can_be_made_again() {
    for mut client in crms() {
        for at in 0..30 {
            let page = client.page("crm/opportunities?limit=30");
            let read = page["result"][at].clone();
            let (status, made) = client.unified("POST", "crm/opportunities", Some(&read));
            assert_eq!(status, 201, "{} {read}: {made}", client.provider);
            for field in ["name", "amount", "status", "stage", "account", "contact", "close_date"] {
                assert_eq!(made[field], read[field], "{} {field} {read}", client.provider);
            }
        }
    }
}

#[test]
fn a_status_that_the_stage_does_not_have_is_refused_by_its_name() {
    let mut told = BTreeMap::new();
    for mut client in crms() {
        let page = client.page("crm/opportunities?limit=100");
        let deals = page["result"].as_array().unwrap();
        let mut deal = deals.iter().find(|deal| deal["status"] == "won").unwrap().clone();
        deal["status"] = json!("lost");
        let before = count(&mut client, "crm/opportunities");
        let answer = client.unified("POST", "crm/opportunities", Some(&deal));
        let outcome = match answer.0 {
            201 => {
                assert_eq!(answer.1["status"], "lost", "{}", client.provider);
                assert_eq!(answer.1["stage"], deal["stage"], "{}", client.provider);
                "kept".to_owned()
            }
            _ => {
                assert_eq!(count(&mut client, "crm/opportunities"), before, "{}: nothing is left", client.provider);
                refused(&answer).join(", ")
            }
        };
        told.insert(client.provider, outcome);
    }
    let both = ["copper", "dynamics_365", "pipedrive"];
    let expected = CRMS.map(|crm| (crm, if both.contains(&crm) { "kept" } else { "status" }.to_owned()));
    assert_eq!(told, BTreeMap::from(expected));
}

#[test]
fn a_member_that_nobody_reads_is_refused_by_its_name() {
    for mut client in crms() {
        let before = count(&mut client, "crm/contacts");
        for stranger in [json!("X"), Value::Null, json!({}), json!({ "id": "1" }), json!([{ "email": "a@b.example" }])]
        {
            let sent = json!({ "last_name": "Doe", "compnay": stranger });
            let answer = client.unified("POST", "crm/contacts", Some(&sent));
            assert_eq!(refused(&answer), ["compnay"], "{} {sent}", client.provider);
        }
        assert_eq!(count(&mut client, "crm/contacts"), before, "{}", client.provider);
        // What was read may be sent: what the API fills is not the caller's.
        let read = client.page("crm/contacts?limit=1")["result"][0].clone();
        let target = format!("crm/contacts/{}", read["id"].as_str().unwrap());
        let (status, told) = client.unified("PATCH", &target, Some(&read));
        assert_eq!((status, &told["name"]), (200, &read["name"]), "{}: {told}", client.provider);
        let answer = client.unified("PATCH", &target, Some(&json!({ "titel": null })));
        assert_eq!(refused(&answer), ["titel"], "{}", client.provider);
    }
}

#[test]
fn a_member_that_an_account_reads_passes() {
    let mut client = crms().nth(1).unwrap();
    let tenants = client.ask("GET", "/integrated-account?tenant_id=cust_salesforce", None).1;
    let account = format!("/integrated-account/{}", tenants["result"][0]["id"].as_str().unwrap());
    let body = "{'LastName': last_name, 'LeadSource': campaign.source, 'Title': remote_data.Title}";
    let own = json!({ "unified_model_override": { "crm": { "contacts": { "create": { "body": body } } } } });
    assert_eq!(client.ask("PATCH", &account, Some(&own)).0, 200);
    let sent =
        |campaign: Value| json!({ "last_name": "Doe", "campaign": campaign, "remote_data": { "Title": "Countess" } });
    let (status, made) = client.unified("POST", "crm/contacts", Some(&sent(json!({ "source": "Fair" }))));
    let native = ["LeadSource", "Title"].map(|field| made["remote_data"][field].clone());
    assert_eq!((status, native), (201, [json!("Fair"), json!("Countess")]), "{made}");
    let answer = client.unified("POST", "crm/contacts", Some(&sent(json!({ "source": "Fair", "cost": 5 }))));
    assert_eq!(refused(&answer), ["campaign.cost"]);
}

#[test]
fn a_name_that_stands_for_a_field_has_to_say_what_the_field_says() {
    let (mut client, _) = every().next().unwrap();
    let mails = |mail: &str| json!([{ "email": mail, "type": "work" }]);
    let mut post = |sent: Value| client.send(&request("POST", "/crm/contacts", "cust_hubspot", Some(&sent)));
    let both = |mail: &str| json!({ "last_name": "Doe", "email": "a@b.example", "email_addresses": mails(mail) });
    assert_eq!(refused(&post(both("b@b.example"))), ["email"]);
    assert_eq!(post(both("a@b.example")).0, 201);
    let made = post(json!({ "last_name": "Doe", "company_name": "Acme", "email": "c@b.example" })).1;
    let target = format!("/crm/contacts/{}", made["id"].as_str().unwrap());
    let taken = json!({ "company_name": null });
    let answer = client.send(&request("PATCH", &target, "cust_hubspot", Some(&taken)));
    assert_eq!(refused(&answer), ["company_name"]);
}

#[test]
fn a_refused_write_leaves_nothing_behind() {
    let (mut client, _) = every().next().unwrap();
    let made = client.unified("POST", "crm/contacts", Some(&json!({ "last_name": "Doe", "title": "First" }))).1;
    let target = format!("crm/contacts/{}", made["id"].as_str().unwrap());
    let refuses = json!({ "title": "Second", "tags": [{ "name": "vip" }] });
    assert_eq!(refused(&client.unified("PATCH", &target, Some(&refuses))), ["tags[0].name"]);
    let left = client.unified("GET", &target, None).1;
    assert_eq!(left, made, "nothing was changed");
    // Nor is anything remembered of how the refused record looked.
    let changed = client.unified("PATCH", &target, Some(&json!({ "title": "Third" }))).1;
    assert_eq!(changed["title"], "Third");
    let refuses = json!({ "last_name": "Roe", "tags": [{ "name": "vip" }] });
    assert_eq!(refused(&client.unified("POST", "crm/contacts", Some(&refuses))), ["tags[0].name"]);
    let next = client.unified("POST", "crm/contacts", Some(&json!({ "last_name": "Poe" }))).1;
    let number = |record: &Value| record["id"].as_str().unwrap().parse::<u64>().unwrap();
    assert_eq!(number(&next), number(&made) + 1);
}

#[test]
fn a_refused_write_asks_nothing_of_the_provider() {
    let mut world = world();
    let now = world.start();
    let sent = json!({ "last_name": "Doe", "tags": [{ "name": "vip" }] });
    let answer = world.answer(&request("POST", "/crm/contacts", "cust_hubspot", Some(&sent)), now);
    assert_eq!((answer.reply.status, answer.upstream.len(), answer.round_trips), (400, 0, Duration::ZERO));
    assert_eq!(answer.reply.headers.get("ratelimit-remaining"), None);
    let sent = json!({ "last_name": "Doe" });
    let answer = world.answer(&request("POST", "/crm/contacts", "cust_hubspot", Some(&sent)), now);
    assert_eq!((answer.reply.status, answer.upstream.len()), (201, 2));
    assert_eq!(answer.reply.headers.get("ratelimit-remaining"), Some("108"));
}

#[test]
fn what_comes_after_a_hundred_parts_is_refused_too() {
    let mut client = crms().nth(3).unwrap();
    let phones: Vec<Value> = (0..101).map(|n| json!({ "number": format!("+1 555 {n:04}"), "type": "work" })).collect();
    let mut sent = json!({ "last_name": "Doe", "phone_numbers": phones });
    let (status, made) = client.unified("POST", "crm/contacts", Some(&sent));
    assert_eq!((status, made["phone_numbers"].as_array().unwrap().len()), (201, 101));
    sent["tags"] = json!([{ "name": "vip" }]);
    assert_eq!(refused(&client.unified("POST", "crm/contacts", Some(&sent))), ["tags[0].name"]);
}

#[test]
fn a_body_of_a_megabyte_is_answered_in_good_time() {
    let begun = std::time::Instant::now();
    let tags: Vec<Value> = (0..50_000).map(|n| json!({ "name": format!("tag {n}") })).collect();
    let sent = json!({ "last_name": "Doe", "tags": tags });
    assert!(sent.to_string().len() > 1_000_000);
    for mut client in crms() {
        let (status, told) = client.unified("POST", "crm/contacts", Some(&sent));
        match status {
            201 => assert_eq!(told["tags"].as_array().unwrap().len(), 50_000, "{}", client.provider),
            _ => assert_eq!(told["details"]["failures"][0]["field"], "tags[0].name", "{}", client.provider),
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}
