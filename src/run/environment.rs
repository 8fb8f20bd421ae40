//! The environment of a page's steps, built from listed variables: nothing is inherited by accident.

use std::path::PathBuf;

use super::Session;
use crate::exec::Workspace;
use crate::plan::Plan;
use crate::provision::Tools;

/// What every terminal of a page is like, whatever the machine: the page must read the same everywhere.
const TERMINAL: [(&str, &str); 11] = [
    ("LANG", "C.UTF-8"),
    ("LC_ALL", "C.UTF-8"),
    ("TZ", "UTC"),
    ("TERM", "dumb"),
    ("NO_COLOR", "1"),
    ("COLUMNS", "80"),
    ("PYTHONUNBUFFERED", "1"),
    ("PYTHONDONTWRITEBYTECODE", "1"),
    ("PYTHONIOENCODING", "utf-8"),
    // The order of a set of texts, and what depends on it, is the same in every run.
    ("PYTHONHASHSEED", "0"),
    // It would ask its registry for a newer npm, which no page means.
    ("NPM_CONFIG_UPDATE_NOTIFIER", "false"),
];

/// Variables from all their sources; a later one replaces an earlier one of the same name.
#[derive(Debug, Default)]
pub(super) struct Environment(Vec<(String, String)>);

impl Environment {
    /// The page's whole environment, before a step's own variables and the shell's exports.
    pub(super) fn of_page(
        session: &Session,
        plan: &Plan,
        workspace: &Workspace,
        tools: &Tools,
        wires: Vec<(String, String)>,
        sandbox: Vec<(String, String)>,
    ) -> Vec<(String, String)> {
        let Session { config, variables: own, programs, options, .. } = session;
        let mut environment = Self::default();
        environment.extend(TERMINAL.map(|(name, value)| (name.to_owned(), value.to_owned())));
        environment.set("HOME", workspace.home().display().to_string());
        environment.set("TMPDIR", workspace.tmp().display().to_string());
        environment.set("PATH", search_path(own, programs.iter().chain(&options.path), tools));
        environment.extend(own.iter().filter(|(name, _)| config.pass.contains(name)).cloned());
        environment.extend(tools.env.iter().cloned());
        environment.extend(wires);
        environment.extend(sandbox);
        environment.extend(plan.page.env.iter().cloned());
        environment.0
    }

    fn set(&mut self, name: &str, value: String) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value));
    }

    fn extend(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        for (name, value) in variables {
            self.set(&name, value);
        }
    }
}

fn search_path<'a>(own: &[(String, String)], first: impl Iterator<Item = &'a PathBuf>, tools: &'a Tools) -> String {
    let inherited = own.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_str());
    let first = first.chain(&tools.path).map(|folder| folder.display().to_string());
    first.chain(inherited.map(str::to_owned)).collect::<Vec<_>>().join(":")
}

/// `code` with each placeholder of the configuration replaced; `${NAME}` in a replacement is a variable.
pub(super) fn fill_placeholders(code: &str, placeholders: &[(String, String)], env: &[(String, String)]) -> String {
    placeholders.iter().fold(code.to_owned(), |code, (placeholder, replacement)| {
        if code.contains(placeholder.as_str()) {
            code.replace(placeholder.as_str(), &expand(replacement, env))
        } else {
            code
        }
    })
}

fn expand(text: &str, env: &[(String, String)]) -> String {
    env.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_under_test_come_before_packages_and_those_before_the_machines() {
        let own = [("PATH".to_owned(), "/usr/bin:/bin".to_owned())];
        let mut tools = Tools::default();
        tools.path.push("/cache/venv/bin".into());
        let programs = ["/target/debug".into(), "/target/other".into()];
        assert_eq!(
            search_path(&own, programs.iter(), &tools),
            "/target/debug:/target/other:/cache/venv/bin:/usr/bin:/bin"
        );
        assert_eq!(search_path(&own, [].iter(), &tools), "/cache/venv/bin:/usr/bin:/bin");
    }
}
