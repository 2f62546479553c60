//! Programs that Ctrl-C is pressed on.

use crate::Scenario;

pub(crate) const SCENARIOS: &[Scenario] = &[];
