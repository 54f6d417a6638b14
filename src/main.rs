//! The program: reads its configuration and runs one of its commands.

fn main() {}
