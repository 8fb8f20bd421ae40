//! Ctrl-C: the first one ends what runs in order, the second one at once.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level;

use crate::system_clock;

/// The exit status of a program that Ctrl-C ended, by the shells' custom: 128 and the signal's number.
const INTERRUPTED: i32 = 130;

struct Handlers {
    pressed: Arc<AtomicBool>,
    /// Readable for ever after the first signal: nobody takes the bytes out, so that every wait wakes up.
    wake: UnixStream,
}

static HANDLERS: OnceLock<Handlers> = OnceLock::new();

/// As `install_handlers`; `kill_everything` is what a second press does.
pub(super) fn install(kill_everything: fn()) -> io::Result<()> {
    if HANDLERS.get().is_some() {
        return Ok(());
    }
    let (wake, wake_writer) = UnixStream::pair()?;
    let (count, count_writer) = UnixStream::pair()?;
    let pressed = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&pressed))?;
        low_level::pipe::register(signal, wake_writer.try_clone()?)?;
        low_level::pipe::register(signal, count_writer.try_clone()?)?;
    }
    std::thread::Builder::new().name("ctrl-c".into()).spawn(move || die_on_second(count, kill_everything))?;
    let _ = HANDLERS.set(Handlers { pressed, wake });
    Ok(())
}

/// `timeout`, a closing terminal and some CI runners send their signal twice in a row; a person cannot.
const ONE_PRESS: Duration = Duration::from_millis(200);

fn die_on_second(mut signals: UnixStream, kill_everything: fn()) {
    let mut first = None;
    while signals.read_exact(&mut [0]).is_ok() {
        let now = system_clock::now();
        if now.duration_since(*first.get_or_insert(now)) > ONE_PRESS {
            kill_everything();
            low_level::exit(INTERRUPTED);
        }
    }
}

/// True from the moment when the user pressed Ctrl-C (or TERM was sent); every wait of this module returns early then.
pub fn interrupted() -> bool {
    HANDLERS.get().is_some_and(|handlers| handlers.pressed.load(Ordering::SeqCst))
}

/// Readable from the first signal on; `None` where no handlers were installed.
pub(super) fn wake() -> Option<BorrowedFd<'static>> {
    HANDLERS.get().map(|handlers| handlers.wake.as_fd())
}

/// Waits until the user presses Ctrl-C or TERM is sent.
///
/// # Errors
///
/// The system's; also where no handlers were installed.
pub fn wait_for_interruption() -> io::Result<()> {
    let wake = wake().ok_or_else(|| io::Error::other("nobody listens to signals"))?;
    while !interrupted() {
        match poll(&mut [PollFd::from_borrowed_fd(wake, PollFlags::IN)], None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Waits until there is something to read from `input`, or its other end was closed; false where the user pressed
/// Ctrl-C before.
pub fn wait_for_input(input: BorrowedFd<'_>) -> io::Result<bool> {
    let descriptors = [Some(input), wake()];
    let mut polled: Vec<_> =
        descriptors.into_iter().flatten().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
    loop {
        match poll(&mut polled, None) {
            _ if interrupted() => return Ok(false),
            Ok(_) => return Ok(true),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
