// mu_rj = x_i for i = index_rj, where row i is in this block; NONE (2^32 - 1) copies nothing.
// One invocation per (restart, centroid, column).

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let item = id.y * groups.x * 64u + id.x;
    if item >= params.restarts * params.centroids * params.d {
        return;
    }
    let c = item % params.d;
    let centroid = item / params.d;
    let r = centroid / params.centroids;
    let cell = r * params.k + params.start + centroid % params.centroids;
    // Too large for NONE, and for rows before the block, where it wraps.
    let i = index[cell] - params.first;
    if i < params.rows {
        mu[cell * params.d + c] = x[i * params.d + c];
    }
}
