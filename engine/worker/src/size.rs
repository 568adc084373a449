//! Sizes in sentences for people.

/// `16 MiB`, `256 KiB`, `1000 bytes`.
pub(crate) fn spoken_size(bytes: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = 1024 * KIB;
    const GIB: u64 = 1024 * MIB;
    match bytes {
        0 => "nothing".to_owned(),
        bytes if bytes.is_multiple_of(GIB) => format!("{} GiB", bytes / GIB),
        bytes if bytes.is_multiple_of(MIB) => format!("{} MiB", bytes / MIB),
        bytes if bytes.is_multiple_of(KIB) => format!("{} KiB", bytes / KIB),
        bytes => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::spoken_size;

    #[test]
    fn sizes_are_spoken_in_the_largest_unit_that_fits() {
        let spoken =
            [(0, "nothing"), (1000, "1000 bytes"), (256 * 1024, "256 KiB"), (64 << 20, "64 MiB"), (2 << 30, "2 GiB")];
        for (bytes, text) in spoken {
            assert_eq!(spoken_size(bytes), text);
        }
    }
}
