//! Answers of bpf(2) that nobody asked the kernel for.

use super::{ASKS, Cmd, attr};
use super::{BTF_LOAD, LINK_CREATE, MAP_CREATE, MAP_GET_NEXT_KEY, MAP_LOOKUP_ELEM};
use super::{OBJ_GET_INFO_BY_FD, PROG_LOAD, PROG_QUERY, RAW_TRACEPOINT_OPEN};
use crate::sys::Result;
use crate::sys::stand_in::{self, Thing, nothing};
use nix::errno::Errno;
use std::os::fd::{IntoRawFd, RawFd};

/// Whether a command only looks at what the kernel has.
///
/// # Safety
/// `attr` is the attribute of `cmd`.
pub(super) unsafe fn asks(cmd: Cmd, attr: *const u8) -> bool {
    if cmd == OBJ_GET_INFO_BY_FD {
        // SAFETY: the attribute of this command.
        let info = unsafe { &*attr.cast::<attr::Info>() };
        return stand_in::thing(info.bpf_fd.cast_signed()).is_none();
    }
    if cmd == PROG_QUERY {
        // SAFETY: the attribute of this command.
        let query = unsafe { &*attr.cast::<attr::Query>() };
        return stand_in::thing(query.target.cast_signed()).is_none();
    }
    ASKS.contains(&cmd)
}

/// The answer of a kernel that takes everything.
///
/// # Safety
/// `attr` is the attribute of `cmd`, and every address in it is 0 or valid for what the kernel writes there.
pub(super) unsafe fn answer(cmd: Cmd, attr: *mut u8) -> Result<super::Number> {
    let done = |n| Ok(super::Number { n, gives_fd: cmd.gives_fd() });
    let open = |thing| done(stand_in::open(cmd.call, thing)?.into_raw_fd());
    match cmd {
        MAP_CREATE => {
            // SAFETY: the attribute of this command.
            let a = unsafe { &*attr.cast::<attr::MapCreate>() };
            let facts = [a.map_type, a.key_size, a.value_size, a.max_entries, a.map_flags];
            open(Thing::Map(facts, a.map_name, a.map_extra))
        }
        PROG_LOAD => {
            // SAFETY: the attribute of this command.
            let a = unsafe { &*attr.cast::<attr::ProgLoad>() };
            open(Thing::Prog(a.prog_type, a.prog_name))
        }
        LINK_CREATE => {
            // SAFETY: the attribute of this command.
            let a = unsafe { &*attr.cast::<attr::LinkCreate>() };
            if a.attach_type == bpfasm_asm::uapi::AttachType::XDP.0 {
                stand_in::set_xdp(a.target, a.prog_fd.cast_signed(), a.flags);
            }
            open(Thing::Link)
        }
        RAW_TRACEPOINT_OPEN => open(Thing::Link),
        BTF_LOAD => open(Thing::Other),
        PROG_QUERY => {
            // SAFETY: the attribute of this command, which was borrowed mutably.
            unsafe { &mut *attr.cast::<attr::Query>() }.count = 0;
            done(0)
        }
        MAP_LOOKUP_ELEM | MAP_GET_NEXT_KEY => nothing(cmd.call),
        OBJ_GET_INFO_BY_FD => {
            // SAFETY: the attribute of this command.
            let a = unsafe { &*attr.cast::<attr::Info>() };
            // SAFETY: the caller's promise about its addresses.
            unsafe { tell(cmd, a) }.and_then(|()| done(0))
        }
        _ => done(0),
    }
}

/// Tells about a stand-in.
///
/// # Safety
/// The address in `ask` is valid for writing as many bytes as it says.
unsafe fn tell(cmd: Cmd, ask: &attr::Info) -> Result<()> {
    let fd: RawFd = ask.bpf_fd.cast_signed();
    let place = std::ptr::with_exposed_provenance_mut::<u8>(usize::try_from(ask.info).unwrap_or(0));
    let has_room = |size: usize| usize::try_from(ask.info_len).is_ok_and(|len| len == size);
    match stand_in::thing(fd) {
        Some((id, Thing::Prog(kind, name))) if has_room(size_of::<attr::ProgInfo>()) => {
            // The addresses that it came with are of no use to who asked, once the counts are 0.
            let told = attr::ProgInfo { kind, id, name, ..attr::ProgInfo::default() };
            // SAFETY: there is room for it, as the caller promises and the length says.
            unsafe { place.cast::<attr::ProgInfo>().write(told) };
        }
        Some((id, Thing::Map([kind, key_size, value_size, max_entries, map_flags], name, map_extra)))
            if has_room(size_of::<attr::MapInfo>()) =>
        {
            let told = attr::MapInfo {
                kind,
                id,
                key_size,
                value_size,
                max_entries,
                map_flags,
                name,
                map_extra,
                ..attr::MapInfo::default()
            };
            // SAFETY: as above.
            unsafe { place.cast::<attr::MapInfo>().write(told) };
        }
        Some((id, Thing::Link)) if has_room(size_of::<attr::LinkInfo>()) => {
            // SAFETY: as above.
            unsafe {
                place.cast::<attr::LinkInfo>().write(attr::LinkInfo { id, ..attr::LinkInfo::default() })
            };
        }
        _ => return Err(cmd.error(Errno::EINVAL)),
    }
    Ok(())
}
