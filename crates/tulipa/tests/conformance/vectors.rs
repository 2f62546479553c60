//! The recorded runs: where they lie, and how they are read.

use crate::api::Setting;
use crate::outcome::Outcome;
use crate::program::{NotAProgram, Program};
use flate2::read::GzDecoder;
use serde_json::Value as Json;
use std::fs;
use std::io::Read as _;
use std::path::Path;

/// A program and what CPython's asyncio did with it.
pub(crate) struct Vector {
    pub(crate) id: String,
    /// Whether the outcome also holds where other tasks run between any two statements: on any number of workers.
    parallel: bool,
    pub(crate) expected: Outcome,
    defs: Json,
}

impl Vector {
    /// Reads one line of a file of vectors.
    fn parse(line: &str) -> Result<Self, String> {
        let json: Json = serde_json::from_str(line).map_err(|e| e.to_string())?;
        let expect = &json["expect"];
        let parallel = [&json["parallel"], &expect["parallel"]]; // the generator's own place for it is the second
        let vector = Self {
            id: json["id"]
                .as_str()
                .ok_or("a vector has an `id`")?
                .to_owned(),
            parallel: parallel.iter().any(|json| **json == Json::Bool(true)),
            expected: Outcome::parse(expect).ok_or("`expect` has `outcome` and `logs`")?,
            defs: json["defs"].clone(),
        };
        vector
            .program()
            .map_err(|e| format!("{}: {e}", vector.id))?;
        Ok(vector)
    }

    /// Whether the outcome is to be the same there.
    pub(crate) fn holds_in(&self, setting: Setting) -> bool {
        self.parallel || setting.is_fifo()
    }

    /// The program, ready to run.
    pub(crate) fn program(&self) -> Result<Program, NotAProgram> {
        Program::parse(&self.defs)
    }
}

/// The vectors of the project: recorded once, kept compressed.
pub(crate) fn recorded() -> Vec<Vector> {
    let packed: &[u8] = include_bytes!("vectors.jsonl.gz");
    let mut text = String::new();
    GzDecoder::new(packed)
        .read_to_string(&mut text)
        .expect("the recorded vectors unpack");
    read(&text).expect("the recorded vectors are well-formed")
}

/// The vectors of a file, packed (`.gz`) or plain.
pub(crate) fn from_file(path: &Path) -> Result<Vec<Vector>, String> {
    let failed = |e: std::io::Error| format!("cannot read {}: {e}", path.display());
    let mut text = String::new();
    let mut file = fs::File::open(path).map_err(failed)?;
    match path.extension().is_some_and(|extension| extension == "gz") {
        true => GzDecoder::new(file).read_to_string(&mut text),
        false => file.read_to_string(&mut text),
    }
    .map_err(failed)?;
    read(&text).map_err(|e| format!("{}: {e}", path.display()))
}

fn read(text: &str) -> Result<Vec<Vector>, String> {
    let lines = (1..).zip(text.lines());
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| Vector::parse(line).map_err(|e| format!("line {number}: {e}")))
        .collect()
}
