//! Views of an outcome: terminal, JSON, annotations.
