//! perf_event_open(2) for tracepoints.
