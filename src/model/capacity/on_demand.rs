//! On-demand inference in one region, or through an inference profile taken as one pool.
