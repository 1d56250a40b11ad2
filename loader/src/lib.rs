//! Everything of bpfasm that talks to Linux: typed system calls, loading, attaching.
