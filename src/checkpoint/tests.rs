//! Files of states.

use super::*;
use crate::random;

fn state() -> State {
    let mut state = State::new(Phase::Layer(2), 1234);
    state.put("layer.1.weight", vec![f32::NAN.to_bits(), 0, u32::MAX, 1]);
    state.put("empty", Vec::new());
    state.put_text("config", "seed = 1\n\"ü\" \u{0}");
    state.put_number("best", f64::INFINITY);
    state.put_number("small", -5e-324);
    state
}

#[test]
fn a_state_comes_back_to_the_bit() {
    let notes = BTreeMap::from([("history".to_owned(), "{}\n".to_owned())]);
    let read = State::from_bytes(&state().to_bytes(&notes)).unwrap();
    let mut expected = state();
    expected.put_text("history", "{}\n");
    assert_eq!(read, expected);
    assert_eq!(read.number("best").unwrap(), f64::INFINITY);
    assert_eq!(read.number("small").unwrap(), -5e-324);
    for phase in [
        Phase::Layer(0),
        Phase::EndToEnd,
        Phase::Pretrained,
        Phase::Cluster,
        Phase::Clustered,
    ] {
        assert_eq!(Phase::parse(&phase.name()), Some(phase));
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let bytes = state().to_bytes(&BTreeMap::new());
    for bit in 0..8 * bytes.len() {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let error = State::from_bytes(&changed).unwrap_err();
        assert!(
            matches!(error, CheckpointError::Checksum),
            "bit {bit}: {error}"
        );
    }
}

#[test]
fn a_file_that_is_cut_off_or_no_checkpoint_is_refused() {
    let bytes = state().to_bytes(&BTreeMap::new());
    for len in 0..bytes.len() {
        assert!(State::from_bytes(&bytes[..len]).is_err(), "{len} bytes");
    }
    let noise: Vec<u8> = (0..500).map(|i| random::bits(1, 0, 0, i) as u8).collect();
    assert!(State::from_bytes(&noise).is_err());
}

#[test]
fn what_is_not_there_or_does_not_fit_is_named() {
    let state = state();
    let text = state.words("centroids").unwrap_err().to_string();
    assert!(text.starts_with("centroids is missing"), "{text}");
    let text = state.words_of("layer.1.weight", 5).unwrap_err().to_string();
    assert!(text.contains("has 4 words, expected 5"), "{text}");
    assert!(state.number("config").is_err());
}
