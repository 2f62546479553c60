async fn count(words: &[String]) -> usize {
    words.len()
}

fn main() {
    let words = vec![String::from("tulip")];
    let _ = tulipa::gather!(count(&words), async { 1 });
}
