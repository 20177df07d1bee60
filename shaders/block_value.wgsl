// A value of a block of the data set. The kernel supplies the binding x, words of f32 bits or of packed u8, and params.
// No branch: some drivers compile a kernel again for each value of a parameter that an `if` depends on.
fn block_value(offset: u32) -> f32 {
    let packed = params.source == 1u;
    let word = x[select(offset, offset / 4u, packed)];
    return select(bitcast<f32>(word), f32((word >> (8u * (offset % 4u))) & 0xffu), packed);
}
