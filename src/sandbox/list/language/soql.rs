//! `SELECT fields FROM object [WHERE …] [ORDER BY …] [LIMIT n] [OFFSET n]`: comparisons joined by AND. Names are found
//! whatever their case.

use std::vec::IntoIter;

use super::lexer::{Quote, Word, words};
use super::literal::{Kind, Literal};
use crate::sandbox::data::{Api, Comparison, Resource, Which};
use crate::sandbox::list::field::{order_of, subject};
use crate::sandbox::list::test::Piece;
use crate::sandbox::list::{Ask, Operand, Source, Start, Test};
use crate::sandbox::shape::{Set, Shape};
use crate::sandbox::situation::{Refusal, Situation};

/// A statement that was understood.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sandbox) struct Statement {
    pub(in crate::sandbox) fields: Vec<String>,
    /// The object, which is the name of a resource.
    pub(in crate::sandbox) from: String,
    conditions: Vec<Condition>,
    order: Option<(String, &'static str)>,
    limit: Option<u64>,
    offset: Option<u64>,
}

#[derive(Debug, Clone, PartialEq)]
struct Condition {
    field: String,
    is: Comparison,
    value: Given,
}

/// What a field is compared with.
#[derive(Debug, Clone, PartialEq)]
enum Given {
    One(Literal),
    Any(Vec<Literal>),
    Like(String),
}

/// The most records that may be left out at the start.
const OFFSET: u64 = 2000;

/// Words after which a statement goes on in ways that are known and not read here.
const NOT_READ: [&str; 6] = ["GROUP", "HAVING", "WITH", "FOR", "USING", "OR"];

/// Reads a statement.
///
/// # Errors
///
/// `bad_query` with what was not understood.
pub(in crate::sandbox) fn parse(text: &str) -> Result<Statement, Refusal> {
    let words = words(text, Quote::Backslash).ok_or_else(|| Refusal::bad_query("a text in quotes does not end"))?;
    let mut parser = Parser(words.into_iter());
    parser.keyword("SELECT")?;
    let mut fields = vec![parser.selected()?];
    while parser.takes_sign(",") {
        fields.push(parser.selected()?);
    }
    parser.keyword("FROM")?;
    let mut statement =
        Statement { fields, from: parser.name()?, conditions: Vec::new(), order: None, limit: None, offset: None };
    if parser.takes("WHERE") {
        loop {
            statement.conditions.push(parser.condition()?);
            if !parser.takes("AND") {
                break;
            }
        }
        if parser.takes("OR") {
            return Err(limit("this sandbox joins conditions by AND only"));
        }
    }
    if parser.takes("ORDER") {
        parser.keyword("BY")?;
        let field = parser.name()?;
        let direction = if parser.takes("DESC") { "desc" } else { "asc" };
        let _ = parser.takes("ASC");
        if parser.takes("NULLS") && !parser.takes("FIRST") {
            parser.keyword("LAST")?;
        }
        if parser.takes_sign(",") {
            return Err(limit("this sandbox orders by one field only"));
        }
        statement.order = Some((field, direction));
    }
    if parser.takes("LIMIT") {
        statement.limit = Some(parser.number()?);
    }
    if parser.takes("OFFSET") {
        statement.offset = Some(parser.number()?);
    }
    match parser.0.next() {
        None => Ok(statement),
        Some(word) if NOT_READ.iter().any(|known| word.is(known)) => {
            Err(limit(format!("this sandbox reads no {}", word.shown().to_uppercase())))
        }
        Some(word) => Err(Refusal::bad_query(format!("unexpected token: '{}'", word.shown()))),
    }
}

/// The language has it, the sandbox does not.
fn limit(problem: impl Into<String>) -> Refusal {
    Refusal::bad_query(problem)
}

impl Statement {
    /// The object that it asks for, under its own name.
    ///
    /// # Errors
    ///
    /// `unknown_object`.
    pub(in crate::sandbox) fn resource<'a>(&self, api: &'a Api) -> Result<(&'a String, &'a Resource), Refusal> {
        let found = api.resources.iter().find(|(name, _)| name.eq_ignore_ascii_case(&self.from));
        found.ok_or_else(|| Refusal::from(Situation::UnknownObject).with("object", self.from.as_str()))
    }

    /// The field that a name means, which the object may stand before.
    fn field<'c>(&self, name: &str, source: Source<'c, '_>) -> Result<(&'c String, &'c Shape), Refusal> {
        let own = match name.split_once('.') {
            Some((object, own)) if object.eq_ignore_ascii_case(&self.from) => own,
            Some(_) => return Err(limit(format!("this sandbox follows no references to other objects: '{name}'"))),
            None => name,
        };
        let is_it = |declared: &str| source.names.shown(declared).eq_ignore_ascii_case(own);
        let found = source.resource.fields.iter().find(|(declared, shape)| is_it(declared) && !shape.hidden);
        found.ok_or_else(|| Refusal::from(Situation::UnknownField).with("field", name))
    }

    /// Puts what it says into `ask`.
    ///
    /// # Errors
    ///
    /// `unknown_field` for a field that the object does not have, `wrong_value` for a value of another kind, `too_deep`
    /// for an offset that is too large, `bad_query`.
    pub(in crate::sandbox) fn apply(self, ask: &mut Ask, source: Source<'_, '_>) -> Result<(), Refusal> {
        let shown = |name: &str| Ok(source.names.shown(self.field(name, source)?.0).to_owned());
        let fields = self.fields.iter().map(|name| shown(name));
        let fields = fields.collect::<Result<Vec<_>, Refusal>>()?;
        for (at, field) in fields.iter().enumerate() {
            if fields.iter().take(at).any(|before| before == field) {
                let problem = format!("duplicate field selected: {field}");
                return Err(Refusal::from(Situation::WrongValue)
                    .with("field", field.as_str())
                    .with("problem", problem));
            }
        }
        let mut tests = Vec::new();
        for Condition { field, is, value } in &self.conditions {
            let (field, shape) = self.field(field, source)?;
            let value = value.whole(source, shape).operand(source.names.shown(field), Kind::of(shape))?;
            if field.eq_ignore_ascii_case("IsDeleted") && ask.which != Which::Live {
                ask.which = if value == Operand::Flag(true) { Which::Deleted } else { Which::Live };
                continue;
            }
            tests.push(Test { subject: subject(field, Some(shape)), is: *is, value, not: false });
        }
        if !tests.is_empty() {
            ask.groups.push(tests);
        }
        if let Some((name, direction)) = &self.order {
            let field = shown(name)?;
            let unknown = || Refusal::from(Situation::UnknownField).with("field", name.as_str());
            ask.order = order_of(&format!("{field} {direction}"), source).ok_or_else(unknown)?;
        }
        ask.most = self.limit;
        if let Some(offset) = self.offset {
            if offset > OFFSET {
                return Err(Situation::TooDeep.into());
            }
            if ask.start == Start::Skip(0) {
                ask.start = Start::Skip(offset);
            }
            ask.most = ask.most.map(|most| most.saturating_add(offset));
            ask.left_out = offset;
        }
        ask.fields = Some(fields);
        Ok(())
    }
}

impl Given {
    /// The same, with ids that came in their short form completed.
    fn whole(&self, source: Source<'_, '_>, shape: &Shape) -> Self {
        let other = shape.refers.as_ref().and_then(|name| source.api.resources.get(name.get_ref()));
        let own = Some(source.resource).filter(|_| shape.set == Some(Set::Id));
        let Some(resource) = other.or(own) else { return self.clone() };
        let whole = |literal: &Literal| match literal {
            Literal::Quoted(id) => Literal::Quoted(resource.whole_id(id).into_owned()),
            bare @ Literal::Bare(_) => bare.clone(),
        };
        match self {
            Self::One(literal) => Self::One(whole(literal)),
            Self::Any(list) => Self::Any(list.iter().map(whole).collect()),
            Self::Like(_) => self.clone(),
        }
    }

    fn operand(&self, field: &str, kind: Kind) -> Result<Operand, Refusal> {
        match self {
            Self::One(literal) => operand(literal, field, kind),
            Self::Any(list) => {
                list.iter().map(|one| operand(one, field, kind)).collect::<Result<_, _>>().map(Operand::Any)
            }
            Self::Like(text) => {
                let piece = |letter: char| match letter {
                    '%' => Piece::Many,
                    '_' => Piece::One,
                    letter => Piece::Letter(letter),
                };
                Ok(Operand::Like(text.chars().flat_map(char::to_lowercase).map(piece).collect()))
            }
        }
    }
}

fn operand(literal: &Literal, field: &str, kind: Kind) -> Result<Operand, Refusal> {
    if let Some(operand) = literal.operand(kind) {
        return Ok(operand);
    }
    let is_word =
        matches!(literal, Literal::Bare(text) if text.starts_with(|letter: char| letter.is_ascii_alphabetic()));
    if matches!(kind, Kind::Instant | Kind::Date) && is_word {
        return Err(limit(format!("this sandbox knows no date literals: '{}'", literal.text())));
    }
    let (wanted, quotes) = match kind {
        Kind::Instant => ("dateTime", "not "),
        Kind::Date => ("date", "not "),
        Kind::Number => ("double", "not "),
        Kind::Integer => ("int", "not "),
        Kind::Flag => ("boolean", "not "),
        Kind::Text | Kind::Any => ("string", ""),
    };
    let problem = format!(
        "value of filter criterion for field '{field}' must be of type {wanted} and should {quotes}be enclosed in quotes"
    );
    Err(Refusal::from(Situation::WrongValue).with("field", field).with("problem", problem))
}

struct Parser(IntoIter<Word>);

impl Parser {
    fn peek(&self) -> Option<&Word> {
        self.0.as_slice().first()
    }

    fn takes(&mut self, keyword: &str) -> bool {
        let is_it = self.peek().is_some_and(|word| word.is(keyword));
        if is_it {
            self.0.next();
        }
        is_it
    }

    fn takes_sign(&mut self, sign: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Word::Sign(found)) if found == sign);
        if is_it {
            self.0.next();
        }
        is_it
    }

    fn keyword(&mut self, keyword: &str) -> Result<(), Refusal> {
        if self.takes(keyword) { Ok(()) } else { Err(self.unexpected(&format!("expecting {keyword}"))) }
    }

    fn unexpected(&mut self, expected: &str) -> Refusal {
        let found = self.0.next().map_or_else(|| "the end of the query".to_owned(), |word| word.shown());
        Refusal::bad_query(format!("unexpected token: '{found}', {expected}"))
    }

    fn name(&mut self) -> Result<String, Refusal> {
        match self.0.next() {
            Some(Word::Plain(name)) => Ok(name),
            Some(word) => Err(Refusal::bad_query(format!("unexpected token: '{}', expecting a name", word.shown()))),
            None => Err(Refusal::bad_query("unexpected end of the query, expecting a name")),
        }
    }

    /// A field that is to be shown.
    fn selected(&mut self) -> Result<String, Refusal> {
        if self.takes_sign("(") {
            return Err(limit("this sandbox reads no query within a query"));
        }
        let name = self.name()?;
        if self.takes_sign("(") {
            return Err(limit(format!("this sandbox knows no functions: '{name}('")));
        }
        Ok(name)
    }

    fn number(&mut self) -> Result<u64, Refusal> {
        let name = self.name()?;
        name.parse().map_err(|_| Refusal::bad_query(format!("unexpected token: '{name}', expecting a number")))
    }

    fn condition(&mut self) -> Result<Condition, Refusal> {
        if self.takes_sign("(") {
            return Err(limit("this sandbox joins conditions by AND only, without brackets"));
        }
        let field = self.selected()?;
        if self.takes("IN") {
            return Ok(Condition { field, is: Comparison::In, value: Given::Any(self.list()?) });
        }
        if self.takes("LIKE") {
            let Literal::Quoted(text) = self.literal()? else { return Err(self.unexpected("expecting a text")) };
            return Ok(Condition { field, is: Comparison::Contains, value: Given::Like(text) });
        }
        if field.eq_ignore_ascii_case("NOT") || self.takes("NOT") {
            return Err(limit("this sandbox reads no NOT"));
        }
        let sign = match self.0.next() {
            Some(Word::Sign(sign)) => sign,
            Some(word) => {
                return Err(Refusal::bad_query(format!(
                    "unexpected token: '{}', expecting a comparison",
                    word.shown()
                )));
            }
            None => return Err(Refusal::bad_query("unexpected end of the query, expecting a comparison")),
        };
        let is = match sign.as_str() {
            "=" => Comparison::Eq,
            "!=" | "<>" => Comparison::Ne,
            ">" => Comparison::Gt,
            ">=" => Comparison::Gte,
            "<" => Comparison::Lt,
            "<=" => Comparison::Lte,
            other => return Err(Refusal::bad_query(format!("unexpected token: '{other}'"))),
        };
        Ok(Condition { field, is, value: Given::One(self.literal()?) })
    }

    fn literal(&mut self) -> Result<Literal, Refusal> {
        match self.0.next() {
            Some(Word::Quoted(text)) => Ok(Literal::Quoted(text)),
            Some(Word::Plain(text)) => Ok(match text.to_ascii_lowercase().as_str() {
                word @ ("null" | "true" | "false") => Literal::Bare(word.to_owned()),
                _ => Literal::Bare(text),
            }),
            Some(word) => Err(Refusal::bad_query(format!("unexpected token: '{}', expecting a value", word.shown()))),
            None => Err(Refusal::bad_query("unexpected end of the query, expecting a value")),
        }
    }

    fn list(&mut self) -> Result<Vec<Literal>, Refusal> {
        if !self.takes_sign("(") {
            return Err(self.unexpected("expecting '('"));
        }
        let mut list = Vec::new();
        loop {
            if self.peek().is_some_and(|word| word.is("SELECT")) {
                return Err(limit("this sandbox reads no query within a query"));
            }
            match self.0.next() {
                Some(Word::Quoted(text)) => list.push(Literal::Quoted(text)),
                Some(Word::Plain(text)) => list.push(Literal::Bare(text)),
                _ => return Err(Refusal::bad_query("a list of values does not end")),
            }
            if self.takes_sign(")") {
                return Ok(list);
            }
            if !self.takes_sign(",") {
                return Err(self.unexpected("expecting ',' or ')'"));
            }
        }
    }
}

#[cfg(test)]
mod tests;
