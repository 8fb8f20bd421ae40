//! The names of a resource's fields, some of which the provider has renamed. Records are kept under the names that the
//! data declares; whoever asks says and sees the names that the fields have now.

use std::collections::BTreeMap;

/// The fields of one resource that have other names now.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    /// The name that a field has now, by the one that is declared.
    renamed: BTreeMap<String, String>,
}

impl Names {
    /// The name that a declared field has now.
    pub(super) fn shown<'n>(&'n self, declared: &'n str) -> &'n str {
        self.renamed.get(declared).map_or(declared, String::as_str)
    }

    /// The declared name of the field that is called `shown` now; `None` where it is one that a field had before. A name
    /// that was never a field's stands for itself.
    pub(super) fn declared<'n>(&'n self, shown: &'n str) -> Option<&'n str> {
        let renamed = self.renamed.iter().find(|(_, now)| *now == shown).map(|(declared, _)| declared.as_str());
        renamed.or_else(|| (!self.renamed.contains_key(shown)).then_some(shown))
    }

    /// A path whose first name is as it is now.
    pub(super) fn shown_path(&self, path: &str) -> String {
        let (field, rest) = path.split_at(path.find(['.', '[']).unwrap_or(path.len()));
        format!("{}{rest}", self.shown(field))
    }

    /// True where every field has its declared name.
    pub(super) fn is_empty(&self) -> bool {
        self.renamed.is_empty()
    }

    /// Gives the field that is declared as `declared` another name, which may be its first one again.
    pub(super) fn rename(&mut self, declared: &str, to: &str) {
        if declared == to {
            self.renamed.remove(declared);
        } else {
            self.renamed.insert(declared.to_owned(), to.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_has_its_last_name_alone() {
        let mut names = Names::default();
        names.rename("emails", "mails");
        assert_eq!((names.shown("emails"), names.shown("name")), ("mails", "name"));
        assert_eq!((names.declared("mails"), names.declared("emails")), (Some("emails"), None));
        assert_eq!(names.shown_path("emails[0].value"), "mails[0].value");
        names.rename("phones", "emails");
        assert_eq!(names.declared("emails"), Some("phones"), "a name that is free again may be another field's");
        names.rename("phones", "phones");
        names.rename("emails", "emails");
        assert_eq!((names.declared("emails"), names.declared("mails")), (Some("emails"), Some("mails")));
    }
}
