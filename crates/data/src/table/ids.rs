//! What the rows of a table are called: text in UTF-8, each once.

use super::super::layout::Layout;
use super::super::place::{printable, shown};
use super::{ColumnError, DataError};

/// Bytes that an id takes beside its text.
const BESIDE: usize = size_of::<String>() + size_of::<u64>();

/// Collects ids, one at a time.
#[derive(Default)]
pub(super) struct Ids {
    ids: Vec<String>,
    /// The line of each.
    lines: Vec<u64>,
    /// Bytes of memory.
    pub(super) bytes: u64,
}

impl Ids {
    pub(super) fn push(&mut self, id: &str, line: u64) {
        let id = printable(id);
        self.bytes += (id.len() + BESIDE) as u64;
        self.ids.push(id);
        self.lines.push(line);
    }

    /// The ids so far, no two alike. Nothing is left.
    pub(super) fn take(
        &mut self,
        file: &str,
        layout: &Layout,
        column: usize,
    ) -> Result<Vec<String>, DataError> {
        let Self { ids, lines, .. } = std::mem::take(self);
        match first_twice(&ids) {
            None => Ok(ids),
            Some((first, again)) => Err(ColumnError::IdTwice {
                file: file.to_owned(),
                line: lines[again],
                first: lines[first],
                id: shown(ids[again].as_bytes()),
                column: layout.option_name(column),
            }
            .into()),
        }
    }
}

/// The first text that is there again, and where it was before.
pub(crate) fn first_twice(ids: &[String]) -> Option<(usize, usize)> {
    let mut order: Vec<usize> = (0..ids.len()).collect();
    order.sort_unstable_by_key(|&at| (&ids[at], at));
    let alike = order.windows(2).filter(|two| ids[two[0]] == ids[two[1]]);
    alike.map(|two| (two[0], two[1])).min_by_key(|two| two.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_repetition_is_found() {
        let twice =
            |ids: &[&str]| first_twice(&ids.iter().map(|id| (*id).into()).collect::<Vec<_>>());
        assert_eq!(twice(&["z", "b", "b", "z", "b"]), Some((1, 2)));
        assert_eq!(twice(&["a", "aa", ""]), None);
        assert_eq!(twice(&[]), None);
    }
}
