//! Opening: the address, checks, migrations, connections.

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
use tokio::sync::{broadcast, watch};
use tokio::time::timeout;

use super::commit::{CONNECTS_WITHIN, Writer};
use super::lease::Lease;
use super::{PostgresStore, Shared, notices};
use crate::number::Numbers;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

const READERS: u32 = 8;
/// Notices that may wait for a slow reader; one that misses some looks for itself.
const NOTICES: usize = 4096;
/// The oldest that is still maintained.
const OLDEST: i32 = 130_000;
/// What migrations of several servers wait for: "LOOP", as in the header of our SQLite files.
const MIGRATING: i64 = 1_280_266_064;

/// Why a database of PostgreSQL cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// It is no address of a database.
    #[error(
        "`{address}` is not the address of a PostgreSQL database: {detail}; write it like postgres://user@host/name"
    )]
    Address {
        /// What was given, without what may be secret.
        address: String,
        /// What is wrong with it.
        detail: String,
    },
    /// Nobody answers, or not to us.
    #[error("the database {place} cannot be reached: {detail}")]
    Unreachable {
        /// Host, port and name.
        place: String,
        /// Why.
        detail: String,
    },
    /// It is not what is needed.
    #[error("the database {place} cannot be used: {detail}")]
    Unfit {
        /// Host, port and name.
        place: String,
        /// What is missing.
        detail: String,
    },
    /// It was written by a later version.
    #[error(
        "the database {place} was written by a newer version of Loopline (its schema is {found}); use that version"
    )]
    Newer {
        /// Host, port and name.
        place: String,
        /// Number of the migration that is not known here.
        found: i64,
    },
    /// A statement of ours is refused.
    #[error("the database {place} cannot be opened: {source}")]
    Database {
        /// Host, port and name.
        place: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
}

impl PostgresStore {
    /// Opens the database at `postgres://…`, and brings its schema up to date. `worker` tells the data directory whose attempts
    /// this store hands out from all others. Nothing can be written until the store leads.
    pub async fn open(address: &str, worker: &str) -> Result<Self, ConnectError> {
        let (options, place) = options(address)?;
        let mut connection = connect(&options, &place).await?;
        check(&mut connection, &place).await?;
        migrate(&mut connection, &place).await?;
        // Statements that were prepared before the schema was there would not find it.
        let _ = connection.close().await;
        Ok(Self::over(options, place, worker))
    }

    /// Opens a database that is there, to look at it, whoever drives it. Nothing is changed.
    pub async fn open_read_only(address: &str) -> Result<Self, ConnectError> {
        let (options, place) = options(address)?;
        let mut connection = connect(&options, &place).await?;
        check(&mut connection, &place).await?;
        let failed = |source| ConnectError::Database { place: place.clone(), source };
        let there: bool = sqlx::query_scalar("SELECT to_regclass('loopline._sqlx_migrations') IS NOT NULL")
            .fetch_one(&mut connection)
            .await
            .map_err(failed)?;
        if !there {
            let detail = "it holds nothing of Loopline".to_owned();
            return Err(ConnectError::Unfit { place, detail });
        }
        let found: i64 = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
            .fetch_one(&mut connection)
            .await
            .map_err(failed)?;
        let newest = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
        if found > newest {
            return Err(ConnectError::Newer { place, found });
        }
        if found < newest {
            let detail =
                "its schema is older than this version; a server of this version brings it up to date".to_owned();
            return Err(ConnectError::Unfit { place, detail });
        }
        let _ = connection.close().await;
        Ok(Self::over(options, place, ""))
    }

    fn over(options: PgConnectOptions, place: String, worker: &str) -> Self {
        let readers = PgPoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(CONNECTS_WITHIN)
            .test_before_acquire(false)
            .before_acquire(|connection, about| {
                Box::pin(async move {
                    // The server may have been restarted while nobody asked.
                    if about.idle_for > Duration::from_secs(1) {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(options.clone());
        let writer = Writer::new(options.clone(), worker.to_owned());
        let lease = Lease { keeper: tokio::sync::Mutex::new(None), leads: watch::Sender::new(false) };
        let notices = broadcast::Sender::new(NOTICES);
        let shared = Arc::new(Shared { writer, readers, numbers: Numbers::default(), lease, notices, options, place });
        tokio::spawn(notices::listen(Arc::downgrade(&shared)));
        Self { shared }
    }
}

/// How to connect, and how to speak of the database without its password.
fn options(address: &str) -> Result<(PgConnectOptions, String), ConnectError> {
    let refused = |detail: String| {
        // What stands before an `@` may be a password.
        let shown = address.rsplit_once('@').map_or(address, |(_, rest)| rest);
        ConnectError::Address { address: shown.to_owned(), detail }
    };
    if !address.starts_with("postgres://") && !address.starts_with("postgresql://") {
        return Err(refused("it does not begin with postgres://".to_owned()));
    }
    let options = PgConnectOptions::from_str(address).map_err(|error| refused(error.to_string()))?;
    let name = options.get_database().unwrap_or(options.get_username());
    let place = match options.get_socket() {
        Some(socket) => format!("{name} at {}", socket.display()),
        None => format!("{name} at {}:{}", options.get_host(), options.get_port()),
    };
    let options = options
        .application_name("loopline")
        .statement_cache_capacity(256)
        .options([
            ("search_path", "loopline"),
            // Our statements are few, and each names its rows by key; plans that are made once need no knowledge of values.
            ("plan_cache_mode", "force_generic_plan"),
            ("enable_seqscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
            ("jit", "off"),
            // That something is there already is no news.
            ("client_min_messages", "warning"),
            // A machine that is gone without a word keeps no locks.
            ("tcp_keepalives_idle", "5"),
            ("tcp_keepalives_interval", "2"),
            ("tcp_keepalives_count", "3"),
            ("idle_in_transaction_session_timeout", "15s"),
        ])
        .disable_statement_logging();
    Ok((options, place))
}

async fn connect(options: &PgConnectOptions, place: &str) -> Result<PgConnection, ConnectError> {
    let unreachable = |detail: String| ConnectError::Unreachable { place: place.to_owned(), detail };
    match timeout(CONNECTS_WITHIN * 3, options.connect()).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(unreachable(error.to_string())),
        Err(_) => Err(unreachable("it does not answer".to_owned())),
    }
}

async fn check(connection: &mut PgConnection, place: &str) -> Result<(), ConnectError> {
    let failed = |source| ConnectError::Database { place: place.to_owned(), source };
    let unfit = |detail: String| Err(ConnectError::Unfit { place: place.to_owned(), detail });
    let found: (i32, String, String, String) = sqlx::query_as(
        "SELECT current_setting('server_version_num')::integer, current_setting('server_encoding'), \
         current_setting('fsync'), current_setting('synchronous_commit')",
    )
    .fetch_one(connection)
    .await
    .map_err(failed)?;
    let (version, encoding, fsync, synchronous) = found;
    if version < OLDEST {
        return unfit(format!("PostgreSQL {} or newer is needed, this is {}", OLDEST / 10_000, version / 10_000));
    }
    if encoding != "UTF8" {
        return unfit(format!("its encoding is {encoding}; create it with ENCODING 'UTF8'"));
    }
    if synchronous == "off" {
        return unfit("`synchronous_commit` is off, so that what was acknowledged may be lost; turn it on".to_owned());
    }
    if fsync == "off" {
        tracing::warn!(place, "`fsync` is off: a power cut may lose or damage everything");
    }
    Ok(())
}

/// Brings the schema up to date; servers that start together wait for each other.
async fn migrate(connection: &mut PgConnection, place: &str) -> Result<(), ConnectError> {
    let failed = |source| ConnectError::Database { place: place.to_owned(), source };
    sqlx::query("SELECT pg_advisory_lock($1)").bind(MIGRATING).execute(&mut *connection).await.map_err(failed)?;
    connection.execute("CREATE SCHEMA IF NOT EXISTS loopline").await.map_err(failed)?;
    MIGRATIONS.run(&mut *connection).await.map_err(|error| migration_failed(place, error))?;
    sqlx::query("SELECT pg_advisory_unlock($1)").bind(MIGRATING).execute(connection).await.map_err(failed)?;
    Ok(())
}

fn migration_failed(place: &str, error: MigrateError) -> ConnectError {
    let place = place.to_owned();
    match error {
        MigrateError::VersionMissing(found) => ConnectError::Newer { place, found },
        MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => {
            ConnectError::Database { place, source }
        }
        other => ConnectError::Unfit { place, detail: other.to_string() },
    }
}
