//! What must not compile, and what the compiler then says.
//!
//! After a change of a message: `TRYBUILD=overwrite cargo test -p tulipa-macros --test ui`, and look at the difference.

#![forbid(unsafe_code)]

#[test]
fn misuse_is_refused_where_it_stands() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
