use crate::plan::Format;
use crate::plan::specimen::planned;

/// The role of each fence, with its reason where it is open.
fn roles(page: &str) -> Vec<String> {
    let (plan, _) = planned(page);
    let told = plan.roles.iter().map(|fence| match fence.role.word() {
        "unsure" => format!("unsure: {}", fence.reason),
        word => word.to_owned(),
    });
    told.collect()
}

const STEP: &str = "```bash\ncurl x\n```\n\n";

#[test]
fn data_is_an_output_where_the_words_say_so() {
    for language in ["yaml", "yml", "xml", "html", "csv", "toml", "ini", "log", "diff"] {
        let data = format!("```{language}\na: 1\n```\n");
        for announced in ["Output:", "It prints:", "The API returns:", "You should see:"] {
            assert_eq!(roles(&format!("{STEP}{announced}\n\n{data}")), ["step", "output"], "{announced} {language}");
        }
        let open = roles(&format!("{STEP}{data}"));
        let reason = format!(
            "unsure: it follows a step, but `{language}` may be anything; call it `output` to have it compared"
        );
        assert_eq!(open, ["step", &reason]);
        assert_eq!(roles(&format!("{STEP}Then change the settings:\n\n{data}")), ["step", "shown"]);
        assert_eq!(roles(&format!("It returns:\n\n{data}")), ["shown"], "no step is near");
    }
    assert_eq!(roles(&format!("{STEP}It returns:\n\n```yaml title=\"app.yaml\"\na: 1\n```\n")), ["step", "file"]);
    assert_eq!(roles(&format!("{STEP}It prints:\n\n```rust\nfn f() {{}}\n```\n")), ["step", "shown"]);
    let (plan, _) = planned(&format!("{STEP}Output:\n\n```yaml\na: 1\n```\n"));
    let step = plan.steps().next().unwrap();
    assert_eq!((step.expectations[0].format, step.expectations[0].text.text.as_str()), (Format::Text, "a: 1\n"));
}

#[test]
fn indented_code_near_a_step_is_not_passed_over() {
    let open = "unsure: indented code that follows a step; write it as a fence to have it compared";
    assert_eq!(roles(&format!("{STEP}    hello\n")), ["step", open]);
    assert_eq!(roles(&format!("{STEP}Output:\n\n    hello\n")), ["step", open]);
    assert_eq!(roles(&format!("{STEP}Mind the file:\n\n    hello\n")), ["step", "shown"]);
    assert_eq!(roles("Text.\n\n    hello\n"), ["shown"]);
    let tab = "unsure: a fence within indented code, as in a tab of MkDocs; take the indent away to have it read";
    assert_eq!(roles("=== \"bash\"\n\n    ```bash\n    ls\n    ```\n"), [tab]);
    assert_eq!(roles("=== \"sh\"\n\n    ~~~sh\n    ls\n    ~~~\n"), [tab]);
    assert_eq!(roles(&format!("{STEP}<!-- doccheck: skip=later -->\n\n    hello\n")), ["step", "skipped"]);
}

#[test]
fn a_text_after_a_step_that_nothing_announces_is_open() {
    let long = "This paragraph explains at length. ".repeat(12);
    let open = "unsure: the text between it and a step does not say that it was printed; \
                call it `output` to have it compared";
    for language in ["text", "txt", ""] {
        let fence = format!("```{language}\n{{}}\n```\n");
        assert_eq!(roles(&format!("{STEP}{long}\n\n{fence}")), ["step", open], "{language}");
        assert_eq!(roles(&format!("{STEP}{long}\n\n{long}\n\n{fence}")), ["step", "shown"], "{language}");
        assert_eq!(roles(&format!("{STEP}## Next\n\n{fence}")), ["step", "shown"], "{language}");
    }
}

#[test]
fn a_title_on_commands_is_decoration_unless_the_page_speaks_of_the_file() {
    let titled = "```bash title=\"x.sh\"\necho hi\n```\n\n";
    assert_eq!(roles(titled), ["step"]);
    assert_eq!(roles("```bash\n# x.sh\necho hi\n```\n"), ["step"], "a remark likewise");
    assert_eq!(roles("```console filename=x.sh\necho hi\n```\n"), ["step"]);
    assert_eq!(roles(&format!("{titled}Run `y.sh`, or max.sh:\n\n```bash\nbash y.sh\n```\n")), ["step", "step"]);
    assert_eq!(roles(&format!("{titled}```bash\nbash ./x.sh\n```\n")), ["file", "step"]);
    assert_eq!(roles(&format!("{titled}```python\nprint(open('x.sh').read())\n```\n")), ["file", "step"]);
    assert_eq!(roles(&format!("Save this as `x.sh`:\n\n{titled}")), ["file"]);
    assert_eq!(roles(&format!("{titled}Now run x.sh.\n\n```bash\nls\n```\n")), ["file", "step"]);
    assert_eq!(roles("```bash title=\"x.sh\"\n#!/bin/sh\necho hi\n```\n"), ["file"]);
    assert_eq!(roles("```python title=\"app.py\"\nprint(1)\n```\n"), ["file"]);
    assert_eq!(roles("```yaml title=\"app.yaml\"\na: 1\n```\n"), ["file"]);
}
