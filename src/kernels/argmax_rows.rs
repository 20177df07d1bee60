//! Hard labels from the soft assignment, and how many changed (the stop rule of Xie et al. 2016, §3.1.3).

use super::inputs;
use crate::device::{Device, Matrix, param};
use crate::kernel::{
    Case,
    Element::{AtomicU32, F32, U32},
    Kernel, Tolerance, View, grid, params_of, read, views, write,
};

crate::params! {
    /// Rows of q.
    n: u32,
    /// Clusters.
    k: u32,
    /// The element of changes to add to.
    slot: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "argmax_rows",
    wgsl: &[include_str!("../../shaders/argmax_rows.wgsl")],
    params: Params::FIELDS,
    bindings: &[
        read("q", F32, "(n, k)"),
        write("label", U32, "(n, 1)"),
        write("confidence", F32, "(n, 1)"),
        write("changes", AtomicU32, "(slot + 1 or more, 1)"),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: None,
    cases,
    mutation: ("q_ij > largest", "q_ij >= largest"),
};

/// label (n, 1; u32) and confidence (n, 1) from q (n, k); adds the number of labels that differ from what
/// `label` held to row `slot` of `changes` (any, 1; u32). The lowest cluster wins a tie.
pub fn argmax_rows<D: Device>(
    device: &D,
    q: &Matrix<D>,
    label: &Matrix<D>,
    confidence: &Matrix<D>,
    changes: &Matrix<D>,
    slot: usize,
) {
    label.expect_shape("label", q.rows, 1);
    confidence.expect_shape("confidence", q.rows, 1);
    changes.expect_shape("changes", changes.rows, 1);
    assert!(slot < changes.rows, "slot {slot} of {}", changes.rows);
    let params = Params {
        n: param(q.rows),
        k: param(q.cols),
        slot: param(slot),
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(q.rows, 64),
        &[
            &q.buffer,
            &label.buffer,
            &confidence.buffer,
            &changes.buffer,
        ],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [q, label, confidence, changes] = views(buffers);
    let k = p.k as usize;
    for i in 0..p.n as usize {
        let row = &q.f32()[i * k..][..k];
        let mut best = 0;
        for j in 1..k {
            if row[j] > row[best] {
                best = j;
            }
        }
        let label = &mut label.u32_mut()[i];
        changes.u32_mut()[p.slot as usize] += u32::from(*label != best as u32);
        *label = best as u32;
        confidence.f32_mut()[i] = row[best];
    }
}

fn cases() -> Vec<Case> {
    // (n, k): one, primes, around the workgroup size, a batch, the most clusters promised.
    let sizes = [
        (1, 1),
        (37, 7),
        (63, 10),
        (64, 10),
        (65, 13),
        (256, 10),
        (5, 1024),
    ];
    let spread = sizes.map(|(n, k)| case("spread", k, &inputs::distribution(1, n, k)));
    // Integers of nine values: most rows of ten hold their maximum more than once.
    let ties = [(65, 2), (129, 10)].map(|(n, k)| case("ties", k, &inputs::integers(2, n * k)));
    spread.into_iter().chain(ties).collect()
}

fn case(label: &str, k: usize, q: &[f32]) -> Case {
    let n = q.len() / k;
    let params = Params {
        n: param(n),
        k: param(k),
        slot: 1,
    };
    // Labels before: some right by chance, some never right.
    let before: Vec<u32> = (0..n as u32).map(|i| i % (k as u32 + 1)).collect();
    Case::new(format!("{n}x{k}, {label}"), &params, inputs::folded(n, 64))
        .input(q)
        .update(&before, Tolerance::Exact)
        .output(n, Tolerance::Exact)
        .update(&[5u32, 7, 9], Tolerance::Exact)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    #[test]
    fn lowest_wins_a_tie_and_changes_add_up() {
        let cpu = Cpu::reference();
        let q = [0.25, 0.5, 0.25, 0.4, 0.2, 0.4, 0.1, 0.1, 0.8];
        let q = Matrix::upload(&cpu, 3, 3, &q).unwrap();
        let label = Matrix::zeros(&cpu, 3, 1).unwrap();
        let confidence = Matrix::zeros(&cpu, 3, 1).unwrap();
        let changes = Matrix::zeros(&cpu, 2, 1).unwrap();
        for slot in [0, 1] {
            argmax_rows(&cpu, &q, &label, &confidence, &changes, slot);
        }
        let words = |buffer| pollster::block_on(cpu.download(buffer)).unwrap();
        assert_eq!(words(&label.buffer), [1, 0, 2]);
        assert_eq!(words(&changes.buffer), [2, 0]);
        let confidence = pollster::block_on(confidence.download(&cpu)).unwrap();
        assert_eq!(confidence, [0.5, 0.4, 0.8]);
    }
}
