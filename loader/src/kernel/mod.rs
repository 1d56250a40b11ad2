//! What this kernel is and what it has: its types, symbols, configuration and version.
//!
//! Nothing is read before it is asked for: a program that needs none of it costs nothing.

mod config;
mod feature;
pub mod probe;
mod symbols;
mod types;
mod version;

pub use config::Config;
pub use feature::has_attach_cookie;
pub use symbols::Symbols;
pub use types::{BtfStore, Found, KernelTypes, Module, VMLINUX, kind};
pub use version::{release, series, version_code};
