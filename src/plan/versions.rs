//! Versions of interpreters that a page's prose promises: "Python 3.11+", "Node.js 20 or later", "Python >= 3.10".

use crate::tutorial::{Prose, Tutorial};

/// The lowest version of a tool that the prose names, as major and minor. `names` are the tool's names, lower case.
pub(super) fn promised(tutorial: &Tutorial, names: &[&str]) -> Option<(u32, u32)> {
    let texts = tutorial.fences.iter().flat_map(|fence| &fence.before).filter_map(|prose| match prose {
        Prose::Paragraph(text) | Prose::Heading(text) => Some(text.to_ascii_lowercase()),
        Prose::Other => None,
    });
    texts.filter_map(|text| lowest(&text, names)).min()
}

fn lowest(text: &str, names: &[&str]) -> Option<(u32, u32)> {
    let found = names.iter().flat_map(|name| text.match_indices(name));
    found
        .filter(|(at, _)| !text[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '-' || c == '/'))
        .filter_map(|(at, name)| version(&text[at + name.len()..]))
        .min()
}

/// The version that follows a tool's name at once.
fn version(rest: &str) -> Option<(u32, u32)> {
    let mut rest = rest.trim_start_matches(['`', '*', ' ']);
    for word in [".js", "version", "(", ">=", "≥", "v"] {
        rest = rest.strip_prefix(word).map_or(rest, |rest| rest.trim_start_matches(['`', '*', ' ']));
    }
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let mut parts = rest[..end].trim_end_matches('.').split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next().map_or(Some(0), |minor| minor.parse().ok())?;
    Some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_after_the_name_is_a_promise() {
        let python = |text: &str| lowest(&text.to_ascii_lowercase(), &["python"]);
        assert_eq!(python("You need Python 3.11+ and curl"), Some((3, 11)));
        assert_eq!(python("**Python** `>= 3.9`"), Some((3, 9)));
        assert_eq!(python("Python version 3.12 or later; Python 3.10 works, too"), Some((3, 10)));
        assert_eq!(python("Python 3."), Some((3, 0)));
        assert_eq!(python("the Python client, 2 calls; ipython 8; python-requests 2.32"), None);
        assert_eq!(lowest("node.js 20 or later", &["node"]), Some((20, 0)));
        assert_eq!(lowest("node v22.1.0", &["node"]), Some((22, 1)));
    }
}
