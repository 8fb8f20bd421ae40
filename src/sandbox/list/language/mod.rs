//! Query languages, as far as the sandbox understands them; the rest is a clear error.

pub(in crate::sandbox) mod conditions;
pub(in crate::sandbox) mod criteria;
pub(in crate::sandbox) mod filter_groups;
mod lexer;
mod literal;
pub(in crate::sandbox) mod odata;
pub(in crate::sandbox) mod soql;

use super::Test;
use crate::sandbox::situation::Refusal;

/// Groups of tests, of one of which all must hold.
type Groups = Vec<Vec<Test>>;

/// How many groups one query may become.
const MOST: usize = 500;

/// The groups of two conditions that must both hold.
fn both(one: Groups, other: &Groups) -> Result<Groups, Refusal> {
    if one.len().saturating_mul(other.len()) > MOST {
        return Err(Refusal::bad_query("this sandbox cannot read a query with so many branches"));
    }
    Ok(one.into_iter().flat_map(|group| other.iter().map(move |more| [group.as_slice(), more].concat())).collect())
}
