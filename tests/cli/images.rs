//! Folders of images on the command line.

use crate::support::{Folder, assert_refused, stderr};

/// The values of image `i` of three groups: a bright third, and noise.
fn values(i: usize, side: usize) -> Vec<u8> {
    let lit = |line: usize| line * 3 / side == i % 3;
    let value = |at: usize| (at * 37 + i * 101) % 40 + if lit(at / side) { 200 } else { 0 };
    (0..side * side).map(|at| value(at) as u8).collect()
}

fn png(side: usize, colours: png::ColorType, values: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side as u32, side as u32);
    encoder.set_color(colours);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(values).expect("pixels");
    writer.finish().expect("an end");
    bytes
}

/// Writes so many images, in folders of their group; their values in the order of the paths.
fn write(folder: &Folder, name: &str, n: usize, side: usize, colours: png::ColorType) -> Vec<u8> {
    let mut files = Vec::new();
    for i in 0..n {
        let group = ["red", "green", "blue"][i % 3];
        let grey = values(i, side);
        let shades = match colours {
            png::ColorType::Rgb => grey.iter().flat_map(|v| [*v, 255 - *v, 9]).collect(),
            _ => grey.clone(),
        };
        std::fs::create_dir_all(folder.path(&format!("{name}/{group}"))).expect("a folder");
        let path = format!("{name}/{group}/{i:03}.png");
        folder.write(&path, png(side, colours, &shades));
        files.push((path, grey));
    }
    files.sort();
    files.into_iter().flat_map(|(_, values)| values).collect()
}

/// An NPY file of bytes (n, side, side).
fn npy(side: usize, values: &[u8]) -> Vec<u8> {
    let n = values.len() / (side * side);
    let header =
        format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({n}, {side}, {side}), }}\n");
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), values].concat()
}

fn table(folder: &Folder, file: &str) -> Vec<String> {
    let text = String::from_utf8(folder.read(file)).expect("text");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_folder_gives_the_bits_of_the_same_values_as_an_array() {
    let folder = Folder::new();
    let all = write(&folder, "images", 60, 9, png::ColorType::Grayscale);
    folder.write("images.npy", npy(9, &all));
    let labels: String = ["blue", "green", "red"]
        .iter()
        .map(|l| format!("{l}\n").repeat(20))
        .collect();
    folder.write("labels.csv", "label\n".to_owned() + &labels);
    folder.train(&["images", "-k", "3", "--folder-labels", "--out", "a"]);
    folder.train(&[
        "images.npy",
        "-k",
        "3",
        "--labels",
        "labels.csv",
        "--out",
        "b",
    ]);
    for file in [
        "embedding.npy",
        "soft_assignment.npy",
        "centroids.npy",
        "explain/saliency.npy",
    ] {
        assert_eq!(
            folder.read(&format!("a/{file}")),
            folder.read(&format!("b/{file}")),
            "{file}"
        );
    }
    let scores = |run: &str| {
        let metrics: serde_json::Value =
            serde_json::from_slice(&folder.read(&format!("{run}/metrics.json"))).expect("JSON");
        metrics["scores"].clone()
    };
    assert!(scores("a")["dec"]["acc"].is_number());
    assert_eq!(scores("a"), scores("b"));
    let (with, without) = (
        table(&folder, "a/labels.csv"),
        table(&folder, "b/labels.csv"),
    );
    assert_eq!(with[1], format!("{},blue/002.png", without[1]));
    let cut = |line: &String| line.rsplit_once(',').expect("a cell").0.to_owned();
    assert_eq!(with.iter().map(cut).collect::<Vec<_>>(), without);
    // A model takes a folder as it was trained on one, whatever the size of the images.
    write(&folder, "larger", 9, 72, png::ColorType::Grayscale);
    let output = folder.run(&[
        "predict",
        "a/model.safetensors",
        "larger",
        "--backend",
        "cpu",
    ]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("images of 72 × 72 pixels are resized to 9 × 9"),
        "{said}"
    );
    let predicted = table(&folder, "predictions/labels.csv");
    assert_eq!(predicted.len(), 10);
    assert!(predicted[1].ends_with(",blue/002.png"), "{}", predicted[1]);
}

#[test]
fn clusters_of_images_with_colours_are_drawn_with_them() {
    let folder = Folder::new();
    write(&folder, "images", 24, 16, png::ColorType::Rgb);
    folder.train(&["images", "-k", "3"]);
    for file in ["exemplars.png", "saliency.png"] {
        let bytes = folder.read(&format!("run/explain/{file}"));
        let reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .expect("a PNG");
        assert_eq!(reader.info().color_type, png::ColorType::Rgb, "{file}");
    }
}

#[test]
fn images_and_options_that_cannot_be_used() {
    let folder = Folder::new();
    write(&folder, "images", 9, 8, png::ColorType::Grayscale);
    let train = |args: &[&str], code: i32, words: &[&str]| {
        folder.refuses_to_train(&[args, &["-k", "3"]].concat(), code, words);
    };
    train(
        &["images", "--image-size", "0"],
        2,
        &["expected a side such as 32"],
    );
    train(
        &["images", "--labels", "x", "--folder-labels"],
        2,
        &["cannot be used with"],
    );
    train(&["--folder-labels"], 2, &["labels were given, but no DATA"]);
    train(
        &["images", "--id-column", "0"],
        3,
        &["found a folder of images, expected a text table"],
    );
    let half = png(8, png::ColorType::Grayscale, &values(0, 8));
    folder.write("images/red/half.png", &half[..half.len() / 2]);
    train(
        &["images"],
        3,
        &["images/red/half.png: found a broken PNG image"],
    );
    std::fs::remove_file(folder.path("images/red/half.png")).expect("removed");
    folder.write("images/notes.md", "x");
    let args = ["train", "images", "-k", "3", "--image-size", "4x5"];
    let output = folder.run(&[&args[..], &crate::support::TINY].concat());
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("images: files passed over because their names are not those of PNG or JPEG images: 1, for example notes.md"), "{said}");
    let other = folder.run(&[
        "predict",
        "run/model.safetensors",
        "images",
        "--image-size",
        "8",
        "--backend",
        "cpu",
    ]);
    assert_refused(&other, 3, &["64", "20"], "another size than the model's");
}
