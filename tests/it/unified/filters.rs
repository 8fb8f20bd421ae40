//! What a list is asked for: each parameter does what it says, or is refused.

use super::every::{every, ids};
use super::*;

/// What a list of HubSpot's says of a query: the status, and the message of a refusal.
fn told(target: &str) -> (u16, Value) {
    let reply = world_answer(&request("GET", target, "cust_hubspot", None));
    (reply.status, body(&reply)["message"].clone())
}

#[test]
fn a_parameter_that_nobody_reads_is_refused_with_those_that_there_are() {
    let list = "limit, pageSize, next_cursor, prev_cursor, sort_by, created_after, updated_after, email";
    let common = "truto_exclude_fields, truto_ignore_remote_data, remote_query";
    for (target, parameter) in [
        ("/crm/contacts?updated_before=2026-04-01", "updated_before"),
        ("/crm/contacts?emial=x@example.com", "emial"),
        ("/crm/contacts?nonsense[gt]=1", "nonsense[gt]"),
        ("/crm/contacts?limit=5&offset=5", "offset"),
    ] {
        let message = format!("a parameter must be {list}, {common}, or a field, not {parameter}");
        assert_eq!(told(target), (400, json!(message)), "{target}");
    }
    // A mail is no matter of accounts and of notes.
    for model in ["accounts", "opportunities", "notes"] {
        let list = list.replace(", email", "");
        let message = format!("a parameter must be {list}, {common}, or a field, not email");
        assert_eq!(told(&format!("/crm/{model}?email=x@example.com")), (400, json!(message)), "{model}");
    }
    let message = format!("a parameter must be {common}, not limit");
    assert_eq!(told("/crm/contacts/51?limit=1"), (400, json!(message)));
    let accounts = "limit, pageSize, next_cursor, prev_cursor, sort_by, created_after, updated_after";
    let hiding = "truto_exclude_fields, truto_ignore_remote_data";
    let message = format!("a parameter must be {accounts}, {hiding}, or a field, not tenant");
    assert_eq!(told("/integrated-account?tenant=cust_hubspot"), (400, json!(message)));
    for known in ["truto_response_format", "truto_key_by", "truto_ignore_limit"] {
        let message = format!("{known} is not understood by this sandbox, not id");
        assert_eq!(told(&format!("/crm/contacts?{known}=id")), (400, json!(message)));
    }
}

#[test]
fn a_parameter_without_a_value_is_refused_unless_it_is_a_cursor() {
    for parameter in ["email", "updated_after", "updated_at[gt]", "first_name", "sort_by", "limit"] {
        let message = format!("{parameter} must have a value or be left out, not \"\"");
        assert_eq!(told(&format!("/crm/contacts?{parameter}=")), (400, json!(message)));
    }
    for target in ["/crm/contacts?next_cursor=&limit=1", "/crm/contacts?prev_cursor=&limit=1"] {
        assert_eq!(told(target).0, 200, "{target}");
    }
}

#[test]
fn a_filter_on_what_a_provider_does_not_tell_is_refused() {
    let mut refused = Vec::new();
    for (mut client, models) in every() {
        for (model, _) in models {
            for parameter in ["created_after", "updated_after"] {
                let (status, page) = client.unified("GET", &format!("{model}?limit=1&{parameter}=2020-01-01"), None);
                match status {
                    200 => {
                        assert_eq!(page["result"].as_array().unwrap().len().min(1), 1, "{} {model}", client.provider);
                    }
                    _ => refused.push(format!("{} {model}: {status} {}", client.provider, page["message"])),
                }
            }
        }
    }
    let message =
        "created_after must be left out, since BambooHR does not tell created_at in this list, not 2020-01-01";
    assert_eq!(refused, [format!("bamboohr hris/employees: 400 {message:?}")]);
    let message = "title must be left out, since HubSpot does not tell title in this list, not x";
    assert_eq!(told("/crm/notes?title=x"), (400, json!(message)));
}

#[test]
fn the_description_names_the_filters_that_a_list_has() {
    let document = DEFINITION.openapi(None).unwrap();
    let named = |path: &str| -> Vec<String> {
        let parameters = document["paths"][path]["get"]["parameters"].as_array().unwrap();
        parameters.iter().map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
    };
    for (path, has) in [
        ("/unified/crm/contacts", true),
        ("/crm/contacts", true),
        ("/unified/hris/employees", true),
        ("/unified/ats/candidates", true),
        ("/unified/ticketing/users", true),
        ("/unified/crm/accounts", false),
        ("/unified/crm/notes", false),
        ("/unified/ats/jobs", false),
        ("/unified/ticketing/tickets", false),
        ("/integrated-account", false),
        ("/webhook", false),
    ] {
        assert_eq!(named(path).contains(&"email".to_owned()), has, "{path}");
        assert!(named(path).contains(&"updated_after".to_owned()), "{path}");
    }
}

/// The models whose records have mails, and where.
const MAILS: [(&str, &str); 4] = [
    ("crm/contacts", "email_addresses"),
    ("hris/employees", "emails"),
    ("ats/candidates", "emails"),
    ("ticketing/users", "emails"),
];

#[test]
fn a_mail_is_found_whatever_its_case() {
    for (mut client, models) in every() {
        for (model, field) in MAILS.into_iter().filter(|(model, _)| models.iter().any(|(known, _)| known == model)) {
            let record = client.page(&format!("{model}?limit=3"))["result"][2].clone();
            let mail = record[field][0]["email"].as_str().unwrap().to_uppercase();
            for query in [format!("email={mail}"), format!("email[eq]={mail}"), format!("email[in]=x@y.example,{mail}")]
            {
                let (mut found, mut cursor) = (Vec::new(), String::new());
                loop {
                    let page = client.page(&format!("{model}?limit=250&{query}&next_cursor={cursor}"));
                    found.extend(ids(&page));
                    let Some(next) = page["next_cursor"].as_str() else { break };
                    cursor = next.to_owned();
                }
                assert_eq!(json!(found), json!([record["id"]]), "{} {model} {query}", client.provider);
            }
        }
    }
}

#[test]
fn a_mail_that_was_written_with_capitals_is_found_without() {
    for crm in CRMS {
        let (mut client, _) = every().find(|(client, _)| client.provider == crm).unwrap();
        let sent =
            json!({ "last_name": "Doe", "email_addresses": [{ "email": "Ada.Doe@Example.com", "type": "work" }] });
        let (status, made) = client.unified("POST", "crm/contacts", Some(&sent));
        assert!(matches!(status, 200 | 201), "{crm}: {made}");
        for query in ["email=ada.doe@example.com", "email=ADA.DOE@EXAMPLE.COM"] {
            let (mut found, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = client.page(&format!("crm/contacts?limit=250&{query}&next_cursor={cursor}"));
                found.extend(ids(&page));
                let Some(next) = page["next_cursor"].as_str() else { break };
                cursor = next.to_owned();
            }
            assert_eq!(json!(found), json!([made["id"]]), "{crm} {query}");
        }
    }
}

#[test]
fn whatever_a_filter_holds_it_is_no_fault_of_the_mapping() {
    for (mut client, models) in every() {
        for (model, _) in models {
            for instant in ["0001-01-01T00:00:00Z", "1969-12-31", "9999-12-31T23:59:59Z"] {
                let expected = usize::from(!instant.starts_with('9'));
                let page = client.page(&format!("{model}?limit=1&updated_after={instant}"));
                assert_eq!(ids(&page).len().min(1), expected, "{} {model} {instant}", client.provider);
            }
            if !MAILS.iter().any(|(known, _)| *known == model) {
                continue;
            }
            for mail in ["o%27x@example.com", "a%5C", "%5C%27", "a%22b", "x)", "(x", "x%26y%3D1", "a:b", "%25", "x,y"] {
                for parameter in ["email", "email[in]"] {
                    let page = client.page(&format!("{model}?limit=100&{parameter}={mail}"));
                    assert_eq!(ids(&page), Vec::<String>::new(), "{} {model} {mail}", client.provider);
                }
            }
        }
    }
}
