#[tulipa_macros::main(workers = "four")]
async fn main() {}

#[tulipa_macros::main(workers = 1 + 1)]
async fn sum() {}

#[tulipa_macros::main(name = 4)]
async fn number() {}

#[tulipa_macros::main(workers = -1)]
async fn negative() {}

#[tulipa_macros::main(workers)]
async fn bare() {}
