//! The file in which the clock stands. Every process of the page maps or reads it; this side reads and writes it as a file,
//! which Linux keeps the same as its mappings.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The places of the numbers in the file, each a native 64-bit integer: microseconds since 1970, how many sleep in real
/// time, and what the preloaded library counts for itself: how many looks of programs there were on end, and since when.
const BASE: u64 = 0;
const TICKS: u64 = 8;
const START: u64 = 16;
const SLEEPERS: u64 = 24;
const TURNED: u64 = 32;
const TURNS: u64 = 40;

/// The clock's file.
#[derive(Debug)]
pub(super) struct Shared(File);

impl Shared {
    /// Makes the file.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
        let shared = Self(file);
        shared.restart(0);
        Ok(shared)
    }

    /// Starts a new world's time.
    pub(super) fn restart(&self, start: i64) {
        for place in [BASE, START] {
            self.write(place, start);
        }
        for place in [TICKS, SLEEPERS, TURNED, TURNS] {
            self.write(place, 0);
        }
    }

    /// The time at which the world stands; only the arbiter moves it.
    pub(super) fn base(&self) -> i64 {
        self.read(BASE)
    }

    /// The latest time that a process has read and told.
    pub(super) fn ticks(&self) -> i64 {
        self.read(TICKS)
    }

    /// Moves the world on; never back.
    pub(super) fn move_to(&self, base: i64) {
        if base > self.base() {
            self.write(BASE, base);
        }
    }

    /// How many sleep in real time, or have woken and were not seen to. While it is not 0, whoever wants to know the time
    /// asks the arbiter first: it knows who has woken, and it may not have looked since.
    pub(super) fn sleepers(&self) -> i64 {
        self.read(SLEEPERS)
    }

    pub(super) fn tell_sleepers(&self, count: usize) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        if count != self.sleepers() {
            self.write(SLEEPERS, count);
        }
    }

    /// A number that the file does not give is a file that somebody cut short; the world then stands at its beginning.
    fn read(&self, place: u64) -> i64 {
        let mut bytes = [0; 8];
        let _ = self.0.read_exact_at(&mut bytes, place);
        i64::from_ne_bytes(bytes)
    }

    fn write(&self, place: u64, number: i64) {
        let _ = self.0.write_all_at(&number.to_ne_bytes(), place);
    }
}
