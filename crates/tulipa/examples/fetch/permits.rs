//! A limit on how many work at once.

use futures::StreamExt;
use futures::channel::mpsc::{self, UnboundedReceiver, UnboundedSender};
use futures::lock::Mutex;
use std::sync::Arc;

/// A bowl of permits: who wants to work takes one, and puts it back. Clones share the bowl.
#[derive(Clone)]
pub(crate) struct Permits {
    back: UnboundedSender<()>,
    bowl: Arc<Mutex<UnboundedReceiver<()>>>,
}

/// One permit. Dropping it puts it back.
pub(crate) struct Permit {
    back: UnboundedSender<()>,
}

impl Permits {
    pub(crate) fn new(count: usize) -> Self {
        let (back, bowl) = mpsc::unbounded();
        for _ in 0..count {
            drop(Permit { back: back.clone() });
        }
        let bowl = Arc::new(Mutex::new(bowl));
        Self { back, bowl }
    }

    /// Waits for a permit.
    pub(crate) async fn take(&self) -> Permit {
        let mut bowl = self.bowl.lock().await;
        bowl.next().await.expect("`self` can put one in");
        Permit {
            back: self.back.clone(),
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let _ = self.back.unbounded_send(()); // the bowl may be gone, if nobody wants one any more
    }
}
