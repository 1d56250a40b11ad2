//! What the end-to-end tests share: network namespaces, cgroups, mounts, traffic.
