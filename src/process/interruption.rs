//! Ctrl-C and its kin: a flag that every wait looks at, so that what runs is ended in good order.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// True from the moment when the user pressed Ctrl-C (or TERM or HUP was sent).
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// From now on Ctrl-C, TERM and HUP set `interrupted` in place of ending doccheck at once; a second one ends it.
///
/// Steps run in sessions of their own, so a terminal's Ctrl-C does not reach them: doccheck ends them. Descendants
/// that lose their parent become doccheck's own, so that none escapes.
pub fn install_handlers() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    // Where no thread can be had, signals end doccheck as they end any program.
    let _ = std::thread::Builder::new().name("signals".into()).spawn(listen);
}

fn listen() {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
    runtime.block_on(async {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = kinds.map(signal) else { return };
        let mut again = false;
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            INTERRUPTED.store(true, Ordering::Relaxed);
            if again {
                super::crew::kill_all();
                #[expect(clippy::exit, clippy::disallowed_methods, reason = "the user asked a second time")]
                std::process::exit(130);
            }
            again = true;
        }
    });
}
