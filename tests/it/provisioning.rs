//! (written with its feature)
