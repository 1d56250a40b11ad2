//! What an assembler adds for debuggers: call frames (`.cfi_*`) and the line table (`.file`, `.loc`).

mod frame;
mod line;

pub(super) use frame::Frames;
pub(super) use line::Lines;

use super::Assembly;
use super::section::{Fixup, FixupKind};
use super::symbol::{Location, Place, SymbolId, Value};
use crate::btf::bytes::Out;

/// A section being generated.
struct Generated {
    out: Out,
    /// Where something must be filled in, with how many bytes and what.
    fixups: Vec<(usize, u8, Value)>,
}

impl Generated {
    /// A value that is known only as a symbol.
    fn value(&mut self, size: u8, value: Value) {
        self.fixups.push((self.out.bytes.len(), size, value));
        self.out.bytes.resize(self.out.bytes.len() + usize::from(size), 0);
    }
}

impl Assembly<'_, '_> {
    fn generated(&self) -> Generated {
        Generated { out: Out::new(self.endian), fixups: vec![] }
    }

    /// A symbol for a place in code.
    fn place(&mut self, at: Location) -> SymbolId {
        let symbol = self.symbols.add("", 0, true);
        self.symbols.get_mut(symbol).place = Place::At(at);
        symbol
    }

    /// The number of bytes from one place to another in the same section.
    fn bytes_between(&self, from: Location, to: Location) -> u64 {
        let offset = |place: Location| self.sections[place.section as usize].offset(place);
        offset(to).saturating_sub(offset(from))
    }

    /// Appends what was generated to a section.
    fn append(&mut self, section: usize, generated: Generated) {
        let base = self.sections[section].bytes.len();
        for (at, size, value) in generated.fixups {
            let at = u32::try_from(base + at).unwrap_or(u32::MAX);
            let kind = FixupKind::Data(size);
            self.sections[section].fixups.push(Fixup { at, kind, value, source: (0, 0) });
        }
        self.sections[section].bytes.extend(generated.out.bytes);
    }
}
