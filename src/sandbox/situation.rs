//! What can go wrong with a request, and which values the data may show of it.

/// Values that every answer may show.
pub(super) const COMMON: [&str; 13] = [
    "host",
    "method",
    "path",
    "date",
    "serial",
    "resource",
    "id",
    "scope",
    "account",
    "limit",
    "window",
    "remaining",
    "reset",
];

/// What can go wrong without a fault. The data has an error for each, under its name.
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
    Conflict,
    BadParameter,
    QuotaSpent,
}

impl Situation {
    pub(super) const ALL: [Self; 16] = [
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
        Self::Conflict,
        Self::BadParameter,
        Self::QuotaSpent,
    ];

    /// The name of its error in the data.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::MissingToken => "missing_token",
            Self::WrongToken => "wrong_token",
            Self::ExpiredToken => "expired_token",
            Self::MissingScope => "missing_scope",
            Self::UnknownRoute => "unknown_route",
            Self::WrongMethod => "wrong_method",
            Self::UnknownAccount => "unknown_account",
            Self::UnknownRecord => "unknown_record",
            Self::BadJson => "bad_json",
            Self::WrongContentType => "wrong_content_type",
            Self::MissingFields => "missing_fields",
            Self::InvalidFields => "invalid_fields",
            Self::Unprocessable => "unprocessable",
            Self::Conflict => "conflict",
            Self::BadParameter => "bad_parameter",
            Self::QuotaSpent => "quota_spent",
        }
    }

    /// The values that its error may show besides the common ones.
    pub(super) fn variables(self) -> &'static [&'static str] {
        match self {
            Self::WrongMethod => &["allow"],
            Self::UnknownAccount => &["parameter", "value"],
            Self::WrongContentType => &["value"],
            Self::MissingFields => &["failures", "missing"],
            Self::InvalidFields | Self::Unprocessable => &["failures"],
            Self::Conflict => &["field", "value", "other"],
            Self::BadParameter => &["parameter", "value", "problem"],
            _ => &[],
        }
    }
}
