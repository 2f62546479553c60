fn main() {
    let _ = tulipa::gather!(async { 1 }, 2);
}
