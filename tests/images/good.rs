//! What is read, and how.

use dec_gpu::data::{Dataset, ImageShape, ReadOptions, Shard, Values};
use png::ColorType;

use crate::support::{Folder, grey, jpeg, orientation, png, png_with};

fn bytes(set: &Dataset) -> &[u8] {
    match &set.values {
        Values::U8(values) => values,
        other => panic!("no bytes: {other:?}"),
    }
}

fn rgb(height: usize, width: usize) -> ImageShape {
    ImageShape {
        channels: 3,
        ..ImageShape::grey(height, width)
    }
}

/// The only image of a folder.
fn one(name: &str, file: Vec<u8>) -> Dataset {
    let folder = Folder::new();
    folder.write(name, file);
    folder.read()
}

#[test]
fn images_are_in_the_order_of_their_paths() {
    let folder = Folder::new();
    // As texts: '-' comes before '/', and '1' before '2' whatever follows.
    for (seed, name) in ["b/2.png", "b/10.png", "b-c/1.png", "a.png", "b/x/y/3.PNG"]
        .iter()
        .enumerate()
    {
        folder.write(name, grey(2, 3, seed as u32));
    }
    folder.write("b/.hidden.png", "no image");
    folder.write("readme.md", "no image");
    folder.write("b/notes", "no image");
    let set = folder.read();
    let order = ["a.png", "b-c/1.png", "b/10.png", "b/2.png", "b/x/y/3.PNG"];
    assert_eq!(set.ids.as_deref().expect("ids"), order);
    assert_eq!((set.n_samples, set.input_dim), (5, 6));
    assert_eq!(
        (set.image_shape, &set.labels),
        (Some(ImageShape::grey(2, 3)), &None)
    );
    let first = |seed: u32| (seed * 31) as u8;
    assert_eq!(
        [0, 6, 12, 18, 24].map(|at| bytes(&set)[at]),
        [3, 2, 1, 0, 4].map(first)
    );
    assert_eq!(
        set.name,
        folder
            .root()
            .file_name()
            .expect("a name")
            .to_str()
            .expect("text")
    );
}

#[test]
fn labels_are_the_folders_names_if_asked_for() {
    let folder = Folder::new();
    for name in ["train/dog/1.png", "train/cat/1.png", "test/dog/2.png"] {
        folder.write(name, grey(2, 2, 1));
    }
    let options = ReadOptions {
        folder_labels: true,
        ..ReadOptions::default()
    };
    let labels = folder
        .open(&options)
        .expect("images")
        .labels
        .expect("labels");
    assert_eq!(
        (labels.names.join(" "), labels.ids),
        ("cat dog".to_owned(), vec![1, 0, 1])
    );
}

#[test]
fn formats_are_told_by_content_and_every_depth_becomes_a_byte() {
    let shades = [0, 50, 100, 150, 200, 250];
    let set = one("x.jpg", png(2, 3, ColorType::Grayscale, &shades));
    assert_eq!(bytes(&set), shades);
    let set = one("x.png", jpeg(2, 3, &[77], &[]));
    assert_eq!(
        (bytes(&set), set.image_shape),
        (&[77; 6][..], Some(ImageShape::grey(2, 3)))
    );
    // 16 bits: the high byte.
    let deep = png_with(1, 2, &[0x12, 0xff, 0xab, 0], |encoder| {
        encoder.set_color(ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Sixteen);
    });
    assert_eq!(bytes(&one("x.png", deep)), [0x12, 0xab]);
    // One bit a pixel.
    let line = png_with(1, 3, &[0b1010_0000], |encoder| {
        encoder.set_color(ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
    });
    assert_eq!(bytes(&one("x.png", line)), [255, 0, 255]);
    // A palette, the second colour of which half shines through.
    let palette = png_with(1, 2, &[1, 0], |encoder| {
        encoder.set_color(ColorType::Indexed);
        encoder.set_palette(&[10, 20, 30, 200, 100, 50][..]);
        encoder.set_trns(&[255, 128][..]);
    });
    let set = one("x.png", palette);
    assert_eq!(
        (bytes(&set), set.image_shape),
        (&[100, 10, 50, 20, 25, 30][..], Some(rgb(1, 2)))
    );
    // Alpha on black; what is black then has no colours.
    let clear = png(1, 2, ColorType::Rgba, &[9, 99, 200, 0, 60, 60, 60, 255]);
    let set = one("x.png", clear);
    assert_eq!(
        (bytes(&set), set.image_shape),
        (&[0, 60][..], Some(ImageShape::grey(1, 2)))
    );
}

#[test]
fn of_an_animation_the_first_frame_is_taken() {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 2, 1);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_animated(2, 0).expect("two frames");
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&[1, 2]).expect("a frame");
    writer.write_image_data(&[3, 4]).expect("a frame");
    writer.finish().expect("an end");
    assert_eq!(bytes(&one("x.png", file)), [1, 2]);
}

#[test]
fn one_image_with_colours_makes_all_rgb() {
    let folder = Folder::new();
    folder.write("a.png", png(1, 2, ColorType::Grayscale, &[5, 6]));
    folder.write("b.png", png(1, 2, ColorType::Rgb, &[7, 7, 7, 8, 8, 8]));
    assert_eq!(folder.read().image_shape, Some(ImageShape::grey(1, 2)));
    folder.write("c.png", png(1, 2, ColorType::Rgb, &[1, 2, 3, 4, 5, 6]));
    let set = folder.read();
    assert_eq!(set.image_shape, Some(rgb(1, 2)));
    let rows = [[5, 6, 5, 6, 5, 6], [7, 8, 7, 8, 7, 8], [1, 4, 2, 5, 3, 6]];
    assert_eq!(bytes(&set), rows.concat());
    // A JPEG of one colour, as near as the format comes to it.
    let set = one("x.jpeg", jpeg(8, 8, &[200, 30, 90], &[]));
    assert_eq!(set.image_shape, Some(rgb(8, 8)));
    for (plane, colour) in bytes(&set).chunks(64).zip([200u8, 30, 90]) {
        assert!(
            plane.iter().all(|value| value.abs_diff(colour) <= 2),
            "{plane:?}"
        );
    }
}

#[test]
fn images_lie_as_exif_says() {
    let file = png(2, 3, ColorType::Grayscale, &[1, 2, 3, 4, 5, 6]);
    // The encoder writes no EXIF data: the chunk is put in before the pixels.
    let with_exif = |how: u8| {
        let mut chunk = b"eXIf".to_vec();
        chunk.extend(orientation(how));
        let mut sum = flate2::Crc::new();
        sum.update(&chunk);
        let length = (chunk.len() as u32 - 4).to_be_bytes();
        [
            &file[..33],
            &length,
            &chunk,
            &sum.sum().to_be_bytes(),
            &file[33..],
        ]
        .concat()
    };
    for (how, shape, values) in [
        (1, (2, 3), [1, 2, 3, 4, 5, 6]),
        (3, (2, 3), [6, 5, 4, 3, 2, 1]),
        (6, (3, 2), [4, 1, 5, 2, 6, 3]),
        (8, (3, 2), [3, 6, 2, 5, 1, 4]),
        (9, (2, 3), [1, 2, 3, 4, 5, 6]),
    ] {
        let set = one("x.png", with_exif(how));
        assert_eq!(
            set.image_shape,
            Some(ImageShape::grey(shape.0, shape.1)),
            "{how}"
        );
        assert_eq!(bytes(&set), values, "{how}");
    }
    let set = one("x.jpg", jpeg(8, 16, &[77], &orientation(6)));
    assert_eq!(set.image_shape, Some(ImageShape::grey(16, 8)));
}

#[test]
fn other_sizes_are_resized() {
    let shape = |images: &[(u32, u32)], size: Option<&str>, model: Option<usize>| {
        let folder = Folder::new();
        for (i, (height, width)) in images.iter().enumerate() {
            folder.write(
                &format!("{i}.png"),
                png(
                    *height,
                    *width,
                    ColorType::Grayscale,
                    &vec![90; (height * width) as usize],
                ),
            );
        }
        let options = ReadOptions {
            image_size: size.map(|size| size.parse().expect("a size")),
            least_columns: model,
            ..ReadOptions::default()
        };
        let set = folder.open(&options).expect("images");
        assert!(
            bytes(&set).iter().all(|value| *value == 90),
            "one shade stays as it is"
        );
        assert_eq!(bytes(&set).len(), set.n_samples * set.input_dim);
        let ImageShape {
            height,
            width,
            channels,
        } = set.image_shape.expect("a shape");
        (height, width, channels)
    };
    assert_eq!(shape(&[(64, 20); 2], None, None), (64, 20, 1));
    assert_eq!(shape(&[(65, 20); 2], None, None), (32, 32, 1));
    assert_eq!(shape(&[(8, 8), (8, 9)], None, None), (32, 32, 1));
    assert_eq!(shape(&[(8, 8), (300, 9)], Some("4x6"), None), (4, 6, 1));
    assert_eq!(shape(&[(8, 8)], Some("4x6"), Some(72)), (4, 6, 3));
    assert_eq!(shape(&[(40, 40)], None, Some(28 * 28)), (28, 28, 1));
    assert_eq!(shape(&[(40, 40)], None, Some(3 * 28 * 28)), (28, 28, 3));
    assert_eq!(shape(&[(40, 40)], None, Some(1600)), (40, 40, 1));
}

#[test]
fn blocks_are_the_whole() {
    let folder = Folder::new();
    for i in 0..13 {
        folder.write(
            &format!("{}/{i}.png", ["x", "y"][i as usize % 2]),
            grey(5, 4, i),
        );
    }
    folder.write(
        "y/z.png",
        png(5, 4, ColorType::Rgb, &[[1, 2, 3]; 20].concat()),
    );
    let labelled = ReadOptions {
        folder_labels: true,
        ..ReadOptions::default()
    };
    let whole = folder.open(&labelled).expect("images");
    assert_eq!(whole.image_shape, Some(rgb(5, 4)));
    let labels = whole.labels.clone().expect("labels");
    let names: Vec<&str> = labels
        .ids
        .iter()
        .map(|id| labels.names[*id as usize].as_str())
        .collect();
    for (rows, shards) in [(1, 1), (5, 1), (100, 1), (2, 3), (100, 20)] {
        let shards = (0..shards).map(|index| Shard::new(index, shards).expect("a shard"));
        let mut at = 0;
        for block in
            shards.flat_map(|shard| folder.blocks(&labelled, rows, Some(shard)).expect("blocks"))
        {
            assert_eq!(block.first, at);
            let of_whole: Vec<u32> = (at as u32..(at + block.rows.n_samples) as u32).collect();
            let mut expected = whole.of_rows(&of_whole);
            let labels = block.rows.labels.clone().expect("labels");
            let found: Vec<&str> = labels
                .ids
                .iter()
                .map(|id| labels.names[*id as usize].as_str())
                .collect();
            at += block.rows.n_samples;
            assert_eq!(found, names[block.first..at]);
            expected.labels = Some(labels);
            assert_eq!(block.rows, expected);
        }
        assert_eq!(at, 14);
    }
}

#[test]
fn labels_can_come_from_a_file() {
    let folder = Folder::new();
    for i in 0..3 {
        folder.write(&format!("images/{i}.png"), grey(2, 2, i));
    }
    folder.write("y.csv", "label\nb\na\nb\n");
    let options = |file: &str| ReadOptions {
        label_file: Some(folder.path(file)),
        ..ReadOptions::default()
    };
    let open = |options: &ReadOptions| dec_gpu::data::open(&folder.path("images"), options);
    let labels = open(&options("y.csv"))
        .expect("images")
        .labels
        .expect("labels");
    assert_eq!(labels.ids, [1, 0, 1]);
    folder.write("z.csv", "label\nb\na\n");
    let error = open(&options("z.csv")).expect_err("too few").to_string();
    assert!(error.contains("found 2 labels for 3 rows"), "{error}");
}
