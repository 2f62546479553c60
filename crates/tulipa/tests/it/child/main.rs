//! Programs that a test runs as processes of their own, because they end in ways that no test can: by a panic that
//! takes the process along, by Ctrl-C; or because the environment and standard error are a process's own. Which one it is, is the first argument.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program of a test says what it does, and fails where the test is to fail"
)]

#[cfg(unix)]
mod ctrl_c;
mod debug;
mod panics;

fn main() {
    let scenario = std::env::args().nth(1).expect("which scenario it is");
    let scenarios = panics::SCENARIOS.iter().chain(debug::SCENARIOS);
    #[cfg(unix)]
    let scenarios = scenarios.chain(ctrl_c::SCENARIOS);
    let mut found = scenarios.filter(|(name, _)| *name == scenario);
    let (_, run) = found.next().expect("there is such a scenario");
    run();
}

/// Its name, and what it does.
type Scenario = (&'static str, fn());
