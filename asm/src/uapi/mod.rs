//! The kernel's open sets: numbers with names, none of which is ever complete.

mod helper;
pub mod section;
mod types;

pub use helper::HelperId;
pub use types::{AttachType, LinkType, MapType, ProgType};
