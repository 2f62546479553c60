fn main() {
    tulipa_macros::gather!(1 2);
}
