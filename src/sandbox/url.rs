//! Paths and queries as values: split first, then percent-decoded (RFC 3986, section 2.4).

/// One parameter of a query: `created_at[gt]=…` has the name `created_at` and the key `gt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: String,
    /// What stands in the brackets; `None` where there are none.
    pub(super) key: Option<String>,
    pub(super) value: String,
}

impl Parameter {
    /// Its name with its brackets.
    pub(super) fn full_name(&self) -> String {
        match &self.key {
            Some(key) => format!("{}[{key}]", self.name),
            None => self.name.clone(),
        }
    }

    /// True where `name`, which may have brackets, is its name.
    pub(super) fn is_named(&self, name: &str) -> bool {
        match &self.key {
            None => self.name == name,
            Some(key) => {
                let rest = name.strip_prefix(self.name.as_str()).and_then(|rest| rest.strip_prefix('['));
                rest.and_then(|rest| rest.strip_suffix(']')) == Some(key.as_str())
            }
        }
    }
}

/// `text` with everything escaped that has a meaning in a query.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// The query with the parameter `name` set to `value`, in its place or at the end; without it where `value` is none.
pub(super) fn with_parameter(query: &str, name: &str, value: Option<&str>) -> String {
    let is_it = |pair: &&str| decode(pair.split_once('=').map_or(*pair, |(name, _)| name), true) == name;
    let setting = value.map(|value| format!("{}={}", encode(name), encode(value)));
    let pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    let at = pairs.iter().position(is_it);
    let mut kept: Vec<String> = Vec::new();
    for (index, pair) in pairs.iter().enumerate() {
        if Some(index) == at {
            kept.extend(setting.clone());
        } else if !is_it(pair) {
            kept.push((*pair).to_owned());
        }
    }
    if at.is_none() {
        kept.extend(setting);
    }
    kept.join("&")
}

/// What a path says where a pattern has names in braces; `None` where it does not fit. A name stands for one segment or
/// a part of one, `{path}` for all that is left.
pub(super) fn matched(pattern: &str, path: &str) -> Option<Vec<(String, String)>> {
    let (wanted, asked) = (pattern.trim_start_matches('/'), segments(path));
    let wanted: Vec<&str> = wanted.split('/').collect();
    let mut named = Vec::new();
    if let Some((last, first)) = wanted.split_last()
        && *last == "{path}"
    {
        let rest = asked.get(first.len()..).filter(|rest| !rest.is_empty())?;
        named.push(("path".to_owned(), format!("/{}", rest.join("/"))));
        return matched_segments(first, &asked[..first.len()], named);
    }
    if wanted.len() != asked.len() {
        return None;
    }
    named.reserve(1);
    matched_segments(&wanted, &asked, named)
}

fn matched_segments(
    wanted: &[&str],
    asked: &[String],
    mut named: Vec<(String, String)>,
) -> Option<Vec<(String, String)>> {
    for (wanted, asked) in wanted.iter().zip(asked) {
        let Some((before, rest)) = wanted.split_once('{') else {
            if wanted != asked {
                return None;
            }
            continue;
        };
        let (name, after) = rest.split_once('}')?;
        let value = asked.strip_prefix(before)?.strip_suffix(after).filter(|value| !value.is_empty())?;
        named.push((name.to_owned(), value.to_owned()));
    }
    Some(named)
}

/// The segments of a path, without the empty one before its first `/`.
pub(super) fn segments(path: &str) -> Vec<String> {
    path.strip_prefix('/').unwrap_or(path).split('/').map(|segment| decode(segment, false)).collect()
}

/// The parameters of a query in order.
pub(super) fn parameters(query: &str) -> Vec<Parameter> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name, true), decode(value, true));
            let brackets = name.strip_suffix(']').and_then(|rest| rest.split_once('['));
            match brackets {
                Some((base, key)) => Parameter { name: base.to_owned(), key: Some(key.to_owned()), value },
                None => Parameter { name, key: None, value },
            }
        })
        .collect()
}

/// Percent-decoding; what is no valid escape stays as it is. In queries `+` is a blank, as forms send it.
/// A text without its escapes.
pub(crate) fn decoded(text: &str) -> String {
    decode(text, false)
}

fn decode(text: &str, is_query: bool) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let value = escaped.and_then(|digits| match digits {
            [high, low] => Some((hex(*high)? << 4) | hex(*low)?),
            _ => None,
        });
        match value {
            Some(value) => {
                decoded.push(value);
                at += 3;
            }
            None => {
                decoded.push(if byte == b'+' && is_query { b' ' } else { byte });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The value of a hexadecimal digit.
fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_after_the_split() {
        assert_eq!(segments("/a%2Fb/c+d/%C3%A9/%zz%4"), ["a/b", "c+d", "é", "%zz%4"]);
        assert_eq!(segments("/"), [""]);
    }

    #[test]
    fn patterns_name_segments_and_parts_of_them() {
        let named = |pattern: &str, path: &str| {
            let named = matched(pattern, path)?;
            Some(named.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(named("/a/{id}", "/a/7").as_deref(), Some("id=7"));
        assert_eq!(named("/a({id})", "/a(x-7)").as_deref(), Some("id=x-7"));
        assert_eq!(named("/a/{id}.json", "/a/7.json").as_deref(), Some("id=7"));
        assert_eq!(named("/a/{id}/", "/a/7/").as_deref(), Some("id=7"));
        assert_eq!(named("/p/{path}", "/p/b/c%2Fd").as_deref(), Some("path=/b/c/d"));
        for (pattern, path) in
            [("/a/{id}", "/a/"), ("/a/{id}", "/a/7/"), ("/a({id})", "/a()"), ("/a", "/a/"), ("/p/{path}", "/p")]
        {
            assert_eq!(named(pattern, path), None, "{pattern} {path}");
        }
    }

    #[test]
    fn a_parameter_is_put_in_its_place() {
        assert_eq!(with_parameter("a=1&after=x&b=2", "after", Some("y z")), "a=1&after=y%20z&b=2");
        assert_eq!(with_parameter("a=1", "page[after]", Some("y")), "a=1&page%5Bafter%5D=y");
        assert_eq!(with_parameter("page[after]=x&a=1", "page[after]", Some("y")), "page%5Bafter%5D=y&a=1");
        assert_eq!(with_parameter("a=1&after=x", "after", None), "a=1");
    }

    #[test]
    fn brackets_are_keys() {
        let parameter = |name: &str, key: Option<&str>, value: &str| Parameter {
            name: name.to_owned(),
            key: key.map(str::to_owned),
            value: value.to_owned(),
        };
        assert_eq!(
            parameters("a=1+2&created_at%5Bgt%5D=x%3D&f[]=g&&bare&b[c"),
            [
                parameter("a", None, "1 2"),
                parameter("created_at", Some("gt"), "x="),
                parameter("f", Some(""), "g"),
                parameter("bare", None, ""),
                parameter("b[c", None, ""),
            ]
        );
    }
}
