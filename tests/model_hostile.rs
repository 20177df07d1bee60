//! Model files that must be refused, each for the reason given and with the file and the tensor named.
//! The program is held to the same table: `malformed_models_end_with_code_3` in `cli`.

mod hostile;

use dec_gpu::checkpoint::State;
use dec_gpu::model::Model;
use hostile::models::{Body, Case, cases, join, prepared, spoilt};

const FILE: &str = "run/model.safetensors";

#[test]
fn the_body_every_case_spoils_is_valid() {
    let model = Model::from_safetensors(&Body::valid().bytes(), FILE).unwrap();
    assert_eq!((model.input_dim, model.embedding_dim), (4, 2));
    assert_eq!(model.n_clusters, 3);
    assert_eq!(model.encoder.len(), 2);
    let last = &model.decoder[1];
    assert_eq!((last.d_in(), last.d_out()), (3, 4));
    let own = Model::from_safetensors(&prepared(|_| {}), FILE).unwrap();
    assert_eq!((own.input_dim, own.raw_input_dim()), (4, 6));
    // Other tensors are left alone: a checkpoint may carry the optimiser's state.
    let with_more = spoilt(|body| body.put("optimiser.encoder.0.weight", &[4, 3]));
    assert_eq!(Model::from_safetensors(&with_more, FILE).unwrap(), model);
}

#[test]
fn malformed_files_are_refused_with_a_reason() {
    let cases = cases();
    assert!(cases.len() >= 30, "only {} malformed models", cases.len());
    println!("malformed models: {} refused by the library", cases.len());
    for Case {
        what,
        bytes,
        expected,
        parts,
    } in cases
    {
        let error = match Model::from_safetensors(&bytes, FILE) {
            Ok(_) => panic!("{what}: was accepted"),
            Err(error) => error,
        };
        assert!(expected(&error), "{what}: refused as {error:?}");
        let text = error.to_string();
        for part in parts.iter().chain(&[FILE]) {
            assert!(text.contains(part), "{what}: {part:?} is not in {text:?}");
        }
    }
}

#[test]
fn no_prefix_and_no_flipped_bit_of_a_model_panics() {
    for valid in [Body::valid().bytes(), prepared(|_| {})] {
        for len in 0..valid.len() {
            assert!(Model::from_safetensors(&valid[..len], FILE).is_err());
        }
        for at in 0..valid.len() * 8 {
            let mut flipped = valid.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            // Either answer will do: a flipped bit of a weight is a weight.
            let _ = Model::from_safetensors(&flipped, FILE);
        }
    }
}

#[test]
fn malformed_checkpoints_are_refused_with_a_reason() {
    let valid = hostile::checkpoints::valid();
    State::from_bytes(&valid).expect("the body every case spoils is valid");
    let cases = hostile::checkpoints::cases();
    println!("malformed checkpoints: {} refused", cases.len());
    for (what, bytes, words) in cases {
        let text = State::from_bytes(&bytes).expect_err(what).to_string();
        assert!(text.contains(words), "{what}: {text}");
    }
}

#[test]
fn names_in_models_and_checkpoints_are_short_and_harmless() {
    let name = format!("encoder.9\u{1b}[2J\u{202e}{}", "x".repeat(500));
    let stray = spoilt(|body| body.put(&name, &[1]));
    let told = Model::from_safetensors(&stray, "\u{1b}[2J").unwrap_err();
    let told = told.to_string();
    assert!(
        told.starts_with("\\u{1b}[2J: tensor encoder.9\\u{1b}[2J\\u{202e}xxx"),
        "{told}"
    );
    assert!(told.len() < 200, "{told}");
    let twice = format!(
        "{{\"__metadata__\":{{\"{name}\":1}}}}",
        name = "\u{9b}".repeat(900)
    );
    let told = Model::from_safetensors(&join(twice.as_bytes(), &[]), FILE).unwrap_err();
    assert!(!told.to_string().contains(char::is_control), "{told}");
    assert!(told.to_string().len() < 500, "{told}");
}
