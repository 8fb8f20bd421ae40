//! Parting the pages among several runs.

use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The pages of one run out of several that run them all together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which one, from 1.
    pub index: u64,
    /// Out of how many.
    pub of: u64,
}

impl Shard {
    /// True where the page belongs to this shard. It depends on nothing but the page's path, so that a page that comes
    /// or goes moves no other one.
    pub fn holds(self, path: &str) -> bool {
        let hash = Sha256::digest(path.as_bytes());
        let number = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        number % self.of == self.index - 1
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((index, of)) if 1 <= index && index <= of => Ok(Self { index, of }),
            _ => Err("a shard is written as 2/5: the second of five".to_owned()),
        }
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.index, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_in_one_shard_and_stays_there() {
        let pages: Vec<String> = (0..500).map(|at| format!("docs/page-{at}.md")).collect();
        for of in 1..=7 {
            let shards: Vec<Shard> = (1..=of).map(|index| Shard { index, of }).collect();
            for page in &pages {
                assert_eq!(shards.iter().filter(|shard| shard.holds(page)).count(), 1, "{page} of {of}");
            }
            // None is left with nearly nothing to do.
            let least = shards.iter().map(|shard| pages.iter().filter(|page| shard.holds(page)).count()).min();
            assert!(least > Some(300 / of as usize), "{of}: {least:?}");
        }
        // Pinned, so that every version parts them alike: SHA-256's first eight bytes, modulo five.
        let second = Shard { index: 2, of: 5 };
        let held: Vec<usize> = (0..20).filter(|at| second.holds(&pages[*at])).collect();
        assert_eq!(held, [2, 3, 7, 9, 16]);
    }

    #[test]
    fn a_shard_is_one_of_several() {
        assert_eq!("2/5".parse(), Ok(Shard { index: 2, of: 5 }));
        for wrong in ["", "2", "0/5", "6/5", "1/0", "a/b", "-1/5", "1/5/5"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
