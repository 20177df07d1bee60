//! How an error ends the program: its exit code, and what to type about it.

use dec_gpu::Error;
use dec_gpu::data::{ReadOption, Remedy};
use dec_gpu::device::AdapterRemedy;

/// The exit code scripts rely on.
///
/// 2 usage, 3 bad data or more memory needed than may be used, 4 no usable adapter, 5 device lost or out of memory, 6 write failed,
/// 7 numeric failure, 130 interrupted; 1 is left for bugs.
pub(crate) fn exit_code(error: &Error) -> u8 {
    match error {
        Error::Config(_) => 2,
        Error::Data(_)
        | Error::Model(_)
        | Error::Run(_)
        | Error::Checkpoint(_)
        | Error::Memory(_) => 3,
        Error::NoAdapter(_) => 4,
        Error::Device(_) => 5,
        Error::Write { .. } => 6,
        Error::Numeric { .. } => 7,
        Error::Interrupted { .. } => 130,
        _ => 1,
    }
}

/// The error, and the options that help.
pub(crate) fn told(error: &Error) -> String {
    let options: Vec<String> = match error {
        Error::Data(error) => error.remedies().iter().map(of_data).collect(),
        Error::NoAdapter(error) => (error.remedies().iter())
            .map(|remedy| of_adapter(*remedy).to_owned())
            .collect(),
        _ => Vec::new(),
    };
    options
        .iter()
        .fold(error.to_string(), |text, option| text + ", or " + option)
}

fn of_data(remedy: &Remedy) -> String {
    match remedy {
        Remedy::IgnoreColumn(name) => {
            format!("leave the column out with `--ignore-column {name}`")
        }
        Remedy::TakeAsIds(name) => format!("take it as names with `--id-column {name}`"),
        Remedy::TakeAsLabels(name) => format!("take it as labels with `--label-column {name}`"),
        Remedy::ChooseLayer => "choose a matrix that is there with `--layer NAME`".to_owned(),
        Remedy::LeaveOut(option) => format!("leave `{}` out", flag(*option)),
        Remedy::BuildWith(feature) => {
            format!("install one with `cargo install --path . --features {feature}`")
        }
    }
}

fn flag(option: ReadOption) -> &'static str {
    match option {
        ReadOption::ImageSize => "--image-size",
        ReadOption::FolderLabels => "--folder-labels",
        ReadOption::Layer => "--layer",
        ReadOption::IdColumn => "--id-column",
        ReadOption::IgnoreColumns => "--ignore-column",
    }
}

fn of_adapter(remedy: AdapterRemedy) -> &'static str {
    match remedy {
        AdapterRemedy::Name => "name one with --adapter (for example --adapter llvmpipe)",
        AdapterRemedy::List => "see dec-gpu devices",
        AdapterRemedy::F32 => "use --precision f32",
        AdapterRemedy::Cpu => "use --backend cpu",
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use dec_gpu::data::{Column, ReadOptions, read};
    use dec_gpu::device::AdapterError;

    use super::*;

    fn of_bytes(bytes: &[u8], options: &ReadOptions) -> String {
        let error = read("x.csv", Cursor::new(bytes), options).expect_err("unusable");
        told(&error.into())
    }

    #[test]
    fn data_errors_name_the_options_that_help() {
        assert_eq!(
            of_bytes(b"id,kind,x\n1,cat,2\n", &ReadOptions::default()),
            "x.csv:2: column 2 (kind): found \"cat\", expected a number with a decimal point; correct it, or leave the column \
             out with `--ignore-column kind`, or take it as names with `--id-column kind`, or take it as labels with \
             `--label-column kind`"
        );
        let ids = ReadOptions {
            id_column: Some(Column::Index(0)),
            ..ReadOptions::default()
        };
        assert!(
            of_bytes(b"a,1\na,2\n", &ids)
                .ends_with("leave the column out with `--ignore-column 0`")
        );
        let array = b"\x00\x00\x08\x02\x00\x00\x00\x01\x00\x00\x00\x01\x07";
        assert!(of_bytes(array, &ids).ends_with("a text table, or leave `--id-column` out"));
        let images = ReadOptions {
            image_size: "8".parse().ok(),
            ..ReadOptions::default()
        };
        assert!(of_bytes(array, &images).ends_with(", or leave `--image-size` out"));
    }

    #[test]
    fn adapter_errors_name_the_options_that_help() {
        for (error, end) in [
            (
                AdapterError::None { backend: None },
                ", or use --backend cpu",
            ),
            (
                AdapterError::NoF16 { name: "A".into() },
                ", or use --precision f32, or use --backend cpu",
            ),
            (
                AdapterError::NoMatch {
                    backend: Some("vulkan"),
                    wanted: "b".into(),
                    seen: "none".into(),
                },
                "; name one of these, or see dec-gpu devices",
            ),
        ] {
            let text = told(&error.into());
            assert!(text.ends_with(end), "{text}");
        }
    }
}
