//! The linear assignment problem on a rectangular table of counts.
//!
//! Shortest augmenting paths with dual variables (Jonker and Volgenant 1987, in the rectangular form
//! of Crouse 2016, which scipy's `linear_sum_assignment` uses too). Costs are integers, so the
//! answer is exact.

/// No row or column yet.
const NONE: usize = usize::MAX;

/// An optimal assignment and the dual variables that prove it.
pub(super) struct Assignment {
    /// For each row (r), its column. Every row has one, because r ≤ c.
    pub(super) column_of_row: Vec<usize>,
    /// Row duals u (r) and column duals v (c): u_i + v_j ≤ cost_ij everywhere, equal on the
    /// assignment; v ≤ 0, and 0 on columns left over. Only the tests read them.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the certificate is for the tests")
    )]
    pub(super) duals: (Vec<i64>, Vec<i64>),
}

/// The one-to-one assignment of rows to columns with the largest sum of `gain` (r, c), r ≤ c.
///
/// O(r² c) operations and O(r + c) memory besides the table.
pub(super) fn assign_max(gain: &[i64], n_rows: usize, n_columns: usize) -> Assignment {
    assert!(
        n_rows <= n_columns && gain.len() == n_rows * n_columns,
        "gain has {} values, expected ({n_rows}, {n_columns}) with no more rows than columns",
        gain.len()
    );
    let mut search = Search {
        gain,
        n_columns,
        u: vec![0; n_rows],
        v: vec![0; n_columns],
        column_of_row: vec![NONE; n_rows],
        row_of_column: vec![NONE; n_columns],
        distance: vec![0; n_columns],
        parent: vec![NONE; n_columns],
        open: Vec::with_capacity(n_columns),
        reached: Vec::with_capacity(n_columns),
    };
    for row in 0..n_rows {
        search.augment(row);
    }
    Assignment {
        column_of_row: search.column_of_row,
        duals: (search.u, search.v),
    }
}

/// The state kept between augmentations, and the scratch of one.
struct Search<'a> {
    gain: &'a [i64],
    n_columns: usize,
    u: Vec<i64>,
    v: Vec<i64>,
    column_of_row: Vec<usize>,
    row_of_column: Vec<usize>,
    /// Length of the shortest known alternating path to each column, in reduced costs.
    distance: Vec<i64>,
    /// The row from which that path enters the column.
    parent: Vec<usize>,
    /// Columns whose distance is not final yet, in no order.
    open: Vec<usize>,
    /// Columns whose distance is final, nearest first.
    reached: Vec<usize>,
}

impl Search<'_> {
    /// Gives `row` a column, moving the rows along the shortest augmenting path.
    fn augment(&mut self, row: usize) {
        let (sink, length) = self.shortest_path(row);
        self.update_duals(row, length);
        let mut column = sink;
        loop {
            let from = self.parent[column];
            self.row_of_column[column] = from;
            // The row's old column becomes free; it is where the path came through before.
            column = std::mem::replace(&mut self.column_of_row[from], column);
            if from == row {
                return;
            }
        }
    }

    /// Dijkstra over the columns: the nearest free column, and how far it is.
    fn shortest_path(&mut self, start: usize) -> (usize, i64) {
        self.distance.fill(i64::MAX);
        self.reached.clear();
        self.open.clear();
        self.open.extend(0..self.n_columns);
        let (mut row, mut length) = (start, 0);
        loop {
            let gains = &self.gain[row * self.n_columns..][..self.n_columns];
            let base = length - self.u[row];
            let (mut nearest, mut nearest_at) = (i64::MAX, NONE);
            for (at, &column) in self.open.iter().enumerate() {
                let through_row = base - gains[column] - self.v[column];
                if through_row < self.distance[column] {
                    self.distance[column] = through_row;
                    self.parent[column] = row;
                }
                let known = self.distance[column];
                // Among equals a free column ends the search at once.
                let free = self.row_of_column[column] == NONE;
                if known < nearest || (known == nearest && free) {
                    (nearest, nearest_at) = (known, at);
                }
            }
            // `open` cannot be empty: r ≤ c leaves a free column for every row.
            let column = self.open.swap_remove(nearest_at);
            self.reached.push(column);
            length = nearest;
            row = self.row_of_column[column];
            if row == NONE {
                return (column, length);
            }
        }
    }

    /// Keeps u_i + v_j ≤ cost_ij, and makes it an equality along the path just found.
    fn update_duals(&mut self, start: usize, length: i64) {
        self.u[start] += length;
        for &column in &self.reached {
            let slack = length - self.distance[column];
            self.v[column] -= slack;
            if let Some(u) = self.u.get_mut(self.row_of_column[column]) {
                *u += slack; // `NONE`, the free column at the end, has no row
            }
        }
    }
}
