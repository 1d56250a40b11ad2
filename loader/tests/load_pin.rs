//! Pins, in a mount namespace of their own.

mod load_common;

use bpfasm_asm::object::Object;
use bpfasm_asm::uapi::MapType;
use bpfasm_loader::error::Error;
use bpfasm_loader::inspect;
use bpfasm_loader::load::{Loaded, Options, load};
use bpfasm_loader::sys::bpf::{obj_get, prog_info};
use load_common::*;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::fs;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

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
    let pins = loaded.pin(&dir).unwrap();
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
    let pins = loaded.pin(&fs.0).unwrap();
    assert_eq!((pins.dirs.len(), fs.entries()), (0, 1));
    pins.remove();
    assert_eq!(fs.entries(), 0);
}

#[test]
fn a_name_that_is_taken() {
    let Some(fs) = BpfFs::mount("taken") else { return };
    let first = loaded(&pass("taken"));
    let dir = fs.0.join("d");
    first.pin(&dir).unwrap();
    let second = loaded(&counter("taken", MapType::ARRAY));
    let e = second.pin(&dir).unwrap_err();
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
    let e = loaded(&object).pin(&fs.0.join("d")).unwrap_err();
    assert!(matches!(e, Error::PinExists { .. }), "{e}");
    assert_eq!(fs.entries(), 0);
}

#[test]
fn what_cannot_be_a_pin() {
    let Some(fs) = BpfFs::mount("cannot") else { return };
    let loaded = loaded(&pass("p"));
    let e = loaded.pin(Path::new("/tmp")).unwrap_err().to_string();
    assert_eq!(e, "/tmp: not on a BPF file system; mount one: mount -t bpf bpf /sys/fs/bpf");
    let e = loaded.pin(&fs.0.join("a.b")).unwrap_err();
    assert!(matches!(e, Error::PinName { .. }), "{e}");
    let e = loaded.pin(&fs.0.join("not/there")).unwrap_err();
    assert!(matches!(&e, Error::Pin { source, .. } if source.call == "statfs"), "{e}");
    assert_eq!(fs.entries(), 0);
}
