//! Which machine: the arguments that `why`, `check`, `status` and `capture` share. Who that is, is worked out by `pipeline::remote`.

use clap::Args;

/// Which machine.
#[derive(Clone, Debug, Default, Args)]
pub struct PlaceArgs {
    /// Ask this host over ssh, as ssh knows it: user@host [default: the one target of lastgood.toml, else this machine]
    #[arg(long, value_name = "USER@HOST", conflicts_with_all = ["target", "local"])]
    pub host: Option<String>,
    /// Ask the target of that name in lastgood.toml
    #[arg(long, value_name = "NAME", conflicts_with = "local")]
    pub target: Option<String>,
    /// Ask this machine, whatever lastgood.toml names
    #[arg(long)]
    pub local: bool,
}
