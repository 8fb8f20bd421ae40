use crate::plan::specimen::planned;

#[test]
fn a_session_that_no_service_has_is_told_with_the_nearest() {
    let told = |session: &str, fence: &str| -> Vec<(&str, Option<usize>, String)> {
        let page = format!(
            "```bash background=true session=server\nup\n```\n\n```bash name=log background=true\nup\n```\n\n\
             ```bash\necho a\n```\n\n{}",
            fence.replace("SESSION", session)
        );
        let (_, found) = planned(&page);
        found.iter().map(|found| (found.code, found.line(), found.help.join("; "))).collect()
    };
    let near = |line| ("unknown-session", Some(line), "did you mean `server`?".to_owned());
    for fence in ["text", "", "json"] {
        let fence = format!("<!-- doccheck: session=SESSION -->\n```{fence}\nlater\n```\n");
        assert_eq!(told("sevrer", &fence), [near(13)]);
    }
    assert_eq!(told("sevrer", "```text session=SESSION\nlater\n```\n"), [near(13)]);
    let fence = "<!-- doccheck: session=SESSION -->\n```text\nlater\n```\n";
    let all = ("unknown-session", Some(13), "the services above are `server`, `log`".to_owned());
    assert_eq!(told("other", fence), [all]);
    assert_eq!((told("server", fence), told("log", fence)), (vec![], vec![]));
    // What looks like a step is told of its language.
    let step = "<!-- doccheck: session=a -->\n```ruby\nb\n```\n";
    assert_eq!(planned(step).1[0].code, "option-without-step");
    // Right after a service, too.
    let after = "```bash background=true session=a\nup\n```\n\n<!-- doccheck: session=b -->\n```text\nup\n```\n";
    assert_eq!(planned(after).1[0].code, "unknown-session");
    // Where no step runs on, there is nothing to name; after the language it may be another tool's word.
    let alone = |fence: &str| planned(&format!("```bash session=a\nb\n```\n\n{fence}")).1;
    let found = alone("<!-- doccheck: session=a -->\n```text\nc\n```\n");
    assert!(found[0].code == "unknown-session" && found[0].help[0].contains("background=true"), "{found:?}");
    assert!(alone("```text session=b\nc\n```\n").is_empty());
}
