//! Two JSON texts of a page that differ in values, as one with wildcards that matches both.

use crate::edit::{Edit, apply};

use super::super::kind::Kind;
use super::super::loosen::{Names, line};
use super::super::wildcard::Pattern;
use super::parse;
use super::value::{Content, Value, quoted};

/// `new`, with wildcards in the place of what every run makes anew and differs from `old`; `None` where nothing does.
pub fn loosen_json(old: &str, new: &str, is_free: &dyn Fn(&str) -> bool) -> Option<String> {
    let (olds, news) = (parse::page(old).ok()?, parse::page(new).ok()?);
    let mut loosening = Loosening { names: Names::new(is_free), edits: Vec::new() };
    loosening.row(&olds, &news);
    (!loosening.edits.is_empty()).then(|| apply(new, &loosening.edits))
}

struct Loosening<'a> {
    names: Names<'a>,
    edits: Vec<Edit>,
}

impl Loosening<'_> {
    fn value(&mut self, old: &Value, new: &Value) {
        match (&old.content, &new.content) {
            (old, new) if old == new => {}
            (Content::Object(olds), Content::Object(news)) => {
                for new in &news.members {
                    if let Some(old) = olds.members.iter().find(|old| old.key == new.key) {
                        self.value(&old.value, &new.value);
                    }
                }
            }
            (Content::Array(olds), Content::Array(news)) => self.row(olds, news),
            (Content::String(one), Content::String(other)) => {
                if let Some(text) = self.string(one, other) {
                    self.put(new, &text);
                }
            }
            (Content::Number(one), Content::Number(other)) => {
                let whole = one.is_whole() && other.is_whole();
                self.put(new, if whole { "<int>" } else { "<number>" });
            }
            _ => {}
        }
    }

    /// Of rows of different lengths nobody can tell what belongs together.
    fn row(&mut self, olds: &[Value], news: &[Value]) {
        if olds.len() == news.len() {
            olds.iter().zip(news).for_each(|(old, new)| self.value(old, new));
        }
    }

    fn string(&mut self, old: &str, new: &str) -> Option<String> {
        if !Pattern::parse(old).is_literal() || old.ends_with("...") || old.ends_with('…') {
            return None;
        }
        let kinds = [(Kind::Uuid, "uuid"), (Kind::Date, "date"), (Kind::Timestamp, "timestamp")];
        let kind = kinds.iter().find(|(kind, _)| kind.takes(old) && kind.takes(new));
        match kind {
            Some((_, name)) => Some(format!("<{name}>")),
            None => Some(line(old, new, &mut self.names)).filter(|text| text != new),
        }
    }

    fn put(&mut self, place: &Value, text: &str) {
        self.edits.push(Edit::replace(place.span, quoted(text)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::{Captures, compare_json};

    #[test]
    fn values_that_every_run_makes_anew_become_types() {
        let page = |id: &str, n: &str, at: &str, ok: &str, url: &str| {
            format!(
                "{{\n  \"id\": \"{id}\",\n  \"n\": [{n}, 1],\n  \"at\": \"{at}\",\n  \"ok\": {ok},\n  \"url\": \"{url}\"\n}}"
            )
        };
        let old = page("0190c1f2-7a1b-7c3d-8e4f-0123456789ab", "1", "2026-04-01T00:00:00Z", "true", "http://h:80/x");
        let new = page("0190c1f3-7a1b-7c3d-8e4f-0123456789ab", "2", "2026-04-02T00:00:00Z", "false", "http://h:81/x");
        let loose = loosen_json(&old, &new, &|_| true).expect("they differ in values");
        let expected = page("<uuid>", "\"<int>\"", "<timestamp>", "false", "http://h:<port:int>/x");
        assert_eq!(loose, expected);
        for text in [&old.replace("true", "false"), &new] {
            assert!(compare_json(&loose, text, &mut Captures::new()).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_differs_otherwise_stays() {
        for (old, new) in [
            ("{\"a\": 1}", "{\"b\": 1}"),
            ("[1]", "[1, 2]"),
            ("{\"a\": 1}", "{\"a\": \"x\"}"),
            ("{\"a\": \"<int>\"}", "{\"a\": \"x\"}"),
            ("{\"a\": \"open\", \"b\": true}", "{\"a\": \"closed\", \"b\": false}"),
            ("{\"a\": \"ada@example.com\"}", "{\"a\": \"bob@example.com\"}"),
            ("[1]", "[1]"),
            ("[1", "[2]"),
        ] {
            assert_eq!(loosen_json(old, new, &|_| true), None, "{old} | {new}");
        }
    }
}
