//! Context switches of this process, as Linux counts them. Shared by test binaries.

/// How often the threads whose names begin so have gone to sleep.
pub(crate) fn switches(name: &str) -> u64 {
    let read = |thread: &std::path::Path, file| std::fs::read_to_string(thread.join(file));
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let mut switches = 0;
    for thread in threads {
        let thread = thread.unwrap().path();
        // One that ends meanwhile is not one of those.
        let (Ok(comm), Ok(status)) = (read(&thread, "comm"), read(&thread, "status")) else {
            continue;
        };
        if comm.starts_with(name) {
            let mut lines = status.lines();
            let count = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            switches += count.unwrap().trim().parse::<u64>().unwrap();
        }
    }
    switches
}
