//! The names of a Python program.

use std::collections::BTreeSet;

use super::Names;

const KEYWORDS: [&str; 37] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield", "match", "case",
];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Name(String),
    Sign(char),
}

/// A logical line: its indent and its tokens.
#[derive(Debug, Default)]
struct Line {
    indent: usize,
    tokens: Vec<Token>,
}

/// The names of `code`.
pub fn names(code: &str) -> Names {
    let lines = lines(code);
    let local: BTreeSet<String> = lines.iter().flat_map(|line| inner_bindings(&line.tokens)).collect();
    let mut names = Names::default();
    // Bodies of functions and classes run later, when everything of the step is defined.
    let mut later = BTreeSet::new();
    let mut bodies: Vec<usize> = Vec::new();
    for line in &lines {
        bodies.retain(|indent| line.indent > *indent);
        let inside = !bodies.is_empty();
        let (bound, read) = statement(&line.tokens);
        if inside {
            let mine: BTreeSet<_> = bound.into_iter().collect();
            later.extend(read.into_iter().filter(|name| !local.contains(name) && !mine.contains(name)));
        } else {
            let fresh = read.into_iter().filter(|name| !names.defines.contains(name) && !local.contains(name));
            names.reads.extend(fresh.collect::<Vec<_>>());
            names.defines.extend(bound);
        }
        if matches!(head(&line.tokens), Some("def" | "class")) {
            bodies.push(line.indent);
        }
    }
    let assigned_inside: BTreeSet<_> = lines.iter().flat_map(|line| statement(&line.tokens).0).collect();
    names
        .reads
        .extend(later.into_iter().filter(|name| !names.defines.contains(name) && !assigned_inside.contains(name)));
    names
}

/// The first word of a statement that says what it is.
fn head(tokens: &[Token]) -> Option<&str> {
    let mut words = tokens.iter().map(|token| match token {
        Token::Name(name) => name.as_str(),
        Token::Sign(_) => "",
    });
    words.by_ref().find(|word| *word != "async")
}

/// What a statement binds, and what it reads.
fn statement(tokens: &[Token]) -> (Vec<String>, Vec<String>) {
    let words = tokens;
    match head(words) {
        Some("import" | "from") => (imported(words), Vec::new()),
        Some("def" | "class") => {
            let name = words.iter().skip_while(|token| !is(token, "def") && !is(token, "class")).nth(1);
            let bound = match name {
                Some(Token::Name(name)) => vec![name.clone()],
                _ => Vec::new(),
            };
            let read = reads(words).into_iter().filter(|read| !bound.contains(read)).collect();
            (bound, read)
        }
        Some("global" | "nonlocal") => (Vec::new(), Vec::new()),
        Some("for") => {
            let end = words.iter().position(|token| is(token, "in")).unwrap_or(words.len());
            (reads(&words[..end]), reads(&words[end..]))
        }
        Some("with" | "except") => {
            let (mut bound, mut read) = (Vec::new(), Vec::new());
            for (at, token) in words.iter().enumerate() {
                if let Token::Name(name) = token
                    && at > 0
                    && is(&words[at - 1], "as")
                {
                    bound.push(name.clone());
                }
            }
            read.extend(reads(words).into_iter().filter(|name| !bound.contains(name)));
            (bound, read)
        }
        _ => assignment(words),
    }
}

fn is(token: &Token, word: &str) -> bool {
    matches!(token, Token::Name(name) if name == word)
}

fn imported(tokens: &[Token]) -> Vec<String> {
    let from = tokens.first().is_some_and(|token| is(token, "from"));
    let start = tokens.iter().position(|token| is(token, "import")).map_or(tokens.len(), |at| at + 1);
    tokens[start..]
        .split(|token| *token == Token::Sign(','))
        .filter_map(|part| {
            let words: Vec<_> = part
                .iter()
                .filter_map(|token| match token {
                    Token::Name(name) => Some(name.clone()),
                    Token::Sign(_) => None,
                })
                .collect();
            // `import a.b` binds `a`; with `as`, the last word is bound.
            let aliased = words.iter().any(|word| word == "as");
            if aliased || from { words.last().cloned() } else { words.first().cloned() }
        })
        .collect()
}

/// `a, b = …`, `a: int = …`, `a += …`, `(a := …)`, or an expression.
fn assignment(tokens: &[Token]) -> (Vec<String>, Vec<String>) {
    let mut depth = 0_i32;
    let (mut bound, mut read) = (Vec::new(), Vec::new());
    let mut start = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth -= 1,
            Token::Sign('=') if depth == 0 && plain_equals(tokens, at) => {
                let target = &tokens[start..at];
                let augmented = matches!(
                    target.last(),
                    Some(Token::Sign('+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '@' | '<' | '>'))
                );
                let simple = !target.iter().any(|token| matches!(token, Token::Sign('.' | '[')));
                let names = reads(target.split(|token| *token == Token::Sign(':')).next().unwrap_or(target));
                if augmented || !simple {
                    read.extend(names.clone());
                }
                if simple {
                    bound.extend(names);
                }
                start = at + 1;
            }
            Token::Sign(_) | Token::Name(_) => {}
        }
    }
    read.extend(reads(&tokens[start..]));
    for pair in tokens.windows(3) {
        if let [Token::Name(name), Token::Sign(':'), Token::Sign('=')] = pair {
            bound.push(name.clone());
        }
    }
    (bound, read)
}

fn plain_equals(tokens: &[Token], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| &tokens[before]);
    let compared = matches!(before, Some(Token::Sign('=' | '!')))
        || (matches!(before, Some(Token::Sign('<' | '>')))
            && !(at >= 2 && matches!(tokens[at - 2], Token::Sign('<' | '>'))));
    let after = tokens.get(at + 1) == Some(&Token::Sign('='));
    !compared && !after
}

/// Names that are bound in an inner scope wherever they stand: parameters and targets of comprehensions.
fn inner_bindings(tokens: &[Token]) -> Vec<String> {
    let mut bound = Vec::new();
    let mut depth = 0_i32;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth -= 1,
            Token::Name(word) if word == "for" && depth > 0 => {
                let targets = tokens[at + 1..].iter().take_while(|token| !is(token, "in"));
                bound.extend(targets.filter_map(plain_name));
            }
            Token::Name(word) if word == "lambda" => {
                let parameters = tokens[at + 1..].iter().take_while(|token| **token != Token::Sign(':'));
                bound.extend(parameters.filter_map(plain_name));
            }
            Token::Name(_) | Token::Sign(_) => {}
        }
    }
    if head(tokens) == Some("def") {
        let inside = tokens.iter().skip_while(|token| **token != Token::Sign('('));
        let mut depth = 0;
        let mut expects = false;
        for token in inside {
            match token {
                Token::Sign('(') => {
                    depth += 1;
                    expects = depth == 1;
                }
                Token::Sign(')') => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                Token::Sign(',') => expects = depth == 1,
                Token::Sign('*') => {}
                Token::Name(name) if expects => {
                    bound.push(name.clone());
                    expects = false;
                }
                Token::Sign(_) | Token::Name(_) => expects = false,
            }
        }
    }
    bound
}

fn plain_name(token: &Token) -> Option<String> {
    match token {
        Token::Name(name) if !KEYWORDS.contains(&name.as_str()) => Some(name.clone()),
        Token::Name(_) | Token::Sign(_) => None,
    }
}

/// Every name that is read: no keyword, no attribute, no name of an argument.
fn reads(tokens: &[Token]) -> Vec<String> {
    let mut depth = 0_i32;
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth -= 1,
            Token::Sign(_) => {}
            Token::Name(_) => {
                let attribute = at > 0 && tokens[at - 1] == Token::Sign('.');
                let argument = depth > 0
                    && tokens.get(at + 1) == Some(&Token::Sign('='))
                    && tokens.get(at + 2) != Some(&Token::Sign('='));
                if !attribute && !argument {
                    found.extend(plain_name(token));
                }
            }
        }
    }
    found
}

/// The logical lines: strings and comments taken out, the code inside f-strings kept.
fn lines(code: &str) -> Vec<Line> {
    let chars: Vec<char> = code.chars().collect();
    let mut lines = Vec::new();
    let mut line = Line::default();
    let (mut at, mut depth, mut fresh) = (0, 0_i32, true);
    while at < chars.len() {
        let here = chars[at];
        if fresh && (here == ' ' || here == '\t') {
            line.indent += 1;
            at += 1;
            continue;
        }
        match here {
            '\n' => {
                if depth <= 0 {
                    lines.push(std::mem::take(&mut line));
                    fresh = true;
                    depth = 0;
                }
                at += 1;
                continue;
            }
            '#' => {
                while at < chars.len() && chars[at] != '\n' {
                    at += 1;
                }
                continue;
            }
            '\\' => at += 2,
            '\'' | '"' => at = string(&chars, at, false, false, &mut line.tokens),
            ';' if depth == 0 => {
                let indent = line.indent;
                lines.push(std::mem::replace(&mut line, Line { indent, tokens: Vec::new() }));
                at += 1;
            }
            letter if letter.is_alphabetic() || letter == '_' => {
                let start = at;
                while at < chars.len() && (chars[at].is_alphanumeric() || chars[at] == '_') {
                    at += 1;
                }
                let word: String = chars[start..at].iter().collect();
                let prefix = word.len() <= 2 && word.chars().all(|letter| "rRbBfFuU".contains(letter));
                if prefix && matches!(chars.get(at), Some('\'' | '"')) {
                    let formatted = word.contains(['f', 'F']);
                    at = string(&chars, at, formatted, word.contains(['r', 'R']), &mut line.tokens);
                } else {
                    line.tokens.push(Token::Name(word));
                }
            }
            digit if digit.is_ascii_digit() => {
                while at < chars.len() && (chars[at].is_alphanumeric() || chars[at] == '_') {
                    at += 1;
                }
            }
            sign => {
                match sign {
                    '(' | '[' | '{' => depth += 1,
                    ')' | ']' | '}' => depth -= 1,
                    _ => {}
                }
                if !sign.is_whitespace() {
                    line.tokens.push(Token::Sign(sign));
                }
                at += 1;
            }
        }
        fresh = false;
    }
    lines.push(line);
    lines.retain(|line| !line.tokens.is_empty());
    lines
}

/// Skips the string that starts at `at`; the code in an f-string's braces goes to `tokens`. Returns the place after it.
fn string(chars: &[char], at: usize, formatted: bool, raw: bool, tokens: &mut Vec<Token>) -> usize {
    let quote = chars[at];
    let triple = chars.get(at + 1) == Some(&quote) && chars.get(at + 2) == Some(&quote);
    let mut at = at + if triple { 3 } else { 1 };
    while at < chars.len() {
        let here = chars[at];
        if here == quote && (!triple || (chars.get(at + 1) == Some(&quote) && chars.get(at + 2) == Some(&quote))) {
            return at + if triple { 3 } else { 1 };
        }
        match here {
            '\\' if !raw || chars.get(at + 1) == Some(&quote) => at += 1,
            '\n' if !triple => return at,
            '{' if formatted && chars.get(at + 1) == Some(&'{') => at += 1,
            '{' if formatted => {
                let end = (at..chars.len()).find(|end| matches!(chars[*end], '}' | '\n')).unwrap_or(chars.len());
                let code: String = chars[at + 1..end].iter().collect();
                // A format after a colon is no code.
                let code = code.split([':', '!']).next().unwrap_or_default();
                tokens.push(Token::Sign('('));
                tokens.extend(lines(code).into_iter().flat_map(|line| line.tokens));
                tokens.push(Token::Sign(')'));
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
    chars.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: &str, defines: &[&str], reads: &[&str]) {
        let found = names(code);
        assert_eq!(found.defines.iter().map(String::as_str).collect::<Vec<_>>(), defines, "defines of {code:?}");
        assert_eq!(found.reads.iter().map(String::as_str).collect::<Vec<_>>(), reads, "reads of {code:?}");
    }

    #[test]
    fn definitions_and_reads() {
        check("import os.path, json as j\nfrom a import b as c, d", &["c", "d", "j", "os"], &[]);
        check("total = double(total)", &["total"], &["double", "total"]);
        check("a, (b, c) = x\na += 1", &["a", "b", "c"], &["x"]);
        check("n += 1", &["n"], &["n"]);
        check("x: int = y", &["x"], &["y"]);
        check("obj.attr = v\nd['k'] = w", &[], &["d", "obj", "v", "w"]);
        check("for i, row in rows:\n    print(i, row)", &["i", "row"], &["print", "rows"]);
        check("with open(p) as f:\n    f.read()", &["f"], &["open", "p"]);
        check("f(timeout=10, data=x)", &[], &["f", "x"]);
        check("if (n := size()) > 3:\n    pass", &["n"], &["size"]);
        check("a == b", &[], &["a", "b"]);
    }

    #[test]
    fn functions_run_later() {
        check("def f(x, *, y=1):\n    z = x + helper\n    return z\nhelper = 1", &["f", "helper"], &[]);
        check("def f(x):\n    return x + base", &["f"], &["base"]);
        check("class A(Base):\n    size = 3", &["A"], &["Base"]);
    }

    #[test]
    fn strings_and_comments_are_no_code() {
        check("print('a b', \"\"\"c\nd\"\"\") # e", &[], &["print"]);
        check("print(f'{lead[\"name\"]:>10} {{not}} {count!r}')", &[], &["count", "lead", "print"]);
        check("squares = [n * n for n in numbers]", &["squares"], &["numbers"]);
        check("key = lambda row: row.id", &["key"], &[]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_answered(code in ".{0,200}") {
            let _ = names(&code);
        }
    }
}
