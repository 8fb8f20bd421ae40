//! `((Last_Name:equals:Ada) and (Email:starts_with:a))`: conditions in brackets, joined by `and` or `or`.

use std::iter::Peekable;
use std::str::Chars;

use super::{Groups, both};
use crate::sandbox::data::{Comparison, Read};
use crate::sandbox::input::Input;
use crate::sandbox::list::field::language_test;
use crate::sandbox::list::{Ask, Operand, Source, Test};
use crate::sandbox::shape::Type;
use crate::sandbox::situation::Refusal;

/// How many conditions there may be.
const CONDITIONS: usize = 10;

/// Puts what the text says into `ask`; without one the list is asked for in another way.
///
/// # Errors
///
/// `bad_query` with what was not understood, `unknown_field`.
pub(in crate::sandbox) fn read(source: Source<'_, '_>, input: &Input<'_>, ask: &mut Ask) -> Result<(), Refusal> {
    let Some(text) = source.route.at.as_ref().and_then(|at| input.get(at)) else { return Ok(()) };
    let mut reader = Reader { source, rest: text.chars().peekable(), conditions: 0 };
    ask.groups = reader.joined()?;
    match reader.rest.next() {
        None => Ok(()),
        Some(letter) => Err(Refusal::bad_query(format!("this sandbox cannot read what begins at `{letter}` there"))),
    }
}

struct Reader<'c> {
    source: Source<'c, 'c>,
    rest: Peekable<Chars<'c>>,
    conditions: usize,
}

impl Reader<'_> {
    fn blank(&mut self) {
        while self.rest.next_if(|letter| letter.is_whitespace()).is_some() {}
    }

    fn sign(&mut self, sign: char) -> Result<(), Refusal> {
        self.blank();
        let missing =
            || Refusal::bad_query(format!("`{sign}` is missing: conditions look like (Email:equals:ada@example.com)"));
        self.rest.next_if_eq(&sign).map(drop).ok_or_else(missing)
    }

    /// Conditions with the same word between.
    fn joined(&mut self) -> Result<Groups, Refusal> {
        let mut groups = self.one()?;
        let mut before: Option<String> = None;
        loop {
            self.blank();
            let mut word = String::new();
            while let Some(letter) = self.rest.next_if(|letter| letter.is_alphabetic()) {
                word.push(letter.to_ascii_lowercase());
            }
            if word.is_empty() {
                return Ok(groups);
            }
            if before.as_ref().is_some_and(|before| *before != word) {
                return Err(Refusal::bad_query("`and` and `or` side by side need brackets"));
            }
            let next = self.one()?;
            groups = match word.as_str() {
                "and" => both(groups, &next)?,
                "or" => [groups, next].concat(),
                other => {
                    return Err(Refusal::bad_query(format!("conditions are joined by `and` or `or`, not `{other}`")));
                }
            };
            before = Some(word);
        }
    }

    /// One condition, or several, in brackets.
    fn one(&mut self) -> Result<Groups, Refusal> {
        self.sign('(')?;
        self.blank();
        let groups = if self.rest.peek() == Some(&'(') { self.joined()? } else { vec![self.condition()?] };
        self.sign(')')?;
        Ok(groups)
    }

    fn condition(&mut self) -> Result<Vec<Test>, Refusal> {
        // Each value, with what is escaped in it as it is meant.
        let (mut texts, mut is_escaped) = (vec![String::new()], false);
        while let Some(letter) = self.rest.next_if(|letter| is_escaped || *letter != ')') {
            let is_value = texts.len() > 2;
            match letter {
                '\\' if !is_escaped => {
                    is_escaped = true;
                    continue;
                }
                ':' if !is_value => texts.push(String::new()),
                ',' if is_value && !is_escaped => texts.push(String::new()),
                letter => texts.iter_mut().last().into_iter().for_each(|text| text.push(letter)),
            }
            is_escaped = false;
        }
        self.conditions += 1;
        if self.conditions > CONDITIONS {
            return Err(Refusal::bad_query(format!("there are more than {CONDITIONS} conditions")));
        }
        let mut texts = texts.into_iter().map(|text| text.trim().to_owned());
        let (field, operator) = (texts.next().unwrap_or_default(), texts.next().unwrap_or_default());
        let values: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
        let is_text = self.source.field(&field).is_none_or(|(_, shape)| shape.kind == Type::String);
        let test = |is, value| language_test(self.source, &field, is, value, Read::Text);
        let is = match operator.as_str() {
            // Texts are the same whatever their case.
            "in" if !values.is_empty() && is_text => {
                let folded = values.iter().map(|value| Operand::Folded(value.to_lowercase()));
                return Ok(vec![test(Comparison::In, Operand::Any(folded.collect()))?]);
            }
            "in" if !values.is_empty() => return Ok(vec![test(Comparison::In, Operand::List(values))?]),
            "between" => {
                let [low, high] = <[String; 2]>::try_from(values)
                    .map_err(|_| Refusal::bad_query(format!("{field} is between two values, with a comma between")))?;
                return Ok(vec![
                    test(Comparison::Gte, Operand::Text(low))?,
                    test(Comparison::Lte, Operand::Text(high))?,
                ]);
            }
            "equals" | "not_equal" => Comparison::Same,
            "starts_with" if is_text => Comparison::Starts,
            "greater_than" => Comparison::Gt,
            "greater_equal" => Comparison::Gte,
            "less_than" => Comparison::Lt,
            "less_equal" => Comparison::Lte,
            other => return Err(Refusal::bad_query(format!("{field} cannot be compared by `{other}`"))),
        };
        if values.is_empty() {
            return Err(Refusal::bad_query(format!("the condition on {field} has no value")));
        }
        let mut test = test(is, Operand::Text(values.join(",")))?;
        test.not = operator == "not_equal";
        Ok(vec![test])
    }
}
