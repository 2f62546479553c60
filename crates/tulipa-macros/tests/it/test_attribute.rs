//! `#[tulipa::test]`: each of these is one, and looks at what was asked for it.

use crate::facade::asked;

#[tulipa_macros::test]
async fn the_default_is_deterministic_with_seed_zero_and_virtual_time() {
    assert_eq!(asked(), ["Deterministic", "seed 0", "virtual time true"]);
}

#[tulipa_macros::test(seed = 0x2a, workers = 4)]
async fn a_seed_and_simulated_workers_are_passed_on() {
    assert_eq!(
        asked(),
        ["Deterministic", "4 workers", "seed 42", "virtual time true"]
    );
}

#[tulipa_macros::test(flavour = "multi", time = "real", name = "net")]
async fn other_flavours_have_no_seed() {
    assert_eq!(asked(), ["MultiThread", "named net", "virtual time false"]);
}

#[tulipa_macros::test(flavour = "current_thread", time = "virtual")]
async fn virtual_time_can_be_spelled_out() {
    assert_eq!(asked(), ["CurrentThread", "virtual time true"]);
}

#[tulipa_macros::test]
async fn a_result_is_a_test_result() -> Result<(), std::num::ParseIntError> {
    let _: u8 = "7".parse()?;
    Ok(())
}

#[tulipa_macros::test]
#[should_panic(expected = "on purpose")]
async fn attributes_for_the_test_stay_on_it() {
    panic!("on purpose");
}
