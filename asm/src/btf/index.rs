//! Finding what is equal among things that are kept elsewhere, by number.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

/// Numbers of things by their hashes; of the things themselves there is no copy here.
#[derive(Debug, Clone)]
pub(super) struct Index<T> {
    /// The hash of a thing, or the next free number after it.
    numbers: HashMap<u64, T, BuildHasherDefault<AsIs>>,
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Self { numbers: HashMap::default() }
    }
}

impl<T: Copy> Index<T> {
    /// The number of an equal thing, or the key for [`Self::note`].
    pub fn find<K: Hash + ?Sized>(&self, thing: &K, same: impl Fn(T) -> bool) -> Result<T, u64> {
        // The same in every run, as all that bpfasm makes.
        let mut hasher = DefaultHasher::new();
        thing.hash(&mut hasher);
        let mut key = hasher.finish();
        while let Some(number) = self.numbers.get(&key) {
            if same(*number) {
                return Ok(*number);
            }
            key = key.wrapping_add(1);
        }
        Err(key)
    }

    /// Notes a new thing.
    pub fn note(&mut self, key: u64, number: T) {
        self.numbers.insert(key, number);
    }
}

/// Keys are hashes already.
#[derive(Debug, Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*b);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
