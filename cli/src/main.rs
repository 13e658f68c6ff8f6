//! `leadrelay`: the whole relay on one machine, and the operator's commands.

use std::process::ExitCode;

use clap::Parser;

mod api;
mod args;
mod commands;
mod config_file;
mod dev;
mod failure;
mod fakes;
mod layout;
mod output;

use args::{Cli, Command};
use failure::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::error(&failure);
            failure.exit_code()
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Networks(args) => commands::networks::run(&args),
        Command::Postbacks(args) if args.parked => wait(1, commands::parked::run(args)),
        Command::Postbacks(args) if args.verify => wait(1, commands::postbacks::verify(args)),
        Command::Postbacks(args) => commands::postbacks::run(&args),
        Command::Check(args) => commands::check::run(&args),
        Command::Key => {
            commands::key::run();
            Ok(())
        }
        Command::Dev(args) => wait(4, dev::run(args)),
        Command::Push(args) => wait(1, commands::push::run(args)),
        Command::Send(args) => wait(1, commands::send::run(*args)),
        Command::Orders(args) => wait(1, commands::orders::run(args)),
        Command::Poll(args) => wait(1, commands::poll::run(args)),
        Command::Audit(args) => wait(1, commands::audit::run(args)),
        Command::Retry(args) => wait(1, commands::retry::run(args)),
        Command::Forget(args) => wait(1, commands::forget::run(args)),
        Command::Remap(args) => wait(1, commands::remap::run(args)),
    }
}

/// Runs an asynchronous command to its end.
fn wait<F: Future<Output = Result<(), Failure>>>(threads: usize, command: F) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("the runtime cannot be started: {error}")))?;
    runtime.block_on(command)
}
