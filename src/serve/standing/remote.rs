//! The other end of the control: what a second terminal asks of a sandbox that stands.

use std::fmt;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Request, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::process::interrupted;
use crate::serve::control::{Description, Excerpt, PREFIX};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a wait looks whether the user has pressed Ctrl-C.
const GLANCE: Duration = Duration::from_millis(50);

/// The bytes of an answer that are taken: an excerpt of the journal is far shorter.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// A sandbox that stands, as another process sees it.
pub struct Remote {
    url: String,
    client: Client<HttpConnector, Full<Bytes>>,
    runtime: Runtime,
}

/// Why a sandbox did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// There is none.
    #[error("no sandbox answers at {url}: {reason}")]
    NotThere {
        /// Where it was looked for.
        url: String,
        /// A fragment.
        reason: String,
    },
    /// It refuses; a fragment.
    #[error("{0}")]
    Refused(String),
    /// The user pressed Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}

impl Remote {
    /// The sandbox at `url`, such as `http://127.0.0.1:4010`. Nothing is asked yet.
    ///
    /// # Errors
    ///
    /// `RemoteError::NotThere` where no request can be made.
    pub fn new(url: &str) -> Result<Self, RemoteError> {
        let url = url.trim_end_matches('/').trim_end_matches(PREFIX);
        let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| RemoteError::NotThere { url: url.clone(), reason: error.to_string() })?;
        let client = Client::builder(TokioExecutor::new()).build_http();
        Ok(Self { url, client, runtime })
    }

    /// What it tells of itself.
    ///
    /// # Errors
    ///
    /// `RemoteError`.
    pub fn describe(&self) -> Result<Description, RemoteError> {
        self.ask("GET", "/", None, PATIENCE)
    }

    /// Puts its clock forward by a time such as `46m`; what the clock shows then.
    ///
    /// # Errors
    ///
    /// `RemoteError`.
    pub fn advance(&self, by: &str) -> Result<String, RemoteError> {
        let answer: Value = self.ask("POST", "/advance", Some(json!({ "by": by })), PATIENCE)?;
        Ok(text(&answer["now"]))
    }

    /// Arms faults with commas between; all that are armed then.
    ///
    /// # Errors
    ///
    /// `RemoteError`.
    pub fn arm(&self, faults: &str) -> Result<Vec<String>, RemoteError> {
        let faults: Vec<&str> = faults.split(',').collect();
        let answer: Value = self.ask("POST", "/faults", Some(json!({ "faults": faults })), PATIENCE)?;
        Ok(texts(&answer["faults"]))
    }

    /// Disarms all faults; those that no request has met.
    ///
    /// # Errors
    ///
    /// `RemoteError`.
    pub fn disarm(&self) -> Result<Vec<String>, RemoteError> {
        let answer: Value = self.ask("DELETE", "/faults", None, PATIENCE)?;
        Ok(texts(&answer["unmet"]))
    }

    /// The entries of its journal after the one of number `after`; where there is none yet, waits for one up to `wait`.
    ///
    /// # Errors
    ///
    /// `RemoteError`.
    pub fn journal(&self, after: u64, wait: Duration) -> Result<Excerpt, RemoteError> {
        let path = format!("/journal?after={after}&wait={}", wait.as_secs());
        self.ask("GET", &path, None, wait + PATIENCE)
    }

    /// Puts its world back to the start; what the clock shows then.
    ///
    /// # Errors
    ///
    /// `RemoteError`.
    pub fn reset(&self) -> Result<String, RemoteError> {
        let answer: Value = self.ask("POST", "/reset", None, PATIENCE)?;
        Ok(text(&answer["now"]))
    }

    fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        patience: Duration,
    ) -> Result<T, RemoteError> {
        let lost = |reason: String| RemoteError::NotThere { url: self.url.clone(), reason };
        let body = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{PREFIX}{path}", self.url))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| lost(error.to_string()))?;
        let answer = async {
            let response = self.client.request(request).await.map_err(|error| lost(reason(&error)))?;
            let status = response.status();
            let body = Limited::new(response.into_body(), BODY_LIMIT).collect().await;
            let body = body.map_err(|error| lost(error.to_string()))?.to_bytes();
            if status.is_success() {
                return serde_json::from_slice(&body).map_err(|_| lost("what answers is no sandbox".to_owned()));
            }
            let told = serde_json::from_slice::<Value>(&body).ok();
            match told.as_ref().and_then(|told| told["error"].as_str()) {
                Some(told) => Err(RemoteError::Refused(told.to_owned())),
                None => Err(lost(format!("what answers is no sandbox ({status})"))),
            }
        };
        self.runtime.block_on(async {
            tokio::select! {
                answer = answer => answer,
                () = tokio::time::sleep(patience) => Err(lost("it takes too long".to_owned())),
                () = interruption() => Err(RemoteError::Interrupted),
            }
        })
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("url", &self.url).finish_non_exhaustive()
    }
}

/// Ends when the user presses Ctrl-C.
async fn interruption() {
    while !interrupted() {
        tokio::time::sleep(GLANCE).await;
    }
}

/// The innermost cause, which names what happened.
fn reason(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}
