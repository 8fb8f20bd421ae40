//! Transcripts: what was typed and what came back, in one fence. Terminals (`$ `, continued by `> `) and Python
//! (`>>> `, continued by `... `).

use crate::options::Stream;
use crate::source::Span;
use crate::tutorial::Code;

use super::{Command, Expectation, Language, Part, output, shell};

/// The commands of a transcript and what each printed.
#[derive(Default)]
pub(super) struct Transcript {
    pub(super) commands: Vec<Command>,
    pub(super) expectations: Vec<Expectation>,
}

/// True where the first line that holds something, remarks apart, starts with a prompt of `language`.
pub(super) fn has_prompt(text: &str, language: Language) -> bool {
    let remark = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
    text.lines().find(|line| !remark(line)).is_some_and(|line| typed(line, language).is_some())
}

/// What stands after the prompt, where the line starts with one. A prompt alone is an empty command.
fn typed(line: &str, language: Language) -> Option<&str> {
    let rest = line.strip_prefix(if language == Language::Pycon { ">>>" } else { "$" })?;
    if rest.trim().is_empty() { Some("") } else { rest.strip_prefix(' ') }
}

/// Reads the transcript in the fence with index `fence`. What stands before the first prompt is a remark.
pub(super) fn read(code: &Code, language: Language, fence: usize) -> Transcript {
    let mut transcript = Transcript::default();
    let mut shown = Code::default();
    let mut lines = code.text.lines().zip(&code.lines).peekable();
    while let Some((line, span)) = lines.next() {
        let Some(typed_text) = typed(line, language) else {
            if !transcript.commands.is_empty() {
                shown.text.push_str(line);
                shown.text.push('\n');
                shown.lines.push(*span);
            }
            continue;
        };
        transcript.end_output(&mut shown, fence);
        let mut text = typed_text.to_owned();
        while let Some((next, _)) = lines.next_if(|(next, _)| goes_on(&text, next, language)) {
            text.push('\n');
            text.push_str(without_continuation(next, language));
        }
        if !text.trim().is_empty() {
            let place = Span::new(span.end.saturating_sub(typed_text.len()).max(span.start), span.end);
            transcript.commands.push(Command { text, span: place });
        }
    }
    transcript.end_output(&mut shown, fence);
    transcript
}

impl Transcript {
    /// Ends the output of the last command. Blank lines around it only set it off.
    fn end_output(&mut self, shown: &mut Code, fence: usize) {
        let shown = std::mem::take(shown);
        let lines: Vec<&str> = shown.text.lines().collect();
        let filled = |line: &&str| !line.trim().is_empty();
        let (Some(first), Some(last)) = (lines.iter().position(filled), lines.iter().rposition(filled)) else { return };
        let Some(command) = self.commands.len().checked_sub(1) else { return };
        let text = Code { text: lines[first..=last].join("\n") + "\n", lines: shown.lines[first..=last].to_vec() };
        let format = output::format(&text.text, false);
        self.expectations.push(Expectation { part: Part::Command(command), stream: Stream::Both, format, text, fence });
    }
}

/// True where `line` goes on with the command `text`: Python shows it by its prompt, a terminal where the command is
/// not complete, with its prompt or without. A `> ` after a complete command is output, such as a quoted mail.
fn goes_on(text: &str, line: &str, language: Language) -> bool {
    match language {
        Language::Pycon => line == "..." || line.starts_with("... "),
        _ => typed(line, language).is_none() && !shell::scan(text).complete,
    }
}

fn without_continuation(line: &str, language: Language) -> &str {
    let prompt = if language == Language::Pycon { "..." } else { ">" };
    let Some(rest) = line.strip_prefix(prompt) else { return line };
    if rest.is_empty() { rest } else { rest.strip_prefix(' ').unwrap_or(line) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str, language: Language) -> Vec<(String, Option<String>)> {
        let mut at = 0;
        let mut code = Code { text: text.to_owned(), lines: Vec::new() };
        for line in text.lines() {
            code.lines.push(Span::new(at, at + line.len()));
            at += line.len() + 1;
        }
        let transcript = read(&code, language, 0);
        for command in &transcript.commands {
            let first = command.text.lines().next().unwrap_or_default();
            assert_eq!(&text[command.span.start..command.span.end], first);
        }
        let output = |index: usize| {
            let found = transcript.expectations.iter().find(|expectation| expectation.part == Part::Command(index));
            found.map(|expectation| expectation.text.text.clone())
        };
        transcript.commands.iter().enumerate().map(|(at, command)| (command.text.clone(), output(at))).collect()
    }

    fn pair(command: &str, output: Option<&str>) -> (String, Option<String>) {
        (command.to_owned(), output.map(str::to_owned))
    }

    #[test]
    fn each_command_has_its_output() {
        let text = "# a remark\n$ echo a\na\n\n$ true\n$ cat x\n\n> quoted\n\n  y\n\n";
        let read = read_text(text, Language::Console);
        assert_eq!(read, [pair("echo a", Some("a\n")), pair("true", None), pair("cat x", Some("> quoted\n\n  y\n"))]);
    }

    #[test]
    fn commands_of_several_lines_go_on_with_and_without_a_prompt() {
        let text = "$ for f in a b\n> do\n>     echo $f\n> done\na\nb\n$ echo \\\n  c\nc\n$ cat <<EOF\n> d\n\nEOF\nd\n";
        let read = read_text(text, Language::Console);
        assert_eq!(
            read,
            [
                pair("for f in a b\ndo\n    echo $f\ndone", Some("a\nb\n")),
                pair("echo \\\n  c", Some("c\n")),
                pair("cat <<EOF\nd\n\nEOF", Some("d\n"))
            ]
        );
    }

    #[test]
    fn python_shows_its_continuations() {
        let text = ">>> def f():\n...     return 1\n...\n>>> f()\n1\n>>>\n>>> f(2)\nTraceback (most recent call last):\n  ...\nTypeError: x\n";
        let read = read_text(text, Language::Pycon);
        assert_eq!(
            read,
            [
                pair("def f():\n    return 1\n", None),
                pair("f()", Some("1\n")),
                pair("f(2)", Some("Traceback (most recent call last):\n  ...\nTypeError: x\n"))
            ]
        );
    }

    #[test]
    fn a_prompt_is_told_from_a_variable() {
        assert!(has_prompt("\n# x\n$ ls\n", Language::Console));
        assert!(!has_prompt("$HOME/bin/x\n", Language::Console));
        assert!(has_prompt(">>> 1\n", Language::Pycon));
    }
}
