//! Commands that only print.

use dec_gpu::config::{Config, PRESETS};
use serde_json::Value;

use crate::support::{Folder, csv, names};

#[test]
fn help_and_version() {
    let folder = Folder::new();
    let help = folder.ok(&["--help"]);
    for command in [
        "train",
        "predict",
        "info",
        "explain",
        "eval",
        "devices",
        "verify",
        "bench",
        "config",
        "completions",
        "man",
    ] {
        assert!(
            help.contains(&format!("\n  {command} ")),
            "{command} is missing: {help}"
        );
        let text = folder.ok(&[command, "--help"]);
        assert!(text.contains("Usage: dec-gpu"), "{command}: {text}");
    }
    let version = concat!("dec-gpu ", env!("CARGO_PKG_VERSION"));
    assert_eq!(folder.ok(&["--version"]).trim(), version);
}

#[test]
fn every_preset_prints_and_parses() {
    let folder = Folder::new();
    for preset in PRESETS {
        let text = folder.ok(&["config", "--preset", preset]);
        let config = Config::layered(None, Some((preset, &text)), &[]);
        assert_eq!(config.expect("its own text").preset, preset);
    }
    assert_eq!(
        folder.ok(&["config"]),
        folder.ok(&["config", "--preset", "fast"])
    );
}

#[test]
fn a_printed_preset_trains_as_the_preset_does() {
    let folder = Folder::new();
    folder.write("data.csv", csv(90, 6));
    for preset in PRESETS {
        folder.write("printed.toml", folder.ok(&["config", "--preset", preset]));
        let schedule = [
            "--set",
            "pretrain.layer-steps=5",
            "--set",
            "pretrain.learning-rate=0.01", // balanced's does not suit so small a set
            "--force",
        ];
        for by in [["--preset", preset], ["--config", "printed.toml"]] {
            let out = by[0].trim_start_matches('-');
            let args = ["data.csv", "-k", "3", "--out", out];
            folder.train(&[&args[..], &by, &schedule].concat());
        }
        assert_eq!(
            folder.read("preset/config.toml"),
            folder.read("config/config.toml"),
            "{preset}"
        );
    }
}

#[test]
fn completions_and_the_manual() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(
            folder.ok(&["completions", shell]).contains("dec-gpu"),
            "{shell}"
        );
    }
    let manual = folder.ok(&["man"]);
    assert!(
        manual.contains(".TH dec-gpu") && manual.contains("predict"),
        "{manual}"
    );
}

#[test]
fn every_subcommand_has_a_manual_page() {
    let folder = Folder::new();
    let train = folder.ok(&["man", "train"]);
    for words in [".TH dec-gpu-train 1", "\\-\\-tensorboard", "\\-\\-quiet"] {
        assert!(train.contains(words), "{words}: {train}");
    }
    folder.refuses(&["man", "trian"], 2, &["'trian'", "train, predict"]);
    folder.refuses(&["man", "help"], 2, &["'help'"]);
    folder.refuses(&["man", "train", "--out", "pages"], 2, &["--out"]);

    folder.ok(&["man", "--out", "pages"]);
    let help = folder.ok(&["--help"]);
    let commands = help.split("Commands:").nth(1).expect("commands");
    let commands = commands.split("Options:").next().expect("before options");
    let mut expected: Vec<String> = (commands.lines())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .map(|command| format!("dec-gpu-{command}.1"))
        .chain(["dec-gpu.1".to_owned()])
        .collect();
    expected.sort();
    assert!(expected.len() > 10, "{expected:?}");
    assert_eq!(names(&folder.path("pages")), expected);
    assert_eq!(folder.read("pages/dec-gpu-train.1"), train.as_bytes());
    assert_eq!(
        folder.read("pages/dec-gpu.1"),
        folder.ok(&["man"]).as_bytes()
    );
    // Pages are written again over older ones, and a file in the folder's place is an error of writing.
    folder.ok(&["man", "--out", "pages"]);
    folder.write("file", "");
    folder.refuses(&["man", "--out", "file"], 6, &["expected a folder"]);
}

#[test]
fn eval_scores_up_to_the_names_of_clusters() {
    let folder = Folder::new();
    folder.write("labels.csv", csv(9, 2));
    folder.write("swapped.csv", "2\n0\n1\n2\n0\n1\n2\n0\n1\n");
    let json: Value =
        serde_json::from_str(&folder.ok(&["eval", "labels.csv", "swapped.csv", "--json"]))
            .expect("JSON");
    assert_eq!(
        json,
        serde_json::json!({"acc": 1.0, "nmi": 1.0, "ari": 1.0})
    );
    folder.write("other.csv", "0\n0\n0\n0\n0\n0\n0\n0\n0\n");
    assert!(
        folder
            .ok(&["eval", "labels.csv", "other.csv"])
            .contains("ACC 0.3333")
    );
}

#[test]
fn devices_lists_adapters() {
    let json: Value =
        serde_json::from_str(&Folder::new().ok(&["devices", "--json"])).expect("JSON");
    for adapter in json["adapters"].as_array().expect("a list") {
        for key in [
            "index", "name", "backend", "driver", "kind", "usable", "features", "limits",
        ] {
            assert!(!adapter[key].is_null(), "{key}: {adapter}");
        }
    }
}

#[test]
fn verify_says_what_it_compared() {
    let folder = Folder::new();
    let text = folder.ok(&["verify", "--backend", "cpu", "--kernel", "centroid_step"]);
    assert!(
        text.contains("centroid_step") && text.contains("0 failed") && text.contains("no GPU"),
        "{text}"
    );
    let json = folder.ok(&["verify", "--kernel", "soft_assign", "--json"]);
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["ok"], true, "{json}");
    let devices = json["devices"].as_array().expect("a list");
    assert_eq!(devices[0]["device"]["backend"], "cpu");
    for device in devices {
        let row = &device["kernels"][0];
        assert!(
            row["name"] == "soft_assign" && row["cases"].as_u64() > Some(1),
            "{row}"
        );
    }
}

/// The whole of `verify`, kernels and training, on the CPU.
#[test]
fn the_cpu_passes_verify() {
    let text = Folder::new().ok(&["verify", "--backend", "cpu"]);
    assert!(
        text.contains("training") && text.contains("all right on 1 device"),
        "{text}"
    );
}
