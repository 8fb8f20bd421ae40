//! What can go wrong with a request, and which values the data may show of it.

use serde_json::{Value, json};

use super::template::Variables;
use crate::http;

/// Values that every answer may show.
pub(super) const COMMON: &[&str] = &[
    "host",
    "method",
    "path",
    "url",
    "date",
    "now",
    "serial",
    "uuid",
    "resource",
    "id",
    "scope",
    "account",
    "instance",
    "now_ms",
    "status",
    "reason",
    "message",
    "code",
    "limit",
    "window",
    "window_ms",
    "remaining",
    "used",
    "reset",
    "reset_ms",
    "reset_decimal",
    "reset_epoch",
    "reset_epoch_ms",
    "reset_date",
];

/// What can go wrong without a fault. The data may have an error for each, under its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Situation {
    MissingToken,
    WrongToken,
    ExpiredToken,
    MissingScope,
    UnknownRoute,
    WrongMethod,
    UnknownAccount,
    UnknownRecord,
    BadJson,
    WrongContentType,
    MissingFields,
    InvalidFields,
    Unprocessable,
    UnknownField,
    OwnedFields,
    Conflict,
    WrongVersion,
    BadParameter,
    TooMany,
    TooDeep,
    ExpiredCursor,
    BadQuery,
    WrongValue,
    UnknownObject,
    QuotaSpent,
    NotMapped,
    BadMapping,
    Remote,
    InvalidRequest,
    WrongRedirect,
    InvalidClient,
    InvalidGrant,
    UnauthorizedClient,
    UnsupportedGrantType,
    InvalidScope,
}

impl Situation {
    pub(super) const ALL: [Self; 35] = [
        Self::MissingToken,
        Self::WrongToken,
        Self::ExpiredToken,
        Self::MissingScope,
        Self::UnknownRoute,
        Self::WrongMethod,
        Self::UnknownAccount,
        Self::UnknownRecord,
        Self::BadJson,
        Self::WrongContentType,
        Self::MissingFields,
        Self::InvalidFields,
        Self::Unprocessable,
        Self::UnknownField,
        Self::OwnedFields,
        Self::Conflict,
        Self::WrongVersion,
        Self::BadParameter,
        Self::TooMany,
        Self::TooDeep,
        Self::ExpiredCursor,
        Self::BadQuery,
        Self::WrongValue,
        Self::UnknownObject,
        Self::QuotaSpent,
        Self::NotMapped,
        Self::BadMapping,
        Self::Remote,
        Self::InvalidRequest,
        Self::WrongRedirect,
        Self::InvalidClient,
        Self::InvalidGrant,
        Self::UnauthorizedClient,
        Self::UnsupportedGrantType,
        Self::InvalidScope,
    ];

    /// The name of its error in the data.
    pub(super) fn name(self) -> &'static str {
        self.facts().0
    }

    /// Its usual status.
    pub(super) fn status(self) -> u16 {
        self.facts().1
    }

    /// What it means, for data that has no words of its own.
    pub(super) fn message(self) -> &'static str {
        self.facts().2
    }

    /// The values that its error may show besides the common ones.
    pub(super) fn variables(self) -> &'static [&'static str] {
        match self {
            Self::WrongMethod => &["allow"],
            Self::UnknownAccount | Self::InvalidRequest | Self::WrongRedirect => &["parameter", "value"],
            Self::WrongContentType => &["value"],
            Self::MissingFields => &["failures", "failures_by_field", "missing", "first_missing", "field", "problem"],
            Self::InvalidFields | Self::Unprocessable => &["failures", "failures_by_field", "field", "problem"],
            Self::UnknownField => &["field"],
            Self::OwnedFields => &["field", "fields"],
            Self::Conflict => &["field", "value", "other"],
            Self::WrongVersion => &["precondition"],
            Self::BadParameter => &["parameter", "value", "problem"],
            Self::TooMany => &["parameter", "value", "max"],
            Self::BadQuery | Self::BadMapping => &["problem"],
            Self::WrongValue => &["field", "problem"],
            Self::UnknownObject => &["object"],
            Self::InvalidGrant => &["grant", "cause"],
            Self::MissingToken => &["parameter"],
            Self::ExpiredToken => &["expired_s", "expired_at"],
            Self::Remote => &["remote_status", "remote_body", "insight"],
            _ => &[],
        }
    }

    /// True where it is said in the words of RFC 6749 when the data has none.
    pub(super) fn is_of_oauth(self) -> bool {
        matches!(
            self,
            Self::InvalidRequest
                | Self::WrongRedirect
                | Self::InvalidClient
                | Self::InvalidGrant
                | Self::UnauthorizedClient
                | Self::UnsupportedGrantType
                | Self::InvalidScope
        )
    }

    fn facts(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::MissingToken => ("missing_token", 401, "The request carries no credentials"),
            Self::WrongToken => ("wrong_token", 401, "The credentials are not valid"),
            Self::ExpiredToken => ("expired_token", 401, "The token has expired"),
            Self::MissingScope => ("missing_scope", 403, "The token may not do this"),
            Self::UnknownRoute => ("unknown_route", 404, "There is nothing at this path"),
            Self::WrongMethod => ("wrong_method", 405, "The method is not allowed here"),
            Self::UnknownAccount => ("unknown_account", 404, "There is no such account"),
            Self::UnknownRecord => ("unknown_record", 404, "There is no such record"),
            Self::BadJson => ("bad_json", 400, "The body cannot be read"),
            Self::WrongContentType => ("wrong_content_type", 415, "The body must be sent as JSON"),
            Self::MissingFields => ("missing_fields", 400, "Required fields are missing"),
            Self::InvalidFields => ("invalid_fields", 400, "Fields have the wrong type"),
            Self::Unprocessable => ("unprocessable", 422, "Fields have values that are not valid"),
            Self::UnknownField => ("unknown_field", 400, "There is no such field"),
            Self::OwnedFields => ("owned_fields", 400, "Fields cannot be written"),
            Self::Conflict => ("conflict", 409, "Such a record exists already"),
            Self::WrongVersion => ("wrong_version", 412, "The record is not the one that the request is about"),
            Self::BadParameter => ("bad_parameter", 400, "A parameter is not valid"),
            Self::TooMany => ("too_many", 400, "A page cannot be that large"),
            Self::TooDeep => ("too_deep", 400, "A list cannot be read that far"),
            Self::ExpiredCursor => ("expired_cursor", 400, "The cursor has expired"),
            Self::BadQuery => ("bad_query", 400, "The query cannot be read"),
            Self::WrongValue => ("wrong_value", 400, "A field is compared with a value of another kind"),
            Self::UnknownObject => ("unknown_object", 400, "There is no such object"),
            Self::QuotaSpent => ("quota_spent", 429, "Too many requests"),
            Self::NotMapped => ("not_mapped", 405, "The account's provider cannot do this"),
            Self::BadMapping => ("bad_mapping", 500, "A mapping failed"),
            Self::Remote => ("remote", 502, "The provider refused the request"),
            Self::InvalidRequest => ("invalid_request", 400, "The request lacks a parameter"),
            Self::WrongRedirect => ("wrong_redirect", 400, "The client has no such redirect_uri"),
            Self::InvalidClient => ("invalid_client", 401, "The client is not known"),
            Self::InvalidGrant => ("invalid_grant", 400, "The grant is not valid, has expired or was revoked"),
            Self::UnauthorizedClient => ("unauthorized_client", 400, "The client may not use this grant"),
            Self::UnsupportedGrantType => ("unsupported_grant_type", 400, "There is no such grant type"),
            Self::InvalidScope => ("invalid_scope", 400, "There is no such scope"),
        }
    }
}

/// Why a request is refused: the name of the error in the data, and the values that tell it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    pub(super) name: String,
    pub(super) values: Variables,
    /// The status that is answered, whatever the data says of such errors.
    pub(super) status: Option<u16>,
}

impl Refusal {
    /// The error of this name.
    pub(super) fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), values: Variables::new(), status: None }
    }

    /// The same, with one more value.
    #[must_use]
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// The same, with this status.
    #[must_use]
    pub(super) fn with_status(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    /// A parameter that cannot be read; `problem` follows after its name: "must be a whole number".
    pub(super) fn bad_parameter(parameter: &str, value: &str, problem: &str) -> Self {
        Self::from(Situation::BadParameter).with("parameter", parameter).with("value", value).with("problem", problem)
    }

    /// A query that cannot be read.
    pub(super) fn bad_query(problem: impl Into<String>) -> Self {
        Self::from(Situation::BadQuery).with("problem", problem.into())
    }

    /// The situation of this name; `None` where only the data knows it.
    pub(super) fn situation(&self) -> Option<Situation> {
        Situation::ALL.into_iter().find(|situation| situation.name() == self.name)
    }

    /// The body that RFC 6749, section 5.2, gives to an error of OAuth.
    pub(super) fn oauth_body(&self, message: &str) -> Value {
        // RFC 6749, section 4.1.2.1, has no error of its own for it.
        let error = if self.name == Situation::WrongRedirect.name() {
            Situation::InvalidRequest.name()
        } else {
            self.name.as_str()
        };
        json!({ "error": error, "error_description": message })
    }
}

impl From<Situation> for Refusal {
    fn from(situation: Situation) -> Self {
        Self::named(situation.name())
    }
}

/// The values `status`, `reason` and `message` of an answer.
pub(super) fn status_values(status: u16, message: &str, code: &str) -> [(&'static str, Value); 4] {
    [
        ("status", json!(status)),
        ("reason", json!(http::reason(status))),
        ("message", json!(message)),
        ("code", json!(code)),
    ]
}
