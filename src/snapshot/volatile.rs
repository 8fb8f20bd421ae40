//! What differs from run to run although nothing has changed, replaced by words in brackets.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// The lowest port that systems give out to whoever asks for any.
const LOWEST_FREE_PORT: u32 = 32_768;

/// Each with what stands for it, in this order. The first ones are the folders of the page's workspace: whole paths, no
/// parts of an address.
const PATTERNS: [(&str, &str); 9] = [
    (r"(?P<before>^|[^\w/]|file://)(?:/[\w.+-]+)*/doccheck-\w{6}/work\b", "[workspace]"),
    (r"(?P<before>^|[^\w/]|file://)(?:/[\w.+-]+)*/doccheck-\w{6}/home\b", "[home]"),
    (r"(?P<before>^|[^\w/]|file://)(?:/[\w.+-]+)*/doccheck-\w{6}/tmp\b", "[tmp]"),
    (r"(?P<before>^|[^\w/]|file://)(?:/[\w.+-]+)*/doccheck-\w{6}\b", "[page]"),
    // As `mktemp` and Python's `tempfile` name them.
    (r"\[tmp\]/tmp[.\w]{6,}", "[tmp]/[name]"),
    (r"\b\d+m\d+\.\d+s\b", "[duration]"),
    (r"\b\d+\.\d+ ?(?:s|secs?|seconds?)\b", "[duration]"),
    (r"\b\d+(?:\.\d+)? ?(?:ns|µs|us|ms)\b", "[duration]"),
    (r"\b(?P<host>127\.0\.0\.1|localhost):(?P<port>\d{5})\b", ""),
];

static COMPILED: LazyLock<Vec<(Regex, &str)>> =
    LazyLock::new(|| PATTERNS.iter().filter_map(|(pattern, word)| Some((Regex::new(pattern).ok()?, *word))).collect());

/// `text` without what differs from run to run: the workspace's folders, names of temporary files, local ports that the
/// system chose, durations that were measured (`0.12s`, `8 ms`, `0m0.004s`; a whole `30s` is somebody's choice).
pub fn without_volatile(text: &str) -> String {
    COMPILED.iter().fold(text.to_owned(), |text, (pattern, word)| {
        if !pattern.is_match(&text) {
            return text;
        }
        let replaced =
            pattern.replace_all(&text, |found: &Captures<'_>| match (found.name("host"), found.name("port")) {
                (Some(host), Some(port)) if port.as_str().parse().is_ok_and(|port: u32| port >= LOWEST_FREE_PORT) => {
                    format!("{}:[port]", host.as_str())
                }
                (Some(_), _) => found[0].to_owned(),
                (None, _) => format!("{}{word}", found.name("before").map_or("", |before| before.as_str())),
            });
        replaced.into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(COMPILED.len(), PATTERNS.len());
    }

    #[test]
    fn what_no_run_shares_with_another_is_replaced() {
        for (text, stays) in [
            ("/tmp/doccheck-aB3xYz/work/a.txt", "[workspace]/a.txt"),
            ("File \"/private/var/f-1/T/doccheck-aB3xYz/work\", line 1", "File \"[workspace]\", line 1"),
            ("file:///tmp/doccheck-aB3xYz/work:/tmp/doccheck-aB3xYz/work", "file://[workspace]:[workspace]"),
            ("HOME=/tmp/doccheck-aB3xYz/home", "HOME=[home]"),
            (
                "/tmp/doccheck-aB3xYz/tmp/tmp.Xy12Ab34Cd and /tmp/doccheck-aB3xYz/tmp/tmpab_12cd3",
                "[tmp]/[name] and [tmp]/[name]",
            ),
            ("/tmp/doccheck-aB3xYz/tmp/tmp.txt", "[tmp]/tmp.txt"),
            ("/tmp/doccheck-aB3xYz/node_modules/x.js", "[page]/node_modules/x.js"),
            ("1 passed in 0.03s", "1 passed in [duration]"),
            ("real\t0m0.004s", "real\t[duration]"),
            ("took 812ms, 1.5 seconds, 3 µs", "took [duration], [duration], [duration]"),
            ("http://127.0.0.1:40123/ and localhost:32768", "http://127.0.0.1:[port]/ and localhost:[port]"),
        ] {
            assert_eq!(without_volatile(text), stays);
        }
    }

    #[test]
    fn what_somebody_chose_stays() {
        for text in [
            "https://example.com/doccheck-guides/work",
            "waits 30s, retries 3 seconds later",
            "localhost:3000 127.0.0.1:08080 127.0.0.1:31999",
            "1.5 shares, 10 msgs",
            "0123456789abcdef",
        ] {
            assert_eq!(without_volatile(text), text);
        }
    }
}
