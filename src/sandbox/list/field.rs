//! The fields of a record, as requests name them.

use super::{Operand, Order, OrderBy, Source, Subject, Test};
use crate::clock::Timestamp;
use crate::sandbox::data::{Comparison, Read};
use crate::sandbox::shape::{Set, Shape};
use crate::sandbox::situation::{Refusal, Situation};

/// Where the fields that the API sets, and others, are found in a record.
pub(super) fn subject(name: &str, shape: Option<&Shape>) -> Subject {
    match (name, shape.and_then(|shape| shape.set)) {
        ("created", None) | (_, Some(Set::Created)) => Subject::Made,
        ("updated" | "deleted", None) | (_, Some(Set::Updated | Set::DeletedAt)) => Subject::Changed,
        _ => Subject::Field(name.to_owned()),
    }
}

/// The order of which a request says `text`.
pub(super) fn order_of(text: &str, source: Source<'_, '_>) -> Option<Order> {
    let text = text.trim();
    let (text, minus) = text.strip_prefix('-').map_or((text, false), |text| (text, true));
    let (name, word) = text.split_once([':', ' ']).map_or((text, ""), |(name, word)| (name, word.trim()));
    let descending = match word.to_ascii_lowercase().as_str() {
        "" | "asc" => minus,
        "desc" => true,
        _ => return None,
    };
    let (name, shape) = source.field(name).map_or((name, None), |(name, shape)| (name.as_str(), Some(shape)));
    let by = match subject(name, shape) {
        Subject::Made => OrderBy::Made,
        Subject::Changed => OrderBy::Changed,
        // Ids are given out one after the other.
        Subject::Field(_) if shape.is_some_and(|shape| shape.set == Some(Set::Id)) => OrderBy::Placed,
        Subject::Field(_) if shape.is_some() => OrderBy::Field(name.to_owned()),
        Subject::Field(_) | Subject::Any(_) => return None,
    };
    Some(Order { by, descending })
}

/// The tests of a language's comparison of a field.
pub(super) fn language_test(
    source: Source<'_, '_>,
    field: &str,
    is: Comparison,
    value: Operand,
    read: Read,
) -> Result<Test, Refusal> {
    let Some((declared, shape)) = source.field(field) else {
        return Err(Refusal::from(Situation::UnknownField).with("field", field));
    };
    let subject = subject(declared, Some(shape));
    let value = match (&subject, value) {
        (Subject::Made | Subject::Changed, Operand::Text(text)) => {
            Operand::Instant(read.instant(&text).ok_or_else(|| {
                Refusal::bad_query(format!("`{text}` is no instant to compare the field {field} with"))
            })?)
        }
        (Subject::Made | Subject::Changed, Operand::Number(number)) if read != Read::Text => {
            Operand::Instant(read.instant(&format!("{number:.0}")).unwrap_or(Timestamp::from_micros(0)))
        }
        (_, value) => value,
    };
    Ok(Test { subject, is, value, not: false })
}
