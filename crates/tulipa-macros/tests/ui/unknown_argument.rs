#[tulipa_macros::main(threads = 4)]
async fn main() {}

#[tulipa_macros::test(flavor = "multi")]
async fn american() {}
