//! What a target begins with: valid files, and those of the malformed tables that are short.

use std::collections::BTreeMap;

use dec_gpu::checkpoint::{Phase, State};
use dec_gpu::config::{Config, PRESETS, preset};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};
use png::{BitDepth, ColorType};

use super::folders::NEXT;
use crate::hostile::make::{self, npy_text};
use crate::hostile::models::{Body, prepared};
use crate::hostile::{Case, columns, models};

/// Bytes of the longest seed that comes from a table.
const LONGEST: usize = 2048;

/// Valid files first.
fn with(valid: Vec<Vec<u8>>, malformed: Vec<Case>) -> Vec<Vec<u8>> {
    let malformed = malformed.into_iter().map(|(_, bytes, _)| bytes);
    let short = malformed.filter(|bytes| bytes.len() <= LONGEST);
    valid.into_iter().chain(short).collect()
}

pub(super) fn idx() -> Vec<Vec<u8>> {
    let kinds = [
        (0x08, 1),
        (0x09, 1),
        (0x0b, 2),
        (0x0c, 4),
        (0x0d, 4),
        (0x0e, 8),
    ];
    let file = |(kind, bytes): (u8, usize)| make::idx(kind, &[2, 3, 2], &vec![1; 12 * bytes]);
    let mut valid: Vec<Vec<u8>> = kinds.map(file).to_vec();
    valid.push(make::idx(8, &[4, 1, 2, 2], &[7; 16]));
    with(valid, crate::hostile::idx::cases())
}

pub(super) fn npy() -> Vec<Vec<u8>> {
    let types = [
        "|b1", "|i1", "|u1", "<i2", ">u2", "<f2", "<i4", ">f4", "<f4", "<i8", "<u8", ">f8",
    ];
    let file = |kind: &str| {
        let bytes = usize::from(kind.as_bytes()[2] - b'0');
        make::npy(&format!("'{kind}'"), "(3, 2)", &vec![1; 6 * bytes])
    };
    let mut valid: Vec<Vec<u8>> = types.map(file).to_vec();
    let fortran = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2, 2), }\n";
    valid.extend([1, 2, 3].map(|version| npy_text(version, fortran, &[0; 32])));
    with(valid, crate::hostile::npy::cases())
}

pub(super) fn npz() -> Vec<Vec<u8>> {
    let x = make::npy("'<f4'", "(2, 2)", &[0; 16]);
    let y = make::npy("'<i8'", "(2,)", &[0; 16]);
    let valid = vec![
        make::npz(&[("x.npy", x.clone())]),
        make::npz(&[("labels.npy", y), ("other.npy", x)]),
    ];
    with(valid, crate::hostile::npz::cases())
}

pub(super) fn csv() -> Vec<Vec<u8>> {
    let valid = [
        "1,2\n3,4\n",
        "a,b,label\n1,2,x\n3,4,y\n-5e-3,.5,x\n",
        "\u{feff}name;a;b\r\nMüller;1,5;2\r\n\"an \"\"old\"\" one\";3,5;4\r\n",
        "id\tx\ty\nc1\t1\t2\nc2\t3\t4\nc3\t5\t6\nc4\t7\t8\n",
        ",a\n0,1\n1,2\n2,3\n3,4\n",
        "1 2 3\n4 5 6\n",
    ];
    let tables = columns::CASES.iter().map(|case| case.1.to_vec());
    let valid = valid.map(|text| text.as_bytes().to_vec());
    with(
        valid.into_iter().chain(tables).collect(),
        crate::hostile::table::cases(),
    )
}

pub(super) fn svmlight() -> Vec<Vec<u8>> {
    let valid = [
        "-1 1:0.5 3:2\n1 2:1 # x\n",
        "# made by hand\n2 qid:7 0:1 9:-1e3\n3\n2 4:4\n",
    ];
    let valid = valid.map(|text| text.as_bytes().to_vec()).to_vec();
    with(valid, crate::hostile::svmlight::cases())
}

const MATRIX: &str =
    "%%MatrixMarket matrix coordinate real general\n% by hand\n3 2 3\n1 1 1.5\n3 2 -3\n2 1 4\n";

pub(super) fn mtx() -> Vec<Vec<u8>> {
    let pattern = MATRIX
        .replace("real", "pattern")
        .replace(" 1.5", "")
        .replace(" -3", "");
    let valid = [
        MATRIX.to_owned(),
        MATRIX.replace("real", "integer"),
        pattern.replace(" 4\n", "\n"),
    ];
    let valid = valid.map(String::into_bytes).to_vec();
    with(valid, crate::hostile::matrix_market::cases())
}

/// Packed files, and plain ones that the target packs itself.
pub(super) fn gzip() -> Vec<Vec<u8>> {
    let plain = [idx(), npy(), csv(), svmlight(), mtx()].map(|mut files| files.swap_remove(0));
    let packed = plain
        .iter()
        .map(|bytes| make::gzip(bytes))
        .collect::<Vec<_>>();
    let two = [make::gzip(b"1,2\n"), make::gzip(b"3,4\n")].concat();
    let valid = plain.into_iter().chain(packed).chain([two]).collect();
    with(valid, crate::hostile::gzip::cases())
}

pub(super) fn labels() -> Vec<Vec<u8>> {
    let valid = vec![
        make::idx(8, &[3], &[1, 0, 1]),
        make::npy("'<i8'", "(2,)", &[0; 16]),
        make::npz(&[("y.npy", make::npy("'|b1'", "(3,)", &[1, 0, 1]))]),
        b"index,label\n0,cat\n1,dog\n".to_vec(),
        b"3\n1.0\n-2\n".to_vec(),
    ];
    with(valid, crate::hostile::labels::cases())
}

pub(super) fn png() -> Vec<Vec<u8>> {
    let file = |colour, depth, values: &[u8], palette: &[u8]| {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 2, 2);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        if colour == ColorType::Indexed {
            encoder.set_palette(palette.to_vec());
        }
        let mut writer = encoder.write_header().expect("a header");
        writer.write_image_data(values).expect("pixels");
        writer.finish().expect("an end");
        bytes
    };
    let indexed = |palette: &[u8]| file(ColorType::Indexed, BitDepth::Two, &[0x10, 0x40], palette);
    vec![
        file(ColorType::Grayscale, BitDepth::Eight, &[1, 2, 3, 4], &[]),
        file(ColorType::Grayscale, BitDepth::One, &[0x40, 0x80], &[]),
        file(ColorType::Grayscale, BitDepth::Sixteen, &[9; 8], &[]),
        file(ColorType::GrayscaleAlpha, BitDepth::Eight, &[9; 8], &[]),
        file(ColorType::Rgb, BitDepth::Eight, &[7; 12], &[]),
        file(ColorType::Rgba, BitDepth::Eight, &[7; 16], &[]),
        indexed(&[0, 0, 0, 255, 9, 7]),
        // Found by fuzzing: no whole colours.
        indexed(&[0, 0, 0, 255, 9]),
    ]
}

pub(super) fn jpeg() -> Vec<Vec<u8>> {
    let file = |colour, channels: usize, exif: &[u8]| {
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 50);
        if !exif.is_empty() {
            encoder.set_exif_metadata(exif.to_vec()).expect("EXIF");
        }
        let values: Vec<u8> = (0..9 * 17 * channels).map(|i| (i * 31) as u8).collect();
        encoder.write_image(&values, 17, 9, colour).expect("a JPEG");
        bytes
    };
    let turned = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    vec![
        file(ExtendedColorType::L8, 1, b""),
        file(ExtendedColorType::Rgb8, 3, b""),
        file(ExtendedColorType::Rgb8, 3, turned),
    ]
}

pub(super) fn ten_x() -> Vec<Vec<u8>> {
    let parts = |parts: [&[u8]; 3]| parts.join(NEXT);
    let matrix = MATRIX.trim_end().as_bytes();
    vec![
        parts([
            matrix,
            b"cell-1\ncell-2\n",
            b"g1\tXkr4\tGene\ng2\tRp1\tGene\ng3\tSox17\tGene\n",
        ]),
        parts([matrix, b"cell-1\ncell-1", b"a\nb\nc"]),
        parts([&make::gzip(matrix), b"c1\nc2", b"a\nb\nc"]),
        matrix.to_vec(),
    ]
}

pub(super) fn parquet() -> Vec<Vec<u8>> {
    macro_rules! files {
        ($($name:literal),*) => {
            vec![$(include_bytes!(concat!("../../features/files/", $name, ".parquet")).to_vec()),*]
        };
    }
    files![
        "brotli", "gzip", "lz4", "none", "pandas", "snappy", "split", "v2", "zstd"
    ]
}

pub(super) fn h5ad() -> Vec<Vec<u8>> {
    use std::io::Read;
    macro_rules! files {
        ($($name:literal),*) => {
            [$(&include_bytes!(concat!("../../features/files/", $name, ".h5ad.gz"))[..]),*]
        };
    }
    let unpacked = |packed: &[u8]| {
        let mut bytes = Vec::new();
        let mut reader = flate2::read::GzDecoder::new(packed);
        reader.read_to_end(&mut bytes).expect("unpacked");
        bytes
    };
    files!["old", "dense", "csr", "csc"].map(unpacked).to_vec()
}

pub(super) fn model() -> Vec<Vec<u8>> {
    let named = prepared(|body| {
        let forms = r#"{"device":{"backend":"vulkan","name":"x","driver":"y","kind":"cpu"},"forms":{"linear_forward 8 8 8":"M"}}"#;
        body.metadata.insert("forms".into(), forms.into());
        let config = Config::preset("fast").expect("a preset").to_toml();
        body.metadata.insert("config".into(), config.into());
    });
    let valid = [Body::valid().bytes(), prepared(|_| {}), named];
    let malformed = models::cases().into_iter().map(|case| case.bytes);
    let short = malformed.filter(|bytes| bytes.len() <= LONGEST);
    valid.into_iter().chain(short).collect()
}

pub(super) fn checkpoint() -> Vec<Vec<u8>> {
    let file = |phase, step| {
        let mut state = State::new(phase, step);
        state.put("layer.1.weight", vec![f32::NAN.to_bits(), 0, u32::MAX, 1]);
        state.put("empty", Vec::new());
        state.put_text(
            "config",
            Config::preset("fast").expect("a preset").to_toml(),
        );
        state.put_number("best", f64::INFINITY);
        state.put_number("pretrained_steps", 12.0);
        state.to_bytes(&BTreeMap::from([("history".to_owned(), "{}\n".to_owned())]))
    };
    vec![
        file(Phase::Layer(2), 1234),
        file(Phase::EndToEnd, 0),
        file(Phase::Cluster, u64::MAX),
        file(Phase::Clustered, 1),
        Body::valid().bytes(),
    ]
}

pub(super) fn config() -> Vec<Vec<u8>> {
    let presets = PRESETS.map(|name| preset(name).expect("a preset").to_owned());
    let short = [
        "seed = 3\n[cluster]\ngamma = 0.5\nalpha = 2.0\n",
        "cluster.gamma=0.1\nnetwork.hidden=[500,10]\ndata.prepare=[\"log1p\"]\n",
        "n-clusters=3\ncluster.first=mixture\npretrain.batch-size=32\n",
        "preset = \"paper\"\nn-clusters = 10\ndata = {columns = 2, normalisation = \"none\"}\n",
    ];
    let full = Config::preset("fast").expect("a preset").to_toml();
    let texts = presets
        .into_iter()
        .chain(short.map(str::to_owned))
        .chain([full]);
    texts.map(String::into_bytes).collect()
}
