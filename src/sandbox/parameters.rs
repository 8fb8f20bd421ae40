//! The parameters of a list's query, as the data has them: what describes an API and what refuses others say the same.

use super::data::{Api, Filter, Paging, Resource, Route, Size, Sort};
use super::list::root;

/// How a list is asked for.
pub(super) struct Parameters<'a> {
    pub(super) paging: &'a Paging,
    pub(super) sort: &'a Sort,
    /// The filters on fields that its records have.
    pub(super) filters: Vec<&'a Filter>,
}

impl<'a> Parameters<'a> {
    /// Those of the list of a route, of whose records `has` says which fields they have.
    pub(super) fn of_list(
        api: &'a Api,
        route: &'a Route,
        resource: Option<&'a Resource>,
        has: impl Fn(&str) -> bool,
    ) -> Self {
        let is_about = |filter: &&Filter| {
            let mut paths = [&filter.field].into_iter().chain(&filter.or).map(|path| root(path));
            paths.any(|path| has(path) || matches!(path, "created" | "updated" | "deleted"))
        };
        let own = resource.iter().flat_map(|resource| &resource.filters);
        Self {
            paging: route.paging.as_ref().or(resource.and_then(|own| own.paging.as_ref())).unwrap_or(&api.paging),
            sort: route.sort.as_ref().or(resource.and_then(|own| own.sort.as_ref())).unwrap_or(&api.sort),
            filters: route.filters.iter().chain(own).chain(&api.filters).filter(is_about).collect(),
        }
    }

    /// The names of those that stand in the query, each once.
    pub(super) fn names(&self) -> Vec<String> {
        let sizes = self.paging.size.iter().flat_map(Size::places).filter_map(|place| place.query);
        let others = self.paging.at.iter().chain(&self.sort.by).chain(&self.sort.direction);
        let others = others.chain(self.filters.iter().map(|filter| &filter.at));
        let mut names: Vec<String> = Vec::new();
        for name in sizes.chain(others.filter_map(|place| place.query.clone())) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}
