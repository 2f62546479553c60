#[tulipa_macros::main]
fn main() {}
