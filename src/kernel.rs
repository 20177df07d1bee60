//! A kernel as data: its WGSL, the layout of its parameters and bindings, its reference and its cases.
//!
//! A [`Kernel`] lives in two files of one stem, `shaders/x.wgsl` and `src/kernels/x.rs`. Nothing here
//! knows wgpu: devices read the description ([`crate::device::Device::dispatch`]). Parameters and bindings are written
//! once, in Rust: their WGSL is made from the description and stands before that of the files.

pub mod tile;

use crate::features::Features;
use tile::{Product, Tile};

/// How a kernel uses a storage buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// `var<storage, read>`
    Read,
    /// `var<storage, read_write>`
    ReadWrite,
}

/// What a storage buffer holds. All elements are 32 bits wide; bytes travel packed four to a `u32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// `array<f32>`
    F32,
    /// `array<u32>`
    U32,
    /// `array<atomic<u32>>`; only integer atomics are used, so results do not depend on their order.
    AtomicU32,
}

/// One storage binding, in the order of `@binding(1)`, `@binding(2)`, …; binding 0 is `params`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The name in the WGSL source.
    pub name: &'static str,
    /// Read or read_write.
    pub access: Access,
    /// The element type.
    pub element: Element,
    /// What the elements are: the shape first, `(rows, d)`.
    pub shape: &'static str,
}

impl Access {
    fn wgsl(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::ReadWrite => "read_write",
        }
    }
}

impl Element {
    fn wgsl(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::U32 => "u32",
            Self::AtomicU32 => "atomic<u32>",
        }
    }
}

/// A read-only binding.
pub const fn read(name: &'static str, element: Element, shape: &'static str) -> Binding {
    Binding {
        name,
        access: Access::Read,
        element,
        shape,
    }
}

/// A binding that the kernel writes.
pub const fn write(name: &'static str, element: Element, shape: &'static str) -> Binding {
    Binding {
        name,
        access: Access::ReadWrite,
        element,
        shape,
    }
}

/// The type of one parameter. Only these two: `repr(C)` and WGSL then agree by construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// An unsigned 32-bit integer.
    U32,
    /// A 32-bit float.
    F32,
}

impl Scalar {
    fn wgsl(self) -> &'static str {
        match self {
            Self::U32 => "u32",
            Self::F32 => "f32",
        }
    }
}

/// Maps a Rust parameter type to its [`Scalar`]; only `u32` and `f32` have one.
pub trait ParamType {
    /// The WGSL type.
    const SCALAR: Scalar;
}
impl ParamType for u32 {
    const SCALAR: Scalar = Scalar::U32;
}
impl ParamType for f32 {
    const SCALAR: Scalar = Scalar::F32;
}

/// One field of a kernel's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name, the same in WGSL and Rust.
    pub name: &'static str,
    /// The type.
    pub scalar: Scalar,
    /// The offset in bytes.
    pub offset: usize,
}

/// Declares a kernel's `Params`: a `repr(C)` struct of `u32` and `f32`, and its [`Field`]s.
#[macro_export]
macro_rules! params {
    ($($(#[$doc:meta])* $field:ident: $kind:ty),+ $(,)?) => {
        /// The uniform at binding 0.
        #[repr(C)]
        #[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
        pub struct Params { $($(#[$doc])* pub $field: $kind),+ }

        impl Params {
            /// Name, type and offset of each field, in order.
            pub const FIELDS: &'static [$crate::kernel::Field] = &[$($crate::kernel::Field {
                name: stringify!($field),
                scalar: <$kind as $crate::kernel::ParamType>::SCALAR,
                offset: std::mem::offset_of!(Params, $field),
            }),+];
        }
    };
}

/// A storage buffer as the reference sees it: 32-bit words, opened for reading or for writing.
pub enum View<'a> {
    /// Opened for reading.
    Read(&'a [u32]),
    /// Opened for writing.
    Write(&'a mut [u32]),
}

impl View<'_> {
    /// The words as `u32`.
    pub fn u32(&self) -> &[u32] {
        match self {
            Self::Read(words) => words,
            Self::Write(words) => words,
        }
    }

    /// The words as `f32`.
    pub fn f32(&self) -> &[f32] {
        bytemuck::cast_slice(self.u32())
    }

    /// The bytes, for buffers that hold packed `u8`.
    pub fn u8(&self) -> &[u8] {
        bytemuck::cast_slice(self.u32())
    }

    /// The words as `u32`, for writing.
    ///
    /// # Panics
    /// If the binding was declared read-only.
    pub fn u32_mut(&mut self) -> &mut [u32] {
        match self {
            Self::Read(_) => panic!("a read-only binding is written"),
            Self::Write(words) => words,
        }
    }

    /// The words as `f32`, for writing.
    pub fn f32_mut(&mut self) -> &mut [f32] {
        bytemuck::cast_slice_mut(self.u32_mut())
    }
}

/// Reads a kernel's parameters from the bytes of the uniform.
pub fn params_of<P: bytemuck::Pod>(bytes: &[u8]) -> P {
    bytemuck::pod_read_unaligned(bytes)
}

/// The views of a kernel with `N` bindings, to be taken apart by name.
pub fn views<'v, 'a, const N: usize>(views: &'v mut [View<'a>]) -> &'v mut [View<'a>; N] {
    let found = views.len();
    views
        .try_into()
        .unwrap_or_else(|_| panic!("the kernel has {N} bindings, {found} were bound"))
}

/// A kernel on the host: reads the uniform's bytes, reads and writes the views.
pub type HostFn = fn(&[u8], &mut [View<'_>]);

/// What a kernel that comes in several forms has besides.
#[derive(Clone, Copy, Debug)]
pub struct Tiled {
    /// Which form it is.
    pub tile: &'static Tile,
    /// Random inputs for a product of this size, to time it with. The workgroups are those of form M.
    pub sized: fn(Product) -> Case,
}

/// Everything the project knows of one kernel.
pub struct Kernel {
    /// The stem of its two files.
    pub name: &'static str,
    /// Its WGSL, joined in this order.
    pub wgsl: &'static [&'static str],
    /// Fields of the uniform at binding 0.
    pub params: &'static [Field],
    /// The storage bindings, from binding 1.
    pub bindings: &'static [Binding],
    /// `@workgroup_size`.
    pub workgroup_size: [u32; 3],
    /// The form of the product, for kernels that come in several.
    pub tile: Option<Tiled>,
    /// What is right: plain loops over whole arrays, sums in f64.
    pub reference: HostFn,
    /// A faster host version for the kernels that dominate time, held to the same cases.
    pub fast: Option<HostFn>,
    /// The trials of this kernel.
    pub cases: fn() -> Vec<Case>,
    /// A textual change of the WGSL that must turn a trial red (`tests/mutations.rs`).
    pub mutation: (&'static str, &'static str),
}

impl Kernel {
    /// The size of the uniform in bytes.
    pub fn params_size(&self) -> usize {
        4 * self.params.len()
    }

    /// Its name, with the form of the product if it comes in several: `linear_forward (M)`.
    pub fn title(&self) -> String {
        match self.tile {
            Some(tiled) => format!("{} ({})", self.name, tiled.tile.name),
            None => self.name.to_owned(),
        }
    }

    /// The form of a product's kernel.
    ///
    /// # Panics
    /// If the kernel has one form only.
    pub fn form(&self) -> &'static Tile {
        self.tile
            .map_or_else(|| panic!("{} has one form", self.name), |tiled| tiled.tile)
    }

    /// What it needs beyond WebGPU's defaults.
    pub fn needs(&self) -> Features {
        self.tile.map_or(Features::NONE, |tiled| tiled.tile.needs)
    }

    /// The whole WGSL: what its files declare not themselves, and the files.
    pub fn source(&self) -> String {
        let params = "@group(0) @binding(0) var<uniform> params: Params;\n";
        self.source_with(&(self.params_struct() + params + &self.storage()))
    }

    /// The joined WGSL of its files behind these declarations. WGSL wants `enable` before everything else.
    pub(crate) fn source_with(&self, declarations: &str) -> String {
        let code = self.code();
        let lines = code.split_inclusive('\n');
        let enabled: usize = lines
            .take_while(|line| line.starts_with("enable "))
            .map(str::len)
            .sum();
        let (enable, rest) = code.split_at(enabled);
        format!("{enable}{declarations}\n{rest}")
    }

    /// The joined WGSL of its files, `enable` lines first.
    pub fn code(&self) -> String {
        let lines = self.wgsl.iter().flat_map(|part| part.lines());
        let (mut code, rest): (Vec<_>, Vec<_>) =
            lines.partition(|line| line.starts_with("enable "));
        code.extend(rest);
        code.join("\n") + "\n"
    }

    /// `struct Params {…}` in WGSL.
    pub(crate) fn params_struct(&self) -> String {
        let field = |field: &Field| format!("    {}: {},\n", field.name, field.scalar.wgsl());
        let fields: String = self.params.iter().map(field).collect();
        format!("struct Params {{\n{fields}}}\n")
    }

    /// The declarations of the storage buffers in WGSL.
    pub(crate) fn storage(&self) -> String {
        let declare = |(binding, at): (&Binding, usize)| {
            let (access, element) = (binding.access.wgsl(), binding.element.wgsl());
            format!(
                "@group(0) @binding({at}) var<storage, {access}> {}: array<{element}>; // {}\n",
                binding.name, binding.shape
            )
        };
        self.bindings.iter().zip(1..).map(declare).collect()
    }
}

/// How close a written buffer must come to the reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// The same bits (integers, or arithmetic that is exact on the case's inputs).
    Exact,
    /// |got - want| ≤ absolute + relative·|want|.
    Near {
        /// Absolute part.
        absolute: f32,
        /// Relative part.
        relative: f32,
    },
}

impl Tolerance {
    /// For a sum of `terms` products of size at most `scale`: each f32 rounding is 2⁻²⁴ relative and at
    /// most `terms` of them meet in one element (Higham 2002, §3.1), so `terms`·ε·`scale` bounds any order.
    pub fn sum(terms: usize, scale: f32) -> Self {
        Self::Near {
            absolute: (terms as f32 + 4.0) * f32::EPSILON * scale,
            relative: 1e-5,
        }
    }
}

/// One buffer of a case.
#[derive(Clone, Debug)]
pub struct CaseBuffer {
    /// The words before the dispatch.
    pub words: Vec<u32>,
    /// For written bindings: how close to the reference.
    pub tolerance: Tolerance,
}

/// One trial of a kernel: a dispatch with its inputs.
#[derive(Clone, Debug)]
pub struct Case {
    /// What is special about it, with its sizes: `37x5, k 7, alpha 1`.
    pub label: String,
    /// The bytes of the uniform.
    pub params: Vec<u8>,
    /// The workgroups of the dispatch.
    pub workgroups: [u32; 3],
    /// One per binding, in order.
    pub buffers: Vec<CaseBuffer>,
}

impl Case {
    /// A case without buffers yet; add them in binding order.
    pub fn new(
        label: impl Into<String>,
        params: &impl bytemuck::NoUninit,
        workgroups: [u32; 3],
    ) -> Self {
        Self {
            label: label.into(),
            params: bytemuck::bytes_of(params).to_vec(),
            workgroups,
            buffers: Vec::new(),
        }
    }

    /// An input of 32-bit values.
    pub fn input<T: bytemuck::NoUninit>(self, values: &[T]) -> Self {
        self.update(values, Tolerance::Exact)
    }

    /// An output of `len` floats. It starts as NaN, so an element that is not written shows.
    pub fn output(self, len: usize, tolerance: Tolerance) -> Self {
        self.update(&vec![f32::NAN; len], tolerance)
    }

    /// A buffer that is read and written.
    pub fn update<T: bytemuck::NoUninit>(mut self, values: &[T], tolerance: Tolerance) -> Self {
        assert!(
            align_of::<T>() <= 4,
            "words are 32 bits: f64 and u64 have no place here"
        );
        self.buffers.push(CaseBuffer {
            words: words_of(values),
            tolerance,
        });
        self
    }
}

/// Any values as 32-bit words; the last word is padded with zero bytes.
pub fn words_of<T: bytemuck::NoUninit>(values: &[T]) -> Vec<u32> {
    let bytes: &[u8] = bytemuck::cast_slice(values);
    let mut words = vec![0u32; bytes.len().div_ceil(4)];
    bytemuck::cast_slice_mut::<u32, u8>(&mut words)[..bytes.len()].copy_from_slice(bytes);
    words
}

/// The most workgroups in one dimension of a dispatch (WebGPU's limit).
pub const MAX_WORKGROUPS: u32 = 65_535;

/// Workgroups for `items` invocations in groups of `size`, folded into two dimensions when one does not
/// suffice. The kernel finds its item as `id.y * groups.x * size + id.x`.
pub fn grid(items: usize, size: u32) -> [u32; 3] {
    let groups = u32::try_from(items.div_ceil(size as usize).max(1))
        .expect("fewer than 2^32 workgroups: buffers are bounded");
    [
        groups.min(MAX_WORKGROUPS),
        groups.div_ceil(MAX_WORKGROUPS),
        1,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_covers_its_items_and_keeps_the_limit() {
        for items in [0, 1, 63, 64, 65, 65_535 * 64, 65_535 * 64 + 1, 1 << 30] {
            let [x, y, z] = grid(items, 64);
            assert!(
                x <= MAX_WORKGROUPS && y <= MAX_WORKGROUPS && z == 1,
                "{items}"
            );
            assert!(x as usize * y as usize * 64 >= items, "{items}");
        }
    }

    #[test]
    fn declarations_are_made_from_the_description() {
        let source = crate::kernels::centroid_mean::KERNEL.source();
        let declared = "struct Params {
    d: u32,
    k: u32,
    restarts: u32,
    parts: u32,
    iteration: u32,
    tolerance: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>; // (R, P, k, d + 1)
@group(0) @binding(2) var<storage, read> changes: array<u32>; // (iterations, R)
@group(0) @binding(3) var<storage, read_write> mu: array<f32>; // (R, k, d)
@group(0) @binding(4) var<storage, read_write> count: array<u32>; // (R, k)

// mu_rj += ";
        assert!(source.starts_with(declared), "{source}");
    }

    #[test]
    fn bytes_are_padded_to_words() {
        assert_eq!(words_of(&[1u8, 2, 3, 4, 5]), [0x0403_0201, 5]);
    }
}
