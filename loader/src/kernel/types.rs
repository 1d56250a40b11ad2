//! The kernel's types (BTF): its own and those of its modules.

use std::cell::OnceCell;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use bpfasm_asm::btf::{Head, Scan, TypeId, Wanted};
use bpfasm_asm::elf;
use nix::errno::Errno;

use super::release;
use crate::error::{Error, Result};
use crate::inspect;
use crate::sys::bpf::{Kind, btf_info};
use crate::sys::{self, Bytes};

/// Where the kernel shows its types.
pub const VMLINUX: &str = "/sys/kernel/btf/vmlinux";

/// Kinds of types that are looked for (`BTF_KIND_*`).
pub mod kind {
    /// A struct.
    pub const STRUCT: u32 = 4;
    /// A typedef.
    pub const TYPEDEF: u32 = 8;
    /// A function.
    pub const FUNC: u32 = 12;
    /// A variable.
    pub const VAR: u32 = 14;
}

/// What the kernel itself is called among modules.
const KERNEL: &str = "vmlinux";

/// Where files with the kernel's types are kept by those who build kernels without [`VMLINUX`]; `*` is the release.
const ELSEWHERE: [&str; 7] = [
    "/boot/vmlinux-*",
    "/lib/modules/*/vmlinux-*",
    "/lib/modules/*/build/vmlinux",
    "/usr/lib/modules/*/kernel/vmlinux",
    "/usr/lib/debug/boot/vmlinux-*",
    "/usr/lib/debug/boot/vmlinux-*.debug",
    "/usr/lib/debug/lib/modules/*/vmlinux",
];

/// Holds the bytes of types that [`KernelTypes`] finds its way through.
#[derive(Debug, Default)]
pub struct BtfStore {
    /// A file in the place of the running kernel.
    file: Option<PathBuf>,
    vmlinux: OnceCell<(PathBuf, Bytes)>,
    modules: OnceCell<Vec<ModuleBtf>>,
}

#[derive(Debug)]
struct ModuleBtf {
    name: String,
    id: u32,
    fd: OwnedFd,
    bytes: OnceCell<Vec<u8>>,
}

impl BtfStore {
    /// The types of the running kernel.
    #[must_use]
    pub fn running() -> Self {
        Self::default()
    }

    /// Types of a file, BTF itself or an ELF file with a section of it, in the place of the kernel's. It has no modules.
    #[must_use]
    pub fn file(path: &Path) -> Self {
        Self { file: Some(path.to_owned()), modules: OnceCell::from(vec![]), ..Self::default() }
    }

    fn vmlinux(&self) -> Result<(&Path, &[u8])> {
        let (path, bytes) = get_or_try(&self.vmlinux, || match &self.file {
            Some(path) => Ok((path.clone(), read(path)?)),
            None => running(),
        })?;
        Ok((path, section(path, bytes)?))
    }

    fn modules(&self) -> Result<&[ModuleBtf]> {
        get_or_try(&self.modules, modules).map(Vec::as_slice)
    }
}

/// The value of a cell, made first where it has none.
pub(super) fn get_or_try<T>(cell: &OnceCell<T>, make: impl FnOnce() -> Result<T>) -> Result<&T> {
    match cell.get() {
        Some(made) => Ok(made),
        None => make().map(|made| cell.get_or_init(|| made)),
    }
}

fn read(path: &Path) -> Result<Bytes> {
    Bytes::of(path).map_err(|source| Error::KernelBtf { path: path.to_owned(), what: source.to_string() })
}

/// The file that has the types of the running kernel.
fn running() -> Result<(PathBuf, Bytes)> {
    let missing = match Bytes::of(Path::new(VMLINUX)) {
        Ok(bytes) => return Ok((VMLINUX.into(), bytes)),
        Err(missing) => missing,
    };
    let release = release();
    let places = ELSEWHERE.iter().map(|place| PathBuf::from(place.replace('*', &release)));
    let found = places.filter_map(|path| Some((Bytes::of(&path).ok()?, path)));
    let mut with_types = found.filter(|(bytes, path)| section(path, bytes).is_ok());
    with_types.next().map(|(bytes, path)| (path, bytes)).ok_or_else(|| {
        let help = match missing.errno {
            Errno::ENOENT => ": this kernel was built without its types (CONFIG_DEBUG_INFO_BTF)",
            _ => "",
        };
        Error::KernelBtf { path: VMLINUX.into(), what: format!("{missing}{help}") }
    })
}

/// The bytes of BTF in a file: all, or those of a section.
fn section<'b>(path: &Path, bytes: &'b [u8]) -> Result<&'b [u8]> {
    let wrong = |what: String| Error::KernelBtf { path: path.to_owned(), what };
    if !bytes.starts_with(b"\x7fELF") {
        return Ok(bytes);
    }
    let section = elf::btf_section(bytes).map_err(|e| wrong(e.to_string()))?;
    section.ok_or_else(|| wrong("this ELF file has no section .BTF".into()))
}

/// The modules that have types; none where this process may not list them, or the kernel has no such list (before
/// Linux 5.11).
fn modules() -> Result<Vec<ModuleBtf>> {
    let mut modules = vec![];
    for opened in inspect::opened(Kind::Btf) {
        let fd = match opened {
            Err(e) if e.is_permission() || e.errno == Errno::EINVAL => break,
            result => result?,
        };
        let info = btf_info(fd.as_fd(), false)?;
        if info.kernel && info.name != KERNEL {
            modules.push(ModuleBtf { name: info.name, id: info.id, fd, bytes: OnceCell::new() });
        }
    }
    Ok(modules)
}

/// The kernel's types, each decoded only when it is asked for.
#[derive(Debug)]
pub struct KernelTypes<'s> {
    store: &'s BtfStore,
    vmlinux: OnceCell<Rc<Scan<'s>>>,
    modules: OnceCell<Vec<Module<'s>>>,
}

/// A module of the kernel that has types of its own, which go on from the kernel's.
#[derive(Debug)]
pub struct Module<'s> {
    btf: &'s ModuleBtf,
    vmlinux: Rc<Scan<'s>>,
    scan: OnceCell<Rc<Scan<'s>>>,
}

/// A type of the kernel's, or of a module of it.
#[derive(Debug, Clone, Copy)]
pub struct Found<'t, 's> {
    /// Its number.
    pub id: TypeId,
    /// What has that number.
    pub scan: &'t Rc<Scan<'s>>,
    /// The module that it is of.
    pub module: Option<&'t Module<'s>>,
}

impl<'s> KernelTypes<'s> {
    /// The types that the store holds. Nothing is read yet.
    #[must_use]
    pub fn new(store: &'s BtfStore) -> Self {
        Self { store, vmlinux: OnceCell::new(), modules: OnceCell::new() }
    }

    /// The kernel's own types.
    ///
    /// # Errors
    /// [`Error::KernelBtf`]: there are none, or they cannot be understood.
    pub fn vmlinux(&self) -> Result<&Rc<Scan<'s>>> {
        get_or_try(&self.vmlinux, || self.scan(&mut Wanted::default()))
    }

    /// The same, with all names that are wanted found in one pass; it is the pass that must be made anyway, if this is
    /// the first that is asked of them.
    ///
    /// # Errors
    /// Those of [`Self::vmlinux`].
    pub fn seek(&self, wanted: &mut Wanted<'_>) -> Result<&Rc<Scan<'s>>> {
        let scan = self.scan(wanted)?;
        Ok(self.vmlinux.get_or_init(|| scan))
    }

    fn scan(&self, wanted: &mut Wanted<'_>) -> Result<Rc<Scan<'s>>> {
        let (path, bytes) = self.store.vmlinux()?;
        let wrong = |e: bpfasm_asm::btf::Error| Error::KernelBtf { path: path.into(), what: e.to_string() };
        Scan::finding(bytes, None, wanted).map(Rc::new).map_err(wrong)
    }

    /// The file that has the kernel's own types.
    ///
    /// # Errors
    /// Those of [`Self::vmlinux`].
    pub fn path(&self) -> Result<&'s Path> {
        self.store.vmlinux().map(|(path, _)| path)
    }

    /// The modules that have types, in the order in which they were loaded. Their types are not read yet.
    ///
    /// # Errors
    /// Those of [`Self::vmlinux`], and refusals of the kernel.
    pub fn modules(&self) -> Result<&[Module<'s>]> {
        let made = get_or_try(&self.modules, || {
            let of = |btf| Ok(Module { btf, vmlinux: self.vmlinux()?.clone(), scan: OnceCell::new() });
            self.store.modules()?.iter().map(of).collect()
        });
        made.map(Vec::as_slice)
    }

    /// The first type of a name and kind (`BTF_KIND_*`), which has been sought: among the kernel's own and, only if there
    /// is none, among those of each module. With a module's name only there; the kernel itself is `vmlinux`.
    ///
    /// # Errors
    /// Those of [`Self::vmlinux`] and [`Self::modules`].
    pub fn find(
        &self,
        sought: &Wanted,
        name: &str,
        kind: u32,
        module: Option<&str>,
    ) -> Result<Option<Found<'_, 's>>> {
        if module.is_none_or(|module| module == KERNEL) {
            let scan = self.vmlinux()?;
            let is = |head: &&Head| head.kind == kind && scan.is_named(head, name);
            let found =
                sought.found(name).iter().find(is).map(|head| Found { id: head.id, scan, module: None });
            if found.is_some() || module.is_some() {
                return Ok(found);
            }
        }
        for one in self.modules()?.iter().filter(|one| module.is_none_or(|module| module == one.name())) {
            let scan = one.scan()?;
            if let Some(head) = scan.heads().find(|head| head.kind == kind && scan.is_named(head, name)) {
                return Ok(Some(Found { id: head.id, scan, module: Some(one) }));
            }
        }
        Ok(None)
    }

    /// The names of all types of a kind, modules' too.
    pub fn names(&self, kind: u32) -> impl Iterator<Item = &'s str> {
        let modules = self.modules().unwrap_or_default().iter().filter_map(|module| module.scan().ok());
        let scans = self.vmlinux().into_iter().chain(modules);
        scans.flat_map(move |scan| {
            scan.heads().filter(move |head| head.kind == kind).filter_map(|head| scan.name(&head))
        })
    }
}

impl<'s> Module<'s> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'s str {
        &self.btf.name
    }

    /// The number of its BTF.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.btf.id
    }

    /// Its BTF, for calls that take types of modules.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'s> {
        self.btf.fd.as_fd()
    }

    /// Its types.
    ///
    /// # Errors
    /// [`Error::KernelBtf`]: they cannot be understood; and refusals of the kernel.
    pub fn scan(&self) -> Result<&Rc<Scan<'s>>> {
        get_or_try(&self.scan, || {
            let bytes = get_or_try(&self.btf.bytes, || {
                btf_info(self.btf.fd.as_fd(), true).map(|info| info.bytes).map_err(sys::Error::into)
            })?;
            let path = || Path::new(VMLINUX).with_file_name(&self.btf.name);
            let scan = Scan::on(bytes, Some(self.vmlinux.clone()));
            scan.map(Rc::new).map_err(|e| Error::KernelBtf { path: path(), what: e.to_string() })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use super::kind::FUNC;

    const STRUCT: u32 = 4;

    #[test]
    fn names_are_found_by_kind_in_one_pass() {
        let store = BtfStore::running();
        let types = KernelTypes::new(&store);
        let mut wanted = Wanted::default();
        let names =
            [("task_struct", STRUCT), ("task_struct", FUNC), ("bpf_prog_put", FUNC), ("no_such_thing", FUNC)];
        names.iter().for_each(|(name, kind)| wanted.add(name, &[*kind]));
        match types.seek(&mut wanted) {
            Ok(_) => {}
            Err(e) if std::env::var_os("CI").is_none() => return println!("skipped: {e}"),
            Err(e) => panic!("{e}"),
        }
        let name = |found: Found| found.scan.get::<String>(found.id).unwrap().unwrap().name;
        let found = names.map(|(name, kind)| types.find(&wanted, name, kind, None).unwrap());
        assert_eq!(
            found.map(|found| found.map(name)),
            [Some("task_struct".to_string()), None, Some("bpf_prog_put".to_string()), None]
        );
        assert!(types.find(&wanted, "task_struct", STRUCT, Some("no_module")).unwrap().is_none());
        assert!(types.names(FUNC).any(|name| name == "bpf_prog_put"));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_with_its_name() {
        for (path, words) in [("/no/such/file", "No such file"), ("/etc/passwd", "no BTF")] {
            let store = BtfStore::file(Path::new(path));
            let error = KernelTypes::new(&store).vmlinux().unwrap_err().to_string();
            assert!(error.starts_with(path) && error.contains(words), "{error}");
        }
    }
}
