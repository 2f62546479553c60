#[tulipa_macros::test(seed = "lucky")]
async fn word() {}

#[tulipa_macros::test(seed = 18446744073709551616)]
async fn too_large() {}

#[tulipa_macros::test(seed = -7)]
async fn negative() {}

fn main() {}
