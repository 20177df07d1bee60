//! From the project's features to wgpu's, and back.

use crate::features::Features;
use crate::kernel::tile::SUBGROUP_SIZE;
use crate::precision::Precision;

/// What an adapter offers.
pub(super) fn offered(adapter: &wgpu::Adapter) -> Features {
    let has = |feature| adapter.features().contains(feature);
    let info = adapter.get_info();
    // A cooperative form finds its place with subgroup operations, whatever the subgroups' size.
    let cooperative =
        has(wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX | wgpu::Features::SUBGROUP);
    let sizes = adapter.cooperative_matrix_properties();
    let fragments = |size| cooperative && sizes.iter().any(|offer| is_mixed(offer, size));
    Features {
        subgroups: has(wgpu::Features::SUBGROUP) && info.subgroup_min_size >= SUBGROUP_SIZE,
        f16: has(wgpu::Features::SHADER_F16),
        coop16: fragments(16),
        coop8: fragments(8),
    }
}

/// Operands in f16, sums in f32, all matrices of one size.
fn is_mixed(offer: &wgpu::CooperativeMatrixProperties, size: u32) -> bool {
    [offer.m_size, offer.n_size, offer.k_size] == [size; 3]
        && offer.ab_type == wgpu::CooperativeScalarType::F16
        && offer.cr_type == wgpu::CooperativeScalarType::F32
        && !offer.saturating_accumulation
}

/// What a device is opened with: f16 and matrix units only where they were asked for.
pub(super) fn granted(offered: Features, precision: Precision) -> Features {
    match precision {
        Precision::F16 => offered,
        Precision::F32 => Features {
            subgroups: offered.subgroups,
            ..Features::NONE
        },
    }
}

/// The same in wgpu's words.
pub(super) fn requested(granted: Features) -> wgpu::Features {
    let mut features = wgpu::Features::empty();
    let cooperative = granted.cooperative();
    features.set(wgpu::Features::SUBGROUP, granted.subgroups || cooperative);
    features.set(wgpu::Features::SHADER_F16, granted.f16);
    features.set(wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX, cooperative);
    features
}

/// The consent that wgpu asks for before it hands out cooperative matrices.
pub(super) fn consent(granted: Features) -> wgpu::ExperimentalFeatures {
    if !granted.cooperative() {
        return wgpu::ExperimentalFeatures::disabled();
    }
    #[allow(unsafe_code, reason = "wgpu has no safe call for it")]
    // SAFETY: the call asks to accept that wgpu's experimental parts may have bugs. The one part in use is
    // cooperative matrices, in kernels of `kernels::ALL` alone, whose loads and stores stay within arrays of
    // workgroup memory of a fixed size; before any result of theirs is used, every case of them is compared
    // with the reference (`self_test`), and users ask for it with the precision f16.
    unsafe {
        wgpu::ExperimentalFeatures::enabled()
    }
}
