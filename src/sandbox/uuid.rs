//! Identifiers that follow from numbers, so that they are the same in every run.

/// An identifier in the form of RFC 9562 that follows from a number.
pub(super) fn from_number(number: u64) -> String {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bd1_e995_97f4_a7c1;
    let (high, low) = (mixed >> 32, mixed & 0xffff_ffff);
    format!("{high:08x}-{:04x}-4{:03x}-8{:03x}-{low:08x}{:04x}", low >> 16, low & 0xfff, high & 0xfff, number & 0xffff)
}
