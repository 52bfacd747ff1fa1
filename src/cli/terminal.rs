//! The output of the program. All text to stdout and stderr passes through here, where no name, value or line of a file
//! can act on a terminal or on the pipeline that reads the log.

use std::ffi::OsString;
use std::io::{ErrorKind, IsTerminal, Write, stderr, stdout};
use std::path::Path;

use clap::Parser;

use super::args::Cli;
use super::{Exit, Trouble, fault};
use crate::escape::{self, visible};

/// Prints data to stdout. A reader that has gone away (`| head`) is no failure; a full disk is.
pub(super) fn say(text: &str) -> Result<(), Trouble> {
    is_read(text).map(|_| ())
}

/// Prints data to stdout as [`say`] does, and returns whether the reader is still there.
pub(super) fn is_read(text: &str) -> Result<bool, Trouble> {
    print(&escape::terminal(text, colour(&stdout())))
}

/// Prints workflow commands to stdout, which a pipeline obeys: their texts are escaped where the commands are made.
pub(super) fn say_commands(commands: &str) -> Result<(), Trouble> {
    print(commands).map(|_| ())
}

/// Prints a text to stdout and returns whether the reader is still there.
fn print(text: &str) -> Result<bool, Trouble> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(unwritten(&error)),
    }
}

/// Prints what the parser of the arguments says: the help, the version, or an error.
pub(super) fn print_parsed(said: &clap::Error) -> Result<(), Trouble> {
    match said.print().and_then(|()| stdout().flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(unwritten(&error)),
        _ => Ok(()),
    }
}

fn unwritten(error: &std::io::Error) -> Trouble {
    fault(Exit::InputOutput, format!("cannot write to stdout: {error}"), None)
}

/// Prints one line to stderr; a line that cannot be written is no failure.
pub(super) fn remark(line: &str) {
    complain(&format!("{}\n", visible(line)));
}

/// Prints finished lines to stderr, such as rendered findings; lines that cannot be written are no failure.
pub(super) fn complain(lines: &str) {
    let _ = stderr().write_all(escape::terminal(lines, colour(&stderr())).as_bytes());
}

/// Returns whether to colour what goes to this stream: only on a terminal, and not where NO_COLOR is set.
pub(super) fn colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

/// Returns a path with control characters escaped, to be put into a line.
pub(super) fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy()).into_owned()
}

/// Parses the arguments. An error quotes the wrong argument, so it is made again from escaped arguments.
///
/// # Errors
/// The arguments are wrong, or ask for the help or the version.
pub(super) fn parse() -> Result<Cli, clap::Error> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    Cli::try_parse_from(&arguments).map_err(|error| {
        let safe = |argument: &OsString| escape::terminal(&visible(&argument.to_string_lossy()), false);
        Cli::try_parse_from(arguments.iter().map(safe)).err().unwrap_or(error)
    })
}
