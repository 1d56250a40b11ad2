//! The kernel's open sets, from number to name and back: map types, helpers and others, none of which is ever complete;
//! and what a [`section`]'s name says.

mod helper;
pub mod section;
mod types;

pub use helper::HelperId;
pub use types::{AttachType, LinkType, MapType, ProgType};
