//! What a worker is told of a container, and of those that run beside a step.

use std::collections::BTreeMap;

use super::apply::Fold;
use super::attempt::{plain, template_failure};
use super::state::Unit;
use crate::command::{ContainerWork, ReadyWork, ServiceWork, WorkCommand, WorkMount, WorkRegistryAuth};
use crate::expr::{Place, RenderedScript, Script, Template};
use crate::graph::{ContainerAction, ContainerCommand, Part, Service};
use crate::outcome::Failure;
use crate::text::Text;

impl Fold<'_> {
    /// Fills a container in. What stands in its environment, and what its script refers to, is added to `env`.
    pub(super) fn container_work(
        &self,
        unit: Unit,
        part: Part<'_>,
        container: &ContainerAction,
        env: &mut BTreeMap<String, Text>,
    ) -> Result<ContainerWork, Failure> {
        let text = |template: &Template, what: &str| {
            let what = format!("container.{what}");
            plain(self.render_part(unit, part, template, Place::Plain, &what)?, &what)
        };
        let words = |templates: &[Template], what: &str| {
            templates.iter().map(|template| text(template, what)).collect::<Result<Vec<_>, _>>()
        };
        for (name, template) in &container.env {
            let what = format!("container.env.{name}");
            env.insert(name.clone(), self.render_part(unit, part, template, Place::Plain, &what)?);
        }
        let command = match &container.command {
            ContainerCommand::Script(script) => {
                let rendered = self.render_script(unit, part, script, "container.run")?;
                env.extend(rendered.env.into_iter().map(|(name, value)| (name, Text::Plain(value))));
                WorkCommand::Script(rendered.text)
            }
            ContainerCommand::Arguments { command, args } => {
                WorkCommand::Arguments { command: words(command, "command")?, args: words(args, "args")? }
            }
        };
        let mounts = container.mounts.iter().map(|mount| {
            let source = text(&mount.source, "mounts")?;
            Ok(WorkMount { source, target: mount.target.clone(), read_only: mount.read_only })
        });
        let registry_auth = match &container.registry_auth {
            None => None,
            Some(auth) => {
                let of = |template: &Template, what: &str| self.render_part(unit, part, template, Place::Plain, what);
                Some(WorkRegistryAuth {
                    user: of(&auth.user, "container.registry_auth.user")?,
                    password: of(&auth.password, "container.registry_auth.password")?,
                })
            }
        };
        let limits = &self.graph.step(unit.step).limits;
        Ok(ContainerWork {
            image: text(&container.image, "image")?,
            command,
            mounts: mounts.collect::<Result<_, Failure>>()?,
            workdir: container.workdir.as_ref().map(|dir| text(dir, "workdir")).transpose()?,
            user: container.user.clone(),
            network: container.network.clone(),
            cpus_milli: container.cpus_milli.or(limits.cpus_milli),
            memory: container.memory.or(limits.memory),
            pull: container.pull,
            registry_auth,
            privileged: container.privileged,
        })
    }

    /// Fills in the containers that run beside a step.
    pub(super) fn service_work(
        &self,
        unit: Unit,
        services: &BTreeMap<String, Service>,
    ) -> Result<BTreeMap<String, ServiceWork>, Failure> {
        let filled_in = services.iter().map(|(name, service)| {
            let what = format!("services.{name}");
            let part = Part::Service(name);
            let image = self.render_part(unit, part, &service.image, Place::Plain, &what)?;
            let mut env = BTreeMap::new();
            for (variable, template) in &service.env {
                let what = format!("{what}.env.{variable}");
                env.insert(variable.clone(), self.render_part(unit, part, template, Place::Plain, &what)?);
            }
            let ready = match &service.ready {
                None => None,
                Some(ready) => {
                    let rendered = self.render_script(unit, part, &ready.run, &format!("{what}.ready.run"))?;
                    Some(ReadyWork {
                        script: rendered.text,
                        env: rendered.env,
                        every_ms: ready.every_ms,
                        timeout_ms: ready.timeout_ms,
                    })
                }
            };
            let ports = service.ports.clone();
            Ok((name.clone(), ServiceWork { image: plain(image, &what)?, env, ports, ready }))
        });
        filled_in.collect()
    }

    fn render_script(
        &self,
        unit: Unit,
        part: Part<'_>,
        script: &Script,
        what: &str,
    ) -> Result<RenderedScript, Failure> {
        script
            .references()
            .and_then(|references| script.render(&self.scope_of_step(unit, part, &references)))
            .map_err(|error| template_failure(what, &error))
    }
}
