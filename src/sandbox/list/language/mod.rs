//! Query languages, as far as the sandbox understands them; the rest is a clear error.

pub(in crate::sandbox) mod filter_groups;
mod lexer;
pub(in crate::sandbox) mod odata;
pub(in crate::sandbox) mod soql;
