//! For what a step waits before it starts.

/// What must have happened before a step starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// A webhook that tells of the event with this name has been taken by its receiver.
    Webhook(String),
}

/// What a message says that `when` takes.
pub(super) const TAKES: &str = "`webhook:` and the name of an event, such as `webhook:record:created`";

impl When {
    /// Reads `webhook:EVENT`; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let event = text.strip_prefix("webhook:")?;
        let is_name = !event.is_empty() && !event.contains(|letter: char| letter.is_whitespace() || letter == '*');
        is_name.then(|| Self::Webhook(event.to_owned()))
    }

    /// The name of the event.
    pub fn event(&self) -> &str {
        match self {
            Self::Webhook(event) => event,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::When;

    #[test]
    fn an_event_has_a_name() {
        let read = |text: &str| When::parse(text).map(|when| when.event().to_owned());
        assert_eq!(read("webhook:record:created").as_deref(), Some("record:created"));
        for wrong in ["", "webhook:", "record:created", "webhook:record:*", "webhook:a b", "Webhook:a"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
