//! What `doccheck sandbox` gives under load, against Prism, which serves a static page of the same size, in one run.
//!
//! `cargo bench --bench sandbox` prints a table. The limits of the API would answer 429 at such rates, so it runs on a
//! copy of the sandbox's data in which they are out of reach; all else is as it is. Nothing is asserted about time; what
//! is asserted is that there is something to measure.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a measuring program starts what it measures, prints, and ends where it cannot measure"
)]

mod bench;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// The connections that ask at once, each from a thread of its own.
const CONNECTIONS: usize = 4;
/// The requests of a measurement before it begins.
const WARM_UP: usize = 1_000;
/// The requests after which memory is looked at, warm-ups included.
const REQUESTS: usize = 400_000;
/// The requests to Prism.
const STATIC_PAGES: usize = 5_000;
/// The account with many contacts.
const ACCOUNT: &str = "3a6f1d84-0b7c-4e29-9d5a-c81f2e7b4a60";
/// The budget of memory, in MiB.
const MEMORY: f64 = 60.0;

fn main() {
    bench::run(measure);
}

fn measure(folder: &Path) {
    let sandbox = Sandbox::start(folder);
    let (unified_token, native_token) = (sandbox.variable("TRUTO_API_KEY"), sandbox.variable("HUBSPOT_ACCESS_TOKEN"));
    let unified = sandbox.page(
        &format!("/api.truto.one/unified/crm/contacts?integrated_account_id={ACCOUNT}&limit=100"),
        &unified_token,
    );
    let native = "/api.hubapi.com/crm/v3/objects/contacts";
    let native_10 = sandbox.page(native, &native_token);
    let native_100 = sandbox.page(&format!("{native}?limit=100"), &native_token);

    println!("{:<44} {:>10} {:>12} {:>12} {:>8}", "", "a page", "a second", "budget", "errors");
    let page = unified.ask();
    let unified_rate = told("unified list of 100, with remote_data", &unified, 100_000, Some(2_500.0));
    told("native list of 100", &native_100, 50_000, None);
    told("native list of 10, the default", &native_10, REQUESTS - 150_000, Some(10_000.0));
    let memory = memory(&sandbox.child);
    let within = if memory <= MEMORY { "within" } else { "OVER" };
    println!("memory after {REQUESTS} requests: {memory:.1} MiB, budget {MEMORY:.1} MiB, {within}");
    drop(sandbox);

    match Prism::start(&folder.join("prism"), &page) {
        Ok((_prism, asked)) => {
            let rate = told("Prism, a static page of that size", &asked, STATIC_PAGES, None);
            println!("a unified page against Prism's static one: {:.1} times as many a second", unified_rate / rate);
        }
        Err(problem) => println!("Prism is not measured: {problem}"),
    }
}

/// Asks so many times and prints a line of the table; how many answers came in a second.
fn told(what: &str, asked: &Asked, requests: usize, budget: Option<f64>) -> f64 {
    let size = asked.ask().len();
    let warm = asked.ask_often(WARM_UP - 1);
    let start = Instant::now();
    let errors = warm + asked.ask_often(requests - WARM_UP);
    let rate = count(requests - WARM_UP) / start.elapsed().as_secs_f64();
    let (budget, within) = match budget {
        Some(budget) => (format!("{budget:.0}"), if rate >= budget { "within" } else { "UNDER" }),
        None => (String::new(), ""),
    };
    println!("{what:<44} {:>7.1} KB {rate:>12.0} {budget:>12} {errors:>8} {within}", count(size) / 1000.0);
    rate
}

/// One request, again and again.
struct Asked {
    port: u16,
    /// As it goes over the wire.
    request: String,
}

impl Asked {
    fn new(port: u16, path: &str, token: &str) -> Self {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\nAccept: */*\r\n\r\n"
        );
        Self { port, request }
    }

    /// The body of the answer, which must be a good one.
    fn ask(&self) -> Vec<u8> {
        let mut connection = Connection::open(self.port);
        let is_good = connection.ask(&self.request);
        assert!(is_good, "{}", String::from_utf8_lossy(&connection.buffer));
        connection.buffer.split_off(connection.head)
    }

    /// Asks from all connections; how many answers were not good or of another size than the first.
    fn ask_often(&self, requests: usize) -> usize {
        let size = self.ask().len();
        thread::scope(|scope| {
            let threads: Vec<_> = (0..CONNECTIONS)
                .map(|at| {
                    let share = requests / CONNECTIONS + usize::from(at < requests % CONNECTIONS);
                    scope.spawn(move || {
                        let mut connection = Connection::open(self.port);
                        let is_good = |connection: &mut Connection| {
                            connection.ask(&self.request) && connection.buffer.len() - connection.head == size
                        };
                        (0..share).filter(|_| !is_good(&mut connection)).count()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        })
    }
}

/// A connection that is kept, with the last answer.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Where the body begins.
    head: usize,
}

impl Connection {
    fn open(port: u16) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: Vec::new(), head: 0 }
    }

    /// Reads one answer; true where its status is 200.
    fn ask(&mut self, request: &str) -> bool {
        self.stream.write_all(request.as_bytes()).unwrap();
        self.buffer.clear();
        let mut wanted = usize::MAX;
        let mut read = [0; 64 * 1024];
        while self.buffer.len() < wanted {
            let count = self.stream.read(&mut read).unwrap();
            assert!(count > 0, "the connection was closed: {}", String::from_utf8_lossy(&self.buffer));
            self.buffer.extend_from_slice(&read[..count]);
            if wanted == usize::MAX
                && let Some(end) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n")
            {
                self.head = end + 4;
                let head = String::from_utf8_lossy(&self.buffer[..end]).to_ascii_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
                wanted =
                    self.head + length.unwrap_or_else(|| panic!("no length: {head}")).trim().parse::<usize>().unwrap();
            }
        }
        self.buffer.starts_with(b"HTTP/1.1 200 ")
    }
}

/// The program that is measured. It ends with this.
struct Sandbox {
    child: Child,
    port: u16,
    /// What it printed.
    greeting: String,
}

impl Sandbox {
    fn start(folder: &Path) -> Self {
        copy_without_limits(&Path::new(env!("CARGO_MANIFEST_DIR")).join("sandbox"), &folder.join("sandbox"));
        fs::write(folder.join("doccheck.toml"), "[sandbox]\ndir = \"sandbox\"\n").unwrap();
        let mut command = bench::command(env!("CARGO_BIN_EXE_doccheck"), folder);
        command
            .args(["sandbox", "--port", "0", "--config", "doccheck.toml"])
            .env("XDG_RUNTIME_DIR", folder.join("run"));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut greeting = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        // The last line.
        while !greeting.contains("NODE_EXTRA_CA_CERTS") {
            assert!(lines.read_line(&mut greeting).unwrap() > 0, "the sandbox did not start: {greeting}");
        }
        let port = greeting.split("http://127.0.0.1:").nth(1).and_then(|rest| rest.split(';').next());
        Self { child, port: port.unwrap().parse().unwrap(), greeting }
    }

    /// The value of a variable that it told.
    fn variable(&self, name: &str) -> String {
        let export = format!("export {name}=");
        let value = self.greeting.lines().find_map(|line| line.trim().strip_prefix(&export));
        value.unwrap_or_else(|| panic!("{name} is not told in\n{}", self.greeting)).to_owned()
    }

    fn page(&self, path: &str, token: &str) -> Asked {
        Asked::new(self.port, path, token)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// A copy of the sandbox's data in which no limit is reached.
fn copy_without_limits(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy_without_limits(&from, &to);
            continue;
        }
        let text = fs::read_to_string(&from).unwrap();
        let lines =
            text.lines().map(|line| if line.starts_with("requests = ") { "requests = 1_000_000_000" } else { line });
        fs::write(to, lines.map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    }
}

/// The server of static pages that is compared with. It ends with this.
struct Prism(Child);

impl Prism {
    /// Installs it from npm and lets it serve `page`; what is in the way where that is not possible.
    fn start(folder: &Path, page: &[u8]) -> Result<(Self, Asked), String> {
        fs::create_dir(folder).unwrap();
        let example: Value = serde_json::from_slice(page).unwrap();
        let content = json!({ "application/json": { "example": example } });
        let get = json!({ "responses": { "200": { "description": "a page", "content": content } } });
        let paths = json!({ "/page": { "get": get } });
        let api = json!({ "openapi": "3.0.3", "info": { "title": "a page", "version": "1" }, "paths": paths });
        fs::write(folder.join("api.json"), api.to_string()).unwrap();

        let log = File::create(folder.join("npm.log")).unwrap();
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--prefix", ".", "@stoplight/prism-cli@5"]);
        npm.current_dir(folder).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        match npm.status() {
            Ok(status) if status.success() => {}
            Ok(status) => {
                let log = fs::read_to_string(folder.join("npm.log")).unwrap_or_default();
                let last = log.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
                return Err(format!("`npm install @stoplight/prism-cli@5` ended with {status}: {last}"));
            }
            Err(error) => return Err(format!("cannot start npm: {error}")),
        }

        // Prism wants to be told a port.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let log = File::create(folder.join("prism.log")).unwrap();
        let mut command = Command::new("node");
        command.args(["node_modules/@stoplight/prism-cli/dist/index.js", "mock", "--host", "127.0.0.1", "--port"]);
        command.arg(port.to_string()).args(["--verboseLevel", "silent", "api.json"]);
        command.current_dir(folder).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let prism = Self(command.spawn().map_err(|error| format!("cannot start node: {error}"))?);
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if start.elapsed() > Duration::from_secs(30) {
                let log = fs::read_to_string(folder.join("prism.log")).unwrap_or_default();
                return Err(format!("it does not listen after 30 s: {}", log.lines().last().unwrap_or_default()));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok((prism, Asked::new(port, "/page", "none")))
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        end(&mut self.0);
    }
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// The resident memory of a program, in MiB.
fn memory(child: &Child) -> f64 {
    let output = Command::new("ps").args(["-o", "rss=", "-p", &child.id().to_string()]).output().unwrap();
    let kibibytes = String::from_utf8_lossy(&output.stdout).trim().parse::<u32>().unwrap();
    f64::from(kibibytes) / 1024.0
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}
