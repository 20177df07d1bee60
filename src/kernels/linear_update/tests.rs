use super::*;
use crate::cpu::Cpu;
use crate::device::download_f32;

/// The layers 3-2 and 1-1, one row: their gradients by hand.
fn two_layers(cpu: &Cpu) -> (LayerTable<Cpu>, Operands<Cpu>, usize) {
    let (places, [.., w]) = table::in_order(1, &[(3, 2), (1, 1)]);
    let layers = LayerTable::new(cpu, 1, places).unwrap();
    let upload = |values: &[f32]| cpu.upload(values).unwrap();
    let from = Operands {
        x: upload(&[1.0, 2.0, 3.0, 4.0]),
        dy: upload(&[10.0, -1.0, 0.5]),
    };
    (layers, from, w)
}

#[test]
fn gradients_of_two_layers_in_closed_form() {
    for cpu in [Cpu::reference(), Cpu::new()] {
        let (layers, from, words) = two_layers(&cpu);
        let w = cpu.zeros(words).unwrap();
        let state = State::zeros(&cpu, words, crate::config::OptimiserKind::Sgd).unwrap();
        let step = Step::Sgd {
            learning_rate: 1.0,
            momentum: 0.0,
        };
        linear_update(&cpu, &layers, 1, &from, (step, 2.0), &w, &state);
        // xᵀ·dy and dy of the first, then of the second; biases twice as fast.
        let want = [10.0, -1.0, 20.0, -2.0, 30.0, -3.0, 20.0, -2.0, 2.0, 1.0];
        let got = pollster::block_on(download_f32(&cpu, &state.m)).unwrap();
        assert_eq!(got, want);
        let moved = pollster::block_on(download_f32(&cpu, &w)).unwrap();
        assert_eq!(moved, want.map(|v| -v));
    }
}

#[test]
#[should_panic(expected = "dy ends at")]
fn operands_that_are_too_short_are_refused() {
    let cpu = Cpu::new();
    let (layers, mut from, words) = two_layers(&cpu);
    from.dy = cpu.zeros(2).unwrap();
    let state = State::zeros(&cpu, words, crate::config::OptimiserKind::Sgd).unwrap();
    let step = Step::Sgd {
        learning_rate: 1.0,
        momentum: 0.0,
    };
    let w = cpu.zeros(words).unwrap();
    linear_update(&cpu, &layers, 1, &from, (step, 1.0), &w, &state);
}
