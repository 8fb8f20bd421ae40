//! What a program calls: `run` and `list`.
