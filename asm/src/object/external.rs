//! What an object uses and does not define.

use crate::btf::TypeId;

/// A symbol that is defined elsewhere (`STT_NOTYPE`, section 0).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extern {
    /// Its name.
    pub name: String,
    /// Where it is looked for.
    pub kind: ExternKind,
    /// Whether it may be missing (`STB_WEAK`): its address is 0 then.
    pub weak: bool,
    /// `STV_HIDDEN`.
    pub hidden: bool,
    /// Its FUNC or VAR, with external linkage, where there is BTF. A VAR of type `void` has an address and no
    /// type.
    pub btf: Option<TypeId>,
}

/// Where an [`Extern`] is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ExternKind {
    /// In the kernel: a function (kfunc) or a variable. DATASEC `.ksyms`.
    Ksym,
    /// In the configuration of the kernel, such as `CONFIG_HZ`, or one of the names that libbpf gives a value, such
    /// as `LINUX_KERNEL_VERSION`. DATASEC `.kconfig`.
    Kconfig,
    /// In another object that this one is linked with, or nobody knows: a listing shows only the name.
    #[default]
    Object,
    /// A variable for which a linker makes room (`SHN_COMMON`).
    Common {
        /// Its size in bytes.
        size: u64,
        /// Its alignment.
        align: u64,
    },
    /// A number (`SHN_ABS`).
    Absolute(u64),
}

impl ExternKind {
    /// The DATASEC that holds such symbols in BTF; empty where none does.
    #[must_use]
    pub fn section(self) -> &'static str {
        match self {
            ExternKind::Ksym => ".ksyms",
            ExternKind::Kconfig => ".kconfig",
            ExternKind::Object | ExternKind::Common { .. } | ExternKind::Absolute(_) => "",
        }
    }
}
