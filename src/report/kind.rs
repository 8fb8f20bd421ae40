//! The reports that can be saved, by name.

use super::{json, junit, markdown, sarif, schema};

/// A report for programs or for another place than the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// JUnit's XML.
    Junit,
    /// SARIF 2.1.0.
    Sarif,
    /// Markdown.
    Markdown,
    /// The run's own document.
    Json,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Junit, Self::Sarif, Self::Markdown, Self::Json];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Junit => "junit",
            Self::Sarif => "sarif",
            Self::Markdown => "markdown",
            Self::Json => "json",
        }
    }

    /// The report.
    pub fn render(self, run: &schema::Run) -> String {
        match self {
            Self::Junit => junit::xml(run),
            Self::Sarif => sarif::log(run),
            Self::Markdown => markdown::text(run),
            Self::Json => json::text(run),
        }
    }
}
