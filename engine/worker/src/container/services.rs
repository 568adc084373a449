//! Containers that run beside an attempt: on a network of their own, from before it begins until behind its end.

use std::collections::HashMap;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::exec::{StartExecOptions, StartExecResults};
use bollard::models::{
    ContainerCreateBody, EndpointSettings, ExecConfig, HostConfig, NetworkCreateRequest, NetworkingConfig, PortBinding,
};
use bollard::query_parameters::{CreateContainerOptions, InspectContainerOptions, LogsOptions};
use futures::TryStreamExt;
use loopline_core::command::{ReadyWork, ServiceWork, Work};
use loopline_core::graph::PullPolicy;
use loopline_core::outcome::{Failure, FailureKind};
use tokio::time::{Instant, sleep, timeout_at};

use super::ended::Exit;
use super::engine::{Api, Trouble};
use super::request::{SHELL, kept};
use super::{image, labels};
use crate::attempt::{Context, resolve};
use crate::attempt_log::AttemptLog;
use crate::duration::spoken;

/// How much a service that did not become ready has to say for itself.
const LAST_WORDS: usize = 4 * 1024;

/// Where scripts reach services.
const THIS_MACHINE: &str = "127.0.0.1";

/// Has their images there. Nothing else is made of this.
pub(crate) async fn fetch(context: &Context<'_>, log: &mut AttemptLog) -> Result<(), Failure> {
    for (name, service) in &context.spec.services {
        let fetched = image::make_ready(context, &service.image, PullPolicy::Missing, None, log).await;
        fetched.map_err(|failure| of_service(name, failure))?;
    }
    Ok(())
}

/// Starts all of them and waits until they are ready. Gives the network that they are on, if there are any.
pub(crate) async fn start(
    context: &Context<'_>,
    labels: &HashMap<String, String>,
    log: &mut AttemptLog,
) -> Result<Option<String>, Failure> {
    let services = &context.spec.services;
    if services.is_empty() {
        return Ok(None);
    }
    let network = labels::name(&context.spec.id);
    make_network(context, &network, labels).await.map_err(|trouble| {
        context.containers.failure("the network of the step's services could not be made", trouble)
    })?;
    // One after another takes no longer: what takes time is to become ready.
    for (name, service) in services {
        let begun = begin(context, name, service, &network, labels).await?;
        begun.map_err(|trouble| {
            context.containers.failure(&format!("the service `{name}` could not be started"), trouble)
        })?;
    }
    for (name, service) in services {
        if let Some(ready) = &service.ready {
            log.say(&format!("waiting for the service `{name}`")).await;
            until_ready(context, name, ready, log).await?;
        }
    }
    Ok(Some(network))
}

fn of_service(name: &str, failure: Failure) -> Failure {
    Failure { message: format!("service `{name}`: {}", failure.message), ..failure }
}

/// The name of a service's container.
fn name_of(context: &Context<'_>, service: &str) -> String {
    format!("{}-{service}", labels::name(&context.spec.id))
}

async fn make_network(context: &Context<'_>, name: &str, labels: &HashMap<String, String>) -> Result<(), Trouble> {
    let request = NetworkCreateRequest {
        name: name.to_owned(),
        driver: Some("bridge".to_owned()),
        labels: Some(labels.clone()),
        ..NetworkCreateRequest::default()
    };
    context.containers.api().await?.docker.create_network(request).await?;
    Ok(())
}

/// Starts the container of a service.
async fn begin(
    context: &Context<'_>,
    name: &str,
    service: &ServiceWork,
    network: &str,
    labels: &HashMap<String, String>,
) -> Result<Result<(), Trouble>, Failure> {
    let mut environment = Vec::new();
    for (variable, value) in &service.env {
        let place = format!("`services.{name}.env.{variable}`");
        environment.push(format!("{variable}={}", resolve(context, &place, value)?));
    }
    let own_name = name_of(context, name);
    let started = async {
        let api = context.containers.api().await?;
        let body = body(&api, context, (name, service), environment, network, labels);
        let options = CreateContainerOptions { name: Some(own_name.clone()), ..CreateContainerOptions::default() };
        api.docker.create_container(Some(options), body).await?;
        api.docker.start_container(&own_name, None).await?;
        Ok(())
    };
    Ok(started.await)
}

fn body(
    api: &Api,
    context: &Context<'_>,
    (name, service): (&str, &ServiceWork),
    environment: Vec<String>,
    network: &str,
    labels: &HashMap<String, String>,
) -> ContainerCreateBody {
    // A container reaches it by its name, on the same network. A script stands outside.
    let is_published = matches!(context.spec.work, Work::Shell { .. });
    let ports = service.ports.iter().filter(|_| is_published);
    let bindings: HashMap<_, _> = ports
        .map(|port| {
            let host = PortBinding { host_ip: Some(THIS_MACHINE.to_owned()), host_port: Some(port.host.to_string()) };
            (format!("{}/tcp", port.container), Some(vec![host]))
        })
        .collect();
    let endpoint = EndpointSettings { aliases: Some(vec![name.to_owned()]), ..EndpointSettings::default() };
    ContainerCreateBody {
        image: Some(service.image.clone()),
        env: Some(environment),
        labels: Some(labels.clone()),
        exposed_ports: Some(bindings.keys().cloned().collect()),
        host_config: Some(HostConfig {
            network_mode: Some(network.to_owned()),
            port_bindings: Some(bindings),
            ..kept(api)
        }),
        networking_config: Some(NetworkingConfig {
            endpoints_config: Some(HashMap::from([(network.to_owned(), endpoint)])),
        }),
        ..ContainerCreateBody::default()
    }
}

async fn until_ready(
    context: &Context<'_>,
    name: &str,
    ready: &ReadyWork,
    log: &mut AttemptLog,
) -> Result<(), Failure> {
    let own_name = name_of(context, name);
    let until = Instant::now() + Duration::from_millis(ready.timeout_ms);
    let failure = loop {
        match timeout_at(until, is_ready(context, &own_name, ready)).await {
            Ok(Ok(Readiness::Ready)) => return Ok(()),
            Ok(Ok(Readiness::NotYet)) => {
                if timeout_at(until, sleep(Duration::from_millis(ready.every_ms))).await.is_ok() {
                    continue;
                }
            }
            Ok(Ok(Readiness::Ended(code))) => {
                let code = code.map_or_else(String::new, |code| format!(" with exit code {code}"));
                let message = format!("the service `{name}` ended{code} before it was ready");
                break Failure::new(FailureKind::Spawn, message);
            }
            Ok(Err(trouble)) => {
                break context.containers.failure(&format!("the service `{name}` cannot be looked at"), trouble);
            }
            Err(_) => {}
        }
        let message = format!("the service `{name}` was not ready within {}", spoken(ready.timeout_ms));
        break Failure::new(FailureKind::Timeout, message);
    };
    let words = last_words(context, &own_name).await;
    if !words.is_empty() {
        log.say(&format!("the last that the service `{name}` has written:\n{}", words.trim_end())).await;
    }
    Err(failure)
}

enum Readiness {
    Ready,
    NotYet,
    /// With this exit code, if that is known.
    Ended(Option<i32>),
}

async fn is_ready(context: &Context<'_>, own_name: &str, ready: &ReadyWork) -> Result<Readiness, Trouble> {
    let docker = context.containers.api().await?.docker;
    let told = docker.inspect_container(own_name, None::<InspectContainerOptions>).await?;
    if let Some(state) = told.state.filter(|state| state.running != Some(true)) {
        return Ok(Readiness::Ended(Exit::of(&state, false).code));
    }
    let script = SHELL.into_iter().chain(["-c", &ready.script]);
    let asked = ExecConfig {
        cmd: Some(script.map(str::to_owned).collect()),
        env: Some(ready.env.iter().map(|(name, value)| format!("{name}={value}")).collect()),
        // Its output is what tells that it has ended.
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        ..ExecConfig::default()
    };
    let asked = match docker.create_exec(own_name, asked).await.map_err(Trouble::from) {
        Ok(asked) => asked.id,
        // It ends just now; the next look tells.
        Err(Trouble::Refused(_)) => return Ok(Readiness::NotYet),
        Err(trouble) => return Err(trouble),
    };
    match docker.start_exec(&asked, None::<StartExecOptions>).await.map_err(Trouble::from) {
        Ok(StartExecResults::Attached { mut output, .. }) => while let Ok(Some(_)) = output.try_next().await {},
        Ok(StartExecResults::Detached) | Err(Trouble::Refused(_)) => return Ok(Readiness::NotYet),
        Err(trouble) => return Err(trouble),
    }
    let ended = docker.inspect_exec(&asked).await?;
    Ok(if ended.exit_code == Some(0) { Readiness::Ready } else { Readiness::NotYet })
}

/// Without the secrets that it was given.
async fn last_words(context: &Context<'_>, own_name: &str) -> String {
    let Ok(api) = context.containers.api().await else { return String::new() };
    let all = LogsOptions { stdout: true, stderr: true, tail: "50".to_owned(), ..LogsOptions::default() };
    let mut said = Vec::new();
    let mut pieces = api.docker.logs(own_name, Some(all));
    while let Ok(Some(piece)) = pieces.try_next().await {
        let (LogOutput::StdOut { message }
        | LogOutput::StdErr { message }
        | LogOutput::StdIn { message }
        | LogOutput::Console { message }) = piece;
        said.extend_from_slice(&message);
    }
    let shown = context.secrets().mask(&String::from_utf8_lossy(&said));
    let mut begin = shown.len().saturating_sub(LAST_WORDS);
    while !shown.is_char_boundary(begin) {
        begin += 1;
    }
    shown[begin..].to_owned()
}
