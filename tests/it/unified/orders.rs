//! Orders along all pages.

use super::every::every;
use super::*;

/// By what lists are ordered that have an order to choose.
const ORDERS: [&str; 4] = ["created_at", "-created_at", "updated_at", "-updated_at"];

/// The models whose lists have these orders, by provider. All others have none.
const ORDERED: [(&str, &[&str]); 9] = [
    ("hubspot", &["crm/accounts", "crm/contacts"]),
    ("salesforce", &["crm/accounts", "crm/contacts", "crm/notes", "crm/opportunities"]),
    ("zendesk_sell", &["crm/accounts", "crm/contacts", "crm/notes", "crm/opportunities"]),
    ("pipedrive", &["crm/accounts", "crm/contacts", "crm/opportunities"]),
    ("dynamics_365", &["crm/accounts", "crm/contacts", "crm/notes", "crm/opportunities"]),
    ("close", &["crm/accounts", "crm/contacts", "crm/opportunities"]),
    ("copper", &["crm/accounts", "crm/contacts", "crm/notes", "crm/opportunities"]),
    ("zoho_crm", &["crm/accounts", "crm/contacts", "crm/notes", "crm/opportunities"]),
    ("zendesk_support", &["ticketing/tickets"]),
];

#[test]
fn an_order_goes_on_from_page_to_page() {
    for (mut client, models) in every() {
        for (model, _) in models {
            let mut by = Vec::new();
            for order in ORDERS {
                let field = order.trim_start_matches('-');
                let first = format!("{model}?limit=200&sort_by={order}");
                let (status, mut page) = client.unified("GET", &first, None);
                if status == 400 {
                    let told = page["message"].as_str().unwrap();
                    assert!(told.starts_with("sort_by must be "), "{} {first}: {told}", client.provider);
                    continue;
                }
                by.push(order);
                let mut values = Vec::new();
                loop {
                    let records = page["result"].as_array().unwrap();
                    values.extend(records.iter().map(|record| record[field].as_str().unwrap().to_owned()));
                    let Some(next) = page["next_cursor"].as_str() else { break };
                    page = client.page(&format!("{first}&next_cursor={next}"));
                }
                let is_sorted =
                    if order.starts_with('-') { values.is_sorted_by(|a, b| a >= b) } else { values.is_sorted() };
                assert!(is_sorted, "{} {model} {order}", client.provider);
                assert!(values.len() > 50, "{} {model} {order}: {}", client.provider, values.len());
            }
            let ordered = ORDERED.iter().find(|(provider, _)| *provider == client.provider);
            let is_ordered = ordered.is_some_and(|(_, models)| models.contains(&model.as_str()));
            let expected = if is_ordered { ORDERS.to_vec() } else { Vec::new() };
            assert_eq!(by, expected, "{} {model}", client.provider);
        }
    }
}

#[test]
fn records_that_are_written_out_are_ordered_like_others() {
    for (tenant, count) in [("cust_12345", 25), ("cust_67890", 7), ("cust_24680", 3)] {
        for order in ORDERS {
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
