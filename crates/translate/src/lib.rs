//! A shader in the vendors' languages, written by naga as wgpu has it written: SPIR-V, MSL, HLSL and GLSL ES.

use std::panic::{AssertUnwindSafe, catch_unwind};

use naga::back::{glsl, hlsl, msl, spv};
use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};

/// A shader in a vendor's language, or why there is none.
pub type Translation = Result<Vec<u8>, String>;

/// Writes a parsed and validated shader in one language.
pub type Translate = fn(&naga::Module, &naga::valid::ModuleInfo) -> Translation;

/// What wgpu asks naga for when it does not trust a shader: clamped indices.
const POLICIES: BoundsCheckPolicies = BoundsCheckPolicies {
    index: BoundsCheckPolicy::Restrict,
    buffer: BoundsCheckPolicy::Restrict,
    image_load: BoundsCheckPolicy::Restrict,
    binding_array: BoundsCheckPolicy::Unchecked,
};

/// Translates a shader. naga's writers panic at what they do not know; that is an error here.
///
/// # Errors
///
/// The language has no words for the shader.
pub fn translate(
    to: Translate,
    module: &naga::Module,
    info: &naga::valid::ModuleInfo,
) -> Translation {
    catch_unwind(AssertUnwindSafe(|| to(module, info)))
        .unwrap_or_else(|_| Err("naga has no such translation and panics".into()))
}

/// SPIR-V for Vulkan 1.1.
///
/// # Errors
///
/// The language has no words for the shader.
pub fn to_spirv(module: &naga::Module, info: &naga::valid::ModuleInfo) -> Translation {
    let options = spv::Options {
        lang_version: (1, 3),
        bounds_check_policies: POLICIES,
        ..spv::Options::default()
    };
    let words = spv::write_vec(module, info, &options, None).map_err(|error| error.to_string())?;
    Ok(words.iter().flat_map(|word| word.to_ne_bytes()).collect())
}

/// MSL 2.3: macOS 11 is the oldest with simdgroup matrices.
///
/// # Errors
///
/// The language has no words for the shader.
pub fn to_msl(module: &naga::Module, info: &naga::valid::ModuleInfo) -> Translation {
    let options = msl::Options {
        lang_version: (2, 3),
        bounds_check_policies: POLICIES,
        ..msl::Options::default()
    };
    let (text, entries) =
        msl::write_string(module, info, &options, &msl::PipelineOptions::default())
            .map_err(|error| error.to_string())?;
    unless_refused(text, &entries.entry_point_names)
}

/// HLSL of the oldest shader model that serves.
///
/// # Errors
///
/// The language has no words for the shader.
pub fn to_hlsl(module: &naga::Module, info: &naga::valid::ModuleInfo) -> Translation {
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
    unless_refused(text, &entries.entry_point_names)
}

/// GLSL ES 3.10, the oldest with compute shaders.
///
/// # Errors
///
/// The language has no words for the shader.
pub fn to_glsl_es(module: &naga::Module, info: &naga::valid::ModuleInfo) -> Translation {
    let options = glsl::Options {
        version: glsl::Version::new_gles(310),
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

/// MSL and HLSL are written even where an entry point is not.
fn unless_refused<E: ToString>(text: String, entries: &[Result<String, E>]) -> Translation {
    let errors: Vec<String> = (entries.iter())
        .filter_map(|entry| entry.as_ref().err())
        .map(ToString::to_string)
        .collect();
    if errors.is_empty() {
        Ok(text.into_bytes())
    } else {
        Err(errors.join("; "))
    }
}
