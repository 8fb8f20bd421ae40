//! Which lines stay: old and new ones, aligned in bounded time.

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// The most pairs of lines that are aligned one by one; the middle of longer texts is replaced as a whole.
const PAIRS: usize = 1_000_000;

/// The steps from `old` to `new`.
pub(super) fn ops(old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    let start = old.iter().zip(new).take_while(|(one, other)| one == other).count();
    let rest = (&old[start..], &new[start..]);
    let end = rest.0.iter().rev().zip(rest.1.iter().rev()).take_while(|(one, other)| one == other).count();
    let (old_len, new_len) = (rest.0.len() - end, rest.1.len() - end);
    if old_len.saturating_mul(new_len) <= PAIRS {
        return capture_diff_slices(Algorithm::Myers, old, new);
    }
    vec![
        DiffOp::Equal { old_index: 0, new_index: 0, len: start },
        DiffOp::Replace { old_index: start, old_len, new_index: start, new_len },
        DiffOp::Equal { old_index: start + old_len, new_index: start + new_len, len: end },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_replaced_in_its_middle() {
        let (mut old, mut new) = (vec!["a"; 2000], vec!["b"; 3000]);
        for lines in [&mut old, &mut new] {
            lines.insert(0, "first");
            lines.push("last");
        }
        assert_eq!(
            ops(&old, &new),
            [
                DiffOp::Equal { old_index: 0, new_index: 0, len: 1 },
                DiffOp::Replace { old_index: 1, old_len: 2000, new_index: 1, new_len: 3000 },
                DiffOp::Equal { old_index: 2001, new_index: 3001, len: 1 },
            ]
        );
        assert_eq!(ops(&["a", "x"], &["a"]).len(), 2);
    }
}
