//! The listing of `llvm-objdump -d --no-show-raw-insn`, of LLVM 19, byte by byte.

use std::io::{self, Write};

use goblin::elf::sym::{STT_COMMON, STT_FUNC, STT_OBJECT};

use super::out::Out;
use crate::elf::tables::{Section, Symbol, Tables};
use crate::elf::{self};
use crate::isa::Insn;
use crate::sort::Sort;

/// A file that can be listed.
#[derive(Debug)]
pub struct Llvm<'a> {
    tables: Tables<'a>,
    /// For each section its symbols in the order in which LLVM prefers them.
    symbols: Vec<Vec<Symbol<'a>>>,
    /// Those of no section.
    absolute: Vec<Symbol<'a>>,
    /// Sections by address, and then by size.
    by_address: Vec<usize>,
}

impl<'a> Llvm<'a> {
    /// The sections and symbols of an ELF file.
    ///
    /// # Errors
    /// What is broken.
    pub fn parse(data: &'a [u8]) -> Result<Self, elf::Error> {
        let tables = Tables::parse(data)?;
        let mut symbols = vec![vec![]; tables.sections.len()];
        let mut absolute = vec![];
        for symbol in &tables.symbols {
            match symbol.section.and_then(|n| symbols.get_mut(n)) {
                Some(list) => list.push(*symbol),
                None => absolute.push(*symbol),
            }
        }
        absolute.order();
        for (list, section) in symbols.iter_mut().zip(&tables.sections) {
            list.order();
            // Code without a symbol at its start gets one.
            if section.executable && list.first().is_none_or(|first| first.address != section.address) {
                let (address, name) = (section.address, section.name);
                let dummy = Symbol { address, name, kind: STT_FUNC, section: None };
                list.insert(list.partition_point(|symbol| *symbol < dummy), dummy);
            }
        }
        let mut by_address: Vec<usize> = (0..tables.sections.len()).collect();
        by_address.order_by_key(|n| (tables.sections[*n].address, tables.sections[*n].size));
        Ok(Self { tables, symbols, absolute, by_address })
    }

    /// Writes the listing of all sections, or of those of one name; `file` is the name in its first line.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn write(&self, file: &str, only: Option<&str>, to: &mut dyn Write) -> io::Result<()> {
        let mut out = Out::new(to);
        out.text("\n");
        out.push_str(file);
        out.text(":\tfile format elf64-bpf\n");
        for (number, section) in self.tables.sections.iter().enumerate() {
            if section.executable && only.is_none_or(|name| section.name == name.as_bytes()) {
                self.section(&mut out, number, section)?;
            }
        }
        out.flush()
    }

    /// One section, from each address that has symbols to the next.
    fn section(&self, out: &mut Out, number: usize, section: &Section) -> io::Result<()> {
        let mut symbols = self.symbols[number].as_slice();
        let mut headed = false;
        while let Some(first) = symbols.first() {
            let count = symbols.iter().take_while(|symbol| symbol.address == first.address).count();
            let (here, rest) = symbols.split_at(count);
            symbols = rest;
            let next = rest.first().and_then(|next| offset(section, next.address));
            let end = next.unwrap_or(usize::MAX).min(section.bytes.len());
            let Some(start) = offset(section, first.address).filter(|start| *start < end) else { continue };
            if !headed {
                out.text("\nDisassembly of section ");
                out.push_bytes(section.name);
                out.text(":\n");
                headed = true;
            }
            // Of several symbols the last is shown, but a symbol of code before those of data.
            let code = here.iter().rev().find(|symbol| !matches!(symbol.kind, STT_OBJECT | STT_COMMON));
            out.text("\n");
            address(out, first.address);
            out.text(" <");
            out.push_bytes(code.or(here.last()).map_or(&[], |symbol| symbol.name));
            out.text(">:");
            out.end()?;
            match code {
                Some(_) => self.code(out, number, section, start, end)?,
                None => data(out, section, start, end)?,
            }
        }
        Ok(())
    }

    fn code(
        &self,
        out: &mut Out,
        number: usize,
        section: &Section,
        start: usize,
        end: usize,
    ) -> io::Result<()> {
        let mut at = start;
        while at < end {
            let rest = &section.bytes[at..];
            let zeros = zeros(&rest[..end - at]);
            if zeros > 0 {
                out.text("\t\t...");
                at += zeros;
                out.end()?;
                continue;
            }
            let here = section.address.wrapping_add(as_u64(at));
            out.right::<10>(here / 8, 8);
            out.text(":\t");
            let decoded = Insn::decode_llvm(rest, self.tables.endian);
            // Of what is cut short, it goes on with the next byte.
            let len = decoded.map_or(1, |(.., len)| len);
            match decoded {
                Some((insn, Some(syntax), _)) => {
                    insn.write_llvm(syntax, out);
                    if let Some(slots) = syntax.distance(&insn) {
                        // The instruction has one slot.
                        let target = here.wrapping_add(8).wrapping_add_signed(i64::from(slots) * 8);
                        self.target(out, number, target);
                    }
                }
                _ => out.text("<unknown>"),
            }
            at += len;
            out.end()?;
        }
        Ok(())
    }

    /// ` <symbol+0x8>`: where a jump goes.
    fn target(&self, out: &mut Out, number: usize, target: u64) {
        let last = |symbols: &'_ [Symbol<'a>]| {
            symbols
                .partition_point(|s| s.address <= target)
                .checked_sub(1)
                .and_then(|i| symbols.get(i).copied())
        };
        let near = if self.tables.relocatable {
            last(&self.symbols[number])
        } else {
            self.sections_at(target).find_map(|n| last(&self.symbols[n]))
        };
        let Some(symbol) = near.or_else(|| last(&self.absolute)) else { return };
        out.text(" <");
        out.push_bytes(symbol.name);
        if target != symbol.address {
            out.text("+0x");
            out.number::<16>(target - symbol.address);
        }
        out.text(">");
    }

    /// In a linked file, the sections in which an address may be: those that begin last before it.
    fn sections_at(&self, target: u64) -> impl Iterator<Item = usize> {
        let sections = &self.tables.sections;
        let after = self.by_address.partition_point(|n| sections[*n].address <= target);
        let before = self.by_address[..after].iter().rev().copied();
        let address = before.clone().next().map(|n| sections[n].address);
        // There are few at one address but in odd files.
        before.take(MANY).take_while(move |n| Some(sections[*n].address) == address)
    }
}

/// So many sections at one address are looked at.
const MANY: usize = 64;

/// Where an address is in a section, also beyond its end.
fn offset(section: &Section, address: u64) -> Option<usize> {
    usize::try_from(address.checked_sub(section.address)?).ok()
}

/// How many zero bytes are skipped: whole words of four, from eight bytes on.
fn zeros(bytes: &[u8]) -> usize {
    match bytes.iter().take_while(|byte| **byte == 0).count() {
        0..8 => 0,
        count => count & !3,
    }
}

/// Data among code: eight bytes a line, and what they are as text.
fn data(out: &mut Out, section: &Section, start: usize, end: usize) -> io::Result<()> {
    for (i, bytes) in section.bytes[start..end].chunks(8).enumerate() {
        let at = section.address.wrapping_add(as_u64(start + 8 * i));
        out.right::<16>(at, 8);
        out.text(":");
        for byte in bytes {
            out.text(" ");
            out.byte(*byte);
        }
        out.blanks(3 * (8 - bytes.len()) + 9);
        out.push_bytes(
            &bytes.iter().map(|b| if matches!(b, b' '..=b'~') { *b } else { b'.' }).collect::<Vec<_>>(),
        );
        out.end()?;
    }
    Ok(())
}

/// Sixteen hexadecimal digits.
fn address(out: &mut Out, address: u64) {
    address.to_be_bytes().into_iter().for_each(|byte| out.byte(byte));
}

fn as_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
