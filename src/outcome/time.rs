//! Where the time of a page's world went, in words.

use std::time::Duration;

use crate::clock::in_words;
use crate::transcript::TimeSpent;

/// What is shorter is not worth a line: every exchange takes a little.
const TOLD: u64 = 1_000_000;

/// The shortest part of a time that is told, and the shortest wait in real time.
const SHORTEST: u64 = 10_000;
const WAITED: u64 = 100_000;

/// How the time of a step was spent, where it waited for long or something is to be known about it. The same in every run:
/// real time, which is not, stands in the step's line.
pub(super) fn notes(time: &TimeSpent) -> Vec<String> {
    let mut notes = Vec::new();
    let real: u64 = time.real.iter().map(|wait| wait.waited_us).sum();
    let read = time.virtual_us.saturating_sub(time.asleep_us + time.exchanges_us + real);
    if time.asleep_us >= TOLD || read >= TOLD {
        let parts = [(time.asleep_us, "asleep"), (time.exchanges_us, "with requests under way"), (read, "reading it")];
        let parts: Vec<_> = parts.into_iter().filter(|(spent, _)| *spent >= SHORTEST).collect();
        let told =
            adding_up(&parts.iter().map(|(spent, _)| *spent).collect::<Vec<_>>(), time.virtual_us.saturating_sub(real));
        let parts: Vec<_> =
            told.into_iter().zip(parts).map(|(told, (_, how))| format!("{} {how}", span(told))).collect();
        notes.push(format!("{} passed on the page's clock: {}", span(time.virtual_us), parts.join(" and ")));
    }
    for wait in time.real.iter().filter(|wait| wait.waited_us >= WAITED) {
        let waited = span(wait.waited_us);
        let whose = if wait.program.is_empty() { "a program".to_owned() } else { format!("`{}`", wait.program) };
        notes.push(format!("waited {waited} in real time: no hook makes the sleep of {whose} virtual"));
    }
    if time.overtook {
        notes.push(
            "not reproducible: a program computed until something would happen without looking at the clock, and was \
             overtaken"
                .to_owned(),
        );
    }
    if time.ran_out {
        notes.push(
            "not reproducible: its time limit, which is real time, was over while the page's clock went on".to_owned(),
        );
    }
    notes
}

/// From a minute on spans are told to the second, so that parts of one may be told as more or less than it: the longest part
/// is what the others leave of it.
fn adding_up(parts: &[u64], whole: u64) -> Vec<u64> {
    let as_told = |micros: u64| if micros < 60_000_000 { micros } else { (micros + 499_999) / 1_000_000 * 1_000_000 };
    let mut told: Vec<u64> = parts.iter().map(|part| as_told(*part)).collect();
    if let Some((longest, _)) = parts.iter().enumerate().max_by_key(|(_, part)| **part) {
        let others: u64 = told.iter().sum::<u64>() - told[longest];
        told[longest] = as_told(whole).saturating_sub(others);
    }
    told
}

fn span(micros: u64) -> String {
    in_words(Duration::from_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::RealWait;

    #[test]
    fn a_step_that_waited_says_where_its_time_went() {
        let time = TimeSpent {
            virtual_us: 180_240_000,
            asleep_us: 180_000_000,
            exchanges_us: 240_000,
            ..TimeSpent::default()
        };
        assert_eq!(notes(&time), ["3 min passed on the page's clock: 3 min asleep and 240 ms with requests under way"]);
    }

    #[test]
    fn parts_are_told_so_that_they_add_up() {
        let told = |virtual_us, asleep_us, exchanges_us| {
            notes(&TimeSpent { virtual_us, asleep_us, exchanges_us, ..TimeSpent::default() }).concat()
        };
        let cut = "1 min 30 s passed on the page's clock: 1 min 30 s asleep and 399 ms with requests under way";
        assert_eq!(told(90_200_000, 89_801_000, 399_000), cut);
        let both = "2 min 59 s passed on the page's clock: 1 min 29 s asleep and 1 min 30 s with requests under way";
        assert_eq!(told(179_200_000, 89_610_000, 89_590_000), both);
    }

    #[test]
    fn a_loop_on_the_clock_is_no_sleep() {
        let time = TimeSpent { virtual_us: 20_000_000, ..TimeSpent::default() };
        assert_eq!(notes(&time), ["20 s passed on the page's clock: 20 s reading it"]);
    }

    #[test]
    fn what_hardly_waited_says_nothing() {
        let time = TimeSpent { virtual_us: 60_000, exchanges_us: 60_000, ..TimeSpent::default() };
        assert_eq!(notes(&time), [""; 0]);
    }

    #[test]
    fn real_waits_and_what_cannot_be_repeated_are_told() {
        let real = vec![RealWait { program: "perl".to_owned(), waited_us: 2_000_000 }];
        let time = TimeSpent { real, overtook: true, ran_out: true, ..TimeSpent::default() };
        let notes = notes(&time);
        assert_eq!(notes[0], "waited 2 s in real time: no hook makes the sleep of `perl` virtual");
        assert!(notes[1].starts_with("not reproducible: a program"));
        assert!(notes[2].starts_with("not reproducible: its time limit"));
    }

    #[test]
    fn a_limit_ends_a_step_at_another_time_where_more_than_exchanges_moves_its_clock() {
        let time = TimeSpent { virtual_us: 40_000, exchanges_us: 40_000, ..TimeSpent::default() };
        let limit = Duration::from_secs(1);
        assert!(!time.clone().within(1_000_000, limit).ran_out);
        let time = TimeSpent { asleep_us: 1, virtual_us: 40_001, ..time };
        assert!(time.clone().within(1_000_000, limit).ran_out);
        assert!(!time.within(999_999, limit).ran_out);
    }
}
