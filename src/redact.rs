//! Secrets out of everything that is shown or saved.

/// Texts that must never appear in an output.
#[derive(Debug, Clone, Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Those of `variables` (names and values) that were handed on from doccheck's own environment and are long
    /// enough to be one.
    pub fn new(_variables: &[(String, String)]) -> Self {
        todo!()
    }

    /// `text` with every secret replaced.
    pub fn redact(&self, _text: &str) -> String {
        todo!()
    }
}
