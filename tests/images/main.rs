//! Folders of images: what is read, and what is refused.

mod good;
mod hostile;
mod support;
