//! A snapshot file: what it is about between two lines of `---`, then the output.

use std::path::{Path, PathBuf};

/// How the names of snapshots end.
pub const SUFFIX: &str = ".snap";

/// An output as a file keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The page's path.
    pub source: String,
    /// What was run, in one line.
    pub expression: String,
    /// The output in its normal form.
    pub output: String,
}

impl Kept {
    /// Reads a file. What is not there is empty: an output alone is what a file without its head holds.
    pub fn read(text: &str) -> Self {
        let text = text.replace("\r\n", "\n");
        let parts = text.strip_prefix("---\n").and_then(|rest| {
            let end = if rest.starts_with("---\n") { Some(0) } else { rest.find("\n---\n").map(|at| at + 1) }?;
            Some((&rest[..end], &rest[end + 4..]))
        });
        let (head, output) = parts.unwrap_or(("", &text));
        let value = |key: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
            line.map(unquoted).unwrap_or_default()
        };
        Self { source: value("source"), expression: value("expression"), output: output.trim_end().to_owned() }
    }

    /// The file's text.
    pub fn write(&self) -> String {
        let (source, expression) = (quoted(&self.source), quoted(&self.expression));
        format!("---\nsource: {source}\nexpression: {expression}\n---\n{}\n", self.output.trim_end())
    }
}

/// The file in which an output waits for a person, beside the snapshot that it would replace.
pub fn pending(snapshot: &Path) -> PathBuf {
    let mut name = snapshot.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

/// A text as insta writes it in YAML: plain where it can be, so that accepting a snapshot changes no head.
fn quoted(text: &str) -> String {
    let special = |char: char| ":{}[],#`\"'\\".contains(char) || char.is_control();
    let words = ["yes", "no", "true", "false", "on", "off", "null", "~"];
    let plain = !text.is_empty()
        && text.trim() == text
        && !text.starts_with(|first: char| "&*?|-<>=!%@.".contains(first))
        && !text.contains(special)
        && !words.contains(&text.to_ascii_lowercase().as_str())
        && !text.starts_with("0x")
        && text.parse::<f64>().is_err();
    // JSON's quotes are YAML's.
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

fn unquoted(text: &str) -> String {
    serde_json::from_str(text).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(expression: &str, output: &str) -> Kept {
        Kept { source: "docs/x.md".to_owned(), expression: expression.to_owned(), output: output.to_owned() }
    }

    #[test]
    fn a_file_is_written_and_read() {
        let one = kept("echo \"a: b\"", "a: b\n\n---\nc");
        assert_eq!(one.write(), "---\nsource: docs/x.md\nexpression: \"echo \\\"a: b\\\"\"\n---\na: b\n\n---\nc\n");
        assert_eq!(Kept::read(&one.write()), one);
        assert_eq!(Kept::read(&one.write().replace('\n', "\r\n")), one);
        assert_eq!(kept("echo 1; pwd", "").write(), "---\nsource: docs/x.md\nexpression: echo 1; pwd\n---\n\n");
        assert_eq!(kept("true", "").write(), "---\nsource: docs/x.md\nexpression: \"true\"\n---\n\n");
        assert_eq!(Kept::read(&kept("", "").write()), kept("", ""));
    }

    #[test]
    fn what_has_no_head_is_an_output() {
        assert_eq!(
            Kept::read("a\nb\n"),
            Kept { source: String::new(), expression: String::new(), output: "a\nb".into() }
        );
        assert_eq!(Kept::read("---\n---\na\n").output, "a");
        assert_eq!(Kept::read("---\nsource: a\n").output, "---\nsource: a");
        assert_eq!(Kept::read("").output, "");
    }

    #[test]
    fn a_pending_one_lies_beside_it() {
        assert_eq!(pending(Path::new("a/x__y.snap")), Path::new("a/x__y.snap.new"));
    }
}
