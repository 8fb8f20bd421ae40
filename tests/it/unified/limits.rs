//! Cursors with other limits than those that they were made with.

use serde_json::Value;

use super::every::{every, ids};

/// The limits of the pages, again and again.
const LIMITS: [u64; 6] = [60, 7, 250, 33, 100, 24];

#[test]
fn whatever_the_limits_no_record_is_skipped_or_repeated() {
    for (mut client, models) in every() {
        for (model, _) in models {
            let mut whole = Vec::new();
            let mut cursor = String::new();
            loop {
                let page = client.page(&format!("{model}?limit=100&next_cursor={cursor}"));
                whole.extend(ids(&page));
                let Some(next) = page["next_cursor"].as_str() else { break };
                cursor = next.to_owned();
            }
            let (mut seen, mut shown, mut cursor) = (Vec::new(), Vec::<String>::new(), String::new());
            for limit in LIMITS.into_iter().cycle() {
                let page = client.page(&format!("{model}?limit={limit}&next_cursor={cursor}"));
                let now = ids(&page);
                // One provider knows no pages.
                let is_bounded = client.provider == "bamboohr" || now.len() as u64 <= limit;
                assert!(is_bounded && !now.is_empty(), "{} {model} {limit}: {}", client.provider, now.len());
                // The way back, with any limits, is the page before.
                let (mut back, mut previous) = (Vec::new(), page["prev_cursor"].as_str().map(str::to_owned));
                assert_eq!(previous.is_none(), seen.is_empty(), "{} {model}", client.provider);
                for limit in if seen.len() < 200 { [9, 250] } else { [250, 250] }.into_iter().cycle() {
                    let Some(at) = previous else { break };
                    let page = client.page(&format!("{model}?limit={limit}&prev_cursor={at}"));
                    back = [ids(&page), back].concat();
                    previous = page["prev_cursor"].as_str().map(str::to_owned);
                }
                assert_eq!(back, shown, "{} {model}", client.provider);
                seen.extend(now.iter().cloned());
                shown = now;
                let Some(next) = page["next_cursor"].as_str() else { break };
                cursor = next.to_owned();
            }
            assert_eq!(seen, whole, "{} {model}", client.provider);
        }
    }
}

/// A part of a page goes on after the last record that was shown and is still there.
#[test]
fn a_smaller_limit_skips_no_record_where_one_that_was_shown_is_deleted() {
    for (mut client, models) in every() {
        let model = "crm/contacts";
        // Close skips so many records as it is told, and each that is gone shifts all that follow.
        if client.provider == "close" || !models.iter().any(|(name, _)| name == model) {
            continue;
        }
        let all = ids(&client.page(&format!("{model}?limit=12")));
        let first = client.page(&format!("{model}?limit=4"));
        let next = |page: &Value| page["next_cursor"].as_str().unwrap().to_owned();
        let part = client.page(&format!("{model}?limit=2&next_cursor={}", next(&first)));
        assert_eq!(ids(&part), all[4..6], "{}", client.provider);
        let (status, told) = client.unified("DELETE", &format!("{model}/{}", all[5]), None);
        assert_eq!(status, 200, "{}: {told}", client.provider);
        let rest = client.page(&format!("{model}?limit=2&next_cursor={}", next(&part)));
        assert_eq!(ids(&rest)[0], all[6], "{}", client.provider);
    }
}
