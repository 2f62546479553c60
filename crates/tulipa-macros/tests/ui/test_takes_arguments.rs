#[tulipa_macros::test]
async fn with_fixture(port: u16) {
    let _: u16 = port;
}

fn main() {}
