//! Which exit status a page announces: zero, unless it says otherwise.

use super::{Language, shell};
use crate::options::ExpectedExit;

/// The exit status that the page announces, and why where it is not zero. `documented` is what the page shows as the
/// end of the step's output; `words` is the paragraph just before the step.
pub(super) fn announced(
    language: Language,
    code: &str,
    documented: Option<&str>,
    words: Option<&str>,
) -> (ExpectedExit, Option<String>) {
    if let Some(line) = documented.and_then(|text| last_error(language, text)) {
        return (ExpectedExit::Nonzero, Some(format!("its documented output ends with `{line}`")));
    }
    let Some(words) = words else { return (ExpectedExit::Code(0), None) };
    if let Some((exit, phrase)) = told_status(words) {
        return (exit, Some(format!("the text before it says “{phrase}”")));
    }
    // What the page shows is no error, or the program takes care of errors: then the words speak of something else.
    if documented.is_some() || survives_errors(language, code) {
        return (ExpectedExit::Code(0), None);
    }
    match told_failure(words) {
        Some(phrase) => (ExpectedExit::Nonzero, Some(format!("the text before it says “{phrase}”"))),
        None => (ExpectedExit::Code(0), None),
    }
}

/// The last line of `text`, where a program that ended so did not exit with zero.
fn last_error(language: Language, text: &str) -> Option<&str> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.trim().is_empty()).collect();
    let last = lines.last()?.trim();
    let failed = match language {
        Language::Python => {
            lines.iter().any(|line| line.starts_with("Traceback (most recent call last)")) && is_exception(last)
                || last.starts_with("SyntaxError:")
        }
        Language::JavaScript | Language::TypeScript => {
            let thrown = lines.iter().any(|line| {
                is_exception(line.trim().trim_start_matches("Uncaught ")) || line.trim().starts_with("throw ")
            });
            let stack = lines.iter().any(|line| line.trim_start().starts_with("at ") && line.contains(':'));
            thrown && (stack || last.starts_with("Node.js v")) || last.starts_with("Uncaught ")
        }
        Language::Shell | Language::Console => {
            is_shell_error(last) || is_exception(last) && lines.iter().any(|line| line.starts_with("Traceback ("))
        }
        // The transcript's interpreter goes on after an exception; a status line is an answer.
        Language::Pycon | Language::Http => false,
    };
    failed.then_some(last)
}

/// `ValueError: …`, `requests.exceptions.HTTPError: …`, `KeyError`.
fn is_exception(line: &str) -> bool {
    let name = line.split(':').next().unwrap_or(line);
    let last = name.rsplit('.').next().unwrap_or(name);
    name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
        && last.starts_with(|c: char| c.is_uppercase())
        && (last.ends_with("Error")
            || last.ends_with("Exception")
            || last.ends_with("Interrupt")
            || last.ends_with("Exit"))
}

/// What shells and common programs print before they exit with another status than zero.
fn is_shell_error(line: &str) -> bool {
    const ENDS: [&str; 5] =
        ["command not found", "No such file or directory", "Permission denied", "Is a directory", "Not a directory"];
    line.starts_with("error: ")
        || line.starts_with("fatal: ")
        || line.starts_with("curl: (")
        || ENDS.iter().any(|end| line.ends_with(end))
        || line.split_once(": ").is_some_and(|(program, rest)| {
            program.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) && rest.starts_with("error: ")
        })
}

/// “exits with status 2”, “exit code 1”, “a non-zero exit status”.
fn told_status(words: &str) -> Option<(ExpectedExit, String)> {
    const BEFORE: [&str; 9] = [
        "exits with status",
        "exits with code",
        "exit status",
        "exit code",
        "exits with a status of",
        "exits with",
        "exit with",
        "return code",
        "returns status",
    ];
    let lower = words.to_ascii_lowercase();
    for before in BEFORE {
        let Some(at) = lower.find(before) else { continue };
        let rest = lower[at + before.len()..].trim_start_matches([' ', '`', ':', '*']);
        let rest = ["status", "code", "is", "of"].iter().fold(rest, |rest, word| {
            rest.strip_prefix(word).map_or(rest, |rest| rest.trim_start_matches([' ', '`', '*']))
        });
        let digits: &str = &rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())];
        if let Ok(status) = digits.parse::<u8>() {
            let exit = ExpectedExit::Code(i32::from(status));
            return (status != 0).then(|| (exit, format!("{before} {status}")));
        }
        if rest.starts_with("non-zero") || rest.starts_with("nonzero") {
            return Some((ExpectedExit::Nonzero, format!("{before} non-zero")));
        }
    }
    let nonzero = ["non-zero exit", "nonzero exit", "non-zero status", "nonzero status"];
    nonzero.iter().find(|phrase| lower.contains(**phrase)).map(|phrase| (ExpectedExit::Nonzero, (*phrase).to_owned()))
}

/// “will fail”, “this fails with”, “raises a `ValueError`”.
fn told_failure(words: &str) -> Option<&'static str> {
    const PHRASES: [&str; 12] = [
        "will fail",
        "fails with",
        "this fails",
        "it fails",
        "should fail",
        "must fail",
        "command fails",
        "script fails",
        "program fails",
        "fails because",
        "fails to",
        "will crash",
    ];
    let lower = words.to_ascii_lowercase();
    // What is said of later, of a condition or of the opposite is no announcement.
    if ["if ", "when ", "won't", "will not", "never", "without fail", "in case", "unless"]
        .iter()
        .any(|word| lower.contains(word))
    {
        return None;
    }
    PHRASES.iter().find(|phrase| lower.contains(**phrase)).copied()
}

/// True for code that ends with zero though what it calls fails: errors are caught, or curl only prints the answer.
fn survives_errors(language: Language, code: &str) -> bool {
    match language {
        Language::Python | Language::Pycon => code.contains("except"),
        Language::JavaScript | Language::TypeScript => code.contains("catch"),
        Language::Http => true,
        Language::Shell | Language::Console => {
            let scanned = shell::scan(code);
            let last = scanned.commands.last();
            let quiet = last.and_then(|words| shell::program(words)) == Some("curl");
            let fails = |word: &String| {
                word.starts_with("--fail") || word.starts_with('-') && !word.starts_with("--") && word.contains('f')
            };
            quiet && !last.is_some_and(|words| words.iter().any(fails))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit(language: Language, code: &str, documented: Option<&str>, words: &str) -> ExpectedExit {
        announced(language, code, documented, Some(words)).0
    }

    #[test]
    fn a_documented_traceback_announces_a_failure() {
        let text = "Traceback (most recent call last):\n  File \"x\", line 1\nrequests.exceptions.HTTPError: 401\n";
        assert_eq!(exit(Language::Python, "", Some(text), ""), ExpectedExit::Nonzero);
        assert_eq!(exit(Language::Python, "", Some(&format!("{text}done\n")), ""), ExpectedExit::Code(0));
        assert_eq!(exit(Language::Pycon, "", Some(text), ""), ExpectedExit::Code(0));
        let thrown = "file:///x.mjs:1\nthrow new Error('x')\n\nError: x\n    at file:///x.mjs:1:7\n\nNode.js v22.1.0\n";
        assert_eq!(exit(Language::JavaScript, "", Some(thrown), ""), ExpectedExit::Nonzero);
        assert_eq!(exit(Language::JavaScript, "", Some("Error: caught\n"), ""), ExpectedExit::Code(0));
    }

    #[test]
    fn a_shell_error_counts_only_where_it_is_the_last_word() {
        let missing = "cat: x: No such file or directory\n";
        assert_eq!(exit(Language::Shell, "cat x", Some(missing), ""), ExpectedExit::Nonzero);
        assert_eq!(exit(Language::Shell, "cat x; echo b", Some(&format!("{missing}b\n")), ""), ExpectedExit::Code(0));
        assert_eq!(exit(Language::Shell, "x", Some("tool: error: no such option\n"), ""), ExpectedExit::Nonzero);
        assert_eq!(
            exit(Language::Shell, "curl x", Some("{\"error\": \"unauthorized\"}\n"), "This fails with a 401:"),
            ExpectedExit::Code(0)
        );
    }

    #[test]
    fn words_just_before_announce_a_failure() {
        assert_eq!(exit(Language::Shell, "grep x y", None, "It exits with status 1:"), ExpectedExit::Code(1));
        assert_eq!(exit(Language::Shell, "grep x y", None, "The exit code is `2`."), ExpectedExit::Code(2));
        assert_eq!(
            exit(Language::Shell, "grep x y", None, "It exits with a non-zero exit status."),
            ExpectedExit::Nonzero
        );
        assert_eq!(exit(Language::Shell, "x", None, "It exits with status 0."), ExpectedExit::Code(0));
        assert_eq!(exit(Language::Shell, "ls missing", None, "This will fail:"), ExpectedExit::Nonzero);
        assert_eq!(exit(Language::Shell, "ls missing", None, "If this fails, try again:"), ExpectedExit::Code(0));
    }

    #[test]
    fn code_that_lives_with_errors_is_not_expected_to_fail() {
        assert_eq!(exit(Language::Shell, "curl -s http://x", None, "This fails with a 401:"), ExpectedExit::Code(0));
        assert_eq!(exit(Language::Shell, "curl -sf http://x", None, "This fails with a 401:"), ExpectedExit::Nonzero);
        let caught = "try:\n    f()\nexcept ValueError as e:\n    print(e)\n";
        assert_eq!(exit(Language::Python, caught, None, "This will fail:"), ExpectedExit::Code(0));
        assert_eq!(exit(Language::Python, "f()", None, "This will fail:"), ExpectedExit::Nonzero);
    }
}
