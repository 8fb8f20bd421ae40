//! The texts of the proposed files, and what of the repository they tell.

use std::fmt::Write;

use super::drafts;
use super::drafts::quoted;

/// The list of what is known to be stale, empty at first.
pub(super) const KNOWN_STALE: &str = "doccheck/known-stale.txt";

/// What was found.
pub(super) struct Found {
    pub(super) include: Vec<String>,
    pub(super) python: Vec<String>,
    pub(super) node: Vec<String>,
    pub(super) placeholders: Vec<(String, String)>,
    pub(super) drafts: bool,
    /// Hosts that pages call and that nobody answers for.
    pub(super) unserved: Vec<String>,
}

/// How site generators are told by a file of theirs.
const GENERATORS: [(&str, &str); 18] = [
    ("mkdocs.yml", "MkDocs"),
    ("docusaurus.config.js", "Docusaurus"),
    ("docusaurus.config.ts", "Docusaurus"),
    (".vitepress/config.js", "VitePress"),
    (".vitepress/config.ts", "VitePress"),
    (".vitepress/config.mts", "VitePress"),
    ("astro.config.mjs", "Astro"),
    ("book.toml", "mdBook"),
    ("conf.py", "Sphinx"),
    ("mint.json", "Mintlify"),
    ("docs.json", "Mintlify"),
    ("antora.yml", "Antora"),
    ("_config.yml", "Jekyll"),
    ("hugo.toml", "Hugo"),
    ("hugo.yaml", "Hugo"),
    ("gatsby-config.js", "Gatsby"),
    ("next.config.js", "Next.js"),
    ("zensical.toml", "Zensical"),
];

/// The site generator, told by its configuration.
pub(super) fn generator(files: &[String]) -> Option<&'static str> {
    let is = |file: &str, name: &str| file == name || file.ends_with(&format!("/{name}"));
    GENERATORS.iter().find(|(name, _)| files.iter().any(|file| is(file, name))).map(|(_, generator)| *generator)
}

/// Globs for pages: those at the root by name, the others by the folder at the root that they stand in.
pub(super) fn include(pages: &[&str]) -> Vec<String> {
    let mut globs: Vec<String> = Vec::new();
    for page in pages {
        let glob = match page.split_once('/') {
            Some((folder, _)) => format!("{folder}/**/*.md"),
            None => (*page).to_owned(),
        };
        if !globs.contains(&glob) {
            globs.push(glob);
        }
    }
    globs
}

/// `doccheck.toml`.
pub(super) fn config(found: &Found) -> String {
    let mut text = String::from(
        "# What doccheck knows about this repository. Written by `doccheck init`; yours to change.\nedition = 1\n",
    );
    let list = |entries: &[String]| entries.iter().map(|entry| quoted(entry)).collect::<Vec<_>>().join(", ");
    let _ = write!(
        text,
        "\n[pages]\n# Folders with pages that have something to run.\ninclude = [{}]\n",
        list(&found.include)
    );
    if !found.python.is_empty() {
        let _ = write!(
            text,
            "\n[python]\n# What the pages tell readers to install; a version in each keeps runs alike.\npackages = [{}]\n",
            list(&found.python)
        );
    }
    if !found.node.is_empty() {
        let _ = write!(
            text,
            "\n[node]\n# What the pages tell readers to install; a version in each keeps runs alike.\npackages = [{}]\n",
            list(&found.node)
        );
    }
    if found.drafts {
        let _ = write!(
            text,
            "\n[sandbox]\n# Hosts that no sandbox serves answer as the pages say; what is compared with that does not count as verified.\ndrafts = {}\n",
            quoted(drafts::FOLDER)
        );
    }
    if !found.placeholders.is_empty() {
        text.push_str("\n[placeholders]\n# What readers replace, and what stands for it here; `${NAME}` is a variable of the steps.\n");
        for (word, value) in &found.placeholders {
            let _ = writeln!(text, "{} = {}", quoted_key(word), quoted(value));
        }
    }
    let hosts = if found.unserved.is_empty() { "\"staging.example.com\"".to_owned() } else { list(&found.unserved) };
    let _ = write!(
        text,
        "\n# Hosts that pages may reach for real; all others are refused. Every report names them.\n# [network]\n# allow = [{hosts}]\n"
    );
    text
}

fn quoted_key(word: &str) -> String {
    let text = quoted(word);
    // A literal string is a key as well, but a text of several lines is none.
    if text.starts_with("'''") || text.starts_with("\"\"\"") { format!("{word:?}") } else { text }
}

/// The job that runs the pages: for GitLab where the repository is at home there, else for GitHub.
pub(super) fn pipeline(files: &[String]) -> (String, String) {
    let has = |start: &str| files.iter().any(|file| file.starts_with(start));
    if has(".gitlab-ci.yml") && !has(".github/") {
        (".gitlab/doccheck.yml".to_owned(), GITLAB.to_owned())
    } else {
        (".github/workflows/doccheck.yml".to_owned(), GITHUB.to_owned())
    }
}

const GITHUB: &str = "\
# Runs every page before it goes out. Once a week too: pages rot without commits.
name: doccheck

on:
  push:
  pull_request:
  schedule:
    - cron: \"23 5 * * 1\"

permissions:
  contents: read

jobs:
  doccheck:
    runs-on: ubuntu-latest
    timeout-minutes: 20
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: \"3.12\"
      - uses: actions/setup-node@v4
        with:
          node-version: \"22\"
      - name: Install doccheck
        run: cargo install doccheck --locked
      - name: Allow user namespaces
        run: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0
      # What is on the list is known to be stale: it is shown, and does not fail.
      - name: Run every page
        run: doccheck run --baseline doccheck/known-stale.txt
";

const GITLAB: &str = "\
# Include this in .gitlab-ci.yml: `include: { local: .gitlab/doccheck.yml }`.
doccheck:
  image: rust:1
  script:
    - apt-get update && apt-get install -y python3 python3-venv nodejs npm curl
    - cargo install doccheck --locked
    - doccheck run --baseline doccheck/known-stale.txt
";
