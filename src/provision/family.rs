//! The two language families with an interpreter and packages of their own, and what is particular to each.

use crate::plan::{Language, PagePlan};
use crate::source::Located;

/// A language family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Python,
    Node,
}

impl Family {
    /// The family whose interpreter runs steps in `language`.
    pub(super) fn of(language: Language) -> Option<Self> {
        match language {
            Language::Python | Language::Pycon => Some(Self::Python),
            Language::JavaScript | Language::TypeScript => Some(Self::Node),
            Language::Shell | Language::Console | Language::Http => None,
        }
    }

    /// The name that people know.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::Node => "Node",
        }
    }

    /// The programs that are the interpreter, by the names that say nothing of its version.
    pub(super) fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Python => &["python3", "python"],
            Self::Node => &["node"],
        }
    }

    /// The programs whose names tell their version, from `lowest` upwards.
    pub(super) fn versioned_programs(self, lowest: (u32, u32)) -> Vec<String> {
        match self {
            Self::Python => (lowest.1..=lowest.1 + 9).map(|minor| format!("python{}.{minor}", lowest.0)).collect(),
            // As Fedora names them.
            Self::Node => (lowest.0..=lowest.0 + 9).map(|major| format!("node-{major}")).collect(),
        }
    }

    /// The programs that come with the interpreter and stand beside it.
    pub(super) fn companions(self) -> &'static [&'static str] {
        match self {
            Self::Python => &["pip", "pip3"],
            Self::Node => &["npm", "npx"],
        }
    }

    /// The lowest version in which doccheck can run steps.
    pub(super) fn minimum(self) -> (u32, u32) {
        match self {
            Self::Python => (3, 11),
            Self::Node => (20, 0),
        }
    }

    /// Arguments that make the interpreter print its own path, its release and whether it is that of a venv.
    pub(super) fn question(self) -> &'static [&'static str] {
        match self {
            Self::Python => &[
                "-I",
                "-c",
                "import sys; print(sys.executable, '.'.join(map(str, sys.version_info[:3])), sys.prefix != sys.base_prefix, sep='\\n')",
            ],
            Self::Node => &["-p", "[process.execPath, process.versions.node, 'False'].join('\\n')"],
        }
    }

    /// The lowest version that the page promises.
    pub(super) fn promised(self, page: &PagePlan) -> Option<(u32, u32)> {
        match self {
            Self::Python => page.python_version,
            Self::Node => page.node_version,
        }
    }

    /// The packages that the page and the configuration name.
    pub(super) fn packages(self, page: &PagePlan) -> &[Located<String>] {
        match self {
            Self::Python => &page.python,
            Self::Node => &page.node,
        }
    }
}
