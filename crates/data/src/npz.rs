//! NPZ, a zip archive of NPY files as `numpy.savez` writes it.
//!
//! Only the members that are used are unpacked; the others may be of any type.

use std::ops::{ControlFlow, Range};

use zip::{CompressionMethod, ZipArchive};

use super::array::ArrayRows;
use super::blocks::{BlockRows, NamedLabels, RowStream, Take};
use super::body::Body;
use super::error::DataError;
use super::format::{Columns, Format, Rows, Start};
use super::place::{listed, said, short};
use super::shape::Header;
use super::source::{Input, MOST_PER_BYTE, Packing, ReadSeek, Source};
use super::{Labels, ReadOptions, npy};

/// The first bytes of a zip archive; the second form is an archive without members.
const MAGIC: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

/// The names a data member may have; the first one present is taken.
const DATA_NAMES: [&str; 3] = ["x", "X", "data"];
/// The names a label member may have.
const LABEL_NAMES: [&str; 3] = ["y", "labels", "target"];

pub(super) const FORMAT: Format = Format {
    name: "NPZ",
    start: Start::Binary(|start| MAGIC.iter().any(|magic| start.starts_with(magic))),
    not_in_gzip: Some("a zip archive"),
    columns: Columns::None,
    layers: false,
    rows,
    labels: Some(labels),
    labels_beside: false,
};

/// The rows of the data member, with all labels of the label member if there is one and they are wanted.
struct MemberRows<'i> {
    rows: ArrayRows<'i>,
    labels: Option<NamedLabels>,
}

fn rows<'i>(
    input: &'i mut Input<'_>,
    name: String,
    options: &ReadOptions,
) -> Result<Rows<'i>, DataError> {
    let mut archive = Archive::open(input)?;
    let index = archive.data()?;
    let mut labels = None;
    if let (None, Some(index)) = (&options.label_file, archive.find(&LABEL_NAMES)) {
        let mut member = archive.member(index);
        labels = Some(NamedLabels {
            labels: npy::labels(&mut member)?,
            file: member.file,
        });
    }
    let member = Box::new(archive.into_member(index));
    let rows = ArrayRows::open(member, npy::header, name)?;
    Ok(Box::new(MemberRows { rows, labels }))
}

impl RowStream for MemberRows<'_> {
    fn count(&mut self) -> Result<usize, DataError> {
        self.rows.count()
    }

    fn labelled(&self) -> bool {
        self.labels.is_some()
    }

    fn each(
        &mut self,
        range: Range<usize>,
        block: BlockRows,
        take: &mut Take<'_>,
    ) -> Result<ControlFlow<()>, DataError> {
        self.rows.each(range, block, take)
    }

    fn labels_apart(&mut self) -> Option<NamedLabels> {
        self.labels.take()
    }
}

/// Read the label member.
fn labels(input: &mut Input<'_>) -> Result<Labels, DataError> {
    let mut archive = Archive::open(input)?;
    let Some(index) = archive.find(&LABEL_NAMES) else {
        return Err(archive.no_member());
    };
    npy::labels(&mut archive.member(index))
}

struct Archive<'a> {
    file: String,
    len: u64,
    zip: ZipArchive<&'a mut dyn ReadSeek>,
    /// The names of all members, without `.npy`.
    names: Vec<String>,
}

impl<'a> Archive<'a> {
    fn open(input: &'a mut Input<'_>) -> Result<Self, DataError> {
        let (file, len) = (input.file.clone(), input.len);
        let broken = |reason: String| DataError::BrokenArchive {
            file: file.clone(),
            reason,
        };
        let reader: &'a mut dyn ReadSeek = &mut *input.reader;
        let zip = ZipArchive::new(reader).map_err(|e| broken(said(e)))?;
        let mut names = Vec::with_capacity(zip.len());
        for index in 0..zip.len() {
            // A member whose name cannot be read is none of ours.
            let name = zip
                .name_for_index(index)
                .and_then(Result::ok)
                .unwrap_or_default();
            names.push(name.strip_suffix(".npy").unwrap_or(&name).to_owned());
        }
        Ok(Self {
            file,
            len,
            zip,
            names,
        })
    }

    /// The first of `names` that is a member.
    fn find(&self, names: &[&str]) -> Option<usize> {
        names
            .iter()
            .find_map(|name| self.names.iter().position(|member| member == name))
    }

    /// The member that is the data.
    fn data(&mut self) -> Result<usize, DataError> {
        match self.find(&DATA_NAMES) {
            Some(index) => Ok(index),
            None => self.only_matrix(),
        }
    }

    /// The one member of two or more dimensions; those whose header cannot be read do not count.
    fn only_matrix(&mut self) -> Result<usize, DataError> {
        let mut found = None;
        for index in 0..self.names.len() {
            let header = self
                .member(index)
                .body()
                .and_then(|mut body| npy::header(&mut body));
            let is_matrix = header.is_ok_and(|Header { shape, .. }| shape.len() >= 2);
            if is_matrix && found.replace(index).is_some() {
                return Err(self.no_member());
            }
        }
        found.ok_or_else(|| self.no_member())
    }

    fn no_member(&self) -> DataError {
        let found = match self.names.len() {
            0 => "no members".to_owned(),
            _ => format!("members {}", listed(&self.names)),
        };
        DataError::NoMember {
            file: self.file.clone(),
            found,
        }
    }

    /// What messages call a member.
    fn file_of(&self, index: usize) -> String {
        let name = self.names.get(index).map_or("", String::as_str);
        format!("{}: member {}", self.file, short(name))
    }

    fn member(&mut self, index: usize) -> Member<&mut Self> {
        Member {
            file: self.file_of(index),
            archive: self,
            index,
        }
    }

    fn into_member(self, index: usize) -> Member<Self> {
        Member {
            file: self.file_of(index),
            archive: self,
            index,
        }
    }

    /// The unpacked bytes of a member; `file` is what messages call it.
    fn body<'b>(&'b mut self, index: usize, file: &'b str) -> Result<Body<'b>, DataError> {
        let broken = |reason: String| DataError::BrokenArchive {
            file: file.to_owned(),
            reason,
        };
        let len = self.len;
        let member = self.zip.by_index(index);
        let member = member.map_err(|error| broken(said(error)))?;
        // The archive's word for a size is no proof: packed bytes lie within the file.
        let packed = member.compressed_size().min(len);
        let possible = match member.compression() {
            CompressionMethod::Stored => packed,
            _ => packed.saturating_mul(MOST_PER_BYTE),
        };
        let most = member.size().min(possible);
        Ok(Body::new(file, Box::new(member), Packing::Zip, most, len))
    }
}

/// One member, which can be unpacked more than once.
struct Member<A> {
    archive: A,
    index: usize,
    file: String,
}

impl Source for Member<&mut Archive<'_>> {
    fn body(&mut self) -> Result<Body<'_>, DataError> {
        self.archive.body(self.index, &self.file)
    }
}

impl Source for Member<Archive<'_>> {
    fn body(&mut self) -> Result<Body<'_>, DataError> {
        self.archive.body(self.index, &self.file)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::super::{Dataset, Values};
    use super::*;

    fn npy(descr: &str, shape: &str, body: &[u8]) -> Vec<u8> {
        let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
        [
            b"\x93NUMPY\x01\x00",
            &(text.len() as u16).to_le_bytes()[..],
            text.as_bytes(),
            body,
        ]
        .concat()
    }

    fn npz(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in members {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn read(bytes: Vec<u8>) -> Result<Dataset, DataError> {
        crate::read("x.npz", Cursor::new(bytes), &ReadOptions::default())
    }

    #[test]
    fn x_and_y_among_others() {
        let set = read(npz(&[
            ("terms.npy", npy("<U9", "(1,)", &[0; 36])),
            ("y.npy", npy("|i1", "(2,)", &[5, 255])),
            ("other.npy", npy("|u1", "(1, 1)", &[9])),
            ("x.npy", npy("|u1", "(2, 2)", &[1, 2, 3, 4])),
        ]))
        .unwrap();
        assert_eq!(set.values, Values::U8(vec![1, 2, 3, 4]));
        let labels = set.labels.unwrap();
        assert_eq!(
            (labels.ids, labels.names),
            (vec![1, 0], vec!["-1".into(), "5".into()])
        );
    }

    #[test]
    fn the_only_matrix_is_taken() {
        let one = npy("|u1", "(2, 1)", &[1, 2]);
        let vector = npy("|u1", "(2,)", &[1, 2]);
        let set = read(npz(&[("a.npy", vector), ("b.npy", one.clone())])).unwrap();
        assert_eq!(set.values, Values::U8(vec![1, 2]));
        let error = read(npz(&[("a.npy", one.clone()), ("b.npy", one)])).unwrap_err();
        assert!(
            error.to_string().starts_with("x.npz: found members a, b"),
            "{error}"
        );
        assert!(matches!(read(npz(&[])), Err(DataError::NoMember { .. })));
    }

    #[test]
    fn members_are_named_in_errors() {
        let error = read(npz(&[("x.npy", npy("|O", "(2, 1)", &[1, 2]))])).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("x.npz: member x: byte 20: found"),
            "{error}"
        );
        let x = npy("|u1", "(2, 1)", &[1, 2]);
        let y = npy("|u1", "(3,)", &[1, 2, 3]);
        let error = read(npz(&[("x.npy", x), ("y.npy", y)])).unwrap_err();
        assert!(
            error.to_string().contains("found 3 labels for 2 rows"),
            "{error}"
        );
    }
}
