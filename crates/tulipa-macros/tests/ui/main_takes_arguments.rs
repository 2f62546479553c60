#[tulipa_macros::main]
async fn main(count: usize, name: &str) {}
