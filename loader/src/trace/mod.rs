//! What programs print: the kernel's trace pipe, in an instance of our own.
