//! Files that this process inherited itself must not reach the processes it starts.

use std::fs;
use std::os::fd::{BorrowedFd, RawFd};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};

/// Marks every open file behind standard error as close-on-exec. Everything this program opens is marked when it is
/// opened; what whoever started it left open is not.
pub(crate) fn keep_to_ourselves() {
    let Ok(entries) = fs::read_dir("/proc/self/fd").or_else(|_| fs::read_dir("/dev/fd")) else { return };
    let open: Vec<RawFd> = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    for number in open.into_iter().filter(|number| *number > 2) {
        mark(number);
    }
}

#[allow(unsafe_code)]
fn mark(number: RawFd) {
    // SAFETY: the borrow ends with this function, and only the flag of the number is changed. Whether the file was
    // closed since it was listed makes no difference: then the call fails, or marks a newer file, which is right too.
    let file = unsafe { BorrowedFd::borrow_raw(number) };
    if let Ok(flags) = fcntl(file, FcntlArg::F_GETFD) {
        let _ = fcntl(file, FcntlArg::F_SETFD(FdFlag::from_bits_truncate(flags) | FdFlag::FD_CLOEXEC));
    }
}
