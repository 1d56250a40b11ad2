//! What the kernel holds, seen without bpfasm: libbpf and `/proc` are the witnesses.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use libbpf_rs::query::{LinkInfoIter, MapInfoIter, ProgInfoIter};
use libbpf_rs::{
    MapCore, MapFlags, MapHandle, MapType, Object, ObjectBuilder, PrintLevel, ProgramInput, RingBufferBuilder,
};

use crate::tool::wait_until;

/// Ids of programs, maps and links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids {
    /// Programs.
    pub progs: BTreeSet<u32>,
    /// Maps.
    pub maps: BTreeSet<u32>,
    /// Links.
    pub links: BTreeSet<u32>,
}

impl Ids {
    /// What a process holds open, from the `fdinfo` of its file descriptors.
    #[must_use]
    pub fn of(pid: u32) -> Self {
        let mut ids = Self::default();
        let Ok(entries) = std::fs::read_dir(format!("/proc/{pid}/fdinfo")) else { return ids };
        for entry in entries.flatten() {
            let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
            // A program's fdinfo has a prog_id; so has a link's, beside its link_id.
            let field = |name: &str| -> Option<u32> {
                let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                line.and_then(|value| value.trim().parse().ok())
            };
            ids.progs.extend(field("prog_id"));
            ids.maps.extend(field("map_id"));
            ids.links.extend(field("link_id"));
        }
        ids
    }

    /// Everything in the kernel whose program or map name starts so. Names are cut at 15 bytes there.
    #[must_use]
    pub fn named(prefix: &str) -> Self {
        let prefix = prefix.as_bytes();
        let progs: BTreeSet<u32> =
            ProgInfoIter::default().filter(|p| p.name.as_bytes().starts_with(prefix)).map(|p| p.id).collect();
        let maps =
            MapInfoIter::default().filter(|m| m.name.as_bytes().starts_with(prefix)).map(|m| m.id).collect();
        let links = LinkInfoIter::default().filter(|l| progs.contains(&l.prog_id)).map(|l| l.id).collect();
        Self { progs, maps, links }
    }

    /// Waits until the kernel has freed all of them; it does so some time after the last reference goes.
    ///
    /// # Panics
    /// When something is still there after five seconds.
    #[track_caller]
    pub fn wait_gone(&self) {
        wait_until(&format!("{self:?} to be freed"), Duration::from_secs(5), || {
            let gone = ProgInfoIter::default().all(|p| !self.progs.contains(&p.id))
                && MapInfoIter::default().all(|m| !self.maps.contains(&m.id))
                && LinkInfoIter::default().all(|l| !self.links.contains(&l.id));
            gone.then_some(())
        });
    }

    /// The map with this name among these.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    #[track_caller]
    pub fn map(&self, name: &str) -> MapHandle {
        let found = MapInfoIter::default()
            .find(|map| self.maps.contains(&map.id) && map.name.to_string_lossy().ends_with(name));
        let id = found.unwrap_or_else(|| panic!("no map {name} among {:?}", self.maps)).id;
        MapHandle::from_map_id(id).expect("map by id")
    }
}

/// The u64 at the start of element `key` of an array; the sum over all CPUs if it is a per-CPU array.
///
/// # Panics
/// When there is no such element, or it is shorter.
#[must_use]
#[track_caller]
pub fn counter(map: &impl MapCore, key: u32) -> u64 {
    let key = key.to_ne_bytes();
    let first = |value: &Vec<u8>| u64::from_ne_bytes(value[..8].try_into().expect("8 bytes"));
    if map.map_type() == MapType::PercpuArray {
        let values = map.lookup_percpu(&key, MapFlags::ANY).expect("lookup").expect("an element");
        return values.iter().map(first).sum();
    }
    first(&map.lookup(&key, MapFlags::ANY).expect("lookup").expect("an element"))
}

/// An object loaded by libbpf, whose programs can be run on packets.
#[derive(Debug)]
pub struct Loaded(Object);

impl Loaded {
    /// Loads an object file.
    ///
    /// # Panics
    /// When libbpf or the verifier refuses it.
    #[must_use]
    #[track_caller]
    pub fn open(path: &Path) -> Self {
        Self::open_with(path, &[])
    }

    /// Loads an object file after overwriting the first bytes of its `.rodata`.
    ///
    /// # Panics
    /// When libbpf or the verifier refuses it.
    #[must_use]
    #[track_caller]
    pub fn open_with(path: &Path, rodata: &[u8]) -> Self {
        libbpf_rs::set_print(Some((PrintLevel::Warn, |_, text| eprint!("{text}"))));
        let mut open = ObjectBuilder::default().open_file(path).expect("libbpf opens the object");
        for mut map in open.maps_mut() {
            if !rodata.is_empty() && map.name().to_string_lossy().ends_with(".rodata") {
                let data = map.initial_value_mut().expect(".rodata");
                data[..rodata.len()].copy_from_slice(rodata);
            }
        }
        Self(open.load().expect("libbpf loads the object"))
    }

    /// Names of its programs.
    #[must_use]
    pub fn programs(&self) -> Vec<String> {
        self.0.progs().map(|prog| prog.name().to_string_lossy().into_owned()).collect()
    }

    /// The return value of a program for a packet; `None` where the kernel takes no such packet.
    ///
    /// # Panics
    /// When there is no such program.
    #[must_use]
    #[track_caller]
    pub fn verdict(&self, program: &str, packet: &[u8]) -> Option<u32> {
        self.answer(program, packet).map(|(verdict, _)| verdict)
    }

    /// The return value of a program for a packet, and what became of the packet.
    ///
    /// # Panics
    /// When there is no such program.
    #[must_use]
    #[track_caller]
    pub fn answer(&self, program: &str, packet: &[u8]) -> Option<(u32, Vec<u8>)> {
        let mut progs = self.0.progs_mut();
        let prog = progs.find(|prog| prog.name().to_string_lossy() == program);
        let prog = prog.unwrap_or_else(|| panic!("no program {program}"));
        // A packet may grow, but by no more than the room in front of it and behind it.
        let mut out = vec![0; packet.len() + 512];
        let input = ProgramInput {
            data_in: Some(packet),
            data_out: Some(&mut out),
            repeat: 1,
            ..ProgramInput::default()
        };
        let output = prog.test_run(input).ok()?;
        Some((output.return_value, output.data.unwrap_or_default().to_vec()))
    }

    /// What stands under a key of a map of this object.
    ///
    /// # Panics
    /// When there is no such map or element.
    #[must_use]
    #[track_caller]
    pub fn element(&self, map: &str, key: &[u8]) -> Vec<u8> {
        let map = self.0.maps().find(|m| m.name().to_string_lossy() == map).expect("the map");
        map.lookup(key, MapFlags::ANY).expect("a map that can be read").expect("the element")
    }

    /// The next record of a ring buffer of this object.
    ///
    /// # Panics
    /// When there is no such map, or no record in it.
    #[must_use]
    #[track_caller]
    pub fn record(&self, map: &str) -> Vec<u8> {
        let map = self.0.maps().find(|m| m.name().to_string_lossy() == map).expect("the map");
        let record = RefCell::new(None);
        let mut builder = RingBufferBuilder::new();
        let first = |bytes: &[u8]| i32::from(record.borrow_mut().replace(bytes.to_vec()).is_some());
        builder.add(&map, first).expect("a ring buffer");
        builder.build().expect("a ring buffer").consume().expect("records");
        record.take().expect("a record")
    }

    /// The counter at `key` of an array of this object, summed over CPUs.
    ///
    /// # Panics
    /// When there is no such map or element.
    #[must_use]
    #[track_caller]
    pub fn counter(&self, map: &str, key: u32) -> u64 {
        let found = self.0.maps().find(|m| m.name().to_string_lossy().ends_with(map));
        counter(&found.unwrap_or_else(|| panic!("no map {map}")), key)
    }
}
