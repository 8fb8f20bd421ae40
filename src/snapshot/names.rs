//! What snapshots are called. A name stays when lines are added to a page: it is the step's own, else its heading.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::SUFFIX;
use crate::plan::Plan;

/// The longest name that is made of a heading, in characters.
const LONGEST: usize = 60;

/// The folder beside a page that holds its snapshots.
pub fn folder(page: &Path) -> PathBuf {
    page.parent().unwrap_or(Path::new("")).join("snapshots")
}

/// What the names of a page's snapshots start with.
pub fn prefix(page: &Path) -> String {
    format!("{}__", page.file_stem().unwrap_or_default().to_string_lossy())
}

/// The name of the file that keeps the output of the step called `name`, of the run about `provider`.
pub fn file_name(page: &Path, name: &str, provider: Option<&str>) -> String {
    format!("{}{}{}", prefix(page), name.replace(['/', '\\'], "__"), ending(provider))
}

/// How the names of the snapshots of a run end: insta's own way to keep apart what one test asserts several times.
pub fn ending(provider: Option<&str>) -> String {
    provider.map_or_else(|| SUFFIX.to_owned(), |provider| format!("@{}{SUFFIX}", provider.replace(['/', '\\'], "__")))
}

/// A name for each step that no other step of the page has.
pub fn steps(plan: &Plan) -> Vec<String> {
    let source = &plan.tutorial.source;
    let given: Vec<Option<String>> = plan
        .steps()
        .map(|step| {
            let line = source.line(plan.tutorial.fences[step.fence].span.start);
            (step.name != format!("{}-{line}", step.language.word())).then(|| step.name.clone())
        })
        .collect();
    // Some file systems do not tell capitals from small letters.
    let mut taken: BTreeSet<String> = given.iter().flatten().map(|name| name.to_lowercase()).collect();
    let named = plan.steps().zip(given).map(|(step, given)| {
        given.unwrap_or_else(|| {
            let heading = plan.tutorial.fences[step.fence].heading.as_deref().unwrap_or_default();
            let stem = Some(slug(heading)).filter(|slug| !slug.is_empty()).unwrap_or_else(|| "step".to_owned());
            let numbered = (2..).map(|number: usize| format!("{stem}-{number}"));
            let free = std::iter::once(stem.clone()).chain(numbered).find(|name| taken.insert(name.clone()));
            free.unwrap_or(stem)
        })
    });
    named.collect()
}

/// The letters and digits of a heading, small, with `-` for all between.
fn slug(heading: &str) -> String {
    let words = heading.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.collect::<Vec<_>>().join("-").to_lowercase();
    let short: String = slug.chars().take(LONGEST).collect();
    short.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::specimen::clean;

    fn names(page: &str) -> Vec<String> {
        steps(&clean(page))
    }

    #[test]
    fn a_step_has_its_own_name_else_its_headings() {
        let page = "\
```bash
true
```

## Create *a* contact!

```bash
true
```

<!-- doccheck: name=create-a-contact-2 -->
```bash
true
```

```bash
true
```

## Überblick

```python
1
```
";
        let told = ["step", "create-a-contact", "create-a-contact-2", "create-a-contact-3", "überblick"];
        assert_eq!(names(page), told);
        assert_eq!(names(&format!("More words.\n\n{page}")), told);
    }

    #[test]
    fn a_long_heading_is_cut_at_a_character() {
        assert_eq!(slug(&"ä ".repeat(100)), format!("{}ä", "ä-".repeat(29)));
        assert_eq!(slug("1. `GET /crm/contacts`"), "1-get-crm-contacts");
        assert_eq!(slug("…"), "");
    }

    #[test]
    fn files_lie_in_a_folder_beside_the_page() {
        assert_eq!(folder(Path::new("docs/x.md")), Path::new("docs/snapshots"));
        assert_eq!(folder(Path::new("x.md")), Path::new("snapshots"));
        assert_eq!(file_name(Path::new("docs/x.md"), "a/b", None), "x__a__b.snap");
        assert_eq!(file_name(Path::new("docs/x.md"), "a", Some("shop")), "x__a@shop.snap");
    }
}
