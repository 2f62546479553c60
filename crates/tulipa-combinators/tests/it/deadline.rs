//! `Deadline`: a limit that is asked and moved.

use crate::support::{World, after, cancelling, ended, ms, refuse};
use std::future::pending;
use tulipa_combinators::{Deadline, Elapsed, RescheduleError};
use tulipa_task::{TaskError, cancel, spawn, yield_now};
use tulipa_timers::{Instant, now, sleep};

fn at(time: u64) -> Instant {
    Instant::START + ms(time)
}

/// TO-01, TO-02
#[test]
fn it_says_when_it_is_and_whether_it_has_expired() {
    let world = World::new();
    world.main(async {
        let deadline = Deadline::after(ms(5));
        assert_eq!(
            (deadline.when(), deadline.is_expired()),
            (Some(at(5)), false)
        );
        assert_eq!(deadline.limit(pending::<()>()).await, Err(Elapsed));
        assert_eq!(
            (deadline.when(), deadline.is_expired()),
            (Some(at(5)), true)
        );

        let deadline = Deadline::at(at(50));
        assert_eq!(deadline.limit(after(1, 7)).await, Ok(7));
        assert!(!deadline.is_expired());
    });
}

/// TO-03
#[test]
fn none_is_no_limit() {
    let world = World::new();
    world.main(async {
        let deadline = Deadline::after(None);
        assert_eq!(deadline.when(), None);
        assert_eq!(deadline.limit(after(1_000, 7)).await, Ok(7));
    });
}

/// TO-05
#[test]
fn a_body_that_does_not_suspend_is_in_time() {
    let world = World::new();
    world.main(async {
        let deadline = Deadline::after(ms(0));
        assert_eq!(deadline.limit(async { 7 }).await, Ok(7));
        assert!(!deadline.is_expired());
    });
}

/// TO-10
#[test]
fn it_has_expired_also_if_the_body_went_on_regardless() {
    let world = World::new();
    world.main(async {
        let deadline = Deadline::after(ms(5));
        assert_eq!(deadline.limit(refuse(1, 7)).await, Ok(7));
        assert!(deadline.is_expired());
    });
}

/// TO-14, TO-15, TO-24
#[test]
fn a_cancellation_from_outside_is_no_expiry_unless_both_come_together() {
    for expires in [false, true] {
        let world = World::new();
        let deadline = Deadline::after(ms(5));
        let main = spawn(deadline.limit(pending::<()>()));
        world.run();
        if expires {
            world.timers.advance(ms(5));
        }
        main.cancel();
        world.run();
        assert_eq!(
            (main.is_cancelled(), deadline.is_expired()),
            (true, expires)
        );
    }
}

/// TO-21
#[test]
fn nested_ones_that_expire_together_have_both_expired() {
    let world = World::new();
    world.main(async {
        let [inner, outer] = [Deadline::after(ms(5)), Deadline::after(ms(5))];
        let outcome = outer.limit(inner.limit(pending::<()>())).await;
        assert_eq!(outcome, Err(Elapsed));
        assert!(inner.is_expired() && outer.is_expired());
    });
}

/// TO-26
#[test]
fn it_is_moved_from_inside() {
    let world = World::new();
    world.main(async {
        let deadline = Deadline::after(ms(5));
        let outcome = deadline.limit(async {
            sleep(ms(4)).await;
            deadline.reschedule(at(20)).unwrap();
            assert_eq!(deadline.when(), Some(at(20)));
            pending::<()>().await;
        });
        assert_eq!(outcome.await, Err(Elapsed));
        assert_eq!(now(), at(20));
    });
}

/// TO-26
#[test]
fn it_is_moved_from_another_task() {
    for (to, expires_at) in [(20, 20), (7, 7), (1, 4)] {
        let world = World::new();
        let deadline = Deadline::after(ms(10));
        let main = spawn({
            let deadline = deadline.clone();
            async move { (deadline.limit(pending::<()>()).await, now()) }
        });
        world.pass(4);
        deadline.reschedule(at(to)).unwrap();
        world.run_out();
        assert_eq!(ended(main), (Err(Elapsed), at(expires_at)));
    }
}

/// TO-26
#[test]
fn a_past_time_is_met_in_the_next_turn() {
    let world = World::new();
    world.main(async {
        sleep(ms(5)).await;
        let deadline = Deadline::after(ms(10));
        let outcome = deadline.limit(async {
            deadline.reschedule(at(1)).unwrap();
            yield_now().await;
            unreachable!("the expiry is met at the first suspension");
        });
        assert_eq!(outcome.await, Err(Elapsed));
        assert_eq!(now(), at(5));
    });
}

/// TO-26
#[test]
fn it_is_lifted() {
    let world = World::new();
    world.main(async {
        let deadline = Deadline::after(ms(5));
        let outcome = deadline.limit(async {
            deadline.reschedule(None).unwrap();
            assert_eq!(deadline.when(), None);
            after(1_000, 7).await
        });
        assert_eq!(outcome.await, Ok(7));
    });
}

/// TO-27
#[test]
fn it_is_moved_only_while_its_future_runs_in_time() {
    let world = World::new();
    world.main(async {
        let deadline = Deadline::after(ms(5));
        assert_eq!(deadline.reschedule(None), Err(RescheduleError::NotEntered));
        deadline.limit(async {}).await.unwrap();
        assert_eq!(deadline.reschedule(None), Err(RescheduleError::Finished));

        let deadline = Deadline::after(ms(5));
        let outcome = deadline.limit(async {
            let cancelled = cancel::catch(pending::<()>()).await.unwrap_err();
            assert_eq!(deadline.reschedule(None), Err(RescheduleError::Expired));
            cancelled.resume::<()>().await
        });
        assert_eq!(outcome.await, Err(Elapsed));
        assert_eq!(deadline.reschedule(None), Err(RescheduleError::Expired));
        assert!(
            RescheduleError::Expired
                .to_string()
                .contains("one of its own")
        );
    });
}

/// TO-28
#[test]
fn used_a_second_time_it_panics() {
    for nested in [true, false] {
        let world = World::new();
        let main = spawn(async move {
            let deadline = Deadline::after(ms(5));
            if nested {
                deadline
                    .limit(deadline.limit(async {}))
                    .await
                    .unwrap()
                    .unwrap();
            } else {
                deadline.limit(async {}).await.unwrap();
                deadline.limit(async {}).await.unwrap();
            }
        });
        world.run();
        let Ok(Err(TaskError::Panicked(panic))) = main.result() else {
            panic!("{main:?}")
        };
        assert!(
            panic
                .message()
                .unwrap()
                .contains("used for a second future")
        );
    }
}

/// TO-34
#[test]
fn its_debug_text_says_where_it_is() {
    let world = World::new();
    world.main(async {
        let deadline = Deadline::after(ms(5));
        assert_eq!(
            format!("{deadline:?}"),
            "<Deadline [created] when=Instant(5ms)>"
        );
        let outcome = deadline.limit(async {
            assert_eq!(
                format!("{deadline:?}"),
                "<Deadline [active] when=Instant(5ms)>"
            );
            let cancelled = cancel::catch(pending::<()>()).await.unwrap_err();
            assert_eq!(format!("{deadline:?}"), "<Deadline [expiring]>");
            cancelled.resume::<()>().await
        });
        outcome.await.unwrap_err();
        assert_eq!(format!("{deadline:?}"), "<Deadline [expired]>");
        let deadline = Deadline::after(None);
        assert_eq!(format!("{deadline:?}"), "<Deadline [created] when=None>");
        deadline.limit(async {}).await.unwrap();
        assert_eq!(format!("{deadline:?}"), "<Deadline [finished]>");
        assert_eq!(cancelling(), 0);
    });
}
