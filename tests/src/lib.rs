//! What the end-to-end tests share: network namespaces, mounts, cgroups, traffic, and the `bpfasm` binary.
//!
//! Everything lives in namespaces that a test makes for itself. They are held by file descriptors only, so
//! the kernel takes them down when the test ends, however it ends.

pub mod bin;
pub mod cgroup;
pub mod kernel;
pub mod model;
pub mod mounts;
pub mod net;
pub mod packet;
pub mod peers;
pub mod session;
pub mod sniff;
pub mod space;
pub mod table;
pub mod tool;
pub mod traffic;
pub mod vm;
