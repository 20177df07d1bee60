#![no_main]
dec_gpu_fuzz::target!("jpeg");
