//! Sorting in little code.
//!
//! The standard library's sorts are made for speed, and each use of one adds five to six KiB to a program. Here things
//! are compared by their places, in one sort of places for all of them; then each is moved once. What is in order
//! already, as nearly all is that comes here, takes one look.

use std::cmp::Ordering;

/// Slices that are put in order; those that are equal stay in the order that they have.
pub trait Sort<T> {
    /// In the order that `compare` says.
    fn order_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);

    /// In the order of a key of each.
    fn order_by_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K);

    /// In their own order.
    fn order(&mut self)
    where
        T: Ord;
}

impl<T> Sort<T> for [T] {
    fn order_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        if let Some(mut from) = places(self.len(), &mut |a, b| compare(&self[a], &self[b])) {
            // `from[at]` is the place of what belongs at `at`: each cycle of these is turned by one.
            for start in 0..from.len() {
                let mut at = start;
                while from[at] != start {
                    self.swap(at, from[at]);
                    at = std::mem::replace(&mut from[at], at);
                }
                from[at] = at;
            }
        }
    }

    fn order_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.order_by(|a, b| key(a).cmp(&key(b)));
    }

    fn order(&mut self)
    where
        T: Ord,
    {
        self.order_by(T::cmp);
    }
}

/// All places below `len` in the order of what is there; none if that is their order already.
#[inline(never)]
fn places(len: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Option<Vec<usize>> {
    (1..len).find(|at| compare(at - 1, *at).is_gt())?;
    let mut places: Vec<usize> = (0..len).collect();
    places.sort_by(|a, b| compare(*a, *b));
    Some(places)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Sort;

    proptest! {
        #[test]
        fn the_order_is_that_of_the_standard_library(
            mut ours in prop::collection::vec((0u8..20, any::<u32>()), 0..100),
        ) {
            let mut theirs = ours.clone();
            ours.order_by_key(|pair| pair.0);
            theirs.sort_by_key(|pair| pair.0);
            prop_assert_eq!(&ours, &theirs);
            ours.order();
            theirs.sort();
            prop_assert_eq!(ours, theirs);
        }
    }
}
