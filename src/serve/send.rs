//! doccheck's own client, for `http` steps: through the front, like every client of a page.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Proxy};

use crate::http::{Headers, Reply, Request};
use crate::process::interrupted;

use super::gateway::PROXY_STATUS;
use super::{Protocol, ServeError, authority};

/// Sends `request` through the proxy at `proxy`, trusting `bundle`. A connection of its own each time: nothing
/// of one step is left for the next.
pub(super) async fn send(
    request: Request,
    protocol: Protocol,
    timeout: Duration,
    proxy: String,
    bundle: String,
) -> Result<Reply, ServeError> {
    let client = client(protocol, &proxy, &bundle).map_err(ServeError::NoAnswer)?;
    let answer = async {
        let method = Method::from_bytes(request.method.as_bytes()).map_err(|error| error.to_string());
        let mut built = client.request(method?, request.url());
        for (name, value) in request.headers.iter() {
            let name = HeaderName::try_from(name).map_err(|_| format!("`{name}` is not a header's name"))?;
            let value = HeaderValue::try_from(value).map_err(|_| format!("the value of `{name}` is not valid"))?;
            built = built.header(name, value);
        }
        if !request.body.is_empty() {
            built = built.body(request.body);
        }
        let response = built.send().await.map_err(reason)?;
        let speaker = response.headers().get(PROXY_STATUS);
        if speaker.is_some_and(|speaker| speaker.as_bytes().starts_with(b"doccheck;")) {
            return Err("nobody answers there".to_owned());
        }
        let status = response.status().as_u16();
        let mut headers = Headers::new();
        for (name, value) in response.headers() {
            headers.push(name.as_str(), String::from_utf8_lossy(value.as_bytes()));
        }
        let body = response.bytes().await.map_err(reason)?.to_vec();
        Ok(Reply { status, headers, body })
    };
    tokio::select! {
        answer = answer => answer.map_err(ServeError::NoAnswer),
        () = tokio::time::sleep(timeout) => Err(ServeError::TimedOut(timeout)),
        () = interruption() => Err(ServeError::NoAnswer("interrupted".to_owned())),
    }
}

/// Ends when the user presses Ctrl-C.
async fn interruption() {
    while !interrupted() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn client(protocol: Protocol, proxy: &str, bundle: &str) -> Result<Client, String> {
    let (alpn, builder) = match protocol {
        Protocol::Http1 => ("http/1.1", Client::builder().http1_only()),
        Protocol::Http2 => ("h2", Client::builder().http2_prior_knowledge()),
    };
    builder
        .tls_backend_preconfigured(authority::client_config(bundle, alpn)?)
        .proxy(Proxy::all(proxy).map_err(reason)?)
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .build()
        .map_err(reason)
}

/// The innermost cause, which names what happened; reqwest's own text only repeats the URL.
#[expect(clippy::needless_pass_by_value, reason = "called by `map_err`")]
fn reason(error: reqwest::Error) -> String {
    let mut cause: &dyn Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
