//! One buffer cut into matrices, so that one binding reaches all of them.

use std::ops::Range;

use crate::device::Result;
use crate::device::{ALIGNMENT, Device, DeviceBuffer, Matrix};

/// Matrices (rows, cols) in one buffer.
pub struct Arena<D: Device> {
    /// All of it.
    pub buffer: D::Buffer,
    shapes: Vec<(usize, usize)>,
    ranges: Vec<Range<usize>>,
}

impl<D: Device> Arena<D> {
    /// Matrices of zeros.
    ///
    /// # Errors
    /// The device's, when memory runs out or one binding cannot hold them all.
    pub fn zeros(device: &D, shapes: &[(usize, usize)]) -> Result<Self> {
        Ok(Self {
            buffer: device.zeros(words(shapes))?,
            shapes: shapes.to_vec(),
            ranges: ranges(shapes),
        })
    }

    /// Matrices with row-major values.
    ///
    /// # Errors
    /// As [`Arena::zeros`].
    pub fn upload(device: &D, shapes: &[(usize, usize)], values: &[&[f32]]) -> Result<Self> {
        assert_eq!(shapes.len(), values.len(), "values of each matrix");
        let ranges = ranges(shapes);
        let mut all = vec![0.0f32; words(shapes)];
        for (range, values) in ranges.iter().zip(values) {
            all[range.clone()].copy_from_slice(values);
        }
        Ok(Self {
            buffer: device.upload(&all)?,
            shapes: shapes.to_vec(),
            ranges,
        })
    }

    /// Matrices that lie in a buffer already, made as [`Arena::zeros`] makes it.
    pub(crate) fn of_buffer(buffer: D::Buffer, shapes: &[(usize, usize)]) -> Self {
        assert_eq!(buffer.words(), words(shapes), "words of the arena");
        Self {
            buffer,
            shapes: shapes.to_vec(),
            ranges: ranges(shapes),
        }
    }

    /// Matrix `i`.
    pub fn matrix(&self, i: usize) -> Matrix<D> {
        let ((rows, cols), range) = (self.shapes[i], &self.ranges[i]);
        Matrix {
            rows,
            cols,
            buffer: self.buffer.part(range.start, range.len()),
        }
    }

    /// The word at which matrix `i` begins.
    pub fn offset(&self, i: usize) -> usize {
        self.ranges[i].start
    }
}

/// Words that matrices of these shapes take together.
pub fn words(shapes: &[(usize, usize)]) -> usize {
    ranges(shapes).last().map_or(0, |range| range.end)
}

/// Where each begins and ends: every one on a boundary of its own.
pub(crate) fn ranges(shapes: &[(usize, usize)]) -> Vec<Range<usize>> {
    let mut end = 0usize;
    let place = |(rows, cols): &(usize, usize)| {
        let start = end.next_multiple_of(ALIGNMENT);
        end = start + rows * cols;
        start..end
    };
    shapes.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    #[test]
    fn matrices_share_the_memory_and_nothing_else() {
        let cpu = Cpu::new();
        let values: [Vec<f32>; 3] = [vec![1.0; 15], vec![2.0; 64], vec![3.0; 7]];
        let slices = values.each_ref().map(Vec::as_slice);
        let shapes = [(3, 5), (1, 64), (7, 1)];
        let arena = Arena::upload(&cpu, &shapes, &slices).unwrap();
        assert_eq!(words(&shapes), 128 + 7);
        for (i, values) in values.iter().enumerate() {
            let matrix = arena.matrix(i);
            assert_eq!(arena.offset(i), 64 * i);
            assert_eq!((matrix.rows, matrix.cols), shapes[i]);
            assert_eq!(&pollster::block_on(matrix.download(&cpu)).unwrap(), values);
        }
    }
}
