//! A kernel for several models: its WGSL with another index.

use super::MOST;
use crate::kernel::Kernel;

/// The WGSL of a kernel with one model along each z of the grid: other declarations, and the files with another index. The
/// uniform is an array of `ModelParams`, of which each invocation takes its own once, and what a storage buffer is indexed with begins at the model's
/// first word; all else stays.
///
/// The source may use `params` and its storage buffers as the project's kernels do: `params.field` and `buffer[index]`.
pub fn source(kernel: &Kernel) -> String {
    let params =
        format!("@group(0) @binding(0) var<uniform> params_of: array<ModelParams, {MOST}>;\n");
    let declarations = kernel.params_struct() + MODEL + &params + &kernel.storage();
    let mut text = without_comments(&kernel.source_with(&declarations));
    for (i, binding) in kernel.bindings.iter().enumerate() {
        let first = format!("model_first[{}][{}]", i / 4, i % 4);
        text = offset(&text, binding.name, &first);
    }
    let entry = text.find("@compute").expect("a kernel has an entry point");
    let (head, main) = text.split_at(entry);
    format!("{head}{}", by_model(main))
}

/// Binding 0, one element for each model; each begins at a multiple of 16 bytes, as uniforms must. What an invocation
/// takes of it is private and not read again where it is used: SwiftShader (Chromium 156) gives 0 after a loop for such a
/// word read in the loop's condition, in lanes that have left the loop before the others of their subgroup.
const MODEL: &str = "
struct ModelParams {
    @align(16) own: Params,
    @align(16) first: array<vec4<u32>, 2>, // word of each binding that is the model's first
}
var<private> params: Params;
var<private> model_first: array<vec4<u32>, 2>;
";

/// The bytes of one `ModelParams`, and where `first` begins in it.
pub(crate) fn model_params(kernel: &Kernel) -> (usize, usize) {
    let own = kernel.params_size().next_multiple_of(16);
    (own + 32, own)
}

/// WGSL has no strings, so `//` always begins a comment.
fn without_comments(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or(""));
    lines.map(|line| line.to_owned() + "\n").collect()
}

/// `name[i]` becomes `name[first + (i)]`.
fn offset(text: &str, name: &str, first: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = found(rest, name, "[") {
        let open = at + name.len() + 1;
        let close = open + closing(&rest[open..]);
        let index = offset(&rest[open..close], name, first);
        out += &rest[..open];
        out += &format!("{first} + ({index})]");
        rest = &rest[close + 1..];
    }
    out + rest
}

/// Where `name` stands by itself, followed by `then`.
fn found(text: &str, name: &str, then: &str) -> Option<usize> {
    let whole = name.to_owned() + then;
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let mut places = text.match_indices(&whole).map(|(at, _)| at);
    places.find(|at| !text[..*at].ends_with(part_of_word))
}

/// The place of the bracket that closes the one before the text.
fn closing(text: &str) -> usize {
    let mut depth = 1;
    let close = text.find(|c| {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    close.expect("brackets close")
}

/// `@compute … fn main(…) {…}` becomes a function and an entry point that first takes what is its model's.
fn by_model(main: &str) -> String {
    let open = main.find("fn main(").expect("the entry point is main") + "fn main(".len();
    let close = open + main[open..].find(") {").expect("main has a body");
    let (attributes, inputs, body) = (&main[..open], &main[open..close], &main[close..]);
    let attributes = attributes.strip_suffix("fn main(").unwrap_or(attributes);
    let inputs: Vec<(&str, &str)> = (inputs.split("@builtin("))
        .filter_map(|input| input.trim().trim_end_matches(',').split_once(')'))
        .map(|(builtin, declared)| (builtin, declared.trim()))
        .collect();
    let name = |declared: &str| declared.split(':').next().unwrap_or("").trim().to_owned();
    let declared: Vec<&str> = inputs.iter().map(|(_, declared)| *declared).collect();
    // The kernel sees the grid of its own model, one deep.
    let arguments: Vec<String> = (inputs.iter())
        .map(|(builtin, declared)| match *builtin {
            "workgroup_id" | "global_invocation_id" => {
                format!("vec3<u32>({}.xy, 0u)", name(declared))
            }
            "num_workgroups" => format!("vec3<u32>({}.xy, 1u)", name(declared)),
            _ => name(declared),
        })
        .collect();
    let group = inputs
        .iter()
        .find(|(builtin, _)| *builtin == "workgroup_id");
    let mut entry: Vec<String> = (inputs.iter())
        .map(|(builtin, declared)| format!("@builtin({builtin}) {declared}"))
        .collect();
    let z = match group {
        Some((_, declared)) => name(declared),
        None => {
            entry.push("@builtin(workgroup_id) model_group: vec3<u32>".to_owned());
            "model_group".to_owned()
        }
    };
    format!(
        "fn of_model({}{body}\n{attributes}fn main({}) {{\n    params = params_of[{z}.z].own;\n    \
         model_first = params_of[{z}.z].first;\n    of_model({});\n}}\n",
        declared.join(", "),
        entry.join(", "),
        arguments.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels;

    #[test]
    fn indices_are_moved_and_words_that_only_look_alike_are_not() {
        let text = "x[i] + xx[i] + a.x[i] + x[y[j | 1u]] * sum_x[2]";
        let moved = offset(text, "x", "F");
        assert_eq!(
            moved,
            "x[F + (i)] + xx[i] + a.x[i] + x[F + (y[j | 1u])] * sum_x[2]"
        );
        assert_eq!(offset("x[x[i]]", "x", "F"), "x[F + (x[F + (i)])]");
    }

    #[test]
    fn every_kernel_becomes_one_that_compiles_and_knows_every_buffer() {
        for kernel in kernels::ALL {
            let text = source(kernel);
            for (i, binding) in kernel.bindings.iter().enumerate() {
                let first = format!("{}[model_first[{}][{}] + (", binding.name, i / 4, i % 4);
                let name = kernel.title();
                // What is not indexed is a buffer that one form does not use.
                let indexed = found(&without_comments(&kernel.code()), binding.name, "[");
                assert_eq!(
                    text.contains(&first),
                    indexed.is_some(),
                    "{name}: {}",
                    binding.name
                );
            }
            // Once each for the parameters and the first words, at the start; see MODEL.
            assert_eq!(text.matches("params_of[").count(), 2, "{}", kernel.title());
            if kernel.needs() == crate::features::Features::NONE {
                let parsed = naga::front::wgsl::parse_str(&text);
                assert!(parsed.is_ok(), "{}: {parsed:?}\n{text}", kernel.title());
            }
        }
    }

    #[test]
    fn parameters_are_laid_out_as_naga_does() {
        for kernel in kernels::ALL
            .iter()
            .filter(|kernel| kernel.needs() == crate::features::Features::NONE)
        {
            let module = naga::front::wgsl::parse_str(&source(kernel)).expect("valid");
            let of_model = (module.types.iter())
                .find(|(_, ty)| ty.name.as_deref() == Some("ModelParams"))
                .expect("ModelParams");
            let naga::TypeInner::Struct { members, span } = &of_model.1.inner else {
                panic!("ModelParams is no struct");
            };
            let found = (*span as usize, members[1].offset as usize);
            assert_eq!(found, model_params(kernel), "{}", kernel.title());
        }
    }
}
