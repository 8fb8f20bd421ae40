//! Paths and queries as values: split first, then percent-decoded (RFC 3986, section 2.4).

/// One parameter of a query: `created_at[gt]=…` has the name `created_at` and the key `gt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: String,
    /// What stands in the brackets; `None` where there are none.
    pub(super) key: Option<String>,
    pub(super) value: String,
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
pub(super) fn hex(digit: u8) -> Option<u8> {
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
