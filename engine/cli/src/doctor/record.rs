//! The record of runs, what its newest run says about the clock, and the key that opens its secrets.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use loopline_core::time::Timestamp;
use loopline_ports::clock::{Clock as _, SystemClock};
use loopline_ports::journal::{Journal, RunFilter};
use loopline_ports::secrets::SecretStore;
use loopline_secrets::{KeyFrom, SealedVault};
use loopline_store::{PostgresStore, SqliteStore};

use super::Finding;
use crate::arguments::Serve;
use crate::secrets_from::SecretsFrom;

/// 2025-01-01: before it this program did not exist.
const BEFORE_US: Timestamp = Timestamp(1_735_689_600_000);
/// Clocks of several servers differ by so much.
const DIFFERS: u64 = 5_000;

pub async fn examine(settings: &Serve) -> Vec<Finding> {
    let key = match SecretsFrom::server(settings) {
        Ok(SecretsFrom::Database(key, _)) => key,
        Ok(SecretsFrom::Files(_)) => unreachable!("a server has a database"),
        Err(failure) => {
            let fix = failure.hint.unwrap_or_default();
            return vec![Finding::failed("secrets", failure.message, fix)];
        }
    };
    let mut findings = Vec::new();
    let now = SystemClock.now();
    let store: Option<(Arc<dyn Journal>, Arc<dyn SecretStore>)> = match open(settings).await {
        Ok((finding, store)) => {
            findings.push(finding);
            store
        }
        Err(finding) => {
            findings.push(finding);
            None
        }
    };
    let Some((journal, secrets)) = store else {
        findings.push(clock(now, None));
        return findings;
    };
    match journal.list(&RunFilter { limit: 1, ..RunFilter::default() }).await {
        Ok(runs) => findings.push(clock(now, runs.first().map(|run| run.created_at))),
        Err(error) => findings.push(Finding::failed("database", error.to_string(), "see: loopline check-db")),
    }
    findings.push(secrets_finding(secrets, key).await);
    findings
}

type Opened = (Finding, Option<(Arc<dyn Journal>, Arc<dyn SecretStore>)>);

async fn open(settings: &Serve) -> Result<Opened, Finding> {
    if let Some(address) = &settings.database_url {
        crate::wiring::choose_tls();
        return match PostgresStore::open_read_only(address).await {
            Ok(store) => {
                Ok((Finding::good("database", "PostgreSQL answers"), Some((Arc::new(store.clone()), Arc::new(store)))))
            }
            Err(error) => {
                let fix = "check the address in --database-url, and that PostgreSQL runs and lets you in";
                Err(Finding::failed("database", error.to_string(), fix))
            }
        };
    }
    let file = settings.data.join("loopline.db");
    if !file.exists() {
        return Ok((Finding::good("database", "it will be made by the first start"), None));
    }
    let held = loopline_store::holder(&file).map_err(|error| {
        let says = format!("{}: {error}", file.display());
        Finding::failed("database", says, "start the server as the owner of its files")
    })?;
    let store = SqliteStore::open_read_only(file).await.map_err(|error| {
        Finding::failed("database", error.to_string(), "keep the folder as it is, and see: loopline check-db --help")
    })?;
    let says = match held {
        Some(pid) => format!("it can be read; process {pid} works with it, and no second server can"),
        None => "it can be read, and no server is working with it".to_owned(),
    };
    Ok((Finding::good("database", says), Some((Arc::new(store.clone()), Arc::new(store)))))
}

fn clock(now: Timestamp, newest: Option<Timestamp>) -> Finding {
    let fix = "set the clock, and let it be kept: timedatectl set-ntp true";
    if now < BEFORE_US {
        return Finding::failed("clock", format!("it says {now}, which is past"), fix);
    }
    match newest.map(|newest| newest.ms_since(now)).filter(|ahead| *ahead > DIFFERS) {
        Some(ahead) => {
            let says = format!(
                "it says {now}, and the newest run began {} s later: timers and schedules wait until then",
                ahead / 1000
            );
            Finding::failed("clock", says, fix)
        }
        None => Finding::good("clock", format!("it says {now}")),
    }
}

async fn secrets_finding(store: Arc<dyn SecretStore>, key: KeyFrom) -> Finding {
    let open_to_all = match &key {
        KeyFrom::File(path) | KeyFrom::OwnFile(path) => {
            let mode = path.metadata().map_or(0, |found| found.permissions().mode() & 0o777);
            (mode & 0o007 != 0).then(|| (path.clone(), mode))
        }
        KeyFrom::Text(_) => None,
    };
    let fix =
        "name the file that holds their key by --secrets-key; keys that are not used any more may stand in it too";
    match SealedVault::new(store, key, Arc::new(SystemClock)).unreadable().await {
        Err(error) => Finding::failed("secrets", error.to_string(), fix),
        Ok((shut, _)) if !shut.is_empty() => {
            Finding::failed("secrets", format!("no key opens {}", shut.join(", ")), fix)
        }
        Ok(_) if let Some((path, mode)) = open_to_all => {
            let says = format!("everybody on this machine may touch their key (mode {mode:03o})");
            Finding::warning("secrets", says, format!("chmod 600 {}", path.display()))
        }
        Ok((_, 0)) => Finding::good("secrets", "none are stored"),
        Ok((_, 1)) => Finding::good("secrets", "the key opens the one that is stored"),
        Ok((_, many)) => Finding::good("secrets", format!("the key opens all {many} that are stored")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn a_clock_that_was_set_back_is_found() {
        let now = Timestamp::parse("2026-03-01T12:00:00Z").unwrap();
        assert_eq!(clock(now, None).verdict, Verdict::Good);
        assert_eq!(clock(now, Some(now.plus_ms(2_000))).verdict, Verdict::Good);
        let finding = clock(now, Some(now.plus_ms(3_600_000)));
        assert_eq!(finding.verdict, Verdict::Failed);
        assert!(finding.says.contains("3600 s later"), "{finding:?}");
        assert_eq!(clock(Timestamp(0), None).verdict, Verdict::Failed);
    }
}
