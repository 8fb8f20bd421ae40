//! What is wrong with routes.

use toml::Spanned;

use super::{Check, LIST, ONE};
use crate::sandbox::data::Operation;

impl Check<'_> {
    pub(super) fn routes(&mut self) {
        let api = self.api;
        let resources = api.resources.keys().map(String::as_str).collect::<Vec<_>>();
        for route in &api.routes {
            let path = route.path.get_ref();
            if !path.starts_with('/') {
                let message = format!("`{path}` cannot be a path here");
                self.tell(&route.path, "sandbox-value", message, "such as /contacts".to_owned());
            }
            if route.all().next().is_none() {
                let label = "name `operations`, or an `operation`".to_owned();
                self.tell(&route.path, "sandbox-value", "nothing is done at this path".to_owned(), label);
            }
            let is_list = route.all().any(|operation| operation == Operation::List);
            for answer in route.answer.iter().chain(&route.list) {
                self.template(answer, if is_list { LIST } else { ONE });
            }
            let Some(name) = &route.resource else {
                let needs = |operation| {
                    matches!(
                        operation,
                        Operation::List | Operation::Get | Operation::Create | Operation::Update | Operation::Delete
                    )
                };
                if route.all().any(needs) && !route.unified && route.language.is_none() {
                    self.tell(
                        &route.path,
                        "sandbox-reference",
                        "the route names no resource".to_owned(),
                        String::new(),
                    );
                }
                continue;
            };
            let Some(resource) = api.resources.get(name.get_ref()) else {
                self.no_such(name, "resource", name.get_ref(), &resources);
                continue;
            };
            for alias in &route.aliases {
                self.field(&alias.fills, &resource.fields);
            }
            if let Some(by) = &route.by {
                let root = by.get_ref().split(['.', '[']).next().unwrap_or_default().to_owned();
                self.field(&Spanned::new(by.span(), root), &resource.fields);
            }
        }
    }
}
