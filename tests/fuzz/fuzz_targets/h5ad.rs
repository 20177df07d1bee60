#![no_main]
dec_gpu_fuzz::target!("h5ad");
