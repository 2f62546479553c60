//! With the feature `tracing`: reports are events, where there is a subscriber.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tulipa::{Builder, Flavour, task};

/// Keeps the events of this runtime, as level and text.
#[derive(Clone, Default)]
struct Keeps(Arc<Mutex<Vec<(Level, String)>>>);

impl Subscriber for Keeps {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "tulipa"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        let event = (*event.metadata().level(), text.0);
        self.0.lock().unwrap().push(event);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0 += &format!("{field}={value:?} ");
    }
}

/// D-09: the default handler, where `tracing` is enabled.
#[test]
fn a_report_is_an_event_with_name_place_and_error() {
    let keeps = Keeps::default();
    tracing::subscriber::with_default(keeps.clone(), || {
        let builder = Builder::new().flavour(Flavour::CurrentThread).debug(true);
        let main = async {
            let bulb = task::Builder::new().name("bulb");
            bulb.try_spawn(async { Err::<(), _>("wilted") }).detach();
            tulipa::yield_now().await;
        };
        let builder = builder.slow_poll(Duration::from_secs(1_000));
        builder.run(main).unwrap();
    });
    let events = keeps.0.lock().unwrap();
    let [(Level::ERROR, failure), (Level::DEBUG, shutdown)] = &events[..] else {
        panic!("{events:?}")
    };
    for part in [
        "message=an error was never retrieved",
        "task=\"bulb\"",
        "spawned_at=",
        "tracing.rs:",
        "failure=\"wilted\"",
    ] {
        assert!(failure.contains(part), "{part} in {failure}");
    }
    assert!(
        shutdown.contains("failure=shutdown: all ended in time"),
        "{shutdown}"
    );
}
