//! `#[tulipa::main]`: what it asks of the builder, and what becomes of the function.

use crate::facade::asked;
use std::process::ExitCode;

#[tulipa_macros::main]
async fn plain() {}

#[test]
fn the_default_is_multi_threaded() {
    plain();
    assert_eq!(asked(), ["MultiThread"]);
}

#[tulipa_macros::main(workers = 3, name = "crawler")]
async fn chosen() {}

#[test]
fn arguments_reach_the_builder() {
    chosen();
    assert_eq!(asked(), ["MultiThread", "3 workers", "named crawler"]);
}

#[tulipa_macros::main(flavour = "current_thread")]
async fn alone() {}

#[test]
fn a_flavour_is_chosen_by_its_word() {
    alone();
    assert_eq!(asked(), ["CurrentThread"]);
}

#[tulipa_macros::main]
async fn fallible() -> Result<(), Box<dyn std::error::Error>> {
    let number: u8 = "300".parse()?;
    Err(format!("{number} should not have fitted").into())
}

#[test]
fn errors_are_converted_to_the_written_type() {
    let error = fallible().unwrap_err();
    assert!(error.is::<std::num::ParseIntError>(), "{error}");
}

#[tulipa_macros::main]
async fn coded() -> ExitCode {
    async { ExitCode::from(3) }.await
}

#[test]
fn any_return_type_is_kept() {
    assert_eq!(coded(), ExitCode::from(3));
}

/// Documented, and seen from outside.
#[tulipa_macros::main]
#[must_use]
pub(crate) async fn early(/* nothing */) -> u32 {
    if asked().is_empty() {
        return 1;
    }
    2
}

#[test]
fn an_early_return_leaves_the_async_function_only() {
    assert_eq!(early(), 2);
    assert!(asked().is_empty(), "the function took it");
}

#[tulipa_macros::main]
async fn not_send() -> usize {
    let shared = std::rc::Rc::new(1);
    async {}.await;
    std::rc::Rc::strong_count(&shared)
}

#[test]
fn the_main_task_need_not_be_send() {
    assert_eq!(not_send(), 1);
}
