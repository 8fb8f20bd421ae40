//! The known word that a misspelt one was probably meant to be.

/// The word of `known` that is at most a third of its letters away from `word`: letters left out, added, changed, or
/// two neighbours swapped. The first of equals.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut best: Option<(usize, &str)> = None;
    for candidate in known {
        let distance = distance(word, candidate);
        let allowed = (candidate.chars().count().max(word.chars().count()) / 3).max(1);
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Optimal string alignment distance, without regard to ASCII case.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().map(|c| c.to_ascii_lowercase()).collect();
    let right: Vec<char> = right.chars().map(|c| c.to_ascii_lowercase()).collect();
    let mut before = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let mut cost = (above[j] + usize::from(a != b)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                let swapped: &Vec<usize> = &before;
                cost = cost.min(swapped[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[right.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_swap_a_loss_and_a_slip_are_near() {
        let keys = ["name", "exit", "timeout", "session"];
        assert_eq!(nearest("exti", keys), Some("exit"));
        assert_eq!(nearest("timout", keys), Some("timeout"));
        assert_eq!(nearest("sesssion", keys), Some("session"));
        assert_eq!(nearest("EXIT", keys), Some("exit"));
    }

    #[test]
    fn a_word_of_its_own_is_near_nothing() {
        assert_eq!(nearest("linenums", ["name", "exit", "timeout"]), None);
        assert_eq!(nearest("", ["name"]), None);
    }
}
