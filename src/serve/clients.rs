//! What brings unmodified clients to the front: variables, their configuration files, and the hooks for Python
//! and Node programs that heed no proxy.

#![expect(clippy::disallowed_methods, reason = "writes the files of the clients into the network's own folder")]

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::hosts::{Hosts, Target};
use crate::virtual_time;

/// Kept from the proxy: a page's own services.
const NO_PROXY: &str = "localhost,127.0.0.1,::1";

/// What Python loads before a program, and what that imports; the package only where the world has a clock of its own.
const PYTHON_HOOKS: [(&str, &str); 19] = [
    ("sitecustomize.py", include_str!("hooks/sitecustomize.py")),
    ("_doccheck_imports.py", include_str!("hooks/imports.py")),
    ("_doccheck_network.py", include_str!("hooks/network.py")),
    ("_doccheck_clock/__init__.py", include_str!("hooks/clock/__init__.py")),
    ("_doccheck_clock/arbiter.py", include_str!("hooks/clock/arbiter.py")),
    ("_doccheck_clock/beginning.py", include_str!("hooks/clock/beginning.py")),
    ("_doccheck_clock/chance.py", include_str!("hooks/clock/chance.py")),
    ("_doccheck_clock/errors.py", include_str!("hooks/clock/errors.py")),
    ("_doccheck_clock/locks.py", include_str!("hooks/clock/locks.py")),
    ("_doccheck_clock/loops.py", include_str!("hooks/clock/loops.py")),
    ("_doccheck_clock/processes.py", include_str!("hooks/clock/processes.py")),
    ("_doccheck_clock/reading.py", include_str!("hooks/clock/reading.py")),
    ("_doccheck_clock/replacing.py", include_str!("hooks/clock/replacing.py")),
    ("_doccheck_clock/selecting.py", include_str!("hooks/clock/selecting.py")),
    ("_doccheck_clock/servers.py", include_str!("hooks/clock/servers.py")),
    ("_doccheck_clock/signals.py", include_str!("hooks/clock/signals.py")),
    ("_doccheck_clock/sockets.py", include_str!("hooks/clock/sockets.py")),
    ("_doccheck_clock/times.py", include_str!("hooks/clock/times.py")),
    ("_doccheck_clock/traces.py", include_str!("hooks/clock/traces.py")),
];
const NODE_HOOK: &str = include_str!("hooks/preload.cjs");
/// What the hook for Node requires where the world has a clock of its own.
const NODE_CLOCK: [(&str, &str); 5] = [
    ("node/clock.cjs", include_str!("hooks/clock.cjs")),
    ("node/timers.cjs", include_str!("hooks/timers.cjs")),
    ("node/blocking.cjs", include_str!("hooks/blocking.cjs")),
    ("node/keeper.cjs", include_str!("hooks/keeper.cjs")),
    ("node/settling.cjs", include_str!("hooks/settling.cjs")),
];
/// What bash reads where there is no library.
const BASH_HOOK: &str = include_str!("hooks/clock.bash");
/// Jitter must be the same in every run, or every later time differs. bash expands the name of the file that it is to read
/// first, and is silent where there is none: `bash -v` would show the lines of one.
const BASH_SEED: &str = "/dev/null$((RANDOM=1))";
/// Empty where the build had no C compiler, and for systems other than Linux.
const CLOCK_LIBRARY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/clock.so"));

/// The ports of the front on 127.0.0.1.
#[derive(Debug, Default)]
pub(super) struct Ports {
    /// For clients that take a proxy.
    pub(super) proxy: u16,
    /// Where the hooks lead connections to port 443.
    pub(super) tls: u16,
    /// Where the hooks lead connections to port 80.
    pub(super) plain: u16,
    /// Where the hooks lead connections to allowed hosts.
    pub(super) relays: BTreeMap<Target, u16>,
}

/// The folder with everything that clients read.
#[derive(Debug)]
pub(super) struct Clients {
    folder: PathBuf,
    ports: Ports,
    /// The bytes of the hooks' list of refusals that were read already.
    taken: Mutex<usize>,
}

impl Clients {
    /// Writes the files that stay the same for the whole run. `bundle`: the certificates that clients are to trust.
    pub(super) fn write(folder: &Path, ports: Ports, bundle: &str) -> io::Result<Self> {
        let clients = Self { folder: folder.to_path_buf(), ports, taken: Mutex::default() };
        std::fs::create_dir_all(folder.join("python/_doccheck_clock"))?;
        std::fs::create_dir_all(folder.join("node"))?;
        std::fs::write(clients.ca(), bundle)?;
        std::fs::write(folder.join("node/preload.cjs"), NODE_HOOK)?;
        for (name, text) in PYTHON_HOOKS {
            std::fs::write(folder.join("python").join(name), text)?;
        }
        for (name, text) in NODE_CLOCK {
            std::fs::write(folder.join(name), text)?;
        }
        match clients.clock_library() {
            Ok(library) => {
                std::fs::create_dir_all(folder.join("lib"))?;
                std::fs::write(library, CLOCK_LIBRARY)?;
            }
            Err(_) => std::fs::write(clients.bash_hook(), BASH_HOOK)?,
        }
        // What a reader's terminal does not show is kept out of the output: curl prints its progress meter only
        // where its output is no terminal, and the proxy's answer only where there is a proxy.
        std::fs::write(folder.join(".curlrc"), "no-progress-meter\nsuppress-connect-headers\n")?;
        std::fs::write(folder.join("wgetrc"), format!("ca_certificate = {}\n", clients.ca().display()))?;
        Ok(clients)
    }

    /// Tells the hooks who is served (host, the address that stands for it, port, the port here), for the processes that start from now on, and empties the list of
    /// what they refused.
    pub(super) fn write_routes(&self, hosts: &Hosts) -> io::Result<()> {
        let served = hosts.served();
        let mut routes = String::new();
        for (host, address) in hosts.addresses() {
            let web = [(443, self.ports.tls), (80, self.ports.plain)];
            let web = web.into_iter().filter(|_| served.contains(&host));
            let relays = self.ports.relays.iter().filter(|(target, _)| target.host == host);
            for (port, to) in web.chain(relays.map(|(target, to)| (target.port, *to))) {
                routes.push_str(&format!("{host} {address} {port} {to}\n"));
            }
        }
        // A half-written file must never be read.
        std::fs::write(self.folder.join("routes.new"), routes)?;
        std::fs::rename(self.folder.join("routes.new"), self.folder.join("routes"))?;
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = 0;
        std::fs::write(self.refused(), "")
    }

    /// What the hooks refused since the last call, as `host` or `host:port`.
    pub(super) fn take_refused(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.refused()).unwrap_or_default();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let new = text.get(*taken..).unwrap_or_default();
        // A line is complete with its end.
        let new = new.get(..new.rfind('\n').map_or(0, |end| end + 1)).unwrap_or_default();
        *taken += new.len();
        new.lines().map(str::to_owned).collect()
    }

    /// Variables that lead every client to the front.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let proxy = format!("http://127.0.0.1:{}", self.ports.proxy);
        let ca = self.ca().display().to_string();
        let path = |name: &str| self.folder.join(name).display().to_string();
        let preload = escaped(&path("node/preload.cjs"), &['\\', '"']);
        let mut variables = Vec::new();
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            variables.push((name.to_owned(), proxy.clone()));
            variables.push((name.to_ascii_lowercase(), proxy.clone()));
        }
        let trusting = [
            "SSL_CERT_FILE",
            "REQUESTS_CA_BUNDLE",
            "CURL_CA_BUNDLE",
            "PIP_CERT",
            "GIT_SSL_CAINFO",
            "DENO_CERT",
            "AWS_CA_BUNDLE",
            "HTTPLIB2_CA_CERTS",
            "npm_config_cafile",
        ];
        variables.extend(trusting.map(|name| (name.to_owned(), ca.clone())));
        let others = [
            ("NO_PROXY", NO_PROXY.to_owned()),
            ("no_proxy", NO_PROXY.to_owned()),
            // A folder that does not exist: OpenSSL would add the system's roots.
            ("SSL_CERT_DIR", path("no-certificates")),
            ("WGETRC", path("wgetrc")),
            ("CURL_HOME", self.folder.display().to_string()),
            ("NODE_OPTIONS", format!("--require \"{preload}\"")),
            ("PYTHONPATH", path("python")),
        ];
        variables.extend(others.map(|(name, value)| (name.to_owned(), value)));
        variables
    }

    /// The library by which shells and small programs have the page's clock; without it bash has functions for it.
    ///
    /// # Errors
    ///
    /// Why there is none, and what to do.
    pub(super) fn clock_library(&self) -> Result<PathBuf, &'static str> {
        if CLOCK_LIBRARY.is_empty() {
            return Err("this doccheck was built without a C compiler; build it where there is one");
        }
        let library = self.folder.join("lib").join(virtual_time::LIBRARY);
        // The loader takes these for the end of a name, or for a variable in it.
        if library.to_string_lossy().contains([' ', ':', '$']) {
            return Err(
                "the folder for temporary files has a blank, `:` or `$` in its path; set TMPDIR to another one",
            );
        }
        Ok(library)
    }

    /// Variables that bring a page's virtual clock to shells and small programs.
    pub(super) fn clock_environment(&self) -> Vec<(String, String)> {
        let mut variables = Vec::new();
        match self.clock_library() {
            Ok(library) => {
                variables.push(("BASH_ENV".to_owned(), BASH_SEED.to_owned()));
                variables.push(("LD_PRELOAD".to_owned(), library.display().to_string()));
            }
            Err(_) => {
                // bash expands it as in double quotes.
                let hook = escaped(&self.bash_hook().display().to_string(), &['\\', '"', '$', '`']);
                variables.push(("BASH_ENV".to_owned(), hook));
            }
        }
        variables
    }

    fn bash_hook(&self) -> PathBuf {
        self.folder.join("clock.bash")
    }

    fn ca(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    fn refused(&self) -> PathBuf {
        self.folder.join("refused")
    }
}

/// `text` with a backslash before each of `special`.
fn escaped(text: &str, special: &[char]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if special.contains(&letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}
