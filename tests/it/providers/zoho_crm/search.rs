//! What Zoho's searches find, and the numbers that it does not let pass.

use serde_json::{Value, json};

use super::super::{answer, body};
use super::{ask, data, error, list, send, world};
use doccheck::sandbox::World;

fn found(world: &mut World, target: &str) -> usize {
    let reply = answer(world, &ask("GET", target));
    match reply.status {
        204 => 0,
        200 => data(&body(&reply)).len(),
        status => panic!("{target}: {status} {}", String::from_utf8_lossy(&reply.body)),
    }
}

#[test]
fn a_search_finds_by_criteria_mail_phone_or_words() {
    let world = &mut world();
    let first = list(
        world,
        "/Contacts?per_page=1&sort_by=id&sort_order=asc&fields=First_Name,Last_Name,Email,Phone,Account_Name",
    );
    let first = data(&first)[0].clone();
    let text = |name: &str| first[name].as_str().unwrap().to_owned();
    let (email, last) = (text("Email"), text("Last_Name"));
    let search = |criteria: &str| {
        let escaped = criteria.replace('%', "%25").replace(' ', "%20").replace('+', "%2B").replace('&', "%26");
        format!("/Contacts/search?criteria={escaped}")
    };
    let theirs = found(world, &search(&format!("(Last_Name:equals:{})", last.to_uppercase())));
    assert!((1..200).contains(&theirs), "{theirs}");
    for (criteria, count) in [
        ("(Email:equals:nobody@x.y)".to_owned(), 0),
        (format!("(Email:equals:{email})"), 1),
        (format!("((Last_Name:equals:{last}) and (Email:starts_with:{}))", &email[..email.len() - 3]), 1),
        (format!("((Email:equals:{email}) or (Email:equals:nobody@x.y))"), 1),
        (format!("((Email:equals:{email})and(Last_Name:not_equal:{last}))"), 0),
        (format!("(Email:in:nobody@x.y,{email})"), 1),
        (
            format!(
                "((Account_Name:equals:{}) and (Email:equals:{email}))",
                first["Account_Name"]["name"].as_str().unwrap()
            ),
            1,
        ),
        ("(Created_Time:greater_than:2030-01-01T00:00:00+00:00)".to_owned(), 0),
        ("(Created_Time:between:2020-01-01,2030-01-01)".to_owned(), 200),
    ] {
        assert_eq!(found(world, &search(&criteria)), count, "{criteria}");
    }
    assert_eq!(found(world, &format!("/Contacts/search?email={}", email.to_uppercase())), 1);
    assert_eq!(
        found(world, &format!("/Contacts/search?phone={}", text("Phone").replace('+', "%2B").replace(' ', "%20"))),
        1
    );
    assert_eq!(found(world, "/Contacts/search?word=zzzz"), 0);
    assert!((1..200).contains(&found(world, &format!("/Contacts/search?word={}", &last[..4]))));
    assert_eq!(found(world, "/Accounts/search?criteria=(Employees:less_than:0)"), 0);
    assert!((1..200).contains(&found(world, "/Deals/search?criteria=(Amount:greater_than:50000)")));
}

#[test]
fn a_search_that_says_nothing_or_what_nobody_understands_is_refused() {
    let world = &mut world();
    let mut told = |target: &str| {
        let reply = answer(world, &ask("GET", target));
        assert_eq!(reply.status, 400, "{target}: {}", String::from_utf8_lossy(&reply.body));
        body(&reply)
    };
    let names = json!({ "param_names": ["criteria", "email", "phone", "word"] });
    let missing = error("EXPECTED_PARAM_MISSING", &names, "one of the expected parameter is missing");
    assert_eq!(told("/Contacts/search"), missing);
    assert_eq!(told("/Contacts/search?fields=Email"), missing);
    for (criteria, problem) in [
        ("Email:equals:x", "`(` is missing: conditions look like (Email:equals:ada@example.com)"),
        ("(Email:equals:x", "`)` is missing: conditions look like (Email:equals:ada@example.com)"),
        ("(Email:resembles:x)", "Email cannot be compared by `resembles`"),
        ("(Created_Time:starts_with:2026)", "Created_Time cannot be compared by `starts_with`"),
        ("(Email:equals:)", "the condition on Email has no value"),
        (
            "((Email:equals:a)%20and%20(Email:equals:b)%20or%20(Email:equals:c))",
            "`and` and `or` side by side need brackets",
        ),
    ] {
        let told = told(&format!("/Contacts/search?criteria={criteria}"));
        assert_eq!((&told["code"], &told["message"]), (&json!("INVALID_QUERY"), &json!(problem)), "{criteria}");
    }
    assert_eq!(told("/Contacts/search?criteria=(Colour:equals:mauve)")["details"]["api_name"], "Colour");
    assert_eq!(told("/Deals/search?email=x@example.com")["details"], json!({ "param_name": "email" }));
    assert_eq!(told("/Contacts?fields=Email&cvid=1")["message"], "cvid is not understood by this sandbox");
}

#[test]
fn fields_records_and_orders_have_their_bounds() {
    let world = &mut world();
    let fields: Vec<String> = (0..51).map(|n| format!("Field_{n}")).collect();
    let reply = answer(world, &ask("GET", &format!("/Contacts?fields={}", fields.join(","))));
    let limit = error("LIMIT_EXCEEDED", &json!({ "limit": 50, "param_name": "fields" }), "limit exceeded");
    assert_eq!((reply.status, body(&reply)), (400, limit));
    assert_eq!(answer(world, &ask("GET", &format!("/Contacts?fields={}", fields[..50].join(",")))).status, 200);
    let records = |count: usize| Value::from(vec![json!({ "Last_Name": "Lovelace" }); count]);
    let reply = answer(world, &send("POST", "/Contacts", &records(101)));
    assert_eq!((reply.status, &body(&reply)["details"]["maximum_length"]), (400, &json!(100)));
    assert_eq!(answer(world, &send("POST", "/Contacts", &records(100))).status, 201);
    let reply = answer(world, &ask("GET", "/Contacts?fields=Email&sort_by=Email"));
    assert_eq!(reply.status, 400);
    assert_eq!(body(&reply)["message"], "sort_by must be one of id, Created_Time, Modified_Time");
    for (query, told) in [
        ("", ["id", "desc"]),
        ("&sort_by=Modified_Time&sort_order=asc", ["Modified_Time", "asc"]),
        ("&sort_order=asc", ["id", "asc"]),
    ] {
        let info = list(world, &format!("/Contacts?fields=Email&per_page=1{query}"))["info"].clone();
        assert_eq!([&info["sort_by"], &info["sort_order"]], told, "{query}");
    }
}
