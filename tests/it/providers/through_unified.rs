//! Zendesk Sell, Pipedrive and Close through the unified API: what it says is what they say, and what it writes is there natively.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::time::Duration;

use doccheck::clock::Timestamp;
use doccheck::http::{Headers, Reply, Request};
use doccheck::sandbox::World;
use serde_json::{Value, json};

use super::body;

/// A provider, and how its own API is asked for what the unified one says.
struct Provider {
    name: &'static str,
    account: &'static str,
    host: &'static str,
    authorization: (&'static str, &'static str),
    /// The path of a native contact, the id to come in place of `{}`.
    contact: &'static str,
    /// Where the record lies in the answer to it.
    at: &'static str,
    /// A page of native contacts that holds the first hundred persons, and where they lie in it.
    first_page: (&'static str, &'static str),
    /// The unified contact of a native one.
    unified: fn(&Value) -> Value,
}

const PROVIDERS: [Provider; 3] = [
    Provider {
        name: "zendesk-sell",
        account: "0d4f0a8f-45aa-4767-b0c7-0b6d2224fedb",
        host: "api.getbase.com",
        authorization: ("Authorization", "Bearer sandbox-sell-access-4b1e7c90d2a8"),
        contact: "/v2/contacts/{}",
        at: "/data",
        first_page: ("/v2/contacts?per_page=100", "/items"),
        unified: |item| {
            let data = item.get("data").unwrap_or(item);
            contact(
                [&data["first_name"], &data["last_name"], &data["name"], &data["title"]],
                [&data["id"], &data["contact_id"], &data["owner_id"]],
                &data["email"],
                [&data["phone"], &data["mobile"]],
                [&data["created_at"], &data["updated_at"]],
            )
        },
    },
    Provider {
        name: "pipedrive",
        account: "8d6556c1-e3ca-4f7c-98be-165107ff7141",
        host: "api.pipedrive.com",
        authorization: ("x-api-token", "sandbox-pipedrive-token-5e0c31f7a9b2"),
        contact: "/api/v2/persons/{}",
        at: "/data",
        first_page: ("/api/v2/persons?limit=100", "/data"),
        unified: |data| {
            contact(
                [
                    &data["first_name"],
                    &data["last_name"],
                    &data["name"],
                    &data["custom_fields"]["d1c5a7e90b3f48264e1a9c77b05d83f2614e9a0c"],
                ],
                [&data["id"], &data["org_id"], &data["owner_id"]],
                &data["emails"][0]["value"],
                [0, 1].map(|at| &data["phones"][at]["value"]),
                [&data["add_time"], &data["update_time"]],
            )
        },
    },
    Provider {
        name: "close",
        account: "d7be00bd-eed9-4ac5-9f56-ceab82b567fe",
        host: "api.close.com",
        authorization: ("Authorization", "Basic YXBpX3NhbmRib3hfY2xvc2VfOWYyN2M0ZTgwYjEzOg=="),
        contact: "/api/v1/contact/{}/",
        at: "",
        first_page: ("/api/v1/contact/?_limit=100", "/data"),
        unified: |data| {
            let (first, last) = data["name"].as_str().unwrap().split_once(' ').unwrap();
            contact(
                [&json!(first), &json!(last), &data["name"], &data["title"]],
                [&data["id"], &data["lead_id"], &data["created_by"]],
                &data["emails"][0]["email"],
                [0, 1].map(|at| &data["phones"][at]["phone"]),
                [&data["date_created"], &data["date_updated"]],
            )
        },
    },
];

fn contact(names: [&Value; 4], ids: [&Value; 3], mail: &Value, phones: [&Value; 2], times: [&Value; 2]) -> Value {
    let text = |id: &Value| id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    let linked = |id: &Value| if id.is_null() { Value::Null } else { json!({ "id": text(id) }) };
    let listed = |key: &str, values: &[(&Value, &str)]| -> Value {
        let given = values.iter().filter(|(value, _)| !value.is_null());
        given.map(|(value, kind)| json!({ key: value, "type": kind })).collect()
    };
    let phones = [(phones[0], "work"), (phones[1], "mobile")];
    json!({
        "id": text(ids[0]), "first_name": names[0], "last_name": names[1], "name": names[2], "title": names[3],
        "account": linked(ids[1]), "owner": linked(ids[2]),
        "email_addresses": listed("email", &[(mail, "work")]), "phone_numbers": listed("number", &phones),
        "addresses": [], "urls": [], "tags": [], "custom_fields": {}, "last_activity_at": null,
        "created_at": instant(times[0]), "updated_at": instant(times[1]),
    })
}

fn instant(native: &Value) -> String {
    let text = native.as_str().unwrap();
    let fraction = text[19..].strip_prefix('.').map_or("000", |fraction| &fraction[..3]);
    format!("{}.{fraction}Z", &text[..19])
}

struct Client {
    world: World,
    now: Timestamp,
    provider: &'static Provider,
}

impl Client {
    fn new(provider: &'static Provider) -> Self {
        let world = super::world();
        Self { now: world.start(), world, provider }
    }

    fn send(&mut self, request: &Request) -> Reply {
        self.now = self.now.after(Duration::from_millis(250));
        self.world.answer(request, self.now).reply
    }

    /// Asks the unified API.
    fn unified(&mut self, method: &str, target: &str, fields: Option<&Value>) -> Reply {
        let request = self.request(method, target, fields);
        self.send(&request)
    }

    fn request(&self, method: &str, target: &str, fields: Option<&Value>) -> Request {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = format!("integrated_account_id={}&{query}", self.provider.account);
        let authorization = ("Authorization", "Bearer sandbox-token-7d2f9c4e1a6b");
        ask("api.truto.one", method, &format!("/unified/crm{path}?{query}"), authorization, fields)
    }

    fn get(&mut self, target: &str) -> Value {
        let reply = self.unified("GET", target, None);
        assert_eq!(reply.status, 200, "{target}: {}", String::from_utf8_lossy(&reply.body));
        body(&reply)
    }

    fn all(&mut self, target: &str) -> Vec<Value> {
        let (mut records, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{target}&next_cursor={cursor}"));
            records.extend(page["result"].as_array().unwrap().iter().cloned());
            match &page["next_cursor"] {
                Value::Null => return records,
                next => cursor = next.as_str().unwrap().to_owned(),
            }
        }
    }

    /// Asks the provider itself.
    fn native(&mut self, target: &str) -> Reply {
        let request = ask(self.provider.host, "GET", target, self.provider.authorization, None);
        self.send(&request)
    }

    fn native_contact(&mut self, id: &str) -> Value {
        let reply = self.native(&self.provider.contact.replace("{}", id));
        assert_eq!(reply.status, 200, "{id}: {}", String::from_utf8_lossy(&reply.body));
        body(&reply).pointer(self.provider.at).unwrap().clone()
    }
}

fn ask(host: &str, method: &str, target: &str, authorization: (&str, &str), fields: Option<&Value>) -> Request {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = Headers::new();
    headers.push(authorization.0, authorization.1);
    headers.push("User-Agent", "conformance/1.0");
    if fields.is_some() {
        headers.push("Content-Type", "application/json");
    }
    Request {
        method: method.to_owned(),
        scheme: "https".to_owned(),
        host: host.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: fields.map(|fields| fields.to_string().into_bytes()).unwrap_or_default(),
    }
}

/// A unified record without what the provider itself says.
fn own(record: &Value) -> Value {
    let mut record = record.clone();
    record.as_object_mut().unwrap().shift_remove("remote_data");
    record
}

#[test]
fn a_thousand_contacts_are_what_the_provider_says() {
    for provider in &PROVIDERS {
        let mut client = Client::new(provider);
        let contacts = client.all("/contacts?limit=100");
        assert_eq!(contacts.len(), 1000, "{}", provider.name);
        for contact in &contacts {
            assert_eq!(own(contact), (provider.unified)(&contact["remote_data"]), "{}", provider.name);
        }
        let (target, place) = provider.first_page;
        let page = body(&client.native(target));
        let natively = page.pointer(place).unwrap().as_array().unwrap();
        let told: Vec<_> = contacts[..100].iter().map(|contact| &contact["remote_data"]).collect();
        assert_eq!(told, natively.iter().collect::<Vec<_>>(), "{}", provider.name);

        let first = &contacts[0];
        let shown: Vec<_> = ["first_name", "last_name", "name", "title", "created_at", "updated_at"]
            .map(|field| first[field].as_str().unwrap())
            .into();
        let times = ["2025-03-11T09:00:00.000Z", "2026-01-05T09:00:00.000Z"];
        assert_eq!(shown, [&["Elif", "Mendoza", "Elif Mendoza", "Operations Manager"][..], &times[..]].concat());
        assert_eq!(
            first["email_addresses"],
            json!([{ "email": "elif.mendoza.1@nimbus-studios-58.example", "type": "work" }])
        );
        let phones =
            json!([{ "number": "+1 555 0000001", "type": "work" }, { "number": "+1 556 0000001", "type": "mobile" }]);
        assert_eq!(first["phone_numbers"], phones);
    }
}

#[test]
fn companies_deals_and_notes_are_told_alike() {
    for provider in &PROVIDERS {
        let mut client = Client::new(provider);
        let accounts = client.all("/accounts?limit=100");
        assert_eq!(accounts.len(), 200, "{}", provider.name);
        let first = own(&accounts[0]);
        assert_eq!(
            (&first["name"], &first["website"]),
            (&json!("Cedar Energy 1"), &json!("https://cedar-energy-1.example"))
        );
        assert_eq!(
            (&first["number_of_employees"], &first["created_at"]),
            (&json!(1210), &json!("2025-03-11T09:00:00.000Z"))
        );
        assert_eq!(
            first["phone_numbers"],
            json!([{ "number": "+1 555 0000001", "type": "work" }]),
            "{}",
            provider.name
        );

        let deals = client.all("/opportunities?limit=100");
        assert_eq!(deals.len(), 300, "{}", provider.name);
        let first = &deals[0];
        let shown = ["name", "amount", "currency", "status", "close_date"].map(|field| &first[field]);
        let expected =
            [&json!("Meadow Health 106 pilot"), &json!(29027), &json!("USD"), &json!("lost"), &json!("2026-06-15")];
        assert!(
            shown.iter().zip(expected).all(|(a, b)| *a == b || a.as_f64() == b.as_f64().filter(|n| *n > 0.0)),
            "{shown:?}"
        );
        let person = first["contact"][0]["id"].as_str().unwrap();
        let company = first["account"]["id"].as_str().unwrap();
        assert_eq!(client.get(&format!("/contacts/{person}"))["name"], "Grace Al-Farsi", "{}", provider.name);
        assert_eq!(client.get(&format!("/accounts/{company}"))["name"], "Meadow Health 106", "{}", provider.name);
        for status in ["open", "won", "lost"] {
            assert!(deals.iter().any(|deal| deal["status"] == status), "{} has none that is {status}", provider.name);
        }

        let notes = client.all("/notes?limit=100");
        assert_eq!(notes.len(), 400, "{}", provider.name);
        assert_eq!(notes[0]["content"], "Wants a call about pricing next week.");
        let person = notes[0]["contact"][0]["id"].as_str().unwrap();
        assert!(client.get(&format!("/contacts/{person}"))["name"].is_string());
    }
}

#[test]
fn what_is_written_is_there_natively() {
    for provider in &PROVIDERS {
        let mut client = Client::new(provider);
        let company = client.get("/accounts?limit=1")["result"][0]["id"].clone();
        let fields = json!({
            "first_name": "Ada", "last_name": "van Dyk", "title": "Countess", "account": { "id": company },
            "email_addresses": [{ "email": "ada@example.com", "type": "work" }],
            "phone_numbers": [{ "number": "+1 555 0199", "type": "work" }],
        });
        let reply = client.unified("POST", "/contacts", Some(&fields));
        assert!(matches!(reply.status, 200 | 201), "{}: {}", provider.name, String::from_utf8_lossy(&reply.body));
        let made = body(&reply);
        for (name, value) in fields.as_object().unwrap() {
            assert_eq!(&made[name], value, "{} {name}", provider.name);
        }
        assert_eq!(made["name"], "Ada van Dyk", "{}", provider.name);
        let id = made["id"].as_str().unwrap();
        let native = client.native_contact(id);
        assert_eq!(own(&made), (provider.unified)(&native), "{}", provider.name);

        client.now = client.now.after(Duration::from_secs(60));
        let change = json!({ "last_name": "King", "title": null });
        let reply = client.unified("PATCH", &format!("/contacts/{id}"), Some(&change));
        let changed = body(&reply);
        let shown = ["first_name", "last_name", "name", "title", "email_addresses", "account"]
            .map(|name| changed[name].clone());
        let expected = [
            json!("Ada"),
            json!("King"),
            json!("Ada King"),
            Value::Null,
            made["email_addresses"].clone(),
            made["account"].clone(),
        ];
        assert_eq!((reply.status, shown), (200, expected), "{}", provider.name);
        let native = client.native_contact(id);
        assert_eq!(own(&changed), (provider.unified)(&native), "{}", provider.name);

        let gone = client.unified("DELETE", &format!("/contacts/{id}"), None);
        assert_eq!((gone.status, body(&gone)), (200, json!({ "id": id })), "{}", provider.name);
        assert_eq!(client.native(&provider.contact.replace("{}", id)).status, 404, "{}", provider.name);
        let absent = client.unified("GET", &format!("/contacts/{id}"), None);
        let told = body(&absent);
        assert_eq!((absent.status, &told["truto_is_remote_error"]), (404, &json!(true)), "{}", provider.name);
    }
}

#[test]
fn companies_deals_and_notes_are_written_too() {
    for provider in &PROVIDERS {
        let mut client = Client::new(provider);
        let mut make = |target: &str, fields: Value| {
            let reply = client.unified("POST", target, Some(&fields));
            let made = body(&reply);
            assert!(matches!(reply.status, 200 | 201), "{} {target}: {made}", provider.name);
            for (name, value) in fields.as_object().unwrap() {
                assert_eq!(&made[name], value, "{} {target} {name}", provider.name);
            }
            let path = format!("{target}/{}", made["id"].as_str().unwrap());
            assert_eq!(client.get(&path), made, "{} {target}", provider.name);
            made["id"].clone()
        };
        let company =
            make("/accounts", json!({ "name": "Acme", "website": "https://acme.example", "number_of_employees": 7 }));
        let person =
            make("/contacts", json!({ "first_name": "Ada", "last_name": "Doe", "account": { "id": company } }));
        let deal = json!({
            "name": "First order", "amount": 1250.5, "account": { "id": company }, "contact": [{ "id": person }],
            "status": "won", "close_date": "2026-05-09",
        });
        let deal = make("/opportunities", deal);
        // A note of Sell is about one record, one of Close is always a lead's.
        let mut note = json!({ "content": "Call back", "contact": [{ "id": person }] });
        if provider.name != "zendesk-sell" {
            note["account"] = json!({ "id": company });
        }
        let note = make("/notes", note);
        let note = format!("/notes/{}", note.as_str().unwrap());
        let changed = body(&client.unified("PATCH", &note, Some(&json!({ "content": "Called" }))));
        assert_eq!(changed["content"], "Called", "{}", provider.name);
        let deal = format!("/opportunities/{}", deal.as_str().unwrap());
        let changed = body(&client.unified("PATCH", &deal, Some(&json!({ "amount": 2000, "status": "lost" }))));
        assert_eq!(
            (changed["amount"].as_f64(), &changed["status"]),
            (Some(2000.0), &json!("lost")),
            "{}",
            provider.name
        );
        for gone in [note, deal] {
            assert_eq!(client.unified("DELETE", &gone, None).status, 200, "{} {gone}", provider.name);
            assert_eq!(client.unified("GET", &gone, None).status, 404, "{} {gone}", provider.name);
        }
    }
}

#[test]
fn what_changed_since_is_read_without_the_rest() {
    for provider in &PROVIDERS {
        let mut client = Client::new(provider);
        for (resource, count) in [("contacts", 1000), ("accounts", 200), ("opportunities", 300)] {
            let all = client.all(&format!("/{resource}?limit=100"));
            let since = "2026-04-10T00:00:00.000Z";
            let expected = all.iter().filter(|record| record["updated_at"].as_str().unwrap() > since).count();
            assert!(all.len() == count && expected > 0 && expected < 100, "{} {resource}", provider.name);
            let changed = client.all(&format!("/{resource}?limit=100&updated_at[gt]={since}"));
            assert_eq!(changed.len(), expected, "{} {resource}", provider.name);
            assert!(changed.iter().all(|record| record["updated_at"].as_str().unwrap() > since));
            // Close cannot be asked which contacts changed.
            if (provider.name, resource) != ("close", "contacts") {
                let page = client.get(&format!("/{resource}?limit=100&updated_at[gt]={since}"));
                assert_eq!(page["next_cursor"], Value::Null, "{} {resource}", provider.name);
            }
            let sorted = client.get(&format!("/{resource}?limit=100&sort_by[updated_at]=desc"))["result"].clone();
            let times: Vec<_> =
                sorted.as_array().unwrap().iter().map(|record| record["updated_at"].as_str().unwrap()).collect();
            let newest = all.iter().map(|record| record["updated_at"].as_str().unwrap()).max().unwrap();
            let ordered = times.is_sorted_by(|a, b| a >= b);
            assert!(ordered && times.len() == 100 && times[0] == newest, "{} {resource}", provider.name);
        }
        let mail = "elif.mendoza.1@nimbus-studios-58.example";
        let found = client.all(&format!("/contacts?email={mail}"));
        assert_eq!((found.len(), &found[0]["name"]), (1, &json!("Elif Mendoza")), "{}", provider.name);
    }
}

#[test]
fn what_a_provider_refuses_is_handed_on() {
    let [sell, pipedrive, close] = &PROVIDERS;
    let mut client = Client::new(sell);
    let nameless = client.unified("POST", "/opportunities", Some(&json!({ "name": "Order" })));
    let told = body(&nameless);
    assert_eq!((nameless.status, &told["truto_is_remote_error"]), (422, &json!(true)), "{told}");
    let error = &told["raw_response"]["errors"][0]["error"];
    assert_eq!((&error["code"], &error["field"]), (&json!("incorrect_payload"), &json!("/contact_id")));

    let mut client = Client::new(pipedrive);
    let request = client.request("GET", "/contacts?limit=1", None);
    let limits = |reply: &Reply| {
        ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"]
            .map(|name| reply.headers.get(name).map(str::to_owned))
    };
    let some = |values: [&str; 3]| values.map(|value| Some(value.to_owned()));
    let first = client.world.answer(&request, client.now).reply;
    assert_eq!(limits(&first), some(["20;w=2", "19", "2"]));
    for _ in 1..20 {
        assert_eq!(client.world.answer(&request, client.now).reply.status, 200);
    }
    let refused = client.world.answer(&request, client.now).reply;
    let told = body(&refused);
    assert_eq!((refused.status, limits(&refused)), (429, some(["20;w=2", "0", "2"])));
    assert_eq!((&told["truto_is_remote_error"], &told["message"]), (&json!(true), &json!("request over limit")));
    assert_eq!(told["raw_response"]["errorCode"], 429);
    assert_eq!(refused.headers.get("Retry-After"), Some("2"));

    let mut client = Client::new(close);
    let homeless = client.unified("POST", "/notes", Some(&json!({ "content": "Hello" })));
    let told = body(&homeless);
    assert_eq!((homeless.status, &told["truto_is_remote_error"]), (400, &json!(true)), "{told}");
    assert!(told["raw_response"]["field-errors"]["lead_id"].is_string(), "{told}");
    let reply = client.unified("GET", "/contacts?limit=1", None);
    assert_eq!(limits(&reply), some(["100", "99", "5"]), "the header tells no window");
}
