//! A command that an engine runs in a container that runs already, as its own user and with its own variables; not by `docker exec`,
//! whose arguments everybody reads in the list of processes.

use std::sync::Arc;

use serde_json::{Value, json};
use ureq::http::Method;

use super::{Engine, JSON, read};
use crate::Damage;

impl Engine {
    /// Runs it, waits for its end, and says what it ended with. What it says is not kept.
    ///
    /// # Errors
    /// If the container does not run, or has no such program; or it does not end in time: then it runs on.
    pub fn run_in(&self, container: &str, command: &[&str]) -> Result<i64, Damage> {
        let what = json!({ "Cmd": command, "AttachStdout": true, "AttachStderr": true });
        let made = self.post(&format!("/containers/{container}/exec"), &what)?;
        let id = text(&made, "Id")?;
        self.post(&format!("/exec/{id}/start"), &json!({ "Detach": false, "Tty": false }))?;
        let ended: Value = parsed(&self.get(&format!("/exec/{id}/json"))?)?;
        ended["ExitCode"].as_i64().ok_or_else(|| Damage::Io(Arc::from("the command has not ended")))
    }

    fn post(&self, path: &str, body: &Value) -> Result<Vec<u8>, Damage> {
        read(self.tell(Method::POST, path, JSON, body.to_string().into_bytes())?)
    }
}

fn text(bytes: &[u8], field: &str) -> Result<String, Damage> {
    let value = parsed(bytes)?;
    value[field].as_str().map(str::to_owned).ok_or_else(|| Damage::Io(Arc::from("no sensible answer")))
}

fn parsed(bytes: &[u8]) -> Result<Value, Damage> {
    serde_json::from_slice(bytes).map_err(|error| Damage::Io(Arc::from(error.to_string())))
}
