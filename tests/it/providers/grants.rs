//! What the providers say of a grant that its owner has taken back, in their own words.

use doccheck::http::{Headers, Request};
use doccheck::sandbox::Fault;
use serde_json::Value;

use super::{answer, body, world};

fn refused(fault: &str, host: &str, path: &str) -> (u16, Value) {
    let mut world = world();
    world.arm(&[Fault::parse(fault).unwrap()]);
    let mut headers = Headers::new();
    headers.set("User-Agent", "doccheck-tests");
    headers.set("Content-Type", "application/x-www-form-urlencoded");
    let request = Request {
        method: "POST".into(),
        scheme: "https".into(),
        host: host.into(),
        path: path.into(),
        query: String::new(),
        headers,
        body: b"grant_type=refresh_token&refresh_token=any&client_id=any&client_secret=any".to_vec(),
    };
    let reply = answer(&mut world, &request);
    (reply.status, body(&reply))
}

#[test]
fn a_token_endpoint_refuses_a_grant_that_was_taken_back() {
    for (host, path, status, member, word) in [
        ("api.hubapi.com", "/oauth/v1/token", 400, "status", "BAD_REFRESH_TOKEN"),
        ("login.salesforce.com", "/services/oauth2/token", 400, "error", "invalid_grant"),
        ("api.getbase.com", "/oauth2/token", 400, "error", "invalid_grant"),
        ("oauth.pipedrive.com", "/oauth/token", 400, "error", "invalid_grant"),
        (
            "login.microsoftonline.com",
            "/5d1b6a0e-3c72-4f8b-9e41-2a7c0d9f6b13/oauth2/v2.0/token",
            400,
            "error",
            "invalid_grant",
        ),
        ("api.close.com", "/oauth2/token/", 400, "error", "invalid_grant"),
        ("app.copper.com", "/oauth/token", 400, "error", "invalid_grant"),
        ("accounts.zoho.com", "/oauth/v2/token", 200, "error", "invalid_code"),
        ("auth.lever.co", "/oauth/token", 400, "error", "invalid_grant"),
        ("example.zendesk.com", "/oauth/tokens", 400, "error", "invalid_grant"),
        ("example.bamboohr.com", "/token.php", 400, "error", "invalid_grant"),
    ] {
        for fault in ["revoked", "expired-token"] {
            let (got, body) = refused(fault, host, path);
            assert_eq!((got, body[member].as_str()), (status, Some(word)), "{host}: {body}");
        }
    }
}
