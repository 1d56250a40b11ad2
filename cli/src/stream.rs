//! Large files of plain instructions: read piece by piece, so that their text needs no memory.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use bpfasm_asm::assemble::{GasStream, LARGE, Options, Stream};
use bpfasm_asm::isa::Endian;
use bpfasm_asm::object::Object;

/// How much is read at a time.
const PIECE: usize = 128 << 10;

/// What such a file describes.
pub enum Streamed {
    /// A file of bare instructions.
    Object(Box<Object>),
    /// A `.s` file: the bytes of the object file, in pieces.
    Elf(Vec<Cow<'static, [u8]>>),
}

/// The object of a file of bare instructions; nothing where it is none, or something is to be said about it.
pub fn bare(path: &Path, options: &Options) -> Option<Streamed> {
    let (file, len) = open(path)?;
    let mut stream = Stream::new(len);
    feed(file, |piece| stream.take(piece).ok())?;
    stream.finish(&path.to_string_lossy(), options).ok().map(|object| Streamed::Object(Box::new(object)))
}

/// The object file of a `.s` file; nothing where it is small, or something is to be said about it.
pub fn gas(path: &Path, endian: Endian) -> Option<Streamed> {
    let (file, len) = open(path)?;
    let mut stream = GasStream::new(len, endian);
    feed(file, |piece| Some(stream.take(piece)))?;
    stream.finish().ok().map(Streamed::Elf)
}

/// A large file, and its length. What is no file is not even opened: a pipe is read once. Of a larger one than
/// there are places in, none could be named.
fn open(path: &Path) -> Option<(File, usize)> {
    let large = std::fs::metadata(path).ok().filter(|m| m.is_file() && m.len() >= LARGE)?;
    let len = u32::try_from(large.len()).ok()?;
    Some((File::open(path).ok()?, usize::try_from(len).ok()?))
}

fn feed(mut file: impl Read, mut take: impl FnMut(&[u8]) -> Option<usize>) -> Option<()> {
    let mut piece = vec![0; PIECE];
    let mut held = 0;
    loop {
        // A line as long as a piece is no instruction.
        let room = piece.get_mut(held..).filter(|room| !room.is_empty())?;
        let read = file.read(room).ok()?;
        if read == 0 {
            *room.first_mut()? = b'\n';
        }
        let end = held + read.max(1);
        let taken = take(&piece[..end])?;
        if read == 0 {
            return Some(());
        }
        piece.copy_within(taken..end, 0);
        held = end - taken;
    }
}
