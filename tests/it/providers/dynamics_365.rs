//! Dynamics 365, driven as the documentation of its Web API says.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod queries;
mod tokens;
mod unified;
mod versions;

use std::collections::BTreeSet;
use std::time::Duration;

use doccheck::http::{Headers, Request};
use doccheck::sandbox::World;
use serde_json::{Value, json};

use super::{after, answer, body, with};

use super::world;

const HOST: &str = "org4a7b2c91.crm.dynamics.com";
const API: &str = "/api/data/v9.2";
const TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.dynamics-365-access-1.signature";

/// A request with the account's token; `target` is a path below the API's root, or a whole URL of it.
fn ask(method: &str, target: &str) -> Request {
    let target = target.strip_prefix(&format!("https://{HOST}{API}")).unwrap_or(target);
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
    request.headers.push("Authorization", format!("Bearer {TOKEN}"));
    request.headers.push("OData-MaxVersion", "4.0");
    request.headers.push("OData-Version", "4.0");
    request
}

fn send(method: &str, target: &str, body: &Value) -> Request {
    let mut request = with(ask(method, target), "Content-Type", "application/json; charset=utf-8");
    request.body = body.to_string().into_bytes();
    request
}

/// Every page of a list, along `@odata.nextLink`.
fn pages(world: &mut World, target: &str, size: u64) -> Vec<Value> {
    let mut pages = Vec::new();
    let mut next = Some(target.to_owned());
    while let Some(target) = next {
        let reply = answer(world, &with(ask("GET", &target), "Prefer", &format!("odata.maxpagesize={size}")));
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        let page = body(&reply);
        next = page["@odata.nextLink"].as_str().map(str::to_owned);
        pages.push(page);
    }
    pages
}

fn values(page: &Value) -> &Vec<Value> {
    page["value"].as_array().unwrap()
}

fn names(record: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = record.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn a_thousand_contacts_come_along_absolute_links() {
    let world = &mut world();
    let all = pages(world, "/contacts?$select=fullname,emailaddress1", 300);
    let sizes: Vec<usize> = all.iter().map(|page| values(page).len()).collect();
    assert_eq!(sizes, [300, 300, 300, 100]);
    for page in &all[..3] {
        let next = page["@odata.nextLink"].as_str().unwrap();
        assert!(next.starts_with(&format!("https://{HOST}{API}/contacts?")), "{next}");
        assert!(next.contains("select=fullname"), "the rest of the list has the same columns: {next}");
        assert!(next.contains("skiptoken="), "{next}");
    }
    assert_eq!(names(&all[3]), ["@odata.context", "value"], "no link on the last page");
    let records: Vec<&Value> = all.iter().flat_map(values).collect();
    let ids: BTreeSet<&str> = records.iter().map(|record| record["contactid"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 1000);
    assert!(ids.contains("465b158c-541c-ee11-9967-000000000001"), "{:?}", ids.first());
    for record in records {
        assert_eq!(names(record), ["@odata.etag", "contactid", "emailaddress1", "fullname"]);
        let etag = record["@odata.etag"].as_str().unwrap();
        assert!(etag.starts_with("W/\"") && etag.ends_with('"'), "{etag}");
    }
}

#[test]
fn the_page_size_is_a_preference() {
    let world = &mut world();
    let reply = answer(world, &with(ask("GET", "/contacts"), "Prefer", "odata.maxpagesize=2"));
    assert_eq!(reply.headers.get("Preference-Applied"), Some("odata.maxpagesize=2"));
    assert_eq!(reply.headers.get("OData-Version"), Some("4.0"));
    assert_eq!(reply.headers.get("Content-Type"), Some("application/json; odata.metadata=minimal"));
    let page = body(&reply);
    assert_eq!(names(&page), ["@odata.context", "@odata.nextLink", "value"]);
    assert!(page["@odata.context"].as_str().unwrap().starts_with(&format!("https://{HOST}{API}/$metadata#contacts")));
    assert_eq!(values(&page).len(), 2);

    let reply = answer(world, &ask("GET", "/contacts"));
    assert_eq!(reply.headers.get("Preference-Applied"), None, "nothing was preferred");
    assert_eq!((values(&body(&reply)).len(), body(&reply).get("@odata.nextLink")), (1000, None), "5,000 a page");
    let reply = answer(world, &with(ask("GET", "/contacts"), "Prefer", "odata.maxpagesize=9000"));
    assert_eq!(reply.headers.get("Preference-Applied"), Some("odata.maxpagesize=5000"), "no more than 5,000");
}

#[test]
fn a_contact_has_the_columns_of_the_documentation() {
    let page = body(&answer(&mut world(), &ask("GET", "/contacts?$top=1")));
    let record = &values(&page)[0];
    let expected = [
        "@odata.etag",
        "_ownerid_value",
        "_parentcustomerid_value",
        "address1_city",
        "address1_country",
        "address1_line1",
        "address1_postalcode",
        "address1_stateorprovince",
        "contactid",
        "createdon",
        "description",
        "emailaddress1",
        "emailaddress2",
        "emailaddress3",
        "firstname",
        "fullname",
        "jobtitle",
        "lastname",
        "mobilephone",
        "modifiedon",
        "statecode",
        "statuscode",
        "telephone1",
        "versionnumber",
    ];
    assert_eq!(names(record), expected);
    assert_eq!(
        record["fullname"],
        format!("{} {}", record["firstname"].as_str().unwrap(), record["lastname"].as_str().unwrap())
    );
    assert_eq!((record["statecode"].clone(), record["statuscode"].clone()), (json!(0), json!(1)));
    let created = record["createdon"].as_str().unwrap();
    assert!(created.len() == 20 && created.ends_with('Z'), "whole seconds: {created}");
    assert!(record["_parentcustomerid_value"].as_str().unwrap().starts_with("7f3c90aa-541c-ee11-9967-0000000"));
}

#[test]
fn lists_are_filtered_ordered_and_cut_in_odata() {
    let world = &mut world();
    let all = pages(world, "/contacts?$select=modifiedon", 5000);
    let since = "2026-04-01T00:00:00Z";
    let expected = values(&all[0]).iter().filter(|record| record["modifiedon"].as_str().unwrap() > since).count();
    assert!(expected > 0 && expected < 1000, "{expected}");
    let changed = pages(
        world,
        &format!("/contacts?$select=modifiedon&$filter=modifiedon%20gt%20{since}&$orderby=modifiedon%20desc"),
        50,
    );
    let changed: Vec<&str> =
        changed.iter().flat_map(values).map(|record| record["modifiedon"].as_str().unwrap()).collect();
    assert_eq!(changed.len(), expected);
    assert!(changed.is_sorted_by(|one, two| one >= two), "{changed:?}");

    let one = body(&answer(world, &ask("GET", "/contacts?$top=1&$select=emailaddress1")));
    let mail = values(&one)[0]["emailaddress1"].as_str().unwrap();
    let found = body(&answer(world, &ask("GET", &format!("/contacts?$filter=emailaddress1%20eq%20'{mail}'"))));
    assert_eq!((values(&found).len(), &values(&found)[0]["emailaddress1"]), (1, &json!(mail)));
    let none = body(&answer(world, &ask("GET", "/contacts?$filter=emailaddress1%20eq%20'nobody@example.com'")));
    assert_eq!(none["value"], json!([]));

    for query in ["$filter=nonsense", "$filter=surname%20eq%20'x'", "$orderby=surname", "$select=surname", "$top=many"]
    {
        let reply = answer(world, &ask("GET", &format!("/contacts?{query}")));
        assert_eq!(reply.status, 400, "{query}");
        let error = body(&reply);
        assert_eq!(names(&error["error"]), ["code", "message"], "{query}");
        assert!(error["error"]["code"].as_str().unwrap().starts_with("0x"), "{query}");
    }
}

#[test]
fn a_contact_is_made_read_changed_and_deleted() {
    let world = &mut world();
    let lead = json!({ "firstname": "Jane", "lastname": "Doe", "emailaddress1": "jane.doe@example.com" });
    let made = answer(world, &send("POST", "/contacts", &lead));
    assert_eq!((made.status, made.body.as_slice()), (204, [].as_slice()), "no body unless one is preferred");
    let id = "465b158c-541c-ee11-9967-000000001001";
    let url = format!("https://{HOST}{API}/contacts({id})");
    assert_eq!(made.headers.get("OData-EntityId"), Some(url.as_str()));

    let got = body(&answer(world, &ask("GET", &format!("/contacts({id})?$select=firstname,fullname"))));
    assert_eq!((got["contactid"].clone(), got["fullname"].clone()), (json!(id), json!("Jane Doe")));
    assert_eq!(got.get("emailaddress1"), None, "only the columns that were selected");

    let change = send("PATCH", &format!("/contacts({id})"), &json!({ "jobtitle": "CTO", "emailaddress1": null }));
    let changed = answer(world, &change);
    assert_eq!((changed.status, changed.body.as_slice()), (204, [].as_slice()));
    assert_eq!(changed.headers.get("OData-EntityId"), Some(url.as_str()));
    let changed = answer(world, &with(change, "Prefer", "return=representation"));
    assert_eq!(changed.status, 200);
    assert_eq!(changed.headers.get("Preference-Applied"), Some("return=representation"));
    assert_eq!(
        (body(&changed)["jobtitle"].clone(), body(&changed)["emailaddress1"].clone()),
        (json!("CTO"), Value::Null)
    );

    let shown = answer(world, &with(send("POST", "/contacts", &lead), "Prefer", "return=representation"));
    assert_eq!(shown.status, 201);
    assert_eq!(body(&shown)["emailaddress1"], "jane.doe@example.com");
    assert_eq!(body(&shown)["createdon"], "2026-04-15T09:00:00Z");

    let gone = answer(world, &ask("DELETE", &format!("/contacts({id})")));
    assert_eq!((gone.status, gone.body.as_slice()), (204, [].as_slice()));
    let none = answer(world, &ask("GET", &format!("/contacts({id})")));
    assert_eq!(none.status, 404);
    assert_eq!(body(&none)["error"]["code"], "0x80040217");
    assert_eq!(values(&pages(world, "/contacts", 5000)[0]).len(), 1001);
}

#[test]
fn a_delta_link_tells_what_was_changed_and_what_was_deleted() {
    let world = &mut world();
    let first = "465b158c-541c-ee11-9967-000000000001";
    let second = "465b158c-541c-ee11-9967-000000000002";
    let tracked = with(ask("GET", "/contacts?$select=jobtitle"), "Prefer", "odata.track-changes,odata.maxpagesize=600");
    let page = body(&answer(world, &tracked));
    assert_eq!(names(&page), ["@odata.context", "@odata.nextLink", "value"], "not before the last page");
    let next = ask("GET", page["@odata.nextLink"].as_str().unwrap());
    let last = answer(world, &with(next, "Prefer", "odata.track-changes,odata.maxpagesize=600"));
    assert_eq!(last.headers.get("Preference-Applied"), Some("odata.track-changes"));
    assert_eq!(
        (values(&body(&last)).len(), names(&body(&last))),
        (400, vec!["@odata.context", "@odata.deltaLink", "value"])
    );
    let delta = body(&last)["@odata.deltaLink"].as_str().unwrap().to_owned();
    assert!(delta.starts_with(&format!("https://{HOST}{API}/contacts?$deltatoken=")), "{delta}");

    let minute = Duration::from_secs(60);
    assert_eq!(body(&after(world, minute, &ask("GET", &delta)))["value"], json!([]), "nothing has changed");
    let change = send("PATCH", &format!("/contacts({first})"), &json!({ "jobtitle": "CTO" }));
    assert_eq!(after(world, minute, &change).status, 204);
    assert_eq!(after(world, minute, &ask("DELETE", &format!("/contacts({second})"))).status, 204);
    let changes = body(&after(world, minute * 2, &ask("GET", &delta)));
    let context = format!("https://{HOST}{API}/$metadata#contacts/$deletedEntity");
    let [changed, deleted] = values(&changes).as_slice() else { panic!("{changes}") };
    assert_eq!((changed["contactid"].clone(), changed["jobtitle"].clone()), (json!(first), json!("CTO")));
    assert_eq!(*deleted, json!({ "@odata.context": context, "id": second, "reason": "deleted" }));
    let next = changes["@odata.deltaLink"].as_str().unwrap();
    assert_eq!(
        body(&after(world, minute * 3, &ask("GET", next)))["value"],
        json!([]),
        "the next link goes on from there"
    );
}

#[test]
fn refusals_have_a_code_and_a_message() {
    let contact = "/contacts(465b158c-541c-ee11-9967-000000000001)";
    let mut broken = send("POST", "/contacts", &json!({}));
    broken.body = b"{\"lastname\":".to_vec();
    let cases = [
        (ask("GET", "/contact"), 404, "0x8006088a"),
        (ask("GET", "/contacts(465b158c-541c-ee11-9967-999999999999)"), 404, "0x80040217"),
        (broken, 400, "0x80048d19"),
        (send("POST", "/contacts", &json!({ "surname": "Doe" })), 400, "0x80048d19"),
        (send("PATCH", contact, &json!({ "surname": "Doe" })), 400, "0x80048d19"),
        (send("POST", "/contacts", &json!({ "lastname": 5 })), 400, "0x80048d19"),
        (send("POST", "/accounts", &json!({ "telephone1": "+1 555" })), 400, "0x80040203"),
        (send("POST", "/opportunities", &json!({ "name": "" })), 400, "0x80040203"),
        (send("POST", contact, &json!({})), 405, "0x0"),
    ];
    for (request, status, code) in cases {
        let reply = answer(&mut world(), &request);
        let shown = format!("{} {} {}", request.method, request.path, String::from_utf8_lossy(&reply.body));
        assert_eq!(reply.status, status, "{shown}");
        let error = body(&reply);
        assert_eq!(names(&error), ["error"], "{shown}");
        assert_eq!(error["error"]["code"], code, "{shown}");
        assert!(!error["error"]["message"].as_str().unwrap().is_empty(), "{shown}");
        assert_eq!(reply.headers.get("OData-Version"), Some("4.0"), "{shown}");
    }
}

#[test]
fn six_thousand_requests_pass_in_five_minutes_and_the_next_is_told_to_wait() {
    let world = &mut world();
    let one = ask("GET", "/contacts(465b158c-541c-ee11-9967-000000000001)");
    let first = answer(world, &one);
    assert_eq!(first.headers.get("x-ms-ratelimit-burst-remaining-xrm-requests"), Some("5999"));
    assert_eq!(first.headers.get("x-ms-ratelimit-time-remaining-xrm-requests"), Some("1,200.00"));
    assert_eq!(first.headers.get("Retry-After"), None);
    for _ in 1..6000 {
        assert_eq!(answer(world, &one).status, 200);
    }
    let spent = after(world, Duration::from_secs(10), &one);
    assert_eq!(spent.status, 429);
    assert_eq!(spent.headers.get("Retry-After"), Some("290"));
    assert_eq!(spent.headers.get("x-ms-ratelimit-burst-remaining-xrm-requests"), Some("0"));
    let message = "Number of requests exceeded the limit of 6000 over time window of 300 seconds.";
    assert_eq!(body(&spent), json!({ "error": { "code": "0x80072322", "message": message } }));
    assert_eq!(after(world, Duration::from_secs(300), &one).status, 200, "the window slides");
}

#[test]
fn accounts_opportunities_and_notes_hang_together() {
    let world = &mut world();
    let count = |world: &mut World, set: &str| values(&pages(world, &format!("/{set}"), 5000)[0]).len();
    assert_eq!(["accounts", "opportunities", "annotations"].map(|set| count(world, set)), [200, 300, 400]);

    let deal = body(&answer(world, &ask("GET", "/opportunities?$top=1")))["value"][0].clone();
    for (column, set) in [("_parentaccountid_value", "accounts"), ("_parentcontactid_value", "contacts")] {
        let id = deal[column].as_str().unwrap();
        assert_eq!(answer(world, &ask("GET", &format!("/{set}({id})"))).status, 200, "{column}");
    }
    let lost =
        body(&answer(world, &ask("GET", "/opportunities?$filter=statecode%20eq%202&$select=stepname,statuscode")));
    assert!(!values(&lost).is_empty());
    for deal in values(&lost) {
        assert_eq!((deal["stepname"].clone(), deal["statuscode"].clone()), (json!("4-Close"), json!(4)));
    }
    assert!(deal["estimatedvalue"].is_number());
    assert_eq!(deal["estimatedclosedate"].as_str().unwrap().len(), "2026-05-09".len());

    let note = body(&answer(
        world,
        &ask("GET", "/annotations?$top=1&$select=subject,notetext,objecttypecode,_objectid_value"),
    ));
    let note = &note["value"][0];
    assert_eq!(note["objecttypecode"], "contact");
    let id = note["_objectid_value"].as_str().unwrap();
    assert_eq!(answer(world, &ask("GET", &format!("/contacts({id})"))).status, 200);

    let bound = json!({
        "subject": "Call",
        "notetext": "Called.",
        "objectid_account@odata.bind": "/accounts(7f3c90aa-541c-ee11-9967-000000000001)",
    });
    let bound = with(send("POST", "/annotations", &bound), "Prefer", "return=representation");
    let bound = body(&answer(world, &bound));
    assert_eq!(bound["_objectid_value"], "7f3c90aa-541c-ee11-9967-000000000001");
    assert_eq!((&bound["objecttypecode"], bound.get("objectid_account@odata.bind")), (&json!("account"), None));
    let deal = json!({
        "name": "Renewal",
        "parentaccountid@odata.bind": format!("https://{HOST}{API}/accounts(7f3c90aa-541c-ee11-9967-000000000002)"),
    });
    let deal = body(&answer(world, &with(send("POST", "/opportunities", &deal), "Prefer", "return=representation")));
    assert_eq!(deal["_parentaccountid_value"], "7f3c90aa-541c-ee11-9967-000000000002");
    assert_eq!((&deal["statecode"], &deal["stepname"]), (&json!(0), &json!("1-Qualify")));
    let column = json!({ "_parentcustomerid_value": "7f3c90aa-541c-ee11-9967-000000000002" });
    let refused = answer(world, &send("PATCH", &format!("/contacts({id})"), &column));
    assert_eq!((refused.status, &body(&refused)["error"]["code"]), (400, &json!("0x80048d19")), "columns that show");

    let made = send("POST", "/accounts", &json!({ "name": "Acme", "numberofemployees": 12 }));
    let made = body(&answer(world, &with(made, "Prefer", "return=representation")));
    assert_eq!((made["name"].clone(), made["numberofemployees"].clone()), (json!("Acme"), json!(12)));
}
