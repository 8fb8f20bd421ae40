//! HubSpot, driven as its documentation says: who asks, lists, searches, writes, refusals, limits, OAuth.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::collections::BTreeSet;
use std::time::Duration;

use doccheck::clock::Timestamp;
use doccheck::http::{Headers, Reply, Request};
use doccheck::sandbox::World;
use serde_json::{Value, json};

use super::{body, keys};

use super::world;

mod search;
mod unified;
mod writes;

const TOKEN: &str = "sandbox-hubspot-access-9f3d1a";
const REFRESH: &str = "sandbox-hubspot-refresh-2c7e54";
const CLIENT: &str = "client_id=6f2a9c10-58de-4b37-a1c4-09b7e3d5f812&client_secret=sandbox-hubspot-secret-71c9e0";
const CONTACTS: &str = "/crm/v3/objects/contacts";
const NOT_FOUND_CREDENTIALS: &str = "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview";

/// A client with a token, in a world of its own that stands still unless told.
struct Client {
    world: World,
    now: Timestamp,
    token: String,
}

impl Client {
    fn new() -> Self {
        let world = world();
        let now = world.start();
        Self { world, now, token: TOKEN.to_owned() }
    }

    fn wait(&mut self, millis: u64) {
        self.now = self.now.after(Duration::from_millis(millis));
    }

    fn raw(&mut self, method: &str, host: &str, target: &str, kind: &str, body: &str) -> Reply {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = Headers::new();
        if !self.token.is_empty() {
            headers.push("Authorization", format!("Bearer {}", self.token));
        }
        if !kind.is_empty() {
            headers.push("Content-Type", kind);
        }
        let request = Request {
            method: method.to_owned(),
            scheme: "https".to_owned(),
            host: host.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: body.as_bytes().to_vec(),
        };
        self.world.answer(&request, self.now).reply
    }

    fn get(&mut self, target: &str) -> Reply {
        self.raw("GET", "api.hubapi.com", target, "", "")
    }

    fn send(&mut self, method: &str, target: &str, body: &Value) -> Reply {
        self.raw(method, "api.hubapi.com", target, "application/json", &body.to_string())
    }

    fn form(&mut self, form: &str) -> Reply {
        self.raw("POST", "api.hubapi.com", "/oauth/v1/token", "application/x-www-form-urlencoded", form)
    }

    /// Every page of a list, first to last, as `paging.next.after` leads.
    fn walk(&mut self, target: &str) -> Vec<Value> {
        let mut pages = Vec::new();
        let mut after = String::new();
        loop {
            let page = body(&self.get(&format!("{target}{after}")));
            let next = page["paging"]["next"]["after"].as_str().map(|next| format!("&after={next}"));
            pages.push(page);
            match next {
                Some(next) => after = next,
                None => return pages,
            }
        }
    }
}

/// The body without its correlation id, which has to be a UUID and that of the header field.
fn refusal(reply: &Reply) -> Value {
    let mut body = body(reply);
    let members = body.as_object_mut().unwrap();
    let id = members.remove("correlationId").unwrap();
    let id = id.as_str().unwrap();
    assert_eq!(id.len(), 36, "{id}");
    assert_eq!(reply.headers.get("x-hubspot-correlation-id"), Some(id));
    body
}

fn ids(page: &Value) -> Vec<&str> {
    page["results"].as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap()).collect()
}

// --------------------------------------------------------------------------------------------- who asks

#[test]
fn who_does_not_show_a_living_token_is_refused() {
    let mut client = Client::new();
    let refused = |reply: &Reply, message: &str, category: &str| {
        assert_eq!(reply.status, 401);
        assert_eq!(reply.headers.get("content-type"), Some("application/json;charset=utf-8"));
        let body = refusal(reply);
        assert_eq!((&body["status"], &body["category"]), (&json!("error"), &json!(category)));
        assert!(body["message"].as_str().unwrap().starts_with(message), "{body}");
    };
    for token in ["", "nonsense"] {
        token.clone_into(&mut client.token);
        refused(&client.get(CONTACTS), NOT_FOUND_CREDENTIALS, "INVALID_AUTHENTICATION");
    }
    TOKEN.clone_into(&mut client.token);
    client.wait(1_799_000);
    assert_eq!(client.get(CONTACTS).status, 200);
    client.wait(76_000);
    let expired = client.get(CONTACTS);
    let message = "The OAuth token used to make this call expired 75 second(s) ago.";
    refused(&expired, message, "EXPIRED_AUTHENTICATION");
    assert_eq!(body(&expired)["context"], json!({ "expire time": ["2026-04-15T09:30:00.000Z"] }));
}

#[test]
fn a_token_is_got_by_consent_and_refreshed_for_ever() {
    let mut client = Client::new();
    let consent = "/oauth/authorize?client_id=6f2a9c10-58de-4b37-a1c4-09b7e3d5f812&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback&scope=oauth%20crm.objects.contacts.read&state=s1";
    let sent = client.raw("GET", "app.hubspot.com", consent, "", "");
    assert_eq!(sent.status, 302);
    let location = sent.headers.get("location").unwrap().to_owned();
    let query = location.strip_prefix("https://app.example.com/callback?").unwrap();
    let part = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)).unwrap();
    assert_eq!(part("state="), "s1");
    let exchange = format!(
        "grant_type=authorization_code&{CLIENT}&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback&code={}",
        part("code=")
    );
    let reply = client.form(&exchange);
    assert_eq!(reply.status, 200);
    let tokens = body(&reply);
    assert_eq!(keys(&tokens), BTreeSet::from(["access_token", "expires_in", "refresh_token", "token_type"]));
    assert_eq!((&tokens["expires_in"], &tokens["token_type"]), (&json!(1800), &json!("bearer")));
    client.token = tokens["access_token"].as_str().unwrap().to_owned();
    assert_eq!(client.get(CONTACTS).status, 200);

    // It was consented to reading only.
    let refused = client.send("POST", CONTACTS, &json!({ "properties": { "lastname": "Doe" } }));
    assert_eq!(refused.status, 403);
    let told = refusal(&refused);
    assert_eq!(told["category"], "MISSING_SCOPES");
    assert_eq!(
        told["errors"],
        json!([{ "message": "One or more of the following scopes are required.", "context": { "requiredGranularScopes": ["crm.objects.contacts.write"] } }])
    );

    // The refresh token stays the same, however often it is used.
    for _ in 0..2 {
        let reply = client.form(&format!("grant_type=refresh_token&{CLIENT}&refresh_token={REFRESH}"));
        assert_eq!(reply.status, 200);
        let tokens = body(&reply);
        assert_eq!((&tokens["refresh_token"], &tokens["expires_in"]), (&json!(REFRESH), &json!(1800)));
        client.token = tokens["access_token"].as_str().unwrap().to_owned();
        assert_ne!(client.token, TOKEN);
        assert_eq!(client.send("POST", CONTACTS, &json!({ "properties": { "lastname": "Doe" } })).status, 201);
    }
}

#[test]
fn refusals_of_the_token_endpoint_have_a_shape_of_their_own() {
    let mut client = Client::new();
    let mut refused = |form: &str, expected: Value| {
        let reply = client.form(form);
        assert_eq!((reply.status, body(&reply)), (400, expected), "{form}");
    };
    refused(
        &format!("grant_type=refresh_token&{CLIENT}&refresh_token=gone"),
        json!({ "status": "BAD_REFRESH_TOKEN", "message": "missing or unknown refresh token" }),
    );
    refused(
        &format!(
            "grant_type=authorization_code&{CLIENT}&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback&code=gone"
        ),
        json!({ "status": "BAD_AUTH_CODE", "message": "missing or unknown auth code" }),
    );
    refused(
        &format!("grant_type=refresh_token&client_id=nobody&client_secret=x&refresh_token={REFRESH}"),
        json!({ "status": "BAD_CLIENT_ID", "message": "missing or unknown client id" }),
    );
    refused(
        &format!("grant_type=password&{CLIENT}"),
        json!({ "status": "BAD_GRANT_TYPE", "message": "missing or unknown grant type" }),
    );
}

// ------------------------------------------------------------------------------------------------ lists

#[test]
fn a_thousand_contacts_come_in_ten_pages_and_the_last_has_no_paging() {
    let mut client = Client::new();
    let pages = client.walk(&format!("{CONTACTS}?limit=100"));
    assert_eq!(pages.len(), 10);
    for (at, page) in pages.iter().enumerate() {
        assert_eq!(ids(page).len(), 100);
        if at == 9 {
            assert_eq!(keys(page), BTreeSet::from(["results"]));
        } else {
            let next = &page["paging"]["next"];
            assert_eq!(next["link"], format!("?after={}", next["after"].as_str().unwrap()));
        }
    }
    let all = pages.iter().flat_map(ids).collect::<Vec<_>>();
    assert_eq!(all, (51..1051).map(|n| n.to_string()).collect::<Vec<_>>());
    let first = &pages[0]["results"][0];
    assert_eq!(keys(first), BTreeSet::from(["id", "properties", "createdAt", "updatedAt", "archived"]));
    assert_eq!(
        keys(&first["properties"]),
        BTreeSet::from(["createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"])
    );
    assert_eq!(first["properties"]["hs_object_id"], "51");
    assert_eq!(first["properties"]["createdate"], first["createdAt"]);
    assert_eq!(first["archived"], false);
    for name in ["createdAt", "updatedAt"] {
        let text = first[name].as_str().unwrap();
        assert_eq!(Timestamp::parse(text).unwrap().rfc3339(), text);
    }
}

#[test]
fn pages_have_ten_records_unless_told_and_a_hundred_at_most() {
    let mut client = Client::new();
    assert_eq!(ids(&body(&client.get(CONTACTS))).len(), 10);
    assert_eq!(ids(&body(&client.get(&format!("{CONTACTS}?limit=500")))).len(), 100);
    let asked = body(&client.get(&format!("{CONTACTS}?limit=1&properties=phone,jobtitle,nonsense")));
    assert_eq!(
        keys(&asked["results"][0]["properties"]),
        BTreeSet::from(["createdate", "hs_object_id", "jobtitle", "lastmodifieddate", "phone"])
    );
    // Clients send a list in one parameter or in several.
    let repeated = "properties=phone&properties=jobtitle,nonsense&properties=";
    assert_eq!(body(&client.get(&format!("{CONTACTS}?limit=1&{repeated}"))), asked);
    let one = body(&client.get(&format!("{CONTACTS}/51?{repeated}")));
    assert_eq!(one["properties"], asked["results"][0]["properties"]);
    for (target, count) in [("companies", 200), ("deals", 300), ("notes", 400)] {
        let pages = client.walk(&format!("/crm/v3/objects/{target}?limit=100"));
        assert_eq!(pages.iter().flat_map(ids).collect::<BTreeSet<_>>().len(), count, "{target}");
    }
    let refused = client.get(&format!("{CONTACTS}?limit=many"));
    assert_eq!((refused.status, &refusal(&refused)["category"]), (400, &json!("VALIDATION_ERROR")));
}

#[test]
fn every_property_is_text_and_leads_to_records_that_are_there() {
    let mut client = Client::new();
    let contact = body(&client.get(&format!("{CONTACTS}/51?properties=associatedcompanyid,hubspot_owner_id,phone")));
    let company = contact["properties"]["associatedcompanyid"].as_str().unwrap();
    let company = client.get(&format!("/crm/v3/objects/companies/{company}?properties=name,numberofemployees"));
    assert_eq!(company.status, 200);
    let properties = body(&company)["properties"].clone();
    assert!(properties["numberofemployees"].as_str().unwrap().parse::<u32>().is_ok());
    let deal = body(&client.get("/crm/v3/objects/deals?limit=1&associations=companies,contacts"))["results"][0].clone();
    assert!(deal["properties"].as_object().unwrap().values().all(Value::is_string), "{deal}");
    for (kind, name) in [("companies", "deal_to_company"), ("contacts", "deal_to_contact")] {
        let link = &deal["associations"][kind]["results"][0];
        assert_eq!(link["type"], name);
        let found = client.get(&format!("/crm/v3/objects/{kind}/{}", link["id"].as_str().unwrap()));
        assert_eq!(found.status, 200, "{kind}");
    }
}

// --------------------------------------------------------------------------------------------- searches

#[test]
fn a_search_finds_what_changed_since_and_pages_by_offset() {
    let mut client = Client::new();
    let everybody = client.walk(&format!("{CONTACTS}?limit=100"));
    let since = "2026-04-01T00:00:00.000Z";
    let changed = everybody.iter().flat_map(|page| page["results"].as_array().unwrap());
    let changed = changed.filter(|record| record["updatedAt"].as_str().unwrap() >= since);
    let changed = changed.map(|record| record["id"].as_str().unwrap()).collect::<BTreeSet<_>>();
    assert!(!changed.is_empty() && changed.len() < 1000);

    let millis = (Timestamp::parse(since).unwrap().micros() / 1000).to_string();
    let filter = json!({ "propertyName": "lastmodifieddate", "operator": "GTE", "value": millis });
    let mut search = json!({ "filterGroups": [{ "filters": [filter] }], "limit": 200,
        "sorts": [{ "propertyName": "lastmodifieddate", "direction": "ASCENDING" }] });
    let mut found = Vec::new();
    loop {
        let reply = client.send("POST", &format!("{CONTACTS}/search"), &search);
        assert_eq!(reply.status, 200);
        assert!(reply.headers.iter().all(|(name, _)| !name.to_lowercase().contains("ratelimit")));
        let page = body(&reply);
        assert_eq!(page["total"], changed.len());
        let instants = |record: &Value| record["updatedAt"].as_str().unwrap().to_owned();
        found.extend(page["results"].as_array().unwrap().iter().map(|record| (instants(record), record["id"].clone())));
        let Some(after) = page.get("paging").map(|paging| paging["next"]["after"].clone()) else { break };
        assert_eq!(after, found.len().to_string());
        search["after"] = after;
        client.wait(1_000);
    }
    assert!(found.is_sorted_by_key(|(instant, _)| instant.clone()));
    assert_eq!(found.iter().map(|(_, id)| id.as_str().unwrap()).collect::<BTreeSet<_>>(), changed);
}

#[test]
fn searches_beyond_their_bounds_are_refused() {
    let filter = |at: usize| json!({ "propertyName": "firstname", "operator": "EQ", "value": at.to_string() });
    let group = |count: usize| json!({ "filters": (0..count).map(filter).collect::<Vec<_>>() });
    let groups = |groups: usize, filters: usize| json!({ "filterGroups": vec![group(filters); groups] });
    let search = |query: &Value| Client::new().send("POST", &format!("{CONTACTS}/search"), query);
    for allowed in [groups(5, 3), groups(3, 6), json!({ "limit": 100, "after": "9900" }), json!({})] {
        assert_eq!(search(&allowed).status, 200, "{allowed}");
    }
    let odd =
        json!({ "filterGroups": [{ "filters": [{ "propertyName": "firstname", "operator": "LIKE", "value": "A" }] }] });
    for refused in [
        groups(6, 1),
        groups(1, 7),
        groups(4, 5),
        json!({ "limit": 201 }),
        json!({ "limit": 100, "after": "10000" }),
        odd,
    ] {
        let reply = search(&refused);
        assert_eq!(reply.status, 400, "{refused}");
        assert_eq!(refusal(&reply)["category"], "VALIDATION_ERROR");
    }
}

#[test]
fn five_searches_a_second_have_a_budget_of_their_own() {
    let mut client = Client::new();
    let mut search = |millis| {
        client.wait(millis);
        client.send("POST", &format!("{CONTACTS}/search"), &json!({ "limit": 1 }))
    };
    for _ in 0..5 {
        assert_eq!(search(0).status, 200);
    }
    let refused = search(500);
    assert_eq!(refused.status, 429);
    assert!(refused.headers.get("x-hubspot-ratelimit-max").is_none());
    let told = refusal(&refused);
    assert_eq!(told["message"], "You have reached your secondly limit.");
    assert_eq!((&told["errorType"], &told["policyName"]), (&json!("RATE_LIMIT"), &json!("SECONDLY")));
    assert_eq!(search(500).status, 200);
}
