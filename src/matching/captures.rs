//! Values that a page's outputs gave a name to.

use std::collections::BTreeMap;

/// Values that typed captures (`<name:uuid>`) matched on a page so far, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Captures(BTreeMap<String, String>);

impl Captures {
    /// Nothing captured yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value captured as `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Remembers `value` as `name`.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }
}

/// What is known while two texts are compared: what earlier outputs captured, and what this one captures. The
/// latter is kept only where the whole text matches.
#[derive(Debug, Clone)]
pub(super) struct Bindings<'a> {
    earlier: &'a Captures,
    new: BTreeMap<String, String>,
}

impl<'a> Bindings<'a> {
    pub(super) fn new(earlier: &'a Captures) -> Self {
        Self { earlier, new: BTreeMap::new() }
    }

    /// The value of `name`, of this text before those of earlier ones.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.new.get(name).map(String::as_str).or_else(|| self.earlier.get(name))
    }

    /// The value that an earlier text captured as `name`.
    pub(super) fn earlier(&self, name: &str) -> Option<&str> {
        self.earlier.get(name)
    }

    /// Why `value` cannot be what `name` stands for: the value that it has, and where it got it; `None` where it can.
    pub(super) fn conflict(&self, name: &str, value: &str) -> Option<String> {
        let known = self.value(name).filter(|known| *known != value)?;
        let place = if self.new.contains_key(name) { "before it" } else { "in an earlier output" };
        Some(format!("`{name}` is `{known}` {place}"))
    }

    /// Captures `value` as `name`; false where this text or an earlier one has captured another value by that name.
    pub(super) fn bind(&mut self, name: &str, value: &str) -> bool {
        match self.value(name) {
            Some(known) => known == value,
            None => {
                self.new.insert(name.to_owned(), value.to_owned());
                true
            }
        }
    }
}

/// Runs `compare` on what is captured so far and keeps what it captures where it finds no difference.
pub(super) fn keep_on_match<E>(
    captures: &mut Captures,
    compare: impl FnOnce(&mut Bindings<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut bindings = Bindings::new(captures);
    compare(&mut bindings)?;
    let new = bindings.new;
    captures.0.extend(new);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_differs_captures_nothing() {
        let mut captures = Captures::new();
        let failed: Result<(), ()> = keep_on_match(&mut captures, |bindings| {
            bindings.bind("id", "1");
            Err(())
        });
        assert_eq!((failed, captures.get("id")), (Err(()), None));
        let kept: Result<(), ()> = keep_on_match(&mut captures, |bindings| {
            assert!(bindings.bind("id", "1") && !bindings.bind("id", "2"));
            Ok(())
        });
        assert_eq!((kept, captures.get("id")), (Ok(()), Some("1")));
        let again: Result<(), ()> = keep_on_match(&mut captures, |bindings| {
            assert!(!bindings.bind("id", "2") && bindings.bind("id", "1"));
            assert_eq!(bindings.conflict("id", "2").as_deref(), Some("`id` is `1` in an earlier output"));
            Ok(())
        });
        assert_eq!((again, captures.get("id")), (Ok(()), Some("1")));
    }
}
