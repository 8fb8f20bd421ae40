//! A sandbox that stands, and how another terminal finds it: by a small file in the user's folder, which is there as
//! long as the sandbox is.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Site, Surroundings, definition};
use crate::diagnostic::Diagnostic;
use crate::fs;
use crate::process;
use crate::sandbox::World;
use crate::serve::{Description, Pace, Remote, Standing, StandingError, StandingOptions};

/// The folder of the files, one for each sandbox that stands.
const FOLDER: &str = "sandboxes";

/// How a sandbox is to stand.
#[derive(Debug, Clone, Default)]
pub struct SandboxRequest {
    /// Its port; any free one where it is 0.
    pub port: u16,
    /// Ports for single hosts, likewise.
    pub ports: Vec<(String, u16)>,
    /// What is invented is made from this number.
    pub seed: u64,
    /// Accounts to connect besides: of which provider, with how many records of what.
    pub accounts: Vec<(String, Vec<(String, u64)>)>,
    /// What its time is.
    pub pace: Pace,
    /// The configuration, relative to the current directory; the nearest one where `None`.
    pub config: Option<PathBuf>,
}

/// A sandbox that stands. Dropping it ends it and takes its files away.
#[derive(Debug)]
pub struct OpenSandbox {
    standing: Standing,
    registered: Registered,
}

/// What a sandbox says in the user's folder.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    url: String,
    pid: u32,
}

/// The files of a sandbox.
#[derive(Debug)]
struct Registered {
    note: PathBuf,
    certificate: PathBuf,
}

/// Starts a sandbox.
///
/// # Errors
///
/// What is wrong with the configuration, the sandbox's data or the ports.
pub fn open_sandbox(request: &SandboxRequest, surroundings: &Surroundings) -> Result<OpenSandbox, Vec<Diagnostic>> {
    let (config, root) = Site::configuration(request.config.as_deref(), surroundings)?;
    let definition = Arc::new(definition(&config, &root)?);
    if definition.hosts().is_empty() {
        let found = Diagnostic::error("nothing-served", "the configuration leaves no host to serve");
        return Err(vec![found.help("take `sandbox = false` out of it, or name another one with `--config`")]);
    }
    let options = StandingOptions {
        port: request.port,
        ports: request.ports.clone(),
        seed: request.seed,
        pace: request.pace,
        allow: config.allow.clone(),
    };
    let (seed, accounts) = (request.seed, request.accounts.clone());
    let world = move || {
        let mut world = World::with_seed(Arc::clone(&definition), None, seed);
        let connected = accounts.iter().try_for_each(|(provider, counts)| world.connect(provider, counts));
        (world, connected)
    };
    world().1.map_err(|problem| vec![Diagnostic::error("bad-account", problem)])?;
    let fresh = move || world().0;
    let standing = Standing::start(&options, fresh).map_err(|error| vec![told(&error)])?;
    let registered = Registered::of(standing.port(), &folder(surroundings));
    let description = standing.describe();
    let note = Note { url: description.proxy, pid: description.pid };
    registered.write(&note, standing.certificate()).map_err(|(path, error)| {
        vec![Diagnostic::error("cannot-write", format!("cannot write {}: {error}", path.display()))]
    })?;
    Ok(OpenSandbox { standing, registered })
}

impl OpenSandbox {
    /// What it tells of itself.
    pub fn describe(&self) -> Description {
        self.standing.describe()
    }

    /// The file with the certificates that clients of its proxy are to trust.
    pub fn certificate(&self) -> &Path {
        &self.registered.certificate
    }
}

/// The OpenAPI description of the API on `host`, as JSON; that of the unified API where `None`.
///
/// # Errors
///
/// What is wrong with the configuration or the sandbox's data, and a host that it does not serve.
pub fn describe_sandbox(
    config: Option<&Path>,
    host: Option<&str>,
    surroundings: &Surroundings,
) -> Result<String, Vec<Diagnostic>> {
    let (config, root) = Site::configuration(config, surroundings)?;
    let definition = definition(&config, &root)?;
    let document = definition.openapi(host).ok_or_else(|| {
        let found =
            Diagnostic::error("unknown-host", format!("the sandbox serves no host {}", host.unwrap_or("at all")));
        vec![found.help(format!("the hosts are {}", definition.hosts().join(", ")))]
    })?;
    Ok(format!("{document:#}\n"))
}

/// The sandbox that stands, or the one at `at`.
///
/// # Errors
///
/// None stands, or several do.
pub fn find_sandbox(at: Option<&str>, surroundings: &Surroundings) -> Result<Remote, Diagnostic> {
    let remote = |url: &str| {
        let remote = Remote::new(url).and_then(|remote| remote.describe().map(|description| (remote, description)));
        remote.map_err(|error| Diagnostic::error("no-sandbox", error.to_string()))
    };
    if let Some(url) = at {
        return remote(url).map(|(remote, _)| remote).map_err(|found| {
            found.help("`doccheck sandbox` prints its address where it was started; give that one to `--at`")
        });
    }
    let mut standing = Vec::new();
    let folder = folder(surroundings);
    for name in fs::names_in(&folder).iter().filter(|name| name.ends_with(".json")) {
        let Ok(Some(text)) = fs::read_if_there(&folder.join(name)) else { continue };
        let Ok(note) = serde_json::from_str::<Note>(&text) else { continue };
        match remote(&note.url) {
            Ok((remote, description)) if description.pid == note.pid => standing.push((note.url, remote)),
            // It was killed, and somebody else may have its port by now.
            _ if !process::is_there(note.pid) => Registered::named(name, &folder).remove(),
            _ => {}
        }
    }
    if standing.len() > 1 {
        let urls = standing.iter().map(|(url, _)| url.as_str()).collect::<Vec<_>>().join(", ");
        let found = Diagnostic::error("several-sandboxes", format!("{} sandboxes run here: {urls}", standing.len()));
        return Err(found.help("name one of them, such as `--at http://127.0.0.1:4010`"));
    }
    standing.pop().map(|(_, remote)| remote).ok_or_else(|| {
        Diagnostic::error("no-sandbox", "no sandbox runs here")
            .help("start one with `doccheck sandbox` in another terminal, or name it: `--at http://127.0.0.1:4010`")
    })
}

impl Registered {
    fn of(port: u16, folder: &Path) -> Self {
        Self::named(&format!("{port}.json"), folder)
    }

    fn named(note: &str, folder: &Path) -> Self {
        let note = folder.join(note);
        Self { certificate: note.with_extension("pem"), note }
    }

    /// The note comes last: who finds it finds everything.
    fn write(&self, note: &Note, certificate: &str) -> Result<(), (PathBuf, io::Error)> {
        let text = serde_json::to_string(note).unwrap_or_default();
        for (path, text) in [(&self.certificate, certificate), (&self.note, text.as_str())] {
            fs::write_atomic(path, text.as_bytes()).map_err(|error| {
                self.remove();
                (path.clone(), error)
            })?;
        }
        Ok(())
    }

    /// Takes the files away, and their folders where nothing else is in them. What cannot be removed is looked at by
    /// whoever looks for a sandbox next.
    fn remove(&self) {
        let _ = fs::remove_if_there(&self.note);
        let _ = fs::remove_if_there(&self.certificate);
        let folders = self.note.ancestors().skip(1).take(2);
        folders.for_each(|folder| drop(std::fs::remove_dir(folder)));
    }
}

impl Drop for OpenSandbox {
    fn drop(&mut self) {
        self.registered.remove();
    }
}

/// Where the files are: in the folder for what lives as long as the user is logged in, where the system has one.
fn folder(surroundings: &Surroundings) -> PathBuf {
    let runtime = surroundings.variable("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    runtime.map_or_else(|| surroundings.cache(), |path| path.join("doccheck")).join(FOLDER)
}

fn told(error: &StandingError) -> Diagnostic {
    let found = |code| Diagnostic::error(code, error.to_string());
    match error {
        StandingError::Taken(_) => found("port-taken").help("name another port; 0 stands for any free one"),
        StandingError::UnknownHost { host, served } => {
            let known = served.iter().map(String::as_str).collect::<Vec<_>>();
            let help = match similar::get_close_matches(host.as_str(), &known, 1, 0.6).first() {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the hosts are {}", served.join(", ")),
            };
            found("unknown-host").help(help)
        }
        StandingError::TwoPorts(_) => found("two-ports").help("give each host one port"),
        StandingError::Start(_) => found("no-sandbox"),
    }
}
