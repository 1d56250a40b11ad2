//! What two sequences have in common (Myers, "An O(ND) Difference Algorithm and Its Variations", 1986).

/// Beyond so many differences two sequences are held for different altogether: the work grows with their square.
const MOST: usize = 1024;

/// Pairs of places at which equal things stand, ascending in both sequences; as many as there can be.
pub(super) fn common<T: PartialEq>(left: &[T], right: &[T]) -> Vec<(usize, usize)> {
    let start = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let (a, b) = (&left[start..], &right[start..]);
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[..a.len() - end], &b[..b.len() - end]);
    let mut pairs: Vec<_> = (0..start).map(|i| (i, i)).collect();
    pairs.extend(middle(a, b).into_iter().map(|(i, j)| (start + i, start + j)));
    pairs.extend((0..end).map(|i| (left.len() - end + i, right.len() - end + i)));
    pairs
}

/// The same without what both begin and end with.
fn middle<T: PartialEq>(left: &[T], right: &[T]) -> Vec<(usize, usize)> {
    let (n, m) = (left.len(), right.len());
    let most = (n + m).min(MOST);
    // How far along `left` each diagonal gets; diagonal k stands at `most + 1 + k`.
    let mut far = vec![0usize; 2 * most + 3];
    let mut trace = vec![];
    for d in 0..=most {
        trace.push(far.clone());
        for at in (most + 1 - d..=most + 1 + d).step_by(2) {
            let down = at == most + 1 - d || at != most + 1 + d && far[at - 1] < far[at + 1];
            let mut x = if down { far[at + 1] } else { far[at - 1] + 1 };
            let Some(mut y) = (x + most + 1).checked_sub(at) else { continue };
            while x < n && y < m && left[x] == right[y] {
                (x, y) = (x + 1, y + 1);
            }
            far[at] = x;
            if x >= n && y >= m {
                return walk(&trace, most, n, m);
            }
        }
    }
    vec![]
}

/// The way back through the rounds.
fn walk(trace: &[Vec<usize>], most: usize, n: usize, m: usize) -> Vec<(usize, usize)> {
    let (mut x, mut y) = (n, m);
    let mut pairs = vec![];
    for (d, far) in trace.iter().enumerate().rev() {
        let at = x + most + 1 - y;
        let down = at == most + 1 - d || at != most + 1 + d && far[at - 1] < far[at + 1];
        let before = if down { at + 1 } else { at - 1 };
        let from = if d == 0 { 0 } else { far[before] };
        let start = if d == 0 { 0 } else { from + usize::from(!down) };
        while x > start {
            (x, y) = (x - 1, y - 1);
            pairs.push((x, y));
        }
        if d > 0 {
            (x, y) = (from, (from + most + 1).saturating_sub(before));
        }
    }
    pairs.reverse();
    pairs
}

#[cfg(test)]
mod tests {
    use super::common;
    use proptest::prelude::*;

    /// The length of the longest common subsequence, by the book.
    fn longest(a: &[u8], b: &[u8]) -> usize {
        let mut row = vec![0; b.len() + 1];
        for x in a {
            let mut corner = 0;
            for (j, y) in b.iter().enumerate() {
                let up = row[j + 1];
                row[j + 1] = if x == y { corner + 1 } else { up.max(row[j]) };
                corner = up;
            }
        }
        row[b.len()]
    }

    proptest! {
        #[test]
        fn as_much_as_can_be(a in prop::collection::vec(0u8..4, 0..30), b in prop::collection::vec(0u8..4, 0..30)) {
            let pairs = common(&a, &b);
            prop_assert!(pairs.iter().all(|(i, j)| a[*i] == b[*j]));
            prop_assert!(pairs.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 < w[1].1));
            prop_assert_eq!(pairs.len(), longest(&a, &b));
        }
    }
}
