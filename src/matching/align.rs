//! The cheapest alignment of two short sequences, of which the first may hold gaps.

/// One step of an alignment; the numbers are indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    /// Both are there and match.
    Same(usize, usize),
    /// Both are there and differ.
    Pair(usize, usize),
    /// Only the expected one is there.
    Missing(usize),
    /// Only the actual one is there, and nothing allows it.
    Unexpected(usize),
    /// Only the actual one is there, and a gap allows it.
    Free(usize),
}

/// What an expected element is to an actual one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Likeness {
    /// It matches.
    Same,
    /// It does not; the number from 0 to 100 says how much they have in common.
    Differs(u32),
}

/// The cost of an expected element that stands alone. It is more than that of a pair that has much in common, so that
/// such pairs are made even where a gap would take the actual one for nothing.
pub(super) const MISSING: u32 = 130;

/// The same where the expected one is to be written anew: what a page shows is given up only where nothing is left that
/// could stand in its place, or a gap would swallow all that it says.
pub(super) const MISSING_AT_LAST: u32 = 300;

/// The cost of an actual element that stands alone.
const UNEXPECTED: u32 = 70;

/// The cost of a pair that differs. Two elements in one place are told as one difference, however little they have in
/// common; but to find one more that matches is worth two pairs.
fn pair_cost(common: u32) -> u32 {
    199 - common.min(98)
}

/// Aligns `rows` expected elements with `columns` actual ones. `gaps(i)` says that element `i` stands for any number
/// of actual ones; `missing` is what an expected element costs that stands alone. Takes time and memory in proportion to `rows * columns`: the caller keeps that small.
pub(super) fn align(
    rows: usize,
    columns: usize,
    missing: u32,
    gap: impl Fn(usize) -> bool,
    likeness: impl Fn(usize, usize) -> Likeness,
) -> Vec<Op> {
    let width = columns + 1;
    // The cost of aligning the elements from (row, column) on.
    let mut cost = vec![0_u32; (rows + 1) * width];
    // How the pair at (row, column) is taken; `None` where not asked.
    let mut pairs = vec![0_u8; rows * columns];
    for column in (0..columns).rev() {
        cost[rows * width + column] = cost[rows * width + column + 1] + UNEXPECTED;
    }
    for row in (0..rows).rev() {
        let is_gap = gap(row);
        for column in (0..=columns).rev() {
            let here = row * width + column;
            let below = cost[here + width];
            cost[here] = if is_gap {
                if column < columns { below.min(cost[here + 1]) } else { below }
            } else if column < columns {
                let pair = match likeness(row, column) {
                    Likeness::Same => 0,
                    Likeness::Differs(common) => pair_cost(common),
                };
                pairs[row * columns + column] = u8::try_from(pair).unwrap_or(u8::MAX);
                (cost[here + width + 1] + pair).min(below + missing).min(cost[here + 1] + UNEXPECTED)
            } else {
                below + missing
            };
        }
    }
    trace(rows, columns, gap, &cost, &pairs)
}

/// Walks along the cheapest way from the start. Of ways that cost the same the one that takes a pair comes first.
fn trace(rows: usize, columns: usize, gap: impl Fn(usize) -> bool, cost: &[u32], pairs: &[u8]) -> Vec<Op> {
    let width = columns + 1;
    let (mut row, mut column) = (0, 0);
    let mut ops = Vec::with_capacity(rows + columns);
    while row < rows || column < columns {
        if row == rows {
            ops.push(Op::Unexpected(column));
            column += 1;
            continue;
        }
        let here = row * width + column;
        if gap(row) {
            if cost[here] == cost[here + width] {
                row += 1;
            } else {
                ops.push(Op::Free(column));
                column += 1;
            }
            continue;
        }
        let pair = (column < columns).then(|| u32::from(pairs[row * columns + column]));
        match pair {
            Some(pair) if cost[here] == cost[here + width + 1] + pair => {
                ops.push(if pair == 0 { Op::Same(row, column) } else { Op::Pair(row, column) });
                row += 1;
                column += 1;
            }
            Some(_) if cost[here] == cost[here + 1] + UNEXPECTED => {
                ops.push(Op::Unexpected(column));
                column += 1;
            }
            _ => {
                ops.push(Op::Missing(row));
                row += 1;
            }
        }
    }
    ops
}

/// How much two texts have in common, from 0 to 100: what they share at their start and end, of their length.
pub(super) fn likeness(expected: &str, actual: &str) -> Likeness {
    if expected == actual {
        return Likeness::Same;
    }
    // Long lines are told apart well enough by their ends.
    const SEEN: usize = 256;
    let shorter = expected.len().min(actual.len());
    let front = expected.bytes().zip(actual.bytes()).take(SEEN).take_while(|(a, b)| a == b).count();
    let back = expected
        .bytes()
        .rev()
        .zip(actual.bytes().rev())
        .take(SEEN.min(shorter - front))
        .take_while(|(a, b)| a == b)
        .count();
    let longer = expected.len().max(actual.len()).clamp(1, 2 * SEEN);
    Likeness::Differs(u32::try_from((front + back) * 100 / longer).unwrap_or(100).min(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ops(expected: &str, actual: &str) -> String {
        let (expected, actual): (Vec<&str>, Vec<&str>) =
            (expected.split_whitespace().collect(), actual.split_whitespace().collect());
        align(
            expected.len(),
            actual.len(),
            MISSING,
            |row| expected[row] == "...",
            |row, column| likeness(expected[row], actual[column]),
        )
        .into_iter()
        .map(|op| match op {
            Op::Same(..) => '=',
            Op::Pair(..) => '~',
            Op::Missing(_) => '-',
            Op::Unexpected(_) => '+',
            Op::Free(_) => '.',
        })
        .collect()
    }

    #[test]
    fn aligns_like_a_reader() {
        for (expected, actual, way) in [
            ("", "", ""),
            ("a b c", "a b c", "==="),
            ("a b c", "a x c", "=~="),
            ("a b c", "a c", "=-="),
            ("a c", "a b c", "=+="),
            ("a b", "", "--"),
            ("", "a b", "++"),
            ("... c", "a b c", "..="),
            ("a ...", "a", "="),
            ("a ... d e", "a x y d f", "=..=~"),
            ("total=12", "note total=13", "+~"),
            ("... aaaaaa1 ...", "x aaaaaa2 y", ".~."),
            ("aaaaaa1 aaaaaa2", "aaaaaa2 aaaaaa3", "-=+"),
            ("name=x total=12", "total=13", "-~"),
        ] {
            assert_eq!(ops(expected, actual), way, "{expected} | {actual}");
        }
    }
}
