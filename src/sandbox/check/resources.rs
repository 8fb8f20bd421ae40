//! What is wrong with resources and their records.

use std::collections::BTreeSet;

use toml::Spanned;

use super::Check;
use crate::diagnostic::Diagnostic;
use crate::sandbox::data::Paging;
use crate::sandbox::invention::Inventions;
use crate::sandbox::shape::{self, Set, Shape};
use crate::source::Span;

impl Check<'_> {
    pub(super) fn resources(&mut self, inventions: &Inventions) {
        for (name, resource) in &self.api.resources {
            if resource.field(Set::Id).is_none() {
                let message = format!("no field of the resource `{name}` holds its id");
                self.found.push(
                    Diagnostic::error("sandbox-reference", message)
                        .at(self.source, Span::default(), "")
                        .help(format!("add `id = {{ type = \"string\", set = \"id\" }}` to [resources.{name}.fields]")),
                );
            }
            if let Some(tag) = &resource.tag {
                self.field(tag, &resource.fields);
            }
            for seeds in &resource.seeds {
                if !inventions.knows(seeds.kind.get_ref()) {
                    self.no_such(&seeds.kind, "kind of invented record", seeds.kind.get_ref(), &inventions.kinds());
                }
                let known: Vec<&str> = resource.fields.keys().map(String::as_str).collect();
                for field in seeds.fields.keys().filter(|field| !resource.fields.contains_key(*field)) {
                    self.no_such(&seeds.kind, "field", field, &known);
                }
            }
        }
        self.links();
        let is_wrong =
            |paging: &Paging| paging.size.as_ref().is_some_and(|size| size.default == 0 || size.max < size.default);
        if self.pagings().any(is_wrong) {
            let message = "a page holds at least one record, and by default no more than `max`".to_owned();
            self.tell_file("sandbox-value", message);
        }
    }

    /// What a resource says of its own fields and of other resources.
    fn links(&mut self) {
        let api = self.api;
        let known: Vec<&str> = api.resources.keys().map(String::as_str).collect();
        for resource in api.resources.values() {
            for field in resource.parts.values().chain(resource.one_of.iter().flatten()) {
                self.field(field, &resource.fields);
            }
            for (field, makes) in &resource.makes {
                match api.resources.get(makes.resource.get_ref()) {
                    None => self.no_such(&makes.resource, "resource", makes.resource.get_ref(), &known),
                    Some(other) => {
                        let fields: Vec<&str> = other.fields.keys().map(String::as_str).collect();
                        for field in makes.fields.keys().filter(|field| !other.fields.contains_key(*field)) {
                            self.no_such(&makes.resource, "field", field, &fields);
                        }
                    }
                }
                if !resource.fields.contains_key(field) {
                    let fields: Vec<&str> = resource.fields.keys().map(String::as_str).collect();
                    self.no_such(&makes.resource, "field", field, &fields);
                }
            }
            let referred: Vec<_> = resource.fields.values().flat_map(Shape::referred).collect();
            for name in referred.into_iter().filter(|name| !api.resources.contains_key(name.get_ref())) {
                self.no_such(name, "resource", name.get_ref(), &known);
            }
        }
    }

    pub(super) fn records(&mut self) {
        let mut ids = BTreeSet::new();
        for (name, resource) in &self.api.resources {
            for records in &resource.records {
                let Some(file) = &records.source else { continue };
                for row in &records.rows {
                    let mut wrong = |message: String| {
                        self.found.push(Diagnostic::error("sandbox-record", message).at(file, row.span, ""));
                    };
                    for problem in shape::problems(&resource.fields, &row.value, true) {
                        wrong(format!("`{}` of a record {}", problem.field, problem.text));
                    }
                    let account = records.account.as_ref().map(Spanned::get_ref);
                    match resource.id_of(&row.value) {
                        None => wrong("the record has no id".to_owned()),
                        Some(id) if !ids.insert((name, account, id.clone())) => {
                            wrong(format!("there are two records with the id `{id}`"));
                        }
                        Some(_) => {}
                    }
                }
            }
        }
    }
}
