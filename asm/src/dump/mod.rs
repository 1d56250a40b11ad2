//! Listings: [`View`] writes one for people who study an object, [`Llvm`] one for what reads those of LLVM. [`items`]
//! gives each instruction with what stands beside it: what it names, its source line, where it jumps.

pub mod core;
mod item;
mod llvm;
mod out;
mod steps;
mod view;
pub(crate) mod words;

pub use item::{Item, Reference, items};
pub use llvm::Llvm;
pub use steps::{Machine, Step, Steps, Told};
pub use view::View;
