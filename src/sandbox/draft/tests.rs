use super::*;
use crate::sandbox::asked::request;

fn files(text: &str) -> BTreeMap<String, Arc<SourceFile>> {
    BTreeMap::from([("api.example.com.toml".to_owned(), SourceFile::new("drafts/api.example.com.toml", text))])
}

const FILE: &str = r#"
drafted = true
host = "api.example.com"

[[routes]]
method = "get"
path = "/users/{id}"
status = 200
headers = { Content-Type = "application/json" }
body = '{"id": 7}'

[[routes]]
method = "GET"
path = "/users/me"
status = 200
body = "first"

[[routes]]
method = "GET"
path = "/users/me"
status = 202
body = "then"
"#;

#[test]
fn documented_answers_are_given_in_their_order() {
    let drafts = read(&files(FILE)).unwrap();
    let mut given = BTreeMap::new();
    let mut ask = |method: &str, path: &str| {
        let answer = drafts[0].answer(&request(method, path), start(), &mut given);
        assert!(answer.drafted);
        (answer.reply.status, String::from_utf8(answer.reply.body).unwrap(), answer.unknown_route)
    };
    let body = |status: u16, text: &str| (status, text.to_owned(), false);
    assert_eq!(ask("GET", "/users/3"), body(200, "{\"id\": 7}"));
    assert_eq!(ask("HEAD", "/users/3"), body(200, ""));
    assert_eq!(ask("GET", "/users/me"), body(200, "first"));
    assert_eq!(ask("GET", "/users/me"), body(202, "then"));
    assert_eq!(ask("GET", "/users/me"), body(202, "then"));
    assert_eq!(ask("POST", "/users/3").0, 404);
    assert!(ask("GET", "/users/3/posts").2);
}

#[test]
fn what_is_wrong_is_told_at_its_place() {
    let wrong = FILE.replace("drafted = true", "drafted = false").replace("\"/users/me\"", "\"users/me\"");
    let found = read(&files(&wrong.replace("status = 202", "status = 99"))).unwrap_err();
    let told: Vec<_> = found.iter().map(|found| (found.message.as_str(), found.line())).collect();
    assert_eq!(
        told,
        [
            ("a draft says `drafted = true`", Some(2)),
            ("a path starts with `/`", Some(14)),
            ("a path starts with `/`", Some(20)),
            ("a status lies between 100 and 599", Some(21)),
        ]
    );
    let found = read(&files("host = \"a\"\n")).unwrap_err();
    assert!(found[0].message.contains("missing field `drafted`"), "{}", found[0].message);
}
