//! CT: making tasks.

use tulipa::task::Builder;

/// CT-13
#[tulipa::test]
async fn to_begin_at_once_is_asked_of_each_task() {
    let spawn = |eager| Builder::new().eager(eager).spawn(async {});
    assert!(spawn(true).is_done());
    assert!(!spawn(false).is_done());
}
