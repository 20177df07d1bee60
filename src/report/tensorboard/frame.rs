//! A TFRecord frame: length (u64), its checksum, the bytes, their checksum (u32 each); all little-endian.

use crc32c::crc32c;

/// The mask's constant: a checksum of bytes that hold checksums would be weak, so stored ones are masked.
const MASK: u32 = 0xa282_ead8;

/// One record with its frame.
pub(super) fn framed(bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u64).to_le_bytes();
    let mut frame = Vec::with_capacity(bytes.len() + 16);
    frame.extend(length);
    frame.extend(checksum(&length).to_le_bytes());
    frame.extend(bytes);
    frame.extend(checksum(bytes).to_le_bytes());
    frame
}

/// CRC-32C (Castagnoli), rotated and shifted.
fn checksum(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(MASK)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CRC-32C bit by bit, from its definition: the reflected polynomial 0x1EDC6F41.
    fn bit_by_bit(bytes: &[u8]) -> u32 {
        let mut crc = !0_u32;
        for byte in bytes {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = (crc >> 1) ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 };
            }
        }
        !crc
    }

    #[test]
    fn the_checksum_is_that_of_rfc_3720() {
        // RFC 3720, B.4, and the customary check value.
        for (bytes, expected) in [
            (&b"123456789"[..], 0xe306_9283_u32),
            (&[0; 32], 0x8a91_36aa),
            (&[0xff; 32], 0x62a8_ab43),
        ] {
            assert_eq!(crc32c(bytes), expected);
            assert_eq!(bit_by_bit(bytes), expected);
        }
    }

    #[test]
    fn a_frame_is_these_bytes() {
        let frame = framed(b"123456789");
        let masked = 0xc78a_b0e5_u32; // the check value turned right by 15 bits, plus the mask
        assert_eq!(frame.len(), 8 + 4 + 9 + 4);
        assert_eq!(&frame[..8], &[9, 0, 0, 0, 0, 0, 0, 0]);
        let of_length = bit_by_bit(&frame[..8]);
        let of_length = of_length.rotate_left(17).wrapping_add(0xa282_ead8);
        assert_eq!(&frame[8..12], &of_length.to_le_bytes());
        assert_eq!(&frame[12..21], b"123456789");
        assert_eq!(&frame[21..], &masked.to_le_bytes());
    }
}
