//! Which files are pipelines, and where they are.

use std::path::PathBuf;

use lsp_types::Uri;
use url::Url;

/// The language that an editor may say a file is in, whatever its name.
const LANGUAGE: &str = "loopline";

/// Whether a file that an editor opened is a pipeline: `*.loopline.yaml` anywhere, YAML under `.loopline/` but for step types
/// and tests, and whatever is said to be one.
pub(crate) fn is_pipeline(uri: &Uri, language: &str) -> bool {
    if language == LANGUAGE {
        return true;
    }
    let path = uri.as_str().split(['?', '#']).next().unwrap_or_default();
    let mut folders: Vec<&str> = path.split('/').collect();
    let Some(name) = folders.pop() else { return false };
    if name.ends_with(".loopline.yaml") {
        return true;
    }
    let yaml = name.ends_with(".yaml") || name.ends_with(".yml");
    let test = name.ends_with(".loopline.test.yaml");
    let Some(at) = folders.iter().rposition(|folder| *folder == ".loopline") else { return false };
    yaml && !test && folders.get(at + 1) != Some(&"steps")
}

/// Where a file is kept; none for a text that is no file.
pub(crate) fn path_of(uri: &Uri) -> Option<PathBuf> {
    Url::parse(uri.as_str()).ok()?.to_file_path().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_is_known_by_its_name_its_folder_or_its_language() {
        for (uri, language, expect) in [
            ("file:///x/release.loopline.yaml", "yaml", true),
            ("file:///c%3A/x/.loopline/release.yml", "yaml", true),
            ("file:///x/.loopline/deep/er/release.yaml", "yaml", true),
            ("file:///x/.loopline/steps/upload.yaml", "yaml", false),
            ("file:///x/.loopline/a.loopline.test.yaml", "yaml", false),
            ("file:///x/a.loopline.test.yaml", "yaml", false),
            ("file:///x/.loopline/notes.md", "markdown", false),
            ("file:///x/docker-compose.yaml", "yaml", false),
            ("untitled:Untitled-1", "yaml", false),
            ("untitled:Untitled-1", "loopline", true),
        ] {
            assert_eq!(is_pipeline(&uri.parse().expect(uri), language), expect, "{uri}");
        }
    }

    #[test]
    fn a_file_has_a_path_and_other_texts_have_none() {
        let path = |uri: &str| path_of(&uri.parse().expect(uri));
        assert_eq!(path("file:///x/a%20b.yaml"), Some("/x/a b.yaml".into()));
        assert_eq!(path("untitled:Untitled-1"), None);
        assert_eq!(path("https://x/a.yaml"), None);
    }
}
