//! The bpf(2) system call, one function per command.
