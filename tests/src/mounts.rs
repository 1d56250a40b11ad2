//! Mount namespaces with bpffs and tracefs of their own.

use std::fs::File;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};

use crate::space::on_thread;

/// Where bpffs is by custom.
pub const BPFFS: &str = "/sys/fs/bpf";
/// Where tracefs is by custom.
pub const TRACEFS: &str = "/sys/kernel/tracing";

/// A mount namespace, alive as long as this value or a process inside.
#[derive(Debug)]
pub struct MountNs(File);

impl MountNs {
    /// A private copy of all mounts, with a new bpffs and tracefs on top.
    ///
    /// # Panics
    /// When the kernel refuses.
    #[must_use]
    pub fn new() -> Self {
        Self::make(|| {
            mount(Some("bpf"), BPFFS, Some("bpf"), MsFlags::empty(), None::<&str>).expect("mount bpffs");
            let tracefs = mount(Some("tracefs"), TRACEFS, Some("tracefs"), MsFlags::empty(), None::<&str>);
            tracefs.expect("mount tracefs");
        })
    }

    /// A private copy of all mounts in which no bpffs and no tracefs is mounted at the usual places.
    ///
    /// # Panics
    /// When the kernel refuses.
    #[must_use]
    pub fn bare() -> Self {
        Self::make(|| {
            for place in [BPFFS, TRACEFS] {
                while umount2(place, MntFlags::MNT_DETACH).is_ok() {}
            }
        })
    }

    fn make(fill: impl FnOnce() + Send) -> Self {
        on_thread(|| {
            unshare(CloneFlags::CLONE_NEWNS).expect("unshare(CLONE_NEWNS)");
            let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
            mount(None::<&str>, "/", None::<&str>, private, None::<&str>).expect("make / private");
            fill();
            Self(File::open("/proc/thread-self/ns/mnt").expect("own mount namespace"))
        })
    }

    /// Runs `f` on a thread inside. The working directory stays what it was.
    ///
    /// # Panics
    /// When the namespace cannot be entered; with the panic of `f`.
    pub fn run<T: Send>(&self, f: impl FnOnce() -> T + Send) -> T {
        let net = File::open("/proc/thread-self/ns/net").expect("own network namespace");
        on_thread(move || {
            let cwd = std::env::current_dir().expect("working directory");
            // A new thread has its creator's network namespace already; said so that it never rests on that.
            setns(net, CloneFlags::CLONE_NEWNET).expect("setns net");
            unshare(CloneFlags::CLONE_FS).expect("unshare(CLONE_FS)");
            setns(&self.0, CloneFlags::CLONE_NEWNS).expect("setns mnt");
            std::env::set_current_dir(cwd).expect("working directory");
            f()
        })
    }
}

impl Default for MountNs {
    fn default() -> Self {
        Self::new()
    }
}
