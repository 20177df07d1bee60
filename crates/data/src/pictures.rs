//! A folder of PNG and JPEG files as a set: one row of bytes for each image, its planes (grey, or red, green and blue)
//! one after the other, in the order of the paths, which are the ids.
//!
//! Images are decoded in parallel, one at a time on each thread, into the place of their row.

use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

mod decode;
mod error;
mod files;
mod fit;
mod jpeg_file;
mod png_file;
mod size;
mod stream;

use super::labels::Builder;
use super::place::printable;
use super::{DataError, Dataset, ImageShape, Labels, ReadOptions, Values, folder, format};
use decode::{Picture, zeros};
pub use error::PictureError;
pub(super) use files::is_image_name;
use files::{Files, shown};
pub use size::{BadImageSize, ImageSize};

/// The images below a folder.
pub(super) struct Pictures {
    folder: PathBuf,
    /// Their paths from there, sorted.
    files: Vec<String>,
    size: ImageSize,
    /// 1 or 3, if it is known.
    channels: Option<usize>,
    labels: Option<Labels>,
}

/// Why an image has no place in a row.
enum Fault {
    /// It has colours, and the rows are grey.
    Coloured {
        file: String,
    },
    Data(DataError),
}

impl From<DataError> for Fault {
    fn from(error: DataError) -> Self {
        Self::Data(error)
    }
}

impl Fault {
    fn into_error(self) -> DataError {
        match self {
            Self::Coloured { file } => PictureError::NotGrey { file }.into(),
            Self::Data(error) => error,
        }
    }
}

impl Pictures {
    /// The images of a folder, if that is what it holds: no IDX parts, no data file beside them unless an option says
    /// that the images are meant.
    pub(super) fn find(folder: &Path, options: &ReadOptions) -> Result<Option<Self>, DataError> {
        let asked = options.image_size.is_some() || options.folder_labels;
        match folder::data_in(folder)? {
            folder::Data::Parts => return Ok(None),
            folder::Data::File(data) if !asked => {
                return match files::one_near(folder) {
                    None => Ok(None),
                    Some(picture) => Err(PictureError::Ambiguous {
                        folder: shown(folder),
                        data: printable(&data),
                        picture: printable(&picture),
                    }
                    .into()),
                };
            }
            folder::Data::File(_) | folder::Data::None => {}
        }
        let files = files::below(folder)?;
        if files.images.is_empty() {
            return Ok(None);
        }
        format::refuse_columns("a folder of images", &shown(folder), options)?;
        Self::of(folder, files, options).map(Some)
    }

    fn of(folder: &Path, files: Files, options: &ReadOptions) -> Result<Self, DataError> {
        if let Some(other) = &files.other {
            log::warn!(
                "{}: files passed over because their names are not those of PNG or JPEG images: {}, for example {}",
                shown(folder),
                files.others,
                printable(other)
            );
        }
        let mut found = Self {
            folder: folder.to_owned(),
            files: files.images,
            size: ImageSize::of_set(None, None).0,
            channels: None,
            labels: None,
        };
        if options.folder_labels {
            found.labels = Some(found.folder_labels()?);
        }
        if let Some(size) = options.image_size {
            found.size = size;
            found.channels = options
                .least_columns
                .and_then(|values| size.planes_of(values));
            return Ok(found);
        }
        let common = found.common_size()?;
        (found.size, found.channels) = ImageSize::of_set(common, options.least_columns);
        if common != Some(found.size) {
            let sizes = common.map_or("several sizes".to_owned(), |size| size.to_string());
            log::warn!(
                "{}: images of {sizes} pixels are resized to {}, because no image size was asked for",
                shown(folder),
                found.size
            );
        }
        Ok(found)
    }

    /// The class of each image: the name of the folder that it lies in.
    fn folder_labels(&self) -> Result<Labels, DataError> {
        let mut labels = Builder::default();
        for file in &self.files {
            let mut names = file.rsplit('/').skip(1);
            match names.next() {
                Some(name) => labels.push(printable(name).as_bytes()),
                None => {
                    let file = shown(&self.path(file));
                    return Err(PictureError::NoClass { file }.into());
                }
            }
        }
        Ok(labels.finish())
    }

    /// The size of all images, if they have one, by their headers.
    fn common_size(&self) -> Result<Option<ImageSize>, DataError> {
        let size = |file: &String| {
            let (height, width) = Picture::open(&self.path(file))?.size();
            Ok(ImageSize { height, width })
        };
        let sizes: Vec<Result<ImageSize, DataError>> = self.files.par_iter().map(size).collect();
        let sizes: Vec<ImageSize> = sizes.into_iter().collect::<Result<_, _>>()?;
        let alike = sizes.windows(2).all(|two| two[0] == two[1]);
        Ok(sizes.first().filter(|_| alike).copied())
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    fn shape(&self, channels: usize) -> ImageShape {
        ImageShape {
            height: self.size.height,
            width: self.size.width,
            channels,
        }
    }

    /// The values of some images, in order; the first image at fault is named.
    fn rows(&self, range: Range<usize>, channels: usize) -> Result<Vec<u8>, Fault> {
        let shape = self.shape(channels);
        let dim = shape.n_values();
        let mut values = zeros(&shown(&self.folder), range.len().saturating_mul(dim))?;
        let rows = values.par_chunks_exact_mut(dim).zip(&self.files[range]);
        let faults = rows.filter_map(|(row, file)| self.row(file, shape, row).err());
        // Whichever thread is first, the fault is that of the first file.
        match faults.find_first(|_| true) {
            Some(fault) => Err(fault),
            None => Ok(values),
        }
    }

    fn row(&self, file: &str, shape: ImageShape, row: &mut [u8]) -> Result<(), Fault> {
        let path = self.path(file);
        let image = Picture::open(&path)?.pixels()?;
        fit::fit(image, shape, row).map_err(|fit::Coloured| Fault::Coloured { file: shown(&path) })
    }

    /// Some rows as a set.
    fn dataset(&self, range: Range<usize>, channels: usize, values: Vec<u8>) -> Dataset {
        let shape = self.shape(channels);
        let ids = self.files[range.clone()].iter().map(|file| printable(file));
        let name = folder::own_name(&self.folder).unwrap_or_default();
        Dataset {
            image_shape: Some(shape),
            ids: Some(ids.collect()),
            labels: self.labels.as_ref().map(|labels| Labels {
                ids: labels.ids[range.clone()].to_vec(),
                names: labels.names.clone(),
            }),
            ..Dataset::new(name, range.len(), shape.n_values(), Values::U8(values))
        }
    }
}
