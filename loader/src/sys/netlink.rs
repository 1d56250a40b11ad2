//! Route netlink: sockets, messages, attributes, extended acknowledgements.
