//! From bytes to text.

use crate::{Source, Undecodable, decode, decode_lossy};

#[test]
fn utf_16_is_read_behind_its_byte_order_mark() {
    let text = "a: ä😀\n";
    let units = || std::iter::once(0xfeff).chain(text.encode_utf16());
    let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
    for bytes in [&little, &big] {
        assert_eq!(decode(bytes).as_deref(), Ok(text));
        assert_eq!(decode_lossy(bytes), (text.into(), false));
    }
    assert_eq!(decode(&little[..little.len() - 1]), Err(Undecodable { at: little.len() - 2 }));
    assert_eq!(decode(&[0xff, 0xfe, 0x00, 0xd8, b'a', 0]), Err(Undecodable { at: 2 }));
    assert_eq!(decode_lossy(&[0xff, 0xfe, 0x00, 0xd8, b'a', 0]), ("\u{fffd}a".into(), true));
}

#[test]
fn what_is_no_text_is_refused_or_replaced() {
    assert_eq!(decode(b"a: \xe4\n"), Err(Undecodable { at: 3 }));
    assert_eq!(decode_lossy(b"a: \xe4\n"), ("a: \u{fffd}\n".into(), true));
    let bytes = "\u{feff}a: ä".as_bytes();
    assert_eq!(Source::new("f", decode(bytes).expect("UTF-8")).text(), "a: ä");
}
