#[tulipa_macros::test]
struct Tested;

#[tulipa_macros::main]
const MAIN: u8 = 0;

fn main() {}
