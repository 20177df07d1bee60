//! Every shader can be handed to every vendor: naga's SPIR-V, MSL, HLSL and GLSL output is produced, and
//! checked with `spirv-val` and `glslangValidator` where these are installed.
//!
//! MSL and HLSL are generated, not compiled: no compiler for them runs on every system. Which languages a form
//! has is held both ways: one that appears or disappears fails the tests.

#[path = "../../../tests/common/wgsl.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "shared with other test programs, each of which uses a part of it"
)]
mod wgsl;

use std::io::Write;
use std::process::{Command, Stdio};

use dec_gpu::features::Features;
use dec_gpu::kernel::Kernel;
use dec_gpu::kernels;
use dec_gpu::together;
use dec_gpu_translate::{Translate, Translation, to_glsl_es, to_hlsl, to_msl, to_spirv, translate};

/// Whether a kernel can be written in a language, which naga's writers show by a result, an error or a panic.
///
/// - GLSL has no f16. It is written with subgroups, but no OpenGL adapter offers them, so that is not checked.
/// - HLSL has no cooperative matrices, so Direct3D adapters offer none.
/// - MSL is written with fragments of 16x16 too, which Metal does not have; its adapters offer 8x8 alone.
fn has_translation(language: &str, kernel: &Kernel) -> bool {
    match language {
        "SPIR-V" | "MSL" => true,
        "HLSL" => !kernel.needs().cooperative(),
        "GLSL ES 310" => !kernel.needs().f16,
        other => panic!("unknown language {other}"),
    }
}

/// Translates one kernel's source.
fn translated(kernel: &Kernel, source: &str, to: Translate) -> Translation {
    let (module, info) = wgsl::parse_source(kernel, source)?;
    translate(to, &module, &info)
}

/// Translates every kernel, for one model and for several, and hands each result on; all failures are reported at once.
fn for_all(language: &str, to: Translate, check: impl Fn(&Kernel, &[u8]) -> Result<(), String>) {
    assert!(!kernels::ALL.is_empty(), "there are no kernels");
    let mut failures = Vec::new();
    let sources = |kernel: &'static Kernel| {
        [kernel.source(), together::source(kernel)].map(|source| (kernel, source))
    };
    for (kernel, source) in kernels::ALL.iter().copied().flat_map(sources) {
        let text = translated(kernel, &source, to);
        let result = match (has_translation(language, kernel), text) {
            (true, text) => text.and_then(|text| check(kernel, &text)),
            (false, Err(_)) => Ok(()),
            (false, Ok(_)) => {
                Err("it is written now; have adapters offer it and say so here".into())
            }
        };
        if let Err(error) = result {
            failures.push(format!("{} to {language}: {error}", kernel.title()));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// The translation holds the entry point, so it is not an empty shell.
fn contains(text: &[u8], word: &str) -> Result<(), String> {
    let text = String::from_utf8_lossy(text);
    text.contains(word)
        .then_some(())
        .ok_or_else(|| format!("`{word}` is missing in\n{text}"))
}

/// Runs a checker on a shader through its standard input. `None` if the program is not installed.
fn checked_by(program: &str, arguments: &[&str], text: &[u8]) -> Option<Result<(), String>> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => return Some(Err(format!("{program}: {error}"))),
    };
    let written = child.stdin.take().expect("stdin is piped").write_all(text);
    let output = child.wait_with_output().expect("the checker was started");
    let said = [output.stdout, output.stderr].concat();
    let result = match (output.status.success(), written) {
        (true, Ok(())) => Ok(()),
        (true, Err(error)) => Err(format!("{program}: {error}")),
        (false, _) => Err(format!(
            "{program} {}: {}",
            output.status,
            String::from_utf8_lossy(&said)
        )),
    };
    Some(result)
}

/// As [`checked_by`]; a checker that is not installed is named, and counts as no objection.
fn checked_if_installed(program: &str, arguments: &[&str], text: &[u8]) -> Result<(), String> {
    checked_by(program, arguments, text).unwrap_or_else(|| {
        eprintln!("{program} is not installed: translated, but not checked by it");
        Ok(())
    })
}

/// The number of SPIR-V's capability for cooperative matrices, which a `spirv-val` from before 2023 quotes.
const COOPERATIVE: &str = "6022";

#[test]
fn spirv_for_vulkan() {
    for_all("SPIR-V", to_spirv, |kernel, module| {
        if module.get(..4) != Some(&0x0723_0203u32.to_ne_bytes()) {
            return Err("the magic number is missing".into());
        }
        let checked =
            checked_if_installed("spirv-val", &["--target-env", "vulkan1.1", "-"], module);
        match checked {
            Err(error) if kernel.needs().cooperative() && error.contains(COOPERATIVE) => {
                eprintln!("{}: NOT CHECKED: this spirv-val is too old", kernel.title());
                Ok(())
            }
            checked => checked,
        }
    });
}

#[test]
fn msl_for_metal() {
    for_all("MSL", to_msl, |kernel, text| {
        if kernel.needs().cooperative() {
            contains(text, "simdgroup_multiply_accumulate(")?;
        }
        contains(text, "kernel void main_(")
    });
}

#[test]
fn hlsl_for_direct3d() {
    for_all("HLSL", to_hlsl, |kernel, text| {
        let [x, y, z] = kernel.workgroup_size;
        contains(text, &format!("[numthreads({x}, {y}, {z})]"))?;
        contains(text, "void main(")
    });
}

#[test]
fn glsl_es_for_opengl() {
    for_all("GLSL ES 310", to_glsl_es, |kernel, text| {
        contains(text, "void main() {")?;
        if kernel.needs() != Features::NONE {
            return Ok(());
        }
        checked_if_installed("glslangValidator", &["--stdin", "-S", "comp"], text)
    });
}

#[test]
fn the_installed_checkers_do_refuse_broken_shaders() {
    for (program, arguments) in [
        ("spirv-val", &["-"] as &[&str]),
        ("glslangValidator", &["--stdin", "-S", "comp"]),
    ] {
        match checked_by(program, arguments, b"this is no shader") {
            Some(result) => assert!(result.is_err(), "{program} accepts anything"),
            None => eprintln!("{program} is not installed: nothing to try"),
        }
    }
}
