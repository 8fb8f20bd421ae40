use super::*;
use crate::config::Config;
use crate::plan::plan;
use crate::source::SourceFile;
use crate::tutorial;

const PAGE: &str = r#"
```bash
export API=https://api.example.com/v2
```

```bash
curl -s "$API/users/$USER_ID" -H "Authorization: Bearer <your_api_key>"
```

```json
{
  "id": 7,
  "tags": [
    "a",
    "..."
  ],
  "...": "..."
}
```

```bash
curl https://api.example.com/v2/users -d '{
  "name": "Ada"
}'
```

```http
HTTP/1.1 201 Created
Content-Type: application/json
Date: Wed, 15 Apr 2026 09:00:00 GMT

{"id": 8}
```

```python
import requests
BASE = "https://api.example.com/v2"
requests.put(f"{BASE}/users/{user['id']}", json={}, headers={"key": "YOUR_API_KEY"})
# see https://docs.example.com/users
print(requests.get(BASE + "/users/8").status_code)
```

```
200
```

```js
await fetch("https://api.example.com/v2/users/8", { method: "DELETE" });
await fetch("http://localhost:3000/health");
```

```http
PATCH /users/9 HTTP/1.1
Host: api.example.com

{}
```

```console
$ pip install requests "httpx>=0.27" -r more.txt httpx git+https://git.example.com/x
$ npm install p-limit
$ git clone https://git.example.com/a.git
```
"#;

fn read(text: &str) -> Plan {
    let (tutorial, _) = tutorial::read(SourceFile::new("docs/users.md", text));
    plan(tutorial, &Config::default(), "a.md").0
}

fn survey<'a>(page: &'a Plan, files: &[&str]) -> Survey<'a> {
    Survey {
        pages: vec![("docs/users.md".to_owned(), page)],
        files: files.iter().map(|file| (*file).to_owned()).collect(),
        openapi: None,
        served: Vec::new(),
        clients: Vec::new(),
        variables: vec!["ACME_API_KEY".to_owned()],
    }
}

#[test]
fn requests_are_read_off_the_code() {
    let page = read(PAGE);
    let calls = calls::of_page("docs/users.md", &page);
    let told: Vec<String> = calls
        .iter()
        .map(|call| {
            let answer = call.answer.as_ref().map(|answer| format!("{} {:?}", answer.status, answer.body));
            format!("{} {}{} {}", call.method, call.host, call.path, answer.unwrap_or_default())
        })
        .collect();
    assert_eq!(
        told,
        [
            "GET api.example.com/v2/users/{USER_ID} 200 \"{\\n  \\\"id\\\": 7,\\n  \\\"tags\\\": [\\n    \\\"a\\\"\\n  ]\\n}\\n\"",
            "POST api.example.com/v2/users 201 \"{\\n  \\\"id\\\": 8\\n}\\n\"",
            "PUT api.example.com/v2/users/{userid} ",
            "GET api.example.com/v2/users/8 200 \"\"",
            "DELETE api.example.com/v2/users/8 ",
            "PATCH api.example.com/users/9 ",
        ]
    );
    let created = calls[1].answer.as_ref().unwrap();
    assert_eq!(created.headers, [("Content-Type".to_owned(), "application/json".to_owned())]);
}

#[test]
fn packages_are_those_that_readers_install() {
    let page = read(PAGE);
    assert_eq!(packages::python(&[&page], &[], &[]), ["requests", "httpx>=0.27"]);
    assert_eq!(packages::node(&[&page], &[], &[]), ["p-limit"]);
    // What the sandbox has a client for is not the configuration's to name.
    let clients = ["httpx".to_owned(), "p-limit".to_owned()];
    assert_eq!(packages::python(&[&page], &[], &clients), ["requests"]);
    assert_eq!(packages::node(&[&page], &[], &clients), [""; 0]);
    let own = read("```bash\npip install -e ./sdk\npip install ./none\nnpm install ./js/ file:./js\n```\n");
    let files = ["sdk/pyproject.toml", "js/package.json"].map(str::to_owned);
    assert_eq!(packages::python(&[&own], &files, &[]), ["-e ./sdk"]);
    assert_eq!(packages::node(&[&own], &files, &[]), ["file:./js"]);
}

#[test]
fn placeholders_get_a_variable_where_the_sandbox_has_one() {
    let page = read(PAGE);
    let pair = |word: &str, value: &str| (word.to_owned(), value.to_owned());
    let made_up = [pair("<your_api_key>", "example-api-key"), pair("YOUR_API_KEY", "example-api-key")];
    assert_eq!(placeholders::of_pages(&[&page], &[]), made_up);
    let served = [pair("<your_api_key>", "${ACME_API_KEY}"), pair("YOUR_API_KEY", "${ACME_API_KEY}")];
    assert_eq!(placeholders::of_pages(&[&page], &["ACME_API_KEY".to_owned()]), served);
    let others =
        read("```bash\ncurl -H \"key: <YOUR_KEY>\" x/{your-tenant} <uuid> <id:int> your_account_id $YOUR\n```\n");
    let words: Vec<_> = placeholders::of_pages(&[&others], &[]).into_iter().map(|(word, _)| word).collect();
    assert_eq!(words, ["your_account_id", "{your-tenant}", "<YOUR_KEY>"]);
}

#[test]
fn what_is_proposed_can_be_read_again() {
    let page = read(PAGE);
    let proposal = propose(&survey(&page, &["docs/users.md", "mkdocs.yml"]));
    let paths: Vec<&str> = proposal.files.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "doccheck.toml",
            ".github/workflows/doccheck.yml",
            "doccheck/known-stale.txt",
            "doccheck/drafts/api.example.com.toml"
        ]
    );
    let (name, text) = &proposal.files[0];
    let config = crate::config::read(&SourceFile::new(name, text.as_str())).unwrap();
    assert_eq!(config.include, ["docs/**/*.md"]);
    assert_eq!(config.drafts.as_deref(), Some("doccheck/drafts"));
    let python: Vec<_> = config.python.iter().map(|package| package.value.as_str()).collect();
    assert_eq!(python, ["requests", "httpx>=0.27"]);
    let files = [(proposal.files[3].0.clone(), SourceFile::new("draft", proposal.files[3].1.as_str()))];
    let definition = crate::sandbox::Definition::nothing().with_drafts(&files.into_iter().collect()).unwrap();
    assert_eq!(definition.hosts(), ["api.example.com"]);
    assert_eq!(
        proposal.found,
        [
            "1 of 1 pages have something to run",
            "the site is made with MkDocs",
            "api.example.com: 6 requests, answers were drafted from the pages"
        ]
    );
}

#[test]
fn a_host_to_download_from_gets_no_draft() {
    let page = read("```bash\ncurl -O https://files.example.com/a.tgz\n```\n");
    let proposal = propose(&survey(&page, &[".github/workflows/ci.yml", ".gitlab-ci.yml"]));
    assert_eq!(proposal.files.len(), 3, "{:?}", proposal.files);
    assert!(
        proposal.files[0].1.ends_with("# [network]\n# allow = [\"files.example.com\"]\n"),
        "{}",
        proposal.files[0].1
    );
    assert_eq!(proposal.files[1].0, ".github/workflows/doccheck.yml");
}

#[test]
fn a_host_that_the_sandbox_serves_needs_no_draft() {
    let page = read(PAGE);
    let survey = Survey { served: vec!["api.example.com".to_owned()], ..survey(&page, &[".gitlab-ci.yml"]) };
    let proposal = propose(&survey);
    let paths: Vec<&str> = proposal.files.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["doccheck.toml", ".gitlab/doccheck.yml", "doccheck/known-stale.txt"]);
    assert!(proposal.files[0].1.contains("\"<your_api_key>\" = \"${ACME_API_KEY}\"\n"), "{}", proposal.files[0].1);
}

#[test]
fn an_openapi_document_fills_what_pages_leave_open() {
    let document = "\
openapi: 3.1.0
paths:
  /users/{id}:
    delete:
      responses:
        '404': { description: none }
        '202':
          content:
            application/json:
              example: { gone: true }
";
    let page = read(PAGE);
    let survey = Survey { openapi: Some(("openapi.yaml".to_owned(), document.to_owned())), ..survey(&page, &[]) };
    let draft = &propose(&survey).files[3].1;
    let route = "# called by docs/users.md:47, answered as the OpenAPI document says\n[[routes]]\nmethod = \"DELETE\"\n\
                 path = \"/v2/users/8\"\nstatus = 202\n";
    assert!(draft.contains(route), "{draft}");
    assert!(openapi::examples("not: [yaml").is_empty());
}
