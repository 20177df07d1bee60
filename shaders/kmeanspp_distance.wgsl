// distance_ri = min(distance_ri, |x_i - mu_rj|^2) for the centroid j chosen last.   Arthur and Vassilvitskii 2007, step 1b
// One invocation per row i, restarts in z; any d. The first centroid overwrites.
struct Params {
    first: u32, // global index of the block's first row
    rows: u32, // rows of x
    n: u32, // rows of all blocks
    d: u32, // columns of x
    k: u32, // clusters
    restarts: u32, // restarts R
    chosen: u32, // the centroid j
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // (rows, d)
@group(0) @binding(2) var<storage, read> mu: array<f32>; // (R, k, d)
@group(0) @binding(3) var<storage, read_write> distance: array<f32>; // (R, n)

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.y * groups.x * 64u + id.x;
    let r = id.z;
    if i >= params.rows || r >= params.restarts {
        return;
    }
    let row = i * params.d;
    let centroid = (r * params.k + params.chosen) * params.d;
    var sum = 0.0;
    for (var c = 0u; c < params.d; c++) {
        let difference = x[row + c] - mu[centroid + c];
        sum += difference * difference;
    }
    let cell = r * params.n + params.first + i;
    if params.chosen > 0u {
        sum = min(sum, distance[cell]);
    }
    distance[cell] = sum;
}
