//! `doccheck sandbox`: the real binary, asked over real sockets, steered from other processes, ended by real signals.
#![expect(clippy::unwrap_used, reason = "a test's helper fails the test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use doccheck::clock::Timestamp;
use doccheck::serve::{Entry, Event};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::invocation;

const HOST: &str = "api.truto.one";

/// `doccheck` with the user's folders in `home`.
fn doccheck(home: &Path, arguments: &[&str]) -> Command {
    let mut command = invocation::doccheck();
    command.args(arguments).current_dir(home).env("XDG_RUNTIME_DIR", home.join("run"));
    command.env("XDG_CACHE_HOME", home.join("cache")).env("HOME", home);
    command
}

/// A folder that is nobody's repository.
fn home() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(home.path().join(".git")).unwrap();
    std::fs::create_dir_all(home.path().join("run")).unwrap();
    home
}

/// A sandbox that runs. Dropping it kills it.
struct Sandbox {
    child: Child,
    out: BufReader<ChildStdout>,
    url: String,
}

impl Sandbox {
    fn start(home: &Path, arguments: &[&str]) -> Self {
        let mut command = doccheck(home, &["sandbox", "--port", "0"]);
        let mut child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let url = line.split(&[' ', ';']).find(|word| word.starts_with("http://")).unwrap().to_owned();
        Self { child, out, url }
    }

    /// Asks its main port.
    fn ask(&self, method: &str, path: &str, fields: &[(&str, &str)], body: &str) -> Answer {
        ask(&self.url, method, path, fields, body)
    }

    fn control(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.ask(
            method,
            &format!("/_sandbox{path}"),
            &[],
            &if body.is_null() { String::new() } else { body.to_string() },
        )
    }

    fn describe(&self) -> Value {
        self.control("GET", "/", &Value::Null).json()
    }

    /// Lists contacts by a token.
    fn list(&self, token: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        self.ask("GET", &format!("/{HOST}/crm/contacts?limit=1"), &[("Authorization", &bearer), tenant()], "")
    }

    fn token(&self) -> String {
        self.describe()["environment"]["TRUTO_API_KEY"].as_str().unwrap().to_owned()
    }

    /// Every entry of its journal.
    fn journal(&self) -> Vec<Entry> {
        let told = self.control("GET", "/journal", &Value::Null).json();
        serde_json::from_value(told["entries"].clone()).unwrap()
    }

    /// Sends a signal; the exit status, and the rest of what it printed.
    fn end(mut self, signal: Signal) -> (Option<i32>, String) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn tenant() -> (&'static str, &'static str) {
    ("X-Tenant-ID", "cust_12345")
}

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    fn error(&self) -> String {
        self.json()["error"].as_str().unwrap().to_owned()
    }

    fn date(&self) -> &str {
        self.head.lines().find_map(|line| line.strip_prefix("date: ")).unwrap()
    }
}

/// One request on a connection of its own.
fn ask(base: &str, method: &str, path: &str, fields: &[(&str, &str)], body: &str) -> Answer {
    let authority = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    if !fields.iter().any(|(name, _)| *name == "Host") {
        request.push_str(&format!("Host: {authority}\r\n"));
    }
    for (name, value) in fields {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{request}\r\n{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).unwrap_or_else(|| panic!("no answer to {method} {path}")).parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Everything below a folder.
fn below(folder: &Path) -> Vec<String> {
    let entries =
        walkdir::WalkDir::new(folder).min_depth(1).into_iter().map(|entry| entry.unwrap().path().to_path_buf());
    entries.map(|path| path.strip_prefix(folder).unwrap().display().to_string()).collect()
}

#[test]
fn the_help_of_sandbox() {
    let (status, out, err) = said(&doccheck(home().path(), &["sandbox", "--help"]).output().unwrap());
    assert_eq!((status, err.as_str()), (Some(0), ""));
    insta::assert_snapshot!(out);
}

#[test]
fn a_host_is_reached_by_path_by_field_by_a_port_of_its_own_and_through_the_proxy() {
    let home = home();
    let sandbox = Sandbox::start(home.path(), &["--host-map", "API.truto.one=0"]);
    let token = sandbox.token();
    let bearer = format!("Bearer {token}");
    let fields = [("Authorization", bearer.as_str()), tenant()];
    let path = "/crm/contacts?limit=1";
    assert_eq!(sandbox.list(&token).status, 200);
    let by_field = [&fields[..], &[("Host", HOST)]].concat();
    assert_eq!(sandbox.ask("GET", path, &by_field, "").status, 200);
    let hosts = sandbox.describe()["hosts"].as_array().unwrap().clone();
    let own = hosts.iter().find(|host| host["host"] == HOST).unwrap()["url"].as_str().unwrap().to_owned();
    assert_ne!(own, sandbox.url);
    assert_eq!(ask(&own, "GET", path, &fields, "").status, 200);

    let note = sandbox.url.rsplit(':').next().unwrap();
    let certificate = home.path().join(format!("run/doccheck/sandboxes/{note}.pem"));
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--proxy", &sandbox.url, "--cacert"]).arg(&certificate).env_remove("no_proxy");
    curl.args(["-H", &format!("Authorization: {bearer}"), "-H", "X-Tenant-ID: cust_12345"]);
    curl.args(["-w", "\n%{http_code} %{http_version}", &format!("https://{HOST}{path}")]);
    let (status, out, err) = said(&curl.output().unwrap());
    assert!(status == Some(0) && out.ends_with("\n200 2"), "{out}{err}");
    let refused = sandbox.ask("GET", "http://example.com/", &[], "");
    assert_eq!((refused.status, refused.error()), (403, "no sandbox serves host example.com".to_owned()));

    let events = sandbox.journal().into_iter().map(|entry| entry.event);
    let urls: Vec<_> = events
        .map(|event| match event {
            Event::Exchange { url, status: 200, .. } => url,
            Event::Refusal { host } => host,
            other => panic!("{other:?}"),
        })
        .collect();
    let asked = format!("https://{HOST}{path}");
    assert_eq!(urls, [asked.clone(), asked.clone(), asked.clone(), asked, "example.com".to_owned()]);
}

#[test]
fn who_names_no_host_is_told_which_there_are() {
    let home = home();
    let sandbox = Sandbox::start(home.path(), &[]);
    let base = format!("{}/{HOST}", sandbox.url);
    for (path, host, what) in [
        ("/", "localhost", "no host is named"),
        ("/example.com/x", "127.0.0.1:4010", "no sandbox serves host example.com"),
        ("/x", "example.com", "no sandbox serves host example.com"),
        ("/_sandboxes", "localhost", "no sandbox serves host _sandboxes"),
    ] {
        let answer = sandbox.ask("GET", path, &[("Host", host)], "");
        let told = answer.error();
        assert_eq!(answer.status, 421);
        assert!(told.starts_with(&format!("{what}; there are ")) && told.contains(&base), "{told}");
        assert!(told.ends_with(", and /_sandbox/ steers the sandbox"), "{told}");
    }
}

#[test]
fn links_to_a_served_host_lead_back_to_loopback() {
    let home = home();
    std::fs::create_dir(home.path().join("drafts")).unwrap();
    let draft = r#"
        drafted = true
        host = "api.example.com"
        [[routes]]
        method = "GET"
        path = "/list"
        status = 200
        headers = { Content-Type = "application/json", Link = '<https://api.example.com/list?page=2>; rel="next"' }
        body = '{"next":"https://api.example.com/list?page=2","site":"https://www.example.com/"}'
    "#;
    std::fs::write(home.path().join("drafts/api.toml"), draft).unwrap();
    std::fs::write(home.path().join("own.toml"), "sandbox = { drafts = \"drafts\" }\n").unwrap();
    let sandbox = Sandbox::start(home.path(), &["--config", "own.toml"]);
    let answer = sandbox.ask("GET", "/api.example.com/list", &[], "");
    let next = format!("{}/api.example.com/list?page=2", sandbox.url);
    assert_eq!(answer.json(), json!({ "next": next, "site": "https://www.example.com/" }));
    assert!(answer.head.contains(&format!("link: <{next}>; rel=\"next\"")), "{}", answer.head);
    assert!(answer.head.contains(&format!("content-length: {}", answer.body.len())), "{}", answer.head);
    assert_eq!(sandbox.ask("GET", next.strip_prefix(&sandbox.url).unwrap(), &[], "").status, 200);
    let by_proxy = sandbox.ask("GET", "http://api.example.com/list", &[], "");
    assert_eq!(by_proxy.json()["next"], "https://api.example.com/list?page=2", "who comes by the name stays there");
}

#[test]
fn virtual_time_moves_by_exchanges_and_by_hand_alone() {
    let home = home();
    let sandbox = Sandbox::start(home.path(), &["--time", "virtual"]);
    let token = sandbox.token();
    let now = |sandbox: &Sandbox| sandbox.describe()["now"].as_str().unwrap().to_owned();
    assert_eq!(now(&sandbox), "2026-04-15T09:00:00.000Z");
    for _ in 0..3 {
        sandbox.list(&token);
    }
    assert_eq!(now(&sandbox), "2026-04-15T09:00:00.600Z", "20 ms, and what the provider takes");
    let (status, out, err) = said(&doccheck(home.path(), &["sandbox", "advance", "46m", "1s"]).output().unwrap());
    let told = "the sandbox's clock shows 2026-04-15T09:46:01.600Z\n";
    assert_eq!((status, out.as_str(), err.as_str()), (Some(0), told, ""));
    assert_eq!(sandbox.list(&token).date(), "Wed, 15 Apr 2026 09:46:01 GMT");
    // An answer that comes later takes the world's time, not ours.
    sandbox.control("POST", "/faults", &json!({ "faults": ["latency:1hx1"] }));
    sandbox.list(&token);
    assert_eq!(now(&sandbox), "2026-04-15T10:46:02.000Z");
}

#[test]
fn real_time_goes_on_from_where_it_was_put() {
    let home = home();
    let sandbox = Sandbox::start(home.path(), &[]);
    let now = |answer: &Value| Timestamp::parse(answer["now"].as_str().unwrap()).unwrap();
    let before = now(&sandbox.describe());
    let advanced = now(&sandbox.control("POST", "/advance", &json!({ "by": "2d" })).json());
    sandbox.control("GET", "/journal?after=1&wait=1", &Value::Null);
    let after = now(&sandbox.describe());
    let days = Duration::from_secs(2 * 24 * 3600);
    assert!(advanced.since(before) >= days && advanced.since(before) < 2 * days);
    assert!(after.since(advanced).as_secs_f64() > 0.9, "time goes on");
}

/// Whoever asks for the variables wants tokens that open the accounts now.
#[test]
fn what_is_told_opens_the_accounts_also_when_tokens_have_expired() {
    let home = home();
    let sandbox = Sandbox::start(home.path(), &["--time", "virtual", "--accounts", "hubspot:contacts=3"]);
    let status = |name: &str, told: &Value| {
        let bearer = format!("Bearer {}", told["environment"][name].as_str().unwrap());
        sandbox.ask("GET", "/api.hubapi.com/crm/v3/objects/contacts", &[("Authorization", &bearer)], "").status
    };
    let first = sandbox.describe();
    for by in ["46m", "3d"] {
        sandbox.control("POST", "/advance", &json!({ "by": by }));
        let now = sandbox.describe();
        for name in ["HUBSPOT_ACCESS_TOKEN", "HUBSPOT_1_TOKEN"] {
            assert_eq!((status(name, &first), status(name, &now)), (401, 200), "{name} {by}");
        }
    }
}

#[test]
fn faults_are_armed_met_told_and_disarmed_from_another_terminal() {
    let home = home();
    let sandbox = Sandbox::start(home.path(), &["--time", "virtual"]);
    let token = sandbox.token();
    let fault = |arguments: &[&str]| {
        let all = [&["sandbox", "fault"], arguments].concat();
        said(&doccheck(home.path(), &all).output().unwrap())
    };
    let told = |text: &str| (Some(0), text.to_owned(), String::new());
    assert_eq!(fault(&[]), told("no fault is armed\n"));
    assert_eq!(fault(&["429x2", "/crm/contacts"]), told("armed: `429x2 /crm/contacts`\n"));
    assert_eq!(sandbox.list(&token).status, 429);
    // What was armed before has met what it has met.
    assert_eq!(fault(&["500@2x1", "GET"]).0, Some(2), "counts stand before places");
    assert_eq!(fault(&["500x1@2", "GET"]), told("armed: `429x2 /crm/contacts`, `500x1@2 GET`\n"));
    let statuses: Vec<_> = (0..3).map(|_| sandbox.list(&token).status).collect();
    assert_eq!(statuses, [429, 500, 200]);
    assert_eq!(fault(&["503", "/nowhere"]), told("armed: `503 /nowhere`\n"), "what is used up is armed no longer");
    assert_eq!(fault(&["429x1", "/a,", "500", "/b"]), told("armed: `503 /nowhere`, `429x1 /a`, `500 /b`\n"));
    assert_eq!(fault(&["429,", "503y"]).0, Some(2), "one that cannot be read takes the others with it");
    // In a list each entry is one fault: a path may have a comma.
    let listed = sandbox.control("POST", "/faults", &json!({ "faults": ["500x1 /b(1,2)"] }));
    assert_eq!(listed.json()["faults"][3], "500x1 /b(1,2)", "{}", listed.json());
    assert_eq!(sandbox.control("POST", "/faults", &json!({ "faults": ["500, 503"] })).status, 422);
    let unmet = "no fault is armed; no request had met `503 /nowhere`, `429x1 /a`, `500 /b`, `500x1 /b(1,2)`\n";
    assert_eq!(fault(&["--clear"]), told(unmet));
    let (status, out, err) = fault(&["430"]);
    assert_eq!((status, out.as_str()), (Some(2), ""));
    assert!(err.contains("there is no fault `430`"), "{err}");
    let met = sandbox.journal().into_iter().filter_map(|entry| match entry.event {
        Event::Exchange { fault, status, .. } => Some((status, fault)),
        _ => None,
    });
    let named = |text: &str| Some(text.to_owned());
    let (quota, crash) = (named("429x2 /crm/contacts"), named("500x1@2 GET"));
    assert_eq!(met.collect::<Vec<_>>(), [(429, quota.clone()), (429, quota), (500, crash), (200, None)]);
}

#[test]
fn a_journal_is_followed_until_the_sandbox_ends() {
    let home = home();
    let sandbox = Sandbox::start(home.path(), &[]);
    let arguments = ["sandbox", "journal", "--follow", "--format", "json", "--at", &sandbox.url];
    let mut follower = doccheck(home.path(), &arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let token = sandbox.token();
    for n in 1..=3 {
        sandbox.list(&token);
        let entry: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        let told = json!([entry["n"], entry["kind"], entry["method"], entry["status"], entry["fault"]]);
        assert_eq!(told, json!([n, "exchange", "GET", 200, null]));
        assert!(entry["at"].as_str().unwrap().starts_with("2026-04-15T09:") && entry["real_s"].is_f64(), "{entry}");
    }
    let (status, out, _) = said(&doccheck(home.path(), &["sandbox", "journal"]).output().unwrap());
    let first = out.lines().next().unwrap();
    let url = format!("https://{HOST}/crm/contacts?limit=1");
    assert!(first.contains(&format!("  200  GET {url}  account 8b1f3c52-")), "{first}");
    assert_eq!((status, out.lines().count()), (Some(0), 3));
    assert_eq!(sandbox.end(Signal::TERM).0, Some(0));
    assert_eq!((lines.next().map(Result::unwrap), follower.wait().unwrap().code()), (None, Some(0)));
}

#[test]
fn the_time_from_a_sign_up_to_its_first_call_is_in_the_journal() {
    let home = home();
    let sandbox = Sandbox::start(home.path(), &["--time", "virtual", "--seed", "7"]);
    let address = json!({ "email": "dev@example.com", "expires_in": 3600 });
    let given = sandbox.control("POST", "/sign-up", &address);
    let key = given.json()["api_key"].as_str().unwrap().to_owned();
    assert_eq!((given.status, &given.json()["expires_in"]), (201, &json!(3600)));
    assert_eq!(given.json()["expires_at"], "2026-04-15T10:00:00.000Z");
    let again = sandbox.control("POST", "/sign-up", &address);
    assert_eq!((again.status, again.json()["api_key"].as_str()), (200, Some(key.as_str())));

    sandbox.control("POST", "/advance", &json!({ "by": "5m" }));
    assert_eq!(sandbox.list("nonsense").status, 401);
    let no_tenant =
        sandbox.ask("GET", &format!("/{HOST}/crm/contacts"), &[("Authorization", &format!("Bearer {key}"))], "");
    assert_eq!(no_tenant.status, 400);
    assert_eq!(sandbox.list(&key).status, 200);
    assert_eq!(sandbox.list(&key).status, 200);
    let calls = sandbox.journal().into_iter().filter_map(|entry| match entry.event {
        Event::Exchange { status, first_call, .. } => {
            Some((status, first_call.map(|first| (first.email, first.after_s))))
        }
        _ => None,
    });
    let first = Some(("dev@example.com".to_owned(), 300.24));
    assert_eq!(calls.collect::<Vec<_>>(), [(401, None), (400, None), (200, first), (200, None)]);

    sandbox.control("POST", "/advance", &json!({ "by": "1h" }));
    assert_eq!(sandbox.list(&key).status, 401, "it has expired");
    let renewed = sandbox.control("POST", "/sign-up", &address);
    assert_eq!(renewed.status, 201);
    assert_ne!(renewed.json()["api_key"], key.as_str());

    let same = Sandbox::start(home.path(), &["--time", "virtual", "--seed", "7"]);
    let other = Sandbox::start(home.path(), &["--time", "virtual", "--seed", "8"]);
    let key_of = |sandbox: &Sandbox| sandbox.control("POST", "/sign-up", &address).json()["api_key"].clone();
    assert_eq!((key_of(&same) == key.as_str(), key_of(&other) == key.as_str()), (true, false));
}

#[test]
fn a_reset_leaves_nothing_of_what_was() {
    let home = home();
    let sandbox = Sandbox::start(home.path(), &["--time", "virtual"]);
    let token = sandbox.token();
    let bearer = format!("Bearer {token}");
    let fields = [("Authorization", bearer.as_str()), tenant(), ("Content-Type", "application/json")];
    let created = sandbox.ask("POST", &format!("/{HOST}/crm/contacts"), &fields, r#"{"last_name": "Doe"}"#);
    assert_eq!(created.status, 201);
    let path = format!("/{HOST}/crm/contacts/{}", created.json()["id"].as_str().unwrap());
    let key = sandbox.control("POST", "/sign-up", &json!({ "email": "dev@example.com" })).json()["api_key"].clone();
    let key = key.as_str().unwrap();
    sandbox.control("POST", "/faults", &json!({ "faults": ["500 DELETE"] }));
    sandbox.control("POST", "/advance", &json!({ "by": "1d" }));
    assert_eq!((sandbox.ask("GET", &path, &fields, "").status, sandbox.list(key).status), (200, 200));

    let (status, out, _) = said(&doccheck(home.path(), &["sandbox", "reset"]).output().unwrap());
    let told = "the sandbox is as at its start; its clock shows 2026-04-15T09:00:00.000Z\n";
    assert_eq!((status, out.as_str()), (Some(0), told));
    assert_eq!((sandbox.ask("GET", &path, &fields, "").status, sandbox.list(key).status), (404, 401));
    assert_eq!(sandbox.describe()["faults"], json!([]));
    let events: Vec<_> = sandbox.journal().into_iter().map(|entry| (entry.n, entry.event)).collect();
    assert_eq!(events[0], (7, Event::Reset), "numbers go on");
    assert_eq!(events.len(), 3);
}

#[test]
fn what_opens_an_account_that_was_asked_for_is_told() {
    let home = home();
    let arguments =
        ["--time", "virtual", "--accounts", "hubspot:contacts=5", "--accounts", "hubspot:contacts=2,companies=1"];
    let sandbox = Sandbox::start(home.path(), &arguments);
    for _ in 0..2 {
        let environment = sandbox.describe()["environment"].clone();
        let told = |name: &str| environment[name].as_str().unwrap_or_default().to_owned();
        for (number, count) in [(1, 5), (2, 2)] {
            let id = told(&format!("HUBSPOT_{number}_ACCOUNT_ID"));
            let ours = format!("Bearer {}", sandbox.token());
            let target = format!("/{HOST}/unified/crm/contacts?limit=50&integrated_account_id={id}");
            let page = sandbox.ask("GET", &target, &[("Authorization", &ours)], "").json();
            assert_eq!(page["result_count"], count, "{page}");
            let tenant = told(&format!("HUBSPOT_{number}_TENANT_ID"));
            let fields = [("Authorization", ours.as_str()), ("X-Tenant-ID", &tenant)];
            assert_eq!(
                sandbox.ask("GET", &format!("/{HOST}/crm/contacts?limit=50"), &fields, "").json()["result_count"],
                count
            );
            let own = format!("Bearer {}", told(&format!("HUBSPOT_{number}_TOKEN")));
            let native = sandbox.ask("GET", "/api.hubapi.com/crm/v3/objects/contacts", &[("Authorization", &own)], "");
            assert_eq!(native.json()["results"].as_array().unwrap().len(), count);
        }
        sandbox.control("POST", "/reset", &Value::Null);
    }
    let (_, printed) = sandbox.end(Signal::INT);
    assert!(
        printed.contains("  export HUBSPOT_2_TENANT_ID=") && printed.contains("  export HUBSPOT_1_TOKEN="),
        "{printed}"
    );
    assert_eq!(printed.matches("_CLIENT_ID=").count(), 12, "a client for each provider with OAuth: {printed}");
    assert!(printed.contains("  export PIPEDRIVE_CLIENT_SECRET=sandbox-pipedrive-secret-40ab7e\n"), "{printed}");
}

#[test]
fn what_opens_an_account_is_told_anew_when_it_is_connected_again() {
    let home = home();
    let sandbox = Sandbox::start(home.path(), &["--time", "virtual", "--accounts", "hubspot:contacts=5"]);
    let environment = || sandbox.describe()["environment"].clone();
    let status = |token: &Value| {
        let own = format!("Bearer {}", token.as_str().unwrap_or_default());
        sandbox.ask("GET", "/api.hubapi.com/crm/v3/objects/contacts", &[("Authorization", &own)], "").status
    };
    for (name, id) in [
        ("HUBSPOT_1_TOKEN", environment()["HUBSPOT_1_ACCOUNT_ID"].as_str().unwrap().to_owned()),
        ("HUBSPOT_CUST_12345_ACCESS_TOKEN", environment()["ACCOUNT_ID"].as_str().unwrap().to_owned()),
    ] {
        let old = environment()[name].clone();
        sandbox.control("POST", &format!("/accounts/{id}/revoke"), &Value::Null);
        assert_eq!((status(&old), &environment()[name]), (401, &old), "nothing opens it");
        let told = sandbox.control("POST", &format!("/accounts/{id}/reconnect"), &Value::Null);
        let new = environment()[name].clone();
        assert_eq!(told.json(), json!({ "id": id, "environment": { name: new } }));
        assert_eq!((status(&old), status(&new)), (401, 200));
    }
}

#[test]
fn what_cannot_be_meant_is_refused_with_what_to_write() {
    let home = home();
    let sandbox = Sandbox::start(home.path(), &["--time", "virtual"]);
    let refused = |method: &str, path: &str, body: &Value| {
        let answer = sandbox.control(method, path, body);
        (answer.status, answer.error())
    };
    let told = |status: u16, text: &str| (status, text.to_owned());
    let known = "/_sandbox/ has accounts/ID/revoke, accounts/ID/reconnect, advance, faults, journal, \
                 providers/NAME/rename, reset, sign-up, ca.pem";
    assert_eq!(refused("GET", "/fault", &Value::Null), told(404, &format!("there is no /_sandbox/fault; {known}")));
    assert_eq!(refused("GET", "/reset", &Value::Null), told(405, "/_sandbox/reset takes POST"));
    let advance = "is no time to go forward; write `46m`, `1h 30m` or `2d`, ten years at most";
    for wrong in ["0s", "soon", "11y", ""] {
        let (status, text) = refused("POST", "/advance", &json!({ "by": wrong }));
        assert_eq!((status, text), told(422, &format!("`{wrong}` {advance}")));
    }
    let (status, text) = refused("POST", "/advance", &json!({ "for": "1m" }));
    assert!(status == 400 && text.starts_with(r#"the body is not as in {"by": "46m"}: "#), "{status} {text}");
    assert_eq!(refused("POST", "/sign-up", &json!({ "email": "dev\u{1b}@example.com" })).0, 422);
    assert_eq!(refused("POST", "/sign-up", &json!({ "email": "dev@example.com", "expires_in": 0 })).0, 422);
    assert_eq!(refused("GET", "/journal?after=x", &Value::Null), told(400, "`after` is no whole number"));
    let faults = json!({ "faults": vec!["500 /nowhere"; 101] });
    assert_eq!(refused("POST", "/faults", &faults), told(409, "more than 100 faults; disarm some first"));
    let stranger = sandbox.ask("POST", "/_sandbox/reset", &[("Origin", "https://example.com")], "");
    assert_eq!(
        (stranger.status, stranger.error().as_str()),
        (403, "only this machine's own pages may steer the sandbox")
    );
    let rebound = sandbox.ask("POST", "/_sandbox/reset", &[("Host", "example.com")], "");
    assert_eq!(rebound.status, 421, "a name that leads here steers nothing");
    assert_eq!(sandbox.describe()["now"], "2026-04-15T09:00:00.000Z");
    assert!(sandbox.journal().is_empty(), "what was refused has not happened");
}

#[test]
fn nothing_is_left_however_it_is_ended() {
    let home = home();
    for signal in [Signal::INT, Signal::TERM] {
        let sandbox = Sandbox::start(home.path(), &[]);
        let port = sandbox.url.rsplit(':').next().unwrap().to_owned();
        let files =
            [format!("{port}.json"), format!("{port}.pem")].map(|file| format!("run/doccheck/sandboxes/{file}"));
        let there = below(home.path());
        assert!(files.iter().all(|file| there.contains(file)), "{there:?}");
        // A client that keeps its connection, and one that waits for news.
        let connect = || TcpStream::connect(sandbox.url.strip_prefix("http://").unwrap()).unwrap();
        let (_idle, mut waiting) = (connect(), connect());
        waiting.write_all(b"GET /_sandbox/journal?wait=60 HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let url = sandbox.url.clone();
        let (status, rest) = sandbox.end(signal);
        assert_eq!(status, Some(0));
        assert!(rest.contains("export TRUTO_API_KEY=sandbox-token-"), "{rest}");
        assert_eq!(below(&home.path().join("run")), Vec::<String>::new());
        assert!(TcpStream::connect(url.strip_prefix("http://").unwrap()).is_err());
        // It was closed or reset, and kept nobody.
        let _ = waiting.read_to_end(&mut Vec::new());
    }
}

#[test]
fn an_answer_that_takes_minutes_keeps_nobody_from_ending_it() {
    let home = home();
    let sandbox = Sandbox::start(home.path(), &["--accounts", "hubspot:contacts=50000000"]);
    let told = sandbox.describe();
    let of = |name: &str| told["environment"][name].as_str().unwrap().to_owned();
    let (token, account) = (of("TRUTO_API_KEY"), of("HUBSPOT_1_ACCOUNT_ID"));
    let target = format!("/{HOST}/unified/crm/contacts?integrated_account_id={account}&email=nobody@example.com");
    let mut asking = TcpStream::connect(sandbox.url.strip_prefix("http://").unwrap()).unwrap();
    let head = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n");
    asking.write_all(head.as_bytes()).unwrap();
    // It is on its way through fifty million records by then.
    thread::sleep(Duration::from_secs(1));
    assert_eq!(sandbox.end(Signal::TERM).0, Some(0));
    // Whoever had waited for it would have let it be answered.
    let mut answer = Vec::new();
    let _ = asking.read_to_end(&mut answer);
    assert_eq!(String::from_utf8_lossy(&answer), "", "it ended without an answer");
    assert_eq!(below(&home.path().join("run")), Vec::<String>::new());
}

#[test]
fn the_second_terminal_finds_the_one_that_runs() {
    let home = home();
    let advance = |more: &[&str]| {
        let all = [&["sandbox", "advance", "1m"], more].concat();
        said(&doccheck(home.path(), &all).output().unwrap())
    };
    let (status, _, err) = advance(&[]);
    assert_eq!(status, Some(3));
    assert!(err.contains("no sandbox runs here") && err.contains("start one with `doccheck sandbox`"), "{err}");

    // Somebody who is there and does not answer just now is not forgotten.
    let closed = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let note = home.path().join("run/doccheck/sandboxes/1.json");
    std::fs::create_dir_all(note.parent().unwrap()).unwrap();
    std::fs::write(&note, json!({ "url": format!("http://{closed}"), "pid": std::process::id() }).to_string()).unwrap();
    assert_eq!(advance(&[]).0, Some(3));
    std::fs::remove_file(&note).unwrap();

    let killed = Sandbox::start(home.path(), &[]);
    assert_eq!(killed.end(Signal::KILL).0, None);
    assert_eq!(below(&home.path().join("run/doccheck/sandboxes")).len(), 2, "it had no time to clean up");
    let one = Sandbox::start(home.path(), &["--time", "virtual"]);
    assert_eq!(advance(&[]).0, Some(0));
    let left = below(&home.path().join("run/doccheck/sandboxes"));
    assert_eq!(left.len(), 2, "what the killed one left is gone: {left:?}");

    let two = Sandbox::start(home.path(), &["--time", "virtual"]);
    let (status, _, err) = advance(&[]);
    assert_eq!(status, Some(3));
    assert!(err.contains("2 sandboxes run here") && err.contains(&one.url) && err.contains(&two.url), "{err}");
    assert_eq!(advance(&["--at", &two.url]).0, Some(0));
    let now = |sandbox: &Sandbox| sandbox.describe()["now"].clone();
    assert_eq!((now(&one), now(&two)), (json!("2026-04-15T09:01:00.000Z"), json!("2026-04-15T09:01:00.000Z")));

    // Somebody who is no sandbox.
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let stranger = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]).unwrap();
        stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnope").unwrap();
    });
    let (status, _, err) = advance(&["--at", &url]);
    assert_eq!(status, Some(3));
    assert!(err.contains("what answers is no sandbox (404 Not Found)"), "{err}");
    stranger.join().unwrap();
}

#[test]
fn ports_and_hosts_that_are_none_are_told() {
    let home = home();
    let sandbox = |arguments: &[&str]| {
        let all = [&["sandbox"], arguments].concat();
        said(&doccheck(home.path(), &all).output().unwrap())
    };
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let (status, out, err) = sandbox(&["--port", &port.to_string()]);
    assert_eq!((status, out.as_str()), (Some(3), ""));
    assert!(err.contains(&format!("port {port} of 127.0.0.1 is taken")) && err.contains("name another port"), "{err}");
    let (status, _, err) = sandbox(&["--port", "0", "--host-map", "api.truto.on=0"]);
    assert_eq!(status, Some(2));
    assert!(
        err.contains("the sandbox serves no host `api.truto.on`") && err.contains("did you mean `api.truto.one`?"),
        "{err}"
    );
    let (status, _, err) = sandbox(&["--host-map", "api.truto.one"]);
    assert!(status == Some(2) && err.contains("write it as HOST=4011"), "{err}");
    let (status, _, err) = sandbox(&["--port", "0", "--config", "nowhere.toml"]);
    assert!(status == Some(2) && err.contains("nowhere.toml"), "{err}");
    for (wrong, told) in [
        ("hubspt:contacts=5", "there is no provider `hubspt`; there are hubspot, "),
        ("hubspot:contact=5", "hubspot has no invented records `contact`; there are companies, contacts, deals, notes"),
    ] {
        let (status, _, err) = sandbox(&["--port", "0", "--accounts", wrong]);
        assert!(status == Some(2) && err.contains(told) && !err.contains("statusCode"), "{err}");
    }
    std::fs::write(home.path().join("doccheck.toml"), "sandbox = false\n").unwrap();
    let (status, _, err) = sandbox(&["--port", "0"]);
    assert!(status == Some(2) && err.contains("the configuration leaves no host to serve"), "{err}");
    assert_eq!(below(&home.path().join("run")), Vec::<String>::new());
}

/// wiremock keeps every request with its fields for ever: 6,000 of 16 KiB each are 94 MiB.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_load() {
    const CLIENTS: usize = 4;
    const REQUESTS: usize = 1500;
    let home = home();
    let sandbox = Sandbox::start(home.path(), &["--time", "virtual"]);
    let peak = || -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", sandbox.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    let request = format!(
        "GET /{HOST}/crm/contacts?limit=1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         X-Tenant-ID: cust_12345\r\nX-Ballast: {}\r\n\r\n",
        sandbox.token(),
        "x".repeat(16 * 1024)
    );
    let before = peak();
    let statuses: Vec<u16> = thread::scope(|scope| {
        let client = || many(sandbox.url.strip_prefix("http://").unwrap(), &request, REQUESTS);
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    assert_eq!(statuses.len(), CLIENTS * REQUESTS);
    // No request is lost where the responder is changed: that would be answered with 404, or not at all.
    assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
    let grown = peak() - before;
    assert!(grown < 60 * 1024, "{grown} KiB more");
}

/// Sends a request again and again on one connection.
#[cfg(target_os = "linux")]
fn many(authority: &str, request: &str, count: usize) -> Vec<u16> {
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut one = || {
        stream.write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut length = 0;
        while line.trim() != "" {
            line.clear();
            reader.read_line(&mut line).unwrap();
            length = line.strip_prefix("content-length: ").map_or(length, |text| text.trim().parse().unwrap());
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).unwrap();
        status
    };
    (0..count).map(|_| one()).collect()
}

#[test]
fn one_step_of_the_clock_brings_all_the_tries_that_fall_into_it() {
    let home = home();
    let sandbox = Sandbox::start(home.path(), &["--time", "virtual"]);
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = receiver.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in receiver.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 8192]);
            let _ = stream.write_all(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    let bearer = format!("Bearer {}", sandbox.token());
    let fields = [("Authorization", bearer.as_str()), tenant(), ("Content-Type", "application/json")];
    let hook = json!({ "target_url": format!("http://127.0.0.1:{port}/"), "event_types": ["record:created"] });
    assert_eq!(sandbox.ask("POST", &format!("/{HOST}/webhook"), &fields, &hook.to_string()).status, 201);
    assert_eq!(sandbox.ask("POST", &format!("/{HOST}/crm/contacts"), &fields, r#"{"last_name": "Doe"}"#).status, 201);
    let tries = |count: usize| {
        for _ in 0..500 {
            let told = sandbox.control("GET", "/journal", &Value::Null).json();
            let entries = told["entries"].as_array().unwrap().iter();
            let tries: Vec<Value> = entries.filter(|entry| entry["kind"] == "webhook").cloned().collect();
            if tries.len() >= count {
                return tries;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("fewer than {count} tries: {}", sandbox.control("GET", "/journal", &Value::Null).body);
    };
    tries(1);
    sandbox.control("POST", "/advance", &json!({ "by": "2m" }));
    let told = tries(4);
    let attempts: Vec<_> = told.iter().map(|entry| entry["attempt"].as_u64().unwrap()).collect();
    assert_eq!(attempts, [1, 2, 3, 4]);
}

#[test]
fn who_asks_may_stand_in_the_url_of_a_receiver() {
    let home = home();
    let sandbox = Sandbox::start(home.path(), &["--time", "virtual"]);
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = receiver.local_addr().unwrap().port();
    let bearer = format!("Bearer {}", sandbox.token());
    let fields = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let url = format!("http://us%20er:p%40ss@127.0.0.1:{port}/hooks");
    let hook = json!({ "target_url": url, "event_types": ["webhook:test"] });
    assert_eq!(sandbox.ask("POST", &format!("/{HOST}/webhook"), &fields, &hook.to_string()).status, 201);
    assert_eq!(sandbox.ask("POST", &format!("/{HOST}/webhook/test"), &fields, "").status, 200);
    let (mut stream, _) = receiver.accept().unwrap();
    let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    let has = |line: &str| head.iter().any(|field| field.eq_ignore_ascii_case(line));
    assert!(has("POST /hooks HTTP/1.1") && has(&format!("host: 127.0.0.1:{port}")), "{head:?}");
    assert!(has("authorization: Basic dXMgZXI6cEBzcw=="), "{head:?}");
}
