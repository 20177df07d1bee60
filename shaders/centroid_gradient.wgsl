// dmu_jc = -Σ_i c_ij (z_ic - mu_jc), c from kl_gradient: the centroids' gradient.   Xie et al. 2016, eq. 5
// One workgroup per (cluster j, column c) (centroid_pull.wgsl).

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let t = workgroup.y * groups.x + workgroup.x;
    if t >= params.k * params.d {
        return; // the whole workgroup does: the barriers below stay uniform
    }
    let sum = pull(t, lane);
    if lane == 0u {
        g[t] = -sum;
    }
}
