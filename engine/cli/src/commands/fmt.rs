//! `loopline fmt FILE…`: one layout for every pipeline file.

use std::io::{self, IsTerminal as _, Read as _};

use super::{plain_io, read_file};
use crate::arguments::Fmt;
use crate::exit::{Exit, Failure, Outcome};
use crate::replace_file::replace_file;

/// Formats each file, or says which ones it would change. Exit code 1 when one cannot be read as YAML, and with `--check`
/// when one would change.
pub fn fmt(arguments: &Fmt) -> Outcome {
    let (mut refused, mut unformatted) = (0, 0);
    for path in &arguments.files {
        let stdin = path.as_os_str() == "-";
        let text = if stdin { read_stdin()? } else { read_file(path)? };
        let name = path.display().to_string();
        let formatted = match loopline_dsl::format(&text) {
            Ok(formatted) => formatted,
            Err(found) => {
                let colour = io::stderr().is_terminal();
                eprint!("{}", loopline_dsl::render_pretty(&name, &text, &found, colour));
                refused += 1;
                continue;
            }
        };
        let changes = formatted != text;
        if arguments.check {
            unformatted += usize::from(changes);
            if changes {
                println!("{name}");
            }
        } else if stdin {
            print!("{formatted}");
        } else if changes {
            replace_file(path, &formatted).map_err(|error| cannot_write(&name, &error))?;
            println!("{name}: formatted");
        }
    }
    finish(refused, unformatted)
}

fn finish(refused: usize, unformatted: usize) -> Outcome {
    let count = |n: usize| format!("{n} file{}", if n == 1 { "" } else { "s" });
    if refused > 0 {
        let message = format!("{} cannot be read as YAML", count(refused));
        return Err(Failure::new(Exit::Failed, message).hint("mend what is named above; nothing was written there"));
    }
    if unformatted > 0 {
        let message = format!("{} would change", count(unformatted));
        return Err(Failure::new(Exit::Failed, message).hint("`loopline fmt FILE…` without `--check` formats them"));
    }
    Ok(Exit::Success)
}

fn read_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::usage(format!("cannot read standard input: {}", plain_io(&error))))?;
    Ok(text)
}

fn cannot_write(name: &str, error: &io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("cannot write {name}: {}", plain_io(error)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::{Path, PathBuf};

    use super::*;

    const CARELESS: &str = "version:   1\n";
    const FORMATTED: &str = "version: 1\n";

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("a folder"))
        }

        fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
            let path = self.0.path().join(name);
            fs::write(&path, text).expect("a file");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("permissions");
            path
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(self.0.path()).expect("a folder");
            let mut names: Vec<_> =
                entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            names
        }
    }

    fn run(files: &[&PathBuf], check: bool) -> Result<Exit, Exit> {
        let files = files.iter().map(|path| path.to_path_buf()).collect();
        fmt(&Fmt { files, check }).map_err(|failure| failure.exit)
    }

    fn read(path: &Path) -> String {
        fs::read_to_string(path).expect("a file")
    }

    #[test]
    fn a_file_is_replaced_with_its_permissions() {
        let folder = Folder::new();
        let file = folder.write("a.yaml", CARELESS, 0o640);
        assert_eq!(run(&[&file], false), Ok(Exit::Success));
        assert_eq!(read(&file), FORMATTED);
        assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o640);
        assert_eq!(folder.names(), ["a.yaml"]);
    }

    #[test]
    fn a_formatted_file_is_not_touched() {
        let folder = Folder::new();
        let file = folder.write("a.yaml", FORMATTED, 0o444);
        // It could not be written.
        assert_eq!(run(&[&file], false), Ok(Exit::Success));
        assert_eq!(run(&[&file], true), Ok(Exit::Success));
    }

    #[test]
    fn check_writes_nothing_and_fails() {
        let folder = Folder::new();
        let file = folder.write("a.yaml", CARELESS, 0o644);
        assert_eq!(run(&[&file], true), Err(Exit::Failed));
        assert_eq!(read(&file), CARELESS);
    }

    #[test]
    fn what_cannot_be_read_fails_and_the_others_are_formatted() {
        let folder = Folder::new();
        let broken = folder.write("a.yaml", "a: [\n", 0o644);
        let file = folder.write("b.yaml", CARELESS, 0o644);
        assert_eq!(run(&[&broken, &file], false), Err(Exit::Failed));
        assert_eq!((read(&broken).as_str(), read(&file).as_str()), ("a: [\n", FORMATTED));
        assert_eq!(run(&[&folder.0.path().join("none.yaml")], false), Err(Exit::Usage));
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = Folder::new();
        let file = folder.write("a.yaml", CARELESS, 0o644);
        let link = folder.0.path().join("link.yaml");
        symlink(&file, &link).expect("a link");
        assert_eq!(run(&[&link], false), Ok(Exit::Success));
        assert!(fs::symlink_metadata(&link).expect("a link").is_symlink());
        assert_eq!(read(&file), FORMATTED);
    }

    #[test]
    fn a_read_only_file_stays_as_it_is() {
        let folder = Folder::new();
        let file = folder.write("a.yaml", CARELESS, 0o444);
        assert_eq!(run(&[&file], false), Err(Exit::Failed));
        assert_eq!(read(&file), CARELESS);
    }
}
