//! Waiting for many: the cost for each child is to be the same however many there are.

mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use futures::StreamExt;
use support::{scenario, settings};
use tulipa::{TaskGroup, as_completed, gather, spawn};

fn gather_all(criterion: &mut Criterion) {
    scenario(criterion, "gather", async |operations| {
        let results = gather((0..operations).map(|n| spawn(async move { n }))).await;
        assert_eq!(results.expect("they end").len() as u64, operations);
    });
}

fn as_completed_all(criterion: &mut Criterion) {
    scenario(criterion, "as_completed", async |operations| {
        let mut tasks = as_completed((0..operations).map(|n| spawn(async move { n })));
        let mut count = 0;
        while tasks.next().await.is_some() {
            count += 1;
        }
        assert_eq!(count, operations);
    });
}

fn group(criterion: &mut Criterion) {
    scenario(criterion, "task_group", async |operations| {
        let group = TaskGroup::scope(async |group| {
            for _ in 0..operations {
                group.spawn(async {});
            }
        });
        group.await.expect("nothing fails");
    });
}

criterion_group! {
    name = benches;
    config = settings();
    targets = gather_all, as_completed_all, group
}
criterion_main!(benches);
