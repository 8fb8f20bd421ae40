//! What every request must carry, and what none may.

use super::{Call, Target};
use crate::sandbox::data::Requirement;
use crate::sandbox::fault::path_matches;
use crate::sandbox::situation::Refusal;

impl<'c> Call<'c> {
    /// Refuses a request without what every request must carry.
    pub(super) fn required(&self, target: &Target<'c>) -> Result<(), Refusal> {
        let mut missing = self.api.requires.iter().filter(|required| self.concerns(required, target));
        missing.find(|required| !self.carries(required)).map_or(Ok(()), |required| Err(refusal(required)))
    }

    /// Refuses a request with what none may carry.
    pub(super) fn refused(&self, target: &Target<'c>) -> Result<(), Refusal> {
        let mut given = self.api.refuses.iter().filter(|refused| self.concerns(refused, target));
        given.find(|refused| self.carries(refused)).map_or(Ok(()), |refused| Err(refusal(refused)))
    }

    fn concerns(&self, rule: &Requirement, target: &Target<'c>) -> bool {
        let of_operation = rule.operations.as_ref().is_none_or(|known| known.contains(&target.operation));
        let name = target.resource.map(|(name, _)| name);
        let of_resource = rule
            .resources
            .as_ref()
            .is_none_or(|known| name.is_some_and(|name| known.iter().any(|known| known == name)));
        let matches = |pattern: &String| path_matches(pattern, &self.request.path);
        let of_path = rule.paths.as_ref().is_none_or(|paths| paths.iter().any(matches));
        of_operation && of_resource && of_path && !rule.except.iter().any(matches)
    }

    fn carries(&self, rule: &Requirement) -> bool {
        let given = match (&rule.header, &rule.query) {
            (Some(header), _) => self.request.headers.get(header),
            (None, Some(query)) => {
                let given = [query].into_iter().chain(&rule.or).filter_map(|name| self.input.parameter(name));
                given.into_iter().find(|given| !given.trim().is_empty())
            }
            (None, None) => Some("-"),
        };
        let fits = |given: &str| rule.like.as_ref().is_none_or(|like| path_matches(like, given.trim()));
        given.is_some_and(|given| !given.trim().is_empty() && fits(given))
    }
}

fn refusal(rule: &Requirement) -> Refusal {
    let name = rule.header.as_ref().or(rule.query.as_ref()).map_or("", String::as_str);
    Refusal::named(rule.error.get_ref().clone()).with("parameter", name)
}
