// Form coop8 of a product (gemm_coop.wgsl): fragments of 8x8 elements, the only ones that Metal offers.
const FRAGMENT = 8u;
alias Left = coop_mat8x8<f16, A>;
alias Right = coop_mat8x8<f16, B>;
alias Sums = coop_mat8x8<f32, C>;
