//! Two texts of a page that differ, as one with wildcards that matches both: for ids, times, ports and durations,
//! which every run makes anew.

use super::kind::Kind;
use super::wildcard::{Pattern, differing, is_word};

/// `new`, with wildcards where what every run makes anew differs from `old`: it is told by its form alone, so that a word
/// that has changed stays as it is. `None` where there is nothing of that kind.
/// `is_free` says whether the page does not use a name yet.
pub fn loosen_text(old: &str, new: &str, is_free: &dyn Fn(&str) -> bool) -> Option<String> {
    let (old, new): (Vec<&str>, Vec<&str>) =
        (old.trim_end().split('\n').map(str::trim_end).collect(), new.trim_end().split('\n').collect());
    if old.len() != new.len() || old == new {
        return None;
    }
    let mut names = Names::new(is_free);
    let lines: Vec<String> = old.iter().zip(&new).map(|(old, new)| line(old, new, &mut names)).collect();
    (lines != new).then(|| lines.join("\n"))
}

/// Names that captures get.
pub(super) struct Names<'a> {
    is_free: &'a dyn Fn(&str) -> bool,
    given: Vec<String>,
}

impl<'a> Names<'a> {
    pub(super) fn new(is_free: &'a dyn Fn(&str) -> bool) -> Self {
        Self { is_free, given: Vec::new() }
    }

    /// A capture of `kind`, named by the word that stands before it as a key, else by `kind` itself.
    fn capture(&mut self, before: &str, name: &str, kind: &str) -> String {
        let key = before.trim_end().strip_suffix([':', '=']).map(|head| head.trim_end_matches(['"', '\'']));
        let word = key.map(|head| &head[head.trim_end_matches(|char: char| is_word(char) || char == '-').len()..]);
        let named = word.filter(|word| word.starts_with(|char: char| char.is_ascii_alphabetic()) && word.is_ascii());
        let name = named.map_or_else(|| name.to_owned(), str::to_lowercase);
        let free = |name: &String| (self.is_free)(name) && !self.given.contains(name);
        let numbered = (2..1000).map(|number| format!("{name}-{number}"));
        let name = std::iter::once(name.clone()).chain(numbered).find(free).unwrap_or(name);
        self.given.push(name.clone());
        format!("<{name}:{kind}>")
    }
}

/// One line, or the text of a JSON string.
pub(super) fn line(old: &str, new: &str, names: &mut Names<'_>) -> String {
    if old == new {
        return new.to_owned();
    }
    let (olds, news) = (tokens(old), tokens(new));
    let alike = olds.len() == news.len()
        && olds.iter().zip(&news).all(|(old, new)| old == new || is_token(old) && is_token(new));
    if !alike {
        let (span, there) = differing(old, new);
        let here = &old[span.start..span.end];
        let anew = |text: &str| !text.is_empty() && text.split_whitespace().all(is_made_anew);
        return if Pattern::parse(here).is_literal() && anew(here) && anew(there) {
            format!("{}[..]{}", &old[..span.start], &old[span.end..])
        } else {
            new.to_owned()
        };
    }
    let mut loosened = String::new();
    let mut at = 0;
    while at < olds.len() {
        // A day and a time with a blank between are one value.
        let both = |tokens: &[&str]| tokens.get(at..at + 3).map(<[&str]>::concat).filter(|text| is_time(text));
        if let (Some(one), Some(other)) = (both(&olds), both(&news))
            && one != other
        {
            let capture = names.capture(&loosened, "time", "timestamp");
            loosened.push_str(&capture);
            at += 3;
            continue;
        }
        let token = if olds[at] == news[at] { None } else { token(olds[at], news[at], &loosened, names) };
        loosened.push_str(token.as_deref().unwrap_or(news[at]));
        at += 1;
    }
    loosened
}

/// True for a word that is an id, a number, a time or a part of one by its form.
fn is_made_anew(word: &str) -> bool {
    const NAMES: [&str; 21] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
        "AM",
        "PM",
    ];
    let named = |name: &&str| word == *name || (word.len() == 3 && name.starts_with(word));
    word.contains(|char: char| char.is_ascii_digit()) || NAMES.iter().any(named)
}

/// True for a time of day: `9:05`, `10:00:00.123`.
fn is_clock(word: &str) -> bool {
    let Some((hour, rest)) = word.split_once(':') else { return false };
    let digits = |text: &str, more: &[char]| text.chars().all(|char| char.is_ascii_digit() || more.contains(&char));
    (1..=2).contains(&hour.len()) && digits(hour, &[]) && rest.len() >= 2 && digits(rest, &[':', '.', ','])
}

/// Folders in which programs make names anew.
const TEMPORARY: [&str; 2] = ["/tmp/", "/var/folders/"];

fn is_time(text: &str) -> bool {
    text.contains(':') && Kind::Timestamp.takes(text)
}

/// A word that differs; `None` where it is none that every run makes anew.
fn token(old: &str, new: &str, before: &str, names: &mut Names<'_>) -> Option<String> {
    if !Pattern::parse(old).is_literal() {
        return None;
    }
    let end = |text: &str| text.len() - text.trim_end_matches(['.', ':', '!', '?']).len();
    let close = if old[old.len() - end(old)..] == new[new.len() - end(new)..] { end(new) } else { 0 };
    let (old, new, close) = (&old[..old.len() - close], &new[..new.len() - close], &new[new.len() - close..]);
    for (kind, name) in [(Kind::Uuid, "uuid"), (Kind::Date, "date"), (Kind::Int, "int"), (Kind::Number, "number")] {
        if kind.takes(old) && kind.takes(new) {
            return Some(names.capture(before, if name == "uuid" { "id" } else { name }, name) + close);
        }
    }
    if is_time(old) && is_time(new) {
        return Some(names.capture(before, "time", "timestamp") + close);
    }
    if is_clock(old) && is_clock(new) {
        return Some(format!("[..]{close}"));
    }
    let (head, one, other, tail) = core(old, new);
    let temporary = TEMPORARY.iter().any(|folder| head.contains(folder));
    let anew = is_made_anew(one) && is_made_anew(other);
    if !temporary && !anew {
        return None;
    }
    let whole = |kind: Kind| kind.takes(one) && kind.takes(other);
    let stands = if whole(Kind::Uuid) {
        names.capture("", "id", "uuid")
    } else if whole(Kind::Int) && head.ends_with(':') && one.len().max(other.len()) <= 5 {
        names.capture("", "port", "int")
    } else if whole(Kind::Hex) && one.len().min(other.len()) >= 7 {
        names.capture("", "hex", "hex")
    } else {
        match (unit(one), unit(other)) {
            (Some(unit), Some(same)) if unit == same => format!("[..]{unit}"),
            _ => "[..]".to_owned(),
        }
    };
    Some(format!("{head}{stands}{tail}{close}"))
}

/// What two words share at their start, what differs of each, and what they share at their end.
fn core<'a>(old: &'a str, new: &'a str) -> (&'a str, &'a str, &'a str, &'a str) {
    let inner = |char: char| is_word(char) || char == '-' || char == '.';
    let same = |pairs: &mut dyn Iterator<Item = (char, char)>| -> usize {
        pairs.take_while(|(one, other)| one == other).map(|(one, _)| one.len_utf8()).sum()
    };
    let mut start = same(&mut old.chars().zip(new.chars()));
    start -= old[..start].chars().rev().take_while(|char| inner(*char)).map(char::len_utf8).sum::<usize>();
    let (one, other) = (&old[start..], &new[start..]);
    let mut end = same(&mut one.chars().rev().zip(other.chars().rev()));
    end -= one[one.len() - end..].chars().take_while(|char| inner(*char)).map(char::len_utf8).sum::<usize>();
    (&old[..start], &one[..one.len() - end], &other[..other.len() - end], &one[one.len() - end..])
}

/// The unit of an amount such as `12ms` or `1.5s`.
fn unit(text: &str) -> Option<&str> {
    let unit = text.trim_start_matches(|char: char| char.is_ascii_digit() || char == '.');
    (unit.len() < text.len() && !unit.is_empty() && unit.chars().all(char::is_alphabetic)).then_some(unit)
}

/// Words and what stands between them, in turn.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|char| is_inner(char) != is_inner(first)).unwrap_or(rest.len());
        tokens.push(&rest[..end]);
        rest = &rest[end..];
    }
    tokens
}

fn is_token(text: &str) -> bool {
    text.starts_with(is_inner)
}

/// True within a word in the wide sense: an address, a path, a time, but not the marks around one. A page's own
/// wildcards are words too.
fn is_inner(char: char) -> bool {
    !char.is_whitespace() && !"\"'`,;(){}=".contains(char)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loosened(old: &str, new: &str) -> Option<String> {
        loosen_text(old, new, &|name| name != "taken")
    }

    #[test]
    fn the_kind_of_what_differs_decides() {
        let (a, b) = ("0190c1f2-7a1b-7c3d-8e4f-0123456789ab", "0190c1f3-0000-7c3d-8e4f-ba9876543210");
        for (old, new, loose) in [
            (&*format!("id: {a}"), &*format!("id: {b}"), "id: <id:uuid>"),
            (&format!("GET /c/{a}/x"), &format!("GET /c/{b}/x"), "GET /c/<id:uuid>/x"),
            ("total=5, ok", "total=6, ok", "total=<total:int>, ok"),
            ("5 items.", "6 items.", "<int:int> items."),
            ("taken: 5", "taken: 6", "taken: <taken-2:int>"),
            ("at 2026-04-01T10:00:00Z.", "at 2026-04-02T11:00:00Z.", "at <time:timestamp>."),
            ("at 2026-04-01 10:00:00", "at 2026-04-02 11:00:00", "at <time:timestamp>"),
            ("on 2026-04-01", "on 2026-04-02", "on <date:date>"),
            ("http://127.0.0.1:54321/x", "http://127.0.0.1:8080/x", "http://127.0.0.1:<port:int>/x"),
            ("took 12ms", "took 340ms", "took [..]ms"),
            ("took 1.5s", "took 340ms", "took [..]"),
            ("/tmp/a1b/log", "/tmp/zz9/log", "/tmp/[..]/log"),
            ("commit deadbee1", "commit 0badcafe", "commit <hex:hex>"),
            ("a 1\nb 2\nc 3", "a 1\nb 4\nc 5", "a 1\nb <int:int>\nc <int-2:int>"),
            ("/tmp/abc/log", "/tmp/xyz/log", "/tmp/[..]/log"),
            ("ready after 1m 2s, ok", "ready after 3s, ok", "ready after [..], ok"),
            ("Apr 1 10:00:00 start", "May 12 11:30:00 start", "[..] <int:int> [..] start"),
            ("order crm_01HX", "order crm_9ZQ4", "order [..]"),
        ] {
            let found = loosened(old, new);
            assert_eq!(found.as_deref(), Some(loose), "{old} | {new}");
            for text in [old, new] {
                let matches = super::super::compare_text(loose, text, &mut super::super::Captures::new());
                assert!(matches.is_ok(), "{loose} | {text}");
            }
        }
    }

    #[test]
    fn a_changed_word_stays_beside_what_is_made_anew() {
        let loose = loosened("took 12ms, ok\nopen", "took 7ms, failed\nclosed");
        assert_eq!(loose.as_deref(), Some("took [..]ms, failed\nclosed"));
    }

    #[test]
    fn what_differs_otherwise_stays() {
        for (old, new) in [
            ("a", "a\nb"),
            ("a", "a"),
            ("<id:int> x", "word x"),
            ("", "a"),
            ("a", "a b"),
            ("name Ada Lovelace x", "name Grace x"),
            ("status: open", "status: closed"),
            ("by ada@example.com", "by bob@example.com"),
            ("the facade is", "the defaced is"),
            ("v ok", "v ok2"),
        ] {
            assert_eq!(loosened(old, new), None, "{old} | {new}");
        }
    }
}
