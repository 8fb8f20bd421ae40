//! Salesforce, driven as its documentation says: who asks, queries page by page, feeds, limits, OAuth.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::collections::BTreeSet;
use std::time::Duration;

use doccheck::clock::Timestamp;
use doccheck::http::{Headers, Reply, Request};
use doccheck::sandbox::World;
use serde_json::{Value, json};

use super::{body, keys};

use super::world;

mod queries;
mod unified;
mod writes;

const TOKEN: &str = "sandbox-salesforce-access-41b7c0";
const REFRESH: &str = "sandbox-salesforce-refresh-b83ad2";
const CLIENT: &str = "client_id=sandbox-salesforce-client-3MVG9&client_secret=sandbox-salesforce-secret-d40a77";
const DATA: &str = "/services/data/v67.0";

/// A client with a session, in a world of its own that stands still unless told.
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

    fn wait(&mut self, duration: Duration) {
        self.now = self.now.after(duration);
    }

    fn raw(&mut self, method: &str, host: &str, target: &str, fields: &[(&str, &str)], body: &str) -> Reply {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = Headers::new();
        if !self.token.is_empty() {
            headers.push("Authorization", format!("Bearer {}", self.token));
        }
        for (name, value) in fields {
            headers.push(*name, *value);
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
        self.raw("GET", "acme.my.salesforce.com", target, &[], "")
    }

    fn send(&mut self, method: &str, target: &str, body: &Value) -> Reply {
        let fields = [("Content-Type", "application/json")];
        self.raw(method, "acme.my.salesforce.com", target, &fields, &body.to_string())
    }

    /// The first page of a query, of `size` records where it is given.
    fn query(&mut self, soql: &str, size: Option<u32>) -> Reply {
        let target = format!("{DATA}/query?q={}", encoded(soql));
        let options = size.map(|size| format!("batchSize={size}"));
        let fields = options.iter().map(|options| ("Sforce-Query-Options", options.as_str())).collect::<Vec<_>>();
        self.raw("GET", "acme.my.salesforce.com", &target, &fields, "")
    }

    fn records(&mut self, soql: &str) -> Vec<Value> {
        let reply = self.query(soql, None);
        assert_eq!(reply.status, 200, "{soql}: {}", String::from_utf8_lossy(&reply.body));
        body(&reply)["records"].as_array().unwrap().clone()
    }

    fn form(&mut self, form: &str) -> Reply {
        let fields = [("Content-Type", "application/x-www-form-urlencoded")];
        self.raw("POST", "login.salesforce.com", "/services/oauth2/token", &fields, form)
    }
}

/// `text` as a value in a query string.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// The code of a refusal, which is an array with one object.
fn code(reply: &Reply) -> String {
    let told = body(reply);
    let errors = told.as_array().unwrap();
    assert_eq!(errors.len(), 1, "{told}");
    assert!(!errors[0]["message"].as_str().unwrap().is_empty());
    errors[0]["errorCode"].as_str().unwrap().to_owned()
}

// --------------------------------------------------------------------------------------------- who asks

#[test]
fn who_does_not_show_a_living_session_is_refused() {
    let mut client = Client::new();
    let expected = json!([{ "message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID" }]);
    for token in ["", "nonsense"] {
        token.clone_into(&mut client.token);
        let reply = client.get(&format!("{DATA}/limits"));
        assert_eq!((reply.status, body(&reply)), (401, expected.clone()), "{token}");
    }
    TOKEN.clone_into(&mut client.token);
    assert_eq!(client.get(&format!("{DATA}/limits")).status, 200);
    client.wait(Duration::from_secs(1_800));
    let reply = client.get(&format!("{DATA}/limits"));
    assert_eq!((reply.status, body(&reply)), (401, expected));
}

#[test]
fn a_token_tells_where_to_ask_and_not_how_long_it_lives() {
    let mut client = Client::new();
    let consent = "/services/oauth2/authorize?response_type=code&client_id=sandbox-salesforce-client-3MVG9&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback&scope=api%20refresh_token&state=s1";
    let sent = client.raw("GET", "login.salesforce.com", consent, &[], "");
    assert_eq!(sent.status, 302);
    let location = sent.headers.get("location").unwrap().to_owned();
    let query = location.strip_prefix("https://app.example.com/callback?").unwrap();
    let code = query.split('&').find_map(|pair| pair.strip_prefix("code=")).unwrap();
    let callback = "redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback";
    let by_code = format!("grant_type=authorization_code&{CLIENT}&{callback}&code={code}");
    let by_refresh = format!("grant_type=refresh_token&{CLIENT}&refresh_token={REFRESH}");
    for form in [by_code, by_refresh.clone(), by_refresh] {
        let reply = client.form(&form);
        assert_eq!(reply.status, 200, "{form}");
        let tokens = body(&reply);
        for name in ["access_token", "signature", "scope", "issued_at"] {
            assert!(tokens[name].is_string(), "{name}: {tokens}");
        }
        assert_eq!(tokens["scope"], "api refresh_token");
        assert!(tokens.get("expires_in").is_none(), "{tokens}");
        assert_eq!(tokens["instance_url"], "https://acme.my.salesforce.com");
        assert!(tokens["id"].as_str().unwrap().starts_with("https://login.salesforce.com/id/00D"));
        assert_eq!(tokens["token_type"], "Bearer");
        client.token = tokens["access_token"].as_str().unwrap().to_owned();
        assert_eq!(client.get(&format!("{DATA}/limits")).status, 200);
    }
    let refused = client.form(&format!("grant_type=refresh_token&{CLIENT}&refresh_token=gone"));
    let expected = json!({ "error": "invalid_grant", "error_description": "expired access/refresh token" });
    assert_eq!((refused.status, body(&refused)), (400, expected));
    let refused = client.form(&format!("grant_type=refresh_token&client_id=x&client_secret=y&refresh_token={REFRESH}"));
    assert_eq!((refused.status, &body(&refused)["error"]), (400, &json!("invalid_client")));
}

// ---------------------------------------------------------------------------------------------- queries

#[test]
fn a_thousand_contacts_come_in_batches_by_a_relative_url() {
    let mut client = Client::new();
    let soql = "SELECT Id, LastName, CreatedDate FROM Contact";
    let mut reply = client.query(soql, Some(300));
    let mut ids = Vec::new();
    let mut sizes = Vec::new();
    loop {
        assert_eq!(reply.status, 200);
        let page = body(&reply);
        assert_eq!(page["totalSize"], 1000);
        let records = page["records"].as_array().unwrap();
        sizes.push(records.len());
        ids.extend(records.iter().map(|record| record["Id"].as_str().unwrap().to_owned()));
        let first = &records[0];
        assert_eq!(keys(first), BTreeSet::from(["attributes", "Id", "LastName", "CreatedDate"]));
        let url = format!("{DATA}/sobjects/Contact/{}", first["Id"].as_str().unwrap());
        assert_eq!(first["attributes"], json!({ "type": "Contact", "url": url }));
        let created = first["CreatedDate"].as_str().unwrap();
        assert!(created.len() == 28 && created.ends_with(".000+0000"), "{created}");
        let Some(next) = page.get("nextRecordsUrl") else {
            assert_eq!(page["done"], true);
            break;
        };
        assert_eq!(page["done"], false);
        let next = next.as_str().unwrap();
        assert!(next.starts_with("/services/data/v67.0/query/"), "{next}");
        let fields = [("Sforce-Query-Options", "batchSize=300")];
        reply = client.raw("GET", "acme.my.salesforce.com", next, &fields, "");
    }
    assert_eq!(sizes, [300, 300, 300, 100]);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 1000);
    assert!(ids.iter().all(|id| id.len() == 18 && id.starts_with("003")));

    let whole = body(&client.query(soql, None));
    assert_eq!((whole["records"].as_array().unwrap().len(), &whole["done"]), (1000, &json!(true)));
    let strange = client.get(&format!("{DATA}/query/01gNoSuchLocator-500"));
    assert_eq!((strange.status, code(&strange).as_str()), (400, "INVALID_QUERY_LOCATOR"));
}

#[test]
fn conditions_order_limit_and_offset_are_understood() {
    let mut client = Client::new();
    let all = client.records("SELECT Id, Email, LastModifiedDate FROM Contact");
    let instant = |record: &Value| record["LastModifiedDate"].as_str().unwrap().to_owned();
    let since = "2026-04-01T00:00:00.000+0000";
    let mut expected = all.iter().map(instant).filter(|text| text.as_str() > since).collect::<Vec<_>>();
    expected.sort();
    assert!(!expected.is_empty() && expected.len() < 1000);
    let query = "SELECT Id, LastModifiedDate FROM Contact WHERE LastModifiedDate > 2026-04-01T00:00:00Z";
    let found = client.records(&format!("{query} ORDER BY LastModifiedDate"));
    assert_eq!(found.iter().map(instant).collect::<Vec<_>>(), expected);
    let found = client.records(&format!("{query} ORDER BY LastModifiedDate DESC LIMIT 2 OFFSET 1"));
    let newest = expected.iter().rev().skip(1).take(2).cloned().collect::<Vec<_>>();
    assert_eq!(found.iter().map(instant).collect::<Vec<_>>(), newest);
    let email = all[7]["Email"].as_str().unwrap();
    let found = client.records(&format!("SELECT Id FROM Contact WHERE Email = '{email}'"));
    assert_eq!(found[0]["Id"], all[7]["Id"]);
    for (entity, count, prefix) in [("Account", 200, "001"), ("Opportunity", 300, "006"), ("Note", 400, "002")] {
        let found = client.records(&format!("SELECT Id FROM {entity}"));
        assert_eq!(found.len(), count, "{entity}");
        assert!(found.iter().all(|record| record["Id"].as_str().unwrap().starts_with(prefix)));
    }
}

#[test]
fn a_query_that_cannot_be_read_is_malformed() {
    let mut client = Client::new();
    for soql in ["SELECT FROM Contact", "SELEKT Id FROM Contact", "SELECT Id FROM Contact WHERE", ""] {
        let reply = client.query(soql, None);
        assert_eq!((reply.status, code(&reply).as_str()), (400, "MALFORMED_QUERY"), "{soql}");
    }
    assert_eq!(client.query("SELECT Id FROM Nothing", None).status, 400);
    let reply = client.query("SELECT Colour FROM Contact", None);
    assert_eq!((reply.status, code(&reply).as_str()), (400, "INVALID_FIELD"));
}

// ------------------------------------------------------------------------------------- feeds and limits

#[test]
fn the_feeds_tell_what_was_changed_and_deleted_between_two_instants() {
    let mut client = Client::new();
    let id = client.records("SELECT Id FROM Contact LIMIT 1")[0]["Id"].as_str().unwrap().to_owned();
    let path = format!("{DATA}/sobjects/Contact/{id}");
    client.wait(Duration::from_secs(60));
    assert_eq!(client.send("PATCH", &path, &json!({ "Title": "CTO" })).status, 204);
    let between = "start=2026-04-15T09%3A00%3A30%2B00%3A00&end=2026-04-15T10%3A00%3A00%2B00%3A00";
    let updated = body(&client.get(&format!("{DATA}/sobjects/Contact/updated/?{between}")));
    assert_eq!(updated, json!({ "ids": [id], "latestDateCovered": "2026-04-15T09:01:00.000+0000" }));
    client.wait(Duration::from_secs(60));
    assert_eq!(client.send("DELETE", &path, &json!({})).status, 204);
    let deleted = body(&client.get(&format!("{DATA}/sobjects/Contact/deleted/?{between}")));
    assert_eq!(deleted["deletedRecords"], json!([{ "id": id, "deletedDate": "2026-04-15T09:02:00.000+0000" }]));
    assert_eq!(deleted["latestDateCovered"], "2026-04-15T09:02:00.000+0000");
    assert!(deleted["earliestDateAvailable"].is_string());
    let before = "start=2026-04-14T00%3A00%3A00Z&end=2026-04-15T09%3A01%3A00Z";
    let none = body(&client.get(&format!("{DATA}/sobjects/Contact/deleted/?{before}")));
    assert_eq!(none["deletedRecords"], json!([]));

    let soql = format!("SELECT Id, IsDeleted FROM Contact WHERE Id = '{id}'");
    assert_eq!(client.records(&soql), Vec::<Value>::new());
    let all = body(&client.get(&format!("{DATA}/queryAll?q={}", encoded(&soql))));
    assert_eq!(all["records"][0]["IsDeleted"], true);
}

#[test]
fn the_budget_of_a_day_is_told_as_used_of_total_and_ends_with_403() {
    let mut client = Client::new();
    let limits = format!("{DATA}/limits");
    for used in 1..=15_000 {
        let reply = client.get(&limits);
        assert_eq!(reply.status, 200);
        assert_eq!(reply.headers.get("sforce-limit-info"), Some(format!("api-usage={used}/15000").as_str()));
        if used == 2 {
            assert_eq!(body(&reply), json!({ "DailyApiRequests": { "Max": 15000, "Remaining": 14998 } }));
        }
    }
    let refused = client.get(&limits);
    assert_eq!(refused.status, 403);
    assert_eq!(refused.headers.get("retry-after"), None);
    let expected = json!([{ "message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED" }]);
    assert_eq!(body(&refused), expected);

    // The window is the last 24 hours, and the session is another by then.
    client.wait(Duration::from_secs(86_401));
    let tokens = body(&client.form(&format!("grant_type=refresh_token&{CLIENT}&refresh_token={REFRESH}")));
    client.token = tokens["access_token"].as_str().unwrap().to_owned();
    assert_eq!(client.get(&limits).status, 200);
}
