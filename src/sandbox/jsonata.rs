//! JSONata: expressions are compiled once a thread, and cannot run for ever.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorOptions};
use jsonata_core::parser;
use jsonata_core::value::JValue;
use serde_json::Value;

/// How long one expression may run.
const TIMEOUT_MS: u64 = 2_000;

/// How deep calls in one expression may go.
const DEPTH: usize = 2_000;

/// How many values one expression may collect.
const VALUES: usize = 1_000_000;

/// Compiled expressions that are kept; accounts may bring more than the data.
const KEPT: usize = 2_000;

thread_local! {
    /// Compiled expressions are not shared between threads.
    static COMPILED: RefCell<HashMap<String, Rc<AstNode>>> = RefCell::default();
}

/// Why an expression gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct JsonataError(String);

impl JsonataError {
    /// What went wrong in words that say nothing of the expression: without the kind and the number of the error.
    pub(super) fn reason(&self) -> &str {
        let is_number = |word: &str| word.len() == 5 && word.bytes().skip(1).all(|byte| byte.is_ascii_digit());
        let said = |word: &str| word.ends_with(" error") || is_number(word);
        let mut text = self.0.as_str();
        while let Some((_, rest)) = text.split_once(": ").filter(|(word, _)| said(word)) {
            text = rest;
        }
        text
    }
}

/// Reads an expression.
///
/// # Errors
///
/// What is wrong with it.
pub(super) fn check(text: &str) -> Result<(), JsonataError> {
    compiled(text).map(drop)
}

fn compiled(text: &str) -> Result<Rc<AstNode>, JsonataError> {
    if let Some(known) = COMPILED.with_borrow(|compiled| compiled.get(text).cloned()) {
        return Ok(known);
    }
    let node = parser::parse(text).map_err(|error| JsonataError(error.to_string()))?;
    let node = Rc::new(node);
    COMPILED.with_borrow_mut(|compiled| {
        if compiled.len() >= KEPT {
            compiled.clear();
        }
        compiled.insert(text.to_owned(), Rc::clone(&node));
    });
    Ok(node)
}

/// The value of an expression over `input`, with these names in scope; `None` where it is nothing.
///
/// # Errors
///
/// What went wrong.
pub(super) fn evaluate(text: &str, input: &JValue, names: &[(&str, JValue)]) -> Result<Option<JValue>, JsonataError> {
    let node = compiled(text)?;
    let mut context = Context::new();
    for (name, value) in names {
        context.bind((*name).to_owned(), value.clone());
    }
    let options = EvaluatorOptions {
        timeout_ms: Some(TIMEOUT_MS),
        max_stack_depth: Some(DEPTH),
        max_sequence_length: Some(VALUES),
        ..EvaluatorOptions::default()
    };
    let value = Evaluator::with_options(context, options).evaluate(&node, input);
    let value = value.map_err(|error| JsonataError(error.to_string()))?;
    Ok((!matches!(value, JValue::Undefined)).then_some(value))
}

/// The same over JSON.
///
/// # Errors
///
/// What went wrong.
pub(super) fn evaluate_json(
    text: &str,
    input: &Value,
    names: &[(&str, JValue)],
) -> Result<Option<Value>, JsonataError> {
    let value = evaluate(text, &JValue::from(input.clone()), names)?;
    value.map(|value| json(&value)).transpose()
}

/// A value as JSON.
pub(super) fn json(value: &JValue) -> Result<Value, JsonataError> {
    let text = value.to_json_string().map_err(|error| JsonataError(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| JsonataError(error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(text: &str) -> Result<Option<Value>, String> {
        let input = json!({ "a": [{ "b": 1 }, { "b": 2 }], "c": null });
        evaluate_json(text, &input, &[("more", JValue::from(7_i64))]).map_err(|error| error.to_string())
    }

    #[test]
    fn expressions_give_values_or_nothing() {
        assert_eq!(value("$sum(a.b)"), Ok(Some(json!(3))));
        assert_eq!(value("[a.b]"), Ok(Some(json!([1, 2]))));
        assert_eq!(value("$more + 1"), Ok(Some(json!(8))));
        assert_eq!(value("c"), Ok(Some(Value::Null)));
        assert_eq!(value("d"), Ok(None));
        assert_eq!(value("{'x': d, 'y': 1}"), Ok(Some(json!({ "y": 1 }))));
    }

    #[test]
    fn the_reason_of_an_error_is_told_without_the_expression() {
        let told = |text: &str| evaluate_json(text, &json!({ "id": "abc" }), &[]).unwrap_err().reason().to_owned();
        assert_eq!(told("{'a': $number(id)}"), "Cannot convert 'abc' to number");
        assert_eq!(JsonataError("it: ended".to_owned()).reason(), "it: ended");
    }

    #[test]
    fn what_cannot_be_read_or_does_not_end_is_an_error() {
        assert!(check("a.").is_err());
        assert!(value("($f := function($n) { $f($n + 1) + 1 }; $f(0))").is_err(), "a recursion ends");
        assert!(value("$count([1..100000000])").is_err(), "a sequence ends");
    }
}
