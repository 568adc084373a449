//! What the container engine is asked to make.

use std::collections::HashMap;

use bollard::models::{ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount, MountType};
use bollard::query_parameters::CreateContainerOptions;
use loopline_core::command::{ContainerWork, WorkCommand};
use loopline_core::outcome::{Failure, FailureKind};

use super::engine::{Api, Trouble};
use super::labels;
use super::prepared::{Bind, Prepared, SCRIPT, WORKSPACE};
use crate::attempt::Context;

/// What reads a script, so that it ends with the first command that fails.
pub(super) const SHELL: [&str; 2] = ["sh", "-eu"];

/// Processors are given in billionths, and named in thousandths.
const NANO_IN_MILLI: u64 = 1_000_000;

/// Makes the container. It is started by whoever watches it.
pub(super) async fn create(
    context: &Context<'_>,
    work: &ContainerWork,
    prepared: &Prepared,
    labels: HashMap<String, String>,
    of_services: Option<String>,
) -> Result<(), Failure> {
    if let (Some(network), Some(_)) = (&work.network, &of_services) {
        let message = format!(
            "a container with services is on a network with them, and cannot be on `{network}`; leave out one of the two"
        );
        return Err(Failure::new(FailureKind::Spawn, message));
    }
    let network = of_services.or_else(|| work.network.clone());
    let made = async {
        let api = context.containers.api().await?;
        let body = body(&api, work, prepared, labels, network);
        let name = Some(labels::name(&context.spec.id));
        let options = CreateContainerOptions { name, ..CreateContainerOptions::default() };
        api.docker.create_container(Some(options), body).await?;
        Ok(())
    };
    made.await.map_err(|trouble| match trouble {
        // It was there a moment ago.
        Trouble::NotFound(why) => Failure::new(FailureKind::Image, why),
        trouble => context.containers.failure("the container could not be made", trouble),
    })
}

fn body(
    api: &Api,
    work: &ContainerWork,
    prepared: &Prepared,
    labels: HashMap<String, String>,
    network: Option<String>,
) -> ContainerCreateBody {
    let (entrypoint, cmd) = match &work.command {
        WorkCommand::Script(_) => {
            let words = SHELL.into_iter().chain([SCRIPT]);
            // Without words of its own behind it, the image's would come there.
            (Some(words.map(str::to_owned).collect()), Some(Vec::new()))
        }
        WorkCommand::Arguments { command, args } => (
            (!command.is_empty()).then(|| command.clone()),
            (!command.is_empty() || !args.is_empty()).then(|| args.clone()),
        ),
    };
    ContainerCreateBody {
        image: Some(work.image.clone()),
        entrypoint,
        cmd,
        env: Some(prepared.environment.clone()),
        working_dir: Some(work.workdir.clone().unwrap_or_else(|| WORKSPACE.to_owned())),
        user: work.user.clone(),
        labels: Some(labels),
        host_config: Some(HostConfig {
            mounts: Some(prepared.binds.iter().map(mount).collect()),
            network_mode: network,
            nano_cpus: work.cpus_milli.map(|milli| signed(milli.saturating_mul(NANO_IN_MILLI))),
            memory: work.memory.map(signed),
            // None beyond its memory: what is allowed is what was said.
            memory_swap: work.memory.map(signed),
            privileged: Some(work.privileged),
            ..kept(api)
        }),
        ..ContainerCreateBody::default()
    }
}

/// What holds for every container of ours.
pub(super) fn kept(api: &Api) -> HostConfig {
    // As much as there is, and none of it thrown away while the container is there.
    let all = [("max-size", "8192g"), ("max-file", "1"), ("compress", "false")];
    let all = all.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    HostConfig {
        init: api.has_init.then_some(true),
        log_config: Some(HostConfigLogConfig {
            typ: Some(api.log_driver.to_owned()),
            config: (api.log_driver == "local").then_some(all),
        }),
        ..HostConfig::default()
    }
}

fn mount(bind: &Bind) -> Mount {
    Mount {
        typ: Some(MountType::BIND),
        source: Some(bind.source.to_string_lossy().into_owned()),
        target: Some(bind.target.clone()),
        read_only: Some(bind.read_only),
        ..Mount::default()
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
