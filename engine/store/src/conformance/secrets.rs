//! What every store of sealed secrets promises.

use loopline_ports::access::{Act, Asker};
use loopline_ports::secrets::{Sealed, SecretEntry, SecretStore};

use super::at;

fn entry(project: &str, name: &str, by: &str) -> SecretEntry {
    SecretEntry {
        project: project.to_owned(),
        name: name.to_owned(),
        pipelines: vec!["deploy".to_owned(), "release".to_owned()],
        updated_at: at(7),
        updated_by: by.to_owned(),
    }
}

fn sealed(text: &str) -> Sealed {
    Sealed(text.as_bytes().to_vec())
}

fn act() -> Act {
    let by = Asker::from("ada");
    Act { at: at(7), by, does: "set".to_owned(), on: String::new(), event: None, before: None, after: None }
}

/// Runs every rule. `open` gives a store and, called again with the same name, what a restarted server would find.
pub(crate) async fn keeps_secrets<S: SecretStore>(open: impl AsyncFn(&'static str) -> S) {
    let store = open("secrets").await;
    assert_eq!(store.secret("default", "A").await.expect("reads"), None);
    assert!(!store.remove_secret("default", "A", act()).await.expect("removes"));

    let (a, b, other) = (entry("default", "A", "ada"), entry("default", "B", "ada"), entry("other", "A", "bob"));
    for (entry, value) in [(&other, "o"), (&b, "b"), (&a, "a")] {
        store.put_secret(entry.clone(), sealed(value), act()).await.expect("stores");
    }
    assert_eq!(store.secret("default", "A").await.expect("reads"), Some((a.clone(), sealed("a"))));
    let all = [(a.clone(), sealed("a")), (b.clone(), sealed("b")), (other.clone(), sealed("o"))];
    assert_eq!(store.secrets(None).await.expect("reads"), all);
    assert_eq!(store.secrets(Some("default")).await.expect("reads"), all[..2]);
    assert_eq!(store.secrets(Some("nobody")).await.expect("reads"), []);

    let a = SecretEntry { pipelines: Vec::new(), updated_at: at(9), ..entry("default", "A", "bob") };
    store.put_secret(a.clone(), sealed("a2"), act()).await.expect("stores");
    assert_eq!(store.secret("default", "A").await.expect("reads"), Some((a.clone(), sealed("a2"))));
    assert!(!store.reseal_secret(&a, &sealed("a"), sealed("x")).await.expect("writes"), "it was set meanwhile");
    assert!(store.reseal_secret(&a, &sealed("a2"), sealed("a3")).await.expect("writes"));
    assert!(!store.reseal_secret(&entry("default", "C", "ada"), &sealed("c"), sealed("x")).await.expect("writes"));
    assert!(store.remove_secret("other", "A", act()).await.expect("removes"));

    drop(store);
    let store = open("secrets").await;
    assert_eq!(store.secrets(None).await.expect("reads"), [(a, sealed("a3")), (b, sealed("b"))]);
}
