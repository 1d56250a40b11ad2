//! Object to ELF and back.
