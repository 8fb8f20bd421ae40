//! Secrets out of everything that is shown or saved.

use std::fmt::Write;

/// What stands in the place of a secret.
pub const REDACTED: &str = "[redacted]";

/// The shortest value, in bytes, that is taken for a secret: shorter ones would blot out what is none.
const SHORTEST: usize = 6;

/// The shortest piece of a secret, in bytes, that is looked for by itself: a line of a key, an encoded value.
const SHORTEST_PIECE: usize = 12;

/// Variables that say how a machine is set up. Their values stand in every output and are no secrets.
const PLAIN: [&str; 14] = [
    "CI", "COLUMNS", "HOME", "HOSTNAME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "PWD", "SHELL", "TERM", "TMPDIR", "TZ",
    "USER",
];

/// Texts that must never appear in an output: secret values and the forms in which programs write them down.
#[derive(Clone, Default)]
pub struct Secrets(Vec<String>);

/// The secrets themselves are not shown.
impl std::fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Secrets({})", self.0.len())
    }
}

impl Secrets {
    /// Those of `variables` (names and values) that were handed on from doccheck's own environment and are long
    /// enough to be one.
    pub fn new(variables: &[(String, String)]) -> Self {
        let mut forms: Vec<String> = variables
            .iter()
            .filter(|(name, value)| value.trim().len() >= SHORTEST && !is_plain(name))
            .flat_map(|(_, value)| forms(value.trim()))
            .collect();
        // The longest first, so that no part of one is left because a shorter one was found in it.
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        Self(forms)
    }

    /// `text` with every secret replaced.
    pub fn redact(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for secret in &self.0 {
            if shown.contains(secret.as_str()) {
                shown = shown.replace(secret.as_str(), REDACTED);
            }
        }
        shown
    }
}

fn is_plain(name: &str) -> bool {
    PLAIN.contains(&name) || name.starts_with("LC_") || name.starts_with("XDG_")
}

/// How programs write `value`: as it is, line by line, within JSON, within a URL, within base64.
fn forms(value: &str) -> Vec<String> {
    let json = serde_json::Value::from(value).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let encoded = percent_encoded(value);
    let mut forms = vec![value.to_owned(), json, encoded.replace("%20", "+"), lower_escapes(&encoded), encoded];
    if value.contains('\n') {
        forms.extend(value.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_PIECE).map(str::to_owned));
    }
    forms.extend((0..3).filter_map(|shift| base64_core(value.as_bytes(), shift)));
    forms
}

/// All but unreserved characters escaped (RFC 3986, section 2).
fn percent_encoded(value: &str) -> String {
    value.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

/// The same percent-encoding with lower case digits.
fn lower_escapes(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut lower, part| {
        let (digits, rest) = part.split_at(2.min(part.len()));
        lower.extend(["%", &digits.to_lowercase(), rest]);
        lower
    })
}

/// The characters of base64 (RFC 4648, section 4) that depend on `value` alone where it starts `shift` bytes (0, 1 or
/// 2) into a group of three, as in `user:value` of basic authentication. `None` where they are too few to tell.
fn base64_core(value: &[u8], shift: usize) -> Option<String> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    // Whole groups only: the bytes before the first and after the last one share their characters with neighbours.
    let whole = value.get((3 - shift) % 3..)?;
    let core: String = whole
        .chunks_exact(3)
        .flat_map(|group| {
            let bits = u32::from(group[0]) << 16 | u32::from(group[1]) << 8 | u32::from(group[2]);
            [18, 12, 6, 0].map(|by| char::from(ALPHABET[(bits >> by & 63) as usize]))
        })
        .collect();
    (core.len() >= SHORTEST_PIECE).then_some(core)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(value: &str, text: &str) -> String {
        Secrets::new(&[("API_KEY".to_owned(), value.to_owned())]).redact(text)
    }

    #[test]
    fn every_form_is_replaced() {
        let secret = "s3cr+t/\"k€y\" 0123456789";
        for text in [
            format!("Bearer {secret}."),
            format!("Bearer {}.", "s3cr+t/\\\"k€y\\\" 0123456789"),
            format!("Bearer {}.", "s3cr%2Bt%2F%22k%E2%82%ACy%22%200123456789"),
            format!("Bearer {}.", "s3cr%2bt%2f%22k%e2%82%acy%22%200123456789"),
            format!("Bearer {}.", "s3cr%2Bt%2F%22k%E2%82%ACy%22+0123456789"),
        ] {
            assert_eq!(redacted(secret, &text), "Bearer [redacted].", "{text}");
        }
    }

    #[test]
    fn basic_authentication_is_replaced_whatever_the_user() {
        // `printf '%s' 'user:tok_0123456789abcdef' | base64` with users of three lengths.
        for encoded in
            ["YTp0b2tfMDEyMzQ1Njc4OWFiY2RlZg==", "YWI6dG9rXzAxMjM0NTY3ODlhYmNkZWY=", "YWJjOnRva18wMTIzNDU2Nzg5YWJjZGVm"]
        {
            let shown = redacted("tok_0123456789abcdef", &format!("Basic {encoded}"));
            assert!(shown.contains(REDACTED) && shown.len() < "Basic [redacted]".len() + 10, "{shown}");
        }
    }

    #[test]
    fn lines_of_a_key_are_replaced() {
        assert_eq!(redacted("-----BEGIN-----\nMIIEpAIBAAKC\n", "MIIEpAIBAAKC\r\n"), "[redacted]\r\n");
    }

    #[test]
    fn what_is_no_secret_stays() {
        assert_eq!(redacted("12345", "12345"), "12345");
        let secrets =
            Secrets::new(&[("LANG".to_owned(), "C.UTF-8".to_owned()), ("LC_ALL".to_owned(), "C.UTF-8".to_owned())]);
        assert_eq!(secrets.redact("C.UTF-8"), "C.UTF-8");
        assert_eq!(Secrets::default().redact("any"), "any");
    }

    #[test]
    fn a_secret_within_another_leaves_nothing() {
        let secrets = Secrets::new(&[("A".to_owned(), "abcdef".to_owned()), ("B".to_owned(), "xabcdefx".to_owned())]);
        assert_eq!(secrets.redact("xabcdefx abcdef"), "[redacted] [redacted]");
        assert_eq!(format!("{secrets:?}"), "Secrets(2)");
    }
}
