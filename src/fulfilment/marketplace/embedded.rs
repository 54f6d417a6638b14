//! The adapter to the embedded marketplace: the only code that knows both sides.
