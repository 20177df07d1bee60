//! Parquet files by hand: pages and a footer in Thrift's compact protocol, so that they can say anything.

/// Fields of a struct, in order.
#[derive(Clone, Default)]
pub(crate) struct Struct {
    bytes: Vec<u8>,
    last: u8,
}

impl Struct {
    fn header(&mut self, field: u8, kind: u8) {
        self.bytes.push((field - self.last) << 4 | kind);
        self.last = field;
    }

    pub(crate) fn i32(mut self, field: u8, value: i32) -> Self {
        self.header(field, 5);
        self.bytes.extend(varint(zigzag(value.into())));
        self
    }

    pub(crate) fn i64(mut self, field: u8, value: i64) -> Self {
        self.header(field, 6);
        self.bytes.extend(varint(zigzag(value)));
        self
    }

    pub(crate) fn text(mut self, field: u8, text: &str) -> Self {
        self.header(field, 8);
        self.bytes.extend(binary(text));
        self
    }

    pub(crate) fn inner(mut self, field: u8, inner: &Self) -> Self {
        self.header(field, 12);
        self.bytes.extend(inner.end());
        self
    }

    pub(crate) fn list(mut self, field: u8, kind: u8, items: &[Vec<u8>]) -> Self {
        self.header(field, 9);
        self.bytes.push(0xf0 | kind);
        self.bytes.extend(varint(items.len() as u64));
        self.bytes.extend(items.concat());
        self
    }

    pub(crate) fn end(&self) -> Vec<u8> {
        [&self.bytes[..], &[0]].concat()
    }
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

fn binary(text: &str) -> Vec<u8> {
    [varint(text.len() as u64), text.as_bytes().to_vec()].concat()
}

pub(crate) const DOUBLE: i32 = 5;
pub(crate) const BYTE_ARRAY: i32 = 6;

const PLAIN: i32 = 0;
const RLE: i32 = 3;
const RLE_DICTIONARY: i32 = 8;

/// A file of one column `x` in one row group, and what is said about it.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) kind: i32,
    pub(crate) codec: i32,
    pub(crate) rows: i64,
    /// Rows of the row group, if not `rows`.
    pub(crate) group_rows: Option<i64>,
    pub(crate) pages: Vec<u8>,
    /// Where the column says to be, and how long, if not the truth.
    pub(crate) place: Option<(i64, i64)>,
    pub(crate) schema: Option<Vec<Vec<u8>>>,
}

impl File {
    pub(crate) fn of(kind: i32, codec: i32, rows: i64, pages: Vec<u8>) -> Self {
        Self {
            kind,
            codec,
            rows,
            group_rows: None,
            pages,
            place: None,
            schema: None,
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let (offset, len) = self.place.unwrap_or((4, self.pages.len() as i64));
        let column = Struct::default()
            .i32(1, self.kind)
            .list(2, 5, &[varint(zigzag(PLAIN.into()))])
            .list(3, 8, &[binary("x")])
            .i32(4, self.codec)
            .i64(5, self.rows)
            .i64(6, len)
            .i64(7, len)
            .i64(9, offset);
        let chunk = Struct::default().i64(2, offset).inner(3, &column);
        let group = Struct::default()
            .list(1, 12, &[chunk.end()])
            .i64(2, len)
            .i64(3, self.group_rows.unwrap_or(self.rows));
        let plain = || {
            vec![
                element("t", None, Some(1)),
                element("x", Some(self.kind), None),
            ]
        };
        let footer = Struct::default()
            .i32(1, 1)
            .list(2, 12, &self.schema.clone().unwrap_or_else(plain))
            .i64(3, self.rows)
            .list(4, 12, &[group.end()])
            .end();
        let len = (footer.len() as u32).to_le_bytes();
        [b"PAR1", &self.pages[..], &footer, &len, b"PAR1"].concat()
    }
}

/// An element of a schema: a column of a kind, or a group of columns.
pub(crate) fn element(name: &str, kind: Option<i32>, children: Option<i32>) -> Vec<u8> {
    let mut element = Struct::default();
    if let Some(kind) = kind {
        element = element.i32(1, kind);
    }
    element = element.i32(3, 0).text(4, name);
    if let Some(children) = children {
        element = element.i32(5, children);
    }
    element.end()
}

/// A data page that says to unpack to `unpacked` bytes and to hold `values` values.
pub(crate) fn page(packed: &[u8], unpacked: usize, values: i32) -> Vec<u8> {
    data_page(packed, unpacked, values, PLAIN)
}

/// A data page whose values are places in the dictionary.
pub(crate) fn coded_page(bytes: &[u8], values: i32) -> Vec<u8> {
    data_page(bytes, bytes.len(), values, RLE_DICTIONARY)
}

fn data_page(packed: &[u8], unpacked: usize, values: i32, encoding: i32) -> Vec<u8> {
    let data = Struct::default()
        .i32(1, values)
        .i32(2, encoding)
        .i32(3, RLE)
        .i32(4, RLE);
    let header = Struct::default()
        .i32(1, 0)
        .i32(2, unpacked as i32)
        .i32(3, packed.len() as i32)
        .inner(5, &data);
    [&header.end()[..], packed].concat()
}

/// A dictionary that says to hold `values` values.
pub(crate) fn dictionary(bytes: &[u8], values: i32) -> Vec<u8> {
    let data = Struct::default().i32(1, values).i32(2, PLAIN);
    let header = Struct::default()
        .i32(1, 2)
        .i32(2, bytes.len() as i32)
        .i32(3, bytes.len() as i32)
        .inner(7, &data);
    [&header.end()[..], bytes].concat()
}
