use std::path::Path;

use loopline_core::time::Timestamp;
use loopline_store::MemoryStore;

use super::*;

struct At(i64);

impl Clock for At {
    fn now(&self) -> Timestamp {
        Timestamp(self.0)
    }
}

fn vault(store: &MemoryStore, key: KeyFrom) -> SealedVault {
    SealedVault::new(Arc::new(store.clone()), key, Arc::new(At(5)))
}

fn in_folder(folder: &Path) -> KeyFrom {
    KeyFrom::OwnFile(folder.join("secrets.key"))
}

fn secret(name: &str, value: &str, pipelines: &[&str]) -> NewSecret {
    NewSecret {
        project: "default".to_owned(),
        name: name.to_owned(),
        pipelines: pipelines.iter().map(|name| (*name).to_owned()).collect(),
        value: value.into(),
        by: "ada".into(),
    }
}

async fn read(vault: &SealedVault, pipeline: &str, name: &str) -> Result<Option<String>, String> {
    let value = vault.value(Asking { project: "default", pipeline }, name).await;
    value.map(|value| value.map(|value| value.expose_secret().to_owned())).map_err(|error| error.to_string())
}

fn holds(sealed: &Sealed, text: &str) -> bool {
    sealed.0.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn a_value_goes_in_and_comes_out_for_its_pipelines_alone() {
    let (folder, store) = (tempfile::tempdir().unwrap(), MemoryStore::new());
    let vault = vault(&store, in_folder(folder.path()));
    assert_eq!(read(&vault, "release", "TOKEN").await, Ok(None));
    assert!(!folder.path().join("secrets.key").exists(), "no key is made before there is a secret");
    let entry = vault.set(secret("TOKEN", "kohlrabi-7", &["release", "deploy", "release"])).await.unwrap();
    assert_eq!(entry.pipelines, ["deploy", "release"]);
    assert_eq!((entry.updated_at, entry.updated_by.as_str()), (Timestamp(5), "ada"));
    assert_eq!(vault.list("default").await.unwrap(), [entry]);
    assert_eq!(vault.list("other").await.unwrap(), []);
    assert_eq!(read(&vault, "release", "TOKEN").await, Ok(Some("kohlrabi-7".into())));
    assert_eq!(read(&vault, "other", "TOKEN").await, Ok(None));
    let elsewhere = vault.value(Asking { project: "other", pipeline: "release" }, "TOKEN").await.unwrap();
    assert!(elsewhere.is_none());
    let (_, sealed) = store.secret("default", "TOKEN").await.unwrap().unwrap();
    assert!(!holds(&sealed, "kohlrabi-7") && holds(&sealed, "age-encryption.org/v1"));
    let file = std::fs::metadata(folder.path().join("secrets.key")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o777, 0o600);

    vault.set(secret("TOKEN", "two\n\"lines\" ä", &[])).await.unwrap();
    assert_eq!(read(&vault, "other", "TOKEN").await, Ok(Some("two\n\"lines\" ä".into())));
    assert!(
        vault.remove("default", "TOKEN", "ada".into()).await.unwrap()
            && !vault.remove("default", "TOKEN", "ada".into()).await.unwrap()
    );
    assert_eq!(read(&vault, "release", "TOKEN").await, Ok(None));
}

#[tokio::test]
async fn names_and_values_that_cannot_be_secrets_are_refused() {
    let (folder, store) = (tempfile::tempdir().unwrap(), MemoryStore::new());
    let vault = vault(&store, in_folder(folder.path()));
    for (name, value) in [("1A", "v"), ("A-B", "v"), ("", "v"), ("A", ""), ("A", "v\0w")] {
        let refused = vault.set(secret(name, value, &[])).await;
        assert!(matches!(refused, Err(VaultError::Invalid(_))), "{name} {refused:?}");
    }
    for pipeline in ["", "No", "a b", "a\0"] {
        let refused = vault.set(secret("A", "v", &["deploy", pipeline])).await;
        assert!(matches!(refused, Err(VaultError::Invalid(_))), "{pipeline:?} {refused:?}");
    }
    assert_eq!(vault.list("default").await.unwrap(), []);
    assert_eq!(vault.list("de\0fault").await.unwrap(), []);
}

#[tokio::test]
async fn a_value_that_was_moved_under_another_name_is_not_taken_for_that_one() {
    let (folder, store) = (tempfile::tempdir().unwrap(), MemoryStore::new());
    let vault = vault(&store, in_folder(folder.path()));
    vault.set(secret("PRODUCTION", "kohlrabi-7", &[])).await.unwrap();
    let (entry, sealed) = store.secret("default", "PRODUCTION").await.unwrap().unwrap();
    let act = vault.act("secret.set", "default", "STAGING", "ada".into());
    store.put_secret(SecretEntry { name: "STAGING".to_owned(), ..entry }, sealed, act).await.unwrap();
    let refused = read(&vault, "release", "STAGING").await.unwrap_err();
    assert_eq!(refused, "what is stored under its name belongs to another one; set it again");
}

#[tokio::test]
async fn keys_are_rotated_one_behind_the_other() {
    let (folder, store) = (tempfile::tempdir().unwrap(), MemoryStore::new());
    let file = folder.path().join("secrets.key");
    let first = vault(&store, KeyFrom::OwnFile(file.clone()));
    first.set(secret("A", "kohlrabi-7", &[])).await.unwrap();
    first.set(secret("B", "fennel-8", &[])).await.unwrap();
    assert_eq!(first.reseal().await.unwrap(), Resealed::default());

    let old = std::fs::read_to_string(&file).unwrap();
    let made = folder.path().join("new.key");
    vault(&MemoryStore::new(), KeyFrom::OwnFile(made.clone())).set(secret("X", "x", &[])).await.unwrap();
    let new = std::fs::read_to_string(&made).unwrap();
    std::fs::write(&file, format!("{new}{old}")).unwrap();
    let both = vault(&store, KeyFrom::File(file.clone()));
    assert_eq!(read(&both, "p", "A").await, Ok(Some("kohlrabi-7".into())), "the older key opens it still");
    assert_eq!(both.reseal().await.unwrap(), Resealed { moved: 2, unreadable: vec![] });

    let only_new = vault(&store, KeyFrom::Text(new.into()));
    assert_eq!(read(&only_new, "p", "B").await, Ok(Some("fennel-8".into())));
    assert_eq!(only_new.reseal().await.unwrap(), Resealed::default());
    let only_old = vault(&store, KeyFrom::Text(old.into()));
    let unreadable = vec!["default/A".to_owned(), "default/B".to_owned()];
    assert_eq!(only_old.reseal().await.unwrap(), Resealed { moved: 0, unreadable });
    let refused = read(&only_old, "p", "A").await.unwrap_err();
    assert_eq!(refused, "no key that this server has opens it; set it again");
}

#[tokio::test]
async fn a_key_that_is_gone_or_is_none_is_said() {
    let (folder, store) = (tempfile::tempdir().unwrap(), MemoryStore::new());
    let file = folder.path().join("secrets.key");
    vault(&store, KeyFrom::OwnFile(file.clone())).set(secret("A", "kohlrabi-7", &[])).await.unwrap();
    std::fs::remove_file(&file).unwrap();
    let gone = read(&vault(&store, KeyFrom::OwnFile(file.clone())), "p", "A").await.unwrap_err();
    assert!(gone.starts_with("secrets are stored, and their key is not there any more: "), "{gone}");
    let refused = vault(&store, KeyFrom::OwnFile(file.clone())).set(secret("B", "fennel-8", &[])).await;
    assert!(matches!(refused, Err(VaultError::Key(_))), "{refused:?}");
    assert!(!file.exists(), "a new key would only hide it");
    for text in ["", "# nothing\n", "hidden"] {
        let error = vault(&store, KeyFrom::Text(text.into())).set(secret("A", "v", &[])).await.unwrap_err().to_string();
        assert!(error.contains("key") && !error.contains("hidden"), "{error}");
    }
}
