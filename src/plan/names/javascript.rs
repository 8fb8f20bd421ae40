//! The names of a JavaScript or TypeScript module.

use std::collections::BTreeSet;

use super::Names;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Name(String),
    Sign(char),
    /// A string, a number, a regular expression.
    Literal,
}

const KEYWORDS: [&str; 40] = [
    "as",
    "async",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "default",
    "delete",
    "do",
    "else",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "from",
    "function",
    "if",
    "import",
    "in",
    "instanceof",
    "let",
    "new",
    "null",
    "of",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "var",
    "void",
    "while",
];

/// The names of `code`. In a module every outermost declaration holds for the whole of it, whatever the order.
pub fn names(code: &str) -> Names {
    let tokens = tokens(code);
    let (mut outer, mut inner) = (BTreeSet::new(), BTreeSet::new());
    let mut depth = 0_i32;
    for (at, token) in tokens.iter().enumerate() {
        let bound = match token {
            Token::Sign('{' | '(' | '[') => {
                if *token == Token::Sign('(') && parameters(&tokens, at) {
                    inner.extend(pattern(&tokens[at + 1..close(&tokens, at)]));
                }
                depth += 1;
                continue;
            }
            Token::Sign('}' | ')' | ']') => {
                depth -= 1;
                continue;
            }
            Token::Name(word) => match word.as_str() {
                "const" | "let" | "var" => declared(&tokens[at + 1..]),
                "function" | "class" | "enum" | "namespace" | "interface" => named(&tokens[at + 1..]),
                "type" if matches!(tokens.get(at + 2), Some(Token::Sign('=' | '<'))) => named(&tokens[at + 1..]),
                "import" if depth == 0 => imported(&tokens[at + 1..]),
                // `x => …`
                _ if tokens.get(at + 1) == Some(&Token::Sign('=')) && tokens.get(at + 2) == Some(&Token::Sign('>')) => {
                    inner.insert(word.clone());
                    continue;
                }
                _ => continue,
            },
            Token::Sign(_) | Token::Literal => continue,
        };
        if depth == 0 { outer.extend(bound) } else { inner.extend(bound) }
    }
    let reads = reads(&tokens).into_iter().filter(|name| !outer.contains(name) && !inner.contains(name)).collect();
    Names { defines: outer, reads }
}

/// True where the parenthesis at `at` holds parameters: of a function, a method, an arrow function, a `catch`.
fn parameters(tokens: &[Token], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| &tokens[before]);
    let end = close(tokens, at);
    let after = tokens.get(end + 1);
    let arrow = after == Some(&Token::Sign('=')) && tokens.get(end + 2) == Some(&Token::Sign('>'));
    // `(x: number): string => …`
    let typed_arrow = after == Some(&Token::Sign(':'))
        && !matches!(before, Some(Token::Name(_)))
        && tokens[end..].windows(2).take(12).any(|pair| pair == [Token::Sign('='), Token::Sign('>')]);
    let body = matches!(after, Some(Token::Sign('{' | ':')));
    let function = match before {
        Some(Token::Name(word)) => match word.as_str() {
            "function" | "catch" => true,
            "if" | "for" | "while" | "switch" | "with" => false,
            _ => body,
        },
        Some(Token::Sign(_) | Token::Literal) | None => false,
    };
    arrow || typed_arrow || function
}

fn close(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_i32;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token {
            Token::Sign('{' | '(' | '[') => depth += 1,
            Token::Sign('}' | ')' | ']') => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            Token::Sign(_) | Token::Name(_) | Token::Literal => {}
        }
    }
    tokens.len()
}

/// The name after `function`, `class` …
fn named(tokens: &[Token]) -> Vec<String> {
    match tokens.iter().find(|token| **token != Token::Sign('*')) {
        Some(Token::Name(name)) if !KEYWORDS.contains(&name.as_str()) => vec![name.clone()],
        _ => Vec::new(),
    }
}

/// The names after `const`, `let`, `var`, up to the end of the declaration.
fn declared(tokens: &[Token]) -> Vec<String> {
    let mut bound = Vec::new();
    let mut at = 0;
    loop {
        match tokens.get(at) {
            Some(Token::Name(name)) => bound.push(name.clone()),
            Some(Token::Sign('{' | '[')) => {
                let end = close(tokens, at);
                bound.extend(pattern(&tokens[at + 1..end.min(tokens.len())]));
                at = end;
            }
            _ => return bound,
        }
        // On to the next declarator: a comma outside every bracket, before the statement can have ended.
        let mut depth = 0_i32;
        loop {
            at += 1;
            match tokens.get(at) {
                Some(Token::Sign('{' | '(' | '[')) => depth += 1,
                Some(Token::Sign('}' | ')' | ']')) if depth == 0 => return bound,
                Some(Token::Sign('}' | ')' | ']')) => depth -= 1,
                Some(Token::Sign(',')) if depth == 0 => break,
                Some(Token::Sign(';')) | None => return bound,
                Some(Token::Name(word))
                    if depth == 0
                        && matches!(word.as_str(), "const" | "let" | "var" | "of" | "in" | "function" | "class")
                        && word != "function"
                        && word != "class" =>
                {
                    return bound;
                }
                Some(_) => {}
            }
        }
        at += 1;
    }
}

/// The names that a destructuring pattern or a list of parameters binds.
fn pattern(tokens: &[Token]) -> Vec<String> {
    let mut bound = Vec::new();
    let mut at = 0;
    // True while a default's or a type's expression is passed over.
    let mut skipping = false;
    let mut depth = 0_i32;
    while at < tokens.len() {
        match &tokens[at] {
            Token::Sign('{' | '[') if !skipping => {
                let end = close(tokens, at);
                bound.extend(pattern(&tokens[at + 1..end.min(tokens.len())]));
                at = end;
            }
            Token::Sign('{' | '[' | '(') => depth += 1,
            Token::Sign('}' | ']' | ')') => depth -= 1,
            Token::Sign(',') if depth <= 0 => skipping = false,
            Token::Sign('=') => skipping = true,
            Token::Name(name) if !skipping => {
                // `key: target` binds the target; `name: Type` binds the name. A type starts with a capital or is a
                // word of TypeScript's; taking both for bound does no harm.
                if !KEYWORDS.contains(&name.as_str()) {
                    bound.push(name.clone());
                }
            }
            Token::Sign(_) | Token::Name(_) | Token::Literal => {}
        }
        at += 1;
    }
    bound
}

/// `a, { b, c as d } from`, `* as e from`.
fn imported(tokens: &[Token]) -> Vec<String> {
    let mut bound = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Name(word) if word == "from" => return bound,
            Token::Name(word) if word == "as" || word == "type" => {}
            Token::Name(word) => {
                if tokens.get(at + 1).is_none_or(|next| !matches!(next, Token::Name(next) if next == "as")) {
                    bound.push(word.clone());
                }
            }
            Token::Sign('{' | '}' | ',' | '*') => {}
            // `import('x')`, `import.meta`, `import 'x'`: nothing is bound.
            Token::Sign(_) | Token::Literal => return Vec::new(),
        }
    }
    Vec::new()
}

/// Every name that is read: no keyword, no property, no key.
fn reads(tokens: &[Token]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Token::Name(name) = token else { continue };
        let before = at.checked_sub(1).map(|before| &tokens[before]);
        let spread = at >= 3 && tokens[at - 3..at].iter().all(|token| *token == Token::Sign('.'));
        let property = before == Some(&Token::Sign('.')) && !spread;
        let key = tokens.get(at + 1) == Some(&Token::Sign(':')) && matches!(before, Some(Token::Sign('{' | ',')));
        if !property && !key && !KEYWORDS.contains(&name.as_str()) {
            found.push(name.clone());
        }
    }
    found
}

fn tokens(code: &str) -> Vec<Token> {
    let chars: Vec<char> = code.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let here = chars[at];
        let next = chars.get(at + 1).copied();
        match here {
            '/' if next == Some('/') => {
                while at < chars.len() && chars[at] != '\n' {
                    at += 1;
                }
            }
            '/' if next == Some('*') => {
                at += 2;
                while at < chars.len() && !(chars[at] == '*' && chars.get(at + 1) == Some(&'/')) {
                    at += 1;
                }
                at += 2;
            }
            '/' if expression_may_start(tokens.last()) => at = regular_expression(&chars, at, &mut tokens),
            '\'' | '"' => {
                at += 1;
                while at < chars.len() && chars[at] != here && chars[at] != '\n' {
                    at += if chars[at] == '\\' { 2 } else { 1 };
                }
                at += 1;
                tokens.push(Token::Literal);
            }
            '`' => at = template(&chars, at, &mut tokens),
            letter if letter.is_alphabetic() || letter == '_' || letter == '$' => {
                let start = at;
                while at < chars.len() && (chars[at].is_alphanumeric() || matches!(chars[at], '_' | '$')) {
                    at += 1;
                }
                tokens.push(Token::Name(chars[start..at].iter().collect()));
            }
            digit if digit.is_ascii_digit() => {
                while at < chars.len() && (chars[at].is_alphanumeric() || matches!(chars[at], '_' | '.')) {
                    at += 1;
                }
                tokens.push(Token::Literal);
            }
            sign => {
                if !sign.is_whitespace() {
                    tokens.push(Token::Sign(sign));
                }
                at += 1;
            }
        }
    }
    tokens
}

fn expression_may_start(before: Option<&Token>) -> bool {
    match before {
        Some(Token::Name(word)) => matches!(word.as_str(), "return" | "typeof" | "case" | "in" | "of"),
        Some(Token::Sign(sign)) => !matches!(sign, ')' | ']' | '}'),
        Some(Token::Literal) => false,
        None => true,
    }
}

fn regular_expression(chars: &[char], start: usize, tokens: &mut Vec<Token>) -> usize {
    let mut at = start + 1;
    let mut class = false;
    while at < chars.len() && chars[at] != '\n' {
        match chars[at] {
            '\\' => at += 1,
            '[' => class = true,
            ']' => class = false,
            '/' if !class => {
                tokens.push(Token::Literal);
                return at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    // No end on the line: it was a division.
    tokens.push(Token::Sign('/'));
    start + 1
}

/// Skips a template; the code in its `${…}` becomes tokens.
fn template(chars: &[char], start: usize, into: &mut Vec<Token>) -> usize {
    let mut at = start + 1;
    into.push(Token::Literal);
    while at < chars.len() && chars[at] != '`' {
        if chars[at] == '\\' {
            at += 1;
        } else if chars[at] == '$' && chars.get(at + 1) == Some(&'{') {
            let mut depth = 0;
            let begin = at + 2;
            at += 1;
            while at < chars.len() {
                match chars[at] {
                    '{' => depth += 1,
                    '}' => {
                        depth -= 1;
                        if depth == 0 {
                            break;
                        }
                    }
                    _ => {}
                }
                at += 1;
            }
            let code: String = chars[begin.min(at)..at].iter().collect();
            into.push(Token::Sign('('));
            into.extend(tokens(&code));
            into.push(Token::Sign(')'));
        }
        at += 1;
    }
    at + 1
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
        check("import a, { b, c as d } from 'x'\nimport * as e from 'y'", &["a", "b", "d", "e"], &[]);
        check("const { x, y: z = 1 } = await f()\nlet [p, ...q] = r", &["p", "q", "x", "y", "z"], &["f", "r"]);
        check("const a = 1, b = g(2, 3)", &["a", "b"], &["g"]);
        check("console.log(path('a'), count)", &[], &["console", "count", "path"]);
        check("function f(n) { const m = n; return m + base }", &["f"], &["base"]);
        check("items.map(i => i.id).filter((x, y) => x)", &[], &["items"]);
        check("f({ key: value, short })", &[], &["f", "short", "value"]);
        check("console.log(`n ${count + 1} ${o.p}`)", &[], &["console", "count", "o"]);
        check("const r = /ab[/]c/.test(s)", &["r"], &["s"]);
        check("// not\n/* this */ 'nor that'", &[], &[]);
        check("for (const lead of leads) { use(lead) }", &[], &["leads", "use"]);
    }

    #[test]
    fn types_are_names_too() {
        check("interface Lead { name: string }\ntype Id = string", &["Id", "Lead"], &["string"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_answered(code in ".{0,200}") {
            let _ = names(&code);
        }
    }
}
