//! Captured values in code. A value is data: one that a language could take for something else is not put into code,
//! whatever stands around it.

use super::Captures;

/// A value that is not put into code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsafe {
    /// The name in `<name>`.
    pub name: String,
    /// What its value holds, with an article, such as "a quote".
    pub holds: String,
}

impl Captures {
    /// `code` with each exact token `<name>` of a captured name replaced by its value. Values are not looked into
    /// again.
    pub fn fill(&self, code: &str) -> String {
        let mut filled = String::with_capacity(code.len());
        let mut end = 0;
        for (at, name, value) in self.tokens(code) {
            filled.push_str(&code[end..at]);
            filled.push_str(value);
            end = at + name.len() + 2;
        }
        filled.push_str(&code[end..]);
        filled
    }

    /// The first value that must not stand where `code` has its name.
    pub fn unsafe_in(&self, code: &str) -> Option<Unsafe> {
        self.tokens(code).into_iter().find_map(|(at, name, value)| {
            let holds = meaning(value, in_quotes(&code[..at]))?;
            Some(Unsafe { name: name.to_owned(), holds })
        })
    }

    /// The captured names in `code`, each once, with the values that replace them.
    pub fn used(&self, code: &str) -> Vec<(String, String)> {
        let mut used: Vec<(String, String)> = Vec::new();
        for (_, name, value) in self.tokens(code) {
            if used.iter().all(|(known, _)| known != name) {
                used.push((name.to_owned(), value.to_owned()));
            }
        }
        used
    }

    /// Where the tokens stand, with their names and values.
    fn tokens<'a>(&'a self, code: &'a str) -> Vec<(usize, &'a str, &'a str)> {
        let mut tokens = Vec::new();
        let mut end = 0;
        for (at, _) in code.match_indices('<') {
            let token = code[at + 1..].split_once('>').and_then(|(name, _)| Some((name, self.get(name)?)));
            if let Some((name, value)) = token.filter(|_| at >= end) {
                tokens.push((at, name, value));
                end = at + name.len() + 2;
            }
        }
        tokens
    }
}

/// What `value` holds that means something to a shell or a programming language; `None` where it is plain data there.
fn meaning(value: &str, in_quotes: bool) -> Option<String> {
    if value.starts_with(' ') || value.ends_with(' ') {
        return Some("a blank at an end".to_owned());
    }
    // An address with a query is put between quotes as it stands. With a blank it could still be a command in a string
    // that a second shell reads.
    let is_address = in_quotes && !value.contains(' ');
    let is_plain = |char: char| match char {
        '&' | '#' => is_address,
        ' ' => true,
        _ if char.is_ascii() => char.is_ascii_alphanumeric() || "-_.:/@+=,%~?".contains(char),
        _ => !char.is_whitespace() && !char.is_control(),
    };
    let char = value.chars().find(|char| !is_plain(*char))?;
    Some(match char {
        '\'' | '"' => "a quote".to_owned(),
        '`' => "a backquote".to_owned(),
        '\\' => "a backslash".to_owned(),
        '\n' | '\r' => "a line break".to_owned(),
        _ if char.is_whitespace() || char.is_control() => "a control character".to_owned(),
        _ => format!("`{char}`"),
    })
}

/// True where a quote is open at the end of `code`, on its last line.
fn in_quotes(code: &str) -> bool {
    let line = &code[code.rfind('\n').map_or(0, |end| end + 1)..];
    let mut open = None;
    let mut escaped = false;
    for char in line.chars() {
        match char {
            _ if escaped => escaped = false,
            '\\' if open != Some('\'') => escaped = true,
            '"' | '\'' if open.is_none() => open = Some(char),
            _ if open == Some(char) => open = None,
            _ => {}
        }
    }
    open.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_exact_tokens_only_and_once() {
        let mut captures = Captures::new();
        captures.set("id", "<name>");
        captures.set("name", "Ada");
        let code = "a<id>b <name> <Name> <id <id> < <other> <";
        assert_eq!(captures.fill(code), "a<name>b Ada <Name> <id <name> < <other> <");
        let used = [("id", "<name>"), ("name", "Ada")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(captures.used(code), used);
    }

    #[test]
    fn only_plain_data_is_put_into_code() {
        let found = |code: &str, value: &str| {
            let mut captures = Captures::new();
            captures.set("x", value);
            captures.unsafe_in(code).map(|found| format!("{} holds {}", found.name, found.holds))
        };
        for value in
            ["crm_01", "a@b.c", "Ada Lovelace", "2026-04-01T00:00:00+02:00", "Zoë", "東京", "-1.5e3", "", "50%"]
        {
            for code in ["get <x>", "get '<x>'", "get \"<x>\""] {
                assert_eq!(found(code, value), None, "{code} | {value}");
            }
        }
        for (value, holds) in [
            ("O'Hara", "a quote"),
            ("1\"; touch x; \"", "a quote"),
            ("$HOME", "`$`"),
            ("`id`", "a backquote"),
            ("a\\", "a backslash"),
            ("a\nb", "a line break"),
            ("a\tb", "a control character"),
            ("a; b", "`;`"),
            ("a|b", "`|`"),
            ("{}", "`{`"),
            (" a", "a blank at an end"),
            ("a & b", "`&`"),
        ] {
            for code in ["get <x>", "get '<x>'", "get \"<x>\""] {
                assert_eq!(found(code, value).as_deref(), Some(&*format!("x holds {holds}")), "{code} | {value}");
            }
        }
        let address = "https://h/c?a=1&b=2#c";
        for code in ["get \"<x>\"", "a='b'\nget -H \"a: b\" '/<x>'", "{\"next\": \"<x>\"}"] {
            assert_eq!(found(code, address), None, "{code}");
        }
        for code in ["get <x>", "'a' <x>", "\"\n<x>", "\\\"<x>"] {
            assert_eq!(found(code, address).as_deref(), Some("x holds `&`"), "{code}");
        }
        assert_eq!(found("get <y>", "$"), None);
    }
}
