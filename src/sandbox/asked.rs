//! What tests ask a made-up API.

use crate::http::{Headers, Request};

/// A request to `https://api.example.com` without a query, fields and a body.
pub(super) fn request(method: &str, path: &str) -> Request {
    Request {
        method: method.to_owned(),
        scheme: "https".to_owned(),
        host: "api.example.com".to_owned(),
        path: path.to_owned(),
        query: String::new(),
        headers: Headers::new(),
        body: Vec::new(),
    }
}
