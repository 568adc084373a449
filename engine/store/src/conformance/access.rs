//! What every store of tokens and of the audit promises.

use loopline_ports::access::{AccessStore, Act, Asker, AuditRow, Pattern, Reach, Role, TokenEntry, TokenHash};
use loopline_ports::journal::{Append, Journal, RunFilter};
use loopline_ports::secrets::{Sealed, SecretEntry, SecretStore};

use super::{at, create, go_on, run, stored, write};

fn token(name: &str, n: i64) -> (TokenEntry, TokenHash) {
    let hash = TokenHash::of(name);
    let entry = TokenEntry {
        id: hash.id(),
        name: name.to_owned(),
        roles: [Role::Operator, Role::Approver].into(),
        reach: Reach::from_iter([Pattern::Project("team-a".to_owned())]),
        created_at: at(n),
        created_by: "ada".to_owned(),
        expires_at: (n > 1).then(|| at(100)),
        revoked_at: None,
        used_at: None,
    };
    (entry, hash)
}

fn act(does: &str) -> Act {
    Act {
        at: at(5),
        by: Asker { name: "ada \u{0} <b>".to_owned(), token: Some("t".to_owned()), from: Some("::1".to_owned()) },
        does: does.to_owned(),
        on: "token x".to_owned(),
        event: None,
        before: None,
        after: Some("sha256:0".to_owned()),
    }
}

/// The rows are one chain; gives what was done, in order.
async fn told(store: &impl AccessStore) -> Vec<String> {
    let rows = store.audit(0, 1_000).await.expect("reads");
    let mut before: Option<AuditRow> = None;
    for row in &rows {
        let expected = AuditRow::next(before.as_ref().map(|row| (row.n, &*row.hash)), row.entry.clone());
        assert_eq!(*row, expected);
        before = Some(row.clone());
    }
    let does = |row: &AuditRow| serde_json::from_str::<Act>(&row.entry).expect("an act").does;
    rows.iter().map(does).collect()
}

/// Runs every rule. `open` gives a store and, called again with the same name, what a restarted server would find.
pub(crate) async fn keeps_access<S: AccessStore + Journal + SecretStore>(open: impl AsyncFn(&'static str) -> S) {
    let store = open("access").await;
    assert_eq!(store.tokens().await.expect("reads"), []);
    let ((a, of_a), (b, of_b)) = (token("a", 1), token("b", 2));
    assert!(store.put_token(&b, &of_b, act("b")).await.expect("stores"));
    assert!(store.put_token(&a, &of_a, act("a")).await.expect("stores"));
    assert!(!store.put_token(&a, &of_a, act("a again")).await.expect("stores nothing"));
    assert_eq!(store.tokens().await.expect("reads"), [a.clone(), b.clone()]);
    assert_eq!(store.token(&of_b).await.expect("reads"), Some(b.clone()));
    assert_eq!(store.token(&TokenHash::of("c")).await.expect("reads"), None);
    store.touch_token(&a.id, at(6)).await.expect("writes");
    assert!(store.revoke_token(&a.id, at(7), act("revoke")).await.expect("writes"));
    assert!(!store.revoke_token(&a.id, at(8), act("again")).await.expect("writes nothing"));
    assert!(!store.revoke_token("nobody", at(8), act("again")).await.expect("writes nothing"));
    let a = TokenEntry { revoked_at: Some(at(7)), used_at: Some(at(6)), ..a };
    assert_eq!(store.token(&of_a).await.expect("reads"), Some(a.clone()));

    let secret = SecretEntry {
        project: "p".to_owned(),
        name: "A".to_owned(),
        pipelines: Vec::new(),
        updated_at: at(1),
        updated_by: "ada".to_owned(),
    };
    store.put_secret(secret, Sealed(vec![1]), act("secret")).await.expect("stores");
    assert!(store.remove_secret("p", "A", act("no secret")).await.expect("removes"));
    assert!(!store.remove_secret("p", "A", act("no secret again")).await.expect("removes nothing"));

    // A row stands with its events, or not at all: in a batch that is written whole, and in one that is not.
    let definition = stored(&store).await;
    let acts = |texts: &[&str]| texts.iter().map(|text| act(text)).collect::<Vec<_>>();
    write(&store, vec![Append { acts: acts(&["one", "two"]), ..create(run(1), 1, definition) }]).await;
    let batch = vec![
        Append { acts: acts(&["stale"]), ..go_on(run(1), 7, 1) },
        Append { acts: acts(&["three"]), ..create(run(2), 2, definition) },
        Append { acts: acts(&["four"]), ..go_on(run(1), 1, 1) },
    ];
    let results = store.commit(batch).await.expect("commits");
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true, true]);
    store.tell(act("told")).await.expect("writes");
    let expected = ["b", "a", "revoke", "secret", "no secret", "one", "two", "three", "four", "told"];
    assert_eq!(told(&store).await, expected);
    let page = store.audit(3, 2).await.expect("reads");
    assert_eq!(page.iter().map(|row| row.n).collect::<Vec<_>>(), [4, 5]);

    drop(store);
    let store = open("access").await;
    store.tell(act("later")).await.expect("writes");
    assert_eq!(told(&store).await.len(), expected.len() + 1);
    assert_eq!(store.tokens().await.expect("reads"), [a, b]);

    // Lists hold what somebody reaches: every run of these is of `default/p`.
    let listed = async |reach: &[&str]| {
        let reach = Some(reach.iter().map(|text| text.parse::<Pattern>().expect("a pattern")).collect());
        store.list(&RunFilter { reach, limit: 10, ..RunFilter::default() }).await.expect("reads").len()
    };
    assert_eq!(listed(&["*"]).await, 2);
    assert_eq!(listed(&["default/*"]).await, 2);
    assert_eq!(listed(&["other/*", "default/p"]).await, 2);
    assert_eq!(listed(&["other/*", "default/q"]).await, 0);
    assert_eq!(listed(&[]).await, 0);
}
