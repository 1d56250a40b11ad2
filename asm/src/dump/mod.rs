//! Listings: for people who study an object, and for what reads those of LLVM.

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
