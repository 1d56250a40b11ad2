//! Finding what is equal among things that are kept elsewhere, by number.

use std::hash::{BuildHasher, Hash};

use crate::hash::Seeded;

/// Numbers of things, found by their hashes; of the things themselves there is no copy here. No number is 0.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// Hash and number, each in the first place from where its hash says that was free; 0 stands for none. At most
    /// half of the places are taken.
    places: Vec<(u32, u32)>,
    taken: usize,
    hash: Seeded,
}

impl Index {
    /// The number of an equal thing, or the key for [`Self::note`].
    pub fn find<K: Hash + ?Sized>(&self, thing: &K, same: impl Fn(u32) -> bool) -> Result<u32, u32> {
        let [.., a, b, c, d] = self.hash.hash_one(thing).to_le_bytes();
        let key = u32::from_le_bytes([a, b, c, d]);
        let found = self.from(key).find(|(hash, number)| *number == 0 || *hash == key && same(*number));
        found.map(|(_, number)| number).filter(|number| *number != 0).ok_or(key)
    }

    /// Notes a new thing.
    pub fn note(&mut self, key: u32, number: u32) {
        if self.places.len() <= 2 * self.taken {
            let room = vec![(0, 0); (4 * self.taken).max(64).next_power_of_two()];
            for (key, number) in std::mem::replace(&mut self.places, room) {
                if number != 0 {
                    self.put(key, number);
                }
            }
        }
        self.put(key, number);
        self.taken += 1;
    }

    fn put(&mut self, key: u32, number: u32) {
        let last = self.places.len() - 1;
        let mut at = key as usize & last;
        while self.places[at].1 != 0 {
            at = (at + 1) & last;
        }
        self.places[at] = (key, number);
    }

    /// The places from where a hash says, each once.
    fn from(&self, key: u32) -> impl Iterator<Item = (u32, u32)> {
        // Their number is a power of two.
        let start = key as usize & self.places.len().saturating_sub(1);
        let (before, behind) = self.places.split_at(start);
        behind.iter().chain(before).copied()
    }
}
