//! Options where nobody but doccheck reads them: what is no option there is a slip, and most often a missing quote.

use crate::source::Span;

use super::grammar::parse;
use super::set::is_key;
use super::{OptionError, Setting, Value};

/// As `parse`. Words after a value without quotes are meant to belong to it, and are told as one fault with the quotes
/// that are missing.
pub fn parse_own(text: &str, base: usize) -> (Vec<Setting>, Vec<OptionError>) {
    let (mut settings, mut errors) = parse(text, base);
    let mut at = 0;
    while let Some(setting) = settings.get(at) {
        at += 1;
        let value = setting.value.span;
        let Value::Text(first) = &setting.value.value else { continue };
        let is_bare = text[..value.start - base].ends_with('=') && !first.is_empty();
        let next = settings.get(at).map_or(base + text.len(), |next| next.key.span.start);
        // An option may stand without a value, and a misspelt one is told as such.
        let strays =
            errors.iter().any(|error| error.code == "bad-option" && (value.end..next).contains(&error.span.start))
                || settings.get(at).is_some_and(|next| !has_value(text, base, next) && !is_key(&next.key.value));
        if !is_bare || !strays {
            continue;
        }
        let end = settings[at..]
            .iter()
            .find(|next| has_value(text, base, next))
            .map_or(base + text.len(), |next| next.key.span.start);
        let words = text[value.start - base..end - base].trim_end();
        let span = Span::new(value.start, value.start + words.len());
        let quote = if words.contains('"') { '\'' } else { '"' };
        let key = setting.key.value.clone();
        let start = setting.key.span.start;
        settings.retain(|setting| !(start..end).contains(&setting.key.span.start));
        errors.retain(|error| !(value.start..end).contains(&error.span.start));
        errors.push(OptionError {
            code: "bad-option",
            message: format!("the value of `{key}` ends at its first blank"),
            span,
            help: Some(format!("quote the value: `{key}={quote}{words}{quote}`")),
        });
        at -= 1;
    }
    (settings, errors)
}

/// True for a setting with a `=`.
fn has_value(text: &str, base: usize, setting: &Setting) -> bool {
    text[setting.key.span.end - base..].starts_with('=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_after_a_value_without_quotes_are_told_as_one() {
        for (source, told, left) in [
            ("fault=429 GET /unified/crm exit=1", (6, 26, "fault=\"429 GET /unified/crm\""), vec!["exit"]),
            ("name=a skip=needs a \"big\" env", (12, 29, "skip='needs a \"big\" env'"), vec!["name"]),
            ("ready=text:Listening on: x", (6, 26, "ready=\"text:Listening on: x\""), vec![]),
        ] {
            let (settings, errors) = parse_own(source, 100);
            let keys: Vec<_> = settings.iter().map(|setting| setting.key.value.as_str()).collect();
            assert_eq!(keys, left, "{source}");
            let (start, end, help) = told;
            assert_eq!(errors.len(), 1, "{errors:?}");
            assert_eq!(errors[0].span, Span::new(100 + start, 100 + end), "{source}");
            assert_eq!(errors[0].help.as_deref(), Some(format!("quote the value: `{help}`").as_str()));
        }
        for fine in
            ["exit=1 skip", "skip name=a", "exit='1' skip=x", "python=[a b] name=x", "skip='a b' GET", "exit= skip"]
        {
            assert_eq!(parse_own(fine, 5), parse(fine, 5), "{fine}");
        }
        let (settings, errors) = parse_own("exit=1 skpi", 0);
        assert_eq!((settings.len(), errors.len()), (2, 0), "a slip is no value");
    }
}
