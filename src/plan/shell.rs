//! What can be told of shell code without running it: where a command ends, and which programs it calls.
//!
//! A scanner, no parser (POSIX, Shell Command Language, sections 2.2 to 2.10). It never fails; where it errs, it takes
//! a command for complete.

/// What the scanner saw.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Shell {
    /// True where nothing is open: no quote, here-document, loop, group, or operator that asks for more.
    pub(crate) complete: bool,
    /// The simple commands, each with its words as written, assignments before it included.
    pub(crate) commands: Vec<Vec<String>>,
}

/// Scans `code`.
pub(crate) fn scan(code: &str) -> Shell {
    let mut scanner = Scanner { rest: code, ..Scanner::default() };
    scanner.run();
    let complete = scanner.open.is_empty() && !scanner.wants_more && scanner.heredocs.is_empty();
    Shell { complete, commands: scanner.commands }
}

impl Shell {
    /// The programs that are called, without variables before them and words such as `sudo` and `time`.
    pub(crate) fn programs(&self) -> impl Iterator<Item = &str> {
        self.commands.iter().filter_map(|words| program(words))
    }
}

/// The program that the words of a simple command call.
pub(crate) fn program(words: &[String]) -> Option<&str> {
    /// Each with those of its options that take a word.
    const BEFORE: [(&str, &[&str]); 8] = [
        ("sudo", &["-u", "-g", "-h", "-p", "-C", "-D", "-r", "-t", "-U", "--user", "--group", "--host", "--chdir"]),
        ("time", &["-o", "-f", "--output", "--format"]),
        ("exec", &["-a"]),
        ("env", &["-u", "-C", "--unset", "--chdir"]),
        ("!", &[]),
        ("command", &[]),
        ("nohup", &[]),
        ("builtin", &[]),
    ];
    let mut words = words.iter().map(String::as_str).filter(|word| !is_assignment(word));
    let mut options: Option<&[&str]> = None;
    while let Some(word) = words.next() {
        if let Some((_, own)) = BEFORE.iter().find(|(before, _)| *before == word) {
            options = Some(own);
            continue;
        }
        match options.filter(|_| word.starts_with('-')) {
            Some(options) if options.contains(&word) => drop(words.next()),
            Some(_) => {}
            None => return Some(word),
        }
    }
    None
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit())
    })
}

/// True where a loop, a group and the like may follow the words of a command so far: it is its beginning, or they say only
/// how what follows is run or named.
fn compound_may_follow(words: &[String]) -> bool {
    let Some((first, rest)) = words.split_first() else { return true };
    match first.as_str() {
        "time" => compound_may_follow(rest.strip_prefix(&["-p".to_owned()]).unwrap_or(rest)),
        "!" | "if" | "while" | "until" => compound_may_follow(rest),
        // With a name or without.
        "coproc" | "function" => rest.len() <= 1,
        _ => false,
    }
}

#[derive(Default)]
struct Scanner<'a> {
    rest: &'a str,
    /// What closes each construct that is open.
    open: Vec<&'static str>,
    /// Delimiters of here-documents whose text starts on the next line; true where tabs are stripped.
    heredocs: Vec<(String, bool)>,
    /// True after `|`, `&&`, `||` or a backslash at the end.
    wants_more: bool,
    commands: Vec<Vec<String>>,
    words: Vec<String>,
}

impl Scanner<'_> {
    fn run(&mut self) {
        while let Some(c) = self.rest.chars().next() {
            match c {
                '\n' => {
                    self.end_command();
                    self.rest = &self.rest[1..];
                    self.skip_heredocs();
                }
                ' ' | '\t' | '\r' => self.rest = &self.rest[1..],
                '#' => {
                    let end = self.rest.find('\n').unwrap_or(self.rest.len());
                    self.rest = &self.rest[end..];
                }
                '<' if self.rest.starts_with("<<") && !self.rest.starts_with("<<<") => self.heredoc(),
                '<' | '>' if !self.rest[1..].starts_with('(') => self.redirection(),
                '&' if self.rest.starts_with("&>") => self.redirection(),
                ';' | '&' | '|' => {
                    self.end_command();
                    let run = self.rest.len() - self.rest.trim_start_matches(['&', '|', ';']).len();
                    self.wants_more = matches!(&self.rest[..run], "|" | "||" | "&&" | "|&");
                    self.rest = &self.rest[run..];
                }
                '(' if self.rest.starts_with("((") && self.rest.contains("))") => {
                    // An arithmetic command; `let` is its other name.
                    self.end_command();
                    self.words.push("let".to_owned());
                    self.end_command();
                    let end = self.rest.find("))").map_or(self.rest.len(), |at| at + 2);
                    self.rest = &self.rest[end..];
                }
                '(' => {
                    self.end_command();
                    self.open.push(")");
                    self.rest = &self.rest[1..];
                }
                ')' => {
                    self.end_command();
                    // A pattern of `case` closes a parenthesis that nobody opened.
                    if self.open.last() == Some(&")") {
                        self.open.pop();
                    }
                    self.rest = &self.rest[1..];
                }
                _ => self.word(),
            }
        }
        self.end_command();
    }

    fn end_command(&mut self) {
        if !self.words.is_empty() {
            self.commands.push(std::mem::take(&mut self.words));
        }
    }

    fn word(&mut self) {
        let Some(len) = word_length(self.rest) else {
            self.wants_more = true;
            self.words.push(self.rest.to_owned());
            self.rest = "";
            return;
        };
        let word = self.rest[..len].to_owned();
        self.rest = &self.rest[len..];
        if self.rest.starts_with(['<', '>']) && word.bytes().all(|byte| byte.is_ascii_digit()) {
            // The number of a descriptor, as in `2>`.
            return self.redirection();
        }
        if word.trim_matches(['\\', '\n', '\r']).is_empty() {
            // A line that goes on.
            self.wants_more = self.rest.is_empty();
            return;
        }
        self.wants_more = word.ends_with('\\') && self.rest.is_empty();
        let reserved = self.words.is_empty();
        let closer = match word.as_str() {
            "for" | "while" | "until" | "select" => Some("done"),
            "if" => Some("fi"),
            "case" => Some("esac"),
            "{" => Some("}"),
            _ => None,
        };
        if compound_may_follow(&self.words)
            && let Some(closer) = closer
        {
            self.end_command();
            self.open.push(closer);
            if word != "{" {
                self.words.push(word);
            }
            return;
        }
        if reserved && self.open.last().is_some_and(|closer| *closer == word) {
            self.open.pop();
            return;
        }
        if reserved && matches!(word.as_str(), "do" | "then" | "else" | "elif") {
            return;
        }
        self.words.push(word);
    }

    /// `>`, `>>`, `<&`, `&>`, `<<<` and what they name, which is no word of the command.
    fn redirection(&mut self) {
        self.rest = self.rest.trim_start_matches(['<', '>', '&', '|']).trim_start_matches([' ', '\t']);
        match word_length(self.rest) {
            Some(len) => self.rest = &self.rest[len..],
            None => (self.wants_more, self.rest) = (true, ""),
        }
    }

    fn heredoc(&mut self) {
        let rest = &self.rest[2..];
        let (strip, rest) = rest.strip_prefix('-').map_or((false, rest), |rest| (true, rest));
        let rest = rest.trim_start_matches([' ', '\t']);
        let len = word_length(rest).unwrap_or(rest.len());
        let delimiter: String = rest[..len].chars().filter(|c| !matches!(c, '"' | '\'' | '\\')).collect();
        if !delimiter.is_empty() {
            self.heredocs.push((delimiter, strip));
        }
        self.rest = &rest[len..];
    }

    fn skip_heredocs(&mut self) {
        while let Some((delimiter, strip)) = self.heredocs.first().cloned() {
            let mut found = false;
            while !self.rest.is_empty() && !found {
                let end = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
                let line = self.rest[..end].trim_end_matches(['\n', '\r']);
                found = if strip { line.trim_start_matches('\t') } else { line } == delimiter;
                self.rest = &self.rest[end..];
            }
            if !found {
                return;
            }
            self.heredocs.remove(0);
        }
    }
}

/// The bytes of the word at the start of `text`, quotes and substitutions in it included; `None` where a quote or
/// substitution is not closed.
fn word_length(text: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        match c {
            ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | ')' => break,
            '<' | '>' if at > 0 => break,
            '(' if at > 0 && !text[..at].ends_with(['$', '<', '>', '=']) => break,
            '(' => at += substitution_length(&text[at..])?,
            '\\' => {
                let next = text[at + 1..].chars().next().map_or(0, char::len_utf8);
                at += 1 + next;
            }
            '\'' => at += 2 + text[at + 1..].find('\'')?,
            '"' => at += double_quoted_length(&text[at..])?,
            '`' => at += 2 + text[at + 1..].find('`')?,
            _ => at += c.len_utf8(),
        }
    }
    // A sign that starts no word, such as a lone `<`, is a word of its own: the scanner must move on.
    Some(if at == 0 { text.chars().next().map_or(0, char::len_utf8) } else { at })
}

fn double_quoted_length(text: &str) -> Option<usize> {
    let mut at = 1;
    loop {
        let c = text[at..].chars().next()?;
        match c {
            '"' => return Some(at + 1),
            '\\' => at += 1 + text[at + 1..].chars().next()?.len_utf8(),
            '$' if text[at + 1..].starts_with('(') => at += 1 + substitution_length(&text[at + 1..])?,
            _ => at += c.len_utf8(),
        }
    }
}

/// The bytes of `(…)` at the start of `text`.
fn substitution_length(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        let c = text[at..].chars().next()?;
        match c {
            '(' => (depth, at) = (depth + 1, at + 1),
            ')' if depth == 1 => return Some(at + 1),
            ')' => (depth, at) = (depth - 1, at + 1),
            '\\' => at += 1 + text[at + 1..].chars().next()?.len_utf8(),
            '\'' => at += 2 + text[at + 1..].find('\'')?,
            '"' => at += double_quoted_length(&text[at..])?,
            _ => at += c.len_utf8(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_asks_for_more() {
        for text in [
            "for f in *",
            "for f in *\ndo",
            "if true\nthen echo",
            "while read x; do echo",
            "echo 'a",
            "echo \"a $(b",
            "a |",
            "a &&\n",
            "a \\",
            "cat <<EOF\nx",
            "cat <<-'END'\n\tx\n",
            "f() {\n  a",
            "(a; b",
            "case $x in\n a) b;;",
            "x=$(ls",
            "coproc {\n a",
            "coproc NAME { a; ",
            "time for f in *",
            "! while a; do b",
            "function f {\n a",
            "while ! { a",
        ] {
            assert!(!scan(text).complete, "{text}");
        }
        for text in [
            "",
            "ls",
            "echo it\\'s",
            "for f in *\ndo echo $f\ndone",
            "cat <<EOF\nx\nEOF",
            "cat <<-END\n\tx\n\tEND\n",
            "a | b && c",
            "a \\\n b",
            "f() {\n  a\n}",
            "case $x in\n a) b;;\nesac",
            "echo done",
            "if a; then b; fi",
            "x=$(ls | wc -l)",
            "echo $((1 + 2))",
            "curl -d '{\n \"a\": 1\n}' http://x",
            "echo a # it's",
            "cat <<< x",
            "grep -v '#' x",
            "coproc { a; b; }",
            "coproc NAME { a; }\nread x <&${NAME[0]}",
            "coproc cat",
            "time -p { a; }",
            "! { a; }",
            "function f {\n a\n}",
            "while ! { a; }; do b; done",
            "echo time {",
        ] {
            assert!(scan(text).complete, "{text}");
        }
    }

    #[test]
    fn programs_are_found_behind_what_stands_before_them() {
        let programs = |text: &str| scan(text).programs().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(programs("A=1 sudo apt install x && cd y | wc -l; ls"), ["apt", "cd", "wc", "ls"]);
        assert_eq!(programs("curl -s \\\n  -H 'a: b' http://x\n# c\necho \"$(date)\""), ["curl", "echo"]);
        assert_eq!(programs("cat <<EOF\nrm x\nEOF\nls"), ["cat", "ls"]);
        assert_eq!(programs("for f in *; do echo $f; done"), ["for", "echo"]);
        assert_eq!(programs("export A=1"), ["export"]);
        assert_eq!(
            programs("sudo -E -u postgres psql; env -u HOME A=1 -i sh -c x; time -p -- ls"),
            ["psql", "sh", "ls"]
        );
        assert_eq!(programs("curl x >/dev/null 2>&1 &\nls &> log; sort < a > b"), ["curl", "ls", "sort"]);
        assert_eq!(programs("coproc { sleep 3; echo a; }\nread x"), ["coproc", "sleep", "echo", "read"]);
        assert_eq!(
            programs("time { sleep 3; }; ! { ls; }; while { pwd; }; do cd; done"),
            ["sleep", "ls", "while", "pwd", "cd"]
        );
        assert_eq!(programs("A='1'\ntar -x a-${A}.tgz && \\\n  cd a"), ["tar", "cd"]);
    }
}
