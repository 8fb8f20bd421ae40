//! Zoho CRM, driven as the documentation of version 8 of its API says.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod search;
mod unified;

use std::collections::BTreeSet;
use std::time::Duration;

use doccheck::http::{Headers, Reply, Request};
use doccheck::sandbox::World;
use serde_json::{Value, json};

use super::{after, answer, body, with};

use super::{unified_api, world};

const HOST: &str = "www.zohoapis.com";
const LOGIN: &str = "accounts.zoho.com";
const API: &str = "/crm/v8";
const TOKEN: &str = "1000.5a0e7c12d9b84f63zoho1access.b41d8e07c6f2a395";
const REFRESH: &str = "1000.c7f1e25b8a904d36zoho1refresh.0d94b7a62e81f53c";
const FIRST: &str = "5540230000110000001";

/// A request with the account's token.
fn ask(method: &str, target: &str) -> Request {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: method.to_owned(),
        scheme: "https".to_owned(),
        host: HOST.to_owned(),
        path: format!("{API}{path}"),
        query: query.to_owned(),
        headers: Headers::new(),
        body: Vec::new(),
    };
    request.headers.push("Authorization", format!("Zoho-oauthtoken {TOKEN}"));
    request
}

fn send(method: &str, target: &str, records: &Value) -> Request {
    let mut request = with(ask(method, target), "Content-Type", "application/json");
    request.body = json!({ "data": records, "trigger": [] }).to_string().into_bytes();
    request
}

fn data(page: &Value) -> &Vec<Value> {
    page["data"].as_array().unwrap()
}

fn list(world: &mut World, target: &str) -> Value {
    let reply = answer(world, &ask("GET", target));
    assert_eq!(reply.status, 200, "{target} {}", String::from_utf8_lossy(&reply.body));
    body(&reply)
}

fn names(record: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = record.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// The body of every error that is about the request as a whole.
fn error(code: &str, details: &Value, message: &str) -> Value {
    json!({ "code": code, "details": details, "message": message, "status": "error" })
}

#[test]
fn the_header_says_zoho_oauthtoken_and_not_bearer() {
    let asked = ask("GET", "/Contacts?fields=Email");
    let mut none = asked.clone();
    none.headers.remove("Authorization");
    let reply = answer(&mut world(), &none);
    assert_eq!(
        (reply.status, body(&reply)),
        (401, error("AUTHENTICATION_FAILURE", &json!({}), "Authentication failed"))
    );
    let invalid = (401, error("INVALID_TOKEN", &json!({}), "invalid oauth token"));
    let reply = answer(&mut world(), &with(asked.clone(), "Authorization", "Zoho-oauthtoken 1000.nonsense"));
    assert_eq!((reply.status, body(&reply)), invalid);
    let reply = answer(&mut world(), &with(asked.clone(), "Authorization", &format!("Bearer {TOKEN}")));
    assert_eq!(reply.status, 401);
    let world = &mut world();
    assert_eq!(after(world, Duration::from_secs(3599), &asked).status, 200);
    let reply = after(world, Duration::from_secs(3600), &asked);
    assert_eq!((reply.status, body(&reply)), invalid, "a token lives for an hour");
}

#[test]
fn a_thousand_contacts_come_by_page_numbers() {
    let world = &mut world();
    let mut ids = BTreeSet::new();
    for number in 1..=5 {
        let page = list(world, &format!("/Contacts?fields=Last_Name,Email&page={number}"));
        let info = &page["info"];
        let told = ["per_page", "count", "page", "more_records"].map(|name| info[name].clone());
        assert_eq!(told, [json!(200), json!(200), json!(number), json!(number < 5)]);
        for name in ["sort_by", "sort_order", "next_page_token", "previous_page_token"] {
            assert!(info.get(name).is_some(), "{name}");
        }
        for record in data(&page) {
            assert_eq!(names(record), ["Email", "Last_Name", "id"], "only the fields that were asked for, and the id");
        }
        ids.extend(data(&page).iter().map(|record| record["id"].as_str().unwrap().to_owned()));
    }
    assert_eq!((ids.len(), ids.first().unwrap().as_str()), (1000, FIRST));
    let last = list(world, "/Contacts?fields=Email&page=7&per_page=150");
    assert_eq!((data(&last).len(), last["info"]["count"].clone()), (100, json!(100)));
    let beyond = answer(world, &ask("GET", "/Contacts?fields=Email&page=9&per_page=150"));
    assert_eq!((beyond.status, beyond.body.as_slice()), (204, [].as_slice()), "an empty page is no content");
    let much = list(world, "/Contacts?fields=Email&per_page=500");
    assert_eq!(much["info"]["per_page"], 200, "no more than 200");
    let bare = answer(world, &ask("GET", "/Contacts?page=1"));
    let missing =
        error("REQUIRED_PARAM_MISSING", &json!({ "param_name": "fields" }), "One of the expected parameter is missing");
    assert_eq!((bare.status, body(&bare)), (400, missing));
}

#[test]
fn beyond_two_thousand_records_there_is_a_token_and_no_number() {
    let world = &mut world();
    for batch in 0..12 {
        let records: Vec<Value> = (0..100).map(|at| json!({ "Last_Name": format!("New {batch} {at}") })).collect();
        let made = answer(world, &send("POST", "/Contacts", &json!(records)));
        assert_eq!((made.status, data(&body(&made)).len()), (201, 100));
    }
    let tenth = list(world, "/Contacts?fields=Last_Name&page=10");
    assert_eq!(tenth["info"]["more_records"], true);
    let token = tenth["info"]["next_page_token"].as_str().unwrap().to_owned();
    let refused = answer(world, &ask("GET", "/Contacts?fields=Last_Name&page=11"));
    assert_eq!((refused.status, body(&refused)["code"].clone()), (400, json!("DISCRETE_PAGINATION_LIMIT_EXCEEDED")));
    let rest = list(world, &format!("/Contacts?fields=Last_Name&page_token={token}"));
    assert_eq!((data(&rest).len(), rest["info"]["more_records"].clone()), (200, json!(false)));
    let seen: Vec<&Value> = data(&tenth).iter().map(|record| &record["id"]).collect();
    assert!(data(&rest).iter().all(|record| !seen.contains(&&record["id"])));
    let late = after(
        world,
        Duration::from_secs(86_401),
        &ask("GET", &format!("/Contacts?fields=Last_Name&page_token={token}")),
    );
    assert_eq!(late.status, 401, "the access token is over long before the page token");
}

#[test]
fn what_has_not_changed_is_answered_with_304() {
    let world = &mut world();
    let mut expected = 0;
    for number in 1..=5 {
        let page = list(world, &format!("/Contacts?fields=Modified_Time&page={number}"));
        let changed = |record: &&Value| record["Modified_Time"].as_str().unwrap() >= "2026-04-01T00:00:00+00:00";
        expected += data(&page).iter().filter(changed).count();
    }
    assert!(expected > 0 && expected < 200, "{expected}");
    let since = |at: &str| with(ask("GET", "/Contacts?fields=Modified_Time"), "If-Modified-Since", at);
    let some = answer(world, &since("2026-04-01T00:00:00+00:00"));
    assert_eq!((some.status, data(&body(&some)).len()), (200, expected));
    let none = answer(world, &since("2026-04-15T09:00:00+00:00"));
    assert_eq!((none.status, none.body.as_slice()), (304, [].as_slice()));

    let sorted = list(world, "/Contacts?fields=Modified_Time&sort_by=Modified_Time&sort_order=desc&per_page=50");
    let times: Vec<&str> = data(&sorted).iter().map(|record| record["Modified_Time"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|one, two| one >= two), "{times:?}");
    let mail = list(world, &format!("/Contacts/{FIRST}?fields=Email"))["data"][0]["Email"].as_str().unwrap().to_owned();
    let found = list(world, &format!("/Contacts/search?email={mail}"));
    assert_eq!((data(&found).len(), found["data"][0]["id"].clone()), (1, json!(FIRST)), "a search needs no fields");
    let nobody = answer(world, &ask("GET", "/Contacts/search?email=nobody@example.com"));
    assert_eq!((nobody.status, nobody.body.as_slice()), (204, [].as_slice()));

    let newest = list(world, "/Contacts?fields=Email&per_page=1");
    assert_eq!(
        newest["data"][0]["id"], "5540230000110001000",
        "the highest id comes first where no order is asked for"
    );
}

#[test]
fn a_contact_has_the_fields_of_the_documentation() {
    let got = list(&mut world(), &format!("/Contacts/{FIRST}"));
    let contact = &got["data"][0];
    let expected = [
        "Account_Name",
        "Created_By",
        "Created_Time",
        "Department",
        "Description",
        "Email",
        "First_Name",
        "Full_Name",
        "Last_Name",
        "Mailing_City",
        "Mailing_Country",
        "Mailing_State",
        "Mailing_Street",
        "Mailing_Zip",
        "Mobile",
        "Modified_By",
        "Modified_Time",
        "Owner",
        "Phone",
        "Secondary_Email",
        "Tag",
        "Title",
        "id",
    ];
    assert_eq!(names(contact), expected);
    assert_eq!(names(&contact["Account_Name"]), ["id", "name"]);
    assert_eq!(names(&contact["Owner"]), ["email", "id", "name"]);
    let made = contact["Created_Time"].as_str().unwrap();
    assert!(made.len() == 25 && made.ends_with("+00:00"), "{made}");
}

#[test]
fn contacts_are_made_in_batches_read_changed_and_deleted() {
    let world = &mut world();
    let made = answer(world, &send("POST", "/Contacts", &json!([{ "First_Name": "Jane", "Last_Name": "Doe" }])));
    assert_eq!(made.status, 201);
    let result = &body(&made)["data"][0];
    let expected = (json!("SUCCESS"), json!("record added"), json!("success"));
    assert_eq!((result["code"].clone(), result["message"].clone(), result["status"].clone()), expected);
    let details = &result["details"];
    assert_eq!(names(details), ["Created_By", "Created_Time", "Modified_By", "Modified_Time", "id"]);
    assert_eq!(
        (details["id"].clone(), details["Created_Time"].clone()),
        (json!("5540230000110001001"), json!("2026-04-15T09:00:00+00:00"))
    );

    let mixed = answer(world, &send("POST", "/Contacts", &json!([{ "Last_Name": "Roe" }, { "First_Name": "Nobody" }])));
    assert_eq!(mixed.status, 207, "some were made, some were not");
    let refused = error("MANDATORY_NOT_FOUND", &json!({ "api_name": "Last_Name" }), "required field not found");
    assert_eq!(
        (body(&mixed)["data"][0]["code"].clone(), body(&mixed)["data"][1].clone()),
        (json!("SUCCESS"), refused.clone())
    );
    let none = answer(world, &send("POST", "/Contacts", &json!([{ "First_Name": "Nobody" }])));
    assert_eq!((none.status, body(&none)), (400, json!({ "data": [refused] })));

    let path = "/Contacts/5540230000110001001";
    let changed = after(world, Duration::from_secs(60), &send("PUT", path, &json!([{ "Title": "CTO" }])));
    assert_eq!((changed.status, body(&changed)["data"][0]["message"].clone()), (200, json!("record updated")));
    assert_eq!(body(&changed)["data"][0]["details"]["Modified_Time"], "2026-04-15T09:01:00+00:00");
    let got = list(world, path);
    assert_eq!(
        (got["data"][0]["Full_Name"].clone(), got["data"][0]["Title"].clone()),
        (json!("Jane Doe"), json!("CTO"))
    );

    let gone = after(world, Duration::from_secs(90), &ask("DELETE", path));
    let deleted = json!({ "code": "SUCCESS", "details": { "id": "5540230000110001001" }, "message": "record deleted", "status": "success" });
    assert_eq!((gone.status, body(&gone)), (200, json!({ "data": [deleted] })));
    let unknown = answer(world, &ask("GET", path));
    assert_eq!((unknown.status, body(&unknown)["code"].clone()), (400, json!("INVALID_DATA")));

    let feed = list(world, "/Contacts/deleted?type=all");
    let row = &feed["data"][0];
    assert_eq!(names(row), ["created_by", "deleted_by", "deleted_time", "display_name", "id", "type"]);
    let told = ["id", "display_name", "type", "deleted_time"].map(|name| row[name].as_str().unwrap());
    assert_eq!(told, ["5540230000110001001", "Jane Doe", "recycle", "2026-04-15T09:01:30+00:00"]);
    assert_eq!(data(&feed).len(), 1);
}

#[test]
fn refusals_have_a_code_details_a_message_and_a_status() {
    let mut broken = send("POST", "/Contacts", &json!([]));
    broken.body = b"{\"data\":".to_vec();
    let url = "Please check if the URL trying to access is a correct one";
    let cases = [
        (ask("GET", "/Contact?fields=Email"), 404, error("INVALID_URL_PATTERN", &json!({}), url)),
        (
            ask("GET", "/Contacts/1"),
            400,
            error("INVALID_DATA", &json!({ "resource_path_index": 1 }), "the id given seems to be invalid"),
        ),
        (broken, 400, error("INVALID_DATA", &json!({ "expected_data_type": "jsonobject" }), "body")),
        (
            ask("DELETE", "/Contacts"),
            400,
            error("INVALID_REQUEST_METHOD", &json!({}), "The http request method type is not a valid one"),
        ),
    ];
    for (request, status, expected) in cases {
        let reply = answer(&mut world(), &request);
        assert_eq!((reply.status, body(&reply)), (status, expected), "{} {}", request.method, request.path);
    }
    let mail = answer(&mut world(), &send("POST", "/Contacts", &json!([{ "Last_Name": "Doe", "Email": "jane" }])));
    let refused = body(&mail)["data"][0].clone();
    assert_eq!(
        (mail.status, refused["code"].clone(), refused["details"]["api_name"].clone()),
        (400, json!("INVALID_DATA"), json!("Email"))
    );
    let deal = answer(&mut world(), &send("POST", "/Deals", &json!([{ "Deal_Name": "Renewal" }])));
    assert_eq!((deal.status, body(&deal)["data"][0]["details"].clone()), (400, json!({ "api_name": "Stage" })));
    let number = answer(&mut world(), &ask("GET", "/Contacts?fields=Email&page=many"));
    assert_eq!((number.status, body(&number)["details"].clone()), (400, json!({ "param_name": "page" })));
}

#[test]
fn credits_are_told_once_half_of_them_are_used() {
    let world = &mut world();
    let one = ask("GET", &format!("/Contacts/{FIRST}?fields=Email"));
    let left = |reply: &Reply| reply.headers.get("X-API-CREDITS-REMAINING").map(str::to_owned);
    for _ in 0..2499 {
        let reply = answer(world, &one);
        assert_eq!((reply.status, left(&reply)), (200, None));
    }
    assert_eq!(left(&answer(world, &one)).as_deref(), Some("2500"));

    let list = unified_api::ask("GET", unified::ACCOUNT, "contacts", "?limit=1");
    let rates = |reply: &Reply| {
        let names = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];
        names.map(|name| reply.headers.get(name).map(str::to_owned))
    };
    let told = [None, Some("2499".to_owned()), None];
    assert_eq!(rates(&answer(world, &list)), told, "the unified API says as much as the provider");

    for _ in 2501..5000 {
        assert_eq!(answer(world, &one).status, 200);
    }
    let spent = answer(world, &one);
    assert_eq!((spent.status, spent.headers.get("Retry-After"), left(&spent).as_deref()), (429, None, Some("0")));
    let refused = error("TOO_MANY_REQUESTS", &json!({}), "The API credits of this organization are used up");
    assert_eq!(body(&spent), refused);
    let through = answer(world, &list);
    assert_eq!((through.status, &body(&through)["raw_response"]), (429, &refused));
    assert_eq!(rates(&through), [None, Some("0".to_owned()), None]);
}

#[test]
fn a_refused_refresh_is_a_200_with_an_error() {
    let world = &mut world();
    let form = |fields: &str| {
        let mut request = ask("POST", "");
        request.host = LOGIN.to_owned();
        request.path = "/oauth/v2/token".to_owned();
        request.headers.remove("Authorization");
        request.headers.set("Content-Type", "application/x-www-form-urlencoded");
        request.body =
            format!("client_id=1000.ZOHOSANDBOXCLIENT&client_secret=zoho-sandbox-secret&{fields}").into_bytes();
        request
    };
    let good = answer(world, &form(&format!("grant_type=refresh_token&refresh_token={REFRESH}")));
    assert_eq!(good.status, 200);
    let token = body(&good);
    let told = (token["token_type"].clone(), token["api_domain"].clone(), token["expires_in"].clone());
    assert_eq!(told, (json!("Bearer"), json!("https://www.zohoapis.com"), json!(3600)));
    let access = format!("Zoho-oauthtoken {}", token["access_token"].as_str().unwrap());
    assert_eq!(answer(world, &with(ask("GET", "/Contacts?fields=Email"), "Authorization", &access)).status, 200);

    let refused = answer(world, &form("grant_type=refresh_token&refresh_token=1000.gone"));
    assert_eq!((refused.status, body(&refused)), (200, json!({ "error": "invalid_code" })));
    let mut stranger = form(&format!("grant_type=refresh_token&refresh_token={REFRESH}"));
    stranger.body = String::from_utf8(stranger.body).unwrap().replace("zoho-sandbox-secret", "x").into_bytes();
    let stranger = answer(world, &stranger);
    assert_eq!((stranger.status, body(&stranger)), (200, json!({ "error": "invalid_client" })));
}

#[test]
fn accounts_deals_and_notes_hang_together() {
    let world = &mut world();
    let deals = list(world, "/Deals?fields=Deal_Name,Stage,Amount,Closing_Date,Account_Name,Contact_Name&page=2");
    assert_eq!(data(&deals).len(), 100, "300 in all");
    let deal = &deals["data"][0];
    for (field, module, name) in
        [("Account_Name", "Accounts", "Account_Name"), ("Contact_Name", "Contacts", "Full_Name")]
    {
        let other = list(world, &format!("/{module}/{}", deal[field]["id"].as_str().unwrap()));
        assert_eq!(other["data"][0][name], deal[field]["name"], "{field}");
    }
    let stages =
        ["Closed Lost", "Closed Won", "Needs Analysis", "Negotiation/Review", "Proposal/Price Quote", "Qualification"];
    assert!(data(&deals).iter().all(|deal| stages.contains(&deal["Stage"].as_str().unwrap())), "{deals}");
    let notes = list(world, "/Notes?fields=Note_Title,Note_Content,Parent_Id&page=2");
    assert_eq!(data(&notes).len(), 200, "400 in all");
    assert_eq!(notes["info"]["more_records"], false);
    let parent = &notes["data"][0]["Parent_Id"];
    assert_eq!(
        (names(parent), parent["module"].clone()),
        (vec!["id", "module", "name"], json!({ "api_name": "Contacts" }))
    );
    assert_eq!(data(&list(world, "/Accounts?fields=Account_Name")).len(), 200);

    let note = json!([{ "Note_Title": "Call", "Note_Content": "Called.", "Parent_Id": { "id": FIRST, "module": { "api_name": "Contacts" } } }]);
    assert_eq!(answer(world, &send("POST", "/Notes", &note)).status, 201);
    let bare = answer(world, &send("POST", "/Notes", &json!([{ "Note_Content": "Called." }])));
    assert_eq!(body(&bare)["data"][0]["details"], json!({ "api_name": "Parent_Id" }));
}

#[test]
fn a_refresh_token_is_given_only_where_access_is_asked_for_offline() {
    let mut world = world();
    let mut tokens = |access: &str| {
        let query = "response_type=code&client_id=1000.ZOHOSANDBOXCLIENT&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback&scope=ZohoCRM.modules.ALL";
        let mut request = ask("GET", &format!("?{query}{access}"));
        LOGIN.clone_into(&mut request.host);
        request.path = "/oauth/v2/auth".to_owned();
        let consent = answer(&mut world, &request);
        let to = consent.headers.get("Location").unwrap();
        let code = to.strip_prefix("https://app.example.com/callback?code=").unwrap();
        let form = "grant_type=authorization_code&client_id=1000.ZOHOSANDBOXCLIENT&client_secret=zoho-sandbox-secret";
        let form = format!("{form}&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback&code={code}");
        let mut request = with(ask("POST", ""), "Content-Type", "application/x-www-form-urlencoded");
        LOGIN.clone_into(&mut request.host);
        request.path = "/oauth/v2/token".to_owned();
        request.body = form.into_bytes();
        body(&answer(&mut world, &request))
    };
    for access in ["", "&access_type=online"] {
        let told = tokens(access);
        assert!(told["access_token"].is_string() && told.get("refresh_token").is_none(), "{told}");
    }
    assert!(tokens("&access_type=offline&prompt=consent")["refresh_token"].is_string());
}
