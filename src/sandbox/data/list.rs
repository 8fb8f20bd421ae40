//! How a list is asked for: pages, order, filters.

use serde::Deserialize;

use crate::clock::Timestamp;
use crate::sandbox::template::Template;

/// Where a request says something.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Place {
    /// A parameter of the query.
    pub(in crate::sandbox) query: Option<String>,
    /// A header field.
    pub(in crate::sandbox) header: Option<String>,
    /// A path in a JSON body, names with dots between.
    pub(in crate::sandbox) body: Option<String>,
    /// What stands before the value in the field or parameter.
    #[serde(default)]
    pub(in crate::sandbox) prefix: String,
    /// What stands after it.
    #[serde(default)]
    pub(in crate::sandbox) suffix: String,
}

impl Place {
    /// How messages name it.
    pub(in crate::sandbox) fn name(&self) -> &str {
        self.query.as_ref().or(self.header.as_ref()).or(self.body.as_ref()).map_or("", String::as_str)
    }
}

/// How a list comes in pages.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Paging {
    #[serde(default)]
    pub(in crate::sandbox) by: PageBy,
    pub(in crate::sandbox) size: Option<Size>,
    /// The cursor, the number of the page or the offset.
    #[serde(default, deserialize_with = "one_or_more")]
    pub(in crate::sandbox) at: Vec<Place>,
    /// The number of the first page; 1 where absent.
    pub(in crate::sandbox) first_page: Option<u64>,
    /// A cursor that goes on where pages by number end.
    pub(in crate::sandbox) then: Option<Then>,
    /// How many records can be reached.
    pub(in crate::sandbox) reach: Option<u64>,
    /// How long a cursor lives, such as `30s`; for ever where absent.
    #[serde(default, with = "humantime_text")]
    pub(in crate::sandbox) life: Option<std::time::Duration>,
}

/// How a request says which page it wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::sandbox) enum PageBy {
    #[default]
    Cursor,
    Page,
    Offset,
    /// Everything comes at once.
    None,
}

/// How many records a page has, and where a request says it: in one parameter of several, a field or the body.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Size {
    query: Option<OneOrMore<String>>,
    header: Option<String>,
    body: Option<String>,
    #[serde(default)]
    prefix: String,
    /// Where the request does not say.
    pub(in crate::sandbox) default: u64,
    /// At most.
    pub(in crate::sandbox) max: u64,
    /// The error for more than `max`; where absent, more is answered with `max`.
    pub(in crate::sandbox) over: Option<String>,
}

impl Size {
    /// Each place where a request may say it.
    pub(in crate::sandbox) fn places(&self) -> Vec<Place> {
        let place =
            |query, header, body| Place { query, header, body, prefix: self.prefix.clone(), suffix: String::new() };
        let queries = self.query.iter().flat_map(OneOrMore::iter).map(|query| place(Some(query.clone()), None, None));
        let header = self.header.clone().map(|header| place(None, Some(header), None));
        let body = self.body.clone().map(|body| place(None, None, Some(body)));
        queries.chain(header).chain(body).collect()
    }
}

/// One value, or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(in crate::sandbox) enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

impl<T> OneOrMore<T> {
    fn iter(&self) -> std::slice::Iter<'_, T> {
        match self {
            Self::One(one) => std::slice::from_ref(one).iter(),
            Self::More(more) => more.iter(),
        }
    }
}

fn one_or_more<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Place>, D::Error> {
    Ok(match OneOrMore::deserialize(deserializer)? {
        OneOrMore::One(place) => vec![place],
        OneOrMore::More(places) => places,
    })
}

mod humantime_text {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_duration(&text).map(Some).map_err(serde::de::Error::custom)
    }
}

/// A cursor that goes on after pages by number.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Then {
    pub(in crate::sandbox) query: String,
    /// From so many records on there is a cursor and no number.
    pub(in crate::sandbox) after: u64,
}

/// The order of a list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Sort {
    /// `created`, `updated` or a field, after `-` for descending; `created` where absent.
    pub(in crate::sandbox) default: Option<String>,
    pub(in crate::sandbox) by: Option<Place>,
    pub(in crate::sandbox) direction: Option<Place>,
    /// By what a request may ask for it; by every field where empty.
    #[serde(default)]
    pub(in crate::sandbox) only: Vec<String>,
}

/// A comparison of a field with what a request says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Filter {
    pub(in crate::sandbox) at: Place,
    /// The path of the field, such as `updated_at` or `email_addresses[].email`; `created` and `updated` mean the fields
    /// that the API sets.
    pub(in crate::sandbox) field: String,
    /// More fields: what is asked for may stand in any of them.
    #[serde(default)]
    pub(in crate::sandbox) or: Vec<String>,
    /// The parameter that names which of these fields are meant, each by the beginning of its path; all where absent.
    pub(in crate::sandbox) named_by: Option<String>,
    /// The parameter that, where it is `true`, asks for the same text and not for a part of it.
    pub(in crate::sandbox) exact: Option<String>,
    /// How many characters a text must have of which records hold a part.
    pub(in crate::sandbox) least: Option<usize>,
    #[serde(rename = "is")]
    pub(in crate::sandbox) comparison: Comparison,
    /// How the value is written.
    #[serde(default)]
    pub(in crate::sandbox) read: Read,
    /// The value where the request does not say.
    pub(in crate::sandbox) default: Option<String>,
    /// What is answered where nothing matches.
    pub(in crate::sandbox) none: Option<Template>,
}

/// How a client writes an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::sandbox) enum Read {
    /// RFC 3339, or a date.
    #[default]
    Text,
    EpochS,
    EpochMs,
    HttpDate,
}

impl Read {
    /// The instant that `text` is.
    pub(in crate::sandbox) fn instant(self, text: &str) -> Option<Timestamp> {
        let number = |factor: i64| Some(Timestamp::from_micros(text.trim().parse::<i64>().ok()?.checked_mul(factor)?));
        match self {
            Self::Text => Timestamp::parse_loosely(text),
            Self::EpochS => number(1_000_000),
            Self::EpochMs => number(1_000),
            Self::HttpDate => Timestamp::parse_http_date(text).or_else(|| Timestamp::parse_loosely(text)),
        }
    }
}

/// How a field must compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::sandbox) enum Comparison {
    Eq,
    Ne,
    Gt,
    Gte,
    Lt,
    Lte,
    /// Equal to one of a list separated by commas.
    In,
    /// Text that has this in it, whatever the case.
    Contains,
    /// The same text, whatever the case.
    Same,
    /// Text that begins so, whatever the case.
    Starts,
    /// Text in which all these words stand, whatever the case and the order.
    Words,
    /// Text with a word for each of these that begins so.
    Begins,
}

/// How fields filter by their own names.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Comparisons {
    pub(in crate::sandbox) style: Style,
}

/// How a parameter names a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::sandbox) enum Style {
    /// `created_at[gt]=…`
    Brackets,
    /// `created_at__gt=…`
    Suffix,
    /// `status=…`
    Plain,
}

/// A parameter that lets deleted records in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Shows {
    pub(in crate::sandbox) at: Place,
    /// Where it is this.
    pub(in crate::sandbox) value: String,
    pub(in crate::sandbox) records: Which,
}

/// Which records a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::sandbox) enum Which {
    #[default]
    Live,
    Deleted,
    All,
}
