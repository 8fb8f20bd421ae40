//! A change to a file as a patch that `git apply` takes.

use similar::TextDiff;

/// The patch that makes `new` of `old` in the file at `path`, relative to where it is applied; empty where they are
/// the same.
pub fn patch(path: &str, old: &str, new: &str) -> String {
    if old == new {
        return String::new();
    }
    // Lines end at `\n` alone, as git has it: a carriage return is part of its line.
    let (before, after): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let diff = TextDiff::configure().newline_terminated(true).diff_slices(&before, &after);
    // A tab ends a name that holds blanks.
    let end = if path.contains(' ') { "\t" } else { "" };
    diff.unified_diff().header(&format!("a/{path}{end}"), &format!("b/{path}{end}")).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_kept() {
        insta::assert_snapshot!(patch("docs/a b.md", "a\r\nb", "a\r\nc\n").replace('\r', "␍").replace('\t', "→"), @"
        --- a/docs/a b.md→
        +++ b/docs/a b.md→
        @@ -1,2 +1,2 @@
         a␍
        -b
        \\ No newline at end of file
        +c
        ");
        assert_eq!(patch("a.md", "a", "a"), "");
    }
}
