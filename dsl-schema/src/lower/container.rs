//! `container` and `services`.

use std::collections::BTreeMap;

use loopline_core::graph::{
    ContainerAction, ContainerCommand, Mount, Port, PullPolicy, Ready, RegistryAuth, Service, Shell,
};

use super::{flag, ms, named, scalar_template, script, template, templates, word};
use crate::check::port;
use crate::language::{Container, Cpus, Entries, OneOrMany, Scalar, Service as ServiceSpec, Step as StepSpec, Text};

const DEFAULT_READY_EVERY_MS: u64 = 1_000;
const DEFAULT_READY_TIMEOUT_MS: u64 = 60_000;

pub(super) fn container(spec: &Container) -> ContainerAction {
    let arguments = |words: Option<&OneOrMany<Scalar>>| {
        words.iter().flat_map(|words| &words.0).map(scalar_template).collect::<Vec<_>>()
    };
    ContainerAction {
        image: template(&spec.image),
        command: match &spec.run {
            Some(run) => ContainerCommand::Script(in_image(run)),
            None => ContainerCommand::Arguments {
                command: arguments(spec.command.as_ref()),
                args: arguments(spec.args.as_ref()),
            },
        },
        env: templates(spec.env.as_ref(), scalar_template),
        mounts: spec
            .mounts
            .iter()
            .flatten()
            .map(|mount| Mount {
                source: template(&mount.source),
                target: mount.target.value.clone(),
                read_only: flag(mount.read_only.as_ref()),
            })
            .collect(),
        workdir: spec.workdir.as_ref().map(template),
        user: spec.user.as_ref().map(|user| user.value.clone()),
        network: spec.network.as_ref().map(|network| network.value.clone()),
        cpus_milli: spec.cpus.as_ref().map(milli),
        memory: spec.memory.as_ref().map(|size| size.0.value),
        pull: word(spec.pull.as_ref()).unwrap_or(PullPolicy::Missing),
        registry_auth: spec
            .registry_auth
            .as_ref()
            .map(|auth| RegistryAuth { user: template(&auth.user), password: template(&auth.password) }),
        privileged: flag(spec.privileged.as_ref()),
    }
}

/// Those of the step, and those that its container names.
pub(super) fn services(spec: &StepSpec) -> BTreeMap<String, Service> {
    let of_step = spec.services.as_ref();
    let of_container = spec.container.as_ref().and_then(|container| container.services.as_ref());
    let all = |entries: Option<&Entries<ServiceSpec>>| {
        named(entries).map(|(name, spec)| (name.to_owned(), service(spec))).collect::<Vec<_>>()
    };
    all(of_step).into_iter().chain(all(of_container)).collect()
}

fn service(spec: &ServiceSpec) -> Service {
    Service {
        image: template(&spec.image),
        env: templates(spec.env.as_ref(), scalar_template),
        ports: spec
            .ports
            .iter()
            .flat_map(|ports| &ports.0)
            .filter_map(|text| port(&text.value))
            .map(|(host, container)| Port { host, container })
            .collect(),
        ready: spec.ready.as_ref().map(|ready| Ready {
            run: in_image(&ready.run),
            every_ms: ms(ready.every.as_ref()).unwrap_or(DEFAULT_READY_EVERY_MS),
            timeout_ms: ms(ready.timeout.as_ref()).unwrap_or(DEFAULT_READY_TIMEOUT_MS),
        }),
    }
}

/// A script for the `sh` of an image.
fn in_image(source: &Text) -> loopline_core::expr::Script {
    script(&source.value, &Shell::Default, true)
}

/// Thousandths of a processor.
pub(super) fn milli(cpus: &Cpus) -> u64 {
    (cpus.0.value * 1000.0).round() as u64
}
