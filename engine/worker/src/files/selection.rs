//! Which files of the workspace a path or a pattern names.
//!
//! A path names a file, or a folder with all that lies in it; links are followed, but never out of the workspace. A
//! pattern has `*`, `?`, `[…]` or, for folders to any depth, `**`; it names the files that fit, and a folder that fits
//! with all that lies in it. It looks for them in real folders alone: a link to a folder counts only where it fits itself.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use super::beneath::{Folder, Why};
use super::shown;

/// Folders within folders beyond this are taken for a mistake.
const MAX_DEPTH: usize = 128;

/// What was chosen.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    /// One file, which was named by its path.
    File(String),
    /// The files of a folder or of a pattern, in order.
    Files(Vec<String>),
}

/// The text is a pattern, and not a path.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// The files that `text` names, at most so many. Blocks.
pub(super) fn choose(workspace: &Path, text: &str, most: usize) -> Result<Chosen, Why> {
    let text = text.trim_end_matches('/');
    let path = if text.starts_with('/') { text.to_owned() } else { plain(text) };
    // Somebody may have given a file such a name.
    let data = fs::metadata(workspace.join(&path));
    let is_there = data.is_ok() || !is_pattern(text);
    if is_there {
        return match data {
            Ok(data) if data.is_dir() => {
                let mut walk = Walk { workspace, matcher: None, most, links: Links::Follow, found: Vec::new() };
                let folder = open_inside(workspace, &path)?;
                walk.all_in(&folder, &path, 0)?;
                Ok(Chosen::Files(walk.ordered()))
            }
            _ => Ok(Chosen::File(path)),
        };
    }
    let files = fitting(workspace, &path, most, Links::Follow)?;
    if files.is_empty() {
        return Err(format!("no file in the workspace fits `{}`", shown(text)));
    }
    Ok(Chosen::Files(files))
}

/// The plain files that fit any of these paths or patterns, in order; none is no mistake. Folders do not count. Blocks.
pub(super) fn files_that_fit(workspace: &Path, patterns: &[String], most: usize) -> Result<Vec<String>, Why> {
    let mut files = Vec::new();
    for pattern in patterns {
        files.extend(fitting(workspace, &plain(pattern), most, Links::Leave)?);
    }
    files.sort();
    files.dedup();
    Ok(files)
}

/// Without `.` and doubled slashes.
fn plain(path: &str) -> String {
    path.split('/').filter(|part| !matches!(*part, "" | ".")).collect::<Vec<_>>().join("/")
}

fn fitting(workspace: &Path, pattern: &str, most: usize, links: Links) -> Result<Vec<String>, Why> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
    let matcher =
        glob.map_err(|error| format!("`{}` is no pattern: {}", shown(pattern), error.kind()))?.compile_matcher();
    let parts: Vec<&str> = pattern.split('/').collect();
    // Nothing before the first part that is a pattern needs to be looked through.
    let fixed = parts.iter().take(parts.len() - 1).take_while(|part| !is_pattern(part)).count();
    let base = parts[..fixed].join("/");
    let depth = if pattern.contains("**") { MAX_DEPTH } else { parts.len() - fixed - 1 };
    let mut walk = Walk { workspace, matcher: Some(matcher), most, links, found: Vec::new() };
    let folder = match fs::metadata(workspace.join(&base)) {
        Ok(data) if data.is_dir() => open_inside(workspace, &base)?,
        _ => return Ok(Vec::new()),
    };
    walk.fitting_in(&folder, &base, depth)?;
    Ok(walk.ordered())
}

/// What a folder that fits, or a link, means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Links {
    /// All that lies in it.
    Follow,
    /// Nothing.
    Leave,
}

struct Walk<'a> {
    workspace: &'a Path,
    matcher: Option<GlobMatcher>,
    most: usize,
    links: Links,
    found: Vec<String>,
}

impl Walk<'_> {
    fn ordered(mut self) -> Vec<String> {
        self.found.sort();
        self.found.dedup();
        self.found
    }

    fn take(&mut self, path: String) -> Result<(), Why> {
        if self.found.len() >= self.most {
            return Err(format!("these are more than {} files; pack them into one, for example with tar", self.most));
        }
        self.found.push(path);
        Ok(())
    }

    /// Takes what fits in the folder, and looks into the folders in it so deep.
    fn fitting_in(&mut self, folder: &Folder, path: &str, depth: usize) -> Result<(), Why> {
        for (name, here) in named(folder, path)? {
            let Some(kind) = kind(folder, &name, &here)? else { continue };
            let fits = self.matcher.as_ref().is_some_and(|matcher| matcher.is_match(&here));
            match kind {
                Kind::Folder if fits && self.links == Links::Follow => {
                    self.all_in(&below(folder, &name, &here)?, &here, 0)?
                }
                Kind::Folder if depth > 0 => self.fitting_in(&below(folder, &name, &here)?, &here, depth - 1)?,
                Kind::Link if fits => match fs::metadata(folder.place(&name)) {
                    Ok(data) if data.is_dir() && self.links == Links::Leave => {}
                    Ok(data) if data.is_dir() => self.through_link(&here, 0)?,
                    _ => self.take(here)?,
                },
                Kind::Other if fits => self.take(here)?,
                Kind::Folder | Kind::Link | Kind::Other => {}
            }
        }
        Ok(())
    }

    /// Takes all that lies in the folder.
    fn all_in(&mut self, folder: &Folder, path: &str, depth: usize) -> Result<(), Why> {
        if depth > MAX_DEPTH {
            return Err(format!("`{}` lies more than {MAX_DEPTH} folders deep", shown(path)));
        }
        for (name, here) in named(folder, path)? {
            match kind(folder, &name, &here)? {
                None => {}
                Some(Kind::Folder) => self.all_in(&below(folder, &name, &here)?, &here, depth + 1)?,
                Some(Kind::Link) if fs::metadata(folder.place(&name)).is_ok_and(|data| data.is_dir()) => {
                    self.through_link(&here, depth + 1)?;
                }
                Some(Kind::Link | Kind::Other) => self.take(here)?,
            }
        }
        Ok(())
    }

    /// Takes all that lies in the folder that a link leads to.
    fn through_link(&mut self, path: &str, depth: usize) -> Result<(), Why> {
        let folder = open_inside(self.workspace, path)?;
        let around = self.workspace.join(path).parent().and_then(|around| around.canonicalize().ok());
        let leads_to = folder.real_path().map_err(|error| unreadable(path, &error))?;
        if around.is_some_and(|around| around.starts_with(&leads_to)) {
            return Err(format!("`{}` is a link that leads back to a folder around it", shown(path)));
        }
        self.all_in(&folder, path, depth)
    }
}

enum Kind {
    Folder,
    Link,
    Other,
}

/// What something is; `None` when it has just gone.
fn kind(folder: &Folder, name: &str, path: &str) -> Result<Option<Kind>, Why> {
    match fs::symlink_metadata(folder.place(name)) {
        Ok(data) if data.is_dir() => Ok(Some(Kind::Folder)),
        Ok(data) if data.is_symlink() => Ok(Some(Kind::Link)),
        Ok(_) => Ok(Some(Kind::Other)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

fn below(folder: &Folder, name: &str, path: &str) -> Result<Folder, Why> {
    folder.folder(name).map_err(|error| unreadable(path, &error))
}

/// Opens a folder of the workspace; links are followed, but never out of it.
fn open_inside(workspace: &Path, path: &str) -> Result<Folder, Why> {
    let folder = Folder::open(&workspace.join(path)).map_err(|error| unreadable(path, &error))?;
    let real: PathBuf = folder.real_path().map_err(|error| unreadable(path, &error))?;
    if real.starts_with(workspace) { Ok(folder) } else { Err(format!("`{}` lies outside the workspace", shown(path))) }
}

/// What is in a folder, with their paths beneath the workspace.
fn named(folder: &Folder, path: &str) -> Result<Vec<(String, String)>, Why> {
    let names = folder.names().map_err(|error| unreadable(path, &error))?;
    let named = names.into_iter().map(|name| {
        let name = name.into_string().map_err(|name| {
            format!("the name of a file in `{}` is not UTF-8: `{}`", shown(path), shown(&name.to_string_lossy()))
        })?;
        let here = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
        Ok((name, here))
    });
    named.collect()
}

fn unreadable(path: &str, error: &io::Error) -> Why {
    format!("`{}` cannot be read: {error}", shown(path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    fn workspace() -> (TempDir, PathBuf) {
        let folder = TempDir::new().expect("a folder");
        let workspace = folder.path().canonicalize().expect("it is there").join("workspace");
        for path in
            ["dist/a.js", "dist/b.css", "dist/deep/c.js", "dist/deep/er/d.js", "src/a.js", ".hidden/e.js", "[x].js"]
        {
            let file = workspace.join(path);
            fs::create_dir_all(file.parent().expect("a folder")).expect("it is made");
            fs::write(file, path).expect("it is written");
        }
        (folder, workspace)
    }

    fn check(text: &str, expect: &[&str]) {
        let (_folder, workspace) = workspace();
        let expect: Vec<String> = expect.iter().map(|path| (*path).to_owned()).collect();
        assert_eq!(choose(&workspace, text, 100), Ok(Chosen::Files(expect)), "{text}");
    }

    #[test]
    fn patterns_name_files_and_folders() {
        check("dist/*.js", &["dist/a.js"]);
        check("dist/**/*.js", &["dist/a.js", "dist/deep/c.js", "dist/deep/er/d.js"]);
        check("**/c.js", &["dist/deep/c.js"]);
        check("dist/?.css", &["dist/b.css"]);
        check("dist/[ab].*", &["dist/a.js", "dist/b.css"]);
        check("dist/d*", &["dist/deep/c.js", "dist/deep/er/d.js"]);
        check("*/a.js", &["dist/a.js", "src/a.js"]);
        check("**/e.js", &[".hidden/e.js"]);
        check("./dist//deep/*.js", &["dist/deep/c.js"]);
    }

    #[test]
    fn a_path_names_a_file_or_a_folder() {
        check("dist/deep", &["dist/deep/c.js", "dist/deep/er/d.js"]);
        check("dist/deep/", &["dist/deep/c.js", "dist/deep/er/d.js"]);
        let (_folder, workspace) = workspace();
        assert_eq!(choose(&workspace, "./dist/a.js", 9), Ok(Chosen::File("dist/a.js".to_owned())));
        assert_eq!(choose(&workspace, "[x].js", 9), Ok(Chosen::File("[x].js".to_owned())), "a file with such a name");
        assert_eq!(choose(&workspace, "none", 9), Ok(Chosen::File("none".to_owned())), "whoever opens it says so");
    }

    #[test]
    fn what_fits_nothing_is_too_much_or_is_no_pattern_is_said() {
        let (_folder, workspace) = workspace();
        let why = |text: &str, most| choose(&workspace, text, most).expect_err("a mistake");
        assert_eq!(why("dist/*.map", 9), "no file in the workspace fits `dist/*.map`");
        assert_eq!(why("none/*.map", 9), "no file in the workspace fits `none/*.map`");
        assert_eq!(why("dist", 2), "these are more than 2 files; pack them into one, for example with tar");
        assert!(why("dist/[a", 9).starts_with("`dist/[a` is no pattern: "));
    }

    #[test]
    fn links_are_followed_but_never_out() {
        let (folder, workspace) = workspace();
        let outside = folder.path().join("secret");
        fs::create_dir(&outside).expect("it is made");
        fs::write(outside.join("key.js"), "x").expect("it is written");
        symlink("deep/c.js", workspace.join("dist/link.js")).expect("a link");
        symlink(&outside, workspace.join("src/out")).expect("a link");
        let why = |text: &str| choose(&workspace, text, 99).expect_err("a mistake");
        assert_eq!(why("src"), "`src/out` lies outside the workspace");
        assert_eq!(why("src/o*"), "`src/out` lies outside the workspace");
        assert_eq!(why("src/out/*.js"), "`src/out` lies outside the workspace");
        assert_eq!(choose(&workspace, "**/key.js", 99), Err("no file in the workspace fits `**/key.js`".to_owned()));
        symlink("..", workspace.join("dist/deep/er/again")).expect("a link");
        assert_eq!(why("dist"), "`dist/deep/er/again` is a link that leads back to a folder around it");
        fs::remove_file(workspace.join("dist/deep/er/again")).expect("it goes");
        symlink("../../../src/../.hidden", workspace.join("dist/deep/er/again")).expect("a link");
        let Ok(Chosen::Files(files)) = choose(&workspace, "dist", 99) else { panic!("they are chosen") };
        assert_eq!(
            files,
            [
                "dist/a.js",
                "dist/b.css",
                "dist/deep/c.js",
                "dist/deep/er/again/e.js",
                "dist/deep/er/d.js",
                "dist/link.js"
            ]
        );
    }

    #[test]
    fn for_a_hash_only_plain_files_count_and_none_is_no_mistake() {
        let (_folder, workspace) = workspace();
        let files = |patterns: &[&str]| {
            let patterns: Vec<String> = patterns.iter().map(|each| (*each).to_owned()).collect();
            files_that_fit(&workspace, &patterns, 99)
        };
        assert_eq!(files(&["dist/*", "dist/a.js", "none"]), Ok(vec!["dist/a.js".to_owned(), "dist/b.css".to_owned()]));
        assert_eq!(files(&["dist"]), Ok(Vec::new()));
    }
}
