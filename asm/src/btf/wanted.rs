//! Names that are looked for in BTF, all of them in one pass.

use std::collections::HashMap;

use super::Head;
use crate::bytes;
use crate::hash::Seeded;

/// Names of types that are wanted, and the types that have them. A type of the name `file___2` is one of `file`, too.
#[derive(Debug, Clone)]
pub struct Wanted<'n> {
    found: HashMap<&'n [u8], Vec<Head>, Seeded>,
    /// A bit for each kind that is wanted.
    kinds: u32,
    /// A bit for the first two bytes of each name: nearly all names of a kernel are passed over by these.
    starts: [u64; 64],
}

impl Default for Wanted<'_> {
    fn default() -> Self {
        Self { found: HashMap::default(), kinds: 0, starts: [0; 64] }
    }
}

impl<'n> Wanted<'n> {
    /// Wants types of that name and of these kinds (`BTF_KIND_*`). What is found may be of kinds that are wanted of
    /// other names.
    pub fn add(&mut self, name: &'n str, kinds: &[u32]) {
        let name = essential(name.as_bytes());
        // Behind a name of one letter comes its end or what follows the essential part of it.
        let seconds: &[u8] = if let [_, second, ..] = name { &[*second] } else { b"\0_" };
        for (word, bit) in seconds.iter().map(|second| start(*name.first().unwrap_or(&0), *second)) {
            self.starts[word] |= bit;
        }
        self.kinds |= kinds.iter().fold(0, |all, kind| all | 1u32.checked_shl(*kind).unwrap_or(0));
        self.found.entry(name).or_default();
    }

    /// Whether nothing is wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The types that were found, of this name and of its variants, in the order of their numbers.
    #[must_use]
    pub fn found(&self, name: &str) -> &[Head] {
        self.found.get(essential(name.as_bytes())).map_or(&[], Vec::as_slice)
    }

    pub(super) fn has_kind(&self, kind: u32) -> bool {
        self.kinds >> kind & 1 == 1
    }

    /// Takes a type if its name is wanted. The name is all that follows from where it begins among the strings.
    pub(super) fn meet(&mut self, name: &[u8], head: impl FnOnce() -> Option<Head>) {
        let [first, second, ..] = name else { return };
        let (word, bit) = start(*first, *second);
        if self.starts[word] & bit == 0 {
            return;
        }
        let name = bytes::nul(name).and_then(|end| name.get(..end)).unwrap_or_default();
        if let Some(found) = self.found.get_mut(essential(name)) {
            found.extend(head());
        }
    }
}

/// The bit of a name that begins with these bytes. Letters of a name differ in their low six bits.
fn start(first: u8, second: u8) -> (usize, u64) {
    (usize::from(first & 63), 1 << (second & 63))
}

/// A name up to its last three underscores between other characters: what is behind them tells variants of a type
/// apart (`task_struct___old`), and the kernel's type has the name before them.
#[must_use]
pub fn essential(name: &[u8]) -> &[u8] {
    let variant =
        |w: &[u8]| matches!(w, [before, b'_', b'_', b'_', after] if *before != b'_' && *after != b'_');
    name.windows(5).rposition(variant).map_or(name, |at| &name[..=at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::btf::{Btf, Kind, Scan, Type};
    use crate::isa::Endian;

    #[test]
    fn a_variant_is_what_three_underscores_set_apart() {
        let of = |name: &'static str| std::str::from_utf8(essential(name.as_bytes())).unwrap();
        for (name, base) in [
            ("file", "file"),
            ("file___2", "file"),
            ("file___old_one", "file"),
            ("a___b___c", "a___b"),
            ("a___b", "a"),
            ("a___", "a___"),
            ("___b", "___b"),
            ("a____b", "a____b"),
            ("", ""),
        ] {
            assert_eq!(of(name), base, "{name}");
        }
    }

    #[test]
    fn all_names_are_found_in_one_pass() {
        let mut btf = Btf::default();
        for name in ["file", "a", "inode", "a___x", "b", "file___2", "filet", "fi"] {
            btf.add(Type::named(name, Kind::Struct { size: 0, members: vec![], bitfields: false }));
            btf.add(Type::named(name, Kind::Fwd { union: false }));
        }
        let bytes = btf.encode(Endian::Little).unwrap();
        let mut wanted = Wanted::default();
        assert!(wanted.is_empty());
        for name in ["a", "file___mine", "gone", "c"] {
            wanted.add(name, &[4]);
        }
        let scan = Scan::finding(&bytes, None, &mut wanted).unwrap();
        let ids = |name| wanted.found(name).iter().map(|head| head.id.0).collect::<Vec<_>>();
        assert_eq!(
            (ids("file"), ids("a"), ids("gone"), ids("inode")),
            (vec![1, 11], vec![3, 7], vec![], vec![])
        );
        for head in scan.heads() {
            let ty: Type<&str> = scan.get(head.id).unwrap().unwrap();
            assert!(scan.is_named(&head, ty.name) && scan.name(&head) == Some(ty.name));
        }
        assert_eq!(scan.heads().count(), 16);
        assert_eq!(scan.get::<&str>(scan.last()).unwrap().unwrap().name, "fi");
        assert!(scan.get::<&str>(crate::btf::TypeId(17)).unwrap().is_none());
    }
}
