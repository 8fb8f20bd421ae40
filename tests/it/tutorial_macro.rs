//! `assert_tutorial!`, as a crate's tests use it.

#[test]
fn a_page_is_as_it_was_accepted() {
    doccheck::assert_tutorial!("tutorials/first-call.md");
}

#[tokio::test]
async fn also_within_a_runtime() {
    doccheck::assert_tutorial!("tutorials/first-call.md");
}

#[test]
fn what_cannot_be_run_is_told() {
    let told = |page: &str| doccheck::macros::perform(page, env!("CARGO_MANIFEST_DIR")).unwrap_err();
    assert_eq!(told("tutorials"), "tutorials holds several pages: name one");
    assert_eq!(told("src"), "there is no page in src");
    assert!(told("tutorials/gone.md").starts_with("error[no-such-path]: there is no page or folder tutorials/gone.md"));
    let told = told("tests/fixtures/error/unknown-option.md");
    assert!(told.contains("unknown option"), "{told}");
}
