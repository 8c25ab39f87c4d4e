//! Numbers, times, addresses and hostile bytes as text. By hand: a formatter costs more than parsing the packet.

use crate::address::Address;
use crate::time::Timestamp;

const NANOS_PER_SECOND: u64 = 1_000_000_000;
const HEX_DIGITS: &[u8; 16] = b"0123456789abcdef";
/// `::ffff:0:0/96` without its last 32 bits, RFC 4291 § 2.5.5.2.
const V4_PREFIX: u128 = 0xffff;

/// "00", "01" … "99".
static DIGIT_PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

#[inline]
pub(super) fn push_decimal(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    while number >= 10 {
        at -= 2;
        digits[at..at + 2].copy_from_slice(&DIGIT_PAIRS[(number % 100) as usize]);
        number /= 100;
    }
    // Two digits at a time leave either one more digit or, for an even count, none.
    if number > 0 || at == digits.len() {
        at -= 1;
        digits[at] = b'0' + number as u8;
    }
    out.extend_from_slice(&digits[at..]);
}

/// Seconds with nine decimals, exact.
#[inline]
pub(super) fn push_seconds(out: &mut Vec<u8>, time: Timestamp) {
    push_decimal(out, time.as_nanos() / NANOS_PER_SECOND);
    let mut nanos = (time.as_nanos() % NANOS_PER_SECOND) as u32;
    let mut decimals = [b'.'; 10];
    for at in [8, 6, 4, 2] {
        decimals[at..at + 2].copy_from_slice(&DIGIT_PAIRS[(nanos % 100) as usize]);
        nanos /= 100;
    }
    decimals[1] = b'0' + nanos as u8;
    out.extend_from_slice(&decimals);
}

/// Dotted decimal for IPv4, RFC 5952 for IPv6.
#[inline]
pub(super) fn push_address(out: &mut Vec<u8>, address: Address) {
    if address.0 >> 32 == V4_PREFIX {
        let [a, b, c, d] = (address.0 as u32).to_be_bytes();
        push_octet(out, a);
        for octet in [b, c, d] {
            out.push(b'.');
            push_octet(out, octet);
        }
    } else {
        push_v6(out, address.0);
    }
}

#[inline]
fn push_octet(out: &mut Vec<u8>, octet: u8) {
    let pair = &DIGIT_PAIRS[usize::from(octet % 100)];
    match octet {
        0..=9 => out.push(pair[1]),
        10..=99 => out.extend_from_slice(pair),
        _ => out.extend_from_slice(&[b'0' + octet / 100, pair[0], pair[1]]),
    }
}

fn push_v6(out: &mut Vec<u8>, address: u128) {
    let group = |index: usize| (address >> (112 - 16 * index)) as u16;
    let (zeros_begin, zeros_end) = longest_zero_run(group);
    let mut index = 0;
    while index < 8 {
        if index == zeros_begin && zeros_end > zeros_begin {
            out.extend_from_slice(b"::");
            index = zeros_end;
            continue;
        }
        if index > 0 && index != zeros_end {
            out.push(b':');
        }
        push_hex_group(out, group(index));
        index += 1;
    }
}

/// The first of the longest runs of at least two zero groups (RFC 5952 § 4.2); (8, 8) if there is none.
fn longest_zero_run(group: impl Fn(usize) -> u16) -> (usize, usize) {
    let (mut best, mut begin) = ((8, 8), 0);
    for index in 0..8 {
        if group(index) != 0 {
            begin = index + 1;
        } else if index + 1 - begin >= 2 && index + 1 - begin > best.1 - best.0 {
            best = (begin, index + 1);
        }
    }
    best
}

fn push_hex_group(out: &mut Vec<u8>, group: u16) {
    let digit = |shift: u32| HEX_DIGITS[usize::from(group >> shift & 0xf)];
    let skipped = (group.leading_zeros() / 4).min(3) as usize;
    out.extend_from_slice(&[digit(12), digit(8), digit(4), digit(0)][skipped..]);
}

/// Bytes outside printable ASCII, and the backslash, as `\xNN`; for JSON that text as the inside of a string.
#[inline]
pub(super) fn push_escaped(out: &mut Vec<u8>, bytes: &[u8], is_json: bool) {
    // Without an early exit the compiler turns this into vector instructions.
    let is_plain = bytes.iter().fold(true, |plain, byte| {
        plain & (byte.wrapping_sub(b' ') < 0x5f) & (*byte != b'\\') & (*byte != b'"')
    });
    if is_plain {
        out.extend_from_slice(bytes);
    } else {
        push_escaped_slowly(out, bytes, is_json);
    }
}

#[cold]
fn push_escaped_slowly(out: &mut Vec<u8>, bytes: &[u8], is_json: bool) {
    for &byte in bytes {
        match byte {
            b'"' if is_json => out.extend_from_slice(b"\\\""),
            b' '..=b'[' | b']'..=b'~' => out.push(byte),
            _ => {
                out.extend_from_slice(if is_json { br"\\x" } else { br"\x" });
                out.extend_from_slice(&[
                    HEX_DIGITS[usize::from(byte >> 4)],
                    HEX_DIGITS[usize::from(byte & 0xf)],
                ]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(push: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn times_are_exact() {
        for (nanos, expected) in [
            (0, "0.000000000"),
            (1, "0.000000001"),
            (1_700_000_000_123_456_789, "1700000000.123456789"),
            (1_700_000_000_000_000_010, "1700000000.000000010"),
            (u64::MAX, "18446744073.709551615"),
        ] {
            assert_eq!(text(|out| push_seconds(out, Timestamp(nanos))), expected);
        }
    }

    #[test]
    fn bytes_cannot_break_a_row() {
        let hostile = b"/a\tb\nc\\d\x00\x7f\xff \"e\"~";
        assert_eq!(text(|out| push_escaped(out, hostile, false)), r#"/a\x09b\x0ac\x5cd\x00\x7f\xff "e"~"#);
        assert_eq!(
            text(|out| push_escaped(out, hostile, true)),
            r#"/a\\x09b\\x0ac\\x5cd\\x00\\x7f\\xff \"e\"~"#
        );
    }

    #[test]
    fn addresses_follow_rfc_5952() {
        for address in
            ["0.0.0.0", "255.10.9.100", "::", "::1", "1::", "2001:db8::1:0:0:1", "1:0:2:3:4:5:6:7", "fe80::1"]
        {
            let parsed = match address.parse().unwrap() {
                std::net::IpAddr::V4(v4) => Address::from_v4(v4.octets()),
                std::net::IpAddr::V6(v6) => Address::from_v6(v6.octets()),
            };
            assert_eq!(text(|out| push_address(out, parsed)), address);
        }
    }

    proptest::proptest! {
        #[test]
        fn decimals_match_the_library(bits in 0u32..64, number in proptest::num::u64::ANY) {
            proptest::prop_assert_eq!(text(|out| push_decimal(out, number >> bits)), (number >> bits).to_string());
        }

        #[test]
        fn addresses_match_the_library(groups in proptest::array::uniform8(proptest::num::u16::ANY), mask in proptest::num::u8::ANY) {
            let address = (0..8).fold(0_u128, |sum, index| {
                sum << 16 | if mask >> index & 1 == 1 { 0 } else { u128::from(groups[index]) }
            });
            proptest::prop_assert_eq!(text(|out| push_address(out, Address(address))), Address(address).to_string());
        }
    }
}
