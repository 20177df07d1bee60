// The length of row i of x (n, m), |x_i| = length / scale: a power of two as scale is exact and keeps the squares in range.
// Called by all 64 lanes of a workgroup, which stride the columns. The kernel supplies the binding x and params.m.
const SMALLEST_NORMAL = 0x1p-126f;

struct Length {
    scale: f32, // of a row of zeros: 0
    scaled: f32, // the length of the scaled row, positive
}

var<workgroup> parts: array<f32, 64>;

// A row without a normal number counts as zero: some devices read it so.
fn range_scale(largest: f32) -> f32 {
    let up = select(1.0, 0x1p84f, largest < 0x1p-42f);
    let scale = select(up, 0x1p-84f, largest > 0x1p42f);
    return select(scale, 0.0, largest < SMALLEST_NORMAL);
}

// The sum of what the lanes have: a tree, the same bits each run.
fn sum_lanes(lane: u32, value: f32) -> f32 {
    workgroupBarrier(); // before the parts are written again
    parts[lane] = value;
    workgroupBarrier();
    for (var width = 32u; width > 0u; width >>= 1u) {
        if lane < width {
            parts[lane] += parts[lane + width];
        }
        workgroupBarrier();
    }
    return parts[0];
}

fn row_length(i: u32, lane: u32) -> Length {
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
    var sum = 0.0;
    for (var c = lane; c < params.m; c += 64u) {
        let value = scale * x[i * params.m + c];
        sum += value * value;
    }
    return Length(scale, sqrt(max(sum_lanes(lane, sum), 1e-30))); // the sum is 0 or at least 2^-84
}
