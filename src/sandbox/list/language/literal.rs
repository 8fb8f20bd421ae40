//! Values as they stand in a query: whether one may be quoted follows from the field that it is compared with.

use crate::clock::Timestamp;
use crate::sandbox::format::{Format, is_date};
use crate::sandbox::list::Operand;
use crate::sandbox::list::test::Piece;
use crate::sandbox::shape::{Shape, Type};

/// A value, as it was written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Quoted(String),
    Bare(String),
}

impl Literal {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Quoted(text) | Self::Bare(text) => text,
        }
    }

    /// What a field of this kind is compared with; `None` where the value is of another kind.
    pub(super) fn operand(&self, kind: Kind) -> Option<Operand> {
        if *self == Self::Bare("null".to_owned()) {
            return Some(Operand::Nothing);
        }
        match (self, kind) {
            (Self::Bare(text), Kind::Instant) if is_zoned(text) => Timestamp::parse_loosely(text).map(Operand::Instant),
            (Self::Bare(text), Kind::Date) => is_date(text).then(|| Operand::Text(text.clone())),
            (Self::Bare(text), Kind::Number | Kind::Integer) => text.parse().ok().map(Operand::Number),
            (Self::Bare(text), Kind::Flag) => text.parse().ok().map(Operand::Flag),
            // Texts are compared whatever their case.
            (Self::Quoted(text), Kind::Text | Kind::Any) => Some(Operand::Folded(text.to_lowercase())),
            (Self::Bare(text), Kind::Any) => Some(text.parse().map_or(Operand::Text(text.clone()), Operand::Number)),
            _ => None,
        }
    }
}

/// What a field holds, as far as queries tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Instant,
    Date,
    Number,
    Integer,
    Flag,
    Text,
    Any,
}

impl Kind {
    pub(super) fn of(shape: &Shape) -> Self {
        match shape.kind {
            Type::Timestamp => Self::Instant,
            Type::Number => Self::Number,
            Type::Integer => Self::Integer,
            Type::Boolean => Self::Flag,
            Type::String if shape.format == Some(Format::Date) => Self::Date,
            Type::String => Self::Text,
            Type::Object | Type::Array | Type::Any => Self::Any,
        }
    }
}

/// An instant says its zone.
fn is_zoned(text: &str) -> bool {
    text.split_once(['T', 't']).is_some_and(|(_, time)| time.contains(['Z', 'z', '+', '-']))
}

/// `text` itself in a pattern.
pub(super) fn letters(text: &str) -> impl Iterator<Item = Piece> + '_ {
    text.chars().flat_map(char::to_lowercase).map(Piece::Letter)
}
