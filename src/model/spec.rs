//! How kinds are written: a table whose one key names the kind, a bare string for a kind with its defaults, a bare
//! number where a constant will do.
