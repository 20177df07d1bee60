// x_i <- x_i / |x_i|, |x_i| = sqrt(Σ_c x_ic²): rows of length 1; a row of zeros stays.   Spherical k-means: Dhillon and Modha 2001, §2
// One workgroup per row i, its 64 lanes stride the columns; any m. A power of two, exact, keeps the squares in range.
struct Params {
    n: u32, // rows of x
    m: u32, // columns of x
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> x: array<f32>; // (n, m)

const SMALLEST_NORMAL = 0x1p-126f;

var<workgroup> parts: array<f32, 64>;

// A row without a normal number counts as zero: some devices read it so.
fn range_scale(largest: f32) -> f32 {
    let up = select(1.0, 0x1p84f, largest < 0x1p-42f);
    let scale = select(up, 0x1p-84f, largest > 0x1p42f);
    return select(scale, 0.0, largest < SMALLEST_NORMAL);
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let i = workgroup.y * groups.x + workgroup.x;
    if i >= params.n {
        return; // the whole workgroup does: the barriers below stay uniform
    }
    var largest = 0.0;
    for (var c = lane; c < params.m; c += 64u) {
        largest = max(largest, abs(x[i * params.m + c]));
    }
    parts[lane] = largest;
    workgroupBarrier();
    for (var width = 32u; width > 0u; width >>= 1u) {
        if lane < width {
            parts[lane] = max(parts[lane], parts[lane + width]);
        }
        workgroupBarrier();
    }
    let scale = range_scale(parts[0]);
    workgroupBarrier(); // before the parts are written again
    var sum = 0.0;
    for (var c = lane; c < params.m; c += 64u) {
        let value = scale * x[i * params.m + c];
        sum += value * value;
    }
    parts[lane] = sum;
    workgroupBarrier();
    for (var width = 32u; width > 0u; width >>= 1u) {
        if lane < width {
            parts[lane] += parts[lane + width];
        }
        workgroupBarrier();
    }
    let length = sqrt(max(parts[0], 1e-30)); // the sum is 0 or at least 2^-84
    for (var c = lane; c < params.m; c += 64u) {
        let at = i * params.m + c;
        x[at] = scale * x[at] / length;
    }
}
