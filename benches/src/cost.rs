//! Time and memory of one compilation, in a process of its own, so that peaks do not mix.

use std::process::Command;
use std::time::Instant;

/// What compiling one text cost.
pub struct Cost {
    pub ms: f64,
    pub mib: f64,
}

/// Compiles a text, and prints what that cost, for [`in_own_process`] to read.
pub fn print(text: &str) {
    // Pages that are touched for the first time are the machine's cost as well: the smallest text warms what every text needs.
    drop(loopline_dsl::compile("version: 1\nname: p\nsteps: {a: {run: x}}\n"));
    let before = resident("VmRSS:");
    // From here on the peak is that of the compiler.
    std::fs::write("/proc/self/clear_refs", "5").expect("the peak of this process can be reset");
    let began = Instant::now();
    let compiled = loopline_dsl::compile(text);
    let ms = began.elapsed().as_secs_f64() * 1e3;
    let mib = (resident("VmHWM:") - before) / 1024.0;
    drop(compiled);
    println!("{ms} {mib}");
}

/// Calls this program with arguments that make it [`print`] a cost.
pub fn in_own_process(arguments: &[&str]) -> Cost {
    let own = std::env::current_exe().expect("the path of this program");
    let output = Command::new(own).args(arguments).output().expect("another process");
    let text = String::from_utf8(output.stdout).expect("text");
    let numbers: Vec<f64> = text.split_whitespace().map(|number| number.parse().expect("a number")).collect();
    let [ms, mib] = numbers[..] else { panic!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr)) };
    Cost { ms, mib }
}

/// A line of this process's status, in KiB.
pub fn resident(line: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the status of this process");
    let found = status.lines().find_map(|text| text.strip_prefix(line)).expect("the line");
    found.trim().trim_end_matches(" kB").parse().expect("a number")
}
