//! Query languages, as far as the sandbox understands them; the rest is a clear error.

pub(in crate::sandbox) mod filter_groups;
mod lexer;
mod literal;
pub(in crate::sandbox) mod odata;
pub(in crate::sandbox) mod soql;
