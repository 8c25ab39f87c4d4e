//! Numbers, times, addresses and hostile bytes as text. By hand: a formatter costs more than parsing the packet.

use super::lead::MAX_LEAD_BYTES;
use crate::address::Address;
use crate::time::Timestamp;

const NANOS_PER_SECOND: u64 = 1_000_000_000;
const HEX_DIGITS: &[u8; 16] = b"0123456789abcdef";
/// `::ffff:0:0/96` without its last 32 bits, RFC 4291 § 2.5.5.2.
const V4_PREFIX: u128 = 0xffff;

const EIGHT_DIGITS: u64 = 100_000_000;
const ASCII_ZEROS: u64 = 0x3030_3030_3030_3030;

/// A short text that is appended whole: copies of a constant size need no call.
#[derive(Clone, Copy)]
pub(super) struct Padded<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Padded<N> {
    /// `text` must not be longer than `N`.
    pub(super) const fn new(text: &str) -> Self {
        let mut bytes = [0; N];
        let mut at = 0;
        while at < text.len() {
            bytes[at] = text.as_bytes()[at];
            at += 1;
        }
        Self { bytes, length: text.len() }
    }

    /// As [`Padded::new`].
    pub(super) fn of(text: &[u8]) -> Self {
        let mut bytes = [0; N];
        bytes[..text.len()].copy_from_slice(text);
        Self { bytes, length: text.len() }
    }

    #[inline]
    pub(super) fn length(&self) -> usize {
        self.length
    }
}

/// The numbers below 1 000 with leading zeros.
static THREE_DIGITS: [[u8; 4]; 1_000] = {
    let mut numbers = [[0; 4]; 1_000];
    let mut number = 0;
    while number < numbers.len() {
        numbers[number] =
            [b'0' + (number / 100) as u8, b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8, 0];
        number += 1;
    }
    numbers
};

/// The numbers below 1 000 without them.
static SHORT_NUMBERS: [Padded<4>; 1_000] = {
    let mut numbers = [Padded { bytes: [0; 4], length: 0 }; 1_000];
    let mut number = 0;
    while number < numbers.len() {
        let [hundreds, tens, ones, _] = THREE_DIGITS[number];
        numbers[number] = match number {
            0..=9 => Padded { bytes: [ones, 0, 0, 0], length: 1 },
            10..=99 => Padded { bytes: [tens, ones, 0, 0], length: 2 },
            _ => Padded { bytes: [hundreds, tens, ones, 0], length: 3 },
        };
        number += 1;
    }
    numbers
};

/// The second of the last time written, and its text with the point: neighbouring times mostly share it.
pub(super) struct Second {
    begin: u64,
    text: Padded<12>,
}

impl Second {
    pub(super) const fn new() -> Self {
        Self { begin: 0, text: Padded::new("0.") }
    }

    #[cold]
    fn become_of(&mut self, time: Timestamp) {
        let second = time.as_nanos() / NANOS_PER_SECOND;
        let mut text = Text::default();
        text.append(32, |pen| {
            pen.push_decimal(second);
            pen.push(b'.');
        });
        // At most 11 digits and the point, for 2⁶⁴ nanoseconds.
        (self.begin, self.text) = (second * NANOS_PER_SECOND, Padded::of(text.as_bytes()));
    }
}

/// Text under construction where it will lie. What one call of [`Text::append`] writes, with the padding of its last part,
/// must fit in the room made for it.
#[derive(Default)]
pub(super) struct Text {
    bytes: Vec<u8>,
    length: usize,
}

impl Text {
    /// Makes room for `count` more bytes.
    #[inline(always)]
    pub(super) fn reserve(&mut self, count: usize) {
        if self.bytes.len() - self.length < count {
            self.grow(count);
        }
    }

    #[cold]
    fn grow(&mut self, count: usize) {
        let length = self.length + count;
        self.bytes.reserve_exact(length - self.bytes.len());
        self.bytes.resize(length, 0);
    }

    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Keeps the room.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.length = 0;
    }

    #[inline]
    pub(super) fn room(&self) -> usize {
        self.bytes.len()
    }

    #[inline]
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Bytes outside printable ASCII, and the backslash, as `\xNN`; for JSON that text as the inside of a string. Makes room
    /// for them and for `room` more bytes.
    #[inline(always)]
    pub(super) fn push_escaped(&mut self, bytes: &[u8], is_json: bool, room: usize) {
        self.reserve(bytes.len() + room);
        let target = &mut self.bytes[self.length..];
        let is_plain = match bytes.len() {
            // Two copies of a constant size, which overlap, in place of one that takes a call.
            length @ 8..=16 => {
                let (first, last) = (word_at(bytes, 0), word_at(bytes, length - 8));
                target[..8].copy_from_slice(&first.to_le_bytes());
                target[length - 8..length].copy_from_slice(&last.to_le_bytes());
                special_bytes(first) | special_bytes(last) == 0
            }
            length @ 4..8 => {
                let (first, last) = (half_word_at(bytes, 0), half_word_at(bytes, length - 4));
                target[..4].copy_from_slice(&first.to_le_bytes());
                target[length - 4..length].copy_from_slice(&last.to_le_bytes());
                special_bytes(u64::from(first) | u64::from(last) << 32) == 0
            }
            length => {
                target[..length].copy_from_slice(bytes);
                is_plain(bytes)
            }
        };
        if is_plain {
            self.length += bytes.len();
        } else {
            self.push_escaped_slowly(bytes, is_json, room);
        }
    }

    #[cold]
    fn push_escaped_slowly(&mut self, bytes: &[u8], is_json: bool, room: usize) {
        self.reserve(bytes.len() * r"\\xNN".len() + room);
        self.append(0, |pen| bytes.iter().for_each(|&byte| pen.push_escaped_byte(byte, is_json)));
    }

    /// Makes room for `room` bytes and has them written at the end.
    #[inline(always)]
    pub(super) fn append(&mut self, room: usize, write: impl FnOnce(&mut Pen<'_>)) {
        self.reserve(room);
        let mut pen = Pen { bytes: &mut self.bytes[self.length..], length: 0 };
        write(&mut pen);
        self.length += pen.length;
    }
}

/// Writes at the end of a text. Apart from it, so that place and length stay in registers from one part to the next.
pub(super) struct Pen<'a> {
    bytes: &'a mut [u8],
    length: usize,
}

impl Pen<'_> {
    #[inline(always)]
    pub(super) fn push(&mut self, byte: u8) {
        self.bytes[self.length] = byte;
        self.length += 1;
    }

    #[inline(always)]
    pub(super) fn push_padded<const N: usize>(&mut self, text: &Padded<N>) {
        self.bytes[self.length..self.length + N].copy_from_slice(&text.bytes);
        self.length += text.length;
    }

    fn push_escaped_byte(&mut self, byte: u8, is_json: bool) {
        match byte {
            b'"' if is_json => self.push_all(b"\\\""),
            b' '..=b'[' | b']'..=b'~' => self.push(byte),
            _ => {
                self.push_all(if is_json { br"\\x" } else { br"\x" });
                self.push(HEX_DIGITS[usize::from(byte >> 4)]);
                self.push(HEX_DIGITS[usize::from(byte & 0xf)]);
            }
        }
    }

    fn push_all(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.push(byte));
    }

    #[inline(always)]
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Few leads are longer than the first step.
    #[inline(always)]
    pub(super) fn push_lead(&mut self, lead: &Padded<MAX_LEAD_BYTES>) {
        const STEP: usize = 64;
        let target = &mut self.bytes[self.length..self.length + MAX_LEAD_BYTES];
        target[..STEP].copy_from_slice(&lead.bytes[..STEP]);
        if lead.length > STEP {
            target[STEP..].copy_from_slice(&lead.bytes[STEP..]);
        }
        self.length += lead.length;
    }

    /// Appends once more what was written from `begin` on, which is at most `N` bytes.
    #[inline(always)]
    pub(super) fn repeat_from<const N: usize>(&mut self, begin: usize) {
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.bytes[begin..begin + N]);
        self.push_padded(&Padded { bytes, length: self.length - begin });
    }

    #[inline(always)]
    pub(super) fn push_decimal(&mut self, number: u64) {
        if number < 1_000 {
            self.push_padded(&SHORT_NUMBERS[number as usize]);
        } else if number < 1_000_000 {
            self.push_padded(&SHORT_NUMBERS[(number / 1_000) as usize]);
            self.push_three_digits((number % 1_000) as u32);
        } else {
            self.push_long_decimal(number);
        }
    }

    /// With leading zeros; of a number below 1 000.
    #[inline(always)]
    fn push_three_digits(&mut self, number: u32) {
        self.push_padded(&Padded { bytes: THREE_DIGITS[number as usize], length: 3 });
    }

    #[inline(never)]
    fn push_long_decimal(&mut self, number: u64) {
        if number < EIGHT_DIGITS {
            let digits = eight_digits(number);
            // The low bytes are the leading digits; the last digit stays even if it is zero.
            let leading_zeros = ((digits ^ ASCII_ZEROS).trailing_zeros() / 8).min(7);
            self.push_eight(digits >> (8 * leading_zeros), 8 - leading_zeros as usize);
        } else {
            self.push_long_decimal(number / EIGHT_DIGITS);
            self.push_eight(eight_digits(number % EIGHT_DIGITS), 8);
        }
    }

    /// The first `length` of eight characters, the first in the lowest byte.
    #[inline]
    fn push_eight(&mut self, characters: u64, length: usize) {
        self.push_padded(&Padded { bytes: characters.to_le_bytes(), length });
    }

    /// Seconds with nine decimals, exact.
    #[inline(always)]
    pub(super) fn push_seconds(&mut self, time: Timestamp, second: &mut Second) {
        if time.as_nanos().wrapping_sub(second.begin) >= NANOS_PER_SECOND {
            second.become_of(time);
        }
        let nanos = (time.as_nanos() - second.begin) as u32;
        self.push_padded(&second.text);
        self.push_three_digits(nanos / 1_000_000);
        self.push_three_digits(nanos / 1_000 % 1_000);
        self.push_three_digits(nanos % 1_000);
    }

    /// Dotted decimal for IPv4, RFC 5952 for IPv6.
    #[inline]
    pub(super) fn push_address(&mut self, address: Address) {
        if address.0 >> 32 == V4_PREFIX {
            let [a, b, c, d] = (address.0 as u32).to_be_bytes();
            self.push_padded(&SHORT_NUMBERS[usize::from(a)]);
            for octet in [b, c, d] {
                self.push(b'.');
                self.push_padded(&SHORT_NUMBERS[usize::from(octet)]);
            }
        } else {
            self.push_v6(address.0);
        }
    }

    fn push_v6(&mut self, address: u128) {
        let group = |index: usize| (address >> (112 - 16 * index)) as u16;
        let (zeros_begin, zeros_end) = longest_zero_run(group);
        let mut index = 0;
        while index < 8 {
            if index == zeros_begin {
                self.push(b':');
                self.push(b':');
                index = zeros_end;
                continue;
            }
            if index > 0 && index != zeros_end {
                self.push(b':');
            }
            self.push_hex_group(group(index));
            index += 1;
        }
    }

    fn push_hex_group(&mut self, group: u16) {
        let skipped_digits = (group.leading_zeros() / 4).min(3);
        for shift in [12, 8, 4, 0].into_iter().skip(skipped_digits as usize) {
            self.push(HEX_DIGITS[usize::from(group >> shift & 0xf)]);
        }
    }
}

/// The eight decimal digits of a number below 10⁸, the first in the lowest byte. Splits all parts of the number at
/// once, in lanes of one word: into fours, then twos, then ones.
#[inline]
fn eight_digits(number: u64) -> u64 {
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    // x / 100 as x · 5243 >> 19: exact below 10⁴, as the test tries.
    let hundreds = ((fours * 5_243) >> 19) & 0x0000_007f_0000_007f;
    let twos = hundreds | (fours - hundreds * 100) << 16;
    // x / 10 as x · 103 >> 10: exact below 100.
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    let ones = tens | (twos - tens * 10) << 8;
    ones | ASCII_ZEROS
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

#[inline]
fn word_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word))
}

#[inline]
fn half_word_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |word| u32::from_le_bytes(*word))
}

/// Whether no byte needs an escape, in either format.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    let (mut rest, mut special) = (bytes, 0);
    while let Some((word, tail)) = rest.split_first_chunk::<8>() {
        special |= special_bytes(u64::from_le_bytes(*word));
        rest = tail;
    }
    if let Some(last) = bytes.last_chunk::<8>() {
        return special | special_bytes(u64::from_le_bytes(*last)) == 0;
    }
    rest.iter().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'\\' | b'"'))
}

/// Not zero where one of eight bytes is a quotation mark, a backslash or outside printable ASCII.
#[inline]
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH_BITS: u64 = ONES * 0x80;
    // A lane borrows only if the one below it is itself below the bound, so a word of plain bytes gives no false alarm.
    let below = |word: u64, bound: u64| word.wrapping_sub(ONES * bound) & !word;
    let equal = |byte: u64| below(word ^ (ONES * byte), 1);
    let is_del_or_above = word.wrapping_add(ONES) | word;
    (below(word, 0x20) | equal(0x5c) | equal(0x22) | is_del_or_above) & HIGH_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(push: impl FnOnce(&mut Pen<'_>)) -> String {
        let mut text = Text::default();
        text.append(64, push);
        String::from_utf8(text.as_bytes().to_vec()).unwrap()
    }

    fn escaped(bytes: &[u8], is_json: bool) -> String {
        let mut text = Text::default();
        text.push_escaped(bytes, is_json, 0);
        String::from_utf8(text.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn eight_digits_are_exact_at_every_split() {
        for four in 0..10_000 {
            let number = four * 10_000 + (9_999 - four);
            let expected = format!("{number:08}");
            assert_eq!(eight_digits(number).to_le_bytes(), expected.as_bytes());
        }
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
            assert_eq!(text(|pen| pen.push_seconds(Timestamp(nanos), &mut Second::new())), expected);
        }
    }

    #[test]
    fn bytes_cannot_break_a_row() {
        let hostile = b"/a\tb\nc\\d\x00\x7f\xff \"e\"~";
        assert_eq!(escaped(hostile, false), r#"/a\x09b\x0ac\x5cd\x00\x7f\xff "e"~"#);
        assert_eq!(escaped(hostile, true), r#"/a\\x09b\\x0ac\\x5cd\\x00\\x7f\\xff \"e\"~"#);
    }

    #[test]
    fn each_byte_is_plain_or_escaped_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for at in 0..19 {
                let mut bytes = [b'~'; 19];
                bytes[at] = byte;
                let is_plain = matches!(byte, b' '..=b'~') && byte != b'\\';
                assert_eq!(escaped(&bytes, false).len() == 19, is_plain, "byte {byte} at {at}");
            }
        }
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
            assert_eq!(text(|pen| pen.push_address(parsed)), address);
        }
    }

    proptest::proptest! {
        #[test]
        fn decimals_match_the_library(bits in 0u32..64, number in proptest::num::u64::ANY) {
            proptest::prop_assert_eq!(text(|pen| pen.push_decimal(number >> bits)), (number >> bits).to_string());
        }

        #[test]
        fn addresses_match_the_library(groups in proptest::array::uniform8(proptest::num::u16::ANY), mask in proptest::num::u8::ANY) {
            let address = (0..8).fold(0_u128, |sum, index| {
                sum << 16 | if mask >> index & 1 == 1 { 0 } else { u128::from(groups[index]) }
            });
            proptest::prop_assert_eq!(text(|pen| pen.push_address(Address(address))), Address(address).to_string());
        }
    }
}
