//! TG: task groups.

use crate::support::settle;
use std::sync::Arc;
use tulipa::{Cancelled, TaskError, TaskGroup, cancel, current_task};

/// TG-52: as of Python 3.14, the failure of an eager child is met at the body's next suspension (TG-53), not inside the spawn.
#[tulipa::test]
async fn a_child_that_fails_in_its_eager_step_cancels_the_body_where_it_next_suspends() {
    let ended = TaskGroup::try_scope(async |group: TaskGroup<&str>| {
        let failed = group
            .builder()
            .eager(true)
            .try_spawn(async { Err::<(), _>("at once") });
        assert_eq!(
            failed.error(),
            Ok(Some(&TaskError::Failed(Arc::new("at once"))))
        );
        let next = group.spawn(async {});
        assert!(next.is_cancelled(), "it takes no more children");
        let met: Result<(), Cancelled> = cancel::catch(settle()).await;
        assert!(met.is_err());
        Ok(())
    })
    .await;
    assert_eq!(ended.unwrap_err().errors().len(), 1);
    assert_eq!(current_task().unwrap().cancelling(), 0);
}
