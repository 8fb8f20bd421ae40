//! The languages that doccheck runs, and what the word after a fence's opening marker says.

use crate::options::nearest;
use crate::tutorial::{Fence, FenceKind};

/// The language that a step is in, which decides its runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// bash, sh, shell, zsh: run by bash.
    Shell,
    /// A transcript with `$ ` prompts.
    Console,
    /// A Python program.
    Python,
    /// A transcript with `>>> ` prompts.
    Pycon,
    /// An ES module.
    JavaScript,
    /// An ES module whose types are stripped.
    TypeScript,
    /// An HTTP request.
    Http,
}

impl Language {
    /// The word that names steps.
    pub fn word(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Console => "console",
            Self::Python => "python",
            Self::Pycon => "pycon",
            Self::JavaScript => "javascript",
            Self::TypeScript => "typescript",
            Self::Http => "http",
        }
    }
}

/// What a language word stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A language that doccheck runs.
    Runs(Language),
    /// `json`, `jsonc`.
    Json,
    /// `output`, `stdout`, `stderr`, `error`, which can be nothing else.
    Output,
    /// `text`, `txt`: output, or anything.
    Text,
    /// No word.
    Untagged,
    /// Another language, which is not run.
    Other,
    /// A word that is nearly a language that doccheck runs, and no other language.
    Misspelt(&'static str),
    /// A code block by indentation.
    Indented,
}

/// The words of the languages that doccheck runs.
const RUNNABLE: &[(&str, Language)] = &[
    ("bash", Language::Shell),
    ("sh", Language::Shell),
    ("shell", Language::Shell),
    ("zsh", Language::Shell),
    ("console", Language::Console),
    ("shell-session", Language::Console),
    ("python", Language::Python),
    ("py", Language::Python),
    ("pycon", Language::Pycon),
    ("javascript", Language::JavaScript),
    ("js", Language::JavaScript),
    ("mjs", Language::JavaScript),
    ("typescript", Language::TypeScript),
    ("ts", Language::TypeScript),
    ("http", Language::Http),
];

/// Words of other tools that lie near the words above and are no slips.
const OTHERS: &[&str] = &[
    "ash",
    "bat",
    "batch",
    "c",
    "cpp",
    "cs",
    "css",
    "csh",
    "d",
    "dash",
    "fish",
    "go",
    "gn",
    "html",
    "htm",
    "http-session",
    "ini",
    "java",
    "jsonc",
    "jsx",
    "ksh",
    "make",
    "md",
    "mjml",
    "nu",
    "php",
    "pl",
    "ps",
    "ps1",
    "pwsh",
    "pyi",
    "pyx",
    "q",
    "r",
    "rb",
    "rs",
    "rst",
    "rust",
    "s",
    "scss",
    "sass",
    "sql",
    "ssh",
    "svg",
    "tcsh",
    "tex",
    "text",
    "toml",
    "ts-nocheck",
    "tsv",
    "tsx",
    "txt",
    "v",
    "vb",
    "xml",
    "xsh",
    "yaml",
    "yml",
    "zig",
    "cson",
    "json",
    "jsonl",
    "json5",
    "shader",
    "hash",
    "shtml",
    "console-output",
    "python2",
    "ruby",
    "pascal",
    "squash",
    "diff",
    "mdx",
    "vue",
    "csv",
];

/// The language word of a fence in its plain form: `{.python}`, `python{1,3}`, `python,ignore` and `Python` all say
/// `python`.
pub(super) fn word(fence: &Fence) -> String {
    let Some(language) = &fence.language else { return String::new() };
    let word = language.value.trim_start_matches(['{', '.']);
    let end = word.find(['{', '}', ',', ':', '=', '"']).unwrap_or(word.len());
    word[..end].to_ascii_lowercase()
}

/// True for a language in which a fence shows data: a step may have printed it, or it is a file, or only an example.
pub(super) fn is_data(fence: &Fence) -> bool {
    const WORDS: [&str; 10] = ["yaml", "yml", "xml", "html", "csv", "toml", "ini", "log", "logs", "diff"];
    fence.kind != FenceKind::Indented && WORDS.contains(&word(fence).as_str())
}

/// What the fence's language word stands for.
pub(super) fn kind(fence: &Fence) -> Kind {
    if fence.kind == FenceKind::Indented {
        return Kind::Indented;
    }
    let word = word(fence);
    match word.as_str() {
        "" => Kind::Untagged,
        "json" | "jsonc" => Kind::Json,
        "output" | "stdout" | "stderr" | "error" => Kind::Output,
        "text" | "txt" => Kind::Text,
        word => match RUNNABLE.iter().find(|(known, _)| *known == word) {
            Some((_, language)) => Kind::Runs(*language),
            None if OTHERS.contains(&word) || word.len() < 3 => Kind::Other,
            None => nearest(word, RUNNABLE.iter().map(|(known, _)| *known).filter(|known| known.len() > 2))
                .map_or(Kind::Other, Kind::Misspelt),
        },
    }
}
