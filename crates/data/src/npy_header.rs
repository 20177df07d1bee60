//! The text of an NPY header: a Python dictionary of `descr`, `fortran_order` and `shape`.

use super::element::{Element, Kind};
use super::error::DataError;
use super::place::shown;
use super::shape::Header;

/// More dimensions than numpy itself allows (64).
const MOST_DIMENSIONS: usize = 64;

const TYPES: &str = "b1, u1, i1, u2, i2, u4, i4, u8, i8, f2, f4 or f8 of NPY";

/// What is wrong in the text, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The text is no such dictionary.
    Syntax {
        at: usize,
        found: String,
        expected: &'static str,
    },
    /// The type of the numbers cannot be used.
    Type { at: usize, found: String },
}

impl Fault {
    /// The error for a header that starts at byte `start` of `file`.
    pub(super) fn into_error(self, file: &str, start: u64) -> DataError {
        let file = file.to_owned();
        match self {
            Self::Syntax {
                at,
                found,
                expected,
            } => DataError::BadHeader {
                file,
                offset: start + at as u64,
                found,
                expected,
            },
            Self::Type { at, found } => DataError::UnsupportedType {
                file,
                offset: start + at as u64,
                found,
                expected: TYPES,
            },
        }
    }
}

/// Parse the whole text.
pub(super) fn parse(text: &[u8]) -> Result<Header, Fault> {
    let mut parser = Parser { text, at: 0 };
    let (mut element, mut fortran, mut shape) = (None, None, None);
    parser.expect(b'{', "a Python dictionary")?;
    while !parser.take(b'}') {
        let key = parser.string("a key: 'descr', 'fortran_order' or 'shape'")?;
        parser.expect(b':', "`:` after the key")?;
        match key {
            b"descr" => element = Some(parser.element()?),
            b"fortran_order" => fortran = Some(parser.boolean()?),
            b"shape" => shape = Some(parser.shape()?),
            _ => return Err(parser.fault("only the keys 'descr', 'fortran_order' and 'shape'")),
        }
        if !parser.take(b',') {
            parser.expect(b'}', "`,` or `}` after the value")?;
            break;
        }
    }
    parser.space();
    if parser.at != text.len() {
        return Err(parser.fault("nothing but spaces after the dictionary"));
    }
    let missing = || parser.fault("the keys 'descr', 'fortran_order' and 'shape'");
    Ok(Header {
        element: element.ok_or_else(missing)?,
        fortran: fortran.ok_or_else(missing)?,
        shape: shape.ok_or_else(missing)?,
    })
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a [u8] {
        &self.text[self.at..]
    }

    fn fault(&self, expected: &'static str) -> Fault {
        let found = match self.rest() {
            [] => "the end of the header".to_owned(),
            rest => shown(&rest[..rest.len().min(24)]),
        };
        Fault::Syntax {
            at: self.at,
            found,
            expected,
        }
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_ascii_start().len();
    }

    /// Whether `byte` comes next; if so it is passed over.
    fn take(&mut self, byte: u8) -> bool {
        self.space();
        let found = self.rest().first() == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), Fault> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(self.fault(expected))
        }
    }

    /// A string in single or double quotes; no name or type needs an escape.
    fn string(&mut self, expected: &'static str) -> Result<&'a [u8], Fault> {
        self.space();
        let [quote @ (b'\'' | b'"'), inner @ ..] = self.rest() else {
            return Err(self.fault(expected));
        };
        let Some(length) = inner.iter().position(|byte| byte == quote) else {
            return Err(self.fault(expected));
        };
        self.at += length + 2;
        Ok(&inner[..length])
    }

    fn boolean(&mut self) -> Result<bool, Fault> {
        self.space();
        for (word, value) in [(&b"True"[..], true), (b"False", false)] {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.fault("True or False"))
    }

    /// A tuple of sizes; Python 2 wrote them with an `L`.
    fn shape(&mut self) -> Result<Vec<u64>, Fault> {
        let mut shape = Vec::new();
        self.expect(b'(', "a tuple of sizes")?;
        while !self.take(b')') {
            if shape.len() == MOST_DIMENSIONS {
                return Err(self.fault("at most 64 dimensions"));
            }
            shape.push(self.size()?);
            let _ = self.take(b'L');
            if !self.take(b',') {
                self.expect(b')', "`,` or `)` after a size")?;
                break;
            }
        }
        Ok(shape)
    }

    fn size(&mut self) -> Result<u64, Fault> {
        self.space();
        let digits = self
            .rest()
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let text = std::str::from_utf8(&self.rest()[..digits]).unwrap_or_default();
        let size = text
            .parse()
            .map_err(|_| self.fault("a size from 0 to 2^64 - 1"))?;
        self.at += digits;
        Ok(size)
    }

    /// A type such as `'<f4'`: byte order, kind, bytes.
    fn element(&mut self) -> Result<Element, Fault> {
        self.space();
        let at = self.at;
        if self.rest().first() == Some(&b'[') {
            return Err(Fault::Type {
                at,
                found: "a record of several fields".to_owned(),
            });
        }
        let text = self.string("a type in quotes")?;
        let unsupported = || Fault::Type {
            at,
            found: type_text(text),
        };
        let (big_endian, kind) = match text {
            [b'>', kind @ ..] => (true, kind),
            [b'<' | b'|' | b'=', kind @ ..] => (false, kind),
            kind => (false, kind),
        };
        let kind = match kind {
            b"b1" | b"?" | b"u1" => Kind::U8,
            b"i1" => Kind::I8,
            b"u2" => Kind::U16,
            b"i2" => Kind::I16,
            b"u4" => Kind::U32,
            b"i4" => Kind::I32,
            b"u8" => Kind::U64,
            b"i8" => Kind::I64,
            b"f2" => Kind::F16,
            b"f4" => Kind::F32,
            b"f8" => Kind::F64,
            _ => return Err(unsupported()),
        };
        Ok(Element { kind, big_endian })
    }
}

/// A type that is not read, with its everyday name.
fn type_text(text: &[u8]) -> String {
    let name = match text.iter().find(|byte| byte.is_ascii_alphabetic()) {
        Some(b'O') => " (Python objects)",
        Some(b'U' | b'S' | b'a') => " (text)",
        Some(b'c') => " (complex numbers)",
        Some(b'M' | b'm') => " (dates)",
        Some(b'V') => " (raw bytes)",
        _ => "",
    };
    format!("{}{name}", shown(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_numpy_writes() {
        let text = b"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }   \n";
        let header = parse(text).unwrap();
        assert_eq!(
            header.element,
            Element {
                kind: Kind::F32,
                big_endian: false
            }
        );
        assert_eq!((header.shape, header.fortran), (vec![3, 4], false));
    }

    #[test]
    fn other_spellings() {
        let text = b"{\"shape\":(3L,),'fortran_order':True,'descr':\">i8\"}";
        let header = parse(text).unwrap();
        assert_eq!(
            header.element,
            Element {
                kind: Kind::I64,
                big_endian: true
            }
        );
        assert_eq!((header.shape, header.fortran), (vec![3], true));
        assert!(parse(b"{'descr': '|b1', 'fortran_order': False, 'shape': ()}").is_ok());
    }

    #[test]
    fn broken_text_is_placed() {
        let cases: [(&[u8], usize); 8] = [
            (b"", 0),
            (b"[]", 0),
            (b"{'descr': '<f4'", 15),
            (b"{'descr' '<f4'}", 9),
            (b"{'shape': (-1,)}", 11),
            (b"{'shape': (99999999999999999999,)}", 11),
            (b"{'fortran_order': 1}", 18),
            (b"{'shape': ((((((", 11),
        ];
        for (text, place) in cases {
            let fault = parse(text).unwrap_err();
            let Fault::Syntax { at, .. } = fault else {
                panic!("{fault:?}")
            };
            assert_eq!(at, place, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn types_that_are_not_read() {
        for (descr, word) in [
            ("'|O'", "objects"),
            ("'<U9'", "text"),
            ("'<c8'", "complex"),
            ("[('a', '<f4')]", "record"),
        ] {
            let fault = parse(format!("{{'descr': {descr}").as_bytes()).unwrap_err();
            let Fault::Type { at: 10, found } = fault else {
                panic!("{fault:?}")
            };
            assert!(found.contains(word), "{found}");
        }
    }
}
