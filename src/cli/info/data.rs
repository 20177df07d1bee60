//! What a data set is.

use std::path::Path;

use dec_gpu::Result;
use dec_gpu::config::{Config, DataShape};
use dec_gpu::data::{Dataset, ImageShape, Labels, Values, format_name, images, short};
use serde::Serialize;

use super::Line;
use crate::cli::input::ReadArgs;

/// Names shown on the screen; the object holds all.
const SHOWN: usize = 8;

/// A data set in one object.
#[derive(Serialize)]
pub(super) struct DataInfo {
    name: String,
    format: String,
    n_samples: usize,
    input_dim: usize,
    /// `u8`, `f32`, or `sparse f32`.
    r#type: &'static str,
    /// Values that are stored: all, but of sparse data.
    n_values: usize,
    /// Of images: height, width, channels, and whether the file says so or the values look like it.
    image: Option<Image>,
    column_names: Option<Vec<String>>,
    labels: Option<Vec<Class>>,
    /// What training takes if nothing is said.
    suggested_normalisation: &'static str,
    /// Hidden layers that training takes if nothing is said.
    suggested_hidden: Vec<usize>,
}

#[derive(Serialize)]
struct Image {
    height: usize,
    width: usize,
    channels: usize,
    said_by_the_file: bool,
}

/// A class of the labels.
#[derive(Serialize)]
struct Class {
    name: String,
    n_samples: usize,
}

pub(super) fn look(path: &Path, read: &ReadArgs) -> Result<DataInfo> {
    let data = read.read(path)?;
    let mut config = Config::preset("fast")?;
    config.n_clusters = Some(1); // the rules below do not look at it
    let config = config.resolve(DataShape::of(&data))?;
    let (r#type, n_values) = match &data.values {
        Values::U8(values) => ("u8", values.len()),
        Values::F32(values) => ("f32", values.len()),
        Values::Sparse(sparse) => ("sparse f32", sparse.values.len()),
    };
    Ok(DataInfo {
        format: format_name(path)?,
        image: image(&data),
        labels: data.labels.as_ref().map(classes),
        suggested_normalisation: config.data.normalisation.as_str(),
        suggested_hidden: config.network.hidden,
        name: data.name,
        n_samples: data.n_samples,
        input_dim: data.input_dim,
        r#type,
        n_values,
        column_names: data.column_names,
    })
}

fn image(data: &Dataset) -> Option<Image> {
    let ImageShape {
        height,
        width,
        channels,
    } = data.image_shape.or_else(|| images(data))?;
    Some(Image {
        height,
        width,
        channels,
        said_by_the_file: data.image_shape.is_some(),
    })
}

fn classes(labels: &Labels) -> Vec<Class> {
    let mut counts = vec![0; labels.n_classes()];
    for id in &labels.ids {
        counts[*id as usize] += 1;
    }
    let class = |(name, n_samples): (&String, usize)| Class {
        name: name.clone(),
        n_samples,
    };
    labels.names.iter().zip(counts).map(class).collect()
}

impl DataInfo {
    pub(super) fn lines(&self) -> Vec<Line> {
        let mut lines = vec![
            ("data", self.name.clone()),
            ("format", self.format.clone()),
            ("samples", self.n_samples.to_string()),
            ("inputs", self.input_dim.to_string()),
            ("type", self.type_line()),
        ];
        lines.extend(self.image.as_ref().map(|image| ("images", image.line())));
        let columns = self.column_names.as_ref();
        lines.extend(columns.map(|names| ("columns", some(names.iter().cloned()))));
        lines.push(("labels", self.label_line()));
        let (name, hidden) = (self.suggested_normalisation, &self.suggested_hidden);
        lines.push(("normalisation", format!("{name}, if nothing is said")));
        lines.push(("hidden layers", format!("{hidden:?}, if nothing is said")));
        lines
    }

    fn type_line(&self) -> String {
        let all = self.n_samples as f64 * self.input_dim as f64;
        match self.r#type {
            "sparse f32" => format!(
                "{}, {} values ({:.3} % of all)",
                self.r#type,
                self.n_values,
                100.0 * self.n_values as f64 / all
            ),
            dense => dense.to_owned(),
        }
    }

    fn label_line(&self) -> String {
        let Some(classes) = &self.labels else {
            return "none".to_owned();
        };
        let named = |class: &Class| format!("{} ({})", short(&class.name), class.n_samples);
        format!(
            "{} classes: {}",
            classes.len(),
            some(classes.iter().map(named))
        )
    }
}

impl Image {
    fn line(&self) -> String {
        let how = if self.said_by_the_file {
            "as the file says"
        } else {
            "by the look of the values"
        };
        let (height, width, channels) = (self.height, self.width, self.channels);
        format!("{height} x {width} x {channels} (height, width, channels), {how}")
    }
}

/// The first names, and how many more there are.
fn some(names: impl ExactSizeIterator<Item = String>) -> String {
    let more = names.len().saturating_sub(SHOWN);
    let mut shown: Vec<String> = names.take(SHOWN).map(|name| short(&name)).collect();
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_few() {
        let names: Vec<String> = (0..10).map(|i| i.to_string()).collect();
        assert_eq!(
            some(names.iter().cloned()),
            "0, 1, 2, 3, 4, 5, 6, 7, and 2 more"
        );
        assert_eq!(some(names[..2].iter().cloned()), "0, 1");
    }
}
