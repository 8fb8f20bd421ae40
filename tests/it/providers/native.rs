//! A client of one provider's own API: its host and its credentials, and the instant at which it asks. It can also ask
//! the unified API for an account of that provider, in the same world.

use std::time::Duration;

use doccheck::clock::Timestamp;
use doccheck::http::{Headers, Request};
use doccheck::sandbox::World;
use serde_json::Value;

const UNIFIED: &str = "api.truto.one";

/// Somebody who asks one host of a fresh world.
pub(super) struct Native {
    world: World,
    now: Timestamp,
    host: String,
    authorization: Option<String>,
}

/// What came back. The body is null where it is empty, and text where it is no JSON.
#[derive(Debug)]
pub(super) struct Got {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) body: Value,
}

impl Native {
    pub(super) fn new(world: World, host: &str, authorization: &str) -> Self {
        Self { now: world.start(), world, host: host.to_owned(), authorization: Some(authorization.to_owned()) }
    }

    /// Asks with other credentials from here on; `None`: without any.
    pub(super) fn authorize(&mut self, authorization: Option<&str>) {
        self.authorization = authorization.map(str::to_owned);
    }

    /// Asks another host from here on.
    pub(super) fn at(&mut self, host: &str) {
        host.clone_into(&mut self.host);
    }

    pub(super) fn wait(&mut self, duration: Duration) {
        self.now = self.now.after(duration);
    }

    pub(super) fn get(&mut self, target: &str) -> Got {
        let request = self.request("GET", target);
        self.ask(&request)
    }

    pub(super) fn delete(&mut self, target: &str) -> Got {
        let request = self.request("DELETE", target);
        self.ask(&request)
    }

    pub(super) fn send(&mut self, method: &str, target: &str, body: &Value) -> Got {
        self.raw(method, target, "application/json", &body.to_string())
    }

    pub(super) fn form(&mut self, target: &str, body: &str) -> Got {
        self.raw("POST", target, "application/x-www-form-urlencoded", body)
    }

    pub(super) fn raw(&mut self, method: &str, target: &str, content_type: &str, body: &str) -> Got {
        let mut request = self.request(method, target);
        request.headers.push("Content-Type", content_type);
        request.body = body.as_bytes().to_vec();
        self.ask(&request)
    }

    /// Asks the unified API: `target` is such as `hris/employees?limit=100`. No body where `body` is null.
    pub(super) fn unified(&mut self, method: &str, target: &str, account: &str, body: &Value) -> Got {
        let own = (self.host.clone(), self.authorization.clone());
        self.at(UNIFIED);
        self.authorize(Some("Bearer sandbox-token-7d2f9c4e1a6b"));
        let mark = if target.contains('?') { '&' } else { '?' };
        let target = format!("/unified/{target}{mark}integrated_account_id={account}");
        let got = if body.is_null() {
            let request = self.request(method, &target);
            self.ask(&request)
        } else {
            self.send(method, &target, body)
        };
        (self.host, self.authorization) = own;
        got
    }

    /// The records on every page of a unified list.
    pub(super) fn unified_list(&mut self, target: &str, account: &str) -> Vec<Value> {
        let mut records = Vec::new();
        let mut cursor = String::new();
        loop {
            let mark = if target.contains('?') { '&' } else { '?' };
            let page = self.unified("GET", &format!("{target}{mark}next_cursor={cursor}"), account, &Value::Null);
            assert_eq!(page.status, 200, "{target}: {}", page.body);
            records.extend(page.body["result"].as_array().into_iter().flatten().cloned());
            match page.body["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => return records,
            }
        }
    }

    /// A request as this client makes it; `target` may be a whole URL.
    pub(super) fn request(&self, method: &str, target: &str) -> Request {
        let target = target.strip_prefix(&format!("https://{}", self.host)).unwrap_or(target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = Headers::new();
        if let Some(authorization) = &self.authorization {
            headers.push("Authorization", authorization);
        }
        headers.push("Accept", "application/json");
        headers.push("User-Agent", "doccheck-test/1");
        Request {
            method: method.to_owned(),
            scheme: "https".to_owned(),
            host: self.host.clone(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: Vec::new(),
        }
    }

    pub(super) fn ask(&mut self, request: &Request) -> Got {
        let reply = self.world.answer(request, self.now).reply;
        let text = String::from_utf8(reply.body).unwrap_or_default();
        let body = match text.as_str() {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
        };
        Got { status: reply.status, headers: reply.headers, body }
    }
}

impl Got {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }
}

/// `Authorization: Basic …` for a user and a password (RFC 7617).
pub(super) fn basic(user: &str, password: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("Basic ");
    for three in format!("{user}:{password}").as_bytes().chunks(3) {
        let group = three.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let digit = DIGITS[(group >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= three.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

/// The texts at `pointer` in every element of a list.
pub(super) fn column(list: &Value, pointer: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    list.as_array().into_iter().flatten().map(|row| row.pointer(pointer).map_or_else(String::new, text)).collect()
}

/// Records with these fields alone.
pub(super) fn only(records: &[Value], names: &[&str]) -> Vec<Value> {
    let kept = |record: &Value| names.iter().map(|name| ((*name).to_owned(), record[*name].clone())).collect();
    records.iter().map(|record| Value::Object(kept(record))).collect()
}

/// The names of an object's members, in order.
pub(super) fn members(object: &Value) -> Vec<&str> {
    object.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn credentials_are_written_as_rfc_7617_has_them() {
    assert_eq!(basic("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_eq!(basic("key", "x"), "Basic a2V5Ong=");
    assert_eq!(basic("ke", ""), "Basic a2U6");
}
