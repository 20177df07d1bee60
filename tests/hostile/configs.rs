//! Configuration files that must be refused: what the case is, the text, and words of the error.

pub(crate) fn cases() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let text = |what, text: &str, words| (what, text.as_bytes().to_vec(), words);
    let deep = format!("seed = {}", "[".repeat(5000));
    let long = format!("{} = 1\n", "x".repeat(100_000));
    vec![
        text("no TOML", "seed 3\n", "line 1"),
        text("half a line", "seed =", "line 1"),
        text("a key twice", "seed = 1\nseed = 2\n", "duplicate key"),
        text("an unknown key", "sede = 3\n", "did you mean `seed`?"),
        text("an unknown section", "[clusters]\ngamma = 1\n", "clusters"),
        text("a section that is a number", "cluster = 3\n", "cluster"),
        text("text for a number", "seed = \"3\"\n", "seed"),
        text("a negative seed", "seed = -1\n", "seed"),
        text("a seed of 2^64", "seed = 18446744073709551616\n", "line 1"),
        text(
            "a fraction of a layer",
            "[network]\nhidden = [1.5]\n",
            "network.hidden",
        ),
        text("no preset", "preset = \"none\"\n", "unknown preset 'none'"),
        text(
            "a preset that steers",
            "preset = \"\\u001b[2J\"\n",
            "\\u{1b}[2J",
        ),
        text("no clusters", "n-clusters = 0\n", "n-clusters is 0"),
        text(
            "more clusters than samples",
            "n-clusters = 13\n",
            "12 samples",
        ),
        text(
            "a batch of none",
            "[pretrain]\nbatch-size = 0\n",
            "pretrain.batch-size is 0",
        ),
        text(
            "a rate that is no number",
            "[cluster]\nlearning-rate = nan\n",
            "cluster.learning-rate",
        ),
        text(
            "an infinite rate",
            "[pretrain]\nlearning-rate = inf\n",
            "pretrain.learning-rate",
        ),
        text(
            "dropout of all",
            "[pretrain]\ninput-dropout = 1.0\n",
            "pretrain.input-dropout",
        ),
        text(
            "an unknown normalisation",
            "[data]\nnormalisation = \"log\"\n",
            "`log`",
        ),
        text("an unknown step", "[data]\nprepare = [\"sqrt\"]\n", "sqrt"),
        text(
            "a step twice",
            "[data]\nprepare = [\"log1p\", \"log1p\"]\n",
            "twice",
        ),
        text("lists in lists", &deep, "config.toml"),
        text("a key of 100,000 letters", &long, "config.toml"),
        (
            "bytes of no encoding",
            b"seed = \"\xff\"\n".to_vec(),
            "config.toml",
        ),
        ("zeros", vec![0; 64], "config.toml"),
    ]
}
