use crate::diagnostic::Severity;
use crate::plan::specimen::found;

#[test]
fn a_fence_that_swallows_the_page_is_told_at_its_opening_marker() {
    let error = |line| vec![("unclosed-fence", Severity::Error, Some(line))];
    let warning = |line| vec![("unclosed-fence", Severity::Warning, Some(line))];
    let step = "```bash\na\n```\n\n";
    // Another fence's opening marker, whether or not something closes this one at last.
    assert_eq!(found("# T\n\n```bash\na\n\n```bash\nb\n```\n"), error(3));
    assert_eq!(found(&format!("{step}```text\na\n\n## Next\n\n~~~bash\nb\n")), error(5));
    assert_eq!(found("<!-- doccheck: file=a.txt -->\n```text\na\n\n```bash\nb\n```\n"), error(2));
    assert_eq!(found("- do:\n\n  ```bash\n  a\n\n  ```bash\n  b\n  ```\n\n```bash\nc\n```\n"), error(3));
    assert_eq!(found("````bash\na\n```\n"), error(1));
    // Prose, up to the end of the page or of what the fence stands in.
    assert_eq!(found(&format!("{step}```text\na\n\nNow ask again.\n")), error(5));
    assert_eq!(found("> ```bash\n> a\n>\n> Now ask again:\n\nDone.\n"), error(1));
    assert_eq!(found("```bash\na\n\n再试一次。\n"), error(1));
    // The marker that opens an untagged fence closes the one above; from there on all are read the wrong way round.
    assert_eq!(found("```bash\na\n\nIt prints this.\n\n```\nb\n```\n\nThe end.\n"), error(1));
    // A closing marker outside of the list item opens a fence of its own.
    assert_eq!(found("1. do:\n\n   ```bash\n   a\n```\n\n```\nb\n```\n"), error(3));
    // What is not run is told, too: steps may have gone with it.
    assert_eq!(found("```yaml\na: 1\n\n```bash\nb\n```\n"), warning(1));
    assert_eq!(found(&format!("{step}<!-- doccheck: skip=later -->\n```bash\nb\n\n```bash\nc\n```\n")), warning(6));
}

#[test]
fn a_fence_that_is_open_at_the_end_and_swallows_nothing_is_no_fault() {
    for page in [
        "```bash\na\n",
        "```bash\na\n\n# Second\nb\n\n\nc --long\n\n",
        "```bash\ncat <<END\n    ```json\nEND\n```\n",
        "- do:\n\n  ```bash\n  a\n\nNow ask again.\n",
        "> ```bash\n> a\n\nNow ask again.\n",
        "- do:\n\n  ```bash\n  a\n```\n",
        "```python\ndef f():\n    pass\n\nclass A:\n    pass\n\nprint(f)\n",
        "````bash\ncat <<END > a.md\n```sh\nb\n```\n\nRead this.\nEND\n````\n",
    ] {
        assert_eq!(found(page), [], "{page}");
    }
}
