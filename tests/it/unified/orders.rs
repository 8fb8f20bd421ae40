//! Orders along all pages.

use super::every::every;
use super::*;

#[test]
fn an_order_goes_on_from_page_to_page() {
    for (mut client, models) in every() {
        for (model, _) in models {
            for order in ["created_at", "-created_at", "updated_at", "-updated_at"] {
                let field = order.trim_start_matches('-');
                let (mut values, mut cursor) = (Vec::new(), String::new());
                let mut is_sortable = true;
                loop {
                    let target = format!("{model}?limit=200&sort_by={order}&next_cursor={cursor}");
                    let (status, page) = client.unified("GET", &target, None);
                    if status == 400 {
                        is_sortable = false;
                        break;
                    }
                    let records = page["result"].as_array().unwrap();
                    values.extend(records.iter().map(|record| record[field].as_str().unwrap().to_owned()));
                    let Some(next) = page["next_cursor"].as_str() else { break };
                    cursor = next.to_owned();
                }
                let is_sorted =
                    if order.starts_with('-') { values.is_sorted_by(|a, b| a >= b) } else { values.is_sorted() };
                assert!(is_sorted, "{} {model} {order}", client.provider);
                assert!(!is_sortable || values.len() > 50, "{} {model} {order}: {}", client.provider, values.len());
            }
        }
    }
}

#[test]
fn records_that_are_written_out_are_ordered_like_others() {
    for (tenant, count) in [("cust_12345", 25), ("cust_67890", 7), ("cust_24680", 3)] {
        for order in ["created_at", "-created_at", "updated_at", "-updated_at"] {
            let records = all(&mut world(), tenant, "contacts", &format!("limit=100&sort_by={order}"));
            let field = order.trim_start_matches('-');
            let mut values: Vec<&str> = records.iter().map(|record| record[field].as_str().unwrap()).collect();
            if order.starts_with('-') {
                values.reverse();
            }
            assert!(values.is_sorted() && values.len() == count, "{tenant} {order}: {values:?}");
        }
    }
}
