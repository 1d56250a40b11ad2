//! Finding what is equal among things that are kept elsewhere, by number.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

/// Numbers of things, found by their hashes; of the things themselves there is no copy here. No number is 0.
#[derive(Debug, Clone)]
pub(super) struct Index {
    /// Hash and number, each in the first place from where its hash says that was free; 0 stands for none. At most
    /// half of the places are taken.
    places: Vec<(u32, u32)>,
    taken: usize,
    /// Nobody can choose things whose hashes are the same. What is found does not depend on it.
    seed: u64,
}

impl Default for Index {
    fn default() -> Self {
        Self { places: vec![], taken: 0, seed: RandomState::new().hash_one(0) }
    }
}

impl Index {
    /// The number of an equal thing, or the key for [`Self::note`].
    pub fn find<K: Hash + ?Sized>(&self, thing: &K, same: impl Fn(u32) -> bool) -> Result<u32, u32> {
        let mut hasher = Mix(self.seed);
        thing.hash(&mut hasher);
        let [.., a, b, c, d] = hasher.finish().to_le_bytes();
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

/// A hash of what is long, eight bytes at a time.
struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    /// Both halves of a product depend on all bits.
    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * 0x9e37_79b9_7f4a_7c15;
        let [a, b, c, d, e, f, g, h, rest @ ..] = product.to_le_bytes();
        self.0 = u64::from_le_bytes([a, b, c, d, e, f, g, h]) ^ u64::from_le_bytes(rest);
    }
}
