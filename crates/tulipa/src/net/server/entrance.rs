//! One listening socket of a server, and the task that lets connections in by it.

use super::staff::{Role, Staff};
use crate::net::accept::{Door, let_in};
use crate::net::tcp::{TcpListener, TcpStream};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tulipa_task::{Builder, Scheduler, current_task};

pub(super) struct Entrance<H> {
    listener: TcpListener,
    address: SocketAddr,
    handler: Arc<H>,
    staff: Arc<Staff>,
}

impl<H, F, T, E> Entrance<H>
where
    H: Fn(TcpStream) -> F + Send + Sync + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: fmt::Debug + Send + 'static,
{
    pub(super) fn new(
        listener: TcpListener,
        address: SocketAddr,
        handler: Arc<H>,
        staff: &Arc<Staff>,
    ) -> Self {
        Self {
            listener,
            address,
            handler,
            staff: staff.clone(),
        }
    }

    /// Starts its task.
    pub(super) fn open(self) {
        let (name, staff) = (self.name(), self.staff.clone());
        staff.add(Role::Doorkeeper, || {
            let task = Builder::new()
                .name(name)
                .spawn(async move { let_in(&self).await });
            (*task).clone() // its handle detaches it
        });
    }
}

impl<H> Entrance<H> {
    fn name(&self) -> String {
        format!("server on {}", self.address)
    }
}

impl<H, F, T, E> Door for Entrance<H>
where
    H: Fn(TcpStream) -> F + Send + Sync + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: fmt::Debug + Send + 'static,
{
    type Guest = (TcpStream, SocketAddr);

    fn accept(&self) -> impl Future<Output = io::Result<Self::Guest>> + Send {
        self.listener.accept()
    }

    fn serve(&self, (stream, peer): Self::Guest) {
        let open = Scheduler::current().is_some_and(|scheduler| scheduler.is_open());
        if !(open && self.staff.is_serving()) {
            return; // came in while the door was being closed
        }
        stream.send_at_once();
        let handler = self.handler.clone();
        self.staff.add(Role::Servant, || {
            let task = Builder::new()
                .name(format!("connection from {peer}"))
                .try_spawn(async move { handler(stream).await });
            (*task).clone() // its handle detaches it
        });
    }

    fn closed_by(&self, error: io::Error, wait: Duration) {
        let failure = CannotAccept {
            error,
            tries_again_after: wait,
        };
        if let Some(doorkeeper) = current_task() {
            doorkeeper.report("nobody can come in", &failure);
        }
    }

    fn sleep(&self, wait: Duration) -> impl Future<Output = ()> + Send {
        tulipa_timers::sleep(wait)
    }

    fn pause(&self) -> impl Future<Output = ()> + Send {
        crate::yield_now()
    }
}

/// What is reported when nobody can come in. Its `Debug` form is what is shown.
#[derive(Debug)]
struct CannotAccept {
    #[expect(dead_code, reason = "shown by Debug")]
    error: io::Error,
    #[expect(dead_code, reason = "shown by Debug")]
    tries_again_after: Duration,
}
