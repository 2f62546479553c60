#[tulipa_macros::main(flavour = "current_thread", workers = 4)]
async fn main() {}
