//! What SOQL refuses, and in which words: quotes where none may be, names that nobody knows, and what this sandbox does
//! not read.

use serde_json::{Value, json};

use super::{Client, DATA, body};

/// The status, the code and the message of a refused query.
fn refused(soql: &str) -> (u16, Value, Value) {
    let reply = Client::new().query(soql, None);
    let told = body(&reply);
    (reply.status, told[0]["errorCode"].clone(), told[0]["message"].clone())
}

#[test]
fn names_are_found_whatever_their_case_and_answered_as_the_object_has_them() {
    let mut client = Client::new();
    let found =
        client.records("select id, lastname from contact where email != null order by lastmodifieddate limit 1");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["attributes"]["type"], json!("Contact"));
    let names: Vec<&str> = found[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["attributes", "Id", "LastName"]);
    let own = client.records("SELECT Contact.Id FROM Contact LIMIT 1");
    assert_eq!(own[0]["Id"], json!("003Dn0000000001IAA"));
}

#[test]
fn texts_are_compared_whatever_their_case_and_patterns_fit_the_whole() {
    let mut client = Client::new();
    let first = client.records("SELECT Id, Email, LastName FROM Contact LIMIT 1")[0].clone();
    let mail = first["Email"].as_str().unwrap().to_uppercase();
    for query in [format!("Email = '{mail}'"), format!("Email IN ('x', '{mail}')")] {
        let found = client.records(&format!("SELECT Id FROM Contact WHERE {query}"));
        assert_eq!(found.iter().map(|record| &record["Id"]).collect::<Vec<_>>(), [&first["Id"]], "{query}");
    }
    let all = client.records("SELECT Id, LastName FROM Contact");
    let fit = |test: &dyn Fn(&str) -> bool| {
        all.iter().filter(|record| test(&record["LastName"].as_str().unwrap().to_lowercase())).count()
    };
    for (pattern, expected) in [
        ("W%", fit(&|name| name.starts_with('w'))),
        ("%n", fit(&|name| name.ends_with('n'))),
        ("%an%", fit(&|name| name.contains("an"))),
        ("_o%", fit(&|name| name.chars().nth(1) == Some('o'))),
    ] {
        let found = client.records(&format!("SELECT Id FROM Contact WHERE LastName LIKE '{pattern}'"));
        assert!(expected > 0, "{pattern}");
        assert_eq!(found.len(), expected, "{pattern}");
    }
}

#[test]
fn a_value_of_another_kind_than_the_field_is_no_valid_field() {
    let told = |field: &str, kind: &str, quotes: &str| {
        format!(
            "value of filter criterion for field '{field}' must be of type {kind} and should {quotes}be enclosed in quotes"
        )
    };
    for (from, condition, message) in [
        ("Contact", "LastModifiedDate > '2026-04-01T00:00:00Z'", told("LastModifiedDate", "dateTime", "not ")),
        ("Contact", "LastModifiedDate > 2026-04-01", told("LastModifiedDate", "dateTime", "not ")),
        ("Contact", "lastmodifieddate > 2026-04-01T00:00:00", told("LastModifiedDate", "dateTime", "not ")),
        ("Opportunity", "CloseDate > '2026-04-01'", told("CloseDate", "date", "not ")),
        ("Opportunity", "CloseDate > 2026-04-01T00:00:00Z", told("CloseDate", "date", "not ")),
        ("Opportunity", "Amount > '5'", told("Amount", "double", "not ")),
        ("Account", "NumberOfEmployees IN (5, '6')", told("NumberOfEmployees", "int", "not ")),
        ("Opportunity", "IsWon = 'true'", told("IsWon", "boolean", "not ")),
        ("Contact", "LastName = 5", told("LastName", "string", "")),
    ] {
        let got = refused(&format!("SELECT Id FROM {from} WHERE {condition}"));
        assert_eq!(got, (400, json!("INVALID_FIELD"), json!(message)), "{condition}");
    }
    let mut client = Client::new();
    for (from, condition) in [
        ("Contact", "LastModifiedDate > 2026-04-01T00:00:00.000+0000"),
        ("Opportunity", "CloseDate > 2026-04-01"),
        ("Opportunity", "Amount > 5 AND IsWon = TRUE"),
    ] {
        let found = client.records(&format!("SELECT Id FROM {from} WHERE {condition}"));
        assert!(!found.is_empty(), "{condition}");
    }
}

#[test]
fn every_refusal_has_the_code_that_belongs_to_it() {
    for (soql, code, message) in [
        ("SELECT Id FROM Nothing", "INVALID_TYPE", "sObject type 'Nothing' is not supported."),
        (
            "SELECT Id FROM Contact LIMIT 1 OFFSET 2001",
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Maximum SOQL offset allowed is 2000",
        ),
        ("SELECT Colour FROM Contact", "INVALID_FIELD", "No such column 'Colour' on sobject of type Contact"),
        (
            "SELECT Account.Name FROM Contact",
            "MALFORMED_QUERY",
            "this sandbox follows no references to other objects: 'Account.Name'",
        ),
        ("SELECT COUNT() FROM Contact", "MALFORMED_QUERY", "this sandbox knows no functions: 'COUNT('"),
        (
            "SELECT Id FROM Contact WHERE CreatedDate = TODAY",
            "MALFORMED_QUERY",
            "this sandbox knows no date literals: 'TODAY'",
        ),
    ] {
        assert_eq!(refused(soql), (400, json!(code), json!(message)), "{soql}");
    }
    let mut client = Client::new();
    assert_eq!(client.records("SELECT Id FROM Contact LIMIT 1 OFFSET 2000"), Vec::<Value>::new());
}

#[test]
fn the_total_is_that_of_the_rows_that_the_query_returns() {
    let mut client = Client::new();
    let mut total = |soql: &str| body(&client.query(soql, None))["totalSize"].clone();
    assert_eq!(total("SELECT Id FROM Contact LIMIT 5 OFFSET 3"), 5);
    assert_eq!(total("SELECT Id FROM Contact OFFSET 990"), 10);
    assert_eq!(total("SELECT Id FROM Contact LIMIT 20 OFFSET 990"), 10);
    assert_eq!(total("SELECT Id FROM Contact LIMIT 5"), 5);
    // A batch after the first goes on to the same end.
    let page = body(&client.query("SELECT Id FROM Contact LIMIT 300 OFFSET 100", Some(200)));
    assert_eq!((&page["totalSize"], &page["done"]), (&json!(300), &json!(false)));
    let rest = body(&client.get(page["nextRecordsUrl"].as_str().unwrap()));
    let records = rest["records"].as_array().unwrap();
    assert_eq!((records.len(), &rest["totalSize"], &rest["done"]), (100, &json!(300), &json!(true)));
    assert_eq!(records.last().unwrap()["Id"], "003Dn0000000400IAA");
}

#[test]
fn a_field_is_selected_once() {
    let told = (400, json!("INVALID_FIELD"), json!("duplicate field selected: Id"));
    assert_eq!(refused("SELECT Id, Name, id FROM Contact"), told);
    assert_eq!(refused("SELECT Id, Contact.Id FROM Contact"), told);
}

#[test]
fn an_id_of_fifteen_characters_is_that_of_eighteen() {
    let mut client = Client::new();
    for query in ["Id = '003Dn0000000001'", "Id IN ('003Dn0000000001', 'x')"] {
        let found = client.records(&format!("SELECT Id FROM Contact WHERE {query}"));
        assert_eq!(found.len(), 1, "{query}");
        assert_eq!(found[0]["Id"], "003Dn0000000001IAA");
    }
    let of_account = |client: &mut Client, id: &str| {
        client.records(&format!("SELECT Id FROM Contact WHERE AccountId = '{id}'")).len()
    };
    assert!(of_account(&mut client, "001Dn0000000058") > 0);
    assert_eq!(of_account(&mut client, "001Dn0000000058"), of_account(&mut client, "001Dn0000000058IAA"));
    let got = client.get(&format!("{DATA}/sobjects/Contact/003Dn0000000001"));
    assert_eq!((got.status, &body(&got)["Id"]), (200, &json!("003Dn0000000001IAA")));
}
