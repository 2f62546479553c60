async fn parsed() -> Result<u8, std::num::ParseIntError> {
    "7".parse()
}

async fn written() -> Result<(), std::io::Error> {
    Ok(())
}

fn main() {
    let _ = tulipa::gather!(parsed(), written());
}
