//! Cursors with other limits than those that they were made with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::CRMS;
use super::every::{Client, every, ids};

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

/// The CRMs, each with the first twelve of its contacts.
fn contacts() -> impl Iterator<Item = (Client, Vec<String>)> {
    every().filter(|(client, _)| CRMS.contains(&client.provider)).map(|(mut client, _)| {
        let all = ids(&client.page("crm/contacts?limit=12"));
        (client, all)
    })
}

/// What comes after `page` with this limit.
fn after(client: &mut Client, page: &Value, limit: u64) -> Value {
    client.page(&format!("crm/contacts?limit={limit}&next_cursor={}", page["next_cursor"].as_str().unwrap()))
}

fn delete(client: &mut Client, id: &str) {
    let (status, told) = client.unified("DELETE", &format!("crm/contacts/{id}"), None);
    assert_eq!(status, 200, "{}: {told}", client.provider);
}

/// What was shown is known by its id: another title makes no other record of it.
#[test]
fn no_record_comes_again_or_is_skipped_where_those_that_were_shown_are_changed() {
    for (mut client, all) in contacts() {
        let first = client.page("crm/contacts?limit=4");
        let part = after(&mut client, &first, 2);
        assert_eq!(ids(&part), all[4..6], "{}", client.provider);
        for id in [&all[0], &all[4], &all[5]] {
            let change = json!({ "title": "Astronaut" });
            let (status, told) = client.unified("PATCH", &format!("crm/contacts/{id}"), Some(&change));
            assert_eq!((status, &told["title"]), (200, &change["title"]), "{}: {told}", client.provider);
        }
        let rest = after(&mut client, &part, 2);
        assert_eq!(ids(&rest), all[6..8], "{}", client.provider);
        let rest = after(&mut client, &rest, 3);
        assert_eq!(ids(&rest), all[8..8 + ids(&rest).len()], "{}", client.provider);
    }
}

/// The CRMs that skip a record of a list where the last one that was shown is changed or deleted meanwhile, of those that
/// have such a list: four records were asked for, and `then` so many.
fn skipping(query: &str, then: &[u64], meanwhile: impl Fn(&mut Client, &str)) -> Vec<&'static str> {
    let mut skipping = Vec::new();
    for (mut client, _) in contacts() {
        let (status, whole) = client.unified("GET", &format!("crm/contacts?limit=12&{query}"), None);
        if status == 400 {
            continue;
        }
        let (whole, mut page) = (ids(&whole), client.page(&format!("crm/contacts?limit=4&{query}")));
        let mut at = 4;
        for limit in then {
            page = after(&mut client, &page, *limit);
            at += ids(&page).len();
        }
        assert_eq!(ids(&page).last(), Some(&whole[at - 1]), "{} {query}", client.provider);
        meanwhile(&mut client, &whole[at - 1]);
        let rest = ids(&after(&mut client, &page, 2));
        if rest[0] != whole[at] {
            assert_eq!(rest, whole[at + 1..at + 3], "{} {query}", client.provider);
            skipping.push(client.provider);
        }
    }
    skipping
}

/// A part of a page goes on with the records that were not shown; what comes after a page begins later where one before it
/// is gone and the CRM counts pages or records.
#[test]
fn a_record_is_skipped_where_one_before_is_deleted_and_the_crm_counts() {
    for (query, part, whole) in [
        ("", vec!["close"], vec!["zendesk_sell", "close", "copper"]),
        ("sort_by=updated_at", vec!["hubspot", "close"], vec!["hubspot", "zendesk_sell", "close", "copper"]),
        ("updated_after=2020-01-01", vec!["hubspot", "close"], vec!["hubspot", "zendesk_sell", "close", "copper"]),
    ] {
        assert_eq!(skipping(query, &[2], delete), part, "{query}");
        assert_eq!(skipping(query, &[], delete), whole, "{query}");
    }
}

/// In the order of change a record moves behind the others when it is changed, as if it were gone from its place.
#[test]
fn a_record_is_skipped_where_one_before_moves_and_the_crm_counts() {
    let rename = |client: &mut Client, id: &str| {
        let change = json!({ "title": "Astronaut" });
        assert_eq!(client.unified("PATCH", &format!("crm/contacts/{id}"), Some(&change)).0, 200);
    };
    let order = "sort_by=updated_at";
    assert_eq!(skipping(order, &[2], rename), ["hubspot", "close"]);
    assert_eq!(skipping(order, &[], rename), ["hubspot", "zendesk_sell", "close", "copper"]);
    assert_eq!(skipping("", &[], rename), Vec::<&str>::new());
}

/// A cursor of a whole page of which all but one was shown is still short enough for a URL.
#[test]
fn cursors_stay_short() {
    for (mut client, _) in contacts() {
        let first = client.page("crm/contacts?limit=100");
        let part = after(&mut client, &first, 99);
        let cursor = part["next_cursor"].as_str().unwrap();
        assert!(cursor.len() < 1_200, "{}: {}", client.provider, cursor.len());
    }
}

/// Decoded, changed and encoded again.
fn forged(cursor: &str, change: impl FnOnce(&mut Value)) -> String {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap();
    let begin = bytes.iter().position(|byte| *byte == b'[').unwrap();
    let mut value: Value = serde_json::from_slice(&bytes[begin..]).unwrap();
    change(&mut value);
    URL_SAFE_NO_PAD.encode([&bytes[..begin], value.to_string().as_bytes()].concat())
}

#[test]
fn a_cursor_that_no_page_gave_out_is_refused() {
    for (mut client, models) in every() {
        for (model, _) in models {
            let page = client.page(&format!("{model}?limit=2"));
            let Some(next) = page["next_cursor"].as_str() else { continue };
            let same = forged(next, |_| ());
            client.page(&format!("{model}?limit=2&next_cursor={same}"));
            for own in
                [json!([1]), json!({}), json!(true), json!(-1), json!(1e300), json!("x"), json!("1e9"), json!(null)]
            {
                let cursor = forged(next, |value| value[1][0] = own.clone());
                let (status, told) = client.unified("GET", &format!("{model}?next_cursor={cursor}"), None);
                let message = format!("next_cursor must be a cursor from an earlier page, not {cursor}");
                assert_eq!((status, &told["message"]), (400, &json!(message)), "{} {model} {own}", client.provider);
            }
        }
    }
}
