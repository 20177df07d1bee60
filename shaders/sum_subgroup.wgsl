// The sum of a value over the workgroup's LANES invocations, which are one subgroup.
fn group_sum(lane: u32, value: f32) -> f32 {
    return subgroupAdd(value);
}
