//! The program that reads a script.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use loopline_core::graph::Shell;

/// A program and the words it gets before the script's file name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Interpreter {
    pub(crate) program: OsString,
    pub(crate) args: Vec<OsString>,
    /// A POSIX shell, whose exit codes above 125 have a meaning.
    pub(crate) is_shell: bool,
}

impl Interpreter {
    /// What reads the script: as the step says, else bash where `path` has one, else `sh`.
    pub(crate) fn find(shell: &Shell, path: &OsStr) -> Self {
        match shell {
            Shell::Argv(words) => {
                let mut words = words.iter().map(OsString::from);
                Self { program: words.next().unwrap_or_default(), args: words.collect(), is_shell: false }
            }
            Shell::Default if has_program(path, "bash") => {
                Self { program: "bash".into(), args: ["-euo", "pipefail"].map(Into::into).to_vec(), is_shell: true }
            }
            Shell::Default => Self { program: "sh".into(), args: vec!["-eu".into()], is_shell: true },
        }
    }

    /// How the script's file should be called: some interpreters look at the ending.
    pub(crate) fn script_name(&self) -> &'static str {
        let name = Path::new(&self.program).file_stem().and_then(OsStr::to_str).unwrap_or_default();
        match name {
            "pwsh" | "powershell" => "script.ps1",
            "node" | "bun" => "script.js",
            "deno" => "script.ts",
            name if name.starts_with("python") => "script.py",
            _ if self.is_shell || name.ends_with("sh") => "script.sh",
            _ => "script",
        }
    }
}

fn has_program(path: &OsStr, name: &str) -> bool {
    std::env::split_paths(path).any(|folder| {
        fs::metadata(folder.join(name)).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_bash_a_plain_shell_reads_the_script() {
        let empty = tempfile::tempdir().expect("a temporary folder");
        let found = Interpreter::find(&Shell::Default, empty.path().as_os_str());
        assert_eq!((found.program, found.args), ("sh".into(), vec!["-eu".into()]));
        fs::write(empty.path().join("bash"), "").expect("writable");
        assert_eq!(Interpreter::find(&Shell::Default, empty.path().as_os_str()).program, "sh", "not executable");
    }

    #[test]
    fn given_words_are_taken_as_they_are() {
        let words = ["python3", "-u"].map(str::to_owned).to_vec();
        let found = Interpreter::find(&Shell::Argv(words), OsStr::new(""));
        assert_eq!((found.program.to_str(), found.args.len(), found.script_name()), (Some("python3"), 1, "script.py"));
    }
}
