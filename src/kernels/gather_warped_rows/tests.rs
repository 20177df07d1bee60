//! Closed forms of the warp.

use super::*;
use crate::cpu::Cpu;

const NONE: Extent = Extent {
    rotation: 0.0,
    zoom: 0.0,
    shift: 0.0,
};

fn warped(shape: ImageShape, extent: &Extent, step: u32, x: &[f32]) -> Vec<f32> {
    let cpu = Cpu::new();
    let cols = shape.n_values();
    let row = |value: f32| Matrix::upload(&cpu, 1, cols, &vec![value; cols]).unwrap();
    let rows = x.len() / cols;
    let block = Block {
        x: cpu.upload(x).unwrap(),
        source: Source::F32,
        first: 0,
        rows,
    };
    let (shift, scale) = (row(0.0), row(1.0));
    let out = Matrix::zeros(&cpu, rows, cols).unwrap();
    let warp = Warp {
        shape,
        extent: *extent,
        seed: 1,
        step,
        stream: 2,
    };
    let order = Order {
        index: None,
        first: 0,
    };
    let normalisation = Normalisation { shift, scale };
    gather_warped_rows(&cpu, &warp, order, &block, &normalisation, &out);
    pollster::block_on(out.download(&cpu)).unwrap()
}

#[test]
fn no_extent_changes_nothing() {
    let x = inputs::uniform(3, 4 * 35);
    let got = warped(ImageShape::grey(7, 5), &NONE, 0, &x);
    let far = got.iter().zip(&x).map(|(got, x)| (got - x).abs());
    assert!(far.fold(0.0, f32::max) < 1e-6);
}

/// A ramp x(r, c) = c stays a ramp: moved by at most a share of its width, each row by its own draw.
#[test]
fn a_ramp_moves_by_as_much_as_the_shift_allows() {
    let width = 101;
    let ramp: Vec<f32> = (0..200 * width).map(|i| (i % width) as f32).collect();
    let extent = Extent { shift: 0.1, ..NONE };
    let y = warped(ImageShape::grey(1, width), &extent, 7, &ramp);
    let moves: Vec<f32> = y.chunks(width).map(|row| row[50] - 50.0).collect();
    assert!(moves.iter().all(|m| m.abs() <= 10.1 + 1e-4));
    let (low, high) = (moves.iter().copied()).fold((0.0, 0.0), |(low, high): (f32, f32), m| {
        (low.min(m), high.max(m))
    });
    assert!(low < -9.0 && high > 9.0, "{low} to {high}");
    assert_ne!(y, warped(ImageShape::grey(1, width), &extent, 8, &ramp));
}

/// Turning a plane x(r, c) = c about the centre gives cos·u - sin·v; both from the same row's values.
#[test]
fn a_plane_turns_about_the_centre() {
    let side = 21;
    let plane: Vec<f32> = (0..side * side).map(|i| (i % side) as f32 - 10.0).collect();
    let extent = Extent {
        rotation: 0.5,
        ..NONE
    };
    let y = warped(ImageShape::grey(side, side), &extent, 3, &plane);
    let at = |r: usize, c: usize| y[r * side + c];
    let (cos, sin) = (
        (at(10, 14) - at(10, 10)) / 4.0,
        (at(10, 10) - at(14, 10)) / 4.0,
    );
    assert!(at(10, 10).abs() < 1e-4 && sin.abs() > 1e-3);
    assert!((cos * cos + sin * sin - 1.0).abs() < 1e-4, "{cos} {sin}");
    assert!((at(13, 7) - (-3.0 * cos - 3.0 * sin)).abs() < 1e-4);
}

/// Three planes that are c, r and c + 10·r: what the map does to the first two it does to their sum, and each plane
/// alone gives the same bits.
#[test]
fn planes_go_through_the_same_map() {
    let (height, width, rows) = (9, 13, 5);
    let pixels = height * width;
    let plane = |of: usize, i: usize| {
        let (r, c) = ((i / width) as f32, (i % width) as f32);
        [c, r, c + 10.0 * r][of]
    };
    let planes: Vec<f32> = (0..rows * 3)
        .flat_map(|at| (0..pixels).map(move |i| plane(at % 3, i)))
        .collect();
    let extent = Extent {
        rotation: 0.3,
        zoom: 0.2,
        shift: 0.1,
    };
    let shape = ImageShape {
        channels: 3,
        ..ImageShape::grey(height, width)
    };
    let y = warped(shape, &extent, 3, &planes);
    for image in y.chunks_exact(3 * pixels) {
        for i in 0..pixels {
            let [c, r, both] = [0, 1, 2].map(|plane| image[plane * pixels + i]);
            assert!((c + 10.0 * r - both).abs() < 1e-4, "{c}, {r}, {both}");
        }
    }
    assert!(y[..pixels] != planes[..pixels], "nothing was warped");
    for of in 0..3 {
        let alone: Vec<f32> = (0..rows * pixels)
            .map(|at| plane(of, at % pixels))
            .collect();
        let alone = warped(ImageShape::grey(height, width), &extent, 3, &alone);
        for (image, alone) in y.chunks_exact(3 * pixels).zip(alone.chunks_exact(pixels)) {
            assert_eq!(&image[of * pixels..][..pixels], alone);
        }
    }
}
