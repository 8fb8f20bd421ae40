//! insta's rules on what becomes of an output that differs from its snapshot.

/// What `INSTA_UPDATE` says; `auto` where it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Where there is no snapshot yet.
    pub unseen: Way,
    /// Where there is one, and it differs.
    pub seen: Way,
}

/// What becomes of an output that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It is the snapshot from now on.
    InPlace,
    /// It is written beside the snapshot, as `.snap.new`, and waits for a person.
    Pending,
    /// Nothing is written.
    Never,
}

/// The values of `INSTA_UPDATE`.
const VALUES: &str = "auto, always, new, unseen, no or force";

impl Rule {
    /// Reads the rule from an environment's variables: `INSTA_UPDATE`, and whether the machine is a CI's.
    ///
    /// # Errors
    ///
    /// What `INSTA_UPDATE` cannot be.
    pub fn of(variables: &[(String, String)]) -> Result<Self, String> {
        let variable = |name: &str| variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let both = |way| Self { unseen: way, seen: way };
        match variable("INSTA_UPDATE").unwrap_or_default() {
            "" | "auto" => {
                let ci = match variable("CI") {
                    Some("" | "0" | "false") => false,
                    Some(_) => true,
                    None => variable("TF_BUILD").is_some(),
                };
                Ok(both(if ci { Way::Never } else { Way::Pending }))
            }
            "always" | "1" | "force" => Ok(both(Way::InPlace)),
            "new" => Ok(both(Way::Pending)),
            "unseen" => Ok(Self { unseen: Way::InPlace, seen: Way::Pending }),
            "no" => Ok(both(Way::Never)),
            other => Err(format!("INSTA_UPDATE cannot be `{}`: it takes {VALUES}", other.escape_debug())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(variables: &[(&str, &str)]) -> Result<(Way, Way), String> {
        let owned: Vec<_> = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Rule::of(&owned).map(|rule| (rule.unseen, rule.seen))
    }

    #[test]
    fn the_rules_are_those_of_insta() {
        use Way::{InPlace, Never, Pending};
        assert_eq!(rule(&[]), Ok((Pending, Pending)));
        assert_eq!(rule(&[("CI", "true")]), Ok((Never, Never)));
        assert_eq!(rule(&[("CI", "false")]), Ok((Pending, Pending)));
        assert_eq!(rule(&[("TF_BUILD", "True")]), Ok((Never, Never)));
        assert_eq!(rule(&[("CI", "true"), ("INSTA_UPDATE", "new")]), Ok((Pending, Pending)));
        assert_eq!(rule(&[("CI", "true"), ("INSTA_UPDATE", "always")]), Ok((InPlace, InPlace)));
        assert_eq!(rule(&[("INSTA_UPDATE", "unseen")]), Ok((InPlace, Pending)));
        assert_eq!(rule(&[("INSTA_UPDATE", "no")]), Ok((Never, Never)));
        let told = "INSTA_UPDATE cannot be `yes`: it takes auto, always, new, unseen, no or force";
        assert_eq!(rule(&[("INSTA_UPDATE", "yes")]), Err(told.to_owned()));
    }
}
