// Form coop of a product (gemm_coop.wgsl): fragments of 16x16 elements, which Vulkan offers on most matrix units.
const FRAGMENT = 16u;
alias Left = coop_mat16x16<f16, A>;
alias Right = coop_mat16x16<f16, B>;
alias Sums = coop_mat16x16<f32, C>;
