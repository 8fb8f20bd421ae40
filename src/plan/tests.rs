use super::specimen::{clean, found, planned, planned_with};
use super::*;
use crate::diagnostic::Severity;
use crate::options::Stream;
use crate::source::SourceFile;

/// Each fence's role, with the index of the step for an output and the path for a file.
fn roles(text: &str) -> Vec<String> {
    let (plan, _) = planned(text);
    let show = |role: &FenceRole| match (role.of, &role.path) {
        (Some(of), _) => format!("{} of {of}", role.role.word()),
        (None, Some(path)) => format!("{} {path}", role.role.word()),
        (None, None) => role.role.word().to_owned(),
    };
    plan.roles.iter().map(show).collect()
}

fn texts(step: &Step) -> Vec<(Part, Format, &str)> {
    step.expectations.iter().map(|told| (told.part, told.format, told.text.text.as_str())).collect()
}

#[test]
fn a_shell_fence_after_a_step_is_a_step_where_it_reads_like_commands() {
    let after = |code: &str| roles(&format!("```bash\ncurl x\n```\n\n```bash\n{code}\n```\n"));
    for code in [
        "{ make; make install; }",
        "{\n  make\n}",
        "exec 3< data.txt",
        "2>&1 make",
        "for at in 1 2; do echo $at; done",
        "end=$(( $(date +%s) + 5 ))",
        "(cd docs; make)",
        "while (( SECONDS < 5 )); do sleep 1; done",
        "(( n += 1 ))",
        "! grep -q x file",
        "coproc { sleep 3; echo ready; }\nread -u ${COPROC[0]} x; echo $x",
        "coproc NAME { make; }; time { make; }; function f { make; }",
    ] {
        assert_eq!(after(code), ["step", "step"], "{code}");
    }
    for output in ["{ \"id\": 1 }", "{\n  name: 'x'\n}", "3 files were read"] {
        assert_eq!(after(output), ["step", "output of 0"], "{output}");
    }
    assert_eq!(after("# nothing but a remark"), ["step", "shown"]);
}

#[test]
fn the_output_of_a_step_follows_it() {
    let step = "```bash\ncurl x\n```\n\n";
    for between in [
        "",
        "<!-- a remark -->\n\n",
        "Output:\n\n",
        "It prints:\n\n",
        "You should see something like this:\n\n",
        "**Example response**\n\n",
        "The response has a status of 201.\n\n",
        "{% include copy.html %}\n\nThe API returns:\n\n",
    ] {
        for language in ["output", "text", "txt", "json", "jsonc", "console", ""] {
            let page = format!("{step}{between}```{language}\nhello world\n```\n");
            assert_eq!(roles(&page), ["step", "output of 0"], "{page}");
        }
    }
    for between in [
        "The request body holds these fields:\n\n",
        "## Next\n\n",
        "| a |\n|---|\n| b |\n\n",
        "Then create a lead:\n\n",
    ] {
        let page = format!("{step}{between}```json\n{{}}\n```\n");
        assert_eq!(roles(&page), ["step", "shown"], "{page}");
    }
}

#[test]
fn several_outputs_belong_to_one_step() {
    let page = "```bash\na\n```\n```output\nx\n```\nAfter a while it prints:\n```output\ny\n```\n```json\n{}\n```\n";
    assert_eq!(roles(page), ["step", "output of 0", "output of 0", "output of 0"]);
}

#[test]
fn without_a_step_nothing_is_an_output() {
    assert_eq!(roles("It returns:\n\n```json\n{}\n```\n\n```output\nx\n```\n"), ["shown", "shown"]);
    assert_eq!(roles("```rust\nfn main() {}\n```\n```output\nx\n```\n"), ["shown", "shown"]);
}

#[test]
fn every_runnable_word_makes_a_step() {
    for (word, code, language) in [
        ("bash", "ls", Language::Shell),
        ("sh", "ls", Language::Shell),
        ("shell", "ls", Language::Shell),
        ("zsh", "ls", Language::Shell),
        ("Bash", "ls", Language::Shell),
        ("console", "$ ls\na", Language::Console),
        ("shell-session", "$ ls", Language::Console),
        ("bash", "$ ls\na", Language::Console),
        ("", "$ ls\na", Language::Console),
        ("console", "npm install x", Language::Shell),
        ("python", "print(1)", Language::Python),
        ("py", "print(1)", Language::Python),
        ("{.python}", "print(1)", Language::Python),
        ("pycon", ">>> 1\n1", Language::Pycon),
        ("python", ">>> 1\n1", Language::Pycon),
        ("python{1,3}", "print(1)", Language::Python),
        ("javascript", "f()\nfunction f() {}", Language::JavaScript),
        ("js", "console.log(1)", Language::JavaScript),
        ("mjs", "console.log(1)", Language::JavaScript),
        ("typescript", "console.log(1)", Language::TypeScript),
        ("ts", "let a: number = 1", Language::TypeScript),
        ("http", "GET https://api.example.com/x\n", Language::Http),
    ] {
        let plan = clean(&format!("```{word}\n{code}\n```\n"));
        let languages: Vec<_> = plan.steps().map(|step| step.language).collect();
        assert_eq!(languages, [language], "{word}");
        assert_eq!(plan.roles[0].role, if language == Language::Http { Role::Request } else { Role::Step });
    }
}

#[test]
fn what_is_no_program_is_shown() {
    for page in [
        "    ls\n",
        "```go\nfmt.Println(1)\n```\n",
        "```yaml\na: 1\n```\n",
        "```text\nsome text\n```\n",
        "```bash\n```\n",
        "```bash\nhttps://api.example.com/v1/x\n```\n",
        "```bash\n├── a\n└── b\n```\n",
        "```python\n    def f(self):\n        pass\n```\n",
        "```python\ndef f(a, b):\n```\n",
        "```python\n# only a remark\n```\n",
        "In pseudo-code:\n\n```bash\nfor x in y; do z; done\n```\n",
        "Add these imports to the top of `app.py`:\n\n```python\nimport os\n```\n",
        "<!--\n```bash\nls\n```\n-->\n\n````md\n```bash\nls\n```\n````\n",
    ] {
        assert!(roles(page).iter().all(|role| role == "shown"), "{page}: {:?}", roles(page));
    }
}

#[test]
fn a_name_that_nothing_defines_leaves_the_role_open() {
    assert_eq!(roles("```python\nclient.get()\n```\n"), ["unsure"]);
    assert_eq!(roles("```ts\nawait schema.parse(1)\n```\n"), ["unsure"]);
    // What the page tells of is meant to be run: then the missing name is the page's fault.
    assert_eq!(roles("```python\nclient.get()\n```\n```output\nx\n```\n"), ["step", "output of 0"]);
    assert_eq!(roles("```python\nclient.get()\n#> x\n```\n"), ["step"]);
    assert_eq!(roles("<!-- doccheck: name=get -->\n```python\nclient.get()\n```\n"), ["step"]);
    assert_eq!(roles("```python\nx = client.get()\n```\n```python\nprint(x)\n```\n"), ["step", "step"]);
    assert_eq!(roles("```python\nfrom tkinter import *\nTk()\n```\n"), ["step"]);
    assert_eq!(
        roles("```python\ndef f():\n    return g()\n```\n```python\ndef g():\n    return 1\n```\n"),
        ["step", "step"]
    );
}

#[test]
fn files_are_told_by_option_title_caption_comment_and_text() {
    for page in [
        "<!-- doccheck: file=src/a.py -->\n```python\nprint(1)\n```\n",
        "```python file=src/a.py\nprint(1)\n```\n",
        "```python title=\"src/a.py\"\nprint(1)\n```\n",
        "**src/a.py**:\n\n```python\nprint(1)\n```\n",
        "```python\n# src/a.py\nprint(1)\n```\n",
        "Create a file called `src/a.py`:\n\n```python\nprint(1)\n```\n",
    ] {
        assert_eq!(roles(page), ["file src/a.py"], "{page}");
        let plan = clean(page);
        let Action::File(file) = &plan.actions[0] else { panic!("a file") };
        assert_eq!((file.fence, file.path.value.as_str()), (0, "src/a.py"));
    }
    assert_eq!(
        roles("```json\n{\"a\": 1}\n```\n```python\nprint(open('people.json').read())\n```\n"),
        ["file people.json", "step"]
    );
    assert_eq!(roles("```python title=\"a.py\"\nx = 1\n# ...\n```\n"), ["step"]);
    assert_eq!(roles("```python title=\"../a.py\"\nprint(1)\n```\n"), ["step"]);
    assert_eq!(roles("```python title=\"List leads\"\nprint(1)\n```\n"), ["step"]);
}

#[test]
fn peers_words_skip_a_step() {
    for info in ["notest", "ignore", "testIgnore", "test=\"skip\"", "skip", "skip=later"] {
        let plan = clean(&format!("```bash {info}\nls\n```\n"));
        assert_eq!(plan.roles[0].role, Role::Skipped, "{info}");
        assert!(plan.steps().next().unwrap().skip.is_some(), "{info}");
    }
    assert_eq!(roles("```python,ignore\nprint(1)\n```\n"), ["skipped"]);
    assert_eq!(roles("```bash title=\"skip\" hl_lines=\"1\" exit=abc\nls\n```\n"), ["step"]);
}

#[test]
fn options_reach_the_step() {
    let text = "<!-- doccheck: name=create exit=3 timeout=2s stdin=\"a b\" env.A=1 output=any stream=stderr session=two -->\n\
                {/* doccheck: fault=\"429x2, 401@3\" */}\n```bash exit=9\ncurl x\n```\n\n```output\nx\n```\n";
    let plan = clean(text);
    let step = plan.steps().next().unwrap();
    assert_eq!(
        (step.name.as_str(), step.exit, step.timeout),
        ("create", ExpectedExit::Code(3), Duration::from_secs(2))
    );
    assert_eq!((step.stdin.as_deref(), step.output), (Some("a b"), Some(OutputRule::Any)));
    assert_eq!(step.env, [("A".to_owned(), "1".to_owned())]);
    assert_eq!(step.session, Session::Shared("two".to_owned()));
    assert_eq!(step.expectations[0].stream, Stream::Stderr);
    assert!(step.splits_streams());
    let faults: Vec<_> =
        step.faults.iter().map(|fault| (fault.value.text.as_str(), plan.tutorial.source.slice(fault.span))).collect();
    assert_eq!(faults, [("429x2", "429x2"), ("401@3", "401@3")]);
}

#[test]
fn a_step_without_a_name_is_named_by_language_and_line() {
    let plan = clean("# T\n\n```bash\nls\n```\n\n```ts\nconsole.log(1)\n```\n");
    let names: Vec<_> = plan.steps().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["shell-3", "typescript-7"]);
}

#[test]
fn page_and_configuration_set_what_steps_do_not() {
    let file = SourceFile::new(
        "doccheck.toml",
        "[defaults]\ntimeout = \"20s\"\nmemory = \"1GiB\"\nstream = \"stdout\"\n[env]\nA = \"1\"\nB = \"1\"\n[python]\npackages = [\"httpx\", \"requests\"]\n",
    );
    let config = crate::config::read(&file).unwrap();
    let step = "```bash\nls\n```\n```output\nx\n```\n";
    let (plan, _) = planned_with(step, &config);
    let first = plan.steps().next().unwrap();
    assert_eq!((first.timeout, first.expectations[0].stream), (Duration::from_secs(20), Stream::Stdout));
    assert_eq!(first.memory, Memory::parse("1GiB"));
    let front = "---\ndoccheck:\n  timeout: 5s\n  memory: 64MiB\n  env: {B: 2}\n  python: [requests]\n  node: [p-limit]\n  scopes: [contacts.read]\n  setup: touch a\n  teardown: end.sh\n---\n";
    let (plan, diagnostics) = planned_with(&format!("{front}{step}"), &config);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let own = plan.steps().next().unwrap();
    assert_eq!((own.timeout, own.memory), (Duration::from_secs(5), Memory::parse("64MiB")));
    assert_eq!(plan.page.env, [("A".to_owned(), "1".to_owned()), ("B".to_owned(), "2".to_owned())]);
    let python: Vec<_> = plan.page.python.iter().map(|package| package.value.as_str()).collect();
    assert_eq!((python, plan.page.node[0].value.as_str()), (vec!["httpx", "requests"], "p-limit"));
    let files: Vec<_> = plan.page.python.iter().map(|package| package.source.path().display().to_string()).collect();
    assert_eq!(files, ["doccheck.toml", "page.md"]);
    assert_eq!(plan.page.scopes.as_deref(), Some(["contacts.read".to_owned()].as_slice()));
    assert_eq!(plan.page.setup.unwrap().value, "touch a");
    assert_eq!(planned("---\ndoccheck: {skip: later}\n---\n").0.page.skip.as_deref(), Some("later"));
}

#[test]
fn what_an_output_shows_decides_how_it_is_compared() {
    let format = |language: &str, text: &str| {
        let plan = clean(&format!("```bash\ncurl -i x\n```\n```{language}\n{text}\n```\n"));
        plan.steps().next().unwrap().expectations[0].format
    };
    assert_eq!(format("json", "{\"a\": <version>}"), Format::Json);
    assert_eq!(format("", "{\n  \"id\": 1\n}"), Format::Json);
    assert_eq!(format("output", "[{\"id\": 1}, ...]"), Format::Json);
    assert_eq!(format("http", "HTTP/1.1 201 Created\nContent-Type: application/json\n\n{}"), Format::Http);
    assert_eq!(format("text", "HTTP/2 429\nretry-after: 2"), Format::Http);
    assert_eq!(format("", "[1, 2]"), Format::Text);
    assert_eq!(format("output", "{'a': 1}"), Format::Text);
    assert_eq!(format("text", "HTTP/1.1 is old"), Format::Text);
}

#[test]
fn a_request_is_a_step_whose_answer_follows() {
    let plan = clean(
        "```http\nGET /x HTTP/1.1\nHost: api.example.com\n```\n\nThe answer:\n\n```http\nHTTP/1.1 200 OK\n\n{}\n```\n",
    );
    assert_eq!(plan.roles.iter().map(|role| role.role).collect::<Vec<_>>(), [Role::Request, Role::Output]);
    assert_eq!(plan.steps().next().unwrap().expectations[0].format, Format::Http);
}

#[test]
fn a_request_that_names_no_host_is_told_and_not_sent() {
    let (plan, diagnostics) = planned("```http\nGET /x\n```\n\n```json\n{}\n```\n");
    assert_eq!(plan.roles.iter().map(|role| role.role).collect::<Vec<_>>(), [Role::Request, Role::Output]);
    assert_eq!(plan.steps().count(), 0);
    assert_eq!(
        diagnostics.iter().map(|found| (found.code, found.severity)).collect::<Vec<_>>(),
        [("unsent-request", Severity::Warning)]
    );
}

#[test]
fn a_transcript_has_an_expectation_for_each_command() {
    let plan = clean("```console\n$ echo a\na\n$ true\n$ cat x.json\n{\"a\": 1}\n```\n\n```output\nmore\n```\n");
    let step = plan.steps().next().unwrap();
    assert_eq!(
        step.commands.iter().map(|command| command.text.as_str()).collect::<Vec<_>>(),
        ["echo a", "true", "cat x.json"]
    );
    assert_eq!(
        texts(step),
        [
            (Part::Command(0), Format::Text, "a\n"),
            (Part::Command(2), Format::Json, "{\"a\": 1}\n"),
            (Part::Command(2), Format::Text, "more\n")
        ]
    );
}

#[test]
fn a_failure_is_expected_where_the_page_announces_it() {
    let exit = |text: &str| clean(text).steps().next().unwrap().exit;
    let traceback = "```output\nTraceback (most recent call last):\n  File \"x\", line 1\nValueError: no\n```\n";
    assert_eq!(exit(&format!("```python\nraise ValueError('no')\n```\n{traceback}")), ExpectedExit::Nonzero);
    assert_eq!(
        exit(&format!("<!-- doccheck: exit=0 -->\n```python\nraise ValueError('no')\n```\n{traceback}")),
        ExpectedExit::Code(0)
    );
    assert_eq!(exit("It exits with status 2:\n\n```bash\nls missing\n```\n"), ExpectedExit::Code(2));
    assert_eq!(exit("```bash\nls missing\n```\n"), ExpectedExit::Code(0));
    assert!(clean("This will fail:\n\n```bash\nls missing\n```\n").steps().next().unwrap().exit_reason.is_some());
}

#[test]
fn steps_that_read_names_of_earlier_ones_share_their_session() {
    let text = "```python\ndef f():\n    return 1\n```\n```python\nprint('alone')\n```\n```python\nprint(f())\n```\n\
                ```ts\nconst a = 1\n```\n```js\nconsole.log(a)\n```\n```bash\nls\n```\n```console\n$ ls\n```\n";
    let plan = clean(text);
    let sessions: Vec<_> = plan.steps().map(|step| step.session.clone()).collect();
    assert_eq!(sessions[0], sessions[2]);
    assert_ne!(sessions[0], Session::Fresh);
    assert_eq!(sessions[1], Session::Fresh);
    assert_eq!(sessions[3], sessions[4]);
    assert_ne!(sessions[3], sessions[0]);
    assert_eq!(sessions[5..], [Session::Shared(String::new()), Session::Shared(String::new())]);
    let continues: Vec<_> = plan.roles.iter().map(|role| role.continues).collect();
    assert_eq!(continues, [false, false, true, false, true, false, false]);
}

#[test]
fn session_decides_by_hand() {
    let text = "```python session=a\nx = 1\n```\n<!-- doccheck: session=new -->\n```python\nx = 2\nprint(x)\n```\n```python session=a\nprint('goes on')\n```\n";
    let plan = clean(text);
    let sessions: Vec<_> = plan.steps().map(|step| step.session.clone()).collect();
    assert_eq!(sessions, [Session::Shared("a".into()), Session::Fresh, Session::Shared("a".into())]);
    assert!(plan.roles[2].continues);
}

#[test]
fn transcripts_of_python_go_on() {
    let plan = clean("```pycon\n>>> x = 1\n```\n```pycon\n>>> 2\n2\n```\n```pycon\n>>> x\n1\n```\n");
    let sessions: Vec<_> = plan.steps().map(|step| step.session.clone()).collect();
    assert!(sessions.iter().all(|session| *session == sessions[0] && *session != Session::Fresh));
    assert_eq!(plan.roles.iter().map(|role| role.continues).collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn inline_expectations_belong_to_their_statement() {
    let plan = clean("```python\nx = 1\nprint(x)\n#> 1\nx + 1\n#> 2\n```\n");
    let step = plan.steps().next().unwrap();
    let watches: Vec<_> = step.watches.iter().map(|watch| (watch.first_line, watch.last_line, watch.value)).collect();
    assert_eq!(watches, [(2, 2, false), (4, 4, true)]);
    assert_eq!(texts(step), [(Part::Watch(0), Format::Text, "1\n"), (Part::Watch(1), Format::Text, "2\n")]);
}

#[test]
fn versions_promised_in_the_prose_are_kept() {
    let plan = clean("You need Python 3.11+ and Node.js 20 or later.\n\n```bash\nls\n```\n");
    assert_eq!((plan.page.python_version, plan.page.node_version), (Some((3, 11)), Some((20, 0))));
}

#[test]
fn faults_of_a_page_are_located_errors() {
    use Severity::{Error, Warning};
    assert_eq!(found("<!-- doccheck: exti=1 -->\n```bash\nls\n```\n"), [("unknown-option", Error, Some(1))]);
    assert_eq!(found("```bash exti=1\nls\n```\n"), []);
    assert_eq!(found("---\ndoccheck:\n  exit: 1\n---\n"), [("wrong-scope", Error, Some(3))]);
    assert_eq!(found("<!-- doccheck: timeout=soon -->\n```bash\nls\n```\n"), [("bad-value", Error, Some(1))]);
    assert_eq!(
        found("<!-- doccheck: fault=\"429,\n nosuch\" -->\n```bash\nls\n```\n"),
        [("bad-fault", Error, Some(2))]
    );
    let twice = "```bash name=a\nls\n```\n\n```bash name=a\nls\n```\n";
    assert_eq!(found(twice), [("duplicate-name", Error, Some(5))]);
    assert_eq!(found("```bsh\nls\n```\n"), [("misread-language", Error, Some(1))]);
    assert_eq!(found("```pyhton\nprint(1)\n```\n"), [("misread-language", Error, Some(1))]);
    assert_eq!(found("```bsh\nls\n```\n\n```bash\nls\n```\n"), [("misread-language", Warning, Some(1))]);
    assert_eq!(found("<!-- doccheck: name=x -->\n```yaml\na: 1\n```\n"), [("option-without-step", Error, Some(1))]);
    assert_eq!(found("<!-- doccheck-run\n```yaml\na: 1\n```\n-->\n"), [("hidden-without-step", Error, Some(2))]);
    assert_eq!(found("```rust\nfn main() {}\n```\n```ruby\nputs 1\n```\n```jsx\n<A />\n```\n```c\nint x;\n```\n"), []);
}

#[test]
fn a_fence_shows_the_service_whose_terminal_it_names() {
    let page = "```bash ready=port:3000 session=server\nserve\n```\n```output\nup\n```\n\n```bash\ncurl\n```\n\n\
                ```text session=server\nGET /health 200\n```\n\n```output\nhello\n```\n";
    let plan = clean(page);
    let of: Vec<_> = plan.roles.iter().map(|fence| (fence.role.word(), fence.of)).collect();
    assert_eq!(of, [("step", None), ("output", Some(0)), ("step", None), ("output", Some(0)), ("output", Some(2))]);
    let service = plan.steps().next().unwrap().service.clone().unwrap();
    assert_eq!(service.ready, Some(Ready::Port(3000)));
    assert_eq!(service.later.iter().map(|shown| shown.text.text.as_str()).collect::<Vec<_>>(), ["GET /health 200\n"]);
    assert!(plan.steps().nth(1).unwrap().service.is_none());
}

#[test]
fn a_service_has_a_terminal_of_its_own() {
    let page = "```bash\ncd app\n```\n\n```bash background=true\nserve\n```\n\n```bash\nls\n```\n";
    let plan = clean(page);
    let sessions: Vec<_> = plan.steps().map(|step| step.session.clone()).collect();
    assert_eq!(sessions, [Session::Shared(String::new()), Session::Fresh, Session::Shared(String::new())]);
}
