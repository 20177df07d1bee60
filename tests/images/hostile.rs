//! What must end in an error that names the file.

use dec_gpu::data::ReadOptions;

use crate::support::{Folder, bits, grey, jpeg, of_palette, of_size, png};

/// 8 × 8 pixels of CMYK.
const CMYK: &str = "ffd8ffee000e41646f626500640000000000ffdb00430050373c463c32504641465a55505f78c882786e6e78f5afb991c8ff\
ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc000140800080008044311004d11005911004b1100ff\
c40014000100000000000000000000000000000004ffc40014100100000000000000000000000000000000ffda000e0443004d0059004b00003f006165\
12ffd9";

fn cmyk() -> Vec<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16).expect("a digit") as u8;
    CMYK.as_bytes()
        .chunks(2)
        .map(|two| digit(two[0]) << 4 | digit(two[1]))
        .collect()
}

/// Whole and in blocks, the error must be of this file (or of the folder) and say these words.
fn refused(folder: &Folder, options: &ReadOptions, file: &str, words: &str) {
    let error = folder.open(options).expect_err(words);
    let path = folder.path(file);
    let path = path.to_str().expect("text").trim_end_matches('/');
    assert!(error.starts_with(path), "{error} does not name {path}");
    assert!(error.contains(words), "{error} does not say {words}");
    let of_the_system = words == "cannot be read";
    assert!(error.contains("expected") || of_the_system, "{error}");
    assert_eq!(folder.blocks(options, 10, None).expect_err(words), error);
}

/// The file, between two good ones.
fn refuses_file(name: &str, bytes: &[u8], words: &str) {
    let folder = Folder::new();
    folder.write("a/first.png", grey(8, 8, 1));
    folder.write("z/last.png", grey(8, 8, 2));
    folder.write(name, bytes);
    refused(&folder, &ReadOptions::default(), name, words);
}

fn flipped(mut bytes: Vec<u8>, at: usize) -> Vec<u8> {
    bytes[at] ^= 0x10;
    bytes
}

#[test]
fn files() {
    let whole = grey(8, 8, 3);
    let photo = jpeg(16, 16, &[200, 30, 90], &[]);
    let frame = photo
        .windows(2)
        .position(|two| two == [0xff, 0xc0])
        .expect("a frame");
    let photo_of = |height: u16, width: u16| {
        let mut bytes = photo.clone();
        bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
        bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
        bytes
    };
    let cut = |bytes: &[u8], less: usize| bytes[..bytes.len() - less].to_vec();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        (
            "no-pixels.png",
            whole[..33].to_vec(),
            "found a broken PNG image",
        ),
        (
            "half.png",
            cut(&whole, whole.len() / 2),
            "found a broken PNG image",
        ),
        ("no-end.png", cut(&whole, 12), "found a broken PNG image"),
        (
            "half-a-mark.png",
            whole[..5].to_vec(),
            "found a broken PNG image",
        ),
        (
            "checksum.png",
            flipped(whole.clone(), whole.len() - 14),
            "found a broken PNG image",
        ),
        (
            "taller.png",
            of_size(whole.clone(), 9, 8),
            "found a broken PNG image",
        ),
        (
            "nothing-wide.png",
            of_size(whole.clone(), 8, 0),
            "found a broken PNG image",
        ),
        (
            "bomb.png",
            of_size(whole.clone(), 65_536, 514),
            "found a header that declares 33751040 bytes, expected at most",
        ),
        (
            "larger-bomb.png",
            of_size(whole.clone(), 1 << 20, 1 << 20),
            "found a header that declares",
        ),
        (
            "palette.png",
            of_palette(&[0, 0, 0, 255, 9]),
            "found a broken PNG image (a palette of 5 bytes, which are no colours of 3)",
        ),
        (
            "honest-bomb.png",
            bits(8192, 8193),
            "found an image of 8192 × 8193 pixels, expected at most 67108864",
        ),
        (
            "half.jpg",
            cut(&photo, photo.len() / 4),
            "found a broken JPEG image",
        ),
        (
            "no-scan.jpg",
            photo[..frame].to_vec(),
            "found a broken JPEG image",
        ),
        (
            "mark-only.jpg",
            photo[..3].to_vec(),
            "found a broken JPEG image",
        ),
        (
            "bomb.jpeg",
            photo_of(65_535, 65_535),
            "found a broken JPEG image (65535 × 65535 pixels in",
        ),
        (
            "zeros-for-the-rest.jpg",
            photo_of(2081, 2309),
            "found a broken JPEG image (2081 × 2309 pixels in",
        ),
        (
            "print.jpg",
            cmyk(),
            "found a JPEG image in CMYK, expected shades of grey or RGB",
        ),
        (
            "text.png",
            b"no image\n".to_vec(),
            "byte 0: found text, expected a PNG or JPEG image",
        ),
        (
            "gif.png",
            b"GIF89a\x01\0\x01\0".to_vec(),
            "found a GIF image",
        ),
        ("noise.jpg", vec![1, 2, 3], "found bytes of neither"),
        ("nothing.png", Vec::new(), "found an empty file"),
        ("n/deeper/x\u{1b}.PNG", b"x".to_vec(), "found text"),
    ];
    for (name, bytes, words) in cases {
        if name.contains('\u{1b}') {
            let folder = Folder::new();
            folder.write(name, &bytes);
            let error = folder.open(&ReadOptions::default()).expect_err(words);
            assert!(
                error.contains("x\\u{1b}.PNG: byte 0: found text"),
                "{error}"
            );
        } else {
            refuses_file(&format!("m/{name}"), &bytes, words);
        }
    }
}

#[test]
fn cut_anywhere_is_an_error() {
    let files = [
        ("x.png", grey(8, 8, 3)),
        ("x.jpg", jpeg(16, 16, &[200, 30, 90], &[])),
    ];
    for (name, bytes) in files {
        for end in 1..bytes.len() {
            let folder = Folder::new();
            folder.write(name, &bytes[..end]);
            // The mark of the end of a JPEG says nothing that is not known.
            let allowed = name == "x.jpg" && end + 2 >= bytes.len();
            let found = folder.open(&ReadOptions::default());
            assert!(
                found.is_err() || allowed,
                "{name} cut at {end} of {}",
                bytes.len()
            );
        }
    }
}

/// Whatever stands in a file, it is an error or an image, and no panic.
#[test]
fn no_change_panics() {
    let files = [
        ("x.png", grey(8, 8, 3)),
        ("x.png", png(3, 3, png::ColorType::Rgba, &[77; 36])),
        (
            "x.jpg",
            jpeg(16, 16, &[200, 30, 90], &crate::support::orientation(6)),
        ),
        ("x.jpg", cmyk()),
    ];
    let folder = Folder::new();
    let mut state = 12345u64;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    for (name, whole) in files {
        for _ in 0..400 {
            let mut bytes = whole.clone();
            for _ in 0..1 + next(4) {
                let at = next(bytes.len());
                bytes[at] = next(256) as u8;
            }
            folder.write(name, &bytes);
            let _ = folder.open(&ReadOptions::default());
        }
        std::fs::remove_file(folder.path(name)).expect("removed");
    }
}

#[test]
fn folders() {
    let folder = Folder::new();
    let plain = ReadOptions::default();
    refused(&folder, &plain, "", "found no files");
    std::fs::create_dir(folder.path("empty")).expect("created");
    refused(&folder, &plain, "", "found no files");
    folder.write("cat/1.png", grey(8, 8, 1));
    assert_eq!(folder.read().n_samples, 1);
    folder.write("data.csv", "1,2\n");
    refused(
        &folder,
        &plain,
        "",
        "found a data file (data.csv) and images (cat/1.png)",
    );
    let labelled = ReadOptions {
        folder_labels: true,
        ..ReadOptions::default()
    };
    assert_eq!(folder.open(&labelled).expect("images").n_samples, 1);
    folder.write("2.png", grey(8, 8, 2));
    refused(
        &folder,
        &labelled,
        "2.png",
        "found an image outside of the sub-folders",
    );
    std::fs::remove_file(folder.path("data.csv")).expect("removed");
    for (column, words) in [
        ("label", "(label)"),
        ("id", "(id)"),
        ("ignore", "(ignored)"),
    ] {
        let mut options = ReadOptions::default();
        match column {
            "label" => options.label_column = "y".parse().ok(),
            "id" => options.id_column = "y".parse().ok(),
            _ => options.ignore_columns.extend("y".parse().ok()),
        }
        refused(&folder, &options, "", words);
    }
    let grey_model = ReadOptions {
        least_columns: Some(64),
        ..ReadOptions::default()
    };
    folder.write(
        "b.png",
        png(8, 8, png::ColorType::Rgb, &[[1, 2, 3]; 64].concat()),
    );
    refused(
        &folder,
        &grey_model,
        "b.png",
        "found an image with colours, expected shades of grey",
    );
}

#[test]
fn options_for_images_need_images() {
    let folder = Folder::new();
    folder.write("x.csv", "1,2\n3,4\n");
    let size = ReadOptions {
        image_size: "8".parse().ok(),
        ..ReadOptions::default()
    };
    refused(
        &folder,
        &size,
        "x.csv",
        "found a text table, expected a folder of PNG or JPEG images, because an image size was asked for",
    );
    let labels = ReadOptions {
        folder_labels: true,
        ..ReadOptions::default()
    };
    refused(
        &folder,
        &labels,
        "x.csv",
        "because labels by folder was asked for",
    );
}

#[cfg(unix)]
#[test]
fn links_and_names() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    let plain = ReadOptions::default();
    let with = |link: &dyn Fn(&Folder)| {
        let folder = Folder::new();
        folder.write("a/1.png", grey(8, 8, 1));
        link(&folder);
        folder
    };
    let broken = with(&|folder| symlink("nowhere.png", folder.path("a/2.png")).expect("a link"));
    refused(&broken, &plain, "a/2.png", "cannot be read");
    let circle = with(&|folder| symlink("..", folder.path("a/up")).expect("a link"));
    refused(
        &circle,
        &plain,
        "a/up",
        "found a folder that has been met before",
    );
    let twice = with(&|folder| symlink("a", folder.path("b")).expect("a link"));
    let error = twice.open(&plain).expect_err("twice");
    assert!(
        error.contains("found a folder that has been met before"),
        "{error}"
    );
    let itself = with(&|folder| symlink("2.png", folder.path("a/2.png")).expect("a link"));
    refused(&itself, &plain, "a/2.png", "cannot be read");
    let bytes = std::ffi::OsStr::from_bytes(b"M\xfcller.png");
    let latin = with(&|folder| {
        std::fs::write(folder.path("a").join(bytes), grey(8, 8, 1)).expect("written");
    });
    let error = latin.open(&plain).expect_err("no Unicode");
    assert!(
        error.contains("a/M\u{fffd}ller.png: found a name that is not Unicode"),
        "{error}"
    );
    // A link to an image is an image.
    let linked = with(&|folder| symlink("1.png", folder.path("a/2.png")).expect("a link"));
    assert_eq!(linked.read().n_samples, 2);
}
