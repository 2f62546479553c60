//! Systems without SIGINT: nothing to watch for.

use tulipa_executor::Handle;

/// Of which there are none.
#[derive(Debug)]
pub(super) enum Watch {}

impl Watch {
    pub(super) fn begin(_: &Handle) -> Option<Self> {
        None
    }

    pub(super) fn announcer(&self) -> impl FnOnce() + 'static {
        match *self {}
        #[expect(unreachable_code, reason = "names the type that is never made")]
        || ()
    }

    pub(super) fn was_why(&self) -> bool {
        match *self {}
    }
}
