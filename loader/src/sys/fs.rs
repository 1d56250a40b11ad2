//! Mounts that only a descriptor holds, and file system facts.
