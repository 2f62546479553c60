#[tulipa_macros::test(flavour = "multi", seed = 7)]
async fn scheduled_by_the_machine() {}

fn main() {}
