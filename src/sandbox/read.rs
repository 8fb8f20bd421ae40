//! From the files of a sandbox to its definition, with a located finding for whatever is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Deserializer, Map, Value};

use super::check;
use super::client::{self, Client};
use super::data::{Api, OAuth, Root};
use super::invention::Inventions;
use crate::clock::Timestamp;
use crate::diagnostic::Diagnostic;
use crate::source::{SourceFile, Span, Spanned};

/// The file that names the others.
const ROOT: &str = "sandbox.toml";

/// The folder's files, each by its path relative to the folder.
pub(super) type Files = BTreeMap<String, Arc<SourceFile>>;

/// What the files say.
#[derive(Debug)]
pub(super) struct Data {
    pub(super) start: Timestamp,
    pub(super) apis: Vec<Api>,
    pub(super) inventions: Inventions,
    pub(super) clients: Vec<Arc<Client>>,
}

pub(super) fn read(files: &Files) -> Result<Data, Vec<Diagnostic>> {
    let Some(root) = files.get(ROOT) else {
        return Err(vec![
            Diagnostic::error("sandbox-file", format!("the sandbox has no file {ROOT}"))
                .help("put one there that names the start of the clock and the files of the APIs"),
        ]);
    };
    let mut reader = Reader { files, used: BTreeSet::from([ROOT]), found: Vec::new() };
    let data = reader.root(root);
    reader.unused();
    match data {
        Some(data) if reader.found.is_empty() => Ok(data),
        _ => Err(reader.found),
    }
}

struct Reader<'f> {
    files: &'f Files,
    used: BTreeSet<&'f str>,
    found: Vec<Diagnostic>,
}

impl<'f> Reader<'f> {
    fn root(&mut self, source: &Arc<SourceFile>) -> Option<Data> {
        let root: Root = self.toml(source)?;
        let start = Timestamp::parse(root.start.get_ref());
        if start.is_none() {
            self.tell(
                source,
                root.start.span(),
                "sandbox-value",
                "the start is no instant",
                "such as 2026-04-15T09:00:00Z",
            );
        }
        let mut apis = Vec::new();
        for path in &root.apis {
            let Some(source) = self.file(source, path) else { continue };
            let Some(mut api) = self.toml::<Api>(&source) else { continue };
            self.records(&source, &mut api);
            apis.push((source, api));
        }
        let inventions = root.inventions.as_ref().and_then(|path| self.file(source, path));
        let inventions = inventions.and_then(|source| self.toml::<Inventions>(&source)).unwrap_or_default();
        for (source, api) in &apis {
            self.found.extend(check::api(source, api, &inventions));
        }
        self.found.extend(check::together(&apis));
        for (_, api) in &mut apis {
            api.routes.extend(api.oauth.iter().flat_map(OAuth::routes));
        }
        let (clients, found) = client::read(self.files);
        self.found.extend(found);
        Some(Data { start: start?, apis: apis.into_iter().map(|(_, api)| api).collect(), inventions, clients })
    }

    fn records(&mut self, source: &Arc<SourceFile>, api: &mut Api) {
        for records in api.resources.values_mut().flat_map(|resource| &mut resource.records) {
            let Some(file) = self.file(source, &records.file) else { continue };
            match rows(&file) {
                Ok(rows) => records.rows = rows,
                Err(finding) => self.found.push(finding),
            }
            records.source = Some(file);
        }
    }

    fn file(&mut self, from: &Arc<SourceFile>, path: &toml::Spanned<String>) -> Option<Arc<SourceFile>> {
        let Some((name, file)) = self.files.get_key_value(path.get_ref()) else {
            let message = format!("there is no file {}", path.get_ref());
            self.tell(from, path.span(), "sandbox-reference", message, "paths start at the sandbox's folder");
            return None;
        };
        self.used.insert(name);
        Some(Arc::clone(file))
    }

    fn toml<T: DeserializeOwned>(&mut self, source: &Arc<SourceFile>) -> Option<T> {
        match toml::from_str(source.text()) {
            Ok(value) => Some(value),
            Err(error) => {
                let message = format!("the sandbox's data cannot be read: {}", error.message().replace('\n', ", "));
                self.tell(source, error.span().unwrap_or(0..0), "sandbox-shape", message, "");
                None
            }
        }
    }

    fn tell(
        &mut self,
        source: &Arc<SourceFile>,
        at: Range<usize>,
        code: &'static str,
        message: impl Into<String>,
        label: &str,
    ) {
        self.found.push(Diagnostic::error(code, message).at(source, Span::new(at.start, at.end), label));
    }

    /// A data file that nothing reads is a slip of the pen in a path.
    fn unused(&mut self) {
        for (path, source) in self.files {
            let is_data = path.ends_with(".toml") || (path.ends_with(".json") && !path.ends_with(".schema.json"));
            if is_data && !client::is_part(path) && !self.used.contains(path.as_str()) {
                self.found.push(
                    Diagnostic::error("sandbox-file", format!("nothing in the sandbox names the file {path}"))
                        .at(source, Span::default(), "")
                        .help("name it in `apis` of sandbox.toml or in `records` of a resource, or delete it"),
                );
            }
        }
    }
}

/// The records of a file, which is one JSON array of objects, each with its place.
fn rows(source: &Arc<SourceFile>) -> Result<Vec<Spanned<Map<String, Value>>>, Diagnostic> {
    let text = source.text();
    let values: Vec<Map<String, Value>> = serde_json::from_str(text).map_err(|error| {
        let start = source.line_span(error.line()).start + error.column().saturating_sub(1);
        let message = format!("the records cannot be read: {error}");
        Diagnostic::error("sandbox-shape", message).at(
            source,
            Span::new(start.min(text.len()), start.min(text.len())),
            "",
        )
    })?;
    // The text is an array, so every value stands after `[` or `,`.
    let mut at = text.find('[').map_or(0, |open| open + 1);
    let mut rows = Vec::new();
    for value in values {
        at += text[at..].find('{').unwrap_or(0);
        let mut stream = Deserializer::from_str(&text[at..]).into_iter::<Value>();
        stream.next();
        let end = at + stream.byte_offset();
        rows.push(Spanned::new(value, Span::new(at, end)));
        at = end;
    }
    Ok(rows)
}
