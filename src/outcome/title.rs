//! What a run of a page is called where people, lists and file names need one word for it.

/// The page's path, and the provider that the run is about where there is one: `docs/a.md (shop)`.
pub fn title(path: &str, provider: Option<&str>) -> String {
    provider.map_or_else(|| path.to_owned(), |provider| format!("{path} ({provider})"))
}

/// The path and the provider of a title.
pub fn split_title(title: &str) -> (&str, Option<&str>) {
    let parts = title.strip_suffix(')').and_then(|title| title.rsplit_once(" ("));
    parts.map_or((title, None), |(path, provider)| (path, Some(provider)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_taken_apart_as_it_was_put_together() {
        for (path, provider) in [("docs/a.md", None), ("docs/a.md", Some("shop")), ("docs/a (1).md", Some("a_b"))] {
            assert_eq!(split_title(&title(path, provider)), (path, provider));
        }
        assert_eq!(split_title("docs/a (1).md"), ("docs/a (1).md", None));
    }
}
