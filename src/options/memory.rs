//! How much memory the programs of a step may hold.

use std::fmt;

/// A limit of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory(u64);

/// What a message says that `memory` takes.
pub(super) const TAKES: &str = "a size with its unit, such as `64MiB` or `1GiB`, from `1MiB` to `1TiB`";

/// The units, the larger one first.
const UNITS: [(&str, u64); 7] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1000),
];

/// Below the least no program starts; above the most nothing is limited. Either is a slip.
const LEAST: u64 = 1 << 20;
const MOST: u64 = 1 << 40;

impl Memory {
    /// Reads a whole number with a unit; `None` where it is none, or out of all bounds.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, factor) = UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let bytes = number.parse::<u64>().ok().filter(|_| digits)?.checked_mul(*factor)?;
        (LEAST..=MOST).contains(&bytes).then_some(Self(bytes))
    }

    /// The number of bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Memory {
    /// In the largest unit of which it is a whole number.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS.iter().find(|(_, factor)| self.0.is_multiple_of(*factor));
        match whole {
            Some((unit, factor)) => write!(to, "{}{unit}", self.0 / factor),
            None => write!(to, "{} bytes", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Memory;

    #[test]
    fn a_size_is_read_and_told() {
        for (text, bytes, told) in [
            ("64MiB", 67_108_864, "64MiB"),
            ("2048KiB", 2_097_152, "2MiB"),
            ("1GiB", 1_073_741_824, "1GiB"),
            ("1TiB", 1_099_511_627_776, "1TiB"),
            ("64MB", 64_000_000, "62500KiB"),
            ("1500001kB", 1_500_001_000, "1500001kB"),
        ] {
            let memory = Memory::parse(text).unwrap();
            assert_eq!((memory.bytes(), memory.to_string()), (bytes, told.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_or_a_slip_is_none() {
        for text in [
            "",
            "64",
            "MiB",
            "64 MiB",
            "64mib",
            "64M",
            "-1GiB",
            "+64MiB",
            "1.5GiB",
            "0MiB",
            "1023KiB",
            "2TiB",
            "99999999999999999999GiB",
        ] {
            assert_eq!(Memory::parse(text), None, "{text}");
        }
    }
}
