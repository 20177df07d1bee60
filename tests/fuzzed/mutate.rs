//! Changes of a file that few programs make.

use proptest::prelude::*;
use proptest::sample::Index;

use crate::bodies::{NUMBERS, WORDS};

/// Bytes of the longest file that changes make.
const LONGEST: usize = 1 << 16;

/// One change; places are shares of the file.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Flip(Index, u8),
    Set(Index, u8),
    Cut(Index),
    Remove(Index, Index),
    Repeat(Index, Index, u8),
    /// Puts a piece of the file elsewhere.
    Move(Index, Index, Index),
    Word(Index, Index),
    /// Takes the place of the next number in digits.
    Number(Index, Index),
    /// The extremes of 2, 4 or 8 bytes, in either order.
    Extreme(Index, u8),
}

pub(crate) fn changes() -> impl Strategy<Value = Vec<Change>> {
    let at = any::<Index>;
    let change = prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, bit)| Change::Flip(at, bit)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        at().prop_map(Change::Cut),
        (at(), at()).prop_map(|(from, to)| Change::Remove(from, to)),
        (at(), at(), any::<u8>()).prop_map(|(from, to, n)| Change::Repeat(from, to, n)),
        (at(), at(), at()).prop_map(|(from, to, at)| Change::Move(from, to, at)),
        (at(), at()).prop_map(|(at, word)| Change::Word(at, word)),
        (at(), at()).prop_map(|(at, number)| Change::Number(at, number)),
        (at(), any::<u8>()).prop_map(|(at, kind)| Change::Extreme(at, kind)),
    ];
    prop::collection::vec(change, 1..6)
}

pub(crate) fn apply(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        if !bytes.is_empty() {
            bytes = one(bytes, change);
            bytes.truncate(LONGEST);
        }
    }
    bytes
}

fn one(mut bytes: Vec<u8>, change: &Change) -> Vec<u8> {
    let len = bytes.len();
    let place = |at: &Index| at.index(len);
    let range = |from: &Index, to: &Index| {
        let (a, b) = (place(from), place(to));
        a.min(b)..a.max(b)
    };
    match change {
        Change::Flip(at, bit) => bytes[place(at)] ^= 1 << (bit % 8),
        Change::Set(at, byte) => bytes[place(at)] = *byte,
        Change::Cut(at) => bytes.truncate(place(at)),
        Change::Remove(from, to) => drop(bytes.drain(range(from, to))),
        Change::Repeat(from, to, n) => {
            let range = range(from, to);
            let piece = bytes[range.clone()].repeat(usize::from(n % 8));
            bytes.splice(range.end..range.end, piece);
        }
        Change::Move(from, to, at) => {
            let piece: Vec<u8> = bytes[range(from, to)].to_vec();
            let at = place(at);
            bytes.splice(at..at, piece);
        }
        Change::Word(at, word) => {
            let (at, word) = (place(at), WORDS[word.index(WORDS.len())]);
            bytes.splice(at..at, word.bytes());
        }
        Change::Number(at, number) => {
            let digits = digits(&bytes, place(at));
            bytes.splice(digits, NUMBERS[number.index(NUMBERS.len())].bytes());
        }
        Change::Extreme(at, kind) => extreme(&mut bytes[at.index(len)..], *kind),
    }
    bytes
}

/// The next digits from `at` on; nothing at the end if there are none.
fn digits(bytes: &[u8], at: usize) -> std::ops::Range<usize> {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let start = bytes[at..].iter().position(is_digit);
    let start = start.map_or(bytes.len(), |start| at + start);
    let rest = &bytes[start..];
    start
        ..start
            + rest
                .iter()
                .position(|byte| !is_digit(byte))
                .unwrap_or(rest.len())
}

fn extreme(bytes: &mut [u8], kind: u8) {
    let size = [1, 2, 4, 8][usize::from(kind % 4)];
    let size = bytes.len().min(size);
    let (fill, end) =
        [(0xff, 0xff), (0, 0), (0xff, 0x7f), (0, 0x80), (0, 1)][usize::from(kind / 4 % 5)];
    bytes[..size].fill(fill);
    let last = if kind >= 128 { size - 1 } else { 0 };
    bytes[last] = end;
}
