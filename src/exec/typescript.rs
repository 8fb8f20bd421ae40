//! Types out of TypeScript, in process, with every line and column kept.

/// JavaScript, and what a reader should know.
#[derive(Debug)]
pub(super) struct Stripped {
    pub(super) code: String,
    pub(super) note: Option<String>,
}

/// Takes the types out of `code`.
///
/// Code that types alone cannot be taken out of (`enum`, `namespace`, parameter properties) is transformed, with a
/// note: Node's own type stripping refuses it.
#[cfg(feature = "typescript")]
pub(super) fn strip(code: &str, page: &str) -> Result<Stripped, String> {
    use swc_common::errors::Handler;
    use swc_common::sync::Lrc;
    use swc_common::{GLOBALS, Globals, SourceMap};
    use swc_ts_fast_strip::{Mode, Options, operate};

    let attempt = |mode| {
        let map: Lrc<SourceMap> = Lrc::default();
        let messages = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let sink = Messages(std::sync::Arc::clone(&messages));
        let handler = Handler::with_emitter_writer(Box::new(sink), Some(map.clone()));
        let options = Options { module: Some(true), filename: Some(page.to_owned()), mode, ..Options::default() };
        let result = GLOBALS.set(&Globals::new(), || operate(&map, &handler, code.to_owned(), options));
        result.map(|output| output.code).map_err(|error| {
            let told = messages.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let told = String::from_utf8_lossy(&told).trim().to_owned();
            if told.is_empty() { error.to_string() } else { told }
        })
    };
    match attempt(Mode::StripOnly) {
        Ok(code) => Ok(Stripped { code, note: None }),
        Err(refused) => match attempt(Mode::Transform) {
            Ok(code) => Ok(Stripped {
                code,
                note: Some(format!(
                    "Node's own type stripping refuses this code: {}",
                    refused.lines().next().unwrap_or_default()
                )),
            }),
            Err(error) => Err(format!("SyntaxError: {error}")),
        },
    }
}

#[cfg(feature = "typescript")]
struct Messages(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

#[cfg(feature = "typescript")]
impl std::io::Write for Messages {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// This build has no TypeScript.
#[cfg(not(feature = "typescript"))]
pub(super) fn strip(_code: &str, _page: &str) -> Result<Stripped, String> {
    Err("this doccheck was built without its feature `typescript`".to_owned())
}
