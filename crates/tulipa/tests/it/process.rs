//! The example programs, as processes.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// The program that cargo has built beside this test.
pub(crate) fn program(name: &str) -> Command {
    let mut path = std::env::current_exe().expect("a test is a file");
    path.pop(); // the file
    path.pop(); // deps
    path.extend(["examples", name]);
    path.set_extension(std::env::consts::EXE_EXTENSION);
    assert!(
        path.exists(),
        "{} is built with the tests of the package: `cargo test -p tulipa`",
        path.display()
    );
    Command::new(path)
}

/// What it printed.
pub(crate) fn text(output: &Output) -> &str {
    str::from_utf8(&output.stdout).expect("it prints text")
}

/// A process that was started. It ends with this value, if not before.
pub(crate) struct Running {
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        #[cfg(unix)]
        heed_ctrl_c();
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let stdout = child.stdout.take().map(BufReader::new);
        Self { child, stdout }
    }

    /// Waits for the next line that it prints.
    pub(crate) fn line(&mut self) -> String {
        let stdout = self.stdout.as_mut().expect("it was not hung up on");
        let mut line = String::new();
        stdout.read_line(&mut line).expect("it prints text");
        assert!(line.ends_with('\n'), "it ended after {line:?}");
        line.pop();
        line
    }

    /// Reads nothing more of what it prints, as `head` does.
    pub(crate) fn hang_up(&mut self) {
        self.stdout = None;
    }

    /// Presses Ctrl-C.
    #[cfg(unix)]
    pub(crate) fn interrupt(&self) {
        use rustix::process::{Pid, Signal, kill_process};
        kill_process(Pid::from_child(&self.child), Signal::INT).expect("it was not waited for yet");
    }

    /// Waits for its end; with what it printed since the last [`line`](Self::line).
    pub(crate) fn finish(mut self) -> Output {
        let stdout = self.stdout.take().map_or_else(Vec::new, to_the_end);
        let stderr = self.child.stderr.take().map_or_else(Vec::new, to_the_end);
        let status = self.child.wait().expect("it is ours to wait for");
        Output {
            status,
            stdout,
            stderr,
        }
    }
}

impl Drop for Running {
    /// A test that fails leaves no process behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn to_the_end(mut pipe: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    pipe.read_to_end(&mut bytes).expect("a pipe can be read");
    bytes
}

/// A shell has what it runs in the background ignore Ctrl-C, and so would our children. A handler they do not inherit;
/// this one does what is done without one.
#[cfg(unix)]
fn heed_ctrl_c() {
    use signal_hook::consts::SIGINT;
    use std::sync::atomic::AtomicBool;
    use std::sync::{Arc, Once};
    static HEEDED: Once = Once::new();
    HEEDED.call_once(|| {
        let by_default = Arc::new(AtomicBool::new(true));
        signal_hook::flag::register_conditional_default(SIGINT, by_default)
            .expect("the signal can be handled");
    });
}
