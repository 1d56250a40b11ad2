//! Peers that are built for the comparison.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::{bin, tool};

/// A static loader on libbpf 1.7, built once: `tests/peers/libbpf-load` says how it is called.
///
/// # Panics
/// When it cannot be built.
#[must_use]
pub fn libbpf_load() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let target = bin::repo().join("target/libbpf-load");
        let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        let manifest = bin::repo().join("tests/peers/libbpf-load/Cargo.toml");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build
            .args(["build", "-q", "--release", "--locked", "--target", &triple, "--target-dir"])
            .arg(&target);
        build.arg("--manifest-path").arg(manifest).env("RUSTFLAGS", "-C target-feature=+crt-static");
        tool::Running::start(build).wait(std::time::Duration::from_secs(600)).ok();
        target.join(triple).join("release/libbpf-load")
    })
}
