//! What the providers say of a grant that its owner has taken back, in their own words.

use doccheck::http::{Headers, Request};
use doccheck::sandbox::Fault;
use serde_json::{Value, json};

use super::native::{Got, Native};
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

/// A client of a provider, and where it asks.
struct Grants {
    host: &'static str,
    authorize: &'static str,
    token: &'static str,
    client: (&'static str, &'static str),
}

const SALESFORCE: Grants = Grants {
    host: "login.salesforce.com",
    authorize: "/services/oauth2/authorize",
    token: "/services/oauth2/token",
    client: ("sandbox-salesforce-client-3MVG9", "sandbox-salesforce-secret-d40a77"),
};

const DYNAMICS: Grants = Grants {
    host: "login.microsoftonline.com",
    authorize: "/5d1b6a0e-3c72-4f8b-9e41-2a7c0d9f6b13/oauth2/v2.0/authorize",
    token: "/5d1b6a0e-3c72-4f8b-9e41-2a7c0d9f6b13/oauth2/v2.0/token",
    client: ("0b6f3d52-9a14-4c7e-8d05-e3b1f7a26c98", "dyn~client-secret-for-the-sandbox"),
};

const ZOHO: Grants = Grants {
    host: "accounts.zoho.com",
    authorize: "/oauth/v2/auth",
    token: "/oauth/v2/token",
    client: ("1000.ZOHOSANDBOXCLIENT", "zoho-sandbox-secret"),
};

const BAMBOOHR: Grants = Grants {
    host: "example.bamboohr.com",
    authorize: "/authorize.php",
    token: "/token.php",
    client: ("sandbox-bamboohr-client", "sandbox-bamboohr-secret-77c1"),
};

const CALLBACK: &str = "https%3A%2F%2Fapp.example.com%2Fcallback";
const ORG: &str = "https%3A%2F%2Forg4a7b2c91.crm.dynamics.com%2F.default";

impl Grants {
    fn native(&self) -> Native {
        let mut native = Native::new(world(), self.host, "");
        native.authorize(None);
        native
    }

    fn consent(&self, native: &mut Native, more: &str) -> Got {
        let id = self.client.0;
        native.get(&format!("{}?response_type=code&client_id={id}&redirect_uri={CALLBACK}{more}", self.authorize))
    }

    fn code(&self, native: &mut Native, more: &str) -> String {
        let got = self.consent(native, more);
        assert_eq!(got.status, 302, "{more}: {}", got.body);
        let (_, query) = got.header("Location").unwrap().split_once('?').unwrap();
        query.split('&').find_map(|pair| pair.strip_prefix("code=")).unwrap().to_owned()
    }

    fn exchange(&self, native: &mut Native, code: &str, more: &str) -> Got {
        let (id, secret) = self.client;
        let form = format!("grant_type=authorization_code&code={code}&client_id={id}&client_secret={secret}{more}");
        native.form(self.token, &form)
    }
}

#[test]
fn only_who_has_asked_to_come_back_gets_a_refresh_token() {
    for (grants, asked, refreshes) in [
        (&SALESFORCE, "&scope=api", false),
        (&SALESFORCE, "&scope=api%20refresh_token", true),
        (&SALESFORCE, "&scope=api%20offline_access", true),
        (&SALESFORCE, "", true),
        (&DYNAMICS, &format!("&scope={ORG}"), false),
        (&DYNAMICS, &format!("&scope={ORG}%20offline_access"), true),
        (&ZOHO, "&scope=ZohoCRM.modules.ALL", false),
        (&ZOHO, "&scope=ZohoCRM.modules.ALL&access_type=online", false),
        (&ZOHO, "&scope=ZohoCRM.modules.ALL&access_type=offline", true),
    ] {
        let mut native = grants.native();
        let code = grants.code(&mut native, asked);
        let got = grants.exchange(&mut native, &code, &format!("&redirect_uri={CALLBACK}"));
        assert_eq!((got.status, got.body["access_token"].is_string()), (200, true), "{} {asked}", grants.host);
        assert_eq!(got.body.get("refresh_token").is_some(), refreshes, "{} {asked}: {}", grants.host, got.body);
    }
    let without = DYNAMICS.consent(&mut DYNAMICS.native(), "");
    let told = "AADSTS900144: The request body must contain the following parameter: 'scope'.";
    assert_eq!((without.status, &without.body["error_description"]), (400, &json!(told)));
}

#[test]
fn a_code_is_refused_for_what_is_wrong_with_it() {
    let told = |got: &Got| {
        let text = got.body["error_description"].as_str().unwrap();
        (got.status, got.body["error"].as_str().unwrap().to_owned(), text.to_owned())
    };
    let begins = |got: &Got, error: &str, text: &str| {
        let (status, name, said) = told(got);
        assert!((status, name.as_str()) == (400, error) && said.starts_with(text), "{status} {name}: {said}");
    };
    let scope = format!("&scope={ORG}");
    let mut native = DYNAMICS.native();
    let code = DYNAMICS.code(&mut native, &scope);
    let wrong = DYNAMICS.exchange(&mut native, &code, "&redirect_uri=https%3A%2F%2Fother.example.com");
    begins(&wrong, "invalid_client", "AADSTS500112: The reply address");
    assert_eq!(wrong.body["error_codes"], json!([500_112]));
    begins(&DYNAMICS.exchange(&mut native, &code, ""), "invalid_grant", "AADSTS54005: OAuth2 Authorization code was");
    begins(&DYNAMICS.exchange(&mut native, "other", ""), "invalid_grant", "AADSTS9002313: Invalid request.");
    let code = DYNAMICS.code(&mut native, &scope);
    native.wait(std::time::Duration::from_secs(3600));
    begins(&DYNAMICS.exchange(&mut native, &code, ""), "invalid_grant", "AADSTS70008: The provided authorization code");
    let elsewhere = native.get(&format!(
        "{}?client_id={}&redirect_uri=https%3A%2F%2Fother.example.com{scope}",
        DYNAMICS.authorize, DYNAMICS.client.0
    ));
    begins(&elsewhere, "invalid_request", "AADSTS50011: The redirect URI 'https://other.example.com'");

    let mut native = SALESFORCE.native();
    let code = SALESFORCE.code(&mut native, "");
    let wrong = SALESFORCE.exchange(&mut native, &code, "&redirect_uri=https%3A%2F%2Fother.example.com");
    begins(&wrong, "redirect_uri_mismatch", "redirect_uri must match configuration");
    begins(&SALESFORCE.exchange(&mut native, &code, ""), "invalid_grant", "expired authorization code");
    begins(&SALESFORCE.exchange(&mut native, "other", ""), "invalid_grant", "invalid authorization code");

    // Where the data has no words of its own, it is said in those of RFC 6749.
    let mut native = BAMBOOHR.native();
    let elsewhere = native.get(&format!(
        "{}?client_id={}&redirect_uri=https%3A%2F%2Fother.example.com",
        BAMBOOHR.authorize, BAMBOOHR.client.0
    ));
    begins(&elsewhere, "invalid_request", "The client has no such redirect_uri");
    let (id, secret) = BAMBOOHR.client;
    let lacking = native.form(BAMBOOHR.token, &format!("client_id={id}&client_secret={secret}"));
    begins(&lacking, "invalid_request", "The request lacks the parameter grant_type");
}

#[test]
fn tokens_are_asked_for_by_forms_and_not_by_json() {
    for (grants, error) in
        [(SALESFORCE, "unsupported_grant_type"), (DYNAMICS, "invalid_request"), (BAMBOOHR, "invalid_request")]
    {
        let mut native = grants.native();
        let code = grants
            .code(&mut native, &if grants.host == DYNAMICS.host { format!("&scope={ORG}") } else { String::new() });
        let (id, secret) = grants.client;
        let asked =
            json!({ "grant_type": "authorization_code", "code": code, "client_id": id, "client_secret": secret });
        for kind in ["application/json", "application/x-www-form-urlencoded"] {
            let got = native.raw("POST", grants.token, kind, &asked.to_string());
            assert_eq!((got.status, &got.body["error"]), (400, &json!(error)), "{} {kind}", grants.host);
        }
        assert_eq!(grants.exchange(&mut native, &code, "").status, 200, "{}: the code is still good", grants.host);
    }
}
