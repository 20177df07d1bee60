// The row of the data set at a position of the order. The kernel supplies the binding index and params.
// No branch: some drivers compile a kernel again for each value of a parameter that an `if` depends on.
fn ordered_row(position: u32) -> u32 {
    let indexed = params.indexed == 1u;
    return select(position, index[select(0u, position, indexed)], indexed);
}
