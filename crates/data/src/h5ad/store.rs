//! An HDF5 file, its parts by their paths, and the bounds on what is believed of them.

use hdf5_pure::{AttrValue, Dataset, Error, File, FormatError, Group, Source};

use super::super::owned::Owned;
use super::super::place::printable;
use super::super::source::{Input, MOST_PER_BYTE};
use super::super::{ContainerError, DataError};

/// Filters that are read, as HDF5 numbers them: gzip, shuffle, Fletcher's checksum, scale-offset, LZF.
const FILTERS: [u16; 5] = [1, 2, 3, 6, 32000];

/// An open file.
pub(super) struct Store {
    pub(super) file: String,
    pub(super) bytes: Owned,
    h5: File,
}

/// What is at a path.
pub(super) enum Node {
    Dataset(Dataset),
    Group(Group),
}

impl Source for Owned {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, to: &mut [u8]) -> Result<(), FormatError> {
        self.fill(offset, to)
            .map_err(|error| FormatError::Source(error.to_string()))
    }
}

impl Store {
    pub(super) fn open(input: &mut Input<'_>) -> Result<Self, DataError> {
        let bytes = Owned::new(input)?;
        let h5 = File::from_source(bytes.clone());
        let file = input.file.clone();
        let h5 = h5.map_err(|error| broken(&file, "", &error))?;
        Ok(Self { file, bytes, h5 })
    }

    /// What is at a path, if there is something.
    pub(super) fn node(&self, path: &str) -> Result<Option<Node>, DataError> {
        let missing = |error: &Error| {
            matches!(
                error,
                Error::Format(FormatError::PathNotFound(_)) | Error::NotAGroup(_)
            )
        };
        match self.h5.dataset(path) {
            Ok(dataset) => return Ok(Some(Node::Dataset(dataset))),
            Err(Error::NotADataset(_)) => {}
            Err(error) if missing(&error) => return Ok(None),
            Err(error) => return Err(self.broken(path, &error)),
        }
        match self.h5.group(path) {
            Ok(group) => Ok(Some(Node::Group(group))),
            Err(error) if missing(&error) => Ok(None),
            Err(error) => Err(self.broken(path, &error)),
        }
    }

    /// The array at a path.
    pub(super) fn dataset(&self, path: &str) -> Result<Dataset, DataError> {
        match self.node(path)? {
            Some(Node::Dataset(dataset)) => Ok(dataset),
            Some(Node::Group(_)) => Err(self.unfit(path, "a group", "an array", WRITE_AGAIN)),
            None => Err(self.missing(path)),
        }
    }

    /// An attribute of a group.
    pub(super) fn attribute(
        &self,
        path: &str,
        group: &Group,
        name: &str,
    ) -> Result<Option<AttrValue>, DataError> {
        let attributes = group.attrs().map_err(|error| self.broken(path, &error))?;
        Ok(attributes
            .into_iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value))
    }

    /// The sides of an array. That its values are more than the file could hold, or that a piece of it would take too
    /// much memory, is refused here.
    pub(super) fn shape(&self, path: &str, dataset: &Dataset) -> Result<Vec<usize>, DataError> {
        let told = |error: Error| self.broken(path, &error);
        let shape = dataset.shape().map_err(told)?;
        let size = dataset.element_size().map_err(told)?;
        let bytes = |sides: &[u64]| {
            sides
                .iter()
                .try_fold(size, |all, side| all.checked_mul(*side))
        };
        let possible = self.bytes.len.saturating_mul(MOST_PER_BYTE);
        if bytes(&shape).is_none_or(|bytes| bytes > possible) {
            let found = format!("an array of shape {shape:?} of {size} bytes each");
            return Err(self.too_large(path, found, possible, WRITE_AGAIN));
        }
        if let Some(chunk) = dataset.chunk_shape().map_err(told)?
            && bytes(&chunk).is_none_or(|bytes| bytes > self.bytes.allowance())
        {
            let found = format!("chunks of shape {chunk:?} of {size} bytes each");
            let advice = "write the file again with smaller chunks";
            return Err(self.too_large(path, found, self.bytes.allowance(), advice));
        }
        self.check_chunks(path, dataset)?;
        if let Some(filter) = dataset.filters().iter().find(|id| !FILTERS.contains(id)) {
            let found = format!("values packed by the HDF5 filter {filter}");
            let advice = "write the file again with compression=\"gzip\"";
            return Err(self.unfit(path, found, "gzip, LZF or no packing", advice));
        }
        let sides: Option<Vec<usize>> = shape
            .iter()
            .map(|side| usize::try_from(*side).ok())
            .collect();
        sides.ok_or_else(|| DataError::ShapeOverflow {
            file: self.of(path),
            shape: format!("{shape:?}"),
        })
    }

    /// Refuses chunks that lie outside of the file: the crate takes memory for one before it reads it.
    fn check_chunks(&self, path: &str, dataset: &Dataset) -> Result<(), DataError> {
        if !dataset.is_chunked() {
            return Ok(());
        }
        let chunks = dataset
            .chunks()
            .map_err(|error| self.broken(path, &error))?;
        let fits = |chunk: &hdf5_pure::Chunk| {
            let end = chunk.address.checked_add(chunk.storage_size);
            end.is_some_and(|end| end <= self.bytes.len)
        };
        match chunks.iter().find(|chunk| !fits(chunk)) {
            None => Ok(()),
            Some(chunk) => {
                let (size, at) = (chunk.storage_size, chunk.address);
                let found = format!("a chunk of {size} bytes at byte {at}");
                Err(self.unfit(
                    path,
                    found,
                    "chunks within the file",
                    "copy or download it again",
                ))
            }
        }
    }

    /// The file and a part of it, for messages.
    pub(super) fn of(&self, path: &str) -> String {
        format!("{}{}", self.file, part(path))
    }

    pub(super) fn broken(&self, path: &str, error: &Error) -> DataError {
        broken(&self.file, path, error)
    }

    pub(super) fn missing(&self, path: &str) -> DataError {
        self.unfit(path, "nothing", "a part of this name", WRITE_AGAIN)
    }

    pub(super) fn unfit(
        &self,
        path: &str,
        found: impl Into<String>,
        expected: impl Into<String>,
        advice: impl Into<String>,
    ) -> DataError {
        ContainerError::Unfit {
            file: self.file.clone(),
            part: part(path),
            found: found.into(),
            expected: expected.into().into(),
            advice: advice.into(),
            remedy: None,
        }
        .into()
    }

    pub(super) fn too_large(
        &self,
        path: &str,
        found: String,
        limit: u64,
        advice: &'static str,
    ) -> DataError {
        ContainerError::TooLarge {
            file: self.file.clone(),
            part: part(path),
            found,
            limit,
            advice,
        }
        .into()
    }
}

pub(super) const WRITE_AGAIN: &str = "write the file again with a current anndata";

pub(super) fn part(path: &str) -> String {
    match path {
        "" => String::new(),
        path => format!(": {}", printable(path)),
    }
}

fn broken(file: &str, path: &str, error: &Error) -> DataError {
    ContainerError::Broken {
        file: file.to_owned(),
        part: part(path),
        format: "HDF5",
        reason: printable(&error.to_string()),
    }
    .into()
}
