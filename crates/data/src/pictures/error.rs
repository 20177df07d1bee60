//! What can be wrong with a folder of images.

use crate::remedy::{ReadOption, Remedy};

/// An image, or a folder of them, that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// Neither PNG nor JPEG, whatever its name says.
    #[error(
        "{file}: byte 0: found {found}, expected a PNG or JPEG image as its name says; convert it or remove it"
    )]
    NotAPicture {
        /// The file.
        file: String,
        /// What the first bytes look like.
        found: &'static str,
    },
    /// An image that is cut off or damaged.
    #[error(
        "{file}: found a broken {format} image ({reason}), expected a whole one; copy it again or remove it"
    )]
    Broken {
        /// The file.
        file: String,
        /// `PNG` or `JPEG`.
        format: &'static str,
        /// What the decoder said.
        reason: String,
    },
    /// A header that declares more than is decoded.
    #[error(
        "{file}: found an image of {height} × {width} pixels, expected at most {limit} pixels; scale it down first"
    )]
    TooLarge {
        /// The file.
        file: String,
        /// Pixels from top to bottom.
        height: usize,
        /// Pixels from left to right.
        width: usize,
        /// The most pixels that are decoded.
        limit: usize,
    },
    /// Colours that are not read.
    #[error(
        "{file}: found a JPEG image in {found}, expected shades of grey or RGB colours; convert it to RGB"
    )]
    Colours {
        /// The file.
        file: String,
        /// Its colours.
        found: String,
    },
    /// A coloured image for a model of grey ones.
    #[error(
        "{file}: found an image with colours, expected shades of grey, as the model was trained on; convert it"
    )]
    NotGrey {
        /// The file.
        file: String,
    },
    /// A folder that is met twice.
    #[error(
        "{folder}: found a folder that has been met before (a link leads to it, or round in a circle), expected each folder once; remove the link"
    )]
    FolderTwice {
        /// The path by which it was met again.
        folder: String,
    },
    /// A file name that is no Unicode, and so cannot be an id.
    #[error("{file}: found a name that is not Unicode, expected one that is; rename the file")]
    Name {
        /// The file, with marks for what cannot be shown.
        file: String,
    },
    /// An image without a folder to be called by.
    #[error(
        "{file}: found an image outside of the sub-folders, expected each in a folder named as its class, because labels by folder were asked for; move it"
    )]
    NoClass {
        /// The file.
        file: String,
    },
    /// An option for images, but no images.
    #[error(
        "{file}: found {format}, expected a folder of PNG or JPEG images, because {option} was asked for; name such a folder"
    )]
    NoPictures {
        /// The file.
        file: String,
        /// The format of the file.
        format: &'static str,
        /// The option.
        option: ReadOption,
    },
    /// Images and a data file in one folder.
    #[error(
        "{folder}: found a data file ({data}) and images ({picture}), expected one or the other; name the data file itself, or move it elsewhere"
    )]
    Ambiguous {
        /// The folder.
        folder: String,
        /// The data file.
        data: String,
        /// An image.
        picture: String,
    },
}

impl PictureError {
    /// What the caller can do about it.
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::NoClass { .. } => vec![Remedy::LeaveOut(ReadOption::FolderLabels)],
            Self::NoPictures { option, .. } => vec![Remedy::LeaveOut(*option)],
            _ => Vec::new(),
        }
    }
}
