//! `loopline test PATH…`: the cases of files of tests, on the real interpreter with a simulated clock.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use loopline_dsl::Severity;
use loopline_testing::report::{FileReport, PipelineCoverage};
use loopline_testing::{Coverage, Subject, junit, report, run_case};
use loopline_triggers::library::Surroundings;
use loopline_triggers::test_files::{self, TestedPipeline};

use super::{plain_io, read_file};
use crate::arguments::{Output, Test};
use crate::exit::{Exit, Failure, Outcome};

/// What was run.
#[derive(Default)]
struct Results {
    files: Vec<FileReport>,
    /// By the file of the pipeline, without links, so that several files of tests may share one.
    coverage: BTreeMap<PathBuf, (String, Coverage)>,
    /// Files that could not be run.
    broken: usize,
}

/// Runs the cases; exit code 1 when one fails or a file cannot be run.
pub fn test(arguments: &Test) -> Outcome {
    let mut surroundings = Surroundings::default();
    let mut results = Results::default();
    for file in files(&arguments.paths)? {
        one_file(&file, arguments, &mut surroundings, &mut results)?;
    }
    let count = results.files.iter().map(|report| report.cases.len()).sum::<usize>();
    if count == 0 && results.broken == 0 {
        return Err(match &arguments.filter {
            Some(filter) => Failure::usage(format!("no case has `{filter}` in its name")),
            None => Failure::usage("there are no cases"),
        });
    }
    // Of a part of the cases coverage says nothing.
    let of_pipelines = results.coverage.values().filter(|_| arguments.filter.is_none());
    let coverage: Vec<PipelineCoverage> = of_pipelines
        .map(|(pipeline, coverage)| PipelineCoverage { pipeline: pipeline.clone(), uncovered: coverage.uncovered() })
        .collect();
    print(&results.files, &coverage, arguments.output)?;
    if let Some(file) = &arguments.junit {
        let name = file.display();
        std::fs::write(file, junit::junit(&results.files))
            .map_err(|error| Failure::new(Exit::Failed, format!("cannot write {name}: {}", plain_io(&error))))?;
    }
    let failed = results.files.iter().flat_map(|report| &report.cases).filter(|case| !case.passed()).count();
    match (failed, results.broken) {
        (0, 0) => Ok(Exit::Success),
        (0, broken) => Err(Failure::new(Exit::Failed, format!("{broken} of the files cannot be run"))
            .hint("mend what is named above; `loopline explain CODE` tells more about one")),
        (failed, _) => Err(Failure::new(Exit::Failed, format!("{failed} of {count} cases failed"))),
    }
}

/// Each file once, in the order in which they were named.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        let name = path.display();
        let found = test_files::find(path)
            .map_err(|error| Failure::usage(format!("cannot read {name}: {}", plain_io(&error))))?;
        if found.is_empty() {
            return Err(Failure::usage(format!("there is no file of tests in {name}"))
                .hint("files of tests end in `.loopline.test.yaml`"));
        }
        for file in found {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    Ok(files)
}

fn one_file(
    file: &Path,
    arguments: &Test,
    surroundings: &mut Surroundings,
    results: &mut Results,
) -> Result<(), Failure> {
    let name = file.display().to_string();
    let text = read_file(file)?;
    let (checked, pipeline) = test_files::check(file, &text, surroundings);
    let errors = checked.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    if !checked.diagnostics.is_empty() {
        let color = std::io::stderr().is_terminal();
        eprint!("{}", loopline_dsl::render_pretty(&name, &text, &checked.diagnostics, color));
    }
    let (Some(tests), Some(TestedPipeline { file: pipeline, graph }), false) = (&checked.file, &pipeline, errors)
    else {
        results.broken += 1;
        return Ok(());
    };
    let subject = Subject::new(graph);
    let known = pipeline.canonicalize().unwrap_or_else(|_| pipeline.clone());
    let (_, coverage) =
        results.coverage.entry(known).or_insert_with(|| (pipeline.display().to_string(), Coverage::of(graph)));
    let wanted =
        |case: &str| arguments.filter.as_ref().is_none_or(|filter| format!("{name}: {case}").contains(filter.as_str()));
    let cases = tests.cases.0.iter().flat_map(|cases| &cases.0).filter(|item| wanted(&item.name));
    let cases = cases.filter_map(|item| run_case(tests, item, &subject, coverage)).collect();
    results.files.push(FileReport { file: name, text, cases });
    Ok(())
}

fn print(files: &[FileReport], coverage: &[PipelineCoverage], output: Output) -> Result<(), Failure> {
    match output {
        Output::Json => {
            let document = report::json(files, coverage);
            println!("{}", serde_json::to_string_pretty(&document).map_err(anyhow::Error::from)?);
        }
        Output::Table => {
            let color = std::io::stdout().is_terminal();
            for file in files {
                print!("{}", file.for_people(color));
            }
            for pipeline in coverage {
                print!("{}", pipeline.for_people());
            }
            let passed = files.iter().flat_map(|report| &report.cases).filter(|case| case.passed()).count();
            let all = files.iter().map(|report| report.cases.len()).sum::<usize>();
            println!("{passed} passed, {} failed", all - passed);
        }
    }
    Ok(())
}
