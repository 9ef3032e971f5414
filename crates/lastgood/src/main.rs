//! The process: keeps its memory to itself, hands arguments, streams and environment to `run` and returns its exit code. Nothing else.

fn main() -> std::process::ExitCode {
    // Where the system does not let us, it does as well as before.
    let _not_private = lastgood_world::memory::keep_private();
    let (mut stdout, mut stderr) = (std::io::stdout().lock(), std::io::stderr());
    let mut io = lastgood::io::Io::of_process(&mut stdout, &mut stderr);
    lastgood::run::run(std::env::args_os(), &mut io).into()
}
