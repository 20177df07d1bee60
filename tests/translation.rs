//! Every shader can be handed to every vendor: naga's SPIR-V, MSL, HLSL and GLSL output is produced, and
//! checked with `spirv-val` and `glslangValidator` where these are installed.
//!
//! MSL and HLSL are generated, not compiled: no compiler for them runs on every system. Which languages a form
//! has is held both ways: one that appears or disappears fails the tests.

mod common;

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};

use dec_gpu::features::Features;
use dec_gpu::kernel::Kernel;
use dec_gpu::kernels;
use dec_gpu::together;
use naga::back::{glsl, hlsl, msl, spv};
use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};

/// A shader in a vendor's language, or why there is none.
type Translation = Result<Vec<u8>, String>;
type Translate = fn(&naga::Module, &naga::valid::ModuleInfo) -> Translation;

/// What wgpu asks naga for when it does not trust a shader: clamped indices.
const POLICIES: BoundsCheckPolicies = BoundsCheckPolicies {
    index: BoundsCheckPolicy::Restrict,
    buffer: BoundsCheckPolicy::Restrict,
    image_load: BoundsCheckPolicy::Restrict,
    binding_array: BoundsCheckPolicy::Unchecked,
};

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

/// Translates one kernel's source. naga's writers panic at what they do not know.
fn translated(kernel: &Kernel, source: &str, translate: Translate) -> Translation {
    let (module, info) = common::parse_source(kernel, source)?;
    catch_unwind(AssertUnwindSafe(|| translate(&module, &info)))
        .unwrap_or_else(|_| Err("naga has no such translation and panics".into()))
}

/// Translates every kernel, for one model and for several, and hands each result on; all failures are reported at once.
fn for_all(
    language: &str,
    translate: Translate,
    check: impl Fn(&Kernel, &[u8]) -> Result<(), String>,
) {
    assert!(!kernels::ALL.is_empty(), "there are no kernels");
    let mut failures = Vec::new();
    let sources = |kernel: &'static Kernel| {
        [kernel.source(), together::source(kernel)].map(|source| (kernel, source))
    };
    for (kernel, source) in kernels::ALL.iter().copied().flat_map(sources) {
        let text = translated(kernel, &source, translate);
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

fn to_spirv(module: &naga::Module, info: &naga::valid::ModuleInfo) -> Translation {
    let options = spv::Options {
        lang_version: (1, 3), // Vulkan 1.1
        bounds_check_policies: POLICIES,
        ..spv::Options::default()
    };
    let words = spv::write_vec(module, info, &options, None).map_err(|error| error.to_string())?;
    Ok(bytemuck::cast_slice(&words).to_vec())
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

fn to_msl(module: &naga::Module, info: &naga::valid::ModuleInfo) -> Translation {
    let options = msl::Options {
        lang_version: (2, 3), // macOS 11: the oldest with simdgroup matrices
        bounds_check_policies: POLICIES,
        ..msl::Options::default()
    };
    msl::write_string(module, info, &options, &msl::PipelineOptions::default())
        .map_err(|error| error.to_string())
        .and_then(|(text, entries)| {
            let errors: Vec<String> = entries
                .entry_point_names
                .iter()
                .filter_map(|e| e.as_ref().err())
                .map(ToString::to_string)
                .collect();
            if errors.is_empty() {
                Ok(text.into_bytes())
            } else {
                Err(errors.join("; "))
            }
        })
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

fn to_hlsl(module: &naga::Module, info: &naga::valid::ModuleInfo) -> Translation {
    let has_f16 = module.types.iter().any(|(_, ty)| {
        let scalar = ty.inner.scalar();
        scalar.is_some_and(|scalar| scalar.width == 2)
    });
    let options = hlsl::Options {
        shader_model: if has_f16 {
            hlsl::ShaderModel::V6_2 // the oldest with f16
        } else {
            hlsl::ShaderModel::V5_1 // the oldest that wgpu uses
        },
        ..hlsl::Options::default()
    };
    let pipeline = hlsl::PipelineOptions::default();
    let mut text = String::new();
    let written = hlsl::Writer::new(&mut text, &options, &pipeline).write(module, info, None);
    let entries = written.map_err(|error| error.to_string())?;
    let errors: Vec<String> = entries
        .entry_point_names
        .iter()
        .filter_map(|e| e.as_ref().err())
        .map(ToString::to_string)
        .collect();
    if errors.is_empty() {
        Ok(text.into_bytes())
    } else {
        Err(errors.join("; "))
    }
}

#[test]
fn hlsl_for_direct3d() {
    for_all("HLSL", to_hlsl, |kernel, text| {
        let [x, y, z] = kernel.workgroup_size;
        contains(text, &format!("[numthreads({x}, {y}, {z})]"))?;
        contains(text, "void main(")
    });
}

fn to_glsl(
    module: &naga::Module,
    info: &naga::valid::ModuleInfo,
    version: glsl::Version,
) -> Translation {
    let options = glsl::Options {
        version,
        ..glsl::Options::default()
    };
    let pipeline = glsl::PipelineOptions {
        shader_stage: naga::ShaderStage::Compute,
        entry_point: "main".into(),
        multiview: None,
    };
    let mut text = String::new();
    glsl::Writer::new(&mut text, module, info, &options, &pipeline, POLICIES)
        .and_then(|mut writer| writer.write())
        .map_err(|error| error.to_string())?;
    Ok(text.into_bytes())
}

fn to_glsl_es(module: &naga::Module, info: &naga::valid::ModuleInfo) -> Translation {
    to_glsl(module, info, glsl::Version::new_gles(310))
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
