//! What the features `parquet` and `h5ad` add, in one binary:
//! `cargo test --release --features parquet,h5ad --test data_features`.

mod h5ad;
mod h5ad_hostile;
mod parquet;
mod parquet_hostile;
mod predict;
mod support;
mod thrift;
