//! A name server for what runs in a namespace: every host of the sandbox has an address there, no other host has.
//! Sources: RFC 1035, section 4; RFC 6761 for `localhost`.

use std::net::Ipv4Addr;

/// A kind of record: an IPv4 address.
const A: u16 = 1;

/// A kind of record: an IPv6 address.
const AAAA: u16 = 28;

/// What comes of a query.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The reply to send.
    pub(super) reply: Vec<u8>,
    /// The host that was looked up and that nothing serves.
    pub(super) refused: Option<String>,
}

/// The names that have an address, and those that a resolver tries by itself.
pub(super) struct Names<'a> {
    /// Hosts with their addresses.
    pub(super) known: &'a [(String, Ipv4Addr)],
    /// The domains that the machine's resolver appends to names.
    pub(super) search: &'a [String],
}

impl Names<'_> {
    /// Answers a query; `None` where it is none.
    pub(super) fn answer(&self, query: &[u8]) -> Option<Answer> {
        let (name, end) = question(query)?;
        let kind = u16::from_be_bytes([*query.get(end)?, *query.get(end + 1)?]);
        let asked = query.get(12..end + 4)?;
        let address = self.address(&name);
        let is_refused = address.is_none() && matches!(kind, A | AAAA) && !self.is_tried_by_itself(&name);

        let mut reply = query.get(..2)?.to_vec();
        // A response, authoritative, with recursion as desired and available; NXDOMAIN where there is no such name.
        reply.extend([0x84 | (query.get(2)? & 1), 0x80 | if address.is_none() { 3 } else { 0 }]);
        let found = address.filter(|_| kind == A);
        reply.extend([0, 1, 0, u8::from(found.is_some()), 0, 0, 0, 0]);
        reply.extend_from_slice(asked);
        if let Some(address) = found {
            // The name as in the question, kind A, class IN, kept for no time, four bytes.
            reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
            reply.extend(address.octets());
        }
        Some(Answer { reply, refused: is_refused.then_some(name) })
    }

    fn address(&self, name: &str) -> Option<Ipv4Addr> {
        if name == "localhost" || name.ends_with(".localhost") {
            return Some(Ipv4Addr::LOCALHOST);
        }
        self.known.iter().find(|(known, _)| known == name).map(|(_, address)| *address)
    }

    /// A name that no program asked for: one with a domain of the machine appended, the machine's own, or that of an
    /// address.
    fn is_tried_by_itself(&self, name: &str) -> bool {
        let extends = |known: &str| name.strip_prefix(known).is_some_and(|rest| rest.starts_with('.'));
        !name.contains('.')
            || name.ends_with(".arpa")
            || self.known.iter().any(|(known, _)| extends(known))
            || self.search.iter().any(|domain| name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')))
    }
}

/// The name of the one question, in lower case, and where it ends.
fn question(query: &[u8]) -> Option<(String, usize)> {
    let is_query = query.get(2)? & 0x80 == 0;
    if !is_query || query.get(4..6)? != [0, 1] {
        return None;
    }
    let mut labels = Vec::new();
    let mut at = 12;
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        match length {
            0 => break,
            1..=63 => labels.push(String::from_utf8_lossy(query.get(at..at + length)?).to_ascii_lowercase()),
            _ => return None,
        }
        at += length;
    }
    Some((labels.join("."), at))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::{A, AAAA, Answer, Names};

    fn query(name: &str, kind: u16) -> Vec<u8> {
        let mut query = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            query.push(u8::try_from(label.len()).unwrap());
            query.extend(label.as_bytes());
        }
        query.push(0);
        query.extend(kind.to_be_bytes());
        query.extend([0, 1]);
        query
    }

    fn ask(name: &str, kind: u16) -> Answer {
        let known = [("api.example.com".to_owned(), Ipv4Addr::new(198, 18, 0, 1))];
        let search = ["corp.example".to_owned()];
        Names { known: &known, search: &search }.answer(&query(name, kind)).unwrap()
    }

    #[test]
    fn a_served_host_has_an_address() {
        let answer = ask("API.example.com", A);
        assert_eq!(answer.refused, None);
        assert_eq!(answer.reply[..12], [0xab, 0xcd, 0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
        assert_eq!(answer.reply[answer.reply.len() - 4..], [198, 18, 0, 1]);
        let without = ask("api.example.com", AAAA);
        assert_eq!((without.reply[3], without.reply[7], without.refused), (0x80, 0, None));
        assert!(ask("localhost", A).reply.ends_with(&[127, 0, 0, 1]));
    }

    #[test]
    fn another_host_has_none_and_is_told() {
        let answer = ask("elsewhere.example", A);
        assert_eq!((answer.reply[3], answer.reply[7]), (0x83, 0));
        assert_eq!(answer.refused.as_deref(), Some("elsewhere.example"));
    }

    #[test]
    fn a_name_that_nobody_asked_for_is_not_told() {
        for name in ["myhost", "4.3.2.1.in-addr.arpa", "api.example.com.lan", "elsewhere.example.corp.example"] {
            let answer = ask(name, A);
            assert_eq!((answer.reply[3], answer.refused), (0x83, None), "{name}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Names { known: &[], search: &[] }.answer(&bytes);
        }
    }
}
