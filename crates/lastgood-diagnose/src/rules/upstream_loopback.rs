//! `address/bind-loopback` as the proxy and the kernel see it: the proxy is refused at an address whose container runs, and there the
//! port is open for its own loopback alone. Mistaken for a process that is down: asked inside, it answers.

use std::sync::Arc;

use lastgood_model::{CauseCode, Claim, Evidence, ProxyErrorKind, StateClaim, Weight};

use super::{Depth, Hypothesis, Rule, upstream};
use crate::address::is_localhost;
use crate::scene::Scene;
use crate::stack_scene::key;

/// An upstream that listens for itself.
pub struct UpstreamLoopback;

impl Rule for UpstreamLoopback {
    fn code(&self) -> CauseCode {
        CauseCode::BindLoopback
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        const KINDS: &[ProxyErrorKind] = &[ProxyErrorKind::ConnectRefused];
        let stack = scene.stack?;
        let asked = scene.errors_of(KINDS)?.upstream?;
        let (address, port) = asked.rsplit_once(':')?;
        let port: u16 = port.parse().ok()?;
        let container = stack.containers().find(|container| {
            container.is_running() && container.attachments.iter().any(|attachment| &*attachment.address == address)
        })?;
        let mut sockets = container.listening.iter().flatten().filter(|socket| socket.port == port).peekable();
        sockets.peek()?;
        if !sockets.all(|socket| is_localhost(&socket.address)) {
            return None;
        }
        let mut hypothesis = upstream::from_errors(scene, self.code(), KINDS, Weight::Strong)?;
        hypothesis.component = stack.component(container);
        hypothesis.depth = Depth::Process;
        hypothesis.evidence.push(Evidence {
            claim: Claim::State(StateClaim::ListensForItself { container: Arc::clone(&container.name), port }),
            reference: key(&container.name, "listening"),
            weight: Weight::Decisive,
        });
        Some(hypothesis)
    }
}
