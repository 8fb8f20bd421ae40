//! Real clients against the wires: by the real host name, over TLS, without a line of them changed.

#![expect(clippy::unwrap_used, reason = "a test's helper fails the test")]

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use doccheck::http::{Headers, Request};
use doccheck::process::{ExitStatus, Launch, find_program};
use doccheck::sandbox::{Definition, World};
use doccheck::serve::{Network, Protocol, ServeError, Traffic};
use tempfile::TempDir;

const HOST: &str = "api.truto.one";
const TIMEOUT: Duration = Duration::from_secs(20);

/// How long a step may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const SUCCESS: Option<ExitStatus> = Some(ExitStatus::Code(0));

/// A network with an open world, and its folder.
struct Wires {
    network: Network,
    folder: TempDir,
}

impl Wires {
    fn start(allow: &[String]) -> Self {
        // A folder with a blank: paths in variables must survive it.
        let folder = tempfile::Builder::new().prefix("doccheck wires ").tempdir().unwrap();
        let network = Network::start(folder.path(), allow).unwrap();
        network.open(world()).unwrap();
        Self { network, folder }
    }

    /// Runs `program` as a step: in a crew of the network, with its variables and nothing else but a path.
    fn step(&self, program: &str, args: &[&str]) -> Seen {
        let crew = self.network.crew().unwrap();
        let path = std::env::var("PATH").unwrap();
        let home = self.folder.path().display().to_string();
        let mut env = self.network.environment();
        env.extend([("PATH".to_owned(), path.clone()), ("HOME".to_owned(), home)]);
        let (mut stdout, mut stderr) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        self.network.begin_step(&[]);
        let launch = Launch {
            program: find_program(program, &path).unwrap(),
            args: args.iter().map(Into::into).collect(),
            cwd: self.folder.path().to_owned(),
            env,
            stdin: None,
            stdout: stdout.try_clone().unwrap(),
            stderr: stderr.try_clone().unwrap(),
            descriptors: Vec::new(),
            memory: None,
        };
        let ended = crew.launch(launch).unwrap().wait_until(Instant::now() + PATIENCE).unwrap();
        let read = |file: &mut File| {
            let mut text = String::new();
            file.rewind().unwrap();
            file.read_to_string(&mut text).unwrap();
            text
        };
        let (out, err) = (read(&mut stdout), read(&mut stderr));
        Seen { ended, out, err, traffic: self.network.end_step() }
    }

    fn python(&self, code: &str) -> Seen {
        self.step("python3", &["-c", code])
    }

    fn node(&self, code: &str) -> Seen {
        self.step("node", &["--input-type=module", "-e", code])
    }
}

/// What a step showed.
#[derive(Debug)]
struct Seen {
    ended: Option<ExitStatus>,
    out: String,
    err: String,
    traffic: Traffic,
}

impl Seen {
    /// The URLs that the sandbox was asked for.
    fn urls(&self) -> Vec<&str> {
        self.traffic.exchanges.iter().map(|exchange| exchange.url.as_str()).collect()
    }

    fn refused(&self) -> Vec<&str> {
        self.traffic.refusals.iter().map(|refusal| refusal.host.as_str()).collect()
    }
}

fn world() -> World {
    World::new(Arc::new(Definition::embedded().unwrap()), None)
}

fn get(url: &str) -> Request {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (host, path) = rest.split_at(rest.find('/').unwrap());
    Request {
        method: "GET".into(),
        scheme: scheme.into(),
        host: host.into(),
        path: path.into(),
        query: String::new(),
        headers: Headers::new(),
        body: Vec::new(),
    }
}

#[test]
fn curl_speaks_http_2_over_tls() {
    let wires = Wires::start(&[]);
    let seen = wires.step("curl", &["-i", "https://api.truto.one/nothing/here?a=b%20c"]);
    assert_eq!(seen.ended, SUCCESS, "{seen:?}");
    assert!(seen.out.starts_with("HTTP/2 "), "{}", seen.out);
    assert_eq!(seen.err, "");
    assert_eq!(seen.urls(), ["https://api.truto.one/nothing/here?a=b%20c"]);
    let exchange = &seen.traffic.exchanges[0];
    assert!(exchange.request_headers.iter().all(|(name, _)| !name.starts_with("doccheck")), "{exchange:?}");
    assert_eq!(exchange.request_headers.iter().find(|(name, _)| name == "host").unwrap().1, HOST);
    assert!(seen.out.ends_with(&exchange.reply_body), "{seen:?}");
}

#[test]
fn curl_speaks_http_1_and_plain_http_too() {
    let wires = Wires::start(&[]);
    let seen = wires.step("curl", &["-i", "--http1.1", "https://api.truto.one/x"]);
    assert!(seen.out.starts_with("HTTP/1.1 "), "{}", seen.out);
    let seen = wires.step("curl", &["-s", "-d", "{\"a\": 1}", "http://api.truto.one/x"]);
    assert_eq!(seen.urls(), ["http://api.truto.one/x"]);
    assert_eq!(seen.traffic.exchanges[0].request_body, "{\"a\": 1}");
    assert_eq!(seen.traffic.exchanges[0].method, "POST");
}

#[test]
fn answers_are_dated_by_the_clock_of_the_world() {
    let wires = Wires::start(&[]);
    let day = world().start().http_date()[..16].to_owned();
    let seen = wires.step("curl", &["-i", "https://api.truto.one/x"]);
    let date = seen.out.lines().find_map(|line| line.strip_prefix("date: ")).unwrap().to_owned();
    assert!(date.starts_with(&day), "{date} is not on {day}");
    assert_eq!(seen.out.matches("\ndate: ").count(), 1);
}

#[test]
fn python_reaches_the_sandbox_with_a_proxy_and_without() {
    let wires = Wires::start(&[]);
    let seen = wires.python(
        "import http.client, urllib.request\n\
         for open in (urllib.request.urlopen, urllib.request.build_opener(urllib.request.ProxyHandler({})).open):\n\
         \x20   try: open('https://api.truto.one/urllib').status\n\
         \x20   except urllib.error.HTTPError: pass\n\
         c = http.client.HTTPSConnection('api.truto.one'); c.request('GET', '/tls'); c.getresponse()\n\
         c = http.client.HTTPConnection('api.truto.one'); c.request('GET', '/plain'); c.getresponse()\n",
    );
    assert_eq!(seen.err, "");
    let expected = ["https://api.truto.one/urllib"; 2];
    assert_eq!(seen.urls()[..2], expected);
    assert_eq!(seen.urls()[2..], ["https://api.truto.one/tls", "http://api.truto.one/plain"]);
    assert_eq!(seen.refused(), Vec::<&str>::new());
}

#[test]
fn asyncio_reaches_the_sandbox() {
    let wires = Wires::start(&[]);
    let seen = wires.python(
        "import asyncio\n\
         async def main():\n\
         \x20   r, w = await asyncio.open_connection('api.truto.one', 443, ssl=True)\n\
         \x20   w.write(b'GET /streams HTTP/1.1\\r\\nHost: api.truto.one\\r\\nConnection: close\\r\\n\\r\\n')\n\
         \x20   print((await r.read()).split(b' ')[0].decode())\n\
         asyncio.run(main())\n",
    );
    assert_eq!((seen.out.as_str(), seen.err.as_str()), ("HTTP/1.1\n", ""));
    assert_eq!(seen.urls(), ["https://api.truto.one/streams"]);
}

#[test]
fn the_hook_loads_nothing_that_the_program_does_not() {
    let wires = Wires::start(&[]);
    let seen = wires.python("import sys; print([name for name in ('socket', 'ssl', 'json') if name in sys.modules])");
    assert_eq!(seen.out, "[]\n");
}

#[test]
fn a_python_that_cannot_be_guarded_does_not_run() {
    let wires = Wires::start(&[]);
    // A module of the page that hides the one which the hook has to change.
    std::fs::write(wires.folder.path().join("socket.py"), "").unwrap();
    let seen = wires.python("import socket; print('unguarded')");
    assert_eq!((seen.ended, seen.out.as_str()), (Some(ExitStatus::Code(97)), ""), "{seen:?}");
    assert!(seen.err.starts_with("doccheck: cannot guard this interpreter: "), "{seen:?}");
}

#[test]
fn another_sitecustomize_still_runs() {
    let wires = Wires::start(&[]);
    std::fs::write(wires.folder.path().join("sitecustomize.py"), "print('the next one')\n").unwrap();
    let path = format!("PYTHONPATH=\"$PYTHONPATH:{}\"", wires.folder.path().display());
    let seen = wires.step("sh", &["-c", &format!("{path} python3 -c 'import sys; print(sys._doccheck)'")]);
    assert_eq!((seen.out.as_str(), seen.err.as_str()), ("the next one\nTrue\n", ""));
}

#[test]
fn node_reaches_the_sandbox() {
    let wires = Wires::start(&[]);
    let seen = wires.node(
        "import https from 'node:https'; import http2 from 'node:http2'; import { lookup } from 'node:dns/promises'\n\
         await (await fetch('https://api.truto.one/fetch', { method: 'POST', body: '{}' })).text()\n\
         await new Promise((done, failed) => https.get('https://api.truto.one/https', r => r.resume().on('end', done)).on('error', failed))\n\
         const session = http2.connect('https://api.truto.one')\n\
         await new Promise((done, failed) => session.request({ ':path': '/http2' }).on('error', failed).on('end', done).resume())\n\
         session.close()\n\
         console.log((await lookup('api.truto.one')).family)\n",
    );
    assert_eq!((seen.out.as_str(), seen.err.as_str()), ("4\n", ""));
    let expected = ["https://api.truto.one/fetch", "https://api.truto.one/https", "https://api.truto.one/http2"];
    assert_eq!(seen.urls(), expected);
}

#[test]
fn curl_is_refused_by_name_and_the_step_knows() {
    let wires = Wires::start(&[]);
    let seen = wires.step("curl", &["-sS", "-o", "/dev/null", "-w", "%{http_connect}", "https://elsewhere.example/x"]);
    assert_eq!((seen.ended, seen.out.as_str()), (Some(ExitStatus::Code(56)), "403"), "{seen:?}");
    assert_eq!(seen.refused(), ["elsewhere.example"]);
    let seen = wires.step("curl", &["-i", "http://elsewhere.example:8080/x"]);
    assert!(seen.out.starts_with("HTTP/1.1 403 no sandbox serves host elsewhere.example:8080\r\n"), "{}", seen.out);
    assert_eq!(seen.refused(), ["elsewhere.example:8080"]);
    assert_eq!(seen.urls(), Vec::<&str>::new());
    // The next step does not answer for it.
    assert_eq!(wires.step("true", &[]).refused(), Vec::<&str>::new());
}

#[test]
fn python_is_refused_by_name_before_any_look_up() {
    let wires = Wires::start(&[]);
    let seen = wires.python(
        "import http.client, socket, urllib.request\n\
         def attempt(call):\n\
         \x20   try: call()\n\
         \x20   except OSError as error: print(str(getattr(error, 'reason', error)).split('] ')[-1])\n\
         attempt(lambda: urllib.request.urlopen('https://one.example/'))\n\
         attempt(lambda: http.client.HTTPSConnection('two.example').request('GET', '/'))\n\
         attempt(lambda: socket.create_connection(('93.184.216.34', 25)))\n\
         attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53)))\n\
         attempt(lambda: socket.create_connection(('api.truto.one', 8443)))\n\
         print(socket.socket().connect_ex(('three.example', 443)) != 0)\n",
    );
    assert_eq!(
        seen.out,
        "Tunnel connection failed: 403 no sandbox serves host one.example\n\
         no sandbox serves host two.example\n\
         no sandbox serves host 93.184.216.34:25\n\
         no sandbox serves host 192.0.2.1:53\n\
         no sandbox serves host api.truto.one:8443\n\
         True\n",
        "{}",
        seen.err
    );
    let refused: BTreeSet<&str> = seen.refused().into_iter().collect();
    let expected =
        ["one.example", "two.example", "three.example", "93.184.216.34:25", "192.0.2.1:53", "api.truto.one:8443"];
    assert_eq!(refused, expected.into());
}

#[test]
fn node_is_refused_by_name_before_any_look_up() {
    let wires = Wires::start(&[]);
    let seen = wires.node(
        "import net from 'node:net'; import { lookup } from 'node:dns/promises'\n\
         await fetch('https://one.example/').catch(error => console.log(error.cause.message))\n\
         await new Promise(done => net.connect(25, '93.184.216.34').on('error', error => done(console.log(error.message))))\n\
         await lookup('two.example').catch(error => console.log(error.code))\n",
    );
    assert_eq!(
        seen.out, "no sandbox serves host one.example\nno sandbox serves host 93.184.216.34:25\nENOTFOUND\n",
        "{}",
        seen.err
    );
    assert_eq!(seen.refused(), ["93.184.216.34:25", "one.example", "two.example"]);
}

#[test]
fn a_refusal_counts_whatever_the_exit_status() {
    let wires = Wires::start(&[]);
    let seen = wires
        .step("sh", &["-c", "curl -s https://elsewhere.example/ || true; curl -s https://elsewhere.example/y || true"]);
    assert_eq!(seen.ended, SUCCESS);
    assert_eq!(seen.refused(), ["elsewhere.example"]);
}

#[test]
fn a_page_reaches_its_own_services() {
    let wires = Wires::start(&[]);
    let code = "import http.server, subprocess, sys, threading\n\
        class Hello(http.server.BaseHTTPRequestHandler):\n\
        \x20   def do_GET(self): self.send_response(200); self.end_headers(); self.wfile.write(b'hello\\n')\n\
        \x20   def log_message(self, *args): pass\n\
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Hello)\n\
        threading.Thread(target=server.serve_forever, daemon=True).start()\n\
        url = f'http://localhost:{server.server_port}/'\n\
        import urllib.request\n\
        print(urllib.request.urlopen(url).read().decode(), end='')\n\
        print(subprocess.run(['curl', '-s', url], capture_output=True, text=True).stdout, end='')\n\
        print(subprocess.run(['curl', '-s', '--noproxy', '', '-x', sys.argv[1], url], capture_output=True, text=True).stdout, end='')\n\
        fetch = 'fetch(process.argv[1]).then(r => r.text()).then(t => process.stdout.write(t))'\n\
        print(subprocess.run(['node', '-e', fetch, url], capture_output=True, text=True).stdout, end='')\n";
    let variables = wires.network.environment();
    let proxy = &variables.iter().find(|(name, _)| name == "HTTP_PROXY").unwrap().1;
    let seen = wires.step("python3", &["-c", code, proxy]);
    assert_eq!((seen.out.as_str(), seen.err.as_str()), ("hello\nhello\nhello\nhello\n", ""));
    assert_eq!((seen.urls().len(), seen.refused().len()), (0, 0));
}

#[test]
fn many_requests_at_once_are_all_answered_and_kept_within_bounds() {
    let wires = Wires::start(&[]);
    let seen = wires.node(
        "for (let round = 0; round < 11; round++)\n\
         \x20 await Promise.all(Array.from({ length: 100 }, async (_, n) => (await fetch(`https://api.truto.one/${round}/${n}`, \
         { method: 'POST', body: 'x'.repeat(20000) })).text()))\n\
         console.log('done')\n",
    );
    assert_eq!((seen.out.as_str(), seen.err.as_str()), ("done\n", ""));
    assert_eq!((seen.traffic.exchanges.len(), seen.traffic.omitted), (1000, 100));
    assert!(seen.traffic.exchanges.iter().all(|exchange| exchange.request_body.len() == 16 * 1024));
    let distinct: BTreeSet<&str> = seen.urls().into_iter().collect();
    assert_eq!(distinct.len(), 1000);
}

#[test]
fn one_page_leaves_nothing_to_the_next() {
    let wires = Wires::start(&[]);
    wires.network.begin_step(&[]);
    wires.network.send(get("https://api.truto.one/first"), Protocol::Http1, TIMEOUT).unwrap();
    assert!(wires.network.send(get("https://elsewhere.example/"), Protocol::Http1, TIMEOUT).is_err());
    wires.network.open(world()).unwrap();
    assert_eq!(wires.network.end_step(), Traffic::default());
    wires.network.begin_step(&[]);
    wires.network.send(get("https://api.truto.one/second"), Protocol::Http1, TIMEOUT).unwrap();
    let urls: Vec<_> = wires.network.end_step().exchanges.into_iter().map(|exchange| exchange.url).collect();
    assert_eq!(urls, ["https://api.truto.one/second"]);
}

#[test]
fn a_refusal_between_two_steps_is_the_next_ones() {
    let wires = Wires::start(&[]);
    assert!(wires.network.send(get("https://elsewhere.example/"), Protocol::Http1, TIMEOUT).is_err());
    wires.network.send(get("https://api.truto.one/between"), Protocol::Http1, TIMEOUT).unwrap();
    let seen = wires.step("true", &[]);
    assert_eq!((seen.refused(), seen.urls()), (vec!["elsewhere.example"], vec![]));
}

#[test]
fn sends_natively_in_both_versions() {
    let wires = Wires::start(&[]);
    wires.network.begin_step(&[]);
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let mut request = get("https://api.truto.one/native");
        request.method = "PUT".into();
        request.headers.push("X-One", "1");
        request.body = b"{}".to_vec();
        let reply = wires.network.send(request, protocol, TIMEOUT).unwrap();
        assert!(reply.headers.get("date").is_some());
    }
    let traffic = wires.network.end_step();
    assert_eq!(traffic.exchanges.len(), 2);
    for exchange in &traffic.exchanges {
        assert_eq!((exchange.method.as_str(), exchange.request_body.as_str()), ("PUT", "{}"));
        assert!(exchange.request_headers.contains(&("x-one".into(), "1".into())));
    }
}

#[test]
fn tells_why_a_native_request_got_no_answer() {
    let wires = Wires::start(&[]);
    wires.network.begin_step(&[]);
    let error = wires.network.send(get("https://elsewhere.example/"), Protocol::Http1, TIMEOUT).unwrap_err();
    assert_eq!(error.to_string(), "no sandbox serves host elsewhere.example");
    assert_eq!(wires.network.end_step().refusals[0].host, "elsewhere.example");

    let error = wires.network.send(get("http://localhost:9/"), Protocol::Http1, TIMEOUT).unwrap_err();
    assert_eq!(error.to_string(), "cannot reach localhost:9: nobody answers there");
}

#[test]
fn a_native_request_has_a_time_limit() {
    // A service that takes the connection and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let wires = Wires::start(&[address.to_string()]);
    let url = format!("http://localhost:{}/", address.port());
    let error = wires.network.send(get(&url), Protocol::Http1, Duration::from_millis(50)).unwrap_err();
    assert!(matches!(error, ServeError::TimedOut(_)), "{error}");
}

/// A service of the machine, outside: answers `requests` requests with the text `real`.
fn real_service(requests: usize) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let served = std::thread::spawn(move || {
        for _ in 0..requests {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let read = stream.read(&mut request).unwrap();
            assert!(String::from_utf8_lossy(&request[..read]).starts_with("GET /real"));
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nreal\n").unwrap();
        }
    });
    (address, served)
}

#[test]
fn an_allowed_service_of_the_machine_is_reached_for_real() {
    let (address, served) = real_service(3);
    let wires = Wires::start(&[address.to_string()]);
    let url = format!("http://{address}/real");
    let seen = wires.step("curl", &["-s", &url]);
    assert_eq!((seen.out.as_str(), seen.refused().len()), ("real\n", 0), "{seen:?}");
    let seen = wires.python(&format!("import urllib.request; print(urllib.request.urlopen('{url}').read())"));
    assert_eq!((seen.out.as_str(), seen.refused().len()), ("b'real\\n'\n", 0), "{seen:?}");
    let reply = wires.network.send(get(&url), Protocol::Http1, TIMEOUT).unwrap();
    assert_eq!(reply.body, b"real\n");
    served.join().unwrap();
}

#[test]
fn a_service_of_the_machine_is_out_of_reach() {
    let wires = Wires::start(&[]);
    if !wires.network.is_contained() {
        return;
    }
    let service = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", service.local_addr().unwrap());
    let seen = wires.step("curl", &["-s", &url]);
    assert_eq!(seen.ended, Some(ExitStatus::Code(7)), "{seen:?}");
}

#[test]
fn a_native_request_reaches_the_pages_own_service() {
    let wires = Wires::start(&[]);
    let code = "import http.server, sys\n\
        class Hello(http.server.BaseHTTPRequestHandler):\n\
        \x20   def do_GET(self): self.send_response(200); self.end_headers(); self.wfile.write(b'hello')\n\
        \x20   def log_message(self, *args): pass\n\
        server = http.server.HTTPServer(('127.0.0.1', 0), Hello)\n\
        print(server.server_port, flush=True)\n\
        server.handle_request()\n";
    let crew = wires.network.crew().unwrap();
    let path = std::env::var("PATH").unwrap();
    let (mut printed, writer) = std::io::pipe().unwrap();
    let service = crew
        .launch(Launch {
            program: find_program("python3", &path).unwrap(),
            args: vec!["-c".into(), code.into()],
            cwd: wires.folder.path().to_owned(),
            env: vec![("PATH".into(), path)],
            stdin: None,
            stdout: File::from(std::os::fd::OwnedFd::from(writer)),
            stderr: tempfile::tempfile().unwrap(),
            descriptors: Vec::new(),
            memory: None,
        })
        .unwrap();
    let mut port = [0; 16];
    let length = printed.read(&mut port).unwrap();
    let port = std::str::from_utf8(&port[..length]).unwrap().trim();
    let reply = wires.network.send(get(&format!("http://localhost:{port}/")), Protocol::Http1, TIMEOUT).unwrap();
    assert_eq!((reply.status, reply.body.as_slice()), (200, b"hello".as_slice()));
    assert_eq!(service.wait_until(Instant::now() + PATIENCE).unwrap(), SUCCESS);
}

#[test]
fn who_heeds_neither_proxy_nor_hook_is_led_to_the_sandbox() {
    let wires = Wires::start(&[]);
    if !wires.network.is_contained() {
        return;
    }
    let seen = wires.step("curl", &["-s", "--noproxy", "*", "https://api.truto.one/tls", "http://api.truto.one/plain"]);
    assert_eq!(seen.ended, SUCCESS, "{seen:?}");
    assert_eq!(seen.urls(), ["https://api.truto.one/tls", "http://api.truto.one/plain"]);
    assert_eq!(seen.refused(), Vec::<&str>::new());
}

#[test]
fn who_heeds_neither_proxy_nor_hook_does_not_leave() {
    let wires = Wires::start(&[]);
    if !wires.network.is_contained() {
        return;
    }
    let curl = |url: &str| wires.step("curl", &["-sk", "--noproxy", "*", url]);
    let seen = curl("https://elsewhere.example/");
    assert_eq!((seen.ended, seen.refused()), (Some(ExitStatus::Code(6)), vec!["elsewhere.example"]), "{seen:?}");
    let seen = curl("https://192.0.2.1/");
    assert_eq!((seen.ended, seen.refused()), (Some(ExitStatus::Code(35)), vec!["192.0.2.1"]), "{seen:?}");
    let seen = curl("http://192.0.2.1/");
    assert_eq!(seen.refused(), vec!["192.0.2.1"], "{seen:?}");
    assert!(seen.out.contains("no sandbox serves host 192.0.2.1"), "{seen:?}");
    let seen = curl("http://192.0.2.1:8080/");
    assert_eq!(seen.ended, Some(ExitStatus::Code(7)), "{seen:?}");
    let seen = wires.step(
        "curl",
        &["-sk", "--noproxy", "*", "--connect-to", "elsewhere.example:443:192.0.2.1:443", "https://elsewhere.example/"],
    );
    assert_eq!(seen.refused(), vec!["elsewhere.example"], "{seen:?}");
}

#[test]
fn rejects_a_wrong_allow_entry() {
    let folder = tempfile::tempdir().unwrap();
    let error = Network::start(folder.path(), &["https://example.com/".into()]).unwrap_err();
    assert!(error.to_string().contains("`https://example.com/`"), "{error}");
}

#[test]
fn keys_stay_in_memory() {
    let wires = Wires::start(&[]);
    wires.step("curl", &["-s", "https://api.truto.one/x"]);
    let mut seen = 0;
    for entry in walkdir::WalkDir::new(wires.folder.path()).into_iter().filter_map(Result::ok) {
        if entry.file_type().is_file() {
            seen += 1;
            let text = std::fs::read(entry.path()).unwrap();
            assert!(!String::from_utf8_lossy(&text).contains("PRIVATE KEY"), "{}", entry.path().display());
        }
    }
    assert!(seen >= 5 && Path::new(&wires.folder.path().join("ca.pem")).exists());
}
