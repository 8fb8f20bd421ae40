//! What is refused is named as it was asked for: a text has no hole where something is not known.

use doccheck::sandbox::Fault;

use super::native::{Native, basic};
use super::world;

#[test]
fn a_404_of_what_is_no_record_names_none() {
    let dynamics = "Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.dynamics-365-access-1.signature".to_owned();
    for (host, path, authorization, told) in [
        (
            "api.pipedrive.com",
            "/api/v2/persons",
            "Bearer sandbox-pipedrive-token-5e0c31f7a9b2".to_owned(),
            "Unknown method.",
        ),
        (
            "api.lever.co",
            "/v1/opportunities",
            basic("sandbox-lever-key-d20c4f86", ""),
            "/v1/opportunities was not found",
        ),
        (
            "org4a7b2c91.crm.dynamics.com",
            "/api/data/v9.2/contacts",
            dynamics,
            "Resource not found for the segment '/api/data/v9.2/contacts'.",
        ),
    ] {
        let mut world = world();
        world.arm(&[Fault::parse("404").unwrap()]);
        let got = Native::new(world, host, &authorization).get(path);
        assert!(got.status == 404 && got.body.to_string().contains(told), "{}", got.body);
        assert!(!got.body.to_string().contains("  "), "{}", got.body);
    }
}

#[test]
fn an_account_and_a_method_that_there_are_not_are_named() {
    let mut native = Native::new(world(), "api.truto.one", "Bearer sandbox-token-7d2f9c4e1a6b");
    for (path, told) in [
        ("/integrated-account/nobody/capabilities", "No account with id nobody is connected"),
        ("/unified/crm/contacts/meta/upsert", "Cannot GET /unified/crm/contacts/meta/upsert"),
    ] {
        let got = native.get(path);
        assert_eq!((got.status, got.body["message"].as_str()), (404, Some(told)), "{}", got.body);
    }
}
