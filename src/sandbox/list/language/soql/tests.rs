//! Statements, part by part, and what is not understood of them.

use super::*;

#[test]
fn statements_are_understood_part_by_part() {
    let text = "SELECT Id, Name FROM Contact WHERE LastModifiedDate >= 2026-04-01T00:00:00Z AND Name != 'O\\'Neill' \
                AND Email IN ('a@b.c', 'd@e.f') and Amount > 5 ORDER BY LastModifiedDate DESC NULLS LAST LIMIT 5 OFFSET 3";
    let statement = parse(text).unwrap();
    assert_eq!((statement.from.as_str(), statement.fields.len()), ("Contact", 2));
    assert_eq!((statement.limit, statement.offset), (Some(5), Some(3)));
    assert_eq!(statement.order, Some(("LastModifiedDate".to_owned(), "desc")));
    let [since, name, email, amount] = statement.conditions.as_slice() else { panic!("four conditions") };
    assert_eq!(since.is, Comparison::Gte);
    assert_eq!(since.value, Given::One(Literal::Bare("2026-04-01T00:00:00Z".into())));
    assert_eq!(name.value, Given::One(Literal::Quoted("O'Neill".into())));
    let mails = ["a@b.c", "d@e.f"].map(|mail| Literal::Quoted(mail.into()));
    assert_eq!(email.value, Given::Any(mails.into()));
    assert_eq!(amount.value, Given::One(Literal::Bare("5".into())));
}

#[test]
fn what_is_not_understood_is_said() {
    for (text, told) in [
        ("SELEC Id FROM Contact", "unexpected token: 'SELEC', expecting SELECT"),
        ("SELECT Id Contact", "unexpected token: 'Contact', expecting FROM"),
        ("SELECT Id FROM Contact WHERE", "unexpected end of the query, expecting a name"),
        ("SELECT Id FROM Contact WHERE A = 1 OR B = 2", "this sandbox joins conditions by AND only"),
        ("SELECT Id FROM Contact WHERE A ~ 2", "unexpected token: '~', expecting a comparison"),
        ("SELECT Id FROM Contact LIMIT x", "unexpected token: 'x', expecting a number"),
        ("SELECT Id FROM Contact GROUP BY Id", "this sandbox reads no GROUP"),
        ("SELECT COUNT() FROM Contact", "this sandbox knows no functions: 'COUNT('"),
        ("SELECT Id, (SELECT Id FROM Notes) FROM Contact", "this sandbox reads no query within a query"),
        ("SELECT Id FROM Contact WHERE Id IN (SELECT Id FROM Note)", "this sandbox reads no query within a query"),
        ("SELECT Id FROM Contact WHERE NOT A = 1", "this sandbox reads no NOT"),
        ("SELECT Id FROM Contact WHERE A NOT IN ('x')", "this sandbox reads no NOT"),
        ("SELECT Id FROM Contact WHERE (A = 1)", "this sandbox joins conditions by AND only, without brackets"),
        ("SELECT Id FROM Contact ORDER BY A, B", "this sandbox orders by one field only"),
        ("SELECT Id FROM Contact c", "unexpected token: 'c'"),
        ("SELECT Id FROM Contact WHERE A = 'x", "a text in quotes does not end"),
        ("", "unexpected token: 'the end of the query', expecting SELECT"),
    ] {
        let refusal = parse(text).unwrap_err();
        assert_eq!(refusal.values.get("problem").and_then(|told| told.as_str()), Some(told), "{text}");
    }
}
