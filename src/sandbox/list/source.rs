//! Which list is meant, and how its data says that it is asked for.

use super::Order;
use crate::sandbox::data::{Api, Filter, Paging, Resource, Route, Size, Sort};
use crate::sandbox::input::Input;
use crate::sandbox::names::Names;
use crate::sandbox::shape::Shape;

/// Where a list is asked for.
#[derive(Clone, Copy)]
pub(in crate::sandbox) struct Source<'c, 'n> {
    pub(in crate::sandbox) api: &'c Api,
    pub(in crate::sandbox) route: &'c Route,
    pub(in crate::sandbox) resource: &'c Resource,
    /// What the resource's fields are called.
    pub(in crate::sandbox) names: &'n Names,
}

impl<'c> Source<'c, '_> {
    /// The field that a request calls `name`, under its declared name. What is hidden is none that a request may name: who
    /// filters or orders by it would find out what it holds.
    pub(super) fn field(&self, name: &str) -> Option<(&'c String, &'c Shape)> {
        let found = self.resource.fields.get_key_value(self.names.declared(name)?);
        found.filter(|(_, shape)| !shape.hidden)
    }

    /// How the list comes in pages.
    pub(in crate::sandbox) fn paging(&self) -> &'c Paging {
        self.route.paging.as_ref().or(self.resource.paging.as_ref()).unwrap_or(&self.api.paging)
    }

    /// Its order.
    pub(super) fn sort(&self) -> &'c Sort {
        self.route.sort.as_ref().or(self.resource.sort.as_ref()).unwrap_or(&self.api.sort)
    }

    /// By what it is filtered.
    pub(super) fn filters(&self) -> impl Iterator<Item = &'c Filter> + use<'c> {
        self.route.filters.iter().chain(&self.resource.filters).chain(&self.api.filters)
    }

    /// True where pages or filters read this member of a body.
    pub(super) fn reads(&self, member: &str) -> bool {
        let paging = self.paging();
        let sizes = paging.size.iter().flat_map(Size::places).filter_map(|place| place.body);
        let others = self
            .filters()
            .filter(|filter| is_about(filter, self.resource))
            .map(|filter| &filter.at)
            .chain(&paging.at)
            .filter_map(|place| place.body.clone());
        sizes.chain(others).any(|path| root(&path) == member)
    }

    /// By what a list is sorted, as the answer tells it: the name of a field, and `asc` or `desc`.
    pub(in crate::sandbox) fn sorted(&self, input: &Input<'_>, order: &Order) -> (String, &'static str) {
        let sort = self.sort();
        let named = sort.by.as_ref().and_then(|place| input.get(place)).or_else(|| sort.default.clone());
        let named = named.unwrap_or_else(|| "created".to_owned());
        let name = named.trim_start_matches('-').split([':', ' ']).next().unwrap_or_default().to_owned();
        (name, if order.descending { "desc" } else { "asc" })
    }
}

/// The field at the beginning of a path.
pub(in crate::sandbox) fn root(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or_default()
}

/// True where the records of a resource have what a filter looks at.
pub(super) fn is_about(filter: &Filter, resource: &Resource) -> bool {
    let mut paths = [&filter.field].into_iter().chain(&filter.or).map(|path| root(path));
    paths.any(|path| resource.fields.contains_key(path) || matches!(path, "created" | "updated" | "deleted"))
}
