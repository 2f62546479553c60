//! tulipa against CPython's asyncio: every recorded program does here what it did there.

mod api;
mod check;
mod interpreter;
mod outcome;
mod program;
mod vectors;
mod world;

use api::{Flavour, Setting};
use check::Report;

#[test]
fn every_vector_agrees_on_the_current_thread_flavour() {
    let report = Report::of(
        &vectors::recorded(),
        Setting::of(Flavour::CurrentThread, 1),
        1,
    );
    assert!(report.is_good(), "{report}");
}
