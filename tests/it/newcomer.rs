//! A repository of forty old pages that nobody wrote for doccheck goes from clone to a green job: by `init`, one edit,
//! and a list of what is stale today. Every command here stands in the README.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up shall fail")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use super::invocation::doccheck;

/// A package of the repository's own whose installer needs no other: it writes the wheel itself.
const SDK: [(&str, &str); 3] = [
    (
        "sdk/pyproject.toml",
        "[project]\nname = \"acme-sdk\"\nversion = \"1.0\"\n\n\
         [build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n",
    ),
    ("sdk/acme_sdk.py", "def greet(name):\n    return f\"hello, {name}\"\n"),
    ("sdk/backend.py", BACKEND),
];

const BACKEND: &str = r#"import os, zipfile

INFO = "acme_sdk-1.0.dist-info"

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = "acme_sdk-1.0-py3-none-any.whl"
    files = {
        "acme_sdk.pth": os.path.dirname(os.path.abspath(__file__)) + "\n",
        INFO + "/METADATA": "Metadata-Version: 2.1\nName: acme-sdk\nVersion: 1.0\n",
        INFO + "/WHEEL": "Wheel-Version: 1.0\nGenerator: acme\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, INFO + "/RECORD"])
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as wheel:
        for path, text in {**files, INFO + "/RECORD": record}.items():
            wheel.writestr(path, text)
    return name

build_editable = build_wheel
"#;

const PROGRAM: &str =
    "#!/bin/sh\ncase \"$1\" in\n  --version) echo 'acme 2.1.0' ;;\n  *) echo \"deployed $1\" ;;\nesac\n";

const SERVER: &str = r#"import http.server

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"ready": true}\n'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

http.server.HTTPServer(("127.0.0.1", 8321), Handler).serve_forever()
"#;

/// The one edit: where the program, the service and the staging API are. What else the pages need, `init` has found.
const EDIT: &str = r#"
[workspace]
files = ["server.py", "sdk/**"]
path = ["bin"]

[[service]]
run = "python3 server.py"
ready = "port:8321"

[network]
allow = ["STAGING"]
"#;

/// A page of the old repository: a program, a package, a service, the staging API, an API that nobody serves, and plain
/// code take turns. Every seventh page has not been true for a while.
fn page(number: usize, staging: &str) -> String {
    let (step, output) = match number % 8 {
        0 => ("```bash\nacme --version\n```".to_owned(), "acme 2.1.0".to_owned()),
        1 => ("```python\nfrom acme_sdk import greet\nprint(greet(\"Ada\"))\n```".to_owned(), "hello, Ada".to_owned()),
        2 => ("```bash\ncurl -s http://localhost:8321/health\n```".to_owned(), "{\"ready\": true}".to_owned()),
        3 => (format!("```bash\ncurl -s http://{staging}/status\n```"), "staging is up".to_owned()),
        4 => {
            let url = format!("https://api.acme.example/v1/users/{number}");
            let step = format!("```bash\ncurl -s {url} -H 'Authorization: Bearer <your_api_key>'\n```");
            (step, format!("{{\"id\": {number}, \"name\": \"Ada\"}}"))
        }
        5 => ("```console\n$ acme page\n```".to_owned(), "deployed page".to_owned()),
        6 => ("```python\nimport json\nprint(json.dumps({\"a\": 1}))\n```".to_owned(), "{\"a\": 1}".to_owned()),
        _ => ("```js\nconsole.log([1, 2].map((n) => n * 2));\n```".to_owned(), "[ 2, 4 ]".to_owned()),
    };
    let output = if number % 7 == 3 { format!("{output} (old)") } else { output };
    let install = if number == 1 { "```bash\npip install -e ./sdk\n```\n\n" } else { "" };
    format!("# Page {number}\n\n{install}{step}\n\nYou see:\n\n```\n{output}\n```\n")
}

/// The staging API: a real server outside of the pages' world, for as long as the test runs.
fn staging() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 4096]);
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 14\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(format!("{head}staging is up\n").as_bytes());
        }
    });
    address
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Exit status and output of a command as the README writes it.
fn run(root: &Path, command: &str) -> (Option<i32>, String) {
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&format!("$ {command}\n")), "the README does not name `{command}`");
    let arguments = command.split(' ').skip(1);
    let output = doccheck().args(arguments).current_dir(root).output().unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code(), told)
}

#[test]
fn forty_old_pages_are_green_after_one_edit() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let staging = staging();
    std::fs::create_dir(root.join(".git")).unwrap();
    for (path, text) in SDK.into_iter().chain([("bin/acme", PROGRAM), ("server.py", SERVER), ("mkdocs.yml", "")]) {
        write(root, path, text);
    }
    std::fs::set_permissions(root.join("bin/acme"), PermissionsExt::from_mode(0o755)).unwrap();
    for number in 0..40 {
        write(root, &format!("docs/page-{number:02}.md"), &page(number, &staging));
    }

    let (code, told) = run(root, "doccheck init");
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("40 of 40 pages have something to run\nthe site is made with MkDocs\n"), "{told}");
    assert!(told.contains("api.acme.example: 5 requests, answers were drafted from the pages\n"), "{told}");
    let config = std::fs::read_to_string(root.join("doccheck.toml")).unwrap();
    assert!(config.contains("packages = [\"-e ./sdk\"]"), "{config}");
    assert!(config.contains("\"<your_api_key>\" = \"example-api-key\""), "{config}");

    write(root, "doccheck.toml", &(config + &EDIT.replace("STAGING", &staging)));
    let (code, told) = run(root, "doccheck doctor");
    assert_eq!(code, Some(0), "{told}");
    let (code, told) = run(root, "doccheck run --baseline doccheck/known-stale.txt --update-baseline");
    assert_eq!(code, Some(0), "{told}");
    let listed = std::fs::read_to_string(root.join("doccheck/known-stale.txt")).unwrap();
    let listed: Vec<&str> = listed.lines().filter(|line| !line.starts_with('#')).collect();
    let stale = [3, 10, 17, 24, 31, 38].map(|number| format!("docs/page-{number:02}.md :: Page {number} / "));
    assert_eq!(listed.len(), stale.len(), "{listed:?}");
    assert!(listed.iter().zip(&stale).all(|(line, start)| line.starts_with(start)), "{listed:?}");

    // What the job runs, as `init` wrote it.
    let job = std::fs::read_to_string(root.join(".github/workflows/doccheck.yml")).unwrap();
    assert!(job.ends_with("run: doccheck run --baseline doccheck/known-stale.txt\n"), "{job}");
    let (code, told) = run(root, "doccheck run --baseline doccheck/known-stale.txt");
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("40 pages: 34 ok, 6 known stale"), "{told}");
    assert!(told.contains("drafted: 5 steps"), "{told}");

    // One change in the program makes new pages stale, and the old list does not hide them.
    write(root, "bin/acme", &PROGRAM.replace("2.1.0", "2.2.0"));
    let (code, told) = run(root, "doccheck run --baseline doccheck/known-stale.txt");
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("stale[output]") && told.contains("docs/page-00.md:"), "{told}");
    assert!(told.contains("4 stale, 6 known stale"), "{told}");
}

#[test]
fn what_a_page_installs_is_gone_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir(root.join(".git")).unwrap();
    for (path, text) in SDK {
        write(root, path, text);
    }
    write(root, "doccheck.toml", "[workspace]\nfiles = [\"sdk/**\"]\n");
    let install = "```bash\npip install --no-index ./sdk >log 2>&1 || cat log\n```\n\n";
    let code = "import acme_sdk, sys\nprint(acme_sdk.greet(\"Ada\"), sys.prefix != sys.base_prefix)";
    write(root, "a.md", &format!("{install}```python\n{code}\n```\n\n```\nhello, Ada True\n```\n"));
    let told = doccheck().args(["run", "a.md"]).current_dir(root).output().unwrap();
    assert_eq!(told.status.code(), Some(0), "{}", String::from_utf8_lossy(&told.stdout));
    let python = std::process::Command::new("python3").args(["-c", "import acme_sdk"]).output().unwrap();
    assert!(String::from_utf8_lossy(&python.stderr).contains("No module named"), "{python:?}");
}
