//! What the features `parquet` and `h5ad` add, in one binary.

mod h5ad;
mod h5ad_hostile;
mod parquet;
mod parquet_hostile;
mod predict;
mod support;
mod thrift;
