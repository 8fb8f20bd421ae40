//! `SELECT fields FROM object [WHERE …] [ORDER BY …] [LIMIT n] [OFFSET n]`: comparisons joined by AND.

use std::vec::IntoIter;

use super::lexer::{Quote, Word, words};
use crate::sandbox::data::{Comparison, Read, Resource, Which};
use crate::sandbox::list::field::{language_test, order_of};
use crate::sandbox::list::{Ask, Operand, Start};
use crate::sandbox::situation::{Refusal, Situation};

/// A statement that was understood.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sandbox) struct Statement {
    pub(in crate::sandbox) fields: Vec<String>,
    /// The object, which is the name of a resource.
    pub(in crate::sandbox) from: String,
    conditions: Vec<(String, Comparison, Operand)>,
    order: Option<String>,
    limit: Option<u64>,
    offset: Option<u64>,
}

/// The most records that may be left out at the start.
const OFFSET: u64 = 2000;

/// Reads a statement.
///
/// # Errors
///
/// `bad_query` with what was not understood.
pub(in crate::sandbox) fn parse(text: &str) -> Result<Statement, Refusal> {
    let words = words(text, Quote::Backslash).ok_or_else(|| Refusal::bad_query("a text in quotes does not end"))?;
    let mut parser = Parser(words.into_iter());
    parser.keyword("SELECT")?;
    let mut fields = vec![parser.name()?];
    while parser.takes_sign(",") {
        fields.push(parser.name()?);
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
            return Err(Refusal::bad_query("this sandbox joins conditions by AND only"));
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
        statement.order = Some(format!("{field} {direction}"));
    }
    if parser.takes("LIMIT") {
        statement.limit = Some(parser.number()?);
    }
    if parser.takes("OFFSET") {
        statement.offset = Some(parser.number()?);
    }
    match parser.0.next() {
        None => Ok(statement),
        Some(word) => Err(Refusal::bad_query(format!("unexpected token: '{}'", word.shown()))),
    }
}

impl Statement {
    /// Puts what it says into `ask`.
    ///
    /// # Errors
    ///
    /// `unknown_field` for a field that `resource` does not have, `bad_query` for a value that does not fit.
    pub(in crate::sandbox) fn apply(self, ask: &mut Ask, resource: &Resource) -> Result<(), Refusal> {
        let unknown = |field: &str| Refusal::from(Situation::UnknownField).with("field", field);
        if let Some(field) = self.fields.iter().find(|field| !resource.fields.contains_key(*field)) {
            return Err(unknown(field));
        }
        let mut tests = Vec::new();
        for (field, is, value) in self.conditions {
            if field.eq_ignore_ascii_case("IsDeleted") && ask.which != Which::Live {
                ask.which = if value == Operand::Flag(true) { Which::Deleted } else { Which::Live };
                continue;
            }
            tests.push(language_test(resource, &field, is, value, Read::Text)?);
        }
        if !tests.is_empty() {
            ask.groups.push(tests);
        }
        if let Some(text) = &self.order {
            let field = text.split(' ').next().unwrap_or_default();
            ask.order = order_of(text, resource).ok_or_else(|| unknown(field))?;
        }
        ask.most = self.limit;
        if let Some(offset) = self.offset {
            if offset > OFFSET {
                return Err(Refusal::bad_query(format!("Maximum SOQL offset allowed is {OFFSET}")));
            }
            if ask.start == Start::Skip(0) {
                ask.start = Start::Skip(offset);
                ask.most = ask.most.map(|most| most.saturating_add(offset));
            }
        }
        ask.fields = Some(self.fields);
        Ok(())
    }
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

    fn number(&mut self) -> Result<u64, Refusal> {
        let name = self.name()?;
        name.parse().map_err(|_| Refusal::bad_query(format!("unexpected token: '{name}', expecting a number")))
    }

    fn condition(&mut self) -> Result<(String, Comparison, Operand), Refusal> {
        let field = self.name()?;
        if self.takes("IN") {
            return Ok((field, Comparison::In, Operand::List(self.list()?)));
        }
        if self.takes("LIKE") {
            let Operand::Text(text) = self.operand()? else { return Err(self.unexpected("expecting a text")) };
            return Ok((field, Comparison::Contains, Operand::Text(text.trim_matches('%').to_owned())));
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
        Ok((field, is, self.operand()?))
    }

    fn operand(&mut self) -> Result<Operand, Refusal> {
        match self.0.next() {
            Some(Word::Quoted(text)) => Ok(Operand::Text(text)),
            Some(Word::Plain(text)) => Ok(match text.to_ascii_lowercase().as_str() {
                "null" => Operand::Nothing,
                "true" => Operand::Flag(true),
                "false" => Operand::Flag(false),
                _ => text.parse().map_or(Operand::Text(text), Operand::Number),
            }),
            Some(word) => Err(Refusal::bad_query(format!("unexpected token: '{}', expecting a value", word.shown()))),
            None => Err(Refusal::bad_query("unexpected end of the query, expecting a value")),
        }
    }

    fn list(&mut self) -> Result<Vec<String>, Refusal> {
        if !self.takes_sign("(") {
            return Err(self.unexpected("expecting '('"));
        }
        let mut list = Vec::new();
        loop {
            match self.0.next() {
                Some(Word::Quoted(text) | Word::Plain(text)) => list.push(text),
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
mod tests {
    use super::*;

    #[test]
    fn statements_are_understood_part_by_part() {
        let text = "SELECT Id, Name FROM Contact WHERE LastModifiedDate >= 2026-04-01T00:00:00Z AND Name != 'O\\'Neill' \
                    AND Email IN ('a@b.c', 'd@e.f') and Amount > 5 ORDER BY LastModifiedDate DESC NULLS LAST LIMIT 5 OFFSET 3";
        let statement = parse(text).unwrap();
        assert_eq!((statement.from.as_str(), statement.fields.len()), ("Contact", 2));
        assert_eq!((statement.limit, statement.offset), (Some(5), Some(3)));
        assert_eq!(statement.order.as_deref(), Some("LastModifiedDate desc"));
        let [since, name, email, amount] = statement.conditions.as_slice() else { panic!("four conditions") };
        assert_eq!(since.1, Comparison::Gte);
        assert_eq!(since.2, Operand::Text("2026-04-01T00:00:00Z".into()));
        assert_eq!(name.2, Operand::Text("O'Neill".into()));
        assert_eq!(email.2, Operand::List(vec!["a@b.c".into(), "d@e.f".into()]));
        assert_eq!(amount.2, Operand::Number(5.0));
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
            ("SELECT Id FROM Contact GROUP BY Id", "unexpected token: 'GROUP'"),
            ("SELECT Id FROM Contact WHERE A = 'x", "a text in quotes does not end"),
            ("", "unexpected token: 'the end of the query', expecting SELECT"),
        ] {
            let refusal = parse(text).unwrap_err();
            assert_eq!(refusal.values.get("problem").and_then(|told| told.as_str()), Some(told), "{text}");
        }
    }
}
