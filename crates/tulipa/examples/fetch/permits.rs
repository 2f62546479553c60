//! A limit on how many work at once.

use futures::StreamExt;
use futures::channel::mpsc::{self, UnboundedReceiver, UnboundedSender};
use futures::lock::Mutex;
use std::sync::Arc;

/// A bowl of permits: who wants to work takes one, and puts it back.
#[derive(Clone)]
pub(crate) struct Permits {
    back: UnboundedSender<()>,
    bowl: Arc<Mutex<UnboundedReceiver<()>>>,
}

/// One permit. Dropping it puts it back.
pub(crate) struct Permit(UnboundedSender<()>);

impl Permits {
    pub(crate) fn new(count: usize) -> Self {
        let (back, bowl) = mpsc::unbounded();
        for _ in 0..count {
            back.unbounded_send(()).expect("the bowl is there");
        }
        Self {
            back,
            bowl: Arc::new(Mutex::new(bowl)),
        }
    }

    /// Waits for a permit.
    pub(crate) async fn take(&self) -> Permit {
        self.bowl
            .lock()
            .await
            .next()
            .await
            .expect("`self` holds a sender");
        Permit(self.back.clone())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let _ = self.0.unbounded_send(()); // the bowl is gone: nobody waits
    }
}
