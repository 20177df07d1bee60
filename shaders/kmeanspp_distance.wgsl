// distance_ri = min(distance_ri, |x_i - mu_rj|^2) for the centroid j chosen last.   Arthur and Vassilvitskii 2007, step 1b
// One invocation per row i, restarts in z; any d. The first centroid overwrites.

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
