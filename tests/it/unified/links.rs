//! Who names an account by its name alone has it linked in every CRM: it is found there, or made.

use super::every::{Client, every};
use super::*;

fn crms() -> impl Iterator<Item = Client> {
    every().map(|(client, _)| client).filter(|client| CRMS.contains(&client.provider))
}

fn post(client: &mut Client, target: &str, sent: &Value) -> (u16, Value) {
    let tenant = format!("cust_{}", client.provider);
    client.send(&request("POST", target, &tenant, Some(sent)))
}

fn made(client: &mut Client, target: &str, sent: &Value) -> Value {
    let (status, told) = post(client, target, sent);
    assert_eq!(status, 201, "{} {target} {sent}: {told}", client.provider);
    told
}

/// The ids of the accounts of this name.
fn accounts(client: &mut Client, name: &str) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.page(&format!("crm/accounts?limit=250&next_cursor={cursor}"));
        let records = page["result"].as_array().unwrap().iter().filter(|account| account["name"] == name);
        ids.extend(records.map(|account| account["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return ids,
        }
    }
}

fn deal(client: &mut Client, account: &str) -> Value {
    let first = &client.page("crm/opportunities?limit=1")["result"][0];
    let of = |field: &str| first[field].clone();
    json!({
        "name": "Order", "contact": of("contact"), "stage": of("stage"), "close_date": "2026-05-01",
        "account": { "name": account },
    })
}

#[test]
fn a_contact_with_the_name_of_a_company_is_made_in_every_crm() {
    for mut client in crms() {
        let crm = client.provider;
        let ada = |n: usize| {
            json!({
                "first_name": "Ada", "last_name": "Lovelace", "email": format!("ada{n}@example.com"),
                "company_name": "Acme Corp",
            })
        };
        let contact = made(&mut client, "/crm/contacts", &ada(1));
        if crm == "hubspot" {
            // A contact has a field for the name there, and nothing else is made.
            assert_eq!(contact["account"], json!({ "name": "Acme Corp" }));
            assert_eq!(accounts(&mut client, "Acme Corp"), Vec::<String>::new());
        } else {
            let ids = accounts(&mut client, "Acme Corp");
            assert_eq!(ids.len(), 1, "{crm}");
            let read = client.unified("GET", &format!("crm/contacts/{}", contact["id"].as_str().unwrap()), None).1;
            assert_eq!((&contact["account"]["id"], &read["account"]["id"]), (&json!(ids[0]), &json!(ids[0])), "{crm}");
            let account = client.unified("GET", &format!("crm/accounts/{}", ids[0]), None).1;
            assert_eq!(account["name"], "Acme Corp", "{crm}");
            assert!(account["remote_data"].to_string().contains("\"Acme Corp\""), "{crm}: {account}");
            let second = made(&mut client, "/crm/contacts", &ada(2));
            assert_eq!(second["account"]["id"], ids[0], "{crm}");
            assert_eq!(accounts(&mut client, "Acme Corp"), ids, "{crm}: it is there already");
        }
        let order = deal(&mut client, "Acme Corp");
        let order = made(&mut client, "/crm/deals", &order);
        assert_eq!(
            vec![order["account"]["id"].as_str().unwrap().to_owned()],
            accounts(&mut client, "Acme Corp"),
            "{crm}"
        );
    }
}

#[test]
fn of_several_accounts_of_a_name_the_first_is_taken_and_a_name_is_taken_to_the_letter() {
    for mut client in crms() {
        let crm = client.provider;
        for name in ["Twin", "O'Brien \"& Sons\" \\ (x), y: 100%"] {
            let first = made(&mut client, "/crm/accounts", &json!({ "name": name }))["id"].clone();
            made(&mut client, "/crm/accounts", &json!({ "name": name }));
            let order = deal(&mut client, name);
            assert_eq!(made(&mut client, "/crm/deals", &order)["account"]["id"], first, "{crm} {name}");
        }
        // One that is named otherwise is another one.
        let order = deal(&mut client, "twin");
        let other = made(&mut client, "/crm/deals", &order)["account"]["id"].clone();
        assert_eq!(accounts(&mut client, "twin"), [other.as_str().unwrap()], "{crm}");
        // An account that was there before the page began.
        let known = client.page("crm/accounts?limit=2")["result"][1].clone();
        let name = known["name"].as_str().unwrap();
        let ids = accounts(&mut client, name);
        let order = deal(&mut client, name);
        let linked = made(&mut client, "/crm/deals", &order)["account"]["id"].clone();
        assert!(ids.iter().any(|id| linked == **id) && accounts(&mut client, name) == ids, "{crm} {name}");
    }
}

#[test]
fn a_change_links_too_and_an_id_beside_the_name_decides() {
    for mut client in crms().skip(1) {
        let crm = client.provider;
        let contact = made(&mut client, "/crm/contacts", &json!({ "last_name": "Doe" }));
        let target = format!("crm/contacts/{}", contact["id"].as_str().unwrap());
        let (status, told) = client.unified("PATCH", &target, Some(&json!({ "account": { "name": "Fjell" } })));
        let fjell = accounts(&mut client, "Fjell");
        assert_eq!((status, &told["account"]["id"], fjell.len()), (200, &json!(fjell[0]), 1), "{crm}: {told}");
        let both = json!({ "last_name": "Roe", "account": { "id": fjell[0], "name": "Dal" } });
        assert_eq!(made(&mut client, "/crm/contacts", &both)["account"]["id"], fjell[0], "{crm}");
        assert_eq!(accounts(&mut client, "Dal"), Vec::<String>::new(), "{crm}");
    }
}

#[test]
fn what_is_refused_leaves_no_account_behind() {
    let mut refusing = Vec::new();
    for mut client in crms() {
        let crm = client.provider;
        let refused = json!({ "last_name": "Doe", "company_name": "Ghost", "compnay": "Ghost" });
        let (status, told) = post(&mut client, "/crm/contacts", &refused);
        assert_eq!((status, &told["details"]["failures"][0]["field"]), (400, &json!("compnay")), "{crm}");
        assert_eq!(accounts(&mut client, "Ghost"), Vec::<String>::new(), "{crm}: {told}");
        // Nor does what the provider refuses itself, where it looks at who is meant.
        let mut order = deal(&mut client, "Ghost");
        order["contact"] = json!([{ "id": "999999999" }]);
        let (status, told) = post(&mut client, "/crm/deals", &order);
        if status != 201 {
            refusing.push(crm);
            assert_eq!(told["truto_is_remote_error"], true, "{crm}: {told}");
            assert_eq!(accounts(&mut client, "Ghost"), Vec::<String>::new(), "{crm}: {told}");
        }
    }
    assert_eq!(refusing, ["salesforce", "close"]);
    let (mut hubspot, _) = every().next().unwrap();
    let known = hubspot.page("crm/opportunities?limit=1")["result"][0]["id"].as_str().unwrap().to_owned();
    let change = json!({ "account": { "name": "Ghost" } });
    let (status, told) = hubspot.unified("PATCH", &format!("crm/opportunities/{known}"), Some(&change));
    assert_eq!(status, 400);
    assert!(told["details"]["failures"][0]["field"].as_str().unwrap().starts_with("account"), "{told}");
    assert_eq!(accounts(&mut hubspot, "Ghost"), Vec::<String>::new());
}

#[test]
fn the_journal_has_what_was_asked_of_the_provider() {
    let mut world = world();
    let now = world.start();
    let sent = json!({ "last_name": "Doe", "company_name": "Acme Corp" });
    let mut ask = || {
        let answer = world.answer(&request("POST", "/crm/contacts", "cust_salesforce", Some(&sent)), now);
        let path = |url: &str| url.split(['?', '#']).next().unwrap().rsplit('/').nth(1).unwrap().to_owned();
        let asked = answer.upstream.iter().map(|asked| format!("{} {}", asked.method, path(&asked.url)));
        (answer.reply.status, asked.collect::<Vec<_>>())
    };
    let first = ["GET query", "POST sobjects", "GET Account", "POST sobjects", "GET Contact"];
    assert_eq!(ask(), (201, first.map(str::to_owned).to_vec()));
    assert_eq!(ask(), (201, ["GET query", "POST sobjects", "GET Contact"].map(str::to_owned).to_vec()));
}
