//! What a request must carry before anything else of it is looked at.

use super::{Call, Target};
use crate::sandbox::fault;
use crate::sandbox::situation::Refusal;

impl<'c> Call<'c> {
    /// Refuses a request without what every request must carry.
    pub(super) fn required(&self, target: &Target<'c>) -> Result<(), Refusal> {
        for required in &self.api.requires {
            let of_operation = required.operations.as_ref().is_none_or(|known| known.contains(&target.operation));
            let name = target.resource.map(|(name, _)| name);
            let of_resource = required
                .resources
                .as_ref()
                .is_none_or(|known| name.is_some_and(|name| known.iter().any(|known| known == name)));
            let path = &self.request.path;
            let matches = |pattern: &String| fault::path_matches(pattern, path);
            let of_path = required.paths.as_ref().is_none_or(|paths| paths.iter().any(matches));
            if !of_operation || !of_resource || !of_path || required.except.iter().any(matches) {
                continue;
            }
            let given = match (&required.header, &required.query) {
                (Some(header), _) => self.request.headers.get(header),
                (None, Some(query)) => {
                    let given = [query].into_iter().chain(&required.or).filter_map(|name| self.input.parameter(name));
                    given.into_iter().find(|given| !given.trim().is_empty())
                }
                (None, None) => Some("-"),
            };
            if given.is_none_or(|given| given.trim().is_empty()) {
                let name = required.header.as_ref().or(required.query.as_ref()).map_or("", String::as_str);
                return Err(Refusal::named(required.error.get_ref().clone()).with("parameter", name));
            }
        }
        Ok(())
    }
}
