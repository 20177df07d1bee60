// dw = xᵀ·dy and dbias = Σ_i dy_i of several layers, handed on where they are computed: take_weight(at, sum), take_bias(at, sum).
// One workgroup per tile of one layer's gradient (gemm_*.wgsl); the table says which tiles are whose. The first row of tiles of a
// layer also sums the columns of dy, in order. The kernel supplies params.rows, .layers and .tiles, both functions, and what they write.
struct Layer {
    first_tile: u32, // tiles of the layers before it
    d_in: u32, // columns of x
    d_out: u32, // columns of dy
    x: u32, // element of x at which its x (b, in) begins
    dy: u32, // element of dy at which its dy (b, out) begins
    weight: u32, // element at which its weight (in, out) begins
    bias: u32, // element at which its bias (out) begins
}

const A_ALONG_DEPTH = false;
const B_ALONG_DEPTH = false;
const A_SCALE = 1.0; // for f16, see gemm_f16.wgsl
const B_SCALE = 4096.0; // B holds gradients

var<private> layer: Layer; // the workgroup's own

fn rows() -> u32 {
    return layer.d_in;
}

fn cols() -> u32 {
    return layer.d_out;
}

fn depth() -> u32 {
    return params.rows;
}

fn fetch_a(row: u32, k: u32) -> f32 {
    return x[layer.x + k * layer.d_in + row];
}

fn fetch_b(k: u32, col: u32) -> f32 {
    return dy[layer.dy + k * layer.d_out + col];
}

fn emit(row: u32, col: u32, value: f32) {
    take_weight(layer.weight + row * layer.d_out + col, value);
}

// Each invocation sums its columns of the tile, one after the other.
fn sum_columns(first: u32, lane: u32) {
    let end = min(first + TILE_COLS, layer.d_out);
    for (var col = first + lane; col < end; col += LANES) {
        // Not by the row: Mesa compiles a kernel again in each dispatch to unroll a short loop up to a parameter.
        var sum = 0.0;
        let behind = layer.dy + params.rows * layer.d_out;
        for (var at = layer.dy + col; at < behind; at += layer.d_out) {
            sum += dy[at];
        }
        take_bias(layer.bias + col, sum);
    }
}

// The layer that a tile is of: the last one that begins at or before it.
fn find_layer(tile: u32) {
    var l = 0u;
    while l + 1u < params.layers && table[7u * (l + 1u)] <= tile {
        l++;
    }
    layer = Layer(
        table[7u * l],
        table[7u * l + 1u],
        table[7u * l + 2u],
        table[7u * l + 3u],
        table[7u * l + 4u],
        table[7u * l + 5u],
        table[7u * l + 6u],
    );
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let tile = workgroup.y * groups.x + workgroup.x;
    if tile >= params.tiles {
        return; // the whole workgroup does: the barriers of the product stay uniform
    }
    find_layer(tile);
    let across = (layer.d_out + TILE_COLS - 1u) / TILE_COLS;
    let own = tile - layer.first_tile;
    let place = vec3<u32>(own % across, own / across, 0u);
    product(place, lane);
    if place.y == 0u {
        sum_columns(place.x * TILE_COLS, lane);
    }
}
