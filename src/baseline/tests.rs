use super::*;
use crate::plan::specimen::clean;

fn baseline(text: &str) -> Baseline {
    Baseline::read(&SourceFile::new("known.txt", text), false, |page| page != "gone.md").expect("a list")
}

const PAGE: &str = "\
```bash
true
```

# `Twice` here

```bash
true
```

```python
pass
```

<!-- doccheck: name=own -->

```bash
true
```

# `Twice` here

```bash
true
```
";

#[test]
fn a_step_is_named_by_what_survives_an_edit() {
    let names = ["shell 1", "`Twice` here / shell 1", "`Twice` here / python 1", "own", "`Twice` here / shell 3"];
    assert_eq!(keys(&clean(PAGE)), names);
    assert_eq!(keys(&clean(&format!("Words.\n\n{}", PAGE.replace("pass", "pass\npass")))), names);
}

#[test]
fn a_list_is_read_line_by_line() {
    let list = baseline("# words\n\npage.md :: own\r\n  page.md :: shell 1  \nother.md\npage.md :: gone\n");
    let mut plan = clean(PAGE);
    let found = list.apply("page.md", &mut plan);
    let known: Vec<_> =
        plan.steps().filter_map(|step| step.known_stale.as_ref()).map(|known| known.by.clone()).collect();
    assert_eq!(known, [KnownBy::List(4), KnownBy::List(3)]);
    assert_eq!(plan.page.known_stale, None);
    let told: Vec<_> = found.iter().map(|found| (found.message.as_str(), found.line())).collect();
    assert_eq!(told, [("page.md has no step `gone`", Some(6))]);
    assert_eq!(list.known("other.md").map(|known| known.by), Some(KnownBy::List(5)));
}

#[test]
fn what_the_page_says_itself_stays() {
    let mut plan = clean("<!-- doccheck: name=own expect-stale=later -->\n\n```bash\ntrue\n```\n");
    baseline("page.md :: own\n").apply("page.md", &mut plan);
    let reasons: Vec<_> = plan.steps().map(|step| step.known_stale.clone().unwrap().reason).collect();
    assert_eq!(reasons, ["later"]);
}

#[test]
fn changes_are_counted_whatever_the_comments_and_the_order() {
    let list = baseline("# a\nb\na\n");
    assert_eq!(list.changes("a\nc\n# b\n"), (1, 1));
    assert_eq!(list.updated([]), "# a\na\nb\n");
    let list = baseline("gone.md :: x\na.md\ngone.md\n");
    assert_eq!((list.updated([]), list.changes(&list.updated([]))), (format!("{HEADER}a.md\n"), (0, 2)));
    assert!(baseline("").updated([]).starts_with("# What doccheck knows"));
}

#[test]
fn a_line_that_names_no_page_is_told_at_its_place() {
    let text = "<<<<<<< HEAD\n# words\na.md :: x\n=======\n:: x\n.md\ndocs/gone.md\nodd :: x\n";
    let found = Baseline::read(&SourceFile::new("known.txt", text), true, |page| page == "odd").unwrap_err();
    assert_eq!(found.iter().map(Diagnostic::line).collect::<Vec<_>>(), [1, 4, 5, 6].map(Some));
}

#[test]
fn a_page_that_is_gone_is_told_with_its_lines() {
    let told = |list: &Baseline| -> Vec<(String, Vec<Option<usize>>)> {
        let gone = list.gone().into_iter();
        gone.map(|(page, found)| (page.to_owned(), found.iter().map(Diagnostic::line).collect())).collect()
    };
    let text = "gone.md :: x\na.md\ngone.md\n";
    assert_eq!(told(&baseline(text)), [("gone.md".to_owned(), vec![Some(1), Some(3)])]);
    let list = Baseline::read(&SourceFile::new("known.txt", text), true, |page| page != "gone.md").unwrap();
    assert_eq!(told(&list), []);
}
