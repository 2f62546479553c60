use std::rc::Rc;

async fn counts(shared: Rc<u8>) -> u8 {
    tulipa::yield_now().await;
    *shared
}

fn main() {
    let shared = Rc::new(1);
    let _ = tulipa::gather!(async { 1 }, counts(shared));
}
