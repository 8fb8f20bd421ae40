//! Front matter: the YAML between `---` lines at the very start of a page. Only what stands under `doccheck:` is ours.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned as Located};

use crate::diagnostic::Diagnostic;
use crate::options::{Setting, Value};
use crate::source::{SourceFile, Span, Spanned};

/// What front matter says.
pub(super) struct FrontMatter {
    /// The options under `doccheck:`.
    pub(super) settings: Vec<Setting>,
    /// The first byte of the page's text, after the front matter or the byte-order mark.
    pub(super) end: usize,
}

/// Reads the front matter of a page, where it has one.
pub(super) fn read(source: &Arc<SourceFile>) -> (FrontMatter, Vec<Diagnostic>) {
    let text = source.text();
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let (yaml, end) = match find(text, start) {
        Found::Nothing => return (FrontMatter { settings: Vec::new(), end: start }, Vec::new()),
        Found::Open => {
            let open = Diagnostic::error("bad-front-matter", "the front matter is not closed")
                .at(source, Span::new(start, start + 3), "opened here")
                .help("close it with a line `---`");
            return (FrontMatter { settings: Vec::new(), end: start }, vec![open]);
        }
        Found::Closed { yaml, end } => (yaml, end),
    };
    let options = serde_saphyr::options! { with_snippet: false };
    let reader = Reader { source, yaml };
    let (settings, diagnostics) =
        match serde_saphyr::from_str_with_options::<Located<Node>>(source.slice(yaml), options) {
            Ok(root) => reader.settings(&root.value),
            Err(error) => {
                let place = error.location().map_or(Span::new(yaml.start, yaml.start), |place| reader.point(&place));
                let words = error.to_string();
                let words = words.split(" at line ").next().unwrap_or_default();
                let words = words.split(", set ").next().unwrap_or_default();
                let finding = Diagnostic::error("bad-front-matter", format!("the front matter is not YAML: {words}"));
                (Vec::new(), vec![finding.at(source, place, "")])
            }
        };
    (FrontMatter { settings, end }, diagnostics)
}

enum Found {
    Nothing,
    /// It speaks to doccheck, and no line closes it.
    Open,
    Closed {
        yaml: Span,
        end: usize,
    },
}

fn find(text: &str, start: usize) -> Found {
    let mut at = start;
    let mut lines = text[start..].split_inclusive('\n');
    match lines.next() {
        Some(line) if line.trim_end() == "---" => at += line.len(),
        _ => return Found::Nothing,
    }
    let yaml = at;
    let mut ours = false;
    for line in lines {
        if matches!(line.trim_end(), "---" | "...") {
            return Found::Closed { yaml: Span::new(yaml, at), end: at + line.len() };
        }
        ours |= line.starts_with("doccheck:");
        at += line.len();
    }
    if ours { Found::Open } else { Found::Nothing }
}

struct Reader<'a> {
    source: &'a Arc<SourceFile>,
    yaml: Span,
}

impl Reader<'_> {
    fn settings(&self, root: &Node) -> (Vec<Setting>, Vec<Diagnostic>) {
        let (mut settings, mut diagnostics) = (Vec::new(), Vec::new());
        let Node::Map(entries) = root else { return (settings, diagnostics) };
        let Some((key, ours)) = entries.iter().find(|(key, _)| key.value == "doccheck") else {
            return (settings, diagnostics);
        };
        match &ours.value {
            Node::Null => {}
            Node::Map(options) => {
                for (key, value) in options {
                    self.setting(None, key, value, &mut settings, &mut diagnostics);
                }
            }
            _ => diagnostics.push(
                Diagnostic::error("bad-value", "`doccheck` holds no options")
                    .at(self.source, self.span(&key.referenced), "")
                    .help("write each option on a line of its own below, such as `  timeout: 30s`"),
            ),
        }
        (settings, diagnostics)
    }

    fn setting(
        &self,
        family: Option<&str>,
        key: &Located<String>,
        value: &Located<Node>,
        settings: &mut Vec<Setting>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let name = family.map_or_else(|| key.value.clone(), |family| format!("{family}.{}", key.value));
        let place = self.span(&value.referenced);
        let read = match &value.value {
            Node::Map(entries) if family.is_none() && name == "env" => {
                for (key, value) in entries {
                    self.setting(Some(&name), key, value, settings, diagnostics);
                }
                return;
            }
            Node::Null => Some(Value::Text(String::new())),
            Node::Text(text) => Some(Value::Text(text.clone())),
            Node::Plain => Some(Value::Text(self.source.slice(place).to_owned())),
            Node::List(entries) => {
                let entries: Option<Vec<_>> = entries.iter().map(|entry| self.entry(entry)).collect();
                entries.map(Value::List)
            }
            Node::Map(_) => None,
        };
        let key_place = self.span(&key.referenced);
        match read {
            Some(read) => {
                settings.push(Setting { key: Spanned::new(name, key_place), value: Spanned::new(read, place) });
            }
            None => diagnostics.push(
                Diagnostic::error("bad-value", format!("`{name}` cannot hold this"))
                    .at(self.source, key_place, "")
                    .help(format!("`{name}` takes a text or a list of texts")),
            ),
        }
    }

    fn entry(&self, entry: &Located<Node>) -> Option<Spanned<String>> {
        let place = self.span(&entry.referenced);
        match &entry.value {
            Node::Text(text) => Some(Spanned::new(text.clone(), place)),
            Node::Plain => Some(Spanned::new(self.source.slice(place).to_owned(), place)),
            _ => None,
        }
    }

    /// The bytes of a node, without the line end that a block scalar has.
    fn span(&self, place: &Location) -> Span {
        let bytes = place.span();
        let (Some(start), Some(len)) = (bytes.byte_offset(), bytes.byte_len()) else { return self.point(place) };
        let start = self.yaml.start + usize::try_from(start).unwrap_or(0);
        let span = Span::new(start, start + usize::try_from(len).unwrap_or(0));
        if span.end > self.yaml.end {
            return self.point(place);
        }
        let text = self.source.slice(span);
        Span::new(start, start + text.trim_end().len())
    }

    /// The character at a line and column, which count characters from 1.
    fn point(&self, place: &Location) -> Span {
        let line = usize::try_from(place.line()).unwrap_or(1).max(1);
        let column = usize::try_from(place.column()).unwrap_or(1).max(1);
        let text = self.source.slice(self.yaml);
        let line_start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let line = text[line_start..].lines().next().unwrap_or_default();
        let mut rest = line.char_indices().skip(column - 1);
        let start = rest.next().map_or(line.len(), |(at, _)| at);
        let end = rest.next().map_or(line.len(), |(at, _)| at);
        let base = self.yaml.start + line_start;
        Span::new(base + start, base + end)
    }
}

/// A YAML node. Numbers and booleans are `Plain`: what counts is how they are written (`3.10` is not 3.1).
enum Node {
    Null,
    Text(String),
    Plain,
    List(Vec<Located<Self>>),
    Map(Vec<(Located<String>, Located<Self>)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a YAML value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Plain)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Plain)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Plain)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Node, E> {
        Ok(Node::Plain)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Node, E> {
        Ok(Node::Plain)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Plain)
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Node, E> {
        Ok(Node::Plain)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = entries.next_element()? {
            list.push(entry);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Node::Map(map))
    }
}
