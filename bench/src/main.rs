#![doc = include_str!("../README.md")]

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

mod event;
mod failure;
mod front;
mod machine;
mod measure;
mod output;
mod package;
mod process;
mod report;
mod runtime;
mod subject;
mod surroundings;
mod tools;

use failure::Failure;
use measure::Counts;
use output::{line, note};
use report::{Report, targets};
use surroundings::Surroundings;
use tools::Tools;

/// Measures the functions beside a bare one and beside what people write today.
#[derive(Debug, Parser)]
struct Args {
    /// Starts of each subject.
    #[arg(long, default_value_t = 20)]
    starts: u32,
    /// Warm events for each subject.
    #[arg(long, default_value_t = 3000)]
    warm: u32,
    /// Only these subjects, such as `floor`; postbacks and reads need `submit-lead`.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Takes the functions that `sam build` left in this directory (`.aws-sam/build`) instead of building them.
    #[arg(long, value_name = "DIRECTORY")]
    built: Option<PathBuf>,
    /// Two starts and twenty warm events, to see that all of it works. Figures mean nothing then.
    #[arg(long)]
    short: bool,
    /// Ends with exit code 2 when a target is missed.
    #[arg(long, conflicts_with = "short")]
    judge: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(report) if args.judge && report.targets.iter().any(|target| !target.met) => ExitCode::from(2),
        Ok(_) => ExitCode::SUCCESS,
        Err(failure) => {
            note(format_args!("error: {failure}"));
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<Report, Failure> {
    let counts = if args.short {
        Counts { starts: 2, warm: 20 }
    } else {
        Counts { starts: args.starts.max(1), warm: args.warm.max(1) }
    };
    let tools = Tools::new()?;
    let servers = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Failure::of("the runtime"))?;
    let peers = [subject::RUST, subject::NODE, subject::PYTHON];
    let surroundings = servers.block_on(Surroundings::start(&tools.directory(), &peers))?;
    let mut subjects = subject::all(&tools, &surroundings, args.built.as_deref())?;
    if !args.only.is_empty() {
        subjects.retain(|subject| args.only.iter().any(|only| only == subject.name));
    }
    let machine = machine::describe();
    let figures = measure::all(&subjects, counts)?;
    let targets = if args.short { Vec::new() } else { targets(&figures) };
    let Counts { starts, warm } = counts;
    let report = Report { starts, warm, machine, subjects: figures, targets };
    let text = report.text();
    let json = serde_json::to_string_pretty(&report).map_err(Failure::of("the report"))?;
    for (name, content) in [("report.txt", &text), ("report.json", &json)] {
        let path = tools.directory().join(name);
        fs::write(&path, content).map_err(Failure::of(path.display()))?;
    }
    line(text);
    Ok(report)
}
