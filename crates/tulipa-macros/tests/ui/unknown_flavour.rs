#[tulipa_macros::main(flavour = "deterministic")]
async fn main() {}

#[tulipa_macros::test(flavour = "multi_thread")]
async fn as_elsewhere() {}
