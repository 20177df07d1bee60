//! The files of a set one after the other, with the labels that lie beside them.

use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};

use super::super::{folder, open_labels, open_regular};
use super::{Block, BlockOptions, BlockRows, DataError, Input, NamedLabels, ReadOptions};
use super::{RowStream, Take, format, printable, stem};

/// A set in one or more files.
pub(super) struct Walk<'o> {
    parts: Vec<PathBuf>,
    /// The name of the set, if it is not that of the file.
    name: Option<String>,
    options: &'o ReadOptions,
}

/// What must be known of a part before the rows of the set are read.
struct Survey {
    /// Its rows, if they have been counted.
    count: Option<usize>,
    labelled: bool,
}

impl<'o> Walk<'o> {
    pub(super) fn open(path: &Path, options: &'o ReadOptions) -> Result<Self, DataError> {
        let (parts, name) = if path.is_dir() {
            (folder::parts(path)?, folder::own_name(path))
        } else {
            (vec![path.to_owned()], None)
        };
        Ok(Self {
            parts,
            name,
            options,
        })
    }

    pub(super) fn each(&self, blocks: &BlockOptions, take: &mut Take<'_>) -> Result<(), DataError> {
        let surveys = self.survey(blocks.shard.is_some())?;
        let counts: Option<Vec<usize>> = surveys.iter().map(|part| part.count).collect();
        let n = counts.map(|counts| counts.iter().sum());
        let range = match (blocks.shard, n) {
            (Some(shard), Some(n)) => shard.range(n),
            _ => 0..usize::MAX,
        };
        let labels = self.label_file(n)?;
        let with_own = labels.is_none() && self.all_labelled(&surveys);
        let mut state = State {
            labels,
            with_own,
            sample: None,
            at: 0,
        };
        for (path, survey) in self.parts.iter().zip(&surveys) {
            let flow = self.part(path, survey, range.clone(), &mut state, blocks, take)?;
            if flow.is_break() || state.at >= range.end {
                return Ok(());
            }
        }
        match &state.labels {
            Some(labels) => labels.check_count(state.at),
            None => Ok(()),
        }
    }

    /// Looks at every part, if that is needed.
    fn survey(&self, count: bool) -> Result<Vec<Survey>, DataError> {
        let look = |path: &PathBuf| {
            self.with_part(path, |rows, labels| {
                Ok(Survey {
                    count: if count { Some(rows.count()?) } else { None },
                    labelled: labels.is_some() || rows.labelled(),
                })
            })
        };
        if !count && self.parts.len() == 1 {
            // The labels of the only part can be taken as they come.
            return Ok(vec![Survey {
                count: None,
                labelled: true,
            }]);
        }
        self.parts.iter().map(look).collect()
    }

    fn all_labelled(&self, surveys: &[Survey]) -> bool {
        let labelled = surveys.iter().filter(|part| part.labelled).count();
        if labelled > 0 && labelled < surveys.len() {
            folder::warn_of_unlabelled(labelled, surveys.len());
        }
        labelled == surveys.len()
    }

    /// The labels of the whole set, if there is a file of them; as many as rows, if these have been counted.
    fn label_file(&self, n: Option<usize>) -> Result<Option<NamedLabels>, DataError> {
        let Some(file) = &self.options.label_file else {
            return Ok(None);
        };
        // Data that are not there are the first thing to say.
        self.parts
            .iter()
            .try_for_each(|part| open_regular(part).map(drop))?;
        let labels = named_labels(file)?;
        if let Some(n) = n {
            labels.check_count(n)?;
        }
        Ok(Some(labels))
    }

    /// Hands over the rows of one part that lie in `range` of the set.
    fn part(
        &self,
        path: &Path,
        survey: &Survey,
        range: Range<usize>,
        state: &mut State,
        blocks: &BlockOptions,
        take: &mut Take<'_>,
    ) -> Result<ControlFlow<()>, DataError> {
        let start = state.at;
        let end = match range.end {
            usize::MAX => usize::MAX,
            end => end - start,
        };
        let local = range.start.saturating_sub(start)..end;
        if let Some(count) = survey.count
            && local.start >= count
        {
            state.at += count;
            return Ok(ControlFlow::Continue(()));
        }
        self.with_part(path, |rows, own| {
            let own = own.filter(|_| state.with_own);
            if let (Some(labels), Some(count)) = (&own, survey.count) {
                labels.check_count(count)?;
            }
            let (mut end, mut fault) = (0, None);
            let flow = each_labelled(rows, own.as_ref(), local, blocks.into(), &mut |block| {
                end = block.first + block.rows.n_samples;
                match state.fit(block, start, path) {
                    Ok(block) => take(block),
                    Err(error) => {
                        fault = Some(error);
                        ControlFlow::Break(())
                    }
                }
            })?;
            state.at += survey.count.unwrap_or(end);
            fault.map_or(Ok(flow), Err)
        })
    }

    /// Opens a part, with the labels beside it.
    fn with_part<T>(
        &self,
        path: &Path,
        then: impl FnOnce(&mut dyn RowStream, Option<NamedLabels>) -> Result<T, DataError>,
    ) -> Result<T, DataError> {
        let mut file = open_regular(path)?;
        let mut input = Input::of_file(path, &mut file)?;
        let own = || stem(&path.file_name().unwrap_or_default().to_string_lossy());
        let name = self.name.clone().unwrap_or_else(own);
        let (format, mut rows) = format::open(&mut input, name, self.options)?;
        let beside = match self.options.label_file {
            None => format.labels_of(path),
            Some(_) => None,
        };
        let labels = match beside {
            Some(file) => Some(named_labels(&file)?),
            None => rows.labels_apart(),
        };
        then(&mut *rows, labels)
    }
}

/// Hands over the rows of a folder that is no set of files, with the labels of a file if there is one.
pub(super) fn folder_rows(
    rows: &mut dyn RowStream,
    options: &ReadOptions,
    blocks: &BlockOptions,
    take: &mut Take<'_>,
) -> Result<(), DataError> {
    let n = rows.count()?;
    let labels = options
        .label_file
        .as_deref()
        .map(named_labels)
        .transpose()?;
    if let Some(labels) = &labels {
        labels.check_count(n)?;
    }
    let range = blocks.shard.map_or(0..usize::MAX, |shard| shard.range(n));
    let _ = each_labelled(rows, labels.as_ref(), range, blocks.into(), take)?;
    Ok(())
}

fn named_labels(file: &Path) -> Result<NamedLabels, DataError> {
    Ok(NamedLabels {
        labels: open_labels(file)?,
        file: file.to_string_lossy().into_owned(),
    })
}

/// What goes from part to part.
struct State {
    /// The labels of the whole set.
    labels: Option<NamedLabels>,
    /// Whether labels that come with the parts are used.
    with_own: bool,
    /// What a sample of the first part is.
    sample: Option<String>,
    /// Rows of the parts before.
    at: usize,
}

impl State {
    /// A block of a part that starts at row `start`, as one of the set.
    fn fit(&mut self, mut block: Block, start: usize, path: &Path) -> Result<Block, DataError> {
        let found = folder::sample_text(&block.rows);
        let expected = self.sample.get_or_insert_with(|| found.clone());
        if *expected != found {
            return Err(DataError::PartsDiffer {
                file: printable(&path.to_string_lossy()),
                found,
                expected: expected.clone(),
            });
        }
        block.first += start;
        if let Some(labels) = &self.labels {
            block.rows.labels = labels.of(&block);
        } else if !self.with_own {
            block.rows.labels = None;
        }
        Ok(block)
    }
}

impl NamedLabels {
    /// Those of a block; nothing if there are too few, which is told at the end, when it is known how many rows
    /// there are.
    fn of(&self, block: &Block) -> Option<super::Labels> {
        let rows = block.first..block.first + block.rows.n_samples;
        (rows.end <= self.labels.len()).then(|| self.labels.part(rows))
    }

    fn check_count(&self, n: usize) -> Result<(), DataError> {
        if self.labels.len() == n {
            return Ok(());
        }
        Err(DataError::LabelCount {
            file: printable(&self.file),
            found: self.labels.len(),
            expected: n,
        })
    }
}

/// Hands over rows with the labels that are held for them.
pub(super) fn each_labelled(
    rows: &mut dyn RowStream,
    labels: Option<&NamedLabels>,
    range: Range<usize>,
    block_rows: BlockRows,
    take: &mut Take<'_>,
) -> Result<ControlFlow<()>, DataError> {
    let Some(labels) = labels else {
        return rows.each(range, block_rows, take);
    };
    let (to_the_end, mut end) = (range.end == usize::MAX, 0);
    let flow = rows.each(range, block_rows, &mut |mut block| {
        end = block.first + block.rows.n_samples;
        block.rows.labels = labels.of(&block);
        take(block)
    })?;
    if to_the_end && flow.is_continue() {
        labels.check_count(end)?;
    }
    Ok(flow)
}
