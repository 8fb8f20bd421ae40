//! What is made, changed and deleted, and how writes are refused.

use serde_json::{Value, json};

use super::{Client, DATA, body, code};

#[test]
fn a_contact_is_made_read_changed_and_deleted() {
    let mut client = Client::new();
    let jane = json!({ "FirstName": "Jane", "LastName": "Doe", "Email": "jane.doe@example.com" });
    let made = client.send("POST", &format!("{DATA}/sobjects/Contact"), &jane);
    assert_eq!(made.status, 201);
    let told = body(&made);
    let id = told["id"].as_str().unwrap();
    assert_eq!(told, json!({ "id": "003Dn0000001001IAA", "success": true, "errors": [] }));
    let path = format!("{DATA}/sobjects/Contact/{id}");
    assert_eq!(made.headers.get("location"), Some(path.as_str()));

    let got = client.get(&path);
    assert_eq!(got.status, 200);
    assert_eq!(got.headers.get("content-type"), Some("application/json;charset=UTF-8"));
    let got = body(&got);
    assert_eq!(got["attributes"], json!({ "type": "Contact", "url": path }));
    assert_eq!((&got["Id"], &got["Name"], &got["Title"]), (&json!(id), &json!("Jane Doe"), &Value::Null));
    assert_eq!(got["CreatedDate"], "2026-04-15T09:00:00.000+0000");
    assert_eq!((&got["IsDeleted"], &got["SystemModstamp"]), (&json!(false), &got["LastModifiedDate"]));
    let few = body(&client.get(&format!("{path}?fields=LastName,Title")));
    assert_eq!((&few["LastName"], few.get("Email")), (&json!("Doe"), None));

    let changed = client.send("PATCH", &path, &json!({ "Title": "CTO", "FirstName": "Janet" }));
    assert_eq!((changed.status, changed.body.as_slice()), (204, b"".as_slice()));
    let got = body(&client.get(&path));
    assert_eq!((&got["Title"], &got["Name"]), (&json!("CTO"), &json!("Janet Doe")));

    let deleted = client.send("DELETE", &path, &json!({}));
    assert_eq!((deleted.status, deleted.body.as_slice()), (204, b"".as_slice()));
    assert_eq!(client.get(&path).status, 404);
}

#[test]
fn the_stage_says_whether_an_opportunity_is_closed_and_won() {
    let mut client = Client::new();
    let renewal = json!({ "Name": "Renewal", "StageName": "Prospecting", "CloseDate": "2026-05-09", "Amount": 1500.5 });
    let made = body(&client.send("POST", &format!("{DATA}/sobjects/Opportunity"), &renewal));
    let path = format!("{DATA}/sobjects/Opportunity/{}", made["id"].as_str().unwrap());
    let mut flags = |stage: &str| {
        assert_eq!(client.send("PATCH", &path, &json!({ "StageName": stage })).status, 204);
        let got = body(&client.get(&path));
        (got["IsClosed"].clone(), got["IsWon"].clone())
    };
    assert_eq!(flags("Our own stage"), (json!(false), json!(false)));
    assert_eq!(flags("Closed Lost"), (json!(true), json!(false)));
    assert_eq!(flags("Closed Won"), (json!(true), json!(true)));
    let won = client.records("SELECT Id, StageName FROM Opportunity WHERE IsWon = true");
    assert!(won.len() > 1 && won.iter().all(|deal| deal["StageName"] == "Closed Won"));
}

#[test]
fn refusals_are_arrays_with_a_code() {
    let mut client = Client::new();
    let mut refused = |target: &str, sent: Value, expected: Value| {
        let reply = client.send("POST", &format!("{DATA}/sobjects/{target}"), &sent);
        assert_eq!((reply.status, body(&reply)), (400, expected), "{target} {sent}");
    };
    let missing = |text: &str, fields: Value| json!([{ "message": format!("Required fields are missing: [{text}]"), "errorCode": "REQUIRED_FIELD_MISSING", "fields": fields }]);
    refused("Contact", json!({ "FirstName": "Jane" }), missing("LastName", json!(["LastName"])));
    refused("Account", json!({}), missing("Name", json!(["Name"])));
    refused("Note", json!({ "Title": "Call" }), missing("ParentId", json!(["ParentId"])));
    refused(
        "Contact",
        json!({ "LastName": "Doe", "Colour": "mauve" }),
        json!([{ "message": "No such column 'Colour' on sobject of type Contact", "errorCode": "INVALID_FIELD" }]),
    );
    let reply = client.send("POST", &format!("{DATA}/sobjects/Opportunity"), &json!({ "Name": "Renewal" }));
    assert_eq!((reply.status, code(&reply).as_str()), (400, "REQUIRED_FIELD_MISSING"));
    let mut fields = body(&reply)[0]["fields"].as_array().unwrap().clone();
    fields.sort_by_key(Value::to_string);
    assert_eq!(fields, [json!("CloseDate"), json!("StageName")]);
    let reply =
        client.send("POST", &format!("{DATA}/sobjects/Contact"), &json!({ "LastName": "Doe", "Email": "jane.doe" }));
    assert_eq!((reply.status, code(&reply).as_str()), (400, "INVALID_EMAIL_ADDRESS"));
    assert_eq!(body(&reply)[0]["fields"], json!(["Email"]));
}

#[test]
fn what_cannot_be_read_or_is_not_there_is_refused() {
    let mut client = Client::new();
    let contacts = format!("{DATA}/sobjects/Contact");
    let host = "acme.my.salesforce.com";
    let broken = client.raw("POST", host, &contacts, &[("Content-Type", "application/json")], "{\"LastName\":");
    assert_eq!((broken.status, code(&broken).as_str()), (400, "JSON_PARSER_ERROR"));
    let text = client.raw("POST", host, &contacts, &[("Content-Type", "text/plain")], "{}");
    assert_eq!((text.status, code(&text).as_str()), (415, "UNSUPPORTED_MEDIA_TYPE"));
    let expected = json!([{ "errorCode": "NOT_FOUND", "message": "The requested resource does not exist" }]);
    for target in [format!("{contacts}/003Dn9999999999IAA"), format!("{DATA}/sobject/Contact")] {
        let reply = client.get(&target);
        assert_eq!((reply.status, body(&reply)), (404, expected.clone()), "{target}");
    }
    let put = client.send("PUT", &format!("{contacts}/003Dn0000000001IAA"), &json!({ "LastName": "Doe" }));
    assert_eq!((put.status, code(&put).as_str()), (405, "METHOD_NOT_ALLOWED"));
}

#[test]
fn fields_that_cannot_be_are_refused_each_in_its_way() {
    let mut client = Client::new();
    let mut refused = |more: Value| {
        let mut fields = json!({ "LastName": "Doe" });
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let reply = client.send("POST", &format!("{DATA}/sobjects/Contact"), &fields);
        let told = body(&reply);
        let text = told[0]["message"].as_str().unwrap_or_default().to_owned();
        (reply.status, told[0]["errorCode"].clone(), text, told[0]["fields"].clone())
    };
    let (status, code, text, fields) = refused(json!({ "CreatedDate": "2020-01-01T00:00:00Z", "Name": "Jane Doe" }));
    assert_eq!((status, code), (400, json!("INVALID_FIELD_FOR_INSERT_UPDATE")));
    assert!(text.starts_with("Unable to create/update fields: CreatedDate, Name. "), "{text}");
    assert_eq!(fields, json!(["CreatedDate", "Name"]));

    let wrong = "Account ID: id value of incorrect type: 003Dn0000000001IAA".to_owned();
    let told = (400, json!("MALFORMED_ID"), wrong, json!(["AccountId"]));
    assert_eq!(refused(json!({ "AccountId": "003Dn0000000001IAA" })), told);
    let told = (400, json!("INVALID_CROSS_REFERENCE_KEY"), "invalid cross reference id".to_owned(), json!([]));
    assert_eq!(refused(json!({ "AccountId": "001Dn0000099999IAA" })), told);

    // In JSON an empty text is no reference.
    assert_eq!(refused(json!({ "AccountId": "" })).0, 201);

    let long = "x".repeat(81);
    let told = (
        400,
        json!("STRING_TOO_LONG"),
        format!("Last Name: data value too large: {long} (max length=80)"),
        json!(["LastName"]),
    );
    assert_eq!(refused(json!({ "LastName": long })), told);
}

#[test]
fn a_short_id_is_kept_whole_and_a_record_may_come_back_with_what_describes_it() {
    let mut client = Client::new();
    let fields = json!({ "attributes": { "type": "Contact" }, "LastName": "Doe", "AccountId": "001Dn0000000001" });
    let made = body(&client.send("POST", &format!("{DATA}/sobjects/Contact"), &fields));
    let got = body(&client.get(&format!("{DATA}/sobjects/Contact/{}", made["id"].as_str().unwrap())));
    assert_eq!(got["AccountId"], "001Dn0000000001IAA");
}
