//! Words in the pages' code that a reader replaces by a value of their own.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;

use regex::Regex;

use crate::plan::Plan;

/// `<your_api_token>`, `<API-KEY>`, `YOUR_API_KEY`, `{your-token}`, `your-api-key`.
const WORDS: [&str; 4] = [
    r"<(?i:your[\w -]*|[\w -]*(?:api|access|secret)[_ -]?(?:key|token|id)?|[\w -]*(?:token|key|secret|password)|[\w-]+[_-]id)>",
    r"\bYOUR[_-][A-Z0-9_-]*[A-Z0-9]\b",
    r"\{(?i:your)[\w -]*\}",
    r"\byour[_-](?:\w+[_-])*(?:key|token|secret|password|id|domain)\b",
];

/// The placeholders of all pages with a value for each. `variables` are those that the sandbox hands out.
pub(super) fn of_pages(plans: &[&Plan], variables: &[String]) -> Vec<(String, String)> {
    let words: Vec<Regex> = WORDS.iter().filter_map(|word| Regex::new(word).ok()).collect();
    let mut found = BTreeSet::new();
    for step in plans.iter().flat_map(|plan| plan.steps()) {
        let code = step.code.text.as_str();
        let mut places: Vec<Range<usize>> = Vec::new();
        for place in words.iter().flat_map(|word| word.find_iter(code)) {
            // `YOUR_KEY` inside `<YOUR_KEY>` is one placeholder, not two.
            if !places.iter().any(|known| known.start <= place.start() && place.end() <= known.end) {
                places.push(place.range());
                found.insert(place.as_str().to_owned());
            }
        }
    }
    let mut found: Vec<String> = found.into_iter().collect();
    // A longer one first: doccheck replaces them in the order of the file.
    found.sort_by_key(|word| Reverse(word.len()));
    found.into_iter().map(|word| (word.clone(), value(&word, variables))).collect()
}

/// A variable of the sandbox that is about the same thing, else a made-up value that says what it stands for.
fn value(word: &str, variables: &[String]) -> String {
    let plain: String = word.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let parts: Vec<&str> = plain.split('-').filter(|part| !part.is_empty() && *part != "your").collect();
    let about = |names: &[&str]| parts.iter().any(|part| names.contains(part));
    let named = |part: &str| variables.iter().find(|name| name.split('_').any(|word| word == part));
    let variable = if about(&["token", "key", "secret"]) {
        named("KEY").or_else(|| named("TOKEN"))
    } else if about(&["account"]) {
        named("ACCOUNT")
    } else if about(&["tenant", "customer"]) {
        named("TENANT")
    } else {
        None
    };
    match variable {
        Some(name) => format!("${{{name}}}"),
        None if parts.is_empty() => "example".to_owned(),
        None => format!("example-{}", parts.join("-")),
    }
}
