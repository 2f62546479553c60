#[tulipa_macros::test(time = "paused")]
async fn as_elsewhere() {}

fn main() {}
