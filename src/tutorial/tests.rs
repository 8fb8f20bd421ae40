use super::*;

fn page(text: &str) -> (Tutorial, Vec<Diagnostic>) {
    read(SourceFile::new("page.md", text))
}

fn clean(text: &str) -> Tutorial {
    let (tutorial, diagnostics) = page(text);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    for fence in &tutorial.fences {
        assert_eq!(fence.code.lines.len(), fence.code.text.matches('\n').count());
        for (line, span) in fence.code.text.lines().zip(&fence.code.lines) {
            assert!(tutorial.source.slice(*span).ends_with(line.trim_start_matches(' ')));
        }
    }
    tutorial
}

/// Each fence's language and code.
fn codes(text: &str) -> Vec<(String, String)> {
    let name = |fence: &Fence| fence.language.as_ref().map_or(String::new(), |language| language.value.clone());
    clean(text).fences.iter().map(|fence| (name(fence), fence.code.text.clone())).collect()
}

fn code(language: &str, text: &str) -> (String, String) {
    (language.to_owned(), text.to_owned())
}

/// Each setting before the fence as `key=value`.
fn settings(fence: &Fence) -> Vec<String> {
    use crate::options::Value;
    let show = |setting: &Setting| match &setting.value.value {
        Value::Text(text) => format!("{}={text}", setting.key.value),
        Value::List(entries) => format!("{}=[{}]", setting.key.value, entries.len()),
    };
    fence.settings.iter().map(show).collect()
}

fn errors(text: &str) -> Vec<(&'static str, Option<usize>, String)> {
    let (_, diagnostics) = page(text);
    let show = |found: &Diagnostic| {
        let label = found.labels.first().map_or(Span::default(), |label| label.span);
        (found.code, found.line(), found.source.as_ref().map_or("", |source| source.slice(label)).to_owned())
    };
    diagnostics.iter().map(show).collect()
}

#[test]
fn every_way_to_mark_code_off_is_seen() {
    let text = "```sh\na\n```\n\n~~~py\nb\n~~~\n\n    indented\n\n````md\n```sh\nno\n```\n````\n\n```sh\nopen\n";
    assert_eq!(
        codes(text),
        [
            code("sh", "a\n"),
            code("py", "b\n"),
            code("", "indented\n"),
            code("md", "```sh\nno\n```\n"),
            code("sh", "open\n")
        ]
    );
    let kinds: Vec<_> = clean(text).fences.iter().map(|fence| fence.kind).collect();
    use FenceKind::{Backtick, Indented, Tilde};
    assert_eq!(kinds, [Backtick, Tilde, Indented, Backtick, Backtick]);
}

#[test]
fn spans_reach_from_the_opening_to_the_closing_marker() {
    let tutorial = clean("x\n\n```sh\na\n```\n\n```sh\nopen\n\n");
    assert_eq!(tutorial.source.slice(tutorial.fences[0].span), "```sh\na\n```");
    assert_eq!(tutorial.source.slice(tutorial.fences[1].span), "```sh\nopen");
    let closed = |text: &str| clean(text).fences.iter().map(|fence| fence.closed).collect::<Vec<_>>();
    assert_eq!(
        closed("```sh\n```\n\n> ~~~sh\r\n> a\r\n>\r\n> ~~~~\r\n\n    indented\n\n```sh"),
        [true, true, true, false]
    );
    assert_eq!(closed("- ```sh\n  ~~~\n\n> ```sh\n> a\n>\n\n```sh\na\n    ```\n\n"), [false, false, false]);
    assert_eq!(closed("<!-- doccheck-run\n```sh\na\n-->\n\n<!-- doccheck-run\n```sh\na\n```\n-->\n"), [false, true]);
}

#[test]
fn the_indent_of_lists_and_the_marks_of_quotes_are_no_code() {
    let text = "1. one\n\n   ```sh\n   a\n     b\n   ```\n\n> ```sh\n> c\n>\n>  d\n> ```\n";
    assert_eq!(codes(text), [code("sh", "a\n  b\n"), code("sh", "c\n\n d\n")]);
    let tutorial = clean(text);
    let places: Vec<_> = tutorial.fences[1].code.lines.iter().map(|span| tutorial.source.slice(*span)).collect();
    assert_eq!(places, ["c", "", " d"]);
}

#[test]
fn tabs_that_reach_over_the_indent_keep_their_blanks() {
    let tutorial = clean("- a\n\n  ```py\n  if x:\n\ty\n  ```\n");
    assert_eq!(tutorial.fences[0].code.text, "if x:\n  y\n");
    let span = tutorial.fences[0].code.place(8, 9);
    assert_eq!(tutorial.source.slice(span), "y");
}

#[test]
fn line_ends_of_windows_are_no_code() {
    let tutorial = clean("# T\r\n\r\n```sh name=x\r\na\r\n\r\nb\r\n```\r\n");
    let fence = &tutorial.fences[0];
    assert_eq!(fence.code.text, "a\n\nb\n");
    let places: Vec<_> = fence.code.lines.iter().map(|span| tutorial.source.slice(*span)).collect();
    assert_eq!(places, ["a", "", "b"]);
    assert_eq!(fence.info.value, "name=x");
    assert_eq!(tutorial.source.slice(fence.span), "```sh name=x\r\na\r\n\r\nb\r\n```");
}

#[test]
fn a_byte_order_mark_hides_neither_front_matter_nor_fence() {
    assert_eq!(codes("\u{feff}```sh\na\n```\n"), [code("sh", "a\n")]);
    let tutorial = clean("\u{feff}---\ndoccheck:\n  timeout: 3s\n---\n");
    assert_eq!(tutorial.source.slice(tutorial.settings[0].value.span), "3s");
}

#[test]
fn fences_in_comments_are_text() {
    assert_eq!(codes("<!--\n```sh\nno\n```\n-->\n\n```sh\nyes\n```\n"), [code("sh", "yes\n")]);
}

#[test]
fn options_are_read_in_all_four_spellings() {
    let text = "<!-- doccheck: name=a exit=1 -->\n```sh\n```\n\n{/* doccheck: name=b */}\n\n```sh\n```\n\n\
                [doccheck]: # (name=c)\n\n```sh\n```\n\n[doccheck]: # 'name=d'\n```sh name=e title=\"x y\"\n```\n";
    let tutorial = clean(text);
    let read: Vec<_> = tutorial.fences.iter().map(settings).collect();
    assert_eq!(read, [vec!["name=a", "exit=1"], vec!["name=b"], vec!["name=c"], vec!["name=d"]]);
    let slices =
        |setting: &Setting| (tutorial.source.slice(setting.key.span), tutorial.source.slice(setting.value.span));
    assert_eq!(slices(&tutorial.fences[0].settings[1]), ("exit", "1"));
    assert_eq!(slices(&tutorial.fences[1].settings[0]), ("name", "b"));
    assert_eq!(slices(&tutorial.fences[2].settings[0]), ("name", "c"));
    let attributes: Vec<_> = tutorial.fences[3].attributes.iter().map(slices).collect();
    assert_eq!(attributes, [("name", "e"), ("title", "x y")]);
}

#[test]
fn comments_stack_and_stand_in_lists_and_quotes() {
    let text = "- item\n\n  <!-- doccheck: name=a\n       exit=1 -->\n\n  {/* doccheck: env.A=1 */}\n  [doccheck]: # (env.B=2)\n\n  ```sh\n  x\n  ```\n\n\
                > [doccheck]: # (name=q)\n> ```sh\n> x\n> ```\n";
    let tutorial = clean(text);
    assert_eq!(settings(&tutorial.fences[0]), ["name=a", "exit=1", "env.A=1", "env.B=2"]);
    assert_eq!(tutorial.source.slice(tutorial.fences[0].settings[1].key.span), "exit");
    assert_eq!(settings(&tutorial.fences[1]), ["name=q"]);
    assert_eq!(tutorial.fences[1].before, []);
}

#[test]
fn comments_right_after_a_text_leave_it_as_it_is() {
    let tutorial =
        clean("It fails:\n{/* doccheck: exit=1 */}\n```sh\nx\n```\n\nAgain:\n[doccheck]: # (exit=2)\n```sh\ny\n```\n");
    assert_eq!(settings(&tutorial.fences[0]), ["exit=1"]);
    assert_eq!(tutorial.fences[0].before, [Prose::Paragraph("It fails:".to_owned())]);
    assert_eq!(settings(&tutorial.fences[1]), ["exit=2"]);
    assert_eq!(tutorial.fences[1].before, [Prose::Paragraph("Again:".to_owned())]);
}

#[test]
fn a_comment_shown_as_code_is_no_comment() {
    let tutorial =
        clean("Write `<!-- doccheck: exit=1 -->` so:\n\n```md\n[doccheck]: # (exit=1)\n<!-- doccheck: x -->\n```\n");
    assert_eq!(settings(&tutorial.fences[0]), Vec::<String>::new());
}

#[test]
fn a_hidden_step_is_a_fence_that_no_reader_sees() {
    let text = "<!-- doccheck-run name=seed\n```sh exit=3\na\n\nb\n```\n-->\n\n> <!-- doccheck-run\n> ~~~py\n> x\n> ~~~\n> -->\n";
    let tutorial = clean(text);
    assert_eq!(tutorial.fences.len(), 2);
    assert!(tutorial.fences.iter().all(|fence| fence.hidden));
    assert_eq!(settings(&tutorial.fences[0]), ["name=seed"]);
    assert_eq!(tutorial.source.slice(tutorial.fences[0].span), "```sh exit=3\na\n\nb\n```");
    assert_eq!(tutorial.source.slice(tutorial.fences[0].attributes[0].value.span), "3");
    assert_eq!(tutorial.fences[1].code.text, "x\n");
    assert_eq!(tutorial.source.slice(tutorial.fences[1].code.lines[0]), "x");
}

#[test]
fn comments_that_cannot_be_understood_are_told_at_their_place() {
    let one = |text: &str| errors(text).into_iter().next().unwrap();
    assert_eq!(
        one("# a\n\n<!-- doccheck: exit=1 -->\n\nText.\n"),
        ("comment-without-fence", Some(3), "<!-- doccheck: exit=1 -->".into())
    );
    assert_eq!(
        one("<!-- doccheck: exit=1 -->\n"),
        ("comment-without-fence", Some(1), "<!-- doccheck: exit=1 -->".into())
    );
    assert_eq!(one("<!-- doccheck: name='a -->\n```sh\n```\n"), ("unclosed-quote", Some(1), "'".into()));
    assert_eq!(one("> <!-- doccheck: {x} -->\n> ```sh\n> ```\n"), ("bad-option", Some(1), "{x}".into()));
    assert_eq!(one("<!-- doccheck exit=1 -->\n```sh\n```\n"), ("bad-comment", Some(1), "doccheck".into()));
    assert_eq!(one("<!-- doccheck-rnu\n```sh\n```\n-->\n").0, "bad-comment");
    assert_eq!(one("<!-- doccheck-run\ntext\n-->\n").0, "bad-comment");
    assert_eq!(one("<!-- doccheck: -->\n```sh\n```\n").0, "bad-comment");
    assert_eq!(one("<!-- doccheck: exit=1\n```sh\n```\n").0, "unclosed-comment");
    assert_eq!(one("{/* doccheck: exit=1\n\n```sh\n```\n").0, "unclosed-comment");
    assert_eq!(one("[doccheck]: # (exit=1\n```sh\n```\n").0, "unclosed-comment");
    assert_eq!(one("[doccheck]: (exit=1)\n```sh\n```\n").0, "bad-comment");
    assert_eq!(errors("<!-- doccheck is a tool -->\n<!-- TODO: doccheck: x -->\n<!-- doccheck.toml -->\n"), []);
}

#[test]
fn front_matter_sets_options_with_their_places() {
    let text = "---\ntitle: é\ndoccheck:\n  python: [requests, \"a b\"]\n  timeout: 30s\n  env:\n    A: 3.10\n  skip:\n  setup: |\n    one\n    two\n---\n# T\n\n```sh\nx\n```\n";
    let tutorial = clean(text);
    let seen: Vec<_> = tutorial
        .settings
        .iter()
        .map(|setting| (setting.key.value.as_str(), tutorial.source.slice(setting.value.span)))
        .collect();
    assert_eq!(seen[..3], [("python", "["), ("timeout", "30s"), ("env.A", "3.10")]);
    assert_eq!(seen[3], ("skip", ""));
    assert_eq!(tutorial.settings[4].value.value, crate::options::Value::Text("one\ntwo\n".into()));
    assert_eq!(tutorial.source.line(tutorial.fences[0].span.start), 15);
    assert_eq!(tutorial.fences[0].heading.as_deref(), Some("T"));
}

#[test]
fn front_matter_without_our_key_is_not_ours() {
    assert!(clean("---\ntitle: x\n---\n```sh\n```\n").settings.is_empty());
    assert_eq!(codes("---\n\n```sh\na\n```\n"), [code("sh", "a\n")]);
}

#[test]
fn broken_front_matter_is_told_at_its_place() {
    assert_eq!(errors("---\ntitle: é: b\n---\n"), [("bad-front-matter", Some(2), ":".into())]);
    assert_eq!(errors("---\na: 1\nlist: [1, 2\n---\n"), [("bad-front-matter", Some(3), "[".into())]);
    assert_eq!(errors("---\ndoccheck:\n  timeout: 1s\n# T\n"), [("bad-front-matter", Some(1), "---".into())]);
    assert_eq!(errors("---\ndoccheck: 5\n---\n"), [("bad-value", Some(2), "doccheck".into())]);
    assert_eq!(errors("---\ndoccheck:\n  python: {a: 1}\n---\n"), [("bad-value", Some(3), "python".into())]);
}

#[test]
fn prose_and_headings_are_kept_as_a_reader_sees_them() {
    let text = "# Top `x`\n\nHello **bold** `code`\nsecond [link](u).\n\n- item\n- second:\n  ```sh\n  a\n  ```\n\n| a |\n|---|\n\n***\n\n<p>x</p>\n\n<!-- c -->\n\n![alt](x.png)\n\n```sh\n```\n";
    let tutorial = clean(text);
    assert_eq!(
        tutorial.fences[0].before,
        [
            Prose::Heading("Top `x`".into()),
            Prose::Paragraph("Hello **bold** `code` second link.".into()),
            Prose::Paragraph("item".into()),
            Prose::Paragraph("second:".into())
        ]
    );
    assert_eq!(tutorial.fences[1].before, [Prose::Other, Prose::Other, Prose::Other, Prose::Other]);
    assert_eq!(tutorial.fences[1].heading.as_deref(), Some("Top `x`"));
}

#[test]
fn a_key_that_is_said_twice_is_told_at_the_second() {
    let again = |line, place: &str| ("duplicate-option", Some(line), place.to_owned());
    assert_eq!(errors("<!-- doccheck: exit=nonzero exit=0 -->\n```sh\na\n```\n"), [again(1, "exit")]);
    let several = "<!-- doccheck: name=a -->\n{/* doccheck: exit=1 */}\n\n[doccheck]: # (name=b)\n\n```sh\na\n```\n";
    assert_eq!(errors(several), [again(4, "name")]);
    assert_eq!(errors("<!-- doccheck-run env.A=1 env.A=2\n```sh\na\n```\n-->\n"), [again(1, "env.A")]);
    clean("<!-- doccheck: env.A=1 env.B=2 -->\n```sh name=a\na\n```\n\n<!-- doccheck: env.A=1 -->\n```sh\na\n```\n");
}

#[test]
fn a_value_of_several_words_wants_quotes() {
    let found = errors("- <!-- doccheck: fault=429 GET /a/b -->\n  ```sh\n  a\n  ```\n");
    assert_eq!(found, [("bad-option", Some(1), "429 GET /a/b".to_owned())]);
}

#[test]
fn attributes_in_braces_name_a_language_and_options() {
    for info in ["{.bash .numberLines exit=1}", "{ .bash #x exit=1 }", "{#x .bash exit=1}"] {
        let tutorial = clean(&format!("```{info}\na\n```\n"));
        let fence = &tutorial.fences[0];
        let language = fence.language.as_ref().unwrap();
        assert_eq!((language.value.as_str(), tutorial.source.slice(language.span)), ("bash", "bash"), "{info}");
        let exit = fence.attributes.iter().find(|setting| setting.key.value == "exit").unwrap();
        assert_eq!(
            (&exit.value.value, tutorial.source.slice(exit.value.span)),
            (&crate::options::Value::Text("1".into()), "1")
        );
    }
    assert_eq!(codes("```{python}\na\n```\n"), [code("{python}", "a\n")]);
    assert_eq!(codes("```{#x}\na\n```\n"), [code("{#x}", "a\n")]);
}
