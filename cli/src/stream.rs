//! Large files of bare instructions: read piece by piece, so that their text needs no memory.

use std::fs::File;
use std::io::Read;

use bpfasm_asm::assemble::{LARGE, Options, Stream};
use bpfasm_asm::object::Object;

use crate::args::SourceArgs;

/// How much is read at a time.
const PIECE: usize = 128 << 10;

/// The object of such a file; nothing where it is none, or something is to be said about it.
pub fn assemble(args: &SourceArgs, options: &Options) -> Option<Object> {
    let file = File::open(&args.file).ok()?;
    let large = file.metadata().ok().filter(|m| m.is_file() && m.len() >= LARGE)?;
    let stream = Stream::new(usize::try_from(large.len()).ok()?);
    if args.compile.describe {
        return None;
    }
    feed(file, stream)?.finish(&args.file.to_string_lossy(), options).ok()
}

fn feed(mut file: impl Read, mut stream: Stream) -> Option<Stream> {
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
        let taken = stream.take(&piece[..end]).ok()?;
        if read == 0 {
            return Some(stream);
        }
        piece.copy_within(taken..end, 0);
        held = end - taken;
    }
}
