//! Running a tool of doccheck's own: an interpreter that is asked something, an installer.

#![expect(clippy::disallowed_methods, reason = "a tool's output is a file")]

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::process::{Crew, ExitStatus, Launch, interrupted};
use crate::system_clock::now;

/// Variables that tools are given: where things are, how to reach registries, how to compile. No secret of a build
/// machine is among them, since a package may run code of its own while it is installed.
const GIVEN: [&str; 38] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TMPDIR",
    "LANG",
    "TZ",
    "CI",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "CC",
    "CXX",
    "AR",
    "CFLAGS",
    "CXXFLAGS",
    "CPPFLAGS",
    "LDFLAGS",
    "LD_LIBRARY_PATH",
    "SDKROOT",
    "MACOSX_DEPLOYMENT_TARGET",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "NVM_DIR",
    "VOLTA_HOME",
    "NETRC",
    "SOURCE_DATE_EPOCH",
];

/// What the names of further such variables start with: the settings of installers and version managers.
const GIVEN_FAMILIES: [&str; 11] =
    ["LC_", "XDG_", "PIP_", "UV_", "npm_config_", "NPM_CONFIG_", "PYENV_", "ASDF_", "MISE_", "FNM_", "PKG_CONFIG_"];

/// Settings of pip that would lead a package past the environment that it is installed for.
const WITHHELD: [&str; 3] = ["PIP_USER", "PIP_TARGET", "PIP_PREFIX"];

/// The last lines of a failed tool's output that are told.
const TOLD_LINES: usize = 12;

/// A tool and what it is run with.
#[derive(Debug)]
pub(super) struct Tool<'a> {
    pub(super) program: &'a Path,
    pub(super) args: Vec<OsString>,
    pub(super) cwd: &'a Path,
    /// doccheck's own environment, of which the tool gets a part.
    pub(super) variables: &'a [(String, String)],
    /// Put before `PATH`, so that a script finds the interpreter that was chosen.
    pub(super) first_on_path: Option<&'a Path>,
    /// A lock that is held as long as the tool runs, also where doccheck itself is killed.
    pub(super) holds: Option<&'a File>,
    /// How long it may take.
    pub(super) patience: Duration,
}

impl Tool<'_> {
    /// Runs the tool to its end; what it printed.
    ///
    /// # Errors
    ///
    /// The last lines of what it printed, or why it could not be run.
    pub(super) fn run(self) -> Result<String, String> {
        let cannot = |error: std::io::Error| format!("cannot run `{}`: {error}", self.program.display());
        let output = tempfile::NamedTempFile::new().map_err(cannot)?;
        let open = || OpenOptions::new().append(true).open(output.path()).map_err(cannot);
        let held = self.holds.map(|lock| lock.try_clone().map(OwnedFd::from)).transpose().map_err(cannot)?;
        let crew = Crew::new();
        let process = crew
            .launch(Launch {
                program: self.program.to_path_buf(),
                args: self.args,
                cwd: self.cwd.to_path_buf(),
                env: environment(self.variables, self.first_on_path),
                stdin: None,
                stdout: open()?,
                stderr: open()?,
                descriptors: held.map(|lock| (HELD, lock)).into_iter().collect(),
                memory: None,
            })
            .map_err(|error| error.to_string())?;
        let ended = process.wait_until(now() + self.patience).map_err(|error| error.to_string())?;
        crew.end();
        let bytes = std::fs::read(output.path()).map_err(cannot)?;
        let text = String::from_utf8_lossy(&bytes);
        match ended {
            Some(ExitStatus::Code(0)) => Ok(text.into_owned()),
            None if interrupted() => Err("interrupted".to_owned()),
            None => Err(format!("`{}` took longer than {:?}", self.program.display(), self.patience)),
            Some(_) => Err(last_lines(&text)),
        }
    }
}

/// The number of a held lock's descriptor in the tool, far from those that programs count on.
const HELD: i32 = 210;

/// The part of doccheck's own environment that tools get.
fn environment(variables: &[(String, String)], first: Option<&Path>) -> Vec<(String, String)> {
    let given = |name: &str| {
        GIVEN.contains(&name)
            || (GIVEN_FAMILIES.iter().any(|family| name.starts_with(family)) && !WITHHELD.contains(&name))
    };
    let path = |value: &str| match first {
        Some(folder) => format!("{}:{value}", folder.display()),
        None => value.to_owned(),
    };
    let given = variables.iter().filter(|(name, _)| given(name));
    given.map(|(name, value)| (name.clone(), if name == "PATH" { path(value) } else { value.clone() })).collect()
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let told = lines[lines.len().saturating_sub(TOLD_LINES)..].iter();
    told.map(|line| without_credentials(line)).collect::<Vec<_>>().join("\n")
}

/// The line with `***` for the user and password of each address in it.
fn without_credentials(line: &str) -> String {
    let mut kept = String::new();
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        kept.push_str(before);
        let authority = after.find(|letter: char| letter == '/' || letter.is_whitespace()).unwrap_or(after.len());
        rest = match after[..authority].rfind('@') {
            Some(end) => {
                kept.push_str("***");
                &after[end..]
            }
            None => after,
        };
    }
    kept.push_str(rest);
    kept
}

/// The absolute path of a program on doccheck's own `PATH`.
pub(super) fn on_path(name: &str, variables: &[(String, String)]) -> Option<PathBuf> {
    crate::process::find_program(name, search_path(variables))
}

/// doccheck's own `PATH`.
pub(super) fn search_path(variables: &[(String, String)]) -> &str {
    variables.iter().find(|(name, _)| name == "PATH").map_or("", |(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_get_settings_but_no_secrets() {
        let own = [
            ("PATH", "/bin"),
            ("GITHUB_TOKEN", "secret"),
            ("PIP_INDEX_URL", "https://packages.example"),
            ("PIP_USER", "1"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("https_proxy", "http://proxy.example:3128"),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let given = environment(&own, Some(Path::new("/links")));
        let told: Vec<_> = given.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            told,
            ["PATH=/links:/bin", "PIP_INDEX_URL=https://packages.example", "https_proxy=http://proxy.example:3128"]
        );
    }

    #[test]
    fn credentials_in_addresses_are_not_told() {
        let told =
            without_credentials("GET https://me:s3cret@packages.example/simple via http://proxy.example:3128 failed");
        assert_eq!(told, "GET https://***@packages.example/simple via http://proxy.example:3128 failed");
        assert_eq!(without_credentials("a@b https://token@host"), "a@b https://***@host");
    }

    #[test]
    fn the_end_of_the_output_is_told() {
        let text: String = (1..=20).map(|line| format!("line {line}  \n\n")).collect();
        let told = last_lines(&text);
        assert!(told.starts_with("line 9\n") && told.ends_with("line 20"), "{told}");
    }
}
