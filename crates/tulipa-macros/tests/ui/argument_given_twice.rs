#[tulipa_macros::main(workers = 2, name = "a", workers = 4)]
async fn main() {}
