//! Tokens of Dynamics 365: who shows a good one, and the other host that issues them.

use std::time::Duration;

use doccheck::http::Request;
use serde_json::json;

use super::super::world;
use super::{after, answer, ask, body, with};

const LOGIN: &str = "login.microsoftonline.com";
const REFRESH: &str = "0.AXoAdynamics-365-refresh-1";
const TENANT: &str = "/5d1b6a0e-3c72-4f8b-9e41-2a7c0d9f6b13";
const CHALLENGE: &str = "Bearer authorization_uri=https://login.microsoftonline.com/\
                         5d1b6a0e-3c72-4f8b-9e41-2a7c0d9f6b13/oauth2/authorize, \
                         resource_id=https://org4a7b2c91.crm.dynamics.com/";

/// A form for the token endpoint.
fn form(body: &str) -> Request {
    let mut request = ask("POST", "");
    request.host = LOGIN.to_owned();
    request.path = format!("{TENANT}/oauth2/v2.0/token");
    request.headers.remove("Authorization");
    request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    request.body = body.as_bytes().to_vec();
    request
}

#[test]
fn a_request_without_a_good_token_gets_an_empty_401_that_names_the_login() {
    let mut none = ask("GET", "/contacts");
    none.headers.remove("Authorization");
    let wrong = with(ask("GET", "/contacts"), "Authorization", "Bearer nonsense");
    let basic = with(ask("GET", "/contacts"), "Authorization", "Basic bm9uc2Vuc2U6");
    for request in [none, wrong, basic] {
        let reply = answer(&mut world(), &request);
        assert_eq!((reply.status, reply.body.as_slice()), (401, [].as_slice()));
        assert_eq!(reply.headers.get("WWW-Authenticate"), Some(CHALLENGE));
    }
    let world = &mut world();
    assert_eq!(after(world, Duration::from_secs(3599), &ask("GET", "/contacts?$top=1")).status, 200);
    let late = after(world, Duration::from_secs(3600), &ask("GET", "/contacts?$top=1"));
    assert_eq!((late.status, late.body.as_slice()), (401, [].as_slice()), "a token lives for an hour");
    assert_eq!(late.headers.get("WWW-Authenticate"), Some(CHALLENGE));
}

#[test]
fn tokens_are_issued_by_the_login_host() {
    let world = &mut world();
    let client = "client_id=0b6f3d52-9a14-4c7e-8d05-e3b1f7a26c98&client_secret=dyn~client-secret-for-the-sandbox";
    let refreshed = answer(world, &form(&format!("grant_type=refresh_token&refresh_token={REFRESH}&{client}")));
    assert_eq!(refreshed.status, 200, "{}", String::from_utf8_lossy(&refreshed.body));
    let token = body(&refreshed);
    assert_eq!((token["token_type"].clone(), token["expires_in"].clone()), (json!("Bearer"), json!(3600)));
    let access = token["access_token"].as_str().unwrap();
    let with_it = with(ask("GET", "/contacts?$top=1"), "Authorization", &format!("Bearer {access}"));
    assert_eq!(after(world, Duration::from_secs(3599), &with_it).status, 200);
    assert_eq!(after(world, Duration::from_secs(3601), &with_it).status, 401);

    let refused = answer(world, &form(&format!("grant_type=refresh_token&refresh_token=gone&{client}")));
    assert_eq!((refused.status, body(&refused)["error"].clone()), (400, json!("invalid_grant")));
    assert!(body(&refused)["error_description"].as_str().unwrap().starts_with("AADSTS"));
    let stranger =
        answer(world, &form(&format!("grant_type=refresh_token&refresh_token={REFRESH}&client_id=x&client_secret=y")));
    assert_eq!((stranger.status, body(&stranger)["error"].clone()), (401, json!("invalid_client")));
}
