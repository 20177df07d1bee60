//! The files of a prediction, written row by row; they get their names when all of them are whole.

use clap::ValueEnum;
use dec_gpu::Result;
use dec_gpu::model::Model;
use dec_gpu::predict::Prediction;
use dec_gpu::report::{
    CONFIDENCE_NPY, EMBEDDING_NPY, LABELS_CSV, LABELS_NPY, LabelsWriter, NpyNumber, NpyWriter,
    SOFT_ASSIGNMENT_NPY,
};

use super::super::atomic::Pending;
use super::super::run_dir::{RunDir, RunDirError};
#[cfg(feature = "parquet")]
use super::parquet::ParquetWriter;

/// How labels and confidence are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// labels.csv: index, label, confidence
    Csv,
    /// labels.npy (i32) and confidence.npy (f32)
    Npy,
    /// labels.parquet: index (i64), label (i32), confidence (f32)
    #[cfg(feature = "parquet")]
    Parquet,
}

/// The table as a Parquet file.
#[cfg(feature = "parquet")]
const LABELS_PARQUET: &str = "labels.parquet";

/// The files so far. Dropped before [`Outputs::publish`], they are gone.
pub(super) struct Outputs<'f> {
    folder: &'f RunDir,
    labels: Labels,
    soft_assignment: Npy<f32>,
    embedding: Npy<f32>,
}

enum Labels {
    Csv(LabelsWriter<Pending>),
    Npy {
        labels: Npy<i32>,
        confidence: Npy<f32>,
    },
    #[cfg(feature = "parquet")]
    Parquet(ParquetWriter<Pending>),
}

/// An NPY file and its name.
struct Npy<T: NpyNumber> {
    name: &'static str,
    stream: NpyWriter<T, Pending>,
}

impl<'f> Outputs<'f> {
    /// Begins the files; the first row will be that of sample `first`. Only a CSV has room for ids.
    pub(super) fn begin(
        folder: &'f RunDir,
        format: Format,
        model: &Model,
        first: usize,
        with_ids: bool,
    ) -> Result<Self> {
        let labels = match format {
            Format::Csv => {
                let file = folder.begin(LABELS_CSV)?;
                let writer = LabelsWriter::new(file, first as u64, with_ids);
                Labels::Csv(folder.named(LABELS_CSV, writer)?)
            }
            Format::Npy => Labels::Npy {
                labels: Npy::begin(folder, LABELS_NPY, None)?,
                confidence: Npy::begin(folder, CONFIDENCE_NPY, None)?,
            },
            #[cfg(feature = "parquet")]
            Format::Parquet => {
                let file = folder.begin(LABELS_PARQUET)?;
                let writer = ParquetWriter::new(file, first as u64);
                Labels::Parquet(folder.named(LABELS_PARQUET, writer)?)
            }
        };
        let (k, d) = (model.n_clusters, model.embedding_dim);
        Ok(Self {
            folder,
            labels,
            soft_assignment: Npy::begin(folder, SOFT_ASSIGNMENT_NPY, Some(k))?,
            embedding: Npy::begin(folder, EMBEDDING_NPY, Some(d))?,
        })
    }

    /// Writes the next rows; `labels` are those to be written, with `ids` if they were announced.
    pub(super) fn write(
        &mut self,
        labels: &[i32],
        found: &Prediction,
        ids: Option<&[String]>,
    ) -> Result<()> {
        let folder = self.folder;
        match &mut self.labels {
            Labels::Csv(writer) => {
                let written = writer.write_rows(labels, &found.confidence, ids);
                folder.named(LABELS_CSV, written)?;
            }
            Labels::Npy {
                labels: writer,
                confidence,
            } => {
                writer.write(folder, labels)?;
                confidence.write(folder, &found.confidence)?;
            }
            #[cfg(feature = "parquet")]
            Labels::Parquet(writer) => {
                let result = writer.write_rows(labels, &found.confidence);
                folder.named(LABELS_PARQUET, result)?;
            }
        }
        self.soft_assignment.write(folder, &found.soft_assignment)?;
        self.embedding.write(folder, &found.embedding)?;
        Ok(())
    }

    /// Brings all files to the disk, and only then gives them their names.
    pub(super) fn publish(self) -> Result<()> {
        let folder = self.folder;
        let mut files = match self.labels {
            Labels::Csv(writer) => vec![(LABELS_CSV, folder.named(LABELS_CSV, writer.finish())?)],
            Labels::Npy { labels, confidence } => {
                vec![labels.finish(folder)?, confidence.finish(folder)?]
            }
            #[cfg(feature = "parquet")]
            Labels::Parquet(writer) => {
                let file = folder.named(LABELS_PARQUET, writer.finish())?;
                vec![(LABELS_PARQUET, file)]
            }
        };
        files.push(self.soft_assignment.finish(folder)?);
        files.push(self.embedding.finish(folder)?);
        let whole =
            |(name, file): (&'static str, Pending)| Ok((name, folder.named(name, file.finish())?));
        let whole: Vec<_> = files.into_iter().map(whole).collect::<Result<_>>()?;
        for (name, file) in whole {
            folder.named(name, file.publish())?;
        }
        Ok(())
    }
}

impl<T: NpyNumber> Npy<T> {
    fn begin(
        folder: &RunDir,
        name: &'static str,
        columns: Option<usize>,
    ) -> std::result::Result<Self, RunDirError> {
        let file = folder.begin(name)?;
        let stream = folder.named(name, NpyWriter::new(file, columns))?;
        Ok(Self { name, stream })
    }

    fn write(&mut self, folder: &RunDir, values: &[T]) -> std::result::Result<(), RunDirError> {
        folder.named(self.name, self.stream.write(values))
    }

    fn finish(self, folder: &RunDir) -> std::result::Result<(&'static str, Pending), RunDirError> {
        Ok((self.name, folder.named(self.name, self.stream.finish())?))
    }
}
