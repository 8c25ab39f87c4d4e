//! Arithmetic on TCP sequence numbers, which wrap at 2³² (RFC 9293 § 3.4).

/// A position in one direction of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sequence(pub u32);

impl Sequence {
    #[inline]
    pub const fn plus(self, bytes: u32) -> Self {
        Self(self.0.wrapping_add(bytes))
    }

    /// Bytes from `earlier` to `self`; negative where `self` comes first. Right for distances below 2³¹.
    #[inline]
    pub const fn since(self, earlier: Self) -> i32 {
        self.0.wrapping_sub(earlier.0) as i32
    }

    #[inline]
    pub const fn is_after(self, other: Self) -> bool {
        self.since(other) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_crosses_the_wrap() {
        let end = Sequence(0xffff_fff0).plus(0x20);
        assert_eq!(end, Sequence(0x10));
        assert_eq!(end.since(Sequence(0xffff_fff0)), 0x20);
        assert_eq!(Sequence(0xffff_fff0).since(end), -0x20);
        assert!(end.is_after(Sequence(0xffff_fff0)));
    }
}
