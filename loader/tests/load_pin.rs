//! Pins, in a mount namespace of their own.

mod load_common;

use bpfasm_asm::object::Object;
use bpfasm_asm::uapi::MapType;
use bpfasm_loader::error::Error;
use bpfasm_loader::inspect;
use bpfasm_loader::load::{Existing, Loaded, Options, Place, load};
use bpfasm_loader::sys::bpf::{map_info, obj_get, obj_pin, prog_info};
use load_common::*;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::fs;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A BPF file system that only this thread sees; its directory goes when the test ends.
struct BpfFs(PathBuf);

impl BpfFs {
    fn mount(name: &str) -> Option<BpfFs> {
        if !may_load() {
            return None;
        }
        let dir = std::env::temp_dir().join(format!("bpfasm-{name}-{}", std::process::id()));
        fs::create_dir(&dir).unwrap();
        unshare(CloneFlags::CLONE_NEWNS).unwrap();
        let none = None::<&str>;
        mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).unwrap();
        mount(Some("bpf"), &dir, Some("bpf"), MsFlags::empty(), none).unwrap();
        Some(BpfFs(dir))
    }

    /// What is in it, but for the kernel's own `maps.debug` and `progs.debug`.
    fn entries(&self) -> usize {
        let names = fs::read_dir(&self.0).unwrap().map(|e| e.unwrap().file_name());
        names.filter(|n| !n.to_string_lossy().ends_with(".debug")).count()
    }
}

impl Drop for BpfFs {
    fn drop(&mut self) {
        let _ = nix::mount::umount(&self.0);
        let _ = fs::remove_dir(&self.0);
    }
}

fn loaded(object: &Object) -> Loaded {
    load(object, &Options::default()).unwrap()
}

#[test]
fn programs_maps_and_sections_are_pinned_and_removed() {
    let Some(fs) = BpfFs::mount("pin") else { return };
    let mut object = with_data("pinned");
    object.maps.push(map("hits", MapType::ARRAY, 4, 8, 1));
    let loaded = loaded(&object);
    let dir = fs.0.join("here");
    let mut pins = loaded.pin(&Place::new(&dir)).unwrap();
    assert_eq!(pins.dirs, [dir.clone(), dir.join("maps")]);
    assert_eq!(pins.progs, [("pinned".to_owned(), dir.join("pinned"))]);
    let names: Vec<&Path> = pins.maps.iter().map(|(_, p)| p.strip_prefix(&dir).unwrap()).collect();
    assert_eq!(names, ["maps/hits", "maps/rodata", "maps/data", "maps/bss"].map(Path::new));

    let id = prog_info(loaded.progs[0].as_fd()).unwrap().id;
    drop(loaded);
    assert_eq!(prog_info(obj_get(&dir.join("pinned"), 0).unwrap().as_fd()).unwrap().id, id);
    let value = inspect::open_pinned_map(&dir.join("maps/data")).unwrap().lookup(&[0; 4], 0).unwrap();
    assert_eq!(value, Some(20u32.to_ne_bytes().to_vec()));

    pins.remove();
    assert_eq!(fs.entries(), 0);
}

#[test]
fn a_directory_that_was_there_stays() {
    let Some(fs) = BpfFs::mount("stays") else { return };
    let loaded = loaded(&pass("stays"));
    let pins = loaded.pin(&Place::new(&fs.0)).unwrap();
    assert_eq!((pins.dirs.len(), fs.entries()), (0, 1));
    drop(pins);
    assert_eq!(fs.entries(), 0);
}

#[test]
fn a_name_that_is_taken() {
    let Some(fs) = BpfFs::mount("taken") else { return };
    let first = loaded(&pass("taken"));
    let dir = fs.0.join("d");
    first.pin(&Place::new(&dir)).unwrap().keep();
    let second = loaded(&counter("taken", MapType::ARRAY));
    let e = second.pin(&Place::new(&dir)).unwrap_err();
    assert!(matches!(&e, Error::PinExists { path } if *path == dir.join("taken")), "{e}");
    assert!(e.to_string().contains("exists; remove it or choose another directory"), "{e}");
    assert!(!dir.join("maps").exists(), "nothing of the second is left");
    assert!(dir.join("taken").exists(), "the first is still there");
}

#[test]
fn a_failure_half_way_removes_what_was_pinned() {
    let Some(fs) = BpfFs::mount("half") else { return };
    let mut object = counter("half", MapType::ARRAY);
    // Two maps of one name: free at the preflight, taken when the second is pinned.
    object.maps.push(object.maps[0].clone());
    let e = loaded(&object).pin(&Place::new(&fs.0.join("d"))).unwrap_err();
    assert!(matches!(e, Error::PinExists { .. }), "{e}");
    assert_eq!(fs.entries(), 0);
}

#[test]
fn what_cannot_be_a_pin() {
    let Some(fs) = BpfFs::mount("cannot") else { return };
    let loaded = loaded(&pass("p"));
    let e = loaded.pin(&Place::new(Path::new("/tmp"))).unwrap_err().to_string();
    assert_eq!(e, "/tmp: not on a BPF file system; mount one: mount -t bpf bpf /sys/fs/bpf");
    let e = loaded.pin(&Place::new(&fs.0.join("a.b"))).unwrap_err();
    assert!(matches!(e, Error::PinName { .. }), "{e}");
    let e = loaded.pin(&Place::new(&fs.0.join("not/there"))).unwrap_err();
    assert!(matches!(&e, Error::Pin { source, .. } if source.call == "statfs"), "{e}");
    assert_eq!(fs.entries(), 0);
}

/// Loads an object that pins its maps by their names, below `root`.
fn by_name(object: &Object, root: &Path) -> Result<Loaded, Error> {
    load(object, &Options { pin_root: Some(root.into()), ..Options::default() })
}

fn id_of(map: &impl AsFd) -> u32 {
    map_info(map.as_fd()).unwrap().id
}

#[test]
fn maps_are_found_under_their_names() {
    let Some(fs) = BpfFs::mount("by-name") else { return };
    let mut object = counter("by_name", MapType::HASH);
    object.maps[0].pin_by_name = true;
    // What is not kept is taken back, with the directory.
    let root = fs.0.join("root");
    drop(by_name(&object, &root).unwrap());
    assert_eq!(fs.entries(), 0);

    let mut first = by_name(&object, &root).unwrap();
    let path = root.join("hits");
    assert_eq!(first.notes, [format!("map `hits` is pinned at {}, as the object says", path.display())]);
    assert_eq!((first.maps[0].reused, first.maps[0].pin.as_ref()), (false, Some(&path)));
    first.maps[0].map.update(&[7; 4], &[1; 8], 0).unwrap();
    first.pins.keep();
    let id = id_of(&first.maps[0].map);
    drop(first);

    let second = by_name(&object, &root).unwrap();
    assert!(second.maps[0].reused);
    assert_eq!(id_of(&second.maps[0].map), id);
    assert_eq!(second.maps[0].map.lookup(&[7; 4], 0).unwrap(), Some(vec![1; 8]));
    // It is not pinned twice, and what was there before stays.
    let dir = fs.0.join("d");
    let pins = second.pin(&Place::new(&dir)).unwrap();
    assert_eq!(pins.maps, []);
    drop((pins, second));
    assert!(path.exists() && !dir.exists());
}

#[test]
fn a_map_of_that_name_that_is_another() {
    let Some(fs) = BpfFs::mount("other") else { return };
    let mut object = counter("other", MapType::HASH);
    object.maps[0].pin_by_name = true;
    by_name(&object, &fs.0).unwrap().pins.keep();
    object.maps[0].max_entries = 1024;
    object.maps[0].flags = 1;
    let said = by_name(&object, &fs.0).unwrap_err().to_string();
    let path = fs.0.join("hits");
    let table = "               wanted found\n  max_entries  1024   1\n  map_flags    0x1    0x0";
    let wanted = format!(
        "map `hits`: {} is another one:\n{table}\nname another map or pin, or remove this one",
        path.display()
    );
    assert_eq!(said, wanted);
    // A number that the object leaves open is any; the flags still differ.
    object.maps[0].max_entries = 0;
    let said = by_name(&object, &fs.0).unwrap_err().to_string();
    assert!(said.contains("map_flags") && !said.contains("max_entries"), "{said}");
    object.maps[0].flags = 0;
    assert!(by_name(&object, &fs.0).unwrap().maps[0].reused);
}

#[test]
fn sizes_that_the_machine_gives_are_no_difference() {
    let Some(fs) = BpfFs::mount("sizes") else { return };
    let mut object = pass("sizes");
    object.maps = vec![
        map("events", MapType::PERF_EVENT_ARRAY, 4, 4, 0),
        map("ring", MapType::RINGBUF, 0, 0, 5000),
        map("devices", MapType::DEVMAP, 4, 4, 2),
    ];
    object.maps.iter_mut().for_each(|m| m.pin_by_name = true);
    by_name(&object, &fs.0).unwrap().pins.keep();
    let again = by_name(&object, &fs.0).unwrap();
    assert!(again.maps.iter().all(|m| m.reused), "{:?}", again.maps);
    assert_eq!(map_info(again.maps[1].map.as_fd()).unwrap().max_entries, 8192);
}

#[test]
fn a_map_in_the_place_of_the_objects() {
    let Some(fs) = BpfFs::mount("given") else { return };
    let mut object = counter("given", MapType::ARRAY);
    let first = loaded(&object);
    let pin = fs.0.join("pin");
    obj_pin(first.maps[0].map.as_fd(), &pin).unwrap();
    let with = |place: &str, object: &Object| {
        let maps = vec![("hits".to_owned(), Arc::new(Existing::open(place)?))];
        load(object, &Options { maps, ..Options::default() })
    };
    let id = id_of(&first.maps[0].map);
    for place in [pin.display().to_string(), format!("id:{id}")] {
        let second = with(&place, &object).unwrap();
        assert_eq!(id_of(&second.maps[0].map), id, "{place}");
    }
    object.maps[0].value_size = 16;
    let said = with(&format!("id:{id}"), &object).unwrap_err().to_string();
    assert!(said.starts_with(&format!("map `hits`: id:{id} is another one")), "{said}");
    assert!(said.contains("value_size   16     8"), "{said}");
    assert_eq!(with("id:x", &object).unwrap_err().to_string(), "id:x: not a number");
    let prog = fs.0.join("prog");
    obj_pin(first.progs[0].as_fd(), &prog).unwrap();
    let said = with(prog.to_str().unwrap(), &object).unwrap_err().to_string();
    assert!(said.ends_with("prog: a program, not a map"), "{said}");
}

/// Ids under `dir`: of the program, and of the map.
fn pinned_ids(dir: &Path, prog: &str) -> (u32, u32) {
    let prog = prog_info(obj_get(&dir.join(prog), 0).unwrap().as_fd()).unwrap().id;
    (prog, id_of(&inspect::open_pinned_map(&dir.join("maps/hits")).unwrap()))
}

#[test]
fn a_program_takes_the_place_of_another() {
    let Some(fs) = BpfFs::mount("replace") else { return };
    let dir = fs.0.join("d");
    let mut object = counter("again", MapType::ARRAY);
    let first = loaded(&object);
    first.pin(&Place::new(&dir)).unwrap().keep();
    let before = pinned_ids(&dir, "again");

    let place = Place { replace: true, ..Place::new(&dir) };
    let kept = Options { kept: Some(place.maps()), ..Options::default() };
    let second = load(&object, &kept).unwrap();
    assert!(second.maps[0].reused);
    let pins = second.pin(&place).unwrap();
    let after = pinned_ids(&dir, "again");
    assert!(after.0 != before.0 && after.1 == before.1, "{before:?} {after:?}");
    // Taken back, the first is there again.
    drop(pins);
    assert_eq!(pinned_ids(&dir, "again"), before);
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 2);
    second.pin(&place).unwrap().keep();
    assert_eq!(pinned_ids(&dir, "again").0, after.0);

    // A map that is another is replaced, too.
    object.maps[0].max_entries = 9;
    let third = load(&object, &kept).unwrap();
    let at = dir.join("maps/hits");
    let note = format!("map `hits` is new: the one at {} has another max_entries", at.display());
    assert_eq!(third.notes, [note]);
    third.pin(&place).unwrap().keep();
    assert_ne!(pinned_ids(&dir, "again").1, before.1);
    assert_eq!(
        (fs::read_dir(&dir).unwrap().count(), fs::read_dir(dir.join("maps")).unwrap().count()),
        (2, 1)
    );
}

#[test]
fn a_failure_while_replacing_brings_back_what_was_there() {
    let Some(fs) = BpfFs::mount("bring-back") else { return };
    let dir = fs.0.join("d");
    let object = counter("back", MapType::ARRAY);
    loaded(&object).pin(&Place::new(&dir)).unwrap().keep();
    let before = pinned_ids(&dir, "back");
    let place = Place { replace: true, ..Place::new(&dir) };
    let new = loaded(&object);
    // In the way of a map of ours is a directory, which nothing can replace.
    fs::remove_file(dir.join("maps/hits")).unwrap();
    fs::create_dir(dir.join("maps/hits")).unwrap();
    new.pin(&place).unwrap_err();
    fs::remove_dir(dir.join("maps/hits")).unwrap();
    let prog = prog_info(obj_get(&dir.join("back"), 0).unwrap().as_fd()).unwrap().id;
    assert_eq!(prog, before.0);
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 2, "no further pin is left");
}
